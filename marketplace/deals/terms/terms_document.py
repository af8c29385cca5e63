"""The terms of a deal as a document: how the first version is made of a bid, its hash, and what it costs.

`deals.terms.schemas_terms.DealTermsDocument` describes every field. Amounts are whole numbers of the smallest unit of
`currency`, shares are basis points, days are days of `timezone`. All functions are pure; a document is never changed,
only followed by another.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785

from marketplace.bids import pricing_models
from marketplace.bids.brief_answer import publish_times
from marketplace.core.message import Bilingual
from marketplace.core.money import BASIS
from marketplace.intrusiveness import plan_score, timeline
from marketplace.ledger.split_amounts import split

SCHEMA = "deal-terms/1"
# What follows holds where the terms say nothing else, from the first version on.
PLATFORM_FEE_BASIS_POINTS = 500
# One more round costs this share of a deliverable's mean price.
ROUND_BASIS_POINTS = 1_000
# What cancelling costs before the script, after it, after the draft and after its approval: the field's own stages.
CANCELLATION = {"before_script": 0, "after_script": 1_000, "after_draft": 5_000, "after_approval": 10_000}
SPLIT = {"day": "publication"}
# At what a part of a video's price may be paid before it is settled, in the order in which it comes.
MILESTONE_NAMES = {
    "script_approved": Bilingual("脚本通过时", "when the script is approved"),
    "draft_approved": Bilingual("成片通过时", "when the draft is approved"),
    "published": Bilingual("发布时", "when it is published"),
}
MILESTONES = tuple(MILESTONE_NAMES)
# Of a variable price: on which day after the publication its figures are final, and how long each may be contested.
RESULTS = {"final_days": 30, "contest_days": 7}


@dataclass(frozen=True)
class BidOffer:
    """What the first version of terms is made of: a bid's wording, the option, and the brief that it answers.

    `named` are the parts of the document that name things (`bid`, `brief`, `brand`, `creator`, `agency`, `channel`),
    `cost_minor` is the most that the option costs, `tolerance_aside` says that the brand accepts a plan that is above
    its brief's tolerance.
    """

    named: Mapping[str, Any]
    brief: Mapping[str, Any]
    price: Mapping[str, Any]
    options: Sequence[Mapping[str, Any]]
    deliverables: Sequence[Mapping[str, Any]]
    plan: Mapping[str, Any]
    option: int
    cost_minor: int
    currency: str
    timezone: str
    tolerance_aside: bool = False


def first_terms(offer: BidOffer) -> dict[str, Any]:
    """Return the first version of a deal's terms."""
    brief, price_minor = offer.brief, _money_of(offer)
    terms, sample = brief["terms"], brief["sample"]
    deliverables = list(_deliverables(offer, price_minor))
    return {
        "schema": SCHEMA,
        **offer.named,
        "product": {
            "name": brief["product"]["name"],
            "category": brief["product"]["category"],
            "brand_names": list(brief["brand"]["names"]),
        },
        "currency": offer.currency,
        "timezone": offer.timezone,
        "price_minor": price_minor,
        "pricing": _pricing(offer),
        "rights": _rights(brief["rights"], offer.price.get("rights") or {}),
        "plans": [{"plan": dict(offer.plan), "limits": _limits(offer)}],
        "deliverables": deliverables,
        "placement": {name: list(brief[name]) for name in ("must", "must_not")},
        "disclosure": dict(brief["disclosure"]),
        "script_needed": False,
        "rounds": {
            "script": terms["revision_rounds"],
            "draft": terms["revision_rounds"],
            "one_more_minor": price_minor * ROUND_BASIS_POINTS // (BASIS * len(deliverables)),
        },
        "keep_live_days": brief["keep_live_days"],
        "payment_days": terms["payment_days"],
        "may_be_shown": terms["may_be_shown"],
        "cancellation": dict(CANCELLATION),
        "fee_basis_points": PLATFORM_FEE_BASIS_POINTS,
        "split": dict(SPLIT),
        "samples": {"provided": sample["provided"], "to_return": sample["to_return"]},
        "extras": [],
        **({"results": dict(RESULTS)} if is_variable(offer.price) else {}),
    }


def is_variable(pricing: Mapping[str, Any]) -> bool:
    """Return whether a price follows views, actions or sales, in whole or in part."""
    return pricing["model"] in (*pricing_models.VARIABLE, pricing_models.PricingModel.HYBRID)


def hash_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical JSON (RFC 8785), in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def total_minor(content: Mapping[str, Any]) -> int:
    """Return what a deal costs at the most: its price and all extras."""
    extras: list[int] = [extra["price_minor"] for extra in content["extras"]]
    return int(content["price_minor"]) + sum(extras)


def price_of(content: Mapping[str, Any], position: int) -> int:
    """Return what one deliverable costs at the most, with its extras. All of them sum to `total_minor`."""
    own = deliverable_of(content, position)["price_minor"]
    return int(own + sum(extra["price_minor"] for extra in content["extras"] if extra["deliverable"] == position))


