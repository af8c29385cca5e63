"""Fits the price model to a market's settled deals and rate cards.

The deals of a creator together have a weight of one, however many they are, and a deal that only one side reported has
a quarter of its weight. A price far off the line pulls no harder than one 2.5 standard deviations off (Huber, Annals of
Mathematical Statistics 35, 1964). Intervals are cross-conformal: creators are dealt into ten folds (five of 1,000
creators or more), and the deals of each fold are judged by the model fitted to the others (Vovk, Annals of Mathematics
and Artificial Intelligence 74, 2015).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.audience.regression import normal_equations, solve, times
from marketplace.matching.forecast.view_forecast import tier_of
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
# Shares of a settled deal's weight: that of a rate card, by the ratio of their variances (80 % of cards are within a
# factor of 15.5, of deals within about 4), and that of a deal that only one side reported.
CARD_WEIGHT, UNCONFIRMED_WEIGHT = 0.25, 0.25
_ROUNDS, _HUBER, _DECIMALS = 6, 2.5, 9
_VARIANCE, _VARIANCE_DF = 0.35, 4.0  # prior of the variance of log prices
# The prior variance of a platform's suggestion about what deals close at (an SD of 0.4: its suggestions are 29, 46 and
# 66 yuan at 5, 50 and 90 % of channels), the least, the farthest miss that counts, and what stands for no deal at all.
_EXCESS, EXCESS_LEAST, _FAR, NO_DEALS = 0.16, 0.01, 3.0, 1e6
_Z = 1.2815515655446004


@dataclass(frozen=True, eq=False)
class PriceRecords:
    """n prices of deliverables in minor units of one currency [n], with their creators as numbers [n].

    ``settled`` [n] marks deals (the others are rate cards), ``confirmed`` [n] those that both sides or the platform
    confirmed.
    """

    deliverables: PricedDeliverables
    prices: Floats
    creators: Ints
    settled: Bools
    confirmed: Bools

    def __len__(self) -> int:
        return len(self.prices)

    def some(self, members: Bools) -> "PriceRecords":
        prices, creators, settled, confirmed = self.prices, self.creators, self.settled, self.confirmed
        return PriceRecords(
            self.deliverables.some(members), prices[members], creators[members], settled[members], confirmed[members]
        )


def weights(records: PriceRecords) -> Floats:
    """Return each record's weight [n]: a creator's deals share a weight of one, a creator's rate cards a quarter."""
    weight = np.zeros(len(records))
    for kind, unit in ((records.settled, 1.0), (~records.settled, CARD_WEIGHT)):
        if kind.any():
            _, index, count = np.unique(records.creators[kind], return_inverse=True, return_counts=True)
            weight[kind] = unit / count[index]
    return np.where(records.settled & ~records.confirmed, UNCONFIRMED_WEIGHT * weight, weight)


def fit(records: PriceRecords, suggested: Mapping[str, SuggestedPrices]) -> PriceModel:
    """Return the model fitted to n records in one currency, with what platforms suggest in it. Prices are above
    zero."""
    if not len(records):
        return PriceModel(suggested=suggested)
    point, variance, terms = _fit_point(records, suggested)
    trusted = records.settled & records.confirmed
    errors, card_errors = _crossed(records, suggested)
    weight = weights(records)
    *tiers, pooled = (
        _ends(errors, weight, records.creators, trusted & members, COMPARABLES_MIN) for members in _strata(records)
    )
    return PriceModel(
        point=point,
        suggested=suggested,
        terms=terms,
        ends=[*(_towards(own, pooled, creators) for own, creators in tiers), pooled[0]],
        card_ends=_ends(card_errors, weight / CARD_WEIGHT, records.creators, ~records.settled, COMPARABLES_MIN)[0],
        spread=float(np.sqrt(variance)),
        deals=int(trusted.sum()),
        cards=int((~records.settled).sum()),
        per_thousand=_cheapest(records, weight, trusted),
    )


