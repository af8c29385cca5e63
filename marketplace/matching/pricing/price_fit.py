"""Fits the price model to a market's settled deals and rate cards.

Every creator's deals count together for one, however many they are, and a deal that one side alone told of for a
quarter; a price far off the line pulls no harder than one 2.5 standard deviations off (Huber, Annals of Mathematical
Statistics 35, 1964). Intervals are cross-conformal: creators are dealt into ten folds (five where they are many), and
the model of the others judges each one's deals (Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.audience.regression import normal_equations, solve, times
from marketplace.matching.forecast.forecast import tier_of
from marketplace.matching.pricing.cost import COMPARABLES_MIN, weighted_quantiles
from marketplace.matching.pricing.price_model import (
    FIXED,
    GROUP_SD,
    POOLED,
    PRIORS,
    TAUS,
    TERMS,
    TIER_DEALS_MIN,
    PricedDeliverables,
    PriceModel,
    PricePoint,
    PriceTerm,
    SuggestedPrices,
    Texts,
    blended,
    from_model,
    from_suggestion,
    groups,
    table,
)

EVERYTHING = "*"
FOLDS, FOLDS_OF_MANY, MANY = 10, 5, 1_000
# Of a settled deal's weight: a rate card's, by the ratio of their variances (80 % of cards lie within a factor of 15.5,
# of deals within about 4), and a deal's that one side alone told of.
CARD_WEIGHT, UNCONFIRMED_WEIGHT = 0.25, 0.25
_ROUNDS, _HUBER, _DECIMALS = 6, 2.5, 9
_VARIANCE, _VARIANCE_DF = 0.35, 4.0  # prior of the variance of log prices
_Z = 1.2815515655446004


@dataclass(frozen=True, eq=False)
class PriceRecords:
    """n prices of deliverables in minor units of one currency [n], the creators they are of as numbers [n], whether
    each is a settled deal (else a rate card), and whether both sides or the platform stand by it."""

    what: PricedDeliverables
    prices: Floats
    creators: Ints
    settled: Bools
    confirmed: Bools

    def __len__(self) -> int:
        return len(self.prices)

    def some(self, members: Bools) -> "PriceRecords":
        prices, creators, settled, confirmed = self.prices, self.creators, self.settled, self.confirmed
        return PriceRecords(
            self.what.some(members), prices[members], creators[members], settled[members], confirmed[members]
        )


def weights(records: PriceRecords) -> Floats:
    """Return each record's weight [n]: a creator's deals share one unit, a creator's rate cards a quarter of one."""
    found = np.zeros(len(records))
    for kind, unit in ((records.settled, 1.0), (~records.settled, CARD_WEIGHT)):
        if kind.any():
            _, place, count = np.unique(records.creators[kind], return_inverse=True, return_counts=True)
            found[kind] = unit / count[place]
    return np.where(records.settled & ~records.confirmed, UNCONFIRMED_WEIGHT * found, found)


def fit(records: PriceRecords, suggested: Mapping[str, SuggestedPrices]) -> PriceModel:
    """Return the model of n records, in one currency, and of what platforms suggest in it. Prices lie above zero."""
    if not len(records):
        return PriceModel(suggested=suggested)
    point, variance, terms = _fit_point(records, suggested)
    trusted = records.settled & records.confirmed
    misses, card_misses = _crossed(records, suggested)
    own = weights(records)
    ends = [_ends(misses, own, records.creators, trusted & members, least) for members, least in _strata(records)]
    return PriceModel(
        point=point,
        suggested=suggested,
        terms=terms,
        ends=ends,
        card_ends=_ends(card_misses, own / CARD_WEIGHT, records.creators, ~records.settled, COMPARABLES_MIN),
        spread=float(np.sqrt(variance)),
        deals=int(trusted.sum()),
        cards=int((~records.settled).sum()),
        per_thousand=_cheapest(records, own, trusted),
    )


def suggestions(platforms: Texts, cpm: Floats) -> dict[str, SuggestedPrices]:
    """Return what each platform suggests per 1,000 views, from n channels [n] (NaN: none), where nine or more do."""
    found = {}
    for name in np.unique(platforms).tolist():
        own = np.sort(cpm[(platforms == name) & np.isfinite(cpm) & (cpm > 0)])
        if len(own) >= COMPARABLES_MIN:
            low, middle, high = weighted_quantiles(own, np.ones(len(own)), (TAUS[0], 0.5, TAUS[1]))
            found[name] = SuggestedPrices(float(middle), float(low), float(high), len(own))
    return found


def _cheapest(records: PriceRecords, own: Floats, trusted: Bools) -> dict[str, tuple[float, int]]:
    """Return the 10 % of prices per 1,000 expected views of settled deals, where nine creators' tell it."""
    known = trusted & np.isfinite(records.what.views) & (records.what.views > 0)
    found = {}
    for name in (EVERYTHING, *np.unique(records.what.verticals[known]).tolist()):
        chosen = known & ((records.what.verticals == name) | (name == EVERYTHING))
        if name and len(np.unique(records.creators[chosen])) >= COMPARABLES_MIN:
            cpm = 1000 * records.prices[chosen] / records.what.views[chosen]
            found[name] = float(weighted_quantiles(cpm, own[chosen], TAUS)[0]), int(chosen.sum())
    return found


