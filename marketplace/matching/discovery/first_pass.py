"""A first pass over very many candidates: finds those that may be among the best, block by block, in 32-bit floats.

The key x = quality * suitability * ceiling / cost per thousand on-target people orders as the score 100 x / (1 + x). It
is computed here without a logarithm or an exponential, in blocks small enough for the processor's cache, and only to
choose which candidates to score exactly: its rounding is less than MARGIN, and every candidate within that of the last
requested rank is passed on, so that none of the best is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.briefs.brief_document import FIT_WEIGHT
from marketplace.matching.audience.arrays import Bools, Ints
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW
from marketplace.matching.scoring import brand_fit
from marketplace.matching.scoring.rank import NEUTRAL_FIT, QUALITY_HIGH, QUALITY_LOW, REST_WEIGHT

Singles = npt.NDArray[np.float32]
Look = Callable[[Singles, np.float32], tuple[Ints, Singles]]

BLOCK = 1 << 15  # 128 kilobytes a column
MARGIN = 1e-3
ROUNDING = 2e-6  # of scores, which are rounded to six decimals; equal ones are ordered by hash
NOWHERE = np.float32(-np.inf)
FEATURES = ("careful", "share", "valid", "per_cost", *brand_fit.PARTS, "intrusiveness", "ad_load")
_CATEGORY, _INTRUSIVENESS = FEATURES.index("category"), FEATURES.index("intrusiveness")
_REST = FEATURES[_CATEGORY + 1 : _INTRUSIVENESS]
_REST_TOTAL = sum(brand_fit.WEIGHTS[name] for name in _REST)
# The quality 0.8 * (1.25 / 0.8)^g about g = 0.5: a cubic through the Chebyshev points of 0..1, off by 2e-5 at most.
_SPAN = QUALITY_HIGH / QUALITY_LOW
_NODES = np.cos((2 * np.arange(4) + 1) * np.pi / 8) / 2
QUALITY_TERMS = tuple(
    np.float32(term) for term in np.polyfit(_NODES, QUALITY_LOW * _SPAN ** (_NODES + 0.5), 3).tolist()
)


def best_rows(values: Singles, look: Look, best: int, keep: int) -> Ints:
    """Return rows of values [k, n] that contain the `best` highest exact scores, the highest key first.

    They are `keep` rows, and every other row so near the `best`-th key that rounding may have put it behind. ``look``
    takes a block [k, b] and the least key that still counts, and returns the indices of the rows that have it and their
    keys.
    """
    keys, rows = np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
    least = NOWHERE
    for start in range(0, values.shape[1], BLOCK):
        indices, block_keys = look(values[:, start : start + BLOCK], least)
        if len(indices):
            keys, rows = np.append(keys, block_keys), np.append(rows, indices + start)
        if len(keys) > 4 * keep:
            least = max(least, np.float32(_near(float(-np.partition(-keys, keep - 1)[keep - 1]))))
            kept = keys >= least
            keys, rows = keys[kept], rows[kept]
    order = np.lexsort((rows, -keys))
    keys, rows = keys[order], rows[order]
    last = _near(float(keys[best - 1])) if len(keys) >= best else -np.inf
    return rows[: max(keep, int(np.count_nonzero(keys >= last)))]


def _near(key: float) -> float:
    """Return the least key whose exact value may equal that of this one."""
    if key <= 0:
        return key - MARGIN * abs(key)
    share = key / (1 + key) - ROUNDING / 100
    return min(key * (1 - MARGIN), share / (1 - share))


def quality(off_middle: Singles, out: Singles | None = None) -> Singles:
    """Return the quality multiplier (rank.quality_multiplier) from g - 0.5 [b], where g is its weighted sum 0..1."""
    result: Singles = np.multiply(off_middle, QUALITY_TERMS[0], out=out)
    for term in QUALITY_TERMS[1:-1]:
        result += term
        result *= off_middle
    result += QUALITY_TERMS[-1]
    return result


@dataclass(frozen=True)
class BidLook:
    """The first pass over the bids on one brief: its ceiling in minor units per 1,000 on-target people, its tolerance
    0..100, the largest share of a channel's videos that may be sponsored, and the share of the value that follows the
    content's fit."""

    ceiling: float
    tolerance: float
    ad_load_max: float = 1.0
    fit_weight: float = FIT_WEIGHT

    def best(self, features: Singles, best: int, keep: int) -> Ints:
        """Return the rows of the best bids (see best_rows)."""
        return best_rows(features, self._near, best, keep)

    def scores(self, features: Singles) -> Singles:
        """Return the score 0..100 of every bid [n], 0 where a gate keeps it out."""
        result = np.empty(features.shape[1], dtype=np.float32)
        good, better = np.empty((2, BLOCK), dtype=np.float32)
        for start in range(0, len(result), BLOCK):
            block, key = features[:, start : start + BLOCK], result[start : start + BLOCK]
            count = len(key)
            self._value(block, key)
            key *= quality(self._good(block, good[:count]), better[:count])
            key *= self._suits(block, good[:count])
            key *= self._free(block)
            np.divide(key, np.add(key, 1, out=good[:count]), out=key)
            key *= 100
        return result

    def _near(self, block: Singles, least: np.float32) -> tuple[Ints, Singles]:
        """Return the rows of a block with at least this key, and their keys.

        The quality is only computed for rows that would reach the key with the best quality.
        """
        value = self._value(block)
        near = value >= least / np.float32(QUALITY_HIGH / (1 - self.fit_weight * (1 - NEUTRAL_FIT)) * (1 + MARGIN))
        near &= value > 0
        near &= self._free(block)
        indices = np.flatnonzero(near)
        rows = block[:, indices]
        key = value[indices] * quality(self._good(rows)) * self._suits(rows)
        kept = key >= least
        return indices[kept], key[kept]

    def _value(self, block: Singles, out: Singles | None = None) -> Singles:
        """Return the keys at quality and suitability 1."""
        value: Singles = np.multiply(block[0], block[1], out=out)
        value *= block[2]
        value *= block[3]
        value *= np.float32(self.ceiling * UNIQUE_PER_VIEW / 1000)
        return value

    def _good(self, block: Singles, out: Singles | None = None) -> Singles:
        """Return g - 0.5. The fit's other parts and the room under the tolerance are one weighted sum of columns, so
        one matrix product gives them. Its rounding does not matter, because the best are scored exactly."""
        room = (1 - REST_WEIGHT) / max(self.tolerance, 1.0)
        weights = np.array(
            [*(REST_WEIGHT * brand_fit.WEIGHTS[name] / _REST_TOTAL for name in _REST), -room], dtype=np.float32
        )
        good: Singles = np.matmul(weights, block[_CATEGORY + 1 : _INTRUSIVENESS + 1], out=out)
        good += np.float32((1 - REST_WEIGHT) * min(self.tolerance, 1.0) - 0.5)
        return good

    def _suits(self, block: Singles, out: Singles | None = None) -> Singles:
        """Return what people are worth by the content's fit (rank.suitability)."""
        at_neutral = 1 - self.fit_weight * (1 - NEUTRAL_FIT)
        suits: Singles = np.multiply(block[_CATEGORY], np.float32(self.fit_weight / at_neutral), out=out)
        suits += np.float32((1 - self.fit_weight) / at_neutral)
        return suits

    def _free(self, block: Singles) -> Bools:
        free: Bools = block[_INTRUSIVENESS] <= np.float32(self.tolerance)
        free &= block[_INTRUSIVENESS + 1] <= np.float32(self.ad_load_max)
        return free
