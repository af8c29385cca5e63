"""The expected cost of a bid to the brand under any pricing model, and its cost per thousand people on target.

Every model is cost(views) = fixed + clip(unit * views, floor, cap): a guaranteed part and a part that depends on the
views. Amounts here are floats in the currency's minor units, because they are expectations; a bid's own price is an
integer. All bids of one batch are in one currency.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import BASIS_POINTS, PriceTerms
from marketplace.matching.audience.arrays import Bools, Floats, as_floats, sum_columns
from marketplace.matching.forecast.view_forecast import GRID_WEIGHTS
from marketplace.matching.pricing import outcome_rates

MODEL_VERSION = "price/3"
COMPARABLES_MIN = 9
CURRENCY_OF_SUGGESTIONS = "CNY"  # the one platform that suggests prices names them in yuan
_UNITS = as_floats([10**power for power in range(30)])
# Price of a length over that of 21-60 s: median, 10 % and 90 % of rate cards (Xingtu, 338 and 272 cards, 2025-11).
LENGTH_RATIOS = {"1-20": (0.78, 0.5, 1.0), "21-60": (1.0, 1.0, 1.0), "60+": (1.33, 1.0, 2.5)}


def two_digits(amounts: Floats, whole: Callable[[Floats], Floats]) -> Floats:
    """Return amounts [n] in two digits by ``whole`` (np.round, np.floor or np.ceil), which hides single deals."""
    units = _UNITS[np.searchsorted(_UNITS[1:] * 10, np.nan_to_num(amounts), side="right")]
    rounded: Floats = whole(amounts / units) * units
    return rounded


@dataclass(frozen=True, eq=False)
class ExpectedCost:
    """The brand's expected cost [n] with its 10 % and 90 % ends, minor units; NaN where ``known`` is false."""

    expected: Floats
    low: Floats
    high: Floats
    known: Bools


def terms_from_rows(rows: Floats) -> PriceTerms[Floats]:
    """Return the stored terms [n, 5] of n prices as arrays [n]."""
    return PriceTerms(*rows.T)


def by_prior_rates(
    priced: PriceTerms[Floats], per_sale: Floats, share_of_sales: Floats, category: str, currency: str
) -> PriceTerms[Floats]:
    """Return the terms with a cost of a view for prices by actions or sales, at the vertical's prior rates.

    ``per_sale`` [n]: minor units for each action, ``share_of_sales`` [n]: the commission as a share; 0 for other
    prices. Whatever the bidder itself expects of its sales is not among the inputs.
    """
    sales = outcome_rates.sales_per_view(category)
    of_orders = np.where(share_of_sales > 0, share_of_sales * outcome_rates.order_value_minor(category, currency), 0.0)
    follows_sales = (per_sale > 0) | (share_of_sales > 0)
    return priced._replace(unit=np.where(follows_sales, priced.videos * sales * (per_sale + of_orders), priced.unit))


def largest_cost(priced: PriceTerms[Floats]) -> Floats:
    """Return the most that prices can cost [n], which ranks them: infinite without a cap, NaN if not known."""
    return priced.fixed + np.where(priced.unit == 0, priced.floor, priced.cap)


def cost_at(priced: PriceTerms[Floats], views: Floats) -> Floats:
    """Return the cost [n, k] at views of one video [n, k]; NaN where it is not known."""
    # A price that does not depend on views is known even if the views are not: 0 * NaN would lose it.
    variable = np.where(priced.unit[:, None] == 0, 0.0, priced.unit[:, None] * views)
    variable = np.maximum(variable, priced.floor[:, None])
    return priced.fixed[:, None] + np.minimum(variable, priced.cap[:, None])


