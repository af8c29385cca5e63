"""The pricing models of bids: the fields of each, their validation, and the price as scoring reads it.

=============  ====================================================================================================
model          fields (amounts are {amount_minor, currency}; those with * may be null or left out)
=============  ====================================================================================================
``flat``       ``amount``
``cpm``        ``rate`` per 1,000 views, ``floor``*, ``cap``
``cpv``        ``rate`` per view, ``cap``
``cpa``        ``rate`` per action, ``cap``, ``actions_per_thousand_views``* as the bidder expects them
``commission`` ``basis_points`` of sales, ``minimum``*, ``actions_per_thousand_views``*, ``order_value``*
``barter``     ``value`` of the products taken
``hybrid``     ``fixed`` and a ``variable`` part, which is a price by cpm, cpv, cpa or commission
=============  ====================================================================================================
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketplace.core.errors import FieldError


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
RIGHTS = ("usage", "whitelisting", "raw_files", "exclusivity")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "flat": ("amount",),
    "cpm": ("rate", "cap"),
    "cpv": ("rate", "cap"),
    "cpa": ("rate", "cap"),
    "commission": ("basis_points",),
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
# The field that the brand pays whatever the outcome.
SURE: Mapping[str, str] = {
    "flat": "amount",
    "cpm": "floor",
    "commission": "minimum",
    "barter": "value",
    "hybrid": "fixed",
}


@dataclass(frozen=True)
class BidOffer:
    """One bid's price as scoring reads it: what the brand asked for, its rights among it.

    ``fixed_minor``: what is paid whatever the views are: the price of FLAT, the product's value of BARTER, the fixed
    part of HYBRID, and the rights that the brief asks for. ``rate``: minor units per 1,000 views (CPM), per view (CPV),
    per action (CPA), or basis points of sales (COMMISSION). ``floor_minor`` and ``cap_minor`` bound the variable part.
    ``actions_per_view`` and ``order_minor`` (minor units) are the bidder's own claims. ``videos``: how many videos the
    price covers.
    """

    pricing: PricingModel
    fixed_minor: int = 0
    rate: float = 0.0
    variable: PricingModel | None = None
    floor_minor: int | None = None
    cap_minor: int | None = None
    actions_per_view: float | None = None
    order_minor: int | None = None
    videos: int = 1


def terms(offer: BidOffer) -> tuple[float, float, float, float, float]:
    """Return what an offer costs as numbers: fixed, unit, floor, cap (infinite without one) and videos.

    cost(views of one video) = fixed + clip(unit * views, floor, cap), minor units for all its videos together; the
    views of an offer's videos are taken to rise and fall together. The unit is NaN where nobody declared how many views
    become sales. Raises ValueError where an offer's parts do not fit its pricing.
    """
    _check(offer)
    cap = math.inf if offer.cap_minor is None else float(offer.cap_minor)
    return float(offer.fixed_minor), _unit(offer), float(offer.floor_minor or 0), cap, float(offer.videos)


def _follows(offer: BidOffer) -> PricingModel | None:
    return offer.variable if offer.pricing is PricingModel.HYBRID else offer.pricing


def _check(offer: BidOffer) -> None:
    follows = _follows(offer)
    if offer.pricing is PricingModel.HYBRID and follows not in VARIABLE:
        raise ValueError("A hybrid price needs one variable part: cpm, cpv, cpa or commission.")
    if offer.pricing is not PricingModel.HYBRID and offer.variable is not None:
        raise ValueError("Only a hybrid price has a separate variable part.")
    if follows in VARIABLE and offer.rate <= 0:
        raise ValueError("A variable price needs a rate above zero.")
    if offer.pricing in VARIABLE and offer.fixed_minor:
        raise ValueError("A fixed part makes it a hybrid price.")
    bounds = (offer.floor_minor, offer.cap_minor)
    if follows not in VARIABLE and bounds != (None, None):
        raise ValueError("A floor or a cap bounds a variable price only.")
    if offer.cap_minor is not None and offer.cap_minor < (offer.floor_minor or 0):
        raise ValueError("The cap lies under the floor.")
    if offer.videos < 1 or min(offer.fixed_minor, offer.floor_minor or 0) < 0:
        raise ValueError("Amounts are not negative and a price covers a video or more.")


def _unit(offer: BidOffer) -> float:
    """Return minor units per view of one video."""
    follows = _follows(offer)
    actions = math.nan if offer.actions_per_view is None else offer.actions_per_view
    order = math.nan if offer.order_minor is None else offer.order_minor
    if follows is PricingModel.CPM:
        return offer.videos * offer.rate / 1000
    if follows is PricingModel.CPV:
        return offer.videos * offer.rate
    if follows is PricingModel.CPA:
        return float(offer.videos * offer.rate * actions)
    if follows is PricingModel.COMMISSION:
        return float(offer.videos * offer.rate / BASIS_POINTS * actions * order)
    return 0.0


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
            yield FieldError(f"{pointer}/{name}", f"A {model} price needs it.")
    for name, value in price.items():
        if value is not None and name not in ("model", *fields_of(model)):
            yield FieldError(f"{pointer}/{name}", f"A {model} price has none: take it out.")
    floor, cap = price.get("floor"), price.get("cap")
    if floor and cap and model == "cpm" and cap["amount_minor"] < floor["amount_minor"]:
        yield FieldError(f"{pointer}/cap", "Must not be less than `floor`.")
    if model == "hybrid" and price.get("variable"):
        yield from validation_errors(price["variable"], f"{pointer}/variable")


def sure_minor(price: Mapping[str, Any]) -> int:
    """Return what a whole price costs at the least, without rights, in minor units."""
    name = SURE.get(price["model"])
    sure = _minor(price, name) if name else None
    return (sure or 0) + (sure_minor(price["variable"]) if price["model"] == "hybrid" else 0)


def offer(price: Mapping[str, Any], deliverables: Sequence[Mapping[str, Any]]) -> BidOffer:
    """Return a stored price (with its `rights`) and its deliverables as scoring reads them."""
    model = PricingModel(price["model"])
    rights = sum(right["amount_minor"] for right in (price.get("rights") or {}).values() if right)
    follows = price["variable"] if model is PricingModel.HYBRID else price
    varies = PricingModel(follows["model"])
    if varies not in VARIABLE:
        fixed = _minor(price, HEADLINE[model]) or 0
        return BidOffer(pricing=model, fixed_minor=fixed + rights, videos=_videos(deliverables))
    hybrid = model is PricingModel.HYBRID or rights > 0
    expected = follows.get("actions_per_thousand_views")
    return BidOffer(
        pricing=PricingModel.HYBRID if hybrid else varies,
        variable=varies if hybrid else None,
        fixed_minor=rights + (_minor(price, "fixed") or 0),
        rate=float(follows["basis_points"] if varies is PricingModel.COMMISSION else follows["rate"]["amount_minor"]),
        floor_minor=_minor(follows, "minimum" if varies is PricingModel.COMMISSION else "floor"),
        cap_minor=_minor(follows, "cap"),
        actions_per_view=None if expected is None else expected / 1000,
        order_minor=_minor(follows, "order_value"),
        videos=_videos(deliverables),
    )


def _minor(price: Mapping[str, Any], name: str) -> int | None:
    amount = price.get(name)
    return None if amount is None else int(amount["amount_minor"])


def _videos(deliverables: Sequence[Mapping[str, Any]]) -> int:
    counts: list[int] = [one["count"] for one in deliverables if one["kind"] != "image"]
    return max(1, sum(counts))