@dataclass(frozen=True)
class PaidPart:
    """A part of a deliverable's price that is paid by itself: at a milestone, or (None) once it is settled."""

    milestone: str | None
    amount_minor: int


def paid_parts(content: Mapping[str, Any], position: int) -> list[PaidPart]:
    """Return in what parts a deliverable is paid: at each milestone its share of the own price, and the rest with all
    extras at the end. They sum to `price_of`, by the method of the largest remainder."""
    line = deliverable_of(content, position)
    named = line.get("milestones", ())
    shares = [one["share_basis_points"] for one in named]
    *parts, rest = split(line["price_minor"], [*shares, BASIS - sum(shares)])
    extras = price_of(content, position) - line["price_minor"]
    made = [PaidPart(one["at"], part) for one, part in zip(named, parts, strict=True)]
    return [*made, PaidPart(None, rest + extras)]


def deliverable_of(content: Mapping[str, Any], position: int) -> Mapping[str, Any]:
    """Return the deliverable at a position, which counts from 1."""
    found: Mapping[str, Any] = content["deliverables"][position - 1]
    return found


def plan_of(content: Mapping[str, Any], position: int) -> Mapping[str, Any]:
    """Return the plan of a deliverable with its limits: `{plan, limits}`."""
    found: Mapping[str, Any] = content["plans"][deliverable_of(content, position)["plan"]]
    return found


def own_prices(price_minor: int, count: int) -> list[int]:
    """Return equal own prices of so many deliverables, which sum to the price exactly."""
    return split(price_minor, [1] * count)


def _money_of(offer: BidOffer) -> int:
    """Return the money that an option costs at the most: goods that pay for a part of it are no money."""
    if offer.price["model"] != pricing_models.PricingModel.BARTER:
        return offer.cost_minor
    return sum(right["amount_minor"] for right in (offer.price.get("rights") or {}).values() if right)


def _pricing(offer: BidOffer) -> dict[str, Any]:
    """Return the price's model with what it needs to be worked out, in the option that was accepted."""
    price = {name: value for name, value in offer.price.items() if name != "rights" and value is not None}
    headline = pricing_models.HEADLINE.get(price["model"])
    if headline is not None and offer.option > 0:
        price[headline] = dict(offer.options[offer.option]["amount"])
    return price


def _rights(asked: Mapping[str, Any], priced: Mapping[str, Any]) -> dict[str, Any]:
    """Return each right that the brief asks for and the bid gives, with its extent and its part of the price."""
    given: dict[str, Any] = {}
    for name in pricing_models.RIGHTS:
        extent, price = asked.get(name), priced.get(name)
        if not extent or price is None:
            given[name] = None
            continue
        said = extent if isinstance(extent, Mapping) else {}
        given[name] = {**said, "price_minor": price["amount_minor"]}
    return given


def _limits(offer: BidOffer) -> dict[str, Any]:
    """Return what a draft's check is held against. A plan that the brand accepts above its tolerance is its own limit:
    the plan's own upper end, for a channel that suits not at all."""
    most = float(offer.brief["tolerance"])
    if offer.tolerance_aside:
        own = plan_score.score_plan(timeline.from_dict(offer.plan), math.nan, what_ifs=False).high
        most = max(most, float(math.ceil(own)))
    return {
        "intrusiveness_max": min(most, 100.0),
        "prominence_min": offer.brief["least_prominence"],
        "brand_seconds_min": offer.brief["least_seconds"],
    }


def _deliverables(offer: BidOffer, price_minor: int) -> Iterator[dict[str, Any]]:
    window, platform = offer.brief["publish_window"], offer.named["channel"]["platform"]
    lines = [line for line in offer.deliverables for _ in range(line["count"])]
    tier = offer.options[offer.option]["length_tier"] if offer.option > 0 else None
    prices = own_prices(price_minor, len(lines))
    for position, (line, own) in enumerate(zip(lines, prices, strict=True), start=1):
        starts_at, ends_at = publish_times(line)
        is_image = line["kind"] == "image"
        first, last = _first_day(starts_at or window["from"], offer), _last_day(ends_at or window["to"], offer)
        yield {
            "position": position,
            "platform": platform,
            "kind": line["kind"],
            "title": None,
            "length_tier": None if is_image else tier or line.get("length_tier"),
            "publish_starts_on": min(first, last).isoformat(),
            "due_on": last.isoformat(),
            "plan": 0,
            "price_minor": own,
        }


def _first_day(text: str, offer: BidOffer) -> date:
    """Return the day of a moment in the deal's time zone."""
    return _moment(text).astimezone(ZoneInfo(offer.timezone)).date()


def _last_day(text: str, offer: BidOffer) -> date:
    """Return the last day before a moment in the deal's time zone: midnight ends the day before."""
    return (_moment(text) - timedelta(microseconds=1)).astimezone(ZoneInfo(offer.timezone)).date()


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