def _strata(records: PriceRecords) -> list[tuple[Bools, int]]:
    """Return the members of each tier and of the pool, with the least number of deals that tells an interval."""
    tiers, known = tier_of(records.what.followers), np.isfinite(records.what.followers)
    own = [(known & (tiers == tier), TIER_DEALS_MIN) for tier in range(POOLED)]
    return [*own, (np.ones(len(records), dtype=bool), COMPARABLES_MIN)]


def _ends(misses: Floats, own: Floats, creators: Ints, members: Bools, least: int) -> tuple[float, float, int]:
    """Return the 10 % and 90 % of misses and their count; a count below ``least``, of creators too, tells nothing."""
    chosen = members & np.isfinite(misses)
    if len(np.unique(creators[chosen])) < least:
        return np.nan, np.nan, 0
    low, high = weighted_quantiles(misses[chosen], own[chosen], TAUS)
    return float(low), float(high), int(chosen.sum())


def _crossed(records: PriceRecords, suggested: Mapping[str, SuggestedPrices]) -> tuple[Floats, Floats]:
    """Return the log misses [n] of settled deals against the answer for deals, and of rate cards against theirs."""
    distinct, place = np.unique(records.creators, return_inverse=True)
    folds = place % (FOLDS if len(distinct) < MANY else FOLDS_OF_MANY)
    logs, misses, card_misses = log(records.prices), np.full(len(folds), np.nan), np.full(len(folds), np.nan)
    for fold in np.unique(folds):
        held = folds == fold
        taught = PricePoint() if held.all() else _fit_point(records.some(~held), suggested)[0]
        what = records.what.some(held)
        misses[held] = logs[held] - blended(taught, suggested, what)[0]
        card_misses[held] = logs[held] - from_model(taught, what, rate_card=True)
    return misses, card_misses


def _fit_point(
    records: PriceRecords, suggested: Mapping[str, SuggestedPrices]
) -> tuple[PricePoint, float, dict[str, PriceTerm]]:
    design, names, prior, sd = _design(records)
    logs, own = log(records.prices), weights(records)
    variance, pull, found, ridge = _VARIANCE, np.ones(len(logs)), prior, prior
    for _ in range(_ROUNDS):
        ridge = np.where(np.isfinite(sd), variance / sd**2, 0.0)
        moments, right = normal_equations(design, logs, own * pull, prior, ridge)
        found = solve(moments, right)
        away = logs - times(design, found)
        diagonal = np.diag(moments)
        used = float(np.sum((diagonal - ridge) / diagonal))
        left = max(float(np.sum(own)) - used, 0.0)
        seen = float(np.sum(own * pull * away**2))
        variance = (seen + _VARIANCE * _VARIANCE_DF) / (left + _VARIANCE_DF)
        limit = _HUBER * np.sqrt(variance)
        pull = np.minimum(1.0, limit / np.maximum(np.abs(away), limit))
    moments, _ = normal_equations(design, logs, own * pull, prior, ridge)
    trusted = records.settled & records.confirmed
    point = PricePoint(
        dict(zip(names, np.round(found, _DECIMALS).tolist(), strict=True)),
        {
            str(name): float(np.sum(own[trusted & (records.what.verticals == name)]))
            for name in np.unique(records.what.verticals[trusted])
        },
        _above(records, own, from_suggestion(suggested, records.what), variance),
    )
    return point, variance, _terms(records, names, found, moments, variance)


def _design(records: PriceRecords) -> tuple[Floats, list[str], Floats, Floats]:
    """Return the regression's table [n, p], its columns' names, and their priors' means and SDs [p]."""
    columns, names = [table(records.what, ~records.settled)], list(FIXED)
    for members in groups(records.what):
        for name in np.unique(members).tolist():
            if not name.endswith(":"):
                columns.append(as_floats(members == name)[:, None])
                names.append(name)
    more = len(names) - len(FIXED)
    means = as_floats([mean for mean, _ in PRIORS.values()] + [0.0] * more)
    sds = as_floats([np.inf if sd is None else sd for _, sd in PRIORS.values()] + [GROUP_SD] * more)
    return np.concatenate(columns, axis=1), names, means, sds


def _above(records: PriceRecords, own: Floats, told: Floats, variance: float) -> float:
    """Return how far log deals lie from the platform's suggestion, drawn to none as a group is."""
    known = records.settled & records.confirmed & np.isfinite(told)
    if not known.any():
        return 0.0
    away = log(records.prices[known]) - told[known]
    weight = float(np.sum(own[known]))
    middle = float(weighted_quantiles(away, own[known], (0.5,))[0])
    return middle * weight / (weight + variance / GROUP_SD**2)


def _terms(
    records: PriceRecords, names: list[str], found: Floats, moments: Floats, variance: float
) -> dict[str, PriceTerm]:
    trusted = records.settled & records.confirmed
    design = table(records.what, ~records.settled)
    told = {}
    for name in TERMS:
        place = names.index(name)
        unit = np.zeros(len(names))
        unit[place] = 1.0
        wide = _Z * np.sqrt(variance * solve(moments, unit)[place])
        ratio, low, high = exp(as_floats([found[place], found[place] - wide, found[place] + wide])).tolist()
        told[name] = PriceTerm(ratio, low, high, int(np.sum(trusted & (design[:, FIXED.index(name)] > 0))))
    return told
