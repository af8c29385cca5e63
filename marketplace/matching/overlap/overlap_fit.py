"""Fits to measured pairs of audiences how strongly audiences overlap within a cell (see units.py).

The audiences of a pair are spread over the units of everybody (cell x niche), so that people whom both have because
they are alike in age, gender and area do not count as duplication beyond that. The common shape k is the one with which
the modelled overlaps of all pairs add up to the measured ones; the share s that keeps to its own niche is the one with
which those of pairs within a niche do; then each niche with pairs of its own gets its own k. Each is shrunk to its
prior, which weighs as much as three pairs.
"""

from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.audience import channel_tags, targets
from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.audience.targets import TargetWeights
from marketplace.matching.overlap import coverage, shapes, units
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.overlap.units import PRIOR, DuplicationModel

MODEL_VERSION = "overlaps/2"
# Factors on all shapes at which a pair's overlap is tabulated; a set's own factor is interpolated between two of them.
FACTORS = tuple(2.0**step for step in range(-6, 7))
OWN_NICHE_MOST = 0.95
_HALVINGS = 14


@dataclass(frozen=True, eq=False)
class OverlapAudiences:
    """n audiences: joint [n, A * G], regions [n, R], tags [n, V + 1] as channel_tags.tag_shares orders them, people
    [n]."""

    joint: Floats
    regions: Floats
    tags: Floats
    people: Floats

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, eq=False)
class AudiencePairs:
    """P pairs of measured audiences, and the number of people whom both of each pair have [P]."""

    one: OverlapAudiences
    other: OverlapAudiences
    both: Floats

    def __len__(self) -> int:
        return len(self.both)


def everybody() -> TargetWeights:
    """Return the target of all people anywhere, each with a worth of one."""
    return targets.target_weights([{}])


def modelled(pairs: AudiencePairs, overlap: DuplicationModel, factors: tuple[float, ...] = (1.0,)) -> Floats:
    """Return the people [P, F] whom both of each pair have in the model, with all shapes times each of F factors."""
    one, other, people_units = _spread(pairs, overlap)
    return np.stack(
        [_common(one, other, PeopleUnits(people_units.weights, people_units.shapes * factor)) for factor in factors],
        axis=1,
    )


def fit_pairs(pairs: AudiencePairs, prior: DuplicationModel = PRIOR) -> DuplicationModel:
    """Return the duplication fitted to pairs and shrunk to a prior; the prior itself without any pair."""
    if not len(pairs):
        return prior
    niches = np.array([channel_tags.main_tag(tags) for tags in pairs.one.tags])
    within: Bools = (niches != "") & (niches == np.array([channel_tags.main_tag(tags) for tags in pairs.other.tags]))
    counts = {name: int(np.sum(within & (niches == name))) for name in sorted(set(niches[within].tolist()))}
    if not within.all():
        counts[""] = int(np.sum(~within))
    own_niche = _own_niche(pairs, within, prior)
    shape = shapes.drawn(_shape(pairs, replace(prior, own_niche=own_niche)), prior.shape, len(pairs))
    common = DuplicationModel(shape=shape, own_niche=own_niche)
    by_niche = {
        name: shapes.drawn(_of_niche(pairs, within & (niches == name), name, common), shape, count)
        for name, count in counts.items()
        if name
    }
    return DuplicationModel(round(shape, 9), round(own_niche, 9), {k: round(v, 9) for k, v in by_niche.items()}, counts)


def _own_niche(pairs: AudiencePairs, within: Bools, prior: DuplicationModel) -> float:
    """Return the share s at which the pairs within a niche overlap as measured, and at the same time all pairs do.

    Pairs within niches alone say nothing of the shape, which keeps its prior: what they overlap more than it makes them
    is that their niches are narrow. A shape small enough to explain it would make creators of any two niches overlap.
    """
    inside, across = int(within.sum()), int((~within).sum())
    if not inside:
        return prior.own_niche
    count = min(inside, across) if across else inside
    measured = float(np.sum(pairs.both[within]))
    low, high = 0.0, OWN_NICHE_MOST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        trial = replace(prior, own_niche=middle)
        if across:
            trial = replace(trial, shape=_shape(pairs, trial))
        overlaps = modelled(pairs, trial)[:, 0]
        low, high = (middle, high) if float(np.sum(overlaps[within])) < measured else (low, middle)
    weight = count / (count + shapes.PRIOR_PAIRS)
    return weight * (low + high) / 2 + (1 - weight) * prior.own_niche


def _shape(pairs: AudiencePairs, overlap: DuplicationModel) -> float:
    one, other, people_units = _spread(pairs, overlap)

    def total(shape: float) -> float:
        return float(np.sum(_common(one, other, PeopleUnits(people_units.weights, np.full(len(people_units), shape)))))

    return shapes.solve(total, float(np.sum(pairs.both)), _HALVINGS)


def _of_niche(pairs: AudiencePairs, members: Bools, name: str, overlap: DuplicationModel) -> float:
    members_only = AudiencePairs(_some(pairs.one, members), _some(pairs.other, members), pairs.both[members])
    # A niche with its own shape has its own units, so the pairs are spread once for all shapes that are tried. The NaN
    # marks these units.
    one, other, people_units = _spread(members_only, replace(overlap, by_niche={name: np.nan}))
    of_niche = np.isnan(people_units.shapes)

    def total(shape: float) -> float:
        return float(
            np.sum(
                _common(one, other, PeopleUnits(people_units.weights, np.where(of_niche, shape, people_units.shapes)))
            )
        )

    return shapes.solve(total, float(np.sum(members_only.both)), _HALVINGS)


def _some(audience: OverlapAudiences, members: Bools) -> OverlapAudiences:
    return OverlapAudiences(*(values[members] for values in vars(audience).values()))


def _spread(pairs: AudiencePairs, overlap: DuplicationModel) -> tuple[Floats, Floats, PeopleUnits]:
    """Return the shares [P, U] of everybody's units that each pair's two audiences reach, and the units."""
    joint, regions, tags, people = (
        np.concatenate([mine, theirs])
        for mine, theirs in zip(vars(pairs.one).values(), vars(pairs.other).values(), strict=True)
    )
    brief_units = units.build(joint, regions, tags, people, np.ones(len(people)), everybody(), overlap)
    return brief_units.shares[: len(pairs)], brief_units.shares[len(pairs) :], brief_units.units


def _common(one: Floats, other: Floats, people_units: PeopleUnits) -> Floats:
    """Return the people whom both of each pair reach [P], from shares [P, U]."""
    sums = coverage.rates(one, people_units.shapes) + coverage.rates(other, people_units.shapes)
    people: Floats = np.sum(people_units.weights * (one + other - coverage.reached(sums, people_units.shapes)), axis=1)
    return people
