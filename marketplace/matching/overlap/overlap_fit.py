"""Fits to measured pairs of audiences how many times as many people as by chance they share (see duplication.py).

The audiences of a pair are laid on cells of people, so that people whom both have because they are alike in age, gender
and area do not count as duplication beyond that. The lift within niches is the one with which the modelled overlaps add
up to the measured ones, weighted by how much of their content the pairs share, and the lift across niches the one with
which they do so weighted by the rest; then each niche gets its own. Each is shrunk to the level above it (the prior,
the lift within niches) as if that were one more pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints, sum_columns
from marketplace.matching.overlap import duplication, lift_law
from marketplace.matching.overlap.duplication import DuplicationModel, MarketDuplication, PairKinship
from marketplace.matching.overlap.units import NICHES, CellAudiences

MODEL_VERSION = "overlaps/3"
# Between one and two communities of creators sets differ by .6 in the logarithm (variance), pairs of one by .4.
PRIOR_PAIRS = 1.0
_ROUNDS = 4
# The parts of a market's model beside its niches; no niche has such a name.
_WITHIN, _ACROSS = "(within)", "(across)"
_OTHER_TAGS = NICHES.index("other")


@dataclass(frozen=True, eq=False)
class AudiencePairs:
    """P pairs of measured audiences and the number of people whom both of each pair have [P].

    ``at_most`` [P] marks pairs of which only that is known: their number is not above it (None: no pair).
    """

    one: CellAudiences
    other: CellAudiences
    both: Floats
    at_most: Bools | None = None

    def __len__(self) -> int:
        return len(self.both)

    def only(self, kept: Ints) -> "AudiencePairs":
        """Return some of the pairs."""
        at_most = None if self.at_most is None else self.at_most[kept]
        return AudiencePairs(self.one.only(kept), self.other.only(kept), self.both[kept], at_most)


def kinship(one: CellAudiences, other: CellAudiences) -> PairKinship:
    """Return what makes P pairs of audiences alike. Their market is where both have the most people."""
    shared = np.minimum(one.content, other.content)
    # Tags of any other name than the known ones need not be the same.
    if shared.shape[1] == len(NICHES):
        shared[:, _OTHER_TAGS] = 0.0
    same = (one.languages == other.languages) | (one.languages == "") | (other.languages == "")
    together = np.sqrt(one.shares * other.shares) * one.cells.people
    by_market = np.stack(
        [sum_columns(together, np.flatnonzero(one.cells.markets == number).tolist()) for number in _markets(one)]
    )
    return PairKinship(shared, same, np.argmax(by_market, axis=0))


def _markets(audiences: CellAudiences) -> range:
    return range(len(audiences.cells.market_names))


def modelled(pairs: AudiencePairs, lifts: Floats) -> Floats:
    """Return the people [P] whom both of each pair have at the pairs' lifts [P]."""
    share = lift_law.common(pairs.one.shares, pairs.other.shares, lifts[:, None])
    return sum_columns(share * pairs.one.cells.people)


def predicted(pairs: AudiencePairs, markets: MarketDuplication, names: Sequence[str] = NICHES) -> Floats:
    """Return the people [P] whom both of each pair have by the lifts of their markets."""
    models = [markets.of(name) for name in pairs.one.cells.market_names]
    return modelled(pairs, duplication.lifts(kinship(pairs.one, pairs.other), models, names))


def own_lifts(pairs: AudiencePairs) -> Floats:
    """Return the lift [P] with which each pair has the people in common that were measured, by bisection of all at
    once. Where more were measured than can be in both, the largest lift."""
    low = np.full(len(pairs), np.log(lift_law.LOG_FROM))
    high = np.full(len(pairs), np.log(lift_law.LIFT_MOST))
    for _ in range(lift_law.HALVINGS):
        middle = (low + high) / 2
        less = modelled(pairs, np.exp(middle)) < pairs.both
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.where(pairs.both > 0, np.exp((low + high) / 2), 0.0)


def fit_markets(pairs: AudiencePairs, names: Sequence[str] = NICHES) -> MarketDuplication:
    """Return the lifts of each market that has measured pairs."""
    markets = MarketDuplication()
    of_pairs = kinship(pairs.one, pairs.other).market
    fitted = {}
    for number in np.unique(of_pairs).tolist():
        name = pairs.one.cells.market_names[number]
        fitted[name] = fit_pairs(pairs.only(np.flatnonzero(of_pairs == number)), markets.of(name), names)
    return replace(markets, fitted=fitted)


