"""Whether a bid answers its brief: platform, kinds, counts, lengths, rights, and the least that its plan must show.

"Stored" and "brief" are documents as JSON values; `platform` is that of the bid's channel. What the brief asks of a
bid are its deliverables for that platform and those for any.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from marketplace.bids import option_lengths
from marketplace.bids.pricing_models import RIGHTS
from marketplace.briefs.brief_document import parse_time
from marketplace.briefs.vocabulary import LENGTH_TIERS, TIER_SECONDS
from marketplace.core.errors import FieldError
from marketplace.core.message import Bilingual
from marketplace.intrusiveness.notice import can_be_noticed, sure_seconds
from marketplace.intrusiveness.prominence import prominence_range, sure_prominence
from marketplace.intrusiveness.timeline import ExposureKind, Timeline, TimelineSource

Documents = Sequence[Mapping[str, Any]]

# Exposure kind of a plan -> the brief's placement kinds that permit it.
_VISIBLE_KINDS = frozenset({"background", "hand_prop", "wardrobe", "plot_use"})
_PERMITTED_BY: Mapping[str, frozenset[str]] = {
    "product": _VISIBLE_KINDS,
    "logo": _VISIBLE_KINDS | {"caption", "logo_card"},
    "text": frozenset({"caption", "logo_card"}),
    "speech": frozenset({"spoken_mention", "read_ad"}),
}
# Every set of lengths: a brief's lines may allow several each, so no single length shows whether all fit together.
_TIER_SETS = tuple(
    frozenset(chosen) for size in range(1, len(LENGTH_TIERS) + 1) for chosen in combinations(LENGTH_TIERS, size)
)


def answer_errors(stored: Mapping[str, Any], brief: Mapping[str, Any], platform: str) -> Iterator[FieldError]:
    """Yield an error for each thing that the brief asks for and the bid does not answer; the plan has `plan_errors`."""
    yield from _rights(stored["rights"], brief["rights"])
    asked = asked_of(brief, platform)
    if not asked:
        platforms = ", ".join(sorted({line["platform"] for line in brief["deliverables"]}))
        yield FieldError(
            "/deliverables",
            Bilingual(
                f"需求面向 {platforms}，这个账号在 {platform}。",
                f"The brief asks for {platforms}; this channel is on {platform}.",
            ),
        )
        return
    yield from _kinds_and_counts(stored["deliverables"], asked, brief["part_offers"])
    yield from _windows(stored["deliverables"], brief["publish_window"])
    yield from _tiers(stored, asked)


def answers_in_part(stored: Mapping[str, Any], brief: Mapping[str, Any], platform: str) -> bool:
    """Return whether a bid offers fewer of something than the brief asks of it."""
    offered = _counts(stored["deliverables"])
    return any(offered[kind] < count for kind, count in _counts(asked_of(brief, platform)).items())


def asked_of(brief: Mapping[str, Any], platform: str) -> Documents:
    """Return the deliverables that a brief asks of a channel on this platform."""
    return [line for line in brief["deliverables"] if line["platform"] in (None, platform)]


def plan_errors(
    plan: Timeline, stored: Mapping[str, Any], brief: Mapping[str, Any], platform: str
) -> Iterator[FieldError]:
    """Yield what a plan shows too much or too little of, against itself, its own bid and the brief."""
    if plan.source is not TimelineSource.PLAN:
        yield FieldError(
            "/plan/source", Bilingual("报价里放的是植入方案，不是测量结果。", "A bid carries a plan, nothing measured.")
        )
    yield from _plan_kinds(plan, set(brief["placement_kinds"]))
    asked = asked_of(brief, platform)
    yield from _plan_length(plan, stored["deliverables"], asked)
    tiers = _allowed({line["kind"] for line in stored["deliverables"]}, asked)
    yield from option_lengths.errors(plan, stored["options"], tiers)
    yield from notice_errors(plan, brief)


def notice_errors(plan: Timeline, brief: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield an error where nobody would notice the brand, or where the brief asks that it is noticed more."""
    (told, most), sure = prominence_range(plan), sure_prominence(plan)
    least = brief["least_prominence"]
    once = (
        Bilingual("（重复提及品牌不算）", " (naming the brand again adds nothing)")
        if sure < told
        else Bilingual("", "")
    )
    if not plan.exposures:
        yield FieldError(
            "/plan/exposures",
            Bilingual(
                "请至少安排一次露出：品牌从不出现，就没有人会注意到。",
                "Plan at least one exposure: nobody notices a brand that is never there.",
            ),
        )
    elif most <= 0 or not can_be_noticed(plan):
        yield FieldError(
            "/plan/exposures",
            Bilingual(
                "没有人会注意到：请让品牌在画面里大到能看清，或者说出品牌名。",
                "Nobody would notice this: show the brand large enough to be read, or name it aloud.",
            ),
        )
    elif least is not None and sure < least:
        yield FieldError(
            "/plan/exposures",
            Bilingual(
                f"需求要求显著度至少 {least:g}（满分 100），这个方案只能保证 {sure:.1f}{once.zh}。",
                f"The brief asks for a prominence of {least:g} of 100 at the least; this plan is sure "
                f"of {sure:.1f} only{once.en}.",
            ),
        )
    seconds, wanted = sure_seconds(plan), brief["least_seconds"]
    if plan.exposures and wanted is not None and seconds < wanted:
        yield FieldError(
            "/plan/exposures",
            Bilingual(
                f"需求要求露出至少 {wanted:g} 秒，这个方案只能保证 {seconds:.1f} 秒。",
                f"The brief asks for {wanted:g} s of exposure at the least; this plan is sure of {seconds:.1f} s only.",
            ),
        )


