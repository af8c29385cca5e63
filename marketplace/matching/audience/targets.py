"""The share of an audience that a brief asks for, and the bounds between which it must be.

The lists of a platform do not determine how ages, genders, regions, education and interests combine, nor what lies
inside a band or beyond the listed regions. The fitted table gives the point, in which regions, education and each
interest are independent of all else; the bounds are Frechet's: for parts of which at least a_i and at most b_i of k
are known, max(0, sum a_i - (k - 1)) <= together <= min b_i (Frechet, Annales de l'Universite de Lyon A 14, 1951).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from marketplace.briefs.vocabulary import INTEREST_SETS_MAX
from marketplace.channels.facts import provenance
from marketplace.channels.facts.audience_vocabulary import INTERESTS, LEVELS, interest_code
from marketplace.matching.audience import interest_events
from marketplace.matching.audience.arrays import Floats, as_floats, sum_columns
from marketplace.matching.audience.grid import (
    AGE_OF_YEAR,
    AGES_N,
    EDUCATION_N,
    EDUCATION_PRIOR,
    GENDERS_N,
    INTERESTS_N,
    REGIONS_N,
    age_years,
    gender_index,
    level_span,
    region_indices,
    years_between,
)
from marketplace.matching.audience.interest_events import InterestEvent
from marketplace.matching.audience.priors import CHINA, YEARS
from marketplace.matching.audience.told_lists import AudienceLists, BadAudience, group_bounds, region_bounds

MODEL_VERSION = "targets/2"
CELL_PARTS = frozenset({"ages", "genders", "regions", "education", "interests", "weight"})


@dataclass(frozen=True)
class TargetBox:
    """A block of the grid (ages x genders x regions x education, as indices, and an event of interests) with one
    weight; a target's boxes never overlap.

    Where a target cuts through an age of the grid, ``weight`` counts the part of its people that are wanted, and
    ``least`` and ``most`` are what a person there may weigh.
    """

    ages: tuple[int, ...]
    genders: tuple[int, ...]
    regions: tuple[int, ...]
    weight: float
    least: float
    most: float
    education: tuple[int, ...] = tuple(range(EDUCATION_N))
    interests: InterestEvent = field(default_factory=InterestEvent)

    @property
    def of_everybody(self) -> float:
        """Return the share of people that are usually of this education and interests."""
        level = float(np.sum(EDUCATION_PRIOR[list(self.education)])) if len(self.education) < EDUCATION_N else 1.0
        return level * float(self.interests.usual())


@dataclass(frozen=True, eq=False)
class TargetWeights:
    """A brief's target on the grid: the highest weights [A, G, R] in 0..1 of any education and interests, and all
    weights as disjoint boxes."""

    weights: Floats
    boxes: tuple[TargetBox, ...]


@dataclass(frozen=True, eq=False)
class TargetShares:
    """On-target shares [n] in 0..1: that of the fitted table, and the bounds that the lists alone allow."""

    point: Floats
    low: Floats
    high: Floats


def target_cells(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a brief's target as `target_weights` reads it. A cell without regions means the brief's markets, and a
    brief without a target everybody in them."""
    markets = content.get("markets") or []
    return [_cell(cell, markets) for cell in content.get("target") or [{}]]


def _cell(cell: Mapping[str, Any], markets: Sequence[str]) -> dict[str, Any]:
    target: dict[str, Any] = {"weight": cell.get("weight", 1.0)}
    ages = cell.get("ages")
    if ages:
        last = ages.get("to")
        # The last year of the grid stands for everybody older.
        target["ages"] = [ages["from"], None if last is None or last >= YEARS.stop - 1 else last]
    for name in ("genders", "regions", "education", "interests"):
        if cell.get(name):
            target[name] = cell[name]
    if markets:
        target.setdefault("regions", list(markets))
    return target


