"""How well a brief suits a channel, 0..1, from what both sides state; the parts stay visible beside the value.

The weights and the affinity table are editorial judgement and not fitted to outcomes; settled deals are meant to
replace them. A part that is not known is left out, its weight is shared among the rest, and its name is flagged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats, sum_columns
from marketplace.matching.audience.grid import region_indices

MODEL_VERSION = "fit/4"
WEIGHTS = {"category": 0.40, "market": 0.20, "language": 0.10, "format": 0.10, "length": 0.10, "sponsors": 0.10}
PARTS = tuple(WEIGHTS)
NEUTRAL = 0.5


@dataclass(frozen=True, eq=False)
class BrandFit:
    """Fit of n channels: value [n] in 0..1, parts [n, 6] in the order of PARTS (NaN: not known).

    A score counts two halves of it apart: ``category`` [n], the affinity of the content, by which people are weighed,
    and ``rest`` [n], all other parts, which only move the quality multiplier; both are 0.5 where not known.
    """

    value: Floats
    parts: Floats

    @property
    def category(self) -> Floats:
        """Return the affinity of the content to the category [n]."""
        return np.nan_to_num(self.parts[:, PARTS.index("category")], nan=NEUTRAL)

    @property
    def rest(self) -> Floats:
        """Return the weighted mean of all other known parts [n]."""
        return _mean(self.parts, [name for name in PARTS if name != "category"])


def category_part(tag_shares: Floats, nearness: Floats) -> Floats:
    """Return the affinity of channels' content [n, T] (tag shares) to a category, NaN where no tags are known."""
    total = sum_columns(tag_shares)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, sum_columns(tag_shares * nearness) / total, np.nan)


def tolerance_part(gap: Floats) -> Floats:
    """Return how well channels' viewers accept sponsored videos, 0..1: exp of the difference in log views [n] between
    sponsored and other videos (sponsored.py), at most 1; NaN where the difference is not known."""
    return np.minimum(1.0, np.exp(gap))


def market_part(regions: Floats, codes: Sequence[str]) -> Floats:
    """Return the share [n] of each audience [n, R] that lives in the brief's markets."""
    columns = sorted({column for code in codes for column in region_indices(code)})
    return np.minimum(sum_columns(as_floats(regions), columns), 1.0)


def length_part(seconds: Floats, shortest: float, longest: float) -> Floats:
    """Return 1 for videos [n] of a requested length, else the ratio to the nearer end (half as long gives 0.5)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isnan(seconds), np.nan, np.minimum(1.0, np.minimum(seconds / shortest, longest / seconds)))


def language_part(languages: Sequence[str | None], requested: Sequence[str]) -> Floats:
    """Return 1 where the primary subtag of a channel's language (BCP 47) is requested, 0 where not, NaN if unknown."""
    primary_tags = {tag.split("-")[0].lower() for tag in requested}
    if not primary_tags:
        return np.full(len(languages), np.nan)
    return np.array([np.nan if not tag else float(tag.split("-")[0].lower() in primary_tags) for tag in languages])


def fit(parts: Mapping[str, Floats], count: int) -> BrandFit:
    """Return the fit of n channels from their parts, each [n] in 0..1 with NaN where it is not known.

    The value is 0.5 for a channel with no known part. Raises ValueError for a part that has no weight.
    """
    unexpected = set(parts) - set(PARTS)
    if unexpected:
        raise ValueError(f"'{min(unexpected)}' is no part of the fit.")
    table = np.stack([as_floats(parts.get(name, np.full(count, np.nan))) for name in PARTS], axis=1)
    return BrandFit(np.clip(_mean(table, PARTS), 0.0, 1.0), table)


def _mean(table: Floats, names: Sequence[str]) -> Floats:
    """Return the weighted mean [n] of the known ones of these parts."""
    weights = np.where(np.isnan(table), 0.0, np.array([WEIGHTS[name] if name in names else 0.0 for name in PARTS]))
    weight = sum_columns(weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = np.where(weight > 0, sum_columns(weights * np.nan_to_num(table)) / weight, NEUTRAL)
    return mean
