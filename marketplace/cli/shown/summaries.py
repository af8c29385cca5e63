"""Answers of the API as people read them: at most a screen each, in one language; the whole follows with --all."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marketplace.briefs import vocabulary
from marketplace.cli.client import spoken
from marketplace.cli.output import brief_cell, brief_money, cell, field_lines, people, share, told
from marketplace.cli.shown import words
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import move_name
from marketplace.intrusiveness.messages import KINDS as EXPOSURES

_check = lazy_module("marketplace.cli.shown.check_lines")

_REASONS, _PLAN_REASONS = 7, 3
_GENDERS = {"female": Bilingual("女", "female"), "male": Bilingual("男", "male")}


def in_words(zh: str, en: str) -> str:
    """Return the one of two texts that is in the language of the command."""
    return zh if spoken() == "zh" else en


def named(name: Bilingual, value: Any) -> str:
    """Return a line with a figure."""
    text = brief_cell(value)
    return f"{name.zh}：{text}" if spoken() == "zh" else f"{name.en}: {text}"


def state(code: str) -> str:
    """Return what a state is called in the language of the command."""
    return words.value(code, spoken())


def verdict(code: str) -> str:
    """Return what was decided, in the language of the command."""
    return move_name(code).said_in(spoken())


def coded(names: Mapping[str, vocabulary.NamedCode], *codes: str) -> str:
    """Return what codes of a brief are called in Chinese; in English the codes, which say it themselves."""
    known = [names[code].zh if spoken() == "zh" and code in names else code for code in codes]
    return ("、" if spoken() == "zh" else ", ").join(known) or "-"


# What cells of tables are made of.


def said(message: Mapping[str, Any]) -> str:
    """Return what a message says, or its code where it has no words."""
    return told(message) if spoken() in message else str(message.get("code", ""))


def mend(row: Mapping[str, Any]) -> str:
    """Return what would mend a row of a file."""
    return str(row.get(f"message_{spoken()}") or row.get("message") or "-")


def first_day(row: Mapping[str, Any]) -> Any:
    """Return the first day of what holds for some days."""
    return next((row[name] for name in ("starts_at", "starts_on") if row.get(name)), None)


def last_day(row: Mapping[str, Any]) -> Any:
    """Return the last day of what holds for some days."""
    return next((row[name] for name in ("ends_at", "ends_on") if row.get(name)), None)


def bid_price(row: Mapping[str, Any]) -> Any:
    """Return what a bid costs: the amount, or the most that it can come to, or the value of what is bartered."""
    price = row["price"]
    return next((price[name] for name in ("amount", "cap", "fixed", "value", "rate") if price.get(name)), None)


def estimated_money(value: Mapping[str, Any], currency: str) -> str:
    """Return the middle of an estimate in minor units."""
    return brief_money(currency, value["point"])


def estimate(value: Mapping[str, Any]) -> str:
    """Return an estimate with its ends."""
    if value["point"] is None:
        return "-"
    return f"{people(value['point'])} ({people(value['low'])}–{people(value['high'])})"


# Whole answers.


def sentence(answer: Mapping[str, Any]) -> Iterator[str]:
    """What an answer says in a sentence, and its reasons."""
    yield told(answer)
    yield from (f"- {said(reason)}" for reason in answer.get("reasons", []) if spoken() in reason)


def reasons(answer: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of an answer's reasons."""
    yield from map(told, answer["reasons"])