def suggestions(platforms: Texts, cpm: Floats) -> dict[str, SuggestedPrices]:
    """Return what each platform suggests per 1,000 views, from n channels [n] (NaN: none); at least nine are needed."""
    suggested = {}
    for name in np.unique(platforms).tolist():
        prices = np.sort(cpm[(platforms == name) & np.isfinite(cpm) & (cpm > 0)])
        if len(prices) >= COMPARABLES_MIN:
            low, middle, high = weighted_quantiles(prices, np.ones(len(prices)), (TAUS[0], 0.5, TAUS[1]))
            suggested[name] = SuggestedPrices(float(middle), float(low), float(high), len(prices))
    return suggested


def _cheapest(records: PriceRecords, weight: Floats, trusted: Bools) -> dict[str, tuple[float, int]]:
    """Return the 10 % quantile of prices per 1,000 expected views of settled deals, by vertical and for all, with the
    number of deals; at least nine creators are needed."""
    known = trusted & np.isfinite(records.deliverables.views) & (records.deliverables.views > 0)
    cheapest = {}
    for name in (EVERYTHING, *np.unique(records.deliverables.verticals[known]).tolist()):
        chosen = known & ((records.deliverables.verticals == name) | (name == EVERYTHING))
        if name and len(np.unique(records.creators[chosen])) >= COMPARABLES_MIN:
            cpm = 1000 * records.prices[chosen] / records.deliverables.views[chosen]
            cheapest[name] = float(weighted_quantiles(cpm, weight[chosen], TAUS)[0]), int(chosen.sum())
    return cheapest


def _strata(records: PriceRecords) -> list[Bools]:
    """Return the members of each tier and of the pool."""
    tiers, known = tier_of(records.deliverables.followers), np.isfinite(records.deliverables.followers)
    return [*(known & (tiers == tier) for tier in range(POOLED)), np.ones(len(records), dtype=bool)]


def _ends(
    errors: Floats, weight: Floats, creators: Ints, members: Bools, least: int
) -> tuple[tuple[float, float, int], int]:
    """Return the 10 % and 90 % quantiles of errors with their count, and the number of creators; NaN and 0 for fewer
    creators than ``least``."""
    chosen = members & np.isfinite(errors)
    count = len(np.unique(creators[chosen]))
    if count < least:
        return (np.nan, np.nan, 0), count
    low, high = weighted_quantiles(errors[chosen], weight[chosen], TAUS)
    return (float(low), float(high), int(chosen.sum())), count


def _towards(
    own: tuple[float, float, int], pooled: tuple[tuple[float, float, int], int], creators: int
) -> tuple[float, float, int]:
    """Return the ends of a tier: its own from TIER_DEALS_MIN creators on, and with fewer so far from the pool's, whose
    deals are then behind them."""
    (low, high, count), _ = pooled
    if not own[2] or creators >= TIER_DEALS_MIN:
        return own
    way = creators / TIER_DEALS_MIN
    return low + way * (own[0] - low), high + way * (own[1] - high), count


def _crossed(records: PriceRecords, suggested: Mapping[str, SuggestedPrices]) -> tuple[Floats, Floats]:
    """Return cross-fitted log errors [n]: of the prediction for deals, and of that for rate cards."""
    distinct, index = np.unique(records.creators, return_inverse=True)
    folds = index % (FOLDS if len(distinct) < MANY else FOLDS_OF_MANY)
    logs, errors, card_errors = log(records.prices), np.full(len(folds), np.nan), np.full(len(folds), np.nan)
    for fold in np.unique(folds):
        held_out = folds == fold
        others_point = PricePoint() if held_out.all() else _fit_point(records.some(~held_out), suggested)[0]
        deliverables = records.deliverables.some(held_out)
        errors[held_out] = logs[held_out] - blended(others_point, suggested, deliverables)[0]
        card_errors[held_out] = logs[held_out] - from_model(others_point, deliverables, rate_card=True)
    return errors, card_errors


