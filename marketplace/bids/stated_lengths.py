"""Holds the plans of a brief's bids to the lengths that their channels' videos support, when they are scored.

What a plan measures as told is stored with its wording. The few that state a longer film than their evidence supports
are measured anew each time, because the evidence grows until the brief closes.
"""

import numpy as np
from sqlalchemy.orm import Session

from marketplace.bids import counted_length
from marketplace.bids.earlier_plans import fill, plans_of
from marketplace.core.column_copy import Column

# The columns of what is shown of a film's length, in the order of their parts.
FILM = ("stated_s", "counted_s", "length_low", "length_high", "length_videos")


def hold(session: Session, rows: dict[str, Column]) -> None:
    """Add ``counted_s``, what the film of each of n bids counts as, to ``rows``, and put what its plan measures in such
    a film in the place of what it measures as told."""
    stated = rows["stated_s"].astype(np.float64)
    words = (np.char.strip(np.char.decode(rows[name].astype("S"))).tolist() for name in ("length_tier", "platform"))
    counted = counted_length.counted_most(stated, rows["length_most"].astype(np.float64), *words)
    rows["counted_s"] = counted
    held = np.flatnonzero(counted < stated).tolist()
    if not held:
        return
    plans = plans_of(session, rows, held)
    measures = [counted_length.counted_measures(plans[row], float(counted[row])) for row in held]
    fill(rows, "raw_low", held, [each.raw_low for each in measures])
    fill(rows, "raw_high", held, [each.raw_high for each in measures])
    for end, name in enumerate(("prominence_low", "prominence_high")):
        fill(rows, name, held, [each.prominence[end] for each in measures])
    fill(rows, "noticed", held, [each.noticed for each in measures])
