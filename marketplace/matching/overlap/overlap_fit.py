"""Fits to measured pairs of audiences how strongly audiences overlap within a cell, as `units` builds them.

A pair's audiences are laid on the units of everybody (cell x niche), so that what two audiences share by being alike in
age, gender and area is not taken for duplication beyond it. The common shape k makes the modelled overlaps of all pairs
add up to the measured ones; the share s that keeps to its own niche makes those of one niche do so; then every niche
with pairs of its own gets a k of its own. Each is drawn to its prior: three pairs weigh as much as the prior does.
"""

from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.audience import channel_tags, targets
from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.audience.targets import TargetWeights
from marketplace.matching.overlap import coverage, shapes, units
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.overlap.units import PRIOR, DuplicationModel

MODEL_VERSION = "overlaps/1"
# Factors on all shapes at which a pair's overlap is told: a set's own factor lies between two of them.
FACTORS = tuple(2.0**step for step in range(-6, 7))
OWN_NICHE_MOST = 0.95
_HALVINGS = 14


@dataclass(frozen=True, eq=False)
class OverlapAudiences:
    """n audiences: joint [n, A * G] and regions [n, R], tags [n, V + 1] in the order of fit.tag_shares, people [n]."""

    joint: Floats
    regions: Floats
    tags: Floats
    people: Floats

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, eq=False)
class AudiencePairs:
    """P pairs of measured audiences, and how many people of each pair belong to both [P]."""

    one: OverlapAudiences
    other: OverlapAudiences
    both: Floats

    def __len__(self) -> int:
        return len(self.both)


def everybody() -> TargetWeights:
    """Return the target of all people anywhere: each is worth one."""
    return targets.target_weights([{}])


def modelled(pairs: AudiencePairs, overlap: DuplicationModel, factors: tuple[float, ...] = (1.0,)) -> Floats:
    """Return the people [P, F] that both audiences of each pair hold in the model, with every shape times a factor."""
    one, other, made = _laid(pairs, overlap)
    return np.stack(
        [_common(one, other, PeopleUnits(made.weights, made.shapes * factor)) for factor in factors], axis=1
    )


def fit_pairs(pairs: AudiencePairs, prior: DuplicationModel = PRIOR) -> DuplicationModel:
    """Return the duplication learnt from pairs, drawn to a prior; the prior itself where there are none."""
    if not len(pairs):
        return prior
    niches = np.array([channel_tags.main_tag(tags) for tags in pairs.one.tags])
    within: Bools = (niches != "") & (niches == np.array([channel_tags.main_tag(tags) for tags in pairs.other.tags]))
    counts = {name: int(np.sum(within & (niches == name))) for name in sorted(set(niches[within].tolist()))}
    if not within.all():
        counts[""] = int(np.sum(~within))
    own = _own_niche(pairs, within, prior)
    shape = shapes.drawn(_shape(pairs, replace(prior, own_niche=own)), prior.shape, len(pairs))
    common = DuplicationModel(shape=shape, own_niche=own)
    by_niche = {
        name: shapes.drawn(_of_niche(pairs, within & (niches == name), name, common), shape, count)
        for name, count in counts.items()
        if name
    }
    return DuplicationModel(round(shape, 9), round(own, 9), {k: round(v, 9) for k, v in by_niche.items()}, counts)


def _own_niche(pairs: AudiencePairs, within: Bools, prior: DuplicationModel) -> float:
    """Return the share s at which pairs of one niche overlap as measured, all pairs together doing so."""
    count = min(int(within.sum()), int((~within).sum()))
    if not count:
        return prior.own_niche
    wanted = float(np.sum(pairs.both[within]))
    low, high = 0.0, OWN_NICHE_MOST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = replace(prior, own_niche=middle)
        found = modelled(pairs, replace(tried, shape=_shape(pairs, tried)))[:, 0]
        low, high = (middle, high) if float(np.sum(found[within])) < wanted else (low, middle)
    weight = count / (count + shapes.PRIOR_PAIRS)
    return weight * (low + high) / 2 + (1 - weight) * prior.own_niche


def _shape(pairs: AudiencePairs, overlap: DuplicationModel) -> float:
    one, other, made = _laid(pairs, overlap)

    def total(shape: float) -> float:
        return float(np.sum(_common(one, other, PeopleUnits(made.weights, np.full(len(made), shape)))))

    return shapes.solve(total, float(np.sum(pairs.both)), _HALVINGS)


def _of_niche(pairs: AudiencePairs, members: Bools, name: str, overlap: DuplicationModel) -> float:
    some = AudiencePairs(_some(pairs.one, members), _some(pairs.other, members), pairs.both[members])
    # A niche with a shape of its own has units of its own, so one laying serves for all shapes that are tried.
    one, other, made = _laid(some, replace(overlap, by_niche={name: np.nan}))
    own = np.isnan(made.shapes)

    def total(shape: float) -> float:
        return float(np.sum(_common(one, other, PeopleUnits(made.weights, np.where(own, shape, made.shapes)))))

    return shapes.solve(total, float(np.sum(some.both)), _HALVINGS)


def _some(audience: OverlapAudiences, members: Bools) -> OverlapAudiences:
    return OverlapAudiences(*(values[members] for values in vars(audience).values()))


def _laid(pairs: AudiencePairs, overlap: DuplicationModel) -> tuple[Floats, Floats, PeopleUnits]:
    """Return each pair's shares [P, U] of the units of everybody, and the units."""
    joint, regions, tags, people = (
        np.concatenate([mine, theirs])
        for mine, theirs in zip(vars(pairs.one).values(), vars(pairs.other).values(), strict=True)
    )
    made = units.build(joint, regions, tags, people, np.ones(len(people)), everybody(), overlap)
    return made.shares[: len(pairs)], made.shares[len(pairs) :], made.units


def _common(one: Floats, other: Floats, made: PeopleUnits) -> Floats:
    """Return the people that both of each pair [P] hold, from shares [P, U]."""
    sums = coverage.rates(one, made.shapes) + coverage.rates(other, made.shapes)
    found: Floats = np.sum(made.weights * (one + other - coverage.reached(sums, made.shapes)), axis=1)
    return found
