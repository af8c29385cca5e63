"""A bid's document: how it is stored, and its validation against the brief that it answers.

"Stored" here means the document as JSON values, as `to_stored` returns it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from marketplace.bids import brief_answer, pricing_models
from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs import brief_document as briefs
from marketplace.core.errors import FieldError
from marketplace.core.http.fields import TextField
from marketplace.core.http.load_refusals import field_errors_of
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.intrusiveness import notice, timeline
from marketplace.intrusiveness.constants import MODEL_VERSION
from marketplace.intrusiveness.factors import raw_bounds
from marketplace.intrusiveness.prominence import prominence
from marketplace.intrusiveness.timeline import PlanError, Timeline

_POINTER_MAX = 200


@dataclass(frozen=True)
class PlanMeasures:
    """The nine factors of intrusiveness at no fit and at full fit, and prominence (0..100), each as an interval, and
    the share of viewers who notice: middle, low and high."""

    raw_low: list[float]
    raw_high: list[float]
    prominence_low: float
    prominence_high: float
    noticed: list[float]
    plan_version: str
    noticed_version: str


def to_stored(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return a loaded request body as JSON values; its price keeps whatever fields were sent."""
    return briefs.to_stored(loaded)


def revision_columns(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as the columns of a revision of a bid on this brief.

    Rights are stored with the price, answers with the claim. A right that nobody asked for may be left out.
    """
    price = _whole_price(stored)
    currency, product_value = brief["budget"]["currency"], _product_value(brief)
    cost, claim, answers = stored["production_cost"], stored["forecast_claim"], stored["answers"]
    claim_with_answers = {**(claim or {}), "answers": answers} if answers else claim
    return {
        "pricing_model": stored["price"]["model"],
        "currency": currency,
        "price": price,
        "terms": list(pricing_models.price_terms(price, stored["deliverables"], product_value_minor=product_value)),
        "option_costs": pricing_models.option_costs(
            price, stored["options"], stored["deliverables"], product_value_minor=product_value
        ),
        "options": stored["options"],
        "deliverables": stored["deliverables"],
        "plan": stored["plan"],
        "production_cost_minor": cost and cost["amount_minor"],
        "forecast_claim": claim_with_answers,
        "message": stored["message"],
    }


def _whole_price(stored: Mapping[str, Any]) -> dict[str, Any]:
    rights = {name: stored["rights"].get(name) for name in pricing_models.RIGHTS}
    return {**pricing_models.own_fields(stored["price"]), "rights": rights}


def _product_value(brief: Mapping[str, Any]) -> int | None:
    """Return what the brief says that its product is worth, in minor units of its currency."""
    value = brief["product"]["value"]
    return value and int(value["amount_minor"])


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


def read_plan(
    stored: Mapping[str, Any], brief: Mapping[str, Any], platform: str
) -> tuple[Timeline | None, list[FieldError]]:
    """Return a bid's plan as a timeline (None if it cannot be read) and its validation errors."""
    plan = stored["plan"]
    try:
        plan_timeline = timeline.from_dict(plan)
    except PlanError as error:
        return None, [
            FieldError(f"/plan{problem.pointer}"[:_POINTER_MAX], Bilingual(problem.zh, problem.en))
            for problem in error.problems
        ]
    against_brief = brief_answer.plan_errors(plan_timeline, stored, brief, platform)
    return plan_timeline, [*description_errors(plan, "/plan"), *against_brief]


def measure_plan(plan: Timeline) -> PlanMeasures:
    low, high = raw_bounds(plan)
    interval = prominence(plan)
    noticed = list(notice.notice_share(plan))
    return PlanMeasures(
        low.tolist(), high.tolist(), interval.low, interval.high, noticed, MODEL_VERSION, notice.MODEL_VERSION
    )


def validation_errors(stored: Mapping[str, Any], brief: Mapping[str, Any], platform: str) -> list[FieldError]:
    """Return what contradicts itself or the brief's document, each with a pointer; `read_plan` validates the plan."""
    price_errors = [*pricing_models.validation_errors(stored["price"]), *_price_claims(stored["price"])]
    currency_errors = [*_currency(stored, brief["budget"]["currency"])]
    return [
        *price_errors,
        *currency_errors,
        *([] if price_errors or currency_errors else _amounts(stored, brief)),
        *brief_answer.answer_errors(stored, brief, platform),
        *_claim_and_answers(stored, brief),
    ]


def confirmation_errors(revision: BidRevision, brief: Mapping[str, Any], platform: str) -> list[FieldError]:
    """Return what keeps a stored revision from answering a later version of its brief as it stands."""
    stored = stored_document(revision)
    errors = [*validation_errors(stored, brief, platform), *read_plan(stored, brief, platform)[1]]
    if not errors and list(revision.terms[:1]) != revision_columns(stored, brief)["terms"][:1]:
        errors.append(
            FieldError(
                "/price/value",
                Bilingual(
                    "需求里产品的价值已经变了，请修订报价。",
                    "The brief's product is worth another amount now: revise the bid.",
                ),
            )
        )
    return errors


def _currency(value: Any, currency: str, pointer: str = "") -> Iterator[FieldError]:
    if isinstance(value, dict):
        if value.keys() == {"amount_minor", "currency"}:
            if value["currency"] != currency:
                yield FieldError(
                    f"{pointer}/currency",
                    Bilingual(f"必须用需求的货币 {currency}。", f"Must be the brief's currency, {currency}."),
                )
            return
        for name, inner in value.items():
            if name != "plan":
                yield from _currency(inner, currency, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _currency(inner, currency, f"{pointer}/{index}")


def _price_claims(price: Mapping[str, Any], pointer: str = "/price") -> Iterator[FieldError]:
    if price.get("actions_per_thousand_views") == 0:
        yield FieldError(
            f"{pointer}/actions_per_thousand_views",
            Bilingual("必须大于 0；不知道就不填。", "Must be more than 0; leave out what is not known."),
        )
    if price.get("variable"):
        yield from _price_claims(price["variable"], f"{pointer}/variable")


def _amounts(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield an error for each amount that the whole budget would not pay, and for options that contradict the offer."""
    price, options, product_value = stored["price"], stored["options"], _product_value(brief)
    limit = Money(brief["budget"]["currency"], brief["budget"]["amount_minor"])
    headline = pricing_models.HEADLINE.get(price["model"])
    is_barter = price["model"] == "barter"
    if is_barter and (why := _no_barter(product_value, limit)):
        yield FieldError(
            "/price/model",
            Bilingual(
                f"以货抵款按需求的 `product.value` 计价，{why.zh}：请改为收钱。",
                f"Barter counts at the brief's `product.value`, {why.en}: ask for money.",
            ),
        )
        return
    if options and headline is None:
        yield FieldError(
            "/options",
            Bilingual(
                f"{price['model']} 价格与视频长度无关，请不要写这些选项。",
                f"A {price['model']} price is the same at every length: leave them out.",
            ),
        )
        return
    if options and headline and options[0]["amount"]["amount_minor"] != price[headline]["amount_minor"]:
        yield FieldError(
            "/options/0/amount",
            Bilingual(
                f"第一个选项就是报价本身，必须等于 /price/{headline}。",
                f"The first option is the offer itself: it must equal /price/{headline}.",
            ),
        )
    rights = {name: right["amount_minor"] for name, right in stored["rights"].items() if right}
    too_much = [name for name, amount in rights.items() if amount > limit.amount]
    for name in too_much:
        yield FieldError(
            f"/rights/{name}",
            Bilingual(f"需求的全部预算是 {limit.show()}。", f"The brief's whole budget is {limit.show()}."),
        )
    if too_much:
        return
    costs = pricing_models.option_costs(
        _whole_price(stored), options, stored["deliverables"], product_value_minor=product_value
    )
    # Bartered goods count the same at every length, whatever the bidder declares.
    for index, cost in enumerate(costs[:1] if is_barter else costs):
        if cost > limit.amount:
            most = Money(limit.currency, round(cost)).show()
            text = Bilingual(
                f"需求的全部预算是 {limit.show()}；连同各项权利，这里最多要 {most}。",
                f"The brief's whole budget is {limit.show()}; with its rights this costs up to {most}.",
            )
            yield FieldError(_most_of(price) if index == 0 else f"/options/{index}/amount", text)


def _no_barter(product_value: int | None, limit: Money) -> Bilingual | None:
    """Return why a brief's product pays for nothing; None where it does.

    A brief may well have a product that is worth more than its budget: it spends no cash on it. But barter is taken out
    of the budget like money, so that no price escapes it.
    """
    if product_value is None:
        return Bilingual("而这个需求没有写", "and this brief names none")
    if product_value > limit.amount:
        worth, whole = Money(limit.currency, product_value).show(), limit.show()
        return Bilingual(
            f"为 {worth}，超过它的全部预算 {whole}", f"{worth}, which its whole budget of {whole} would not pay"
        )
    return None


def _most_of(price: Mapping[str, Any]) -> str:
    """Return the pointer of what bounds a price: of barter the rights, for its goods count at the brief's own value."""
    if price["model"] == "barter":
        return "/rights"
    if price["model"] == "hybrid":
        return "/price/variable/cap"
    return "/price/cap" if "cap" in pricing_models.fields_of(price["model"]) else "/price/amount"


def _claim_and_answers(stored: Mapping[str, Any], brief: Mapping[str, Any]) -> Iterator[FieldError]:
    claim = stored["forecast_claim"]
    if claim is not None and claim["views"]["high"] < claim["views"]["low"]:
        yield FieldError("/forecast_claim/views/high", Bilingual("不能小于 `low`。", "Must not be less than `low`."))
    elif claim is not None and claim["views"]["high"] == 0:
        yield FieldError(
            "/forecast_claim/views/high",
            Bilingual("必须大于 0；不知道就不填。", "Must be more than 0; leave out what is not known."),
        )
    questions = len(brief["questions"])
    if len(stored["answers"]) != questions:
        yield FieldError(
            "/answers",
            Bilingual(
                f"需求的 {questions} 个问题，每个给一个回答。",
                f"Give one answer to each of the brief's questions: {questions}.",
            ),
        )


def description_errors(plan: Mapping[str, Any], pointer: str) -> Iterator[FieldError]:
    """Yield an error for each exposure whose description cannot be stored; the timeline itself must be valid."""
    text = TextField(timeline.DESCRIPTION_MAX, shortest=0)
    for index, exposure in enumerate(plan["exposures"]):
        try:
            text.deserialize(exposure.get("description", ""))
        except ValidationError as error:
            yield from field_errors_of(error.messages, pointer=f"{pointer}/exposures/{index}/description")


def accepted_cost(bid: Bid, revision: BidRevision) -> dict[str, Any] | None:
    """Return the most that the accepted option of a bid costs; None for a bid that is not accepted."""
    if bid.accepted_cost_minor is None:
        return None
    return {"amount_minor": bid.accepted_cost_minor, "currency": revision.currency}
