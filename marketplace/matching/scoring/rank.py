"""One number per bid, 0..100, that no other bid can move: value for the brand's money at the brand's own ceiling.

A bid's value is the ceiling for a thousand on-target people over the bid's cost for them, at a careful forecast (views
at tau 0.3, so that a wild forecast does not win on luck), times a bounded quality multiplier. A score in which one
bid's points depend on another's price invites covers and breaks the order when a bid is withdrawn, so nothing here is
relative. Hard limits are gates with a name, not points taken off in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats

MODEL_VERSION = "rank/2"
QUALITY_LOW, QUALITY_HIGH = 0.8, 1.25
FIT_WEIGHT = 0.6
SCORE_DECIMALS = 6
# Where a brief names no ceiling: public CPM of views (Xingtu's own suggestion, median of 369, 2025-11: CNY 46; TikTok
# bookings of a Nordic marketplace, read 2026-11: EUR 23-33 or USD 25-35), over 0.85 people a view, half of
# them on target.
DEFAULT_CEILING_MINOR = {"CNY": 10_800, "EUR": 6_600, "USD": 7_000}


@dataclass(frozen=True, eq=False)
class BidRanks:
    """Scores of n bids: overall with the 80 % ends (0..100, NaN where cost or reach is not known), the quality
    multiplier, and gates [n, 3] in the order of flags.GATES."""

    overall: Floats
    low: Floats
    high: Floats
    quality: Floats
    gates: Bools


def ceiling_for(ceiling_minor: int | None, currency: str) -> tuple[float, bool]:
    """Return the reference ceiling per 1,000 on-target people in minor units, and whether the brief itself set it.

    Raises ValueError where the brief set none and there is no default in its currency."""
    if ceiling_minor is not None:
        if ceiling_minor <= 0:
            raise ValueError("A ceiling per thousand people lies above zero.")
        return float(ceiling_minor), True
    if currency not in DEFAULT_CEILING_MINOR:
        raise ValueError(f"There is no default ceiling in {currency}; the brief has to set one.")
    return float(DEFAULT_CEILING_MINOR[currency]), False


def quality_multiplier(fit: Floats, intrusiveness: Floats, tolerance: float) -> Floats:
    """Return 0.8..1.25 from fit (weight 0.6) and the room left under the brief's tolerance (0.4); both middling give 1.

    ``intrusiveness`` [n] and ``tolerance`` are 0..100; NaN counts as middling. At the tolerance and beyond there is no
    room left: going over is the gate's business, not a deeper cut here.
    """
    room = np.clip((tolerance - intrusiveness) / max(tolerance, 1.0), 0.0, 1.0)
    good = FIT_WEIGHT * np.nan_to_num(fit, nan=0.5) + (1 - FIT_WEIGHT) * np.nan_to_num(room, nan=0.5)
    return np.clip(QUALITY_LOW * (QUALITY_HIGH / QUALITY_LOW) ** good, QUALITY_LOW, QUALITY_HIGH)


def overall(ceiling: float, per_thousand: Floats, quality: Floats) -> Floats:
    """Return 100 x / (1 + x) with x = quality * ceiling / per_thousand: 50 is the ceiling's own price at quality 1.

    Free people score 100, infinitely dear ones 0, unknown ones NaN. Rounded to six decimals, so that money in another
    unit cannot turn a tie into an order.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        score = 100 / (1 + per_thousand / (quality * ceiling))
    return np.round(score, SCORE_DECIMALS)


def rank(
    ceiling: float,
    careful: Floats,
    cheapest: Floats,
    dearest: Floats,
    fit: Floats,
    intrusiveness: Floats,
    tolerance: float,
    cost_known: Bools | None = None,
) -> BidRanks:
    """Return the ranking of n bids from their cost per thousand on-target people in minor units: ``careful`` at tau .3
    with the point share, ``cheapest`` and ``dearest`` the 80 % ends."""
    quality = quality_multiplier(fit, intrusiveness, tolerance)
    unknown = np.isnan(careful) if cost_known is None else ~cost_known
    gates = np.stack(
        [as_floats(intrusiveness) > tolerance, unknown, np.isposinf(careful)],
        axis=1,
    )
    return BidRanks(
        overall(ceiling, careful, quality),
        overall(ceiling, dearest, quality),
        overall(ceiling, cheapest, quality),
        quality,
        gates,
    )


def order(ranking: BidRanks, commitments: Sequence[str] | npt.NDArray[Any]) -> Ints:
    """Return the places of the bids from first to last: those no gate holds before the others, then by score, then by
    commitment hash, which was fixed before anyone knew the scores."""
    held = ranking.gates.any(axis=1)
    return np.lexsort((np.asarray(commitments), -np.nan_to_num(ranking.overall), held)).astype(np.int64)