def target_weights(cells: Sequence[Mapping[str, Any]]) -> TargetWeights:
    """Return a target from cells {ages, genders, regions, education, interests, weight}; a missing or empty part means
    everybody.

    ``ages`` is [from, to] in years, both included (to may be None), or a list of band labels; ``interests`` means
    people with any of them; ``weight`` 0..1, else 1. Where cells overlap, the highest weight counts, so nobody counts
    twice. Raises BadAudience for what is off the grid.
    """
    if not cells:
        raise BadAudience("A target needs at least one cell.")
    sets = interest_sets(cells)
    shape = (3, AGES_N, GENDERS_N, REGIONS_N, EDUCATION_N, 1 << len(sets))
    weights = np.zeros(shape)  # the least, the usual and the most that a person of each cell weighs
    for cell in cells:
        unexpected = set(cell) - CELL_PARTS
        if unexpected:
            raise BadAudience(f"A target cell has no '{min(unexpected)}'.")
        weight = float(cell.get("weight", 1.0))
        if not 0 <= weight <= 1:
            raise BadAudience(f"A cell's weight lies between 0 and 1, not {weight:g}.")
        wanted = _ages(cell.get("ages"))
        genders = sorted({gender_index(word) for word in cell.get("genders") or ("female", "male")})
        codes = cell.get("regions")
        regions = sorted({column for code in codes for column in region_indices(code)}) if codes else range(REGIONS_N)
        levels = sorted({level for label in cell.get("education") or LEVELS for level in range(*level_span(label))})
        states = interest_events.states_with(_interests(cell), sets)
        for age in np.flatnonzero(wanted[2]).tolist():
            block = np.ix_(range(3), [age], genders, list(regions), levels, states)
            weights[block] = np.maximum(weights[block], (weight * wanted[:, age]).reshape(3, 1, 1, 1, 1, 1))
    return TargetWeights(weights[1].max(axis=(3, 4)), _boxes(weights, sets))


def interest_sets(cells: Sequence[Mapping[str, Any]]) -> tuple[frozenset[int], ...]:
    """Return the different sets of interests that a target's cells name. Raises BadAudience for too many."""
    sets = tuple(dict.fromkeys(wanted for cell in cells if (wanted := _interests(cell))))
    if len(sets) > INTEREST_SETS_MAX:
        raise BadAudience(f"A target names at most {INTEREST_SETS_MAX} different sets of interests.")
    return sets


def _interests(cell: Mapping[str, Any]) -> frozenset[int]:
    codes = {label: interest_code(label) for label in cell.get("interests") or ()}
    strange = [label for label, code in codes.items() if code is None]
    if strange:
        raise BadAudience(f"'{strange[0]}' is no interest; use one of {', '.join(INTERESTS)}.")
    return frozenset(tuple(INTERESTS).index(code) for code in codes.values() if code is not None)


def _ages(given: Sequence[Any] | None) -> Floats:
    """Return for each age of the grid [3, A] whether all of its people are wanted, what part, and whether any."""
    if not given:
        return np.ones((3, AGES_N))
    if all(isinstance(part, str) for part in given):
        spans = [age_years(label) for label in given]
    elif len(given) != 2:
        raise BadAudience("Ages are [from, to] or a list of bands.")
    else:
        spans = [years_between(int(given[0]), None if given[1] is None else int(given[1]))]
    wanted = np.zeros(len(YEARS))
    for first, after in spans:
        wanted[first:after] = 1.0
    people = CHINA.years.sum(axis=1)
    inside = np.bincount(AGE_OF_YEAR, weights=people * wanted) / np.bincount(AGE_OF_YEAR, weights=people)
    whole = np.bincount(AGE_OF_YEAR, weights=wanted) == np.bincount(AGE_OF_YEAR)
    return as_floats([whole, np.where(whole, 1.0, inside), inside > 0])


def _boxes(weights: Floats, sets: tuple[frozenset[int], ...]) -> tuple[TargetBox, ...]:
    """Cut the weights [3, A, G, R, E, S] into few disjoint boxes: merge regions with equal slices, then education, then
    interests, then ages, then genders."""
    boxes = []
    for regions, by_region in _alike(weights, 3):
        for levels, by_level in _alike(by_region, 3):
            for states, by_state in _alike(by_level, 3):
                event = interest_events.event(states, sets)
                if event.is_nobody:
                    continue
                for ages, by_age in _alike(by_state, 1):
                    for genders, (least, weight, most) in _alike(by_age, 1):
                        if most > 0:
                            box = TargetBox(ages, genders, regions, float(weight), float(least), float(most))
                            boxes.append(replace(box, education=levels, interests=event))
    return tuple(boxes)


