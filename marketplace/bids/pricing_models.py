"""The pricing models of bids: the fields of each, their validation, and what a price costs as five numbers.

=============  ====================================================================================================
model          fields (amounts are {amount_minor, currency}; those with * may be null or left out)
=============  ====================================================================================================
``flat``       ``amount``
``cpm``        ``rate`` per 1,000 views, ``floor``*, ``cap``
``cpv``        ``rate`` per view, ``cap``
``cpa``        ``rate`` per action, ``cap``, ``actions_per_thousand_views``*
``commission`` ``basis_points`` of sales, ``cap``, ``minimum``*, ``actions_per_thousand_views``*, ``order_value``*
``barter``     ``value`` of the products taken, as the bidder declares it
``hybrid``     ``fixed`` and a ``variable`` part, which is a price by cpm, cpv, cpa or commission
=============  ====================================================================================================

What the bidder expects of its own sales (``actions_per_thousand_views``, ``order_value``) and what it declares that
bartered goods are worth is shown to the brand and counted nowhere: a price counts with its cap, bartered goods with the
brief's own value of the product.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from marketplace.core.errors import FieldError
from marketplace.core.message import Bilingual


class PricingModel(StrEnum):
    """How a bid is priced; HYBRID is a fixed price plus one of CPM, CPV, CPA or COMMISSION."""

    FLAT = "flat"
    CPM = "cpm"
    CPV = "cpv"
    CPA = "cpa"
    COMMISSION = "commission"
    BARTER = "barter"
    HYBRID = "hybrid"


BASIS_POINTS = 10_000
VARIABLE = (PricingModel.CPM, PricingModel.CPV, PricingModel.CPA, PricingModel.COMMISSION)
RIGHTS = ("usage", "whitelisting", "raw_files", "exclusivity", "likeness_for_ai")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "flat": ("amount",),
    "cpm": ("rate", "cap"),
    "cpv": ("rate", "cap"),
    "cpa": ("rate", "cap"),
    "commission": ("basis_points", "cap"),
    "barter": ("value",),
    "hybrid": ("fixed", "variable"),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "cpm": ("floor",),
    "cpa": ("actions_per_thousand_views",),
    "commission": ("minimum", "actions_per_thousand_views", "order_value"),
}
# The amount that an option for another length puts in place of the price's own.
HEADLINE: Mapping[str, str] = {
    "flat": "amount",
    "cpm": "rate",
    "cpv": "rate",
    "cpa": "rate",
    "barter": "value",
    "hybrid": "fixed",
}
# The amount that does not follow the views.
_FIXED: Mapping[str, str] = {"flat": "amount", "hybrid": "fixed"}
# What a price that follows views or sales costs at the least.
_LEAST: Mapping[str, str] = {"cpm": "floor", "commission": "minimum"}
# The field that the brand pays whatever the outcome.
SURE: Mapping[str, str] = {
    "flat": "amount",
    "cpm": "floor",
    "commission": "minimum",
    "barter": "value",
    "hybrid": "fixed",
}


Number = TypeVar("Number")


class PriceTerms(NamedTuple, Generic[Number]):
    """What a price costs, whatever its model: cost(views of one video) = fixed + clip(unit * views, floor, cap).

    Amounts are minor units for all `videos` of the price together; the views of its videos are taken to rise and fall
    together. As floats it is one price, as it is stored with a revision; as arrays [n] it is the prices of n bids.

    `fixed` is paid whatever the views are: a flat price, the value of bartered products (NaN where the brief states
    none), the fixed part of a hybrid price, and the rights that the brief asks for. `unit` follows the views: NaN for a
    price by actions or sales, which nobody knows beforehand. `cap` is infinite without one.
    """

    fixed: Number
    unit: Number
    floor: Number
    cap: Number
    videos: Number


def largest_cost(terms: PriceTerms[float]) -> float:
    """Return the most that a price can cost in minor units: infinite where nothing bounds it, NaN if not known."""
    return terms.fixed + (terms.floor if terms.unit == 0 else terms.cap)


def fields_of(model: str) -> tuple[str, ...]:
    return (*_REQUIRED[model], *_OPTIONAL.get(model, ()))


def own_fields(price: Mapping[str, Any]) -> dict[str, Any]:
    """Return a price with only the fields of its own model."""
    kept = {name: price[name] for name in ("model", *fields_of(price["model"])) if name in price}
    if kept.get("variable") is not None:
        kept["variable"] = own_fields(kept["variable"])
    return kept


def validation_errors(price: Mapping[str, Any], pointer: str = "/price") -> Iterator[FieldError]:
    """Yield an error for each missing field, each field of another model, and a cap below the floor."""
    model = price["model"]
    for name in _REQUIRED[model]:
        if price.get(name) is None:
            yield FieldError(f"{pointer}/{name}", Bilingual(f"{model} 价格需要这一项。", f"A {model} price needs it."))
    for name, value in price.items():
        if value is not None and name not in ("model", *fields_of(model)):
            yield FieldError(
                f"{pointer}/{name}",
                Bilingual(f"{model} 价格没有这一项，请去掉。", f"A {model} price has none: take it out."),
            )
    cap = price.get("cap")
    for name in ("floor", "minimum"):
        floor = price.get(name)
        if floor and cap and name in fields_of(model) and cap["amount_minor"] < floor["amount_minor"]:
            yield FieldError(f"{pointer}/cap", Bilingual(f"不能小于 `{name}`。", f"Must not be less than `{name}`."))
    if model == "hybrid" and price.get("variable"):
        yield from validation_errors(price["variable"], f"{pointer}/variable")


def sure_minor(price: Mapping[str, Any]) -> int:
    """Return what a whole price costs at the least, without rights, in minor units."""
    name = SURE.get(price["model"])
    sure = _minor(price, name) if name else None
    return (sure or 0) + (sure_minor(price["variable"]) if price["model"] == "hybrid" else 0)


def price_terms(
    price: Mapping[str, Any], deliverables: Sequence[Mapping[str, Any]], product_value_minor: int | None = None
) -> PriceTerms[float]:
    """Return the terms of a stored price (with its `rights`) and its deliverables.

    ``product_value_minor`` is the brief's own value of its product, at which bartered goods count. Raises ValueError
    where the parts of the price do not fit its model.
    """
    model = PricingModel(price["model"])
    videos = float(_videos(deliverables))
    rights = sum(right["amount_minor"] for right in (price.get("rights") or {}).values() if right)
    if model is PricingModel.BARTER:
        fixed = math.nan if product_value_minor is None else float(rights + product_value_minor)
        return PriceTerms(fixed, 0.0, 0.0, math.inf, videos)
    fixed = rights + (_minor(price, _FIXED.get(model, "")) or 0)
    if fixed < 0:
        raise ValueError("Amounts are not negative.")
    variable = price["variable"] if model is PricingModel.HYBRID else price
    if variable["model"] not in VARIABLE:
        if model is PricingModel.HYBRID:
            raise ValueError("A hybrid price needs one variable part: cpm, cpv, cpa or commission.")
        return PriceTerms(float(fixed), 0.0, 0.0, math.inf, videos)
    floor = _minor(variable, _LEAST.get(variable["model"], "")) or 0
    cap = _minor(variable, "cap")
    if floor < 0 or (cap is not None and cap < floor):
        raise ValueError("The floor is not negative, and the cap is not less than the floor.")
    cost_of_a_view = _cost_of_a_view(variable, videos)
    return PriceTerms(float(fixed), cost_of_a_view, float(floor), math.inf if cap is None else float(cap), videos)


def option_costs(
    price: Mapping[str, Any],
    options: Sequence[Mapping[str, Any]],
    deliverables: Sequence[Mapping[str, Any]],
    *,
    product_value_minor: int | None = None,
) -> list[float]:
    """Return the most that each option of a bid can cost in minor units: its own price, then its other lengths.

    A share of sales has no headline amount that an option could replace, so it has its own price alone.
    """
    headline = HEADLINE.get(price["model"])
    prices = [price]
    if headline is not None:
        prices += [{**price, headline: option["amount"]} for option in options[1:]]
    terms = (price_terms(each, deliverables, product_value_minor=product_value_minor) for each in prices)
    return [largest_cost(each) for each in terms]


def _cost_of_a_view(variable: Mapping[str, Any], videos: float) -> float:
    """Return minor units per view of one video, for all videos; NaN for a price by actions or sales."""
    model = PricingModel(variable["model"])
    rate = float(variable["basis_points"] if model is PricingModel.COMMISSION else variable["rate"]["amount_minor"])
    if rate <= 0:
        raise ValueError("A variable price needs a rate above zero.")
    if model is PricingModel.CPM:
        return videos * rate / 1000
    return videos * rate if model is PricingModel.CPV else math.nan


def _minor(price: Mapping[str, Any], name: str) -> int | None:
    amount = price.get(name)
    return None if amount is None else int(amount["amount_minor"])


def _videos(deliverables: Sequence[Mapping[str, Any]]) -> int:
    counts: list[int] = [one["count"] for one in deliverables if one["kind"] != "image"]
    return max(1, sum(counts))
