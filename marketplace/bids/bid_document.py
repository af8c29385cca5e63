"""A bid's wording: how it is stored, and what must hold between it and the brief that it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from marketplace.bids import pricing_models
from marketplace.bids.models import BidRevision
from marketplace.briefs import brief_document as briefs
from marketplace.core.errors import FieldError
from marketplace.core.http.fields import TextField
from marketplace.core.money import Money
from marketplace.intrusiveness import timeline
from marketplace.intrusiveness.constants import MODEL_VERSION
from marketplace.intrusiveness.factors import raw_bounds
from marketplace.intrusiveness.prominence import prominence
from marketplace.intrusiveness.timeline import PlanError, Timeline, TimelineSource

_POINTER_MAX = 200
# Which of the brief's kinds of placement let a plan show the brand in this way.
_SEEN = frozenset({"background", "hand_prop", "wardrobe", "plot_use"})
_LETS: Mapping[str, frozenset[str]] = {
    "product": _SEEN,
    "logo": _SEEN | {"caption", "logo_card"},
    "text": frozenset({"caption", "logo_card"}),
    "speech": frozenset({"spoken_mention", "read_ad"}),
}


@dataclass(frozen=True)
class PlanMeasures:
    """What a plan does: ten factors of intrusiveness before relief, and prominence 0..100, each from low to high."""

    raw_low: list[float]
    raw_high: list[float]
    prominence_low: float
    prominence_high: float
    plan_version: str


def to_stored(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wording as JSON values, its price with whatever fields came."""
    return briefs.to_stored(loaded)


