"""The share of an audience that a brief asks for, and the bounds between which it must be.

The lists of a platform do not determine how ages, genders and regions combine. The fitted table gives the point; the
bounds are Frechet's: for parts a, b (, c) of known share, max(0, a + b + c - 2) <= together <= min(a, b, c) (Frechet,
Annales de l'Universite de Lyon A 14, 1951). They take the grid's age shares as known; if a target cuts through one of
the platform's own bands, the cut follows the prior and the bounds do not widen for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats, sum_columns
from marketplace.matching.audience.grid import (
    AGES_N,
    GENDERS_N,
    REGIONS_N,
    BadAudience,
    age_band,
    ages_between,
    gender_index,
    region_indices,
)

MODEL_VERSION = "targets/1"


@dataclass(frozen=True)
class TargetBox:
    """A block of the grid (ages x genders x regions, as indices) with one weight; a target's boxes never overlap."""

    ages: tuple[int, ...]
    genders: tuple[int, ...]
    regions: tuple[int, ...]
    weight: float


@dataclass(frozen=True, eq=False)
class TargetWeights:
    """A brief's target on the grid: weights [A, G, R] in 0..1, and the same weights as disjoint boxes."""

    weights: Floats
    boxes: tuple[TargetBox, ...]


@dataclass(frozen=True, eq=False)
class TargetShares:
    """On-target shares [n] in 0..1: that of the fitted table, and the bounds that the lists alone allow."""

    point: Floats
    low: Floats
    high: Floats


def target_weights(cells: Sequence[Mapping[str, Any]]) -> TargetWeights:
    """Return a target from cells {ages, genders, regions, weight}; a missing or empty part means everybody.

    ``ages`` is [from, to] in years, both included (to may be None), or a list of band labels; ``weight`` 0..1, else 1.
    Where cells overlap, the highest weight counts, so nobody counts twice. Raises BadAudience for what is off the grid.
    """
    if not cells:
        raise BadAudience("A target needs at least one cell.")
    weights = np.zeros((AGES_N, GENDERS_N, REGIONS_N))
    for cell in cells:
        unexpected = set(cell) - {"ages", "genders", "regions", "weight"}
        if unexpected:
            raise BadAudience(f"A target cell has no '{min(unexpected)}'.")
        weight = float(cell.get("weight", 1.0))
        if not 0 <= weight <= 1:
            raise BadAudience(f"A cell's weight lies between 0 and 1, not {weight:g}.")
        ages = _ages(cell.get("ages"))
        genders = sorted({gender_index(word) for word in cell.get("genders") or ("female", "male")})
        codes = cell.get("regions")
        regions = sorted({column for code in codes for column in region_indices(code)}) if codes else range(REGIONS_N)
        block = np.ix_(ages, genders, list(regions))
        weights[block] = np.maximum(weights[block], weight)
    return TargetWeights(weights, _boxes(weights))


def _ages(given: Sequence[Any] | None) -> list[int]:
    if not given:
        return list(range(AGES_N))
    if all(isinstance(part, str) for part in given):
        return sorted({age for label in given for age in range(*age_band(label))})
    if len(given) != 2:
        raise BadAudience("Ages are [from, to] or a list of bands.")
    return list(range(*ages_between(int(given[0]), None if given[1] is None else int(given[1]))))


def _boxes(weights: Floats) -> tuple[TargetBox, ...]:
    """Cut the weights into few disjoint boxes: merge regions with equal slices, then ages, then genders."""
    boxes = []
    for regions, slab in _alike([weights[:, :, region] for region in range(REGIONS_N)]):
        for ages, row in _alike(list(slab)):
            for genders, weight in _alike(list(row)):
                if weight > 0:
                    boxes.append(TargetBox(ages, genders, regions, float(weight)))
    return tuple(boxes)


def _alike(parts: list[Floats]) -> list[tuple[tuple[int, ...], Floats]]:
    groups: dict[bytes, list[int]] = {}
    for index, part in enumerate(parts):
        groups.setdefault(np.asarray(part).tobytes(), []).append(index)
    return [(tuple(group), parts[group[0]]) for group in groups.values()]


def on_target(joint: Floats, regions: Floats, target: TargetWeights) -> TargetShares:
    """Return the weighted on-target shares of n audiences: joint [n, A * G], regions [n, R], each row summing to 1.

    Bounds are summed over the target's disjoint boxes and clipped so that low <= point <= high <= the largest weight.
    """
    joint, regions = as_floats(joint), as_floats(regions)
    by_age = np.stack([sum_columns(joint, range(a * GENDERS_N, (a + 1) * GENDERS_N)) for a in range(AGES_N)], axis=1)
    genders = (range(gender, AGES_N * GENDERS_N, GENDERS_N) for gender in range(GENDERS_N))
    by_gender = np.stack([sum_columns(joint, columns) for columns in genders], axis=1)
    point, low, high = np.zeros(len(joint)), np.zeros(len(joint)), np.zeros(len(joint))
    for box in target.boxes:
        cells = [age * GENDERS_N + gender for age in box.ages for gender in box.genders]
        in_regions = _part(regions, box.regions)
        in_ages = _part(by_age, box.ages)
        in_genders = _part(by_gender, box.genders)
        point += box.weight * _part(joint, cells) * in_regions
        low += box.weight * np.maximum(0.0, in_ages + in_genders + in_regions - 2)
        high += box.weight * np.minimum(np.minimum(in_ages, in_genders), in_regions)
    most = max((box.weight for box in target.boxes), default=0.0)
    point = np.minimum(point, most)
    return TargetShares(point, np.minimum(low, point), np.maximum(np.minimum(high, most), point))


def _part(table: Floats, columns: Sequence[int]) -> Floats:
    # All columns together are exactly 1, so that the rounding of their sum cannot widen the bounds.
    if len(columns) == table.shape[1]:
        return np.ones(table.shape[0])
    return sum_columns(table, columns)