def warnings(answer: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of an answer's warnings."""
    if not answer["warnings"]:
        yield in_words("没有需要提醒的。", "There is nothing to warn of.")
    yield from map(told, answer["warnings"])


def options(answer: Mapping[str, Any]) -> Iterator[str]:
    """Every code with what it means, a line a kind."""
    for name, codes in answer.items():
        if isinstance(codes, list):
            shown = [f"{one['code']} {told(one)}" if isinstance(one, Mapping) else str(one) for one in codes]
            yield f"{name}: {', '.join(shown)}"
        elif isinstance(codes, Mapping):
            yield from field_lines({name: codes})


def me(answer: Mapping[str, Any]) -> Iterator[str]:
    """Who one is, and for whom one acts."""
    person, actor = answer["person"], answer["actor"]
    if person is not None:
        yield f"{person['id']}  {person['name']} <{person['email']}>"
    for seat in answer["memberships"]:
        party = seat["party"]
        here = in_words("（当前）", " (now)") if party["id"] == actor["party_id"] else ""
        yield f"{party['id']}  {words.value(party['kind'], spoken())} {party['name']}{here}"
    yield named(Bilingual("权限", "may"), ", ".join(actor["permissions"]))


def brief(answer: Mapping[str, Any]) -> Iterator[str]:
    """A brief's money, people, days and state."""
    yield f"{answer['id']}  {answer['title']}"
    window = answer["publish_window"]
    days = f"{str(first_day(window))[:10]} – {str(last_day(window))[:10]}"
    for name, value in (
        (Bilingual("状态", "status"), state(answer["status"])),
        (Bilingual("品牌", "brand"), answer["brand_name"]),
        (
            Bilingual("产品", "product"),
            f"{answer['product']['name']} ({coded(vocabulary.CATEGORIES, answer['product']['category'])})",
        ),
        (Bilingual("预算", "budget"), cell(answer["budget"])),
        (Bilingual("千人价上限", "ceiling per 1,000"), cell(answer["ceiling_per_thousand"])),
        (Bilingual("市场", "markets"), cell(answer["markets"])),
        (Bilingual("目标人群", "target"), "; ".join(map(_target, answer["target"]))),
        (Bilingual("侵扰容忍度", "tolerance"), cell(answer["tolerance"])),
        (Bilingual("植入形式", "placements"), coded(vocabulary.PLACEMENT_KINDS, *answer["placement_kinds"])),
        (Bilingual("交付", "deliverables"), "; ".join(map(_deliverable, answer["deliverables"]))),
        (Bilingual("发布窗口", "to be published"), days),
        (Bilingual("截止报价", "bids close"), answer["bids_close_at"]),
        (Bilingual("版本", "version"), f"{answer['version_number']}  {answer['version_id']}"),
    ):
        yield named(name, brief_cell(value))
    yield from (f"+ {one}" for one in answer["must"])
    yield from (f"! {one}" for one in answer["must_not"])


def _target(row: Mapping[str, Any]) -> str:
    ages = row.get("ages") or {}
    parts = [f"{ages.get('from', '')}–{ages.get('to', '') or ''}" if ages else ""]
    parts += [_GENDERS[code].said_in(spoken()) for code in row.get("genders", [])]
    parts += [*row.get("regions", []), *row.get("education", []), *row.get("interests", [])]
    return " ".join(filter(None, parts))


def _deliverable(row: Mapping[str, Any]) -> str:
    tiers = row.get("length_tiers") or [row.get("length_tier")]
    kind = coded(vocabulary.DELIVERABLE_KINDS, row["kind"])
    return f"{row['count']} x {kind} {'/'.join(filter(None, tiers))}".rstrip()


def bid(answer: Mapping[str, Any]) -> Iterator[str]:
    """A bid's price, plan and state."""
    yield f"{answer['id']}  {answer['channel_name']}"
    yield named(Bilingual("需求", "brief"), f"{answer['brief_id']}  {answer['brief_title']}")
    yield named(Bilingual("账号", "channel"), answer["channel_id"])
    yield named(Bilingual("状态", "status"), state(answer["status"]))
    price = f"{cell(bid_price(answer))} ({words.value(answer['price']['model'], spoken())})"
    yield named(Bilingual("报价", "price"), price)
    yield from (
        named(
            Bilingual(f"方案 {at}", f"option {at}"),
            f"{cell(bid_price(one))} ({words.value(one['price']['model'], spoken())})",
        )
        for at, one in enumerate(answer["options"], start=1)
        if "price" in one
    )
    yield named(Bilingual("交付", "deliverables"), "; ".join(map(_deliverable, answer["deliverables"])))
    yield named(Bilingual("露出", "exposures"), "; ".join(map(_exposure, answer["plan"].get("exposures", []))))
    left = answer["revisions_left"]
    yield named(
        Bilingual("版本", "wording"),
        in_words(f"{answer['revision_number']}，还可修改 {left} 次", f"{answer['revision_number']}, {left} left"),
    )
    if answer["accepted_cost"] is not None:
        yield named(Bilingual("接受的最高成本", "accepted at most for"), cell(answer["accepted_cost"]))
    if answer["lapses_at"] is not None:
        yield named(Bilingual("失效时间", "lapses"), answer["lapses_at"])
    if not answer["stands_by_current_version"]:
        yield in_words(
            f"需求已变更，确认后才参与排名：inlay bids confirm-brief {answer['id']} --brief-version-id brv_...",
            f"The brief has changed; until you confirm it the bid is not ranked:"
            f" inlay bids confirm-brief {answer['id']} --brief-version-id brv_...",
        )
    yield from _verdict(answer["review"])


def _verdict(review: Mapping[str, Any] | None) -> Iterator[str]:
    if review is not None:
        why = f" ({review['reason']})" if review["reason"] else ""
        yield named(Bilingual("审核", "review"), f"{state(review['status'])}{why}")
        yield from (f"  - {told(risk)}" for risk in review["risks"])


def _exposure(one: Mapping[str, Any]) -> str:
    start = one.get("start_s")
    at = "" if start is None else f" {_span(start)} s"
    seconds = "" if one.get("seconds") is None else f" +{_span(one['seconds'])} s"
    kind = EXPOSURES.get(one.get("kind", ""))
    return f"{kind.said_in(spoken()) if kind else ''}{at}{seconds}"


def _span(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value.get('low'):g}–{value.get('high'):g}"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def match(answer: Mapping[str, Any]) -> Iterator[str]:
    """A bid's place, figures and first reasons, and what its plan could change."""
    parts = answer["parts"]
    yield f"{answer['bid_id']}  {answer['channel_name']} ({answer['platform']})"
    low, middle, high = (answer[name] or 0 for name in ("overall_low", "overall", "overall_high"))
    place = "-" if answer["rank"] is None else cell(answer["rank"])
    yield named(
        Bilingual("名次", "rank"),
        in_words(
            f"{place}，总分 {middle:.1f}（{low:.0f}–{high:.0f}）",
            f"{place}, overall {middle:.1f} ({low:.0f}–{high:.0f})",
        ),
    )
    point, least, most = parts["people"]
    figures = [
        named(Bilingual("目标人数", "on-target people"), estimate({"point": point, "low": least, "high": most})),
        named(Bilingual("千人成本", "per 1,000"), brief_money(parts["currency"], parts["per_thousand"][0])),
        named(Bilingual("契合度", "fit"), share(parts["fit"])),
        named(Bilingual("侵扰度", "intrusiveness"), "{low:.0f}–{high:.0f}".format(**answer["intrusiveness"])),
    ]
    yield "  ".join(figures)
    for gate in answer["gates"]:
        yield f"! {_gate(gate)}"
    yield from _some(answer["reasons"], _REASONS)
    plan = answer.get("plan")
    if plan:
        yield named(
            Bilingual("植入方案的侵扰度", "the plan's intrusiveness"), "{low:.0f}–{high:.0f}".format(**plan["score"])
        )
        for reason in plan["reasons"][:_PLAN_REASONS]:
            yield f"- {told(reason)}"
            if reason["what_if"]:
                yield f"  {told(reason['what_if'])}"


def _some(messages: list[Mapping[str, Any]], most: int) -> Iterator[str]:
    yield from (f"- {told(one)}" for one in messages[:most])
    if len(messages) > most:
        yield in_words(f"  另有 {len(messages) - most} 条", f"  and {len(messages) - most} more")


def selection(answer: Mapping[str, Any]) -> Iterator[str]:
    """A set's reach, cost and members; `inlay select` prints all of it."""
    yield f"{answer['id']}  {state(answer['status'])}"
    result = answer["result"]
    if result is None:
        if answer["message"]:
            yield str(answer["message"])
        return
    for one in result["chosen"]:
        added = in_words(f"新增 {people(one['people_added'])} 人", f"adds {people(one['people_added'])} people")
        yield f"{one['bid_id']}  {brief_cell(one['price'])}  {added}  {one['channel_name']}"
    yield from shut_members(result["chosen"])
    yield from _standing(answer)
    yield from (told(part) for part in (result["reach"], result.get("left"), result["proof"]) if part)


def _standing(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield who of a confirmed set stands no more, and what those who do cost and reach together."""
    now = answer["standing"]
    if now is None or not now["gone"]:
        return
    for one in now["gone"]:
        yield f"! {one['bid_id']} {one['channel_name']}: {state(one['status'])}"
    stand, confirmed, cost = len(now["bids"]), answer["bids"], brief_cell(now["spend"])
    notice, before = people(now["effective"]), people(answer["value"])
    yield in_words(
        f"现在仍成立：{confirmed} 个中的 {stand} 个，{cost}，{notice} 人会注意到（确认时 {before} 人）",
        f"standing now: {stand} of {confirmed}, {cost}, noticed by {notice} people ({before} when it was confirmed)",
    )


def shut_members(chosen: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each gate that keeps a chosen bid from being accepted now, with what opens it."""
    for one in chosen:
        for gate in one["gates"]:
            yield f"! {one['bid_id']} {one['channel_name']}: {_gate(gate)}"


def _gate(gate: Mapping[str, Any]) -> str:
    """Return why a gate is shut and what opens it."""
    opens = gate[f"opens_{spoken()}"]
    return told(gate) + in_words(opens, f" {opens}")


def review(answer: Mapping[str, Any]) -> Iterator[str]:
    """What there is to look at, and what was decided."""
    yield f"{answer['id']}  {answer['subject_kind']} {answer['subject_id']}"
    yield named(Bilingual("状态", "status"), state(answer["status"]))
    yield named(Bilingual("相关需求", "about"), answer["about_id"])
    if answer["needs_two"]:
        yield in_words("需要两人同意", "two people must agree")
    for risk in answer["risks"]:
        yield f"{'!' if risk['asks'] else '-'} {told(risk)}"
    facts = answer["facts"] or {}
    for name, value in sorted(facts.items()):
        if name == "amount_minor" and "currency" in facts:
            yield f"amount: {brief_money(facts['currency'], value)}"
        elif name not in ("currency", "told"):
            yield f"{name}: {cell(value)}"
    for one in answer["decisions"]:
        yield f"{brief_cell(one['created_at'])}  {verdict(one['verdict'])}  {one['person_id']}: {one['reason']}"


def check(answer: Mapping[str, Any]) -> Iterable[str]:
    """How far a check is, then what it found."""
    lines: Iterable[str] = _check.of_check(answer)
    return lines
