"""What a counter may change in a deal's terms, and the version that it makes. Pure.

Fixed by the sealed bid and its brief: who, what for, how many videos, their plans and limits, disclosure, the
platform's fee. To be talked about: days, how long rights and the video last, rounds, cancelling, which video costs how
much of the price, and the price itself as long as it does not rise. More scope is an extra with a price of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from marketplace.bids.pricing_models import PricingModel
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.core.money import BASIS, Money
from marketplace.deals import deal_refusals
from marketplace.deals.series import series_refusals
from marketplace.deals.terms.terms_document import MILESTONES, hash_of, own_prices
from marketplace.ledger.split_amounts import split

_DAYS_OF = {
    "usage_days": ("usage", "使用授权", "right of usage"),
    "whitelisting_days": ("whitelisting", "投流授权", "whitelisting"),
    "exclusivity_days": ("exclusivity", "排他", "exclusivity"),
}
_PLAIN = ("script_needed", "keep_live_days", "payment_days", "may_be_shown")
STAGES = ("before_script", "after_script", "after_draft", "after_approval")


def countered(
    first: Mapping[str, Any], current: Mapping[str, Any], changes: Mapping[str, Any], *, today: date
) -> dict[str, Any]:
    """Return the terms that a counter makes of the current ones; ``first`` are those of the sealed bid, ``changes`` as
    `schemas.DealChanges` loads them. Raises InvalidInput with a pointer for each of them that cannot be."""
    errors = list(_of_other_currency(changes, current["currency"], "/changes"))
    if errors:
        raise InvalidInput(errors=errors)
    terms = deepcopy(dict(current))
    errors = [
        *_price(terms, first, changes),
        *_deliverables(terms, changes.get("deliverables") or [], today),
        *_series(terms, changes),
        *_rights(terms, changes),
        *_cancellation(terms, changes.get("cancellation") or {}),
        *_extras(terms, changes.get("extras")),
        *_results(terms, changes.get("results") or {}),
    ]
    _plain(terms, changes)
    if errors:
        raise InvalidInput(errors=errors)
    if hash_of(terms) == hash_of(current):
        raise InvalidInput(errors=[FieldError("/changes", deal_refusals.NOTHING_CHANGES)])
    return terms


def _of_other_currency(value: Any, currency: str, pointer: str) -> Iterator[FieldError]:
    if isinstance(value, Money):
        if value.currency != currency:
            yield FieldError(f"{pointer}/currency", deal_refusals.other_currency(currency))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _of_other_currency(inner, currency, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _of_other_currency(inner, currency, f"{pointer}/{index}")


def _price(terms: dict[str, Any], first: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[FieldError]:
    asked: Money | None = changes.get("price")
    if asked is None or asked.amount == terms["price_minor"]:
        return
    sealed = Money(terms["currency"], first["price_minor"])
    if asked.amount > sealed.amount:
        yield FieldError("/changes/price/amount_minor", deal_refusals.raised(sealed, asked))
        return
    # Each deliverable keeps its share of the price.
    former = [line["price_minor"] for line in terms["deliverables"]]
    shares = split(asked.amount, former) if sum(former) else own_prices(asked.amount, len(former))
    for line, share in zip(terms["deliverables"], shares, strict=True):
        line["price_minor"] = share
    terms["price_minor"] = asked.amount


def _deliverables(terms: dict[str, Any], changed: Sequence[Mapping[str, Any]], today: date) -> Iterator[FieldError]:
    lines, priced, seen = terms["deliverables"], False, set()
    for index, change in enumerate(changed):
        pointer, position = f"/changes/deliverables/{index}", change["position"]
        if position > len(lines) or position in seen:
            yield FieldError(
                f"{pointer}/position",
                Bilingual(
                    f"必须是 1 到 {len(lines)} 中的一项，每项一次。",
                    f"Must be one of 1 to {len(lines)}, and each once.",
                ),
            )
            continue
        seen.add(position)
        line = lines[position - 1]
        if "title" in change:
            line["title"] = change["title"]
        for name in ("publish_starts_on", "due_on"):
            if name in change:
                line[name] = change[name].isoformat()
        if "price" in change:
            line["price_minor"], priced = change["price"].amount, True
        if "also_on" in change:
            _set_or_drop(line, "also_on", change["also_on"])
        if "milestones" in change:
            yield from _milestones(terms, line, change["milestones"], f"{pointer}/milestones")
        yield from _days(line, change, pointer, today)
    total = sum(line["price_minor"] for line in lines)
    if priced and total != terms["price_minor"]:
        currency = terms["currency"]
        text = deal_refusals.not_the_sum(Money(currency, total), Money(currency, terms["price_minor"]))
        yield FieldError("/changes/deliverables", text)


def _milestones(
    terms: Mapping[str, Any], line: dict[str, Any], asked: Sequence[Mapping[str, Any]], pointer: str
) -> Iterator[FieldError]:
    """Take the milestones of a deliverable, in the order in which they come."""
    places = [one["at"] for one in asked]
    if asked and terms["pricing"]["model"] != PricingModel.FLAT:
        yield FieldError(pointer, deal_refusals.MILESTONES_ARE_FLAT)
    elif len(set(places)) < len(places) or sum(one["share_basis_points"] for one in asked) > BASIS:
        yield FieldError(pointer, deal_refusals.TOO_MANY_MILESTONES)
    else:
        ordered = sorted(asked, key=lambda one: MILESTONES.index(one["at"]))
        _set_or_drop(line, "milestones", [dict(one) for one in ordered])


def _set_or_drop(part: dict[str, Any], name: str, value: Any) -> None:
    """Terms say nothing of what there is none of."""
    part.pop(name, None)
    if value:
        part[name] = value


def _days(line: Mapping[str, Any], change: Mapping[str, Any], pointer: str, today: date) -> Iterator[FieldError]:
    if line.get("episode") and ("due_on" in change or "publish_starts_on" in change):
        yield FieldError(f"{pointer}/due_on", series_refusals.EPISODES_DAY)
    elif "due_on" in change and change["due_on"] < today:
        yield FieldError(f"{pointer}/due_on", Bilingual("必须是今天或以后。", "Must be today or later."))
    elif line["publish_starts_on"] > line["due_on"]:
        name = "due_on" if "due_on" in change else "publish_starts_on"
        text = Bilingual(
            "`due_on` 不能早于 `publish_starts_on`。", "`due_on` must not be earlier than `publish_starts_on`."
        )
        yield FieldError(f"{pointer}/{name}", text)


def _series(terms: dict[str, Any], changes: Mapping[str, Any]) -> Iterator[FieldError]:
    """Put a deal's items into their places in a series, or take them out of it: a counter names all of them anew."""
    if "series" not in changes:
        return
    asked, lines = changes["series"], terms["deliverables"]
    for part in (terms, *lines):
        part.pop("series" if part is terms else "episode", None)
    if asked is None:
        return
    terms["series"] = asked["series"]
    for index, place in enumerate(asked["places"]):
        position = place["position"]
        if position > len(lines) or lines[position - 1]["kind"] == "image":
            yield FieldError(f"/changes/series/places/{index}/position", series_refusals.NO_ITEM)
            continue
        days = {"publish_starts_on": place["airs_on"], "due_on": place["airs_on"], "title": place["title"]}
        lines[position - 1] |= {**days, "episode": {name: place[name] for name in ("episode_id", "number", "slot")}}