def revision_columns(stored: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return a wording as the columns of a revision. `rights` are kept with the price, answers with the claims."""
    price = {**pricing_models.own_fields(stored["price"]), "rights": stored["rights"]}
    cost, claim, answers = stored["production_cost"], stored["forecast_claim"], stored["answers"]
    told = {**(claim or {}), "answers": answers} if answers else claim
    return {
        "pricing_model": stored["price"]["model"],
        "currency": currency,
        "price": price,
        "terms": list(pricing_models.price_terms(price, stored["deliverables"])),
        "option_costs": pricing_models.option_costs(price, stored["options"], stored["deliverables"]),
        "options": stored["options"],
        "deliverables": stored["deliverables"],
        "plan": stored["plan"],
        "production_cost_minor": cost and cost["amount_minor"],
        "forecast_claim": told,
        "message": stored["message"],
    }


def wording(revision: BidRevision) -> dict[str, Any]:
    """Return a revision's wording as it is shown and committed to; what making it costs is not in it."""
    price = dict(revision.price)
    rights = price.pop("rights", None) or dict.fromkeys(pricing_models.RIGHTS)
    claim = dict(revision.forecast_claim or {})
    answers = claim.pop("answers", [])
    return {
        "price": price,
        "rights": rights,
        "options": revision.options,
        "deliverables": revision.deliverables,
        "plan": revision.plan,
        "forecast_claim": claim or None,
        "message": revision.message,
        "answers": answers,
    }


def production_cost(revision: BidRevision) -> dict[str, Any] | None:
    """Return what making it costs, for the creator's side alone."""
    if revision.production_cost_minor is None:
        return None
    return {"amount_minor": revision.production_cost_minor, "currency": revision.currency}


def stored_document(revision: BidRevision) -> dict[str, Any]:
    """Return a revision's whole wording as `document` gave it."""
    return {**wording(revision), "production_cost": production_cost(revision)}


def read_plan(plan: Mapping[str, Any], brief: Mapping[str, Any]) -> tuple[Timeline | None, list[FieldError]]:
    """Return a plan as a timeline, or what has to be mended in it, with pointers under /plan."""
    try:
        found = timeline.from_dict(plan)
    except PlanError as error:
        return None, [FieldError(f"/plan{one.pointer}"[:_POINTER_MAX], f"{one.zh} {one.en}") for one in error.problems]
    return found, [*description_errors(plan, "/plan"), *_plan_kinds(found, brief)]


def measure_plan(plan: Timeline) -> PlanMeasures:
    low, high = raw_bounds(plan)
    noticed = prominence(plan)
    return PlanMeasures(low.tolist(), high.tolist(), noticed.low, noticed.high, MODEL_VERSION)


def validation_errors(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> list[FieldError]:
    """Return what contradicts itself or the brief's document, each with a pointer; the plan is looked at apart."""
    wrong_price = [*pricing_models.validation_errors(stored["price"])]
    return [
        *wrong_price,
        *_currency(stored, brief["budget"]["currency"]),
        *([] if wrong_price else _amounts(stored, brief["budget"])),
        *_rights(stored, brief),
        *_deliverables(stored, brief),
        *_tiers(stored, brief),
        *_told(stored, brief),
    ]


def _currency(value: Any, currency: str, pointer: str = "") -> Iterator[FieldError]:
    if isinstance(value, dict):
        if value.keys() == {"amount_minor", "currency"}:
            if value["currency"] != currency:
                yield FieldError(f"{pointer}/currency", f"Must be the brief's currency, {currency}.")
            return
        for name, inner in value.items():
            if name != "plan":
                yield from _currency(inner, currency, f"{pointer}/{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _currency(inner, currency, f"{pointer}/{place}")


def _amounts(stored: Mapping[str, Any], budget: Mapping[str, Any]) -> Iterator[FieldError]:
    price, options = stored["price"], stored["options"]
    most = Money(budget["currency"], budget["amount_minor"])
    headline = pricing_models.HEADLINE.get(price["model"])
    sure = pricing_models.sure_minor(price)
    if sure > most.amount:
        told = (
            f"The brief's whole budget is {most.show()}; this costs {Money(most.currency, sure).show()} at the least."
        )
        yield FieldError(f"/price/{pricing_models.SURE[price['model']]}", told)
    if options and headline is None:
        yield FieldError("/options", f"A {price['model']} price is the same at every length: leave them out.")
        return
    for place, option in enumerate(options):
        amount = option["amount"]["amount_minor"]
        if place == 0 and headline and amount != price[headline]["amount_minor"]:
            yield FieldError(
                "/options/0/amount", f"The first option is the offer itself: it must equal /price/{headline}."
            )
        elif (
            place and headline and headline != "rate" and sure - price[headline]["amount_minor"] + amount > most.amount
        ):
            yield FieldError(f"/options/{place}/amount", f"The brief's whole budget is {most.show()}.")


def _rights(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in pricing_models.RIGHTS:
        if stored["rights"][name] is not None and not brief["rights"][name]:
            yield FieldError(f"/rights/{name}", "The brief does not ask for this right.")


def _deliverables(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    kinds = {wanted["kind"] for wanted in brief["deliverables"]}
    opens, ends = (briefs.parse_time(brief["publish_window"][end]) for end in ("from", "to"))
    for place, one in enumerate(stored["deliverables"]):
        here = f"/deliverables/{place}"
        if one["kind"] not in kinds:
            yield FieldError(f"{here}/kind", f"The brief asks for: {', '.join(sorted(kinds))}.")
        first, last = (one[name] and briefs.parse_time(one[name]) for name in ("publish_from", "publish_to"))
        for name, at in (("publish_from", first), ("publish_to", last)):
            if at is not None and not opens <= at <= ends:
                window = f"{brief['publish_window']['from']} to {brief['publish_window']['to']}"
                yield FieldError(f"{here}/{name}", f"Must lie within the brief's window, {window}.")
        if first is not None and last is not None and last < first:
            yield FieldError(f"{here}/publish_to", "Must not be earlier than `publish_from`.")


def _tiers(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    asked: dict[str, set[str]] = {}
    for wanted in brief["deliverables"]:
        asked.setdefault(wanted["kind"], set()).update(wanted["length_tiers"])
    offered = set()
    for place, one in enumerate(stored["deliverables"]):
        tier, tiers = one["length_tier"], asked.get(one["kind"], set())
        offered.add(tier)
        if tier is not None and one["kind"] == "image":
            yield FieldError(f"/deliverables/{place}/length_tier", "Images have no length in seconds.")
        elif tier is not None and tiers and tier not in tiers:
            yield FieldError(f"/deliverables/{place}/length_tier", f"The brief asks for: {', '.join(sorted(tiers))}.")
    every = set().union(*asked.values())
    for place, option in enumerate(stored["options"]):
        if every and option["length_tier"] not in every:
            yield FieldError(f"/options/{place}/length_tier", f"The brief asks for: {', '.join(sorted(every))}.")
        elif place == 0 and option["length_tier"] not in offered:
            yield FieldError(
                "/options/0/length_tier", "The first option is the offer itself: no deliverable is so long."
            )


def _told(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    claim = stored["forecast_claim"]
    if claim is not None and claim["views"]["high"] < claim["views"]["low"]:
        yield FieldError("/forecast_claim/views/high", "Must not be less than `low`.")
    asked = len(brief["questions"])
    if len(stored["answers"]) != asked:
        yield FieldError("/answers", f"Give one answer to each of the brief's questions: {asked}.")


def description_errors(plan: Mapping[str, Any], pointer: str) -> Iterator[FieldError]:
    """Yield the descriptions of a timeline's exposures that cannot be stored; the timeline itself has been read."""
    text = TextField(timeline.DESCRIPTION_MAX, shortest=0)
    for place, exposure in enumerate(plan["exposures"]):
        try:
            text.deserialize(exposure.get("description", ""))
        except ValidationError as error:
            yield FieldError(f"{pointer}/exposures/{place}/description", " ".join(map(str, error.messages)))


def _plan_kinds(plan: Timeline, brief: Mapping[str, Any]) -> Iterator[FieldError]:
    allowed = set(brief["placement_kinds"])
    if plan.source is not TimelineSource.PLAN:
        yield FieldError("/plan/source", "A bid carries a plan, nothing measured.")
    for place, exposure in enumerate(plan.exposures):
        lets = _LETS[exposure.kind]
        if not lets & allowed:
            yield FieldError(
                f"/plan/exposures/{place}/kind",
                f"The brief allows {', '.join(sorted(allowed))}; this would need one of: {', '.join(sorted(lets))}.",
            )
