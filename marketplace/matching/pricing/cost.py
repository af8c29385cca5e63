"""What a bid will cost the brand, whatever way it is priced, and what a thousand people of the target cost by it.

Every model is cost(views) = fixed + clip(unit * views, floor, cap): a guaranteed part and one part that follows the
views. Amounts are floats in the currency's minor units here, for they are expectations; a bid's own price stays an
integer. All bids of one batch are in one currency.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import BASIS_POINTS, PriceTerms
from marketplace.matching.audience.arrays import Bools, Floats, as_floats, sum_columns
from marketplace.matching.forecast.view_forecast import GRID_WEIGHTS

MODEL_VERSION = "price/2"
COMPARABLES_MIN = 9
CURRENCY_OF_SUGGESTIONS = "CNY"  # the one platform that suggests prices names them in yuan
_UNITS = as_floats([10**power for power in range(30)])
# Price of an option against that of 21-60 s: median, 10 % and 90 % of rate cards (Xingtu, 338 and 272 cards, 2025-11).
LENGTH_RATIOS = {"1-20": (0.78, 0.5, 1.0), "21-60": (1.0, 1.0, 1.0), "60+": (1.33, 1.0, 2.5)}


def two_digits(amounts: Floats, whole: Callable[[Floats], Floats]) -> Floats:
    """Return amounts [n] in two digits by ``whole`` (np.round, np.floor or np.ceil): no single deal stands out."""
    units = _UNITS[np.searchsorted(_UNITS[1:] * 10, np.nan_to_num(amounts), side="right")]
    found: Floats = whole(amounts / units) * units
    return found


@dataclass(frozen=True, eq=False)
class ExpectedCost:
    """The brand's expected cost [n] with its 10 % and 90 % ends, minor units; NaN where ``known`` is false."""

    expected: Floats
    low: Floats
    high: Floats
    known: Bools


def from_rows(rows: Floats) -> PriceTerms[Floats]:
    """Return the stored terms [n, 5] of n prices as arrays [n]."""
    return PriceTerms(*rows.T)


def cost_at(priced: PriceTerms[Floats], views: Floats) -> Floats:
    """Return the cost [n, k] at views of one video [n, k]; NaN where it is not known."""
    # What does not follow the views is known though they are not.
    follows = np.where(priced.unit[:, None] == 0, 0.0, priced.unit[:, None] * views)
    varying = np.maximum(follows, priced.floor[:, None])
    return priced.fixed[:, None] + np.minimum(varying, priced.cap[:, None])


def expected_cost(
    priced: PriceTerms[Floats], grid_views: Floats, views_low: Floats, views_high: Floats
) -> ExpectedCost:
    """Return expected cost and its 80 % ends.

    ``grid_views`` [n, 32] are the views at reach.GRID_TAUS: floor and cap bend the cost, so it is averaged over the
    distribution (Gauss-Legendre in tau), never taken at the mean of the views. What lies beyond the outermost nodes
    (tau .0014 and .9986) weighs as they do.
    """
    expected = sum_columns(cost_at(priced, grid_views) * GRID_WEIGHTS)
    ends = cost_at(priced, np.stack([views_low, views_high], axis=1))
    return ExpectedCost(expected, ends[:, 0], ends[:, 1], np.isfinite(expected))


def per_thousand(cost: Floats, people: Floats) -> Floats:
    """Return minor units per 1,000 on-target people [n]: infinite where nobody is reached, NaN where not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(people > 0, 1000 * cost / people, np.where(np.isnan(cost + people), np.nan, np.inf))


def percentiles(values: Floats, others: Floats | None = None) -> tuple[Floats, Floats]:
    """Return each value's percentile (0 cheapest, 100 dearest) among comparables, and how many these were [n].

    Without ``others`` each is compared with the rest of its own batch, one brief and one currency. Ties count half.
    Fewer than nine comparables give NaN: at 80 % nine is the least that bounds anything.
    """
    pool = np.sort(values[np.isfinite(values)] if others is None else others[np.isfinite(others)])
    own = 1.0 if others is None else 0.0
    finite = np.isfinite(values)
    below = np.searchsorted(pool, values, side="left")
    equal = np.searchsorted(pool, values, side="right") - below - own
    count = np.where(finite, len(pool) - own, len(pool))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100 * (below + equal / 2) / count
    return np.where(finite & (count >= COMPARABLES_MIN), share, np.nan), count


def weighted_quantiles(values: Floats, weights: Floats, taus: Sequence[float]) -> Floats:
    """Return quantiles [k] of values [n] with weights [n], straight lines between values, the outermost beyond.

    Value i lies at (weights up to its middle + 1/2) / (all + 1): with weights of one at i / (n + 1), as conformal
    intervals take it."""
    order = np.argsort(values, kind="stable")
    own = as_floats(weights)[order]
    places = (np.cumsum(own) - own / 2 + 0.5) / (np.sum(own) + 1)
    return as_floats(np.interp(as_floats(taus), places, as_floats(values)[order]))


@dataclass(frozen=True, eq=False)
class FloorCheck:
    """For the creator's side alone, never the brand's: the least price that covers the making [n] in minor units, the
    margin of the bid's guaranteed part over it (share of the floor), and whether the bid lies under it."""

    floor: Floats
    margin: Floats
    under: Bools


def floor_check(
    production_minor: Floats, videos: Floats, agency_basis_points: Floats, fee_basis_points: Floats, bid_cost: Floats
) -> FloorCheck:
    """Return how bids [n] stand to what their videos cost to make (production_minor a video, NaN where not told).

    The floor is grossed up for the agency's and the platform's shares: production * videos / (1 - shares). What the
    video platform pays for plays anyway is not taken off: it is earned without the deal as well, so it is shown beside.
    ``bid_cost`` is the cost to compare: pass the low end, for a creator cannot live on the expected one.
    """
    kept = 1 - (as_floats(agency_basis_points) + as_floats(fee_basis_points)) / BASIS_POINTS
    if np.any(kept <= 0):
        raise ValueError("The agency's and the platform's shares leave the creator nothing.")
    floor = as_floats(production_minor) * as_floats(videos) / kept
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(floor > 0, (bid_cost - floor) / floor, np.nan)
    return FloorCheck(floor, margin, np.nan_to_num(bid_cost - floor, nan=0.0) < 0)
