"""Changes a creator could make to a plan, factor by factor or group by group; the caller scores them.

Exposures that share seconds belong to one moment of the video and are cut and moved together: half of a moment cannot
be moved to the end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal

from marketplace.core.message import Bilingual
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import ExposureSpan, breaking_in, out_of_place, relief, share_seconds
from marketplace.intrusiveness.messages import number, share, stamp, where
from marketplace.intrusiveness.notice import still_watching
from marketplace.intrusiveness.overlaps import ROUNDING_S
from marketplace.intrusiveness.timeline import ZERO, Exposure, ExposureKind, Timeline, ValueInterval

# What has to be written anew, and not only cut or placed otherwise.
REWRITES = frozenset({"fewer_claims", "no_call", "fewer_mentions", "tie_to_plot", "fewer_brands"})


@dataclass(frozen=True)
class PlanChange:
    """One change of a plan.

    ``action`` applies to the ``exposures``, by their index (empty: to the whole video). ``value``: the new value in the
    field's unit (None if the action has none). The sentences have no full stop. ``plan`` is the plan that results.
    """

    action: str
    exposures: tuple[int, ...]
    value: float | None
    zh: str
    en: str
    plan: Timeline

    @property
    def asks(self) -> float:
        """Return how much work the change is: 1 for a cut, more for what has to be written anew."""
        return constants.REWRITE_ASKS if self.action in REWRITES else 1.0


def drivers(code: str, spans: list[ExposureSpan], length: float, fit: float) -> list[ExposureSpan]:
    """Return the exposures that drive a factor, the weightiest first.

    ``spans``: not empty, with exact starts. ``length``: of the video, in seconds. ``fit``: 0..1 (NaN: unknown).
    """
    known = 0.0 if fit != fit else fit
    if code == "run":
        return max(share_seconds(spans, constants.RUN_GAP_S), key=lambda run: _weight(run, known))
    ranked = sorted(((_contribution(code, span, length, known), span) for span in spans), key=lambda pair: -pair[0])
    return [span for contribution, span in ranked if contribution > 0] or [ranked[0][1]]


def _contribution(code: str, span: ExposureSpan, length: float, fit: float) -> float:
    left = relief(fit, span.plot)
    match code:
        case "interrupt":
            return breaking_in(span, span.strength * left, length, "mid")
        case "misplaced":
            return out_of_place(span, fit) * span.seconds
        case "selling":
            return span.claims * left
        case "named":
            return span.mentions * left
        case _:
            return span.strength * left * span.seconds


def _weight(spans: Iterable[ExposureSpan], fit: float) -> float:
    return sum(span.strength * relief(fit, span.plot) * span.seconds for span in spans)


def changes(code: str, plan: Timeline, driving: list[ExposureSpan], spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield changes that may ease a factor, given its drivers among all spans, the mildest first; each results in a
    valid plan."""
    moment = next(group for group in share_seconds(spans) if driving[0] in group)
    yield from _CHANGES[code](plan, moment, spans)


