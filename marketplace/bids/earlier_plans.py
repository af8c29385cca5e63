"""What plans measure whose wordings were stored by an earlier version of a formula.

A revision is never edited, so it keeps the numbers that it was stored with and the version of their formula; scoring
measures its plan anew by the formula of today.
"""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.column_copy import Column
from marketplace.intrusiveness.factors import raw_bounds
from marketplace.intrusiveness.notice import notice_share
from marketplace.intrusiveness.prominence import prominence_range
from marketplace.intrusiveness.timeline import Timeline, from_dict

_PLANS = sa.text("SELECT id, plan FROM bid_revisions WHERE id = ANY(:ids)")


def measure_earlier(session: Session, rows: dict[str, Column]) -> None:
    """Fill in, in ``rows``, what plans measure that were stored by an earlier version of the formula of each measure.

    ``rows`` has ``revision_id`` and, for n bids, ``raw_low`` and ``raw_high`` [n, 18], ``prominence_low`` and
    ``prominence_high`` [n] and ``noticed`` [n, 3], all NaN where they are missing.
    """
    unmeasured = np.flatnonzero(np.isnan(rows["prominence_low"])).tolist()
    unnoticed = np.flatnonzero(np.isnan(rows["noticed"][:, 0])).tolist()
    plans = plans_of(session, rows, sorted({*unmeasured, *unnoticed}))
    if unmeasured:
        bounds = [raw_bounds(plans[row]) for row in unmeasured]
        prominences = [prominence_range(plans[row]) for row in unmeasured]
        for end, name in enumerate(("low", "high")):
            fill(rows, f"raw_{name}", unmeasured, [ends[end] for ends in bounds])
            fill(rows, f"prominence_{name}", unmeasured, [ends[end] for ends in prominences])
    if unnoticed:
        fill(rows, "noticed", unnoticed, [notice_share(plans[row]) for row in unnoticed])


def plans_of(session: Session, rows: dict[str, Column], missing: list[int]) -> dict[int, Timeline]:
    """Return the plans of the bids in these rows, by row."""
    if not missing:
        return {}
    ids = {row: UUID(bytes=rows["revision_id"][row].tobytes()) for row in missing}
    plans = {row.id: row.plan for row in session.execute(_PLANS, {"ids": list(ids.values())})}
    return {row: from_dict(plans[revision_id]) for row, revision_id in ids.items()}


def fill(rows: dict[str, Column], name: str, at: list[int], values: Sequence[float] | Sequence[npt.ArrayLike]) -> None:
    # What is read may not be written to.
    filled = rows[name].astype(np.float64)
    filled[at] = np.array(values, dtype=np.float64)
    rows[name] = filled