def expected_cost(
    priced: PriceTerms[Floats], grid_views: Floats, views_low: Floats, views_high: Floats
) -> ExpectedCost:
    """Return the expected cost and the ends of its 80 % interval.

    ``grid_views`` [n, 32] are the views at forecast.GRID_TAUS. Floor and cap make the cost nonlinear, so it is averaged
    over the distribution (Gauss-Legendre in tau) instead of taken at the mean of the views. Views beyond the outermost
    nodes (tau .0014 and .9986) count as those at the nodes.
    """
    expected = sum_columns(cost_at(priced, grid_views) * GRID_WEIGHTS)
    ends = cost_at(priced, np.stack([views_low, views_high], axis=1))
    return ExpectedCost(expected, ends[:, 0], ends[:, 1], np.isfinite(expected))


def per_thousand(cost: Floats, people: Floats) -> Floats:
    """Return minor units per 1,000 on-target people [n]: infinite if nobody is reached, NaN if it is not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(people > 0, 1000 * cost / people, np.where(np.isnan(cost + people), np.nan, np.inf))


def percentiles(values: Floats, others: Floats | None = None) -> tuple[Floats, Floats]:
    """Return each value's percentile (0 cheapest, 100 dearest) among comparable values, and how many these are [n].

    Without ``others`` each value is compared with the rest of its batch, one brief and one currency. Ties count half.
    Fewer than nine comparable values give NaN: nine is the least number that bounds an 80 % interval.
    """
    pool = np.sort(values[np.isfinite(values)] if others is None else others[np.isfinite(others)])
    itself = 1.0 if others is None else 0.0  # the value is in its own pool, and not compared with itself
    finite = np.isfinite(values)
    below = np.searchsorted(pool, values, side="left")
    equal = np.searchsorted(pool, values, side="right") - below - itself
    count = np.where(finite, len(pool) - itself, len(pool))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100 * (below + equal / 2) / count
    return np.where(finite & (count >= COMPARABLES_MIN), share, np.nan), count


def weighted_quantiles(values: Floats, weights: Floats, taus: Sequence[float]) -> Floats:
    """Return quantiles [k] of values [n] with weights [n], linear between values and constant beyond the outermost.

    Value i is at tau (weights up to its middle + 1/2) / (all + 1): with weights of one at i / (n + 1), as in conformal
    intervals.
    """
    order = np.argsort(values, kind="stable")
    sorted_weights = as_floats(weights)[order]
    value_taus = (np.cumsum(sorted_weights) - sorted_weights / 2 + 0.5) / (np.sum(sorted_weights) + 1)
    return as_floats(np.interp(as_floats(taus), value_taus, as_floats(values)[order]))


@dataclass(frozen=True, eq=False)
class FloorCheck:
    """For the creator's side only, never the brand's: the least price that covers the production cost [n] in minor
    units, the margin of the bid's guaranteed part over it (share of the floor), and whether the bid is below it."""

    floor: Floats
    margin: Floats
    under: Bools


def floor_check(
    production_minor: Floats, videos: Floats, agency_basis_points: Floats, fee_basis_points: Floats, bid_cost: Floats
) -> FloorCheck:
    """Return bids [n] compared with the cost of making their videos (``production_minor`` per video, NaN if unknown).

    The floor is grossed up for the agency's and the platform's shares: production * videos / (1 - shares). What the
    video platform pays for plays is not subtracted: it is earned without the deal as well, so it is shown separately.
    ``bid_cost`` is the cost to compare: pass the low end, because a creator cannot live on an expectation. Raises
    ValueError if the shares leave the creator nothing.
    """
    creators_share = 1 - (as_floats(agency_basis_points) + as_floats(fee_basis_points)) / BASIS_POINTS
    if np.any(creators_share <= 0):
        raise ValueError("The agency's and the platform's shares leave the creator nothing.")
    floor = as_floats(production_minor) * as_floats(videos) / creators_share
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(floor > 0, (bid_cost - floor) / floor, np.nan)
    return FloorCheck(floor, margin, np.nan_to_num(bid_cost - floor, nan=0.0) < 0)
