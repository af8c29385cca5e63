"""Which share of an audience is the one a brief asks for, and between which ends it must lie.

The lists of a platform do not fix how ages, genders and regions go together. The fitted table gives the point; the
ends are Frechet's: for parts a, b (, c) of known share, max(0, a + b + c - 2) <= together <= min(a, b, c) (Frechet,
Annales de l'Universite de Lyon A 14, 1951). They take the grid's age shares as known; where a target cuts through one
of the platform's own bands, the cut follows the prior and the ends do not widen for it.
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
    gender_place,
    region_places,
)

MODEL_VERSION = "targets/1"


@dataclass(frozen=True)
class TargetBox:
    """A block of the grid (ages x genders x regions, as places) with one weight; a target's boxes never overlap."""

    ages: tuple[int, ...]
    genders: tuple[int, ...]
    regions: tuple[int, ...]
    weight: float


@dataclass(frozen=True, eq=False)
class TargetWeights:
    """What a brief asks for on the grid: weights [A, G, R] in 0..1, and the same cut into disjoint boxes."""

    weights: Floats
    boxes: tuple[TargetBox, ...]


@dataclass(frozen=True, eq=False)
class TargetShares:
    """On-target shares [n] in 0..1: the fitted table's, and the ends that the lists alone allow."""

    point: Floats
    low: Floats
    high: Floats


def target_weights(cells: Sequence[Mapping[str, Any]]) -> TargetWeights:
    """Return a target from cells {ages, genders, regions, weight}; a part left out or empty means everybody.

    ``ages`` is [from, to] in years, both included (to may be None), or a list of band labels; ``weight`` 0..1, else 1.
    Where cells overlap, the highest weight holds; nobody counts twice. Raises BadAudience for what is off the grid.
    """
    if not cells:
        raise BadAudience("A target needs at least one cell.")
    weights = np.zeros((AGES_N, GENDERS_N, REGIONS_N))
    for cell in cells:
        strange = set(cell) - {"ages", "genders", "regions", "weight"}
        if strange:
            raise BadAudience(f"A target cell has no '{min(strange)}'.")
        weight = float(cell.get("weight", 1.0))
        if not 0 <= weight <= 1:
            raise BadAudience(f"A cell's weight lies between 0 and 1, not {weight:g}.")
        ages = _ages(cell.get("ages"))
        genders = sorted({gender_place(word) for word in cell.get("genders") or ("female", "male")})
        codes = cell.get("regions")
        regions = sorted({place for code in codes for place in region_places(code)}) if codes else range(REGIONS_N)
        block = np.ix_(ages, genders, list(regions))
        weights[block] = np.maximum(weights[block], weight)
    return TargetWeights(weights, _boxes(weights))


def _ages(given: Sequence[Any] | None) -> list[int]:
    if not given:
        return list(range(AGES_N))
    if all(isinstance(part, str) for part in given):
        return sorted({place for label in given for place in range(*age_band(label))})
    if len(given) != 2:
        raise BadAudience("Ages are [from, to] or a list of bands.")
    return list(range(*ages_between(int(given[0]), None if given[1] is None else int(given[1]))))


def _boxes(weights: Floats) -> tuple[TargetBox, ...]:
    """Cut the weights into few disjoint boxes: regions with the same slice go together, then ages, then genders."""
    boxes = []
    for regions, slab in _alike([weights[:, :, place] for place in range(REGIONS_N)]):
        for ages, row in _alike(list(slab)):
            for genders, weight in _alike(list(row)):
                if weight > 0:
                    boxes.append(TargetBox(ages, genders, regions, float(weight)))
    return tuple(boxes)


def _alike(parts: list[Floats]) -> list[tuple[tuple[int, ...], Floats]]:
    places: dict[bytes, list[int]] = {}
    for place, part in enumerate(parts):
        places.setdefault(np.asarray(part).tobytes(), []).append(place)
    return [(tuple(group), parts[group[0]]) for group in places.values()]


def on_target(joint: Floats, regions: Floats, target: TargetWeights) -> TargetShares:
    """Return the weighted on-target shares of n audiences: joint [n, A * G], regions [n, R], each row summing to 1.

    Ends are summed over the target's disjoint boxes and clipped so that low <= point <= high <= the largest weight.
    """
    joint, regions = as_floats(joint), as_floats(regions)
    by_age = np.stack([sum_columns(joint, range(a * GENDERS_N, (a + 1) * GENDERS_N)) for a in range(AGES_N)], axis=1)
    genders = (range(gender, AGES_N * GENDERS_N, GENDERS_N) for gender in range(GENDERS_N))
    by_gender = np.stack([sum_columns(joint, columns) for columns in genders], axis=1)
    point, low, high = np.zeros(len(joint)), np.zeros(len(joint)), np.zeros(len(joint))
    for box in target.boxes:
        cells = [age * GENDERS_N + gender for age in box.ages for gender in box.genders]
        there = _part(regions, box.regions)
        old = _part(by_age, box.ages)
        sex = _part(by_gender, box.genders)
        point += box.weight * _part(joint, cells) * there
        low += box.weight * np.maximum(0.0, old + sex + there - 2)
        high += box.weight * np.minimum(np.minimum(old, sex), there)
    most = max((box.weight for box in target.boxes), default=0.0)
    point = np.minimum(point, most)
    return TargetShares(point, np.minimum(low, point), np.maximum(np.minimum(high, most), point))


def _part(table: Floats, columns: Sequence[int]) -> Floats:
    # A part that leaves nothing out is exactly everybody, so that its rounding cannot open the ends.
    if len(columns) == table.shape[1]:
        return np.ones(table.shape[0])
    return sum_columns(table, columns)