def changes_of_moment(plan: Timeline, moment: list[ExposureSpan], spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield changes of exposures that share seconds, whatever factor they ease; each results in a valid plan."""
    for change in _OF_MOMENT:
        yield from change(plan, moment, spans)


def changes_of_all(plan: Timeline, spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield changes of the whole plan: of what is told of the whole video, and of many exposures at once."""
    moments = share_seconds(spans)
    for change in (*_OF_VIDEO, *(_OF_MANY if len(moments) > 1 else ())):
        yield from change(plan, spans, spans)
    if len(moments) >= constants.MANY_MOMENTS:
        # Of many interruptions, a third or a half; what is weightiest stays.
        ranked = sorted(moments, key=lambda moment: (_weight(moment, 0.0), -moment[0].earliest))
        for count in sorted({len(moments) // 3, len(moments) // 2}):
            yield from _leave_out(plan, [span for moment in ranked[:count] for span in moment], spans)


def larger_at_the_edge(plan: Timeline, spans: list[ExposureSpan], _: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield the change that moves exposures towards the edge and enlarges them, so that they are noticed as before.

    Position drives viewers away and size does so less (Teixeira et al. 2010). An exposure moves only as far as a larger
    size can make up for.
    """
    changed = {}
    for span in spans:
        old = plan.exposures[span.exposure_index]
        centre = _capped(old.centre, max(constants.OFF_CENTRE, _least_centre(old)))
        if centre != old.centre:
            area_share = ValueInterval(_grown(old, centre, "low"), _grown(old, centre, "high"))
            changed[span.exposure_index] = replace(old, centre=centre, area_share=area_share)
    if not changed:
        return
    sizes = [exposure.area_share for exposure in changed.values()]
    least, most = min(size.low for size in sizes), max(size.high for size in sizes)
    size_text = share(least, most)
    yield _change(
        "edge_larger",
        plan,
        spans,
        changed,
        most,
        "把 {0}移向画面边缘并放大（占画面 " + size_text + "）",
        "Move {0} towards the edge of the frame and show it larger (" + size_text + " of the frame)",
    )


def _position_value(centre: float) -> float:
    return 1 - constants.VALUE_CENTRE * (1 - centre)


def _least_centre(exposure: Exposure) -> float:
    """Return how near the middle an exposure has to stay so that size can make up for the rest: beyond VALUE_AREA_FULL
    a larger size adds nothing to prominence."""
    if exposure.kind is ExposureKind.SPEECH:
        return 1.0
    size: float = min(1.0, exposure.area_share.high / constants.VALUE_AREA_FULL) ** constants.SIZE_EXPONENT
    return _rounded_up(1 - (1 - _position_value(exposure.centre.high) * size) / constants.VALUE_CENTRE, 1_000)


def _grown(old: Exposure, centre: ValueInterval, end: Literal["low", "high"]) -> float:
    """Return the share of the frame that makes up for the new position (prominence.py)."""
    area: float = getattr(old.area_share, end)
    lost: float = _position_value(getattr(old.centre, end)) / _position_value(getattr(centre, end))
    factor: float = lost ** (1 / constants.SIZE_EXPONENT)
    return max(area, _rounded_up(min(constants.VALUE_AREA_FULL, area * factor), 10_000))


def _rounded_up(value: float, parts: int) -> float:
    """Round up to a multiple of 1 / ``parts`` that people can read; a rounding error above such a multiple is
    ignored."""
    return ceil(value * parts - 1e-7) / parts


def _change(
    action: str,
    plan: Timeline,
    spans: Sequence[ExposureSpan],
    changed: dict[int, Exposure],
    value: float | None,
    zh: str,
    en: str,
) -> PlanChange:
    """Return the change of some exposures, by their index; in its sentences {0} stands for those of the spans."""
    meant = [span for span in spans if span.exposure_index in changed]
    exposures = tuple(changed.get(index, exposure) for index, exposure in enumerate(plan.exposures))
    return PlanChange(
        action, _indexes(meant), value, *_told(meant, Bilingual(zh, en)), replace(plan, exposures=exposures)
    )


def _told(meant: Sequence[ExposureSpan], text: Bilingual) -> tuple[str, str]:
    names = where(sorted(meant))
    return text.zh.format(names.zh), text.en.format(names.en)


def _indexes(spans: Sequence[ExposureSpan]) -> tuple[int, ...]:
    return tuple(sorted(span.exposure_index for span in spans))


def _replaced(plan: Timeline, spans: Sequence[ExposureSpan], **fields: Callable[[Any], Any]) -> dict[int, Exposure]:
    """Return the exposures, by their index, in which one of the fields is another after its function."""
    changed = {}
    for span in spans:
        old = plan.exposures[span.exposure_index]
        new = replace(old, **{name: change(getattr(old, name)) for name, change in fields.items()})
        if new != old:
            changed[span.exposure_index] = new
    return changed


def _capped(interval: ValueInterval, most: float) -> ValueInterval:
    return ValueInterval(min(interval.low, most), min(interval.high, most))


def _shorten(plan: Timeline, moment: list[ExposureSpan], _: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Cut what shares seconds to a part of its length, with everything in it as far from its beginning as it was."""
    first = min(span.earliest for span in moment)
    longest = max(span.earliest + span.seconds for span in moment) - first
    for left, zh, en in (
        (constants.SHORTENED_LITTLE, "缩短四分之一", "by a quarter"),
        (constants.SHORTENED, "缩短一半", "to half"),
    ):
        length = number(longest * left)
        yield _change(
            "shorten",
            plan,
            moment,
            {span.exposure_index: _cut(plan.exposures[span.exposure_index], first, left) for span in moment},
            longest * left,
            f"把 {{0}}{zh}（约 {length} 秒）",
            f"Cut {{0}} {en} (to about {length} s)",
        )


def _cut(exposure: Exposure, first: float, left: float) -> Exposure:
    """Return an exposure cut to a part of its length and of its distance from the moment's first second."""
    start, seconds = exposure.start_s, exposure.seconds
    return replace(
        exposure,
        start_s=ValueInterval(first + left * (start.low - first), first + left * (start.high - first)),
        seconds=ValueInterval(left * seconds.low, left * seconds.high),
    )


def _off_centre(plan: Timeline, some: list[ExposureSpan], _: list[ExposureSpan]) -> Iterator[PlanChange]:
    changed = _replaced(plan, some, centre=lambda centre: _capped(centre, constants.OFF_CENTRE))
    if changed:
        yield _change(
            "off_centre",
            plan,
            some,
            changed,
            constants.OFF_CENTRE,
            "把 {0}移到画面边缘",
            "Move {0} to the edge of the frame",
        )


def _to_the_end(plan: Timeline, moment: list[ExposureSpan], spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Move what shares seconds towards the end of the video, unless something is there or most viewers have left."""
    length, begin = plan.duration_s, min(span.earliest for span in moment)
    moved = [plan.exposures[span.exposure_index] for span in moment]
    first = min(exposure.start_s.low for exposure in moved)
    last = max(exposure.start_s.high + exposure.seconds.high for exposure in moved)
    delay = min(constants.END_FROM * length - first, length - last)
    start = begin + delay
    watching = still_watching(start, length) / still_watching(begin, length)
    others = [plan.exposures[span.exposure_index] for span in spans if span not in moment]
    taken = any(
        other.start_s.low < last + delay and other.start_s.high + other.seconds.high > first + delay for other in others
    )
    if taken or delay <= ROUNDING_S or start <= constants.HEART_UNTIL * length or watching < constants.PROMINENCE_LEAST:
        return
    changed = {
        span.exposure_index: replace(
            exposure, start_s=ValueInterval(exposure.start_s.low + delay, exposure.start_s.high + delay)
        )
        for span, exposure in zip(moment, moved, strict=True)
    }
    yield _change(
        "to_the_end",
        plan,
        moment,
        changed,
        start,
        f"把 {{0}}移到片尾（{stamp(start)} 起；原来的观众约有 {watching:.0%} 还在看）",
        f"Move {{0}} to the end of the video (from {stamp(start)}; about {watching:.0%} of those who see it now are "
        "still watching)",
    )


def _less_selling(plan: Timeline, some: list[ExposureSpan], _: list[ExposureSpan]) -> Iterator[PlanChange]:
    calls = _replaced(plan, some, cta=lambda _: False)
    if calls:
        yield _change("no_call", plan, some, calls, None, "去掉 {0}里的购买引导", "Leave out the call to buy in {0}")
    claims = _replaced(plan, some, claims=lambda told: _capped(told, 1.0))
    if claims:
        each = " each" if len(claims) > 1 else ""
        yield _change(
            "fewer_claims",
            plan,
            some,
            claims,
            1.0,
            f"{{0}}{'各' if each else ''}最多讲 1 个卖点",
            f"Tell at most one selling point{each} in {{0}}",
        )


def _fewer_mentions(plan: Timeline, some: list[ExposureSpan], _: list[ExposureSpan]) -> Iterator[PlanChange]:
    changed = _replaced(plan, some, mentions=lambda told: _capped(told, 1.0))
    if changed:
        each = " each" if len(changed) > 1 else ""
        yield _change(
            "fewer_mentions",
            plan,
            some,
            changed,
            1.0,
            f"{{0}}{'各' if each else ''}只提一次品牌名",
            f"Name the brand only once{each} in {{0}}",
        )


def _tie(plan: Timeline, some: list[ExposureSpan], _: list[ExposureSpan]) -> Iterator[PlanChange]:
    least = constants.PLOT_LINKED
    changed = _replaced(plan, some, plot=lambda plot: ValueInterval(max(plot.low, least), max(plot.high, least)))
    if changed:
        yield _change("tie_to_plot", plan, some, changed, least, "让 {0}成为剧情的一部分", "Make {0} part of the plot")


def _leave_out(plan: Timeline, some: list[ExposureSpan], spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Leave exposures out, unless they are most of what is planned: that would be another plan, not a change of it."""
    left = {span.exposure_index for span in some}
    rest = [span for span in spans if span.exposure_index not in left]
    if not rest or _weight(some, 0.0) > constants.LEFT_OUT_MOST * _weight(spans, 0.0):
        return
    kept = tuple(exposure for index, exposure in enumerate(plan.exposures) if index not in left)
    yield PlanChange(
        "leave_out",
        _indexes(some),
        None,
        *_told(some, Bilingual("去掉 {0}", "Leave out {0}")),
        replace(plan, exposures=kept),
    )


def _fewer_brands(plan: Timeline, _: list[ExposureSpan], __: list[ExposureSpan]) -> Iterator[PlanChange]:
    brands = ValueInterval(max(1.0, plan.brands.low - 1), max(1.0, plan.brands.high - 1))
    most = number(brands.high)
    zh, en = f"减少一个品牌（最多 {most} 个）", f"Take one brand out ({most} at most)"
    yield from _of_video("fewer_brands", plan, replace(plan, brands=brands), brands.high, Bilingual(zh, en))


def _quieter(plan: Timeline, _: list[ExposureSpan], __: list[ExposureSpan]) -> Iterator[PlanChange]:
    most = constants.LOUD_FREE_LU
    zh, en = f"把广告段音量降到只高 {most:g} LU 以内", f"Lower the placement to within {most:g} LU of the rest"
    quieter = replace(plan, loudness_lu=_capped(plan.loudness_lu, most))
    yield from _of_video("quieter", plan, quieter, most, Bilingual(zh, en))


def _uncover(plan: Timeline, _: list[ExposureSpan], __: list[ExposureSpan]) -> Iterator[PlanChange]:
    text = Bilingual("不要遮挡人脸和字幕", "Keep faces and subtitles free")
    yield from _of_video("uncover", plan, replace(plan, occlusion_share=ZERO), 0.0, text)


def _of_video(action: str, plan: Timeline, changed: Timeline, value: float, text: Bilingual) -> Iterator[PlanChange]:
    """Yield a change of the whole video, unless it changes nothing."""
    if changed != plan:
        yield PlanChange(action, (), value, text.zh, text.en, changed)


def _less_interrupting(plan: Timeline, moment: list[ExposureSpan], spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    yield from _off_centre(plan, moment, spans)
    yield from _to_the_end(plan, moment, spans)


# Makes changes of the exposures in its second argument, of all that the third holds.
_Changes = Callable[[Timeline, list[ExposureSpan], list[ExposureSpan]], Iterator[PlanChange]]
_CHANGES: dict[str, _Changes] = {
    "time": _shorten,
    "interrupt": _less_interrupting,
    "misplaced": _tie,
    "selling": _less_selling,
    "run": _shorten,
    "named": _fewer_mentions,
    "clutter": _fewer_brands,
    "loud": _quieter,
    "occl": _uncover,
}
_OF_VIDEO: tuple[_Changes, ...] = (_quieter, _uncover, _fewer_brands)
_OF_MANY: tuple[_Changes, ...] = (_off_centre, larger_at_the_edge, _less_selling, _tie)
_OF_MOMENT: tuple[_Changes, ...] = (
    _shorten,
    _off_centre,
    larger_at_the_edge,
    _to_the_end,
    _less_selling,
    _fewer_mentions,
    _tie,
    _leave_out,
)