def _rights(offered: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in RIGHTS:
        if offered.get(name) is not None and not asked.get(name):
            yield FieldError(
                f"/rights/{name}", Bilingual("需求没有要求这项权利。", "The brief does not ask for this right.")
            )
        elif asked.get(name) and name not in offered:
            yield FieldError(
                f"/rights/{name}",
                Bilingual(
                    "需求要求这项权利：请报价，免费给写 0，不给写 null。",
                    "The brief asks for this right: price it, give it away with 0, or refuse it with null.",
                ),
            )


def _counts(lines: Documents) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line["kind"]] += line["count"]
    return counts


def _kinds_and_counts(offered: Documents, asked: Documents, part_offers: bool) -> Iterator[FieldError]:
    asked_counts, counts = _counts(asked), _counts(offered)
    last = {line["kind"]: f"/deliverables/{index}" for index, line in enumerate(offered)}
    unasked = [index for index, line in enumerate(offered) if line["kind"] not in asked_counts]
    for index in unasked:
        yield FieldError(
            f"/deliverables/{index}/kind",
            Bilingual(
                f"需求要的是：{', '.join(sorted(asked_counts))}。",
                f"The brief asks for: {', '.join(sorted(asked_counts))}.",
            ),
        )
    if unasked:
        return  # what is missing is perhaps there under the wrong name
    for kind, wanted in asked_counts.items():
        if counts[kind] > wanted:
            text = Bilingual(
                f"需求要 {wanted} 个 {kind}，这里提供 {counts[kind]} 个。",
                f"The brief asks for {wanted} of kind {kind}; this offers {counts[kind]}.",
            )
            yield FieldError(f"{last[kind]}/count", text)
        elif counts[kind] < wanted and not part_offers:
            text = Bilingual(
                f"需求要 {wanted} 个 {kind}，不收部分应标；这里提供 {counts[kind]} 个。",
                f"The brief asks for {wanted} of kind {kind} and takes no part offers; this offers {counts[kind]}.",
            )
            yield FieldError(f"{last[kind]}/count" if kind in last else "/deliverables", text)


