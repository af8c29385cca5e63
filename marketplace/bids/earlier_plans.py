"""What plans measure whose wordings were stored by an earlier version of the intrusiveness formula.

A revision is never edited, so it keeps the numbers that it was stored with and the version of their formula; scoring
measures its plan anew by the formula of today.
"""

from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.column_copy import Column
from marketplace.intrusiveness.factors import raw_bounds
from marketplace.intrusiveness.prominence import prominence_range
from marketplace.intrusiveness.timeline import from_dict

_PLANS = sa.text("SELECT id, plan FROM bid_revisions WHERE id = ANY(:ids)")


def measure_earlier(session: Session, rows: dict[str, Column]) -> None:
    """Fill in, in ``rows``, the factors and the prominence of the plans that were stored by an earlier version.

    ``rows`` has ``revision_id`` and, for n bids, ``raw_low`` and ``raw_high`` [n, 18], ``prominence_low`` and
    ``prominence_high`` [n], all NaN where they are missing.
    """
    missing = np.flatnonzero(np.isnan(rows["prominence_low"])).tolist()
    if not missing:
        return
    ids = [UUID(bytes=rows["revision_id"][row].tobytes()) for row in missing]
    plans = {row.id: row.plan for row in session.execute(_PLANS, {"ids": ids})}
    timelines = [from_dict(plans[revision_id]) for revision_id in ids]
    bounds, noticed = [raw_bounds(plan) for plan in timelines], [prominence_range(plan) for plan in timelines]
    for end, name in enumerate(("low", "high")):
        for column, found in ((f"raw_{name}", bounds), (f"prominence_{name}", noticed)):
            # What is read may not be written to.
            filled = rows[column].astype(np.float64)
            filled[missing] = [ends[end] for ends in found]
            rows[column] = filled