def _rights(terms: dict[str, Any], changes: Mapping[str, Any]) -> Iterator[FieldError]:
    for field, (right, name_zh, name_en) in _DAYS_OF.items():
        if field not in changes:
            continue
        if terms["rights"][right] is None:
            yield FieldError(f"/changes/{field}", deal_refusals.not_given(name_zh, name_en))
        else:
            terms["rights"][right]["days"] = changes[field]


def _cancellation(terms: dict[str, Any], changed: Mapping[str, int]) -> Iterator[FieldError]:
    terms["cancellation"] |= changed
    stages = [terms["cancellation"][name] for name in STAGES]
    if changed and stages != sorted(stages):
        text = Bilingual("越往后的阶段不能收得越少。", "A later stage must not cost less than an earlier one.")
        yield FieldError("/changes/cancellation", text)


def _extras(terms: dict[str, Any], extras: Sequence[Mapping[str, Any]] | None) -> Iterator[FieldError]:
    if extras is None:
        return
    count = len(terms["deliverables"])
    for index, extra in enumerate(extras):
        if extra["deliverable"] > count:
            text = Bilingual(f"必须是 1 到 {count} 中的一项。", f"Must be one of 1 to {count}.")
            yield FieldError(f"/changes/extras/{index}/deliverable", text)
    terms["extras"] = [
        {"name": extra["name"], "price_minor": extra["price"].amount, "deliverable": extra["deliverable"]}
        for extra in extras
    ]


def _results(terms: dict[str, Any], changed: Mapping[str, int]) -> Iterator[FieldError]:
    if changed and "results" not in terms:
        text = Bilingual(
            "价格不随播放或销售变动，没有结果可等。", "The price follows neither views nor sales, so there are none."
        )
        yield FieldError("/changes/results", text)
    elif changed:
        terms["results"] |= changed


def _plain(terms: dict[str, Any], changes: Mapping[str, Any]) -> None:
    terms |= {name: changes[name] for name in _PLAIN if name in changes}
    rounds = dict(changes.get("rounds") or {})
    one_more: Money | None = rounds.pop("one_more", None)
    terms["rounds"] |= rounds
    if one_more is not None:
        terms["rounds"]["one_more_minor"] = one_more.amount
    terms["samples"] |= changes.get("samples") or {}
    if "split_day" in changes:
        terms["split"] = {"day": changes["split_day"]}