def publish_times(line: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return when the publication of a stored deliverable begins and ends at the latest, None where it is not said.

    Earlier wordings have these times under other names, which their commitments cover.
    """
    starts_at = line.get("publish_starts_at") or line.get("publish_from")
    ends_at = line.get("publish_ends_at") or line.get("publish_to")
    return starts_at, ends_at


def _windows(offered: Documents, window: Mapping[str, str]) -> Iterator[FieldError]:
    opens, ends = parse_time(window["from"]), parse_time(window["to"])
    for index, line in enumerate(offered):
        pointer = f"/deliverables/{index}"
        first, last = (parse_time(text) if text else None for text in publish_times(line))
        for name, at in (("publish_starts_at", first), ("publish_ends_at", last)):
            if at is not None and not opens <= at <= ends:
                text = Bilingual(
                    f"必须在需求的发布时段 {window['from']} 到 {window['to']} 之内。",
                    f"Must lie within the brief's window, {window['from']} to {window['to']}.",
                )
                yield FieldError(f"{pointer}/{name}", text)
        if first is not None and last is not None and last < first:
            yield FieldError(
                f"{pointer}/publish_ends_at",
                Bilingual("不能早于 `publish_starts_at`。", "Must not be earlier than `publish_starts_at`."),
            )


def _tiers(stored: Mapping[str, Any], asked: Documents) -> Iterator[FieldError]:
    offered, errors = stored["deliverables"], []
    for index, line in enumerate(offered):
        tier, tiers = line["length_tier"], _allowed([line["kind"]], asked)
        if tier is not None and line["kind"] == "image":
            errors.append(
                FieldError(
                    f"/deliverables/{index}/length_tier",
                    Bilingual("图片没有时长。", "Images have no length in seconds."),
                )
            )
        elif tier is not None and tiers and tier not in tiers:
            text = Bilingual(
                f"需求要的是：{', '.join(sorted(tiers))}。", f"The brief asks for: {', '.join(sorted(tiers))}."
            )
            errors.append(FieldError(f"/deliverables/{index}/length_tier", text))
    yield from errors or _crowded_tiers(offered, asked)
    tiers = _allowed({line["kind"] for line in offered}, asked)
    for index, option in enumerate(stored["options"]):
        if tiers and option["length_tier"] not in tiers:
            yield FieldError(
                f"/options/{index}/length_tier",
                Bilingual(
                    f"需求要的是：{', '.join(sorted(tiers))}。", f"The brief asks for: {', '.join(sorted(tiers))}."
                ),
            )
        elif index == 0 and option["length_tier"] not in {line["length_tier"] for line in offered}:
            text = Bilingual(
                "第一个选项就是报价本身：没有这么长的交付物。",
                "The first option is the offer itself: no deliverable is so long.",
            )
            yield FieldError("/options/0/length_tier", text)


def _allowed(kinds: Sequence[str] | set[str], asked: Documents) -> set[str]:
    """Return the lengths asked for in these kinds; empty where any length will do."""
    lines = [line["length_tiers"] for line in asked if line["kind"] in kinds and line["kind"] != "image"]
    return set(chain.from_iterable(lines)) if all(lines) else set()


def _crowded_tiers(offered: Documents, asked: Documents) -> Iterator[FieldError]:
    """Yield an error where more is offered of some lengths than the lines that allow them ask for (Hall's theorem)."""
    for kind in sorted({line["kind"] for line in offered if line["kind"] != "image"}):
        lines = [line for line in asked if line["kind"] == kind]
        for tiers in _TIER_SETS:
            of_tiers = [
                (index, line["count"])
                for index, line in enumerate(offered)
                if line["kind"] == kind and line["length_tier"] in tiers
            ]
            room = sum(line["count"] for line in lines if not line["length_tiers"] or tiers & {*line["length_tiers"]})
            count = sum(each for _, each in of_tiers)
            if room < count <= sum(line["count"] for line in lines):
                lengths = ", ".join(sorted(tiers))
                text = Bilingual(
                    f"需求要 {room} 个 {lengths} 秒的，这里提供 {count} 个。",
                    f"The brief asks for {room} of {lengths} s; this offers {count}.",
                )
                yield FieldError(f"/deliverables/{of_tiers[-1][0]}/count", text)
                return


def _plan_kinds(plan: Timeline, allowed: set[str]) -> Iterator[FieldError]:
    for index, exposure in enumerate(plan.exposures):
        pointer, needed = f"/plan/exposures/{index}", _PERMITTED_BY[exposure.kind]
        if not needed & allowed:
            yield FieldError(
                f"{pointer}/kind",
                Bilingual(
                    f"需求允许 {', '.join(sorted(allowed))}；这样植入要有其中之一：{', '.join(sorted(needed))}。",
                    f"The brief allows {', '.join(sorted(allowed))}; this would need one of: "
                    f"{', '.join(sorted(needed))}.",
                ),
            )
        if exposure.kind is not ExposureKind.SPEECH and exposure.area_share.high <= 0:
            yield FieldError(
                f"{pointer}/area_share",
                Bilingual(
                    "必须大于 0：没有大小，就没有人看得见。", "Must be more than 0: nobody sees what has no size."
                ),
            )
        if exposure.kind is not ExposureKind.SPEECH and exposure.clarity.high <= 0:
            yield FieldError(
                f"{pointer}/clarity",
                Bilingual("必须大于 0：这样没有人认得出来。", "Must be more than 0: nobody recognises this."),
            )
        if exposure.start_s.high >= plan.duration_s:
            yield FieldError(
                f"{pointer}/start_s",
                Bilingual(
                    f"开始时，{plan.duration_s:g} 秒的视频已经结束了。",
                    f"Begins when the video of {plan.duration_s:g} s is over.",
                ),
            )


def _plan_length(plan: Timeline, offered: Documents, asked: Documents) -> Iterator[FieldError]:
    """Yield an error where the planned video is none of those that the bid offers."""
    lengths: set[str] = set()
    for line in offered:
        if line["kind"] != "image":
            tier, tiers = line["length_tier"], _allowed([line["kind"]], asked)
            if (tier and tiers and tier not in tiers) or not (tier or tiers):
                return  # another error says so already, or any length will do
            tiers = {tier} if tier else tiers
            lengths |= tiers
    # Platforms count whole seconds.
    seconds = round(plan.duration_s)
    if lengths and not any(TIER_SECONDS[tier][0] <= seconds <= TIER_SECONDS[tier][1] for tier in lengths):
        offers = ", ".join(tier for tier in LENGTH_TIERS if tier in lengths)
        yield FieldError(
            "/plan/duration_s",
            Bilingual(
                f"报价提供的视频是 {offers} 秒，这个方案是 {seconds} 秒。",
                f"The bid offers a video of {offers} s; this plan has {seconds} s.",
            ),
        )
