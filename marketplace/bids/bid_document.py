"""A bid's document: how it is stored, and its validation against the brief that it answers.

"Stored" here means the document as JSON values, as `to_stored` returns it.
"""

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
# Exposure kind of a plan -> the brief's placement kinds that permit it.
_VISIBLE_KINDS = frozenset({"background", "hand_prop", "wardrobe", "plot_use"})
_PERMITTED_BY: Mapping[str, frozenset[str]] = {
    "product": _VISIBLE_KINDS,
    "logo": _VISIBLE_KINDS | {"caption", "logo_card"},
    "text": frozenset({"caption", "logo_card"}),
    "speech": frozenset({"spoken_mention", "read_ad"}),
}


@dataclass(frozen=True)
class PlanMeasures:
    """Ten factors of intrusiveness before relief by fit, and prominence (0..100), each as an interval."""

    raw_low: list[float]
    raw_high: list[float]
    prominence_low: float
    prominence_high: float
    plan_version: str


def to_stored(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return a loaded request body as JSON values; its price keeps whatever fields were sent."""
    return briefs.to_stored(loaded)


def revision_columns(stored: Mapping[str, Any], currency: str, product_value_minor: int | None) -> dict[str, Any]:
    """Return a document as the columns of a revision. Rights are stored with the price, answers with the claim.

    ``product_value_minor`` is the brief's own value of its product (None: it states none), for bartered goods.
    """
    price = {**pricing_models.own_fields(stored["price"]), "rights": stored["rights"]}
    cost, claim, answers = stored["production_cost"], stored["forecast_claim"], stored["answers"]
    claim_with_answers = {**(claim or {}), "answers": answers} if answers else claim
    return {
        "pricing_model": stored["price"]["model"],
        "currency": currency,
        "price": price,
        "terms": list(pricing_models.price_terms(price, stored["deliverables"], product_value_minor)),
        "option_costs": pricing_models.option_costs(
            price, stored["options"], stored["deliverables"], product_value_minor
        ),
        "options": stored["options"],
        "deliverables": stored["deliverables"],
        "plan": stored["plan"],
        "production_cost_minor": cost and cost["amount_minor"],
        "forecast_claim": claim_with_answers,
        "message": stored["message"],
    }


def wording(revision: BidRevision) -> dict[str, Any]:
    """Return a revision's document as it is shown and committed to, without the production cost."""
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
    """Return the production cost, which only the creator's side may see."""
    if revision.production_cost_minor is None:
        return None
    return {"amount_minor": revision.production_cost_minor, "currency": revision.currency}


def stored_document(revision: BidRevision) -> dict[str, Any]:
    """Return a revision's whole document, as `to_stored` returned it."""
    return {**wording(revision), "production_cost": production_cost(revision)}


def read_plan(plan: Mapping[str, Any], brief: Mapping[str, Any]) -> tuple[Timeline | None, list[FieldError]]:
    """Return a plan as a timeline (None if it cannot be read) and its validation errors, with pointers under /plan."""
    try:
        plan_timeline = timeline.from_dict(plan)
    except PlanError as error:
        return None, [
            FieldError(f"/plan{problem.pointer}"[:_POINTER_MAX], f"{problem.zh} {problem.en}")
            for problem in error.problems
        ]
    return plan_timeline, [*description_errors(plan, "/plan"), *_plan_kinds(plan_timeline, brief)]


def measure_plan(plan: Timeline) -> PlanMeasures:
    low, high = raw_bounds(plan)
    interval = prominence(plan)
    return PlanMeasures(low.tolist(), high.tolist(), interval.low, interval.high, MODEL_VERSION)


def validation_errors(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> list[FieldError]:
    """Return what contradicts itself or the brief's document, each with a pointer; `read_plan` validates the plan."""
    price_errors = [*pricing_models.validation_errors(stored["price"])]
    return [
        *price_errors,
        *_currency(stored, brief["budget"]["currency"]),
        *([] if price_errors else _amounts(stored, brief["budget"])),
        *_rights(stored, brief),
        *_deliverables(stored, brief),
        *_tiers(stored, brief),
        *_claim_and_answers(stored, brief),
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
        for index, inner in enumerate(value):
            yield from _currency(inner, currency, f"{pointer}/{index}")


def _amounts(stored: Mapping[str, Any], budget: Mapping[str, Any]) -> Iterator[FieldError]:
    price, options = stored["price"], stored["options"]
    limit = Money(budget["currency"], budget["amount_minor"])
    headline = pricing_models.HEADLINE.get(price["model"])
    sure = pricing_models.sure_minor(price)
    if sure > limit.amount:
        detail = (
            f"The brief's whole budget is {limit.show()}; this costs {Money(limit.currency, sure).show()} at the least."
        )
        yield FieldError(f"/price/{pricing_models.SURE[price['model']]}", detail)
    if options and headline is None:
        yield FieldError("/options", f"A {price['model']} price is the same at every length: leave them out.")
        return
    for index, option in enumerate(options):
        amount = option["amount"]["amount_minor"]
        if index == 0 and headline and amount != price[headline]["amount_minor"]:
            yield FieldError(
                "/options/0/amount", f"The first option is the offer itself: it must equal /price/{headline}."
            )
        elif (
            index and headline and headline != "rate" and sure - price[headline]["amount_minor"] + amount > limit.amount
        ):
            yield FieldError(f"/options/{index}/amount", f"The brief's whole budget is {limit.show()}.")


def _rights(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in pricing_models.RIGHTS:
        if stored["rights"][name] is not None and not brief["rights"][name]:
            yield FieldError(f"/rights/{name}", "The brief does not ask for this right.")


def _deliverables(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    kinds = {requested["kind"] for requested in brief["deliverables"]}
    opens, ends = (briefs.parse_time(brief["publish_window"][end]) for end in ("from", "to"))
    for index, deliverable in enumerate(stored["deliverables"]):
        pointer = f"/deliverables/{index}"
        if deliverable["kind"] not in kinds:
            yield FieldError(f"{pointer}/kind", f"The brief asks for: {', '.join(sorted(kinds))}.")
        first, last = (
            deliverable[name] and briefs.parse_time(deliverable[name]) for name in ("publish_from", "publish_to")
        )
        for name, at in (("publish_from", first), ("publish_to", last)):
            if at is not None and not opens <= at <= ends:
                window = f"{brief['publish_window']['from']} to {brief['publish_window']['to']}"
                yield FieldError(f"{pointer}/{name}", f"Must lie within the brief's window, {window}.")
        if first is not None and last is not None and last < first:
            yield FieldError(f"{pointer}/publish_to", "Must not be earlier than `publish_from`.")


def _tiers(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    requested_tiers: dict[str, set[str]] = {}
    for requested in brief["deliverables"]:
        requested_tiers.setdefault(requested["kind"], set()).update(requested["length_tiers"])
    offered = set()
    for index, deliverable in enumerate(stored["deliverables"]):
        tier, tiers = deliverable["length_tier"], requested_tiers.get(deliverable["kind"], set())
        offered.add(tier)
        if tier is not None and deliverable["kind"] == "image":
            yield FieldError(f"/deliverables/{index}/length_tier", "Images have no length in seconds.")
        elif tier is not None and tiers and tier not in tiers:
            yield FieldError(f"/deliverables/{index}/length_tier", f"The brief asks for: {', '.join(sorted(tiers))}.")
    all_tiers = set().union(*requested_tiers.values())
    for index, option in enumerate(stored["options"]):
        if all_tiers and option["length_tier"] not in all_tiers:
            yield FieldError(f"/options/{index}/length_tier", f"The brief asks for: {', '.join(sorted(all_tiers))}.")
        elif index == 0 and option["length_tier"] not in offered:
            yield FieldError(
                "/options/0/length_tier", "The first option is the offer itself: no deliverable is so long."
            )


def _claim_and_answers(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    claim = stored["forecast_claim"]
    if claim is not None and claim["views"]["high"] < claim["views"]["low"]:
        yield FieldError("/forecast_claim/views/high", "Must not be less than `low`.")
    questions = len(brief["questions"])
    if len(stored["answers"]) != questions:
        yield FieldError("/answers", f"Give one answer to each of the brief's questions: {questions}.")


def description_errors(plan: Mapping[str, Any], pointer: str) -> Iterator[FieldError]:
    """Yield an error for each exposure whose description cannot be stored; the timeline itself must be valid."""
    text = TextField(timeline.DESCRIPTION_MAX, shortest=0)
    for index, exposure in enumerate(plan["exposures"]):
        try:
            text.deserialize(exposure.get("description", ""))
        except ValidationError as error:
            yield FieldError(f"{pointer}/exposures/{index}/description", " ".join(map(str, error.messages)))


def _plan_kinds(plan: Timeline, brief: Mapping[str, Any]) -> Iterator[FieldError]:
    allowed = set(brief["placement_kinds"])
    if plan.source is not TimelineSource.PLAN:
        yield FieldError("/plan/source", "A bid carries a plan, nothing measured.")
    for index, exposure in enumerate(plan.exposures):
        needed = _PERMITTED_BY[exposure.kind]
        if not needed & allowed:
            yield FieldError(
                f"/plan/exposures/{index}/kind",
                f"The brief allows {', '.join(sorted(allowed))}; this would need one of: {', '.join(sorted(needed))}.",
            )