def _fit_point(
    records: PriceRecords, suggested: Mapping[str, SuggestedPrices]
) -> tuple[PricePoint, float, dict[str, PriceTerm]]:
    design, names, prior, sd = _design(records)
    logs, weight = log(records.prices), weights(records)
    variance, pull, coefficients, ridge = _VARIANCE, np.ones(len(logs)), prior, prior
    for _ in range(_ROUNDS):
        ridge = np.where(np.isfinite(sd), variance / sd**2, 0.0)
        moments, right = normal_equations(design, logs, weight * pull, prior, ridge)
        coefficients = solve(moments, right)
        residuals = logs - times(design, coefficients)
        diagonal = np.diag(moments)
        parameters = float(np.sum((diagonal - ridge) / diagonal))
        degrees = max(float(np.sum(weight)) - parameters, 0.0)
        squares = float(np.sum(weight * pull * residuals**2))
        variance = (squares + _VARIANCE * _VARIANCE_DF) / (degrees + _VARIANCE_DF)
        limit = _HUBER * np.sqrt(variance)
        pull = np.minimum(1.0, limit / np.maximum(np.abs(residuals), limit))
    moments, _ = normal_equations(design, logs, weight * pull, prior, ridge)
    trusted = records.settled & records.confirmed
    suggestion = from_suggestion(suggested, records.deliverables)
    above = _above(records, weight, suggestion, variance)
    known, settled = trusted & np.isfinite(suggestion), float(np.sum(weight[trusted]))
    point = PricePoint(
        dict(zip(names, np.round(coefficients, _DECIMALS).tolist(), strict=True)),
        {
            str(name): float(np.sum(weight[trusted & (records.deliverables.verticals == name)]))
            for name in np.unique(records.deliverables.verticals[trusted])
        },
        above,
        noise=variance,
        # Without any deal the regression knows nothing.
        estimate=variance * parameters / settled if settled else NO_DEALS,
        suggestion=_excess(logs[known] - suggestion[known] - above, weight[known], variance),
    )
    return point, variance, _terms(records, names, coefficients, moments, variance)


def _design(records: PriceRecords) -> tuple[Floats, list[str], Floats, Floats]:
    """Return the regression's table [n, p], its columns' names, and their priors' means and SDs [p]."""
    columns, names = [table(records.deliverables, ~records.settled)], list(FIXED)
    for members in groups(records.deliverables):
        for name in np.unique(members).tolist():
            if not name.endswith(":"):
                columns.append(as_floats(members == name)[:, None])
                names.append(name)
    more = len(names) - len(FIXED)
    means = as_floats([mean for mean, _ in PRIORS.values()] + [0.0] * more)
    sds = as_floats([np.inf if sd is None else sd for _, sd in PRIORS.values()] + [GROUP_SD] * more)
    return np.concatenate(columns, axis=1), names, means, sds


def _above(records: PriceRecords, weight: Floats, suggestion: Floats, variance: float) -> float:
    """Return by how much log prices of deals exceed the platform's suggestion, shrunk to zero as a group is."""
    known = records.settled & records.confirmed & np.isfinite(suggestion)
    if not known.any():
        return 0.0
    excess = log(records.prices[known]) - suggestion[known]
    total = float(np.sum(weight[known]))
    middle = float(weighted_quantiles(excess, weight[known], (0.5,))[0])
    return middle * total / (total + variance / GROUP_SD**2)


def _excess(misses: Floats, weight: Floats, variance: float) -> float:
    """Return the variance of a suggestion about what deals close at: that of its misses [n] less that of a deal itself,
    shrunk to the prior. A miss counts at most as far as _FAR."""
    squares = float(np.sum(weight * np.clip(misses, -_FAR, _FAR) ** 2))
    total = (squares + (_EXCESS + variance) * _VARIANCE_DF) / (float(np.sum(weight)) + _VARIANCE_DF)
    return max(total - variance, EXCESS_LEAST)


def _terms(
    records: PriceRecords, names: list[str], coefficients: Floats, moments: Floats, variance: float
) -> dict[str, PriceTerm]:
    trusted = records.settled & records.confirmed
    design = table(records.deliverables, ~records.settled)
    terms = {}
    for name in TERMS:
        index = names.index(name)
        unit = np.zeros(len(names))
        unit[index] = 1.0
        half_width = _Z * np.sqrt(variance * solve(moments, unit)[index])
        ratio, low, high = exp(
            as_floats([coefficients[index], coefficients[index] - half_width, coefficients[index] + half_width])
        ).tolist()
        terms[name] = PriceTerm(ratio, low, high, int(np.sum(trusted & (design[:, FIXED.index(name)] > 0))))
    return terms