def _alike(table: Floats, axis: int) -> list[tuple[tuple[int, ...], Floats]]:
    groups: dict[bytes, list[int]] = {}
    parts = [np.take(table, index, axis=axis) for index in range(table.shape[axis])]
    for index, part in enumerate(parts):
        groups.setdefault(part.tobytes(), []).append(index)
    return [(tuple(group), parts[group[0]]) for group in groups.values()]


def on_target(
    joint: Floats, regions: Floats, target: TargetWeights, lists: AudienceLists | None = None
) -> TargetShares:
    """Return the weighted on-target shares of n audiences: joint [n, A * G], regions [n, R], each row summing to 1, or
    to less where lists are believed in part.

    ``lists`` bound what the shares leave open; without them the shares of ages, genders and regions are taken as
    stated, and education and interests as not stated. Bounds are summed over the target's disjoint boxes and clipped so
    that low <= point <= high <= the largest weight.
    """
    joint, regions = as_floats(joint), as_floats(regions)
    point, low, high = np.zeros(len(joint)), np.zeros(len(joint)), np.zeros(len(joint))
    for box in target.boxes:
        cells = [age * GENDERS_N + gender for age in box.ages for gender in box.genders]
        point += box.weight * _part(joint, cells) * _part(regions, box.regions) * of_lists(box, len(joint), lists)
        bounds = [*_list_bounds(box, len(joint), lists)]
        if lists is None:
            bounds += [(part, part) for part in _stated(box, joint, regions)]
        together = np.zeros(len(joint))
        most = np.ones(len(joint))
        for least_part, most_part in bounds:
            together += least_part - 1
            most = np.minimum(most, most_part)
        low += box.least * np.maximum(0.0, together + 1)
        high += box.most * most
    cap = max((box.most for box in target.boxes), default=0.0)
    if lists is not None and lists.believed is not None:
        # What is not believed may be anywhere.
        low, high = lists.believed * low, provenance.believed(high, cap, lists.believed)
    point = np.minimum(point, cap)
    return TargetShares(point, np.minimum(low, point), np.maximum(np.minimum(high, cap), point))


def of_lists(box: TargetBox, count: int, lists: AudienceLists | None) -> Floats:
    """Return the share of each of n audiences that has a box's education and interests, as if they were independent of
    each other and of all else."""
    usual = np.tile(EDUCATION_PRIOR, (count, 1)) if lists is None else lists.education
    interests = np.full((count, INTERESTS_N), np.nan) if lists is None else lists.interests
    return _part(usual, box.education) * box.interests.point(interests)


def _list_bounds(box: TargetBox, count: int, lists: AudienceLists | None) -> Iterator[tuple[Floats, Floats]]:
    """Yield the least and the most of each audience in each part of the box, for those that leave people out."""
    interests = np.full((count, INTERESTS_N), np.nan) if lists is None else lists.interests
    if not box.interests.is_everybody:
        yield box.interests.bounds(interests)
    if lists is None:
        if len(box.education) < EDUCATION_N:
            yield np.zeros(count), np.ones(count)
        return
    if len(box.education) < EDUCATION_N:
        yield group_bounds(lists.education_masks, lists.education_shares, box.education)
    if len(box.ages) < AGES_N:
        yield group_bounds(lists.age_masks, lists.age_shares, box.ages)
    if len(box.genders) < GENDERS_N:
        yield group_bounds(lists.gender_masks, lists.gender_shares, box.genders)
    if len(box.regions) < REGIONS_N:
        yield region_bounds(lists.regions, lists.open, box.regions)


def _stated(box: TargetBox, joint: Floats, regions: Floats) -> Iterator[Floats]:
    """Yield the shares of the audiences that are in each part of a box, where the shares count as stated."""
    ages = [age * GENDERS_N + gender for age in box.ages for gender in range(GENDERS_N)]
    genders = [age * GENDERS_N + gender for age in range(AGES_N) for gender in box.genders]
    yield _part(joint, ages)
    yield _part(joint, genders)
    yield _part(regions, box.regions)


def _part(table: Floats, columns: Sequence[int]) -> Floats:
    # All columns together are exactly 1, so that the rounding of their sum cannot widen the bounds.
    if len(columns) == table.shape[1]:
        return np.ones(table.shape[0])
    return sum_columns(table, columns)
