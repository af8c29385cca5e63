"""What one video is paid by its pricing model and its figures. Pure, whole numbers only.

A deal's price is for all its videos together, and each is settled by itself with its own part of it. With P the own
price of a video (`price_minor` of its line, which is the most that it costs), and all prices of the deal summing to the
deal's:

    due = fixed + min(max(variable, floor), P - fixed) + extras

`fixed` is the video's part of what is paid whatever comes of it: the rights, and the fixed part of a hybrid price; it
is split among the videos as their own prices are. `floor` is its part of the least that the variable part costs, split
as what is left of the own prices. A counter that lowered the price lowered the cap; where it went below what is paid in
any case, that is paid up to the price. Extras are due in full. Shares of a unit are cut off.

==============  ==================================================================
model           variable
==============  ==================================================================
``cpm``         rate * views / 1,000
``cpv``         rate * views
``cpa``         rate * orders, those that came back whole left out
``commission``  basis points of what was sold, less what came back
``hybrid``      that of its variable part
==============  ==================================================================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.bids.pricing_models import BASIS_POINTS, VARIABLE, PricingModel
from marketplace.deals.terms.terms_document import deliverable_of, price_of
from marketplace.deliverables.results.models import ResultMeasure
from marketplace.ledger.split_amounts import split


@dataclass(frozen=True)
class FinalFigures:
    """What a video came to: None for what was not told, which counts as nothing."""

    views: int | None = None
    actions: int | None = None
    sales_minor: int | None = None


@dataclass(frozen=True)
class DuePrice:
    """What is due for one video, in the smallest unit: `least_minor` and `most_minor` are its ends, extras included."""

    due_minor: int
    least_minor: int
    most_minor: int
    extras_minor: int


def measure_of(content: Mapping[str, Any]) -> ResultMeasure | None:
    """Return what the price of these terms follows; None for a price that follows nothing."""
    variable = _variable(content["pricing"])
    if variable is None:
        return None
    by_views = variable["model"] in (PricingModel.CPM, PricingModel.CPV)
    return ResultMeasure.VIEWS if by_views else ResultMeasure.ORDERS


def due_price(content: Mapping[str, Any], position: int, figures: FinalFigures) -> DuePrice:
    """Return what is due for the video at a position of these terms."""
    most = price_of(content, position)
    own = int(deliverable_of(content, position)["price_minor"])
    extras, variable = most - own, _variable(content["pricing"])
    if variable is None:
        return DuePrice(most, most, most, extras)
    fixed, floor = _sure_parts(content, variable, position)
    came_to = min(max(_came_to(variable, figures), floor), own - fixed)
    return DuePrice(fixed + came_to + extras, fixed + floor + extras, most, extras)


def _variable(pricing: Mapping[str, Any]) -> Mapping[str, Any] | None:
    part: Mapping[str, Any] = pricing["variable"] if pricing["model"] == PricingModel.HYBRID else pricing
    return part if part["model"] in VARIABLE else None


def _sure_parts(content: Mapping[str, Any], variable: Mapping[str, Any], position: int) -> tuple[int, int]:
    """Return a video's parts of what is paid in any case, and of the floor."""
    prices = [int(line["price_minor"]) for line in content["deliverables"]]
    rights = sum(int(right["price_minor"]) for right in content["rights"].values() if right is not None)
    fixed = min(rights + _minor(content["pricing"], "fixed"), sum(prices))
    if not sum(prices):
        return 0, 0
    fixed_parts = split(fixed, prices)
    left = [price - part for price, part in zip(prices, fixed_parts, strict=True)]
    floor = min(_minor(variable, "floor") + _minor(variable, "minimum"), sum(left))
    floors = split(floor, left) if floor else [0] * len(left)
    return fixed_parts[position - 1], floors[position - 1]


def _came_to(variable: Mapping[str, Any], figures: FinalFigures) -> int:
    model = PricingModel(variable["model"])
    if model is PricingModel.COMMISSION:
        return int(variable["basis_points"]) * (figures.sales_minor or 0) // BASIS_POINTS
    rate = _minor(variable, "rate")
    if model is PricingModel.CPM:
        return rate * (figures.views or 0) // 1_000
    return rate * ((figures.views if model is PricingModel.CPV else figures.actions) or 0)


def _minor(price: Mapping[str, Any], name: str) -> int:
    amount = price.get(name)
    return 0 if amount is None else int(amount["amount_minor"])
