"""One score per bid, 0..100, that no other bid can change: value for the brand's money at the brand's own ceiling.

A bid's value is the ceiling per thousand on-target people divided by the bid's cost for them, at a careful forecast
(views at tau 0.3, and lower where little is known, so that a wild forecast does not win by luck), times a bounded
quality multiplier. The cost is the largest that the price allows, and people count by the share who notice and by how
well the channel's content suits (see score.py). A score in which
one bid's points depended on another's price would invite cover bids and would reorder the ranking when a bid is
withdrawn, so nothing here is relative. Hard limits are named gates, not silent deductions.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats

MODEL_VERSION = "rank/4"
QUALITY_LOW, QUALITY_HIGH = 0.8, 1.25
REST_WEIGHT = 0.6  # of the fit's other parts in the quality multiplier; the rest is the room under the tolerance
NEUTRAL_FIT = 0.5
SCORE_DECIMALS = 6
# Used when a brief names no ceiling: the public CPM of views (Xingtu's own suggestion, median of 369, 2025-11: CNY 46;
# TikTok bookings of a Nordic marketplace, read 2026-11: EUR 23-33 or USD 25-35), divided by 0.85 people a view, half
# of them on target.
DEFAULT_CEILING_MINOR = {"CNY": 10_800, "EUR": 6_600, "USD": 7_000}


@dataclass(frozen=True, eq=False)
class BidRanks:
    """Scores of n bids: overall with the ends of its 80 % interval (0..100, NaN where the cost or the reach is not
    known), the quality multiplier, and gates [n, 4] in the order of flags.GATES (True: the gate holds the bid back)."""

    overall: Floats
    low: Floats
    high: Floats
    quality: Floats
    gates: Bools


def ceiling_for(ceiling_minor: int | None, currency: str) -> tuple[float, bool]:
    """Return the reference ceiling per 1,000 on-target people in minor units, and whether the brief itself set it.

    Raises ValueError for a ceiling of zero or less, and where the brief set none and its currency has no default.
    """
    if ceiling_minor is not None:
        if ceiling_minor <= 0:
            raise ValueError("A ceiling per thousand people lies above zero.")
        return float(ceiling_minor), True
    if currency not in DEFAULT_CEILING_MINOR:
        raise ValueError(f"There is no default ceiling in {currency}; the brief has to set one.")
    return float(DEFAULT_CEILING_MINOR[currency]), False


def suitability(category: Floats, weight: Floats | float) -> Floats:
    """Return what people of channels whose content has this affinity to the category [n], 0..1, are worth, as a
    multiple of those at an affinity of 0.5: (1 - w) + w * affinity, so that with a weight of 0.5 content that is the
    category's own is worth 1.7 times what is far from it.

    That is how buyers weigh: coherence with the brand comes first in their surveys, and published scorecards give it 10
    to 40 of 100 points; half of the value is judged between these.
    """
    worth: Floats = ((1 - weight) + weight * category) / ((1 - weight) + weight * NEUTRAL_FIT)
    return worth


def quality_multiplier(fit: Floats, intrusiveness: Floats, tolerance: float) -> Floats:
    """Return 0.8..1.25 [n] from the fit's other parts (weight 0.6) and the room under the tolerance (0.4); 1 if both
    are middling.

    ``intrusiveness`` [n] and ``tolerance`` are 0..100; NaN counts as middling. At or above the tolerance the room is 0:
    the gate handles what goes over, so the multiplier does not fall any further.
    """
    room = np.clip((tolerance - intrusiveness) / max(tolerance, 1.0), 0.0, 1.0)
    good = REST_WEIGHT * np.nan_to_num(fit, nan=0.5) + (1 - REST_WEIGHT) * np.nan_to_num(room, nan=0.5)
    return np.clip(QUALITY_LOW * (QUALITY_HIGH / QUALITY_LOW) ** good, QUALITY_LOW, QUALITY_HIGH)


def overall(ceiling: float, per_thousand: Floats, quality: Floats) -> Floats:
    """Return 100 x / (1 + x) with x = quality * ceiling / per_thousand: 50 means the ceiling's own price at quality 1.

    A cost of zero scores 100, an infinite one 0, an unknown one NaN. Scores are rounded to six decimals, so that the
    same prices in another unit of money cannot turn a tie into an order.
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
    reaches: Bools | None = None,
    far_below: Bools | None = None,
) -> BidRanks:
    """Return the ranking of n bids from their cost per thousand on-target people in minor units: ``careful`` with the
    careful views and the point share, ``cheapest`` and ``dearest`` at the ends of the 80 % interval; ``fit`` [n] is
    that of all parts but the category, by which people are weighed already.

    ``cost_known`` [n] is False for a bid that the gate of unknown costs holds back (None: where ``careful`` is NaN),
    which has no score then; ``reaches`` [n] is False for one that reaches nobody on target (None: where ``careful`` is
    infinite); ``far_below`` [n] is True for one whose price lies too far below the market (None: none).
    """
    quality = quality_multiplier(fit, intrusiveness, tolerance)
    unknown = np.isnan(careful) if cost_known is None else ~cost_known
    if cost_known is not None:
        careful, cheapest, dearest = (np.where(unknown, np.nan, part) for part in (careful, cheapest, dearest))
    nobody = np.isposinf(careful) if reaches is None else ~reaches
    too_cheap = np.zeros(len(careful), dtype=bool) if far_below is None else far_below
    gates = np.stack([as_floats(intrusiveness) > tolerance, unknown, nobody, too_cheap], axis=1)
    return BidRanks(
        overall(ceiling, careful, quality),
        overall(ceiling, dearest, quality),
        overall(ceiling, cheapest, quality),
        quality,
        gates,
    )


def tie_breakers(commitments: Iterable[bytes], seed: str | None) -> npt.NDArray[np.bytes_]:
    """Return what breaks ties between bids [n]: the SHA-256 of `seed:commitment`, in hex.

    ``seed`` is the secret that drew the end of bidding. Whoever withdraws and bids again gets another commitment, as
    often as they like; which of them would come first nobody knows before the seed is told. Without one (before the
    close, and in briefs that had none) the commitment itself.
    """
    if seed is None:
        return np.array(list(commitments), dtype=np.bytes_)
    prefix = f"{seed}:".encode()
    return np.array([hashlib.sha256(prefix + commitment).hexdigest() for commitment in commitments], dtype=np.bytes_)


def order(ranking: BidRanks, breakers: Sequence[str] | npt.NDArray[Any]) -> Ints:
    """Return the rows of the bids from first to last: those that no gate holds back, then the others, each by score,
    ties by `tie_breakers` [n]."""
    held = ranking.gates.any(axis=1)
    return np.lexsort((np.asarray(breakers), -np.nan_to_num(ranking.overall), held)).astype(np.int64)