def fit_pairs(pairs: AudiencePairs, prior: DuplicationModel, names: Sequence[str] = NICHES) -> DuplicationModel:
    """Return the lifts of one market fitted to its pairs and shrunk to a prior; the prior itself without any pair."""
    if not len(pairs):
        return prior
    alike = kinship(pairs.one, pairs.other)
    fit = _MarketFit(pairs, replace(alike, market=np.zeros(len(pairs), dtype=np.int64)), names)
    inside = np.sum(alike.shared, axis=1)
    model = replace(prior, by_niche={}, pairs={})
    for _ in range(_ROUNDS):
        for part, weights in ((_WITHIN, inside), (_ACROSS, 1 - inside)):
            model = _with(model, part, fit.solved(model, part, weights))
    model = replace(
        model,
        within=_drawn(model.within, prior.within, float(np.sum(inside))),
        across=_drawn(model.across, prior.across, float(np.sum(1 - inside))),
    )
    counts = dict(zip(names, np.sum(alike.shared, axis=0).tolist(), strict=True))
    model = replace(model, by_niche={name: model.within for name, count in counts.items() if count > 0})
    for _ in range(_ROUNDS if len(model.by_niche) > 1 else 1):
        for name in model.by_niche:
            lift = fit.solved(model, name, alike.shared[:, list(names).index(name)])
            model = _with(model, name, _drawn(lift, model.within, counts[name]))
    return DuplicationModel(
        round(model.within, 9),
        round(model.across, 9),
        {name: round(lift, 9) for name, lift in model.by_niche.items()},
        _pairs_behind(alike, names),
        round(_doubt(prior, len(pairs)), 9),
    )


def _with(model: DuplicationModel, part: str, lift: float) -> DuplicationModel:
    """Return a model with another lift within, across, or of a niche."""
    if part == _WITHIN:
        return replace(model, within=lift)
    if part == _ACROSS:
        return replace(model, across=lift)
    return replace(model, by_niche={**model.by_niche, part: lift})


@dataclass(frozen=True, eq=False)
class _MarketFit:
    """The pairs of one market, what makes each alike, and the names of niches."""

    pairs: AudiencePairs
    alike: PairKinship
    names: Sequence[str]

    def solved(self, model: DuplicationModel, part: str, weights: Floats) -> float:
        """Return the lift of a part of the model at which modelled and measured overlaps, weighted [P], add up to the
        same; that of the model if no pair has any weight. A pair whose overlap has only a bound counts as far as the
        model is above it."""
        rows = np.flatnonzero(weights > 1e-9)
        if not len(rows):
            return model.across if part == _ACROSS else model.within
        some = self.pairs.only(rows)
        alike = PairKinship(*(column[rows] for column in vars(self.alike).values()))

        def excess(lift: float) -> float:
            lifts = duplication.lifts(alike, [_with(model, part, lift)], self.names)
            above = modelled(some, lifts) - some.both
            if some.at_most is not None:
                above = np.where(some.at_most, np.maximum(above, 0.0), above)
            return float(np.sum(weights[rows] * above))

        return lift_law.solve(excess, 0.0)


def _drawn(lift: float, prior: float, pairs: float) -> float:
    """Return a lift fitted to so many pairs, shrunk to its prior on the log scale."""
    weight = pairs / (pairs + PRIOR_PAIRS)
    least = lift_law.LOG_FROM
    return float(np.exp(weight * np.log(max(lift, least)) + (1 - weight) * np.log(max(prior, least))))


def _pairs_behind(alike: PairKinship, names: Sequence[str]) -> dict[str, int]:
    """Return how many pairs share most of a niche, by the niche that they share most of; the others have no name."""
    main = np.argmax(alike.shared, axis=1)
    within = np.max(alike.shared, axis=1, initial=0.0) > 0
    counts = {name: int(np.sum(within & (main == place))) for place, name in enumerate(names)}
    counts[""] = int(np.sum(~within))
    return {name: count for name, count in counts.items() if count}


def _doubt(prior: DuplicationModel, pairs: int) -> float:
    return max(duplication.LEAST_DOUBT, float(np.exp(np.log(prior.doubt) / np.sqrt(1 + pairs))))
