"""Changes a creator could make to a plan, factor by factor; scoring them is the caller's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.factors import ExposureSpan, early, runs
from marketplace.intrusiveness.messages import number, share, stamp, where
from marketplace.intrusiveness.timeline import EXPOSURES_MAX, ZERO, Exposure, ExposureKind, Timeline, ValueInterval


@dataclass(frozen=True)
class PlanChange:
    """One change: ``action`` on the exposures numbered (none: the whole video), its new value in the field's unit
    (None where it has none), its sentences without full stop, and the plan that results."""

    action: str
    exposures: tuple[int, ...]
    value: float | None
    zh: str
    en: str
    plan: Timeline


def drivers(code: str, found: list[ExposureSpan], length: float) -> list[ExposureSpan]:
    """Return the exposures (exact, not empty) that make a factor what it is, the weightiest first."""
    if code == "run":
        return max(runs(found), key=lambda run: run[1] - run[0])[2]
    ranked = sorted(((_part(code, one, length), one) for one in found), key=lambda pair: -pair[0])
    return [one for part, one in ranked if part > 0] or [ranked[0][1]]


def _part(code: str, one: ExposureSpan, length: float) -> float:
    match code:
        case "peak":
            return one.visual * min(c.PEAK_WINDOW_S, one.seconds)
        case "early":
            return early(one, length, "mid")
        case "info":
            return one.claims
        case "spoken":
            return one.loose
        case "repeat":
            return float(one.hit)
        case _:
            return one.weight * one.seconds


def changes(code: str, plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield changes that may ease a factor, given its drivers, the mildest first; each results in a valid plan."""
    yield from _CHANGES[code](plan, who)


def changes_of_one(plan: Timeline, one: ExposureSpan) -> Iterator[PlanChange]:
    """Yield changes of one exposure alone, whatever factor they ease; each results in a valid plan."""
    yield _shorten(plan, [one], c.SHORTENED_LITTLE)
    yield _shorten(plan, [one])
    if plan.exposures[one.place].centre.high > c.OFF_CENTRE:
        yield _off_centre(plan, [one])
    yield from larger_at_the_edge(plan, [one])
    if one.claims > 0:
        yield _fewer_claims(plan, [one])
    yield from _later(plan, [one])
    yield from _leave_out(plan, [one])


def larger_at_the_edge(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Move exposures towards the edge, as far as a larger size makes up for it in what is noticed: position drives
    viewers away and size does not (Teixeira et al. 2010)."""
    changed = {}
    for one in who:
        was = plan.exposures[one.place]
        edge = _capped(was.centre, max(c.OFF_CENTRE, _made_up(was)))
        if edge != was.centre:
            low, high = (_grown(was, edge, end) for end in ("low", "high"))
            changed[one.place] = replace(was, centre=edge, area_share=ValueInterval(low, high))
    if not changed:
        return
    moved = [one for one in who if one.place in changed]
    zh_where, en_where = where(moved)
    sizes = [one.area_share for one in changed.values()]
    least, most = min(size.low for size in sizes), max(size.high for size in sizes)
    told = share(least, most)
    yield PlanChange(
        "edge_larger",
        _places(moved),
        most,
        f"把 {zh_where} 移向画面边缘并放大（占画面 {told}）",
        f"Move {en_where} towards the edge of the frame and show it larger ({told} of the frame)",
        _with(plan, changed),
    )


def _place_value(centre: float) -> float:
    return 1 - c.VALUE_CENTRE * (1 - centre)


def _made_up(one: Exposure) -> float:
    """Return how near the middle an exposure has to stay so that size can make up for the rest: beyond AREA_FULL it
    adds nothing to what is noticed."""
    if one.kind is ExposureKind.SPEECH:
        return 1.0
    size: float = min(1.0, one.area_share.high / c.AREA_FULL) ** c.SIZE_EXPONENT
    return _up(1 - (1 - _place_value(one.centre.high) * size) / c.VALUE_CENTRE, 1_000)


def _grown(was: Exposure, edge: ValueInterval, end: Literal["low", "high"]) -> float:
    """Return the share of the frame that makes up for the new place (prominence.py)."""
    area: float = getattr(was.area_share, end)
    by: float = (_place_value(getattr(was.centre, end)) / _place_value(getattr(edge, end))) ** (1 / c.SIZE_EXPONENT)
    return max(area, _up(min(c.AREA_FULL, area * by), 10_000))


def _up(value: float, parts: int) -> float:
    """Round up to parts of one that people can read; what lies a rounding error over such a part is that part."""
    return ceil(value * parts - 1e-7) / parts


def _less_load(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    # What is seen and heard together has to be cut together, or the seconds stay.
    end = who[0].first + who[0].seconds
    yield _shorten(plan, [one for one in who if one.first < end and who[0].first < one.first + one.seconds])


def _less_peak(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _one_and_all([one for one in who if plan.exposures[one.place].centre.high > c.OFF_CENTRE]):
        yield _off_centre(plan, some)


def _less_early(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _one_and_all(who):
        yield from _later(plan, some)


def _less_info(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _one_and_all(who):
        yield _fewer_claims(plan, some)


def _less_run(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    yield from _split(plan, who)
    yield _shorten(plan, who)


def _less_spoken(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _one_and_all(who):
        yield _tie(plan, some)


def _uncover(plan: Timeline, _: list[ExposureSpan]) -> Iterator[PlanChange]:
    free = replace(plan, occlusion_share=ZERO)
    yield PlanChange("uncover", (), 0.0, "不要遮挡人脸和字幕", "Keep faces and subtitles free", free)


def _one_and_all(who: list[ExposureSpan]) -> list[list[ExposureSpan]]:
    return [who[:1], who] if len(who) > 1 else [who] if who else []


def _with(plan: Timeline, changed: dict[int, Exposure]) -> Timeline:
    return replace(plan, exposures=tuple(changed.get(at, one) for at, one in enumerate(plan.exposures)))


def _places(who: Sequence[ExposureSpan]) -> tuple[int, ...]:
    return tuple(sorted(one.place for one in who))


def _scaled(value: ValueInterval, by: float) -> ValueInterval:
    return ValueInterval(value.low * by, value.high * by)


def _capped(value: ValueInterval, most: float) -> ValueInterval:
    return ValueInterval(min(value.low, most), min(value.high, most))


def _shorten(plan: Timeline, who: list[ExposureSpan], left: float = c.SHORTENED) -> PlanChange:
    changed = {
        one.place: replace(plan.exposures[one.place], seconds=_scaled(plan.exposures[one.place].seconds, left))
        for one in who
    }
    longest = max(one.seconds for one in who) * left
    zh_where, en_where = where(who)
    zh_left, en_left = ("缩短一半", "to half") if left == c.SHORTENED else (f"缩短到 {left:.0%}", f"to {left:.0%}")
    return PlanChange(
        "shorten",
        _places(who),
        longest,
        f"把 {zh_where} {zh_left}（不超过约 {number(longest)} 秒）",
        f"Cut {en_where} {en_left} (no more than about {number(longest)} s)",
        _with(plan, changed),
    )


def _off_centre(plan: Timeline, who: list[ExposureSpan]) -> PlanChange:
    changed = {}
    for one in who:
        was = plan.exposures[one.place]
        changed[one.place] = replace(was, centre=_capped(was.centre, c.OFF_CENTRE))
    zh_where, en_where = where(who)
    return PlanChange(
        "off_centre",
        _places(who),
        c.OFF_CENTRE,
        f"把 {zh_where} 移到画面边缘",
        f"Move {en_where} to the edge of the frame",
        _with(plan, changed),
    )


def _later(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Move exposures together, so that what belongs together stays together."""
    moved = [plan.exposures[one.place] for one in who]
    begin = min(one.start_s.low for one in moved)
    room = plan.duration_s - max(one.start_s.high + one.seconds.high for one in moved)
    by = min(c.EARLY_WINDOW * plan.duration_s - begin, room)
    if by <= 0:
        return
    changed = {
        one.place: replace(was, start_s=ValueInterval(was.start_s.low + by, was.start_s.high + by))
        for one, was in zip(who, moved, strict=True)
    }
    zh_where, en_where = where(who)
    yield PlanChange(
        "later",
        _places(who),
        begin + by,
        f"把 {zh_where} 推迟到 {stamp(begin + by)} 以后",
        f"Begin {en_where} at {stamp(begin + by)} or later",
        _with(plan, changed),
    )


def _fewer_claims(plan: Timeline, who: list[ExposureSpan]) -> PlanChange:
    changed = {}
    keep = 1.0 if any(one.claims > 1 for one in who) else 0.0
    for one in who:
        was = plan.exposures[one.place]
        changed[one.place] = replace(was, claims=_capped(was.claims, keep))
    zh_where, en_where = where(who)
    zh, en = f"{zh_where} 不讲卖点", f"Tell no selling point in {en_where}"
    if keep:
        zh, en = f"{zh_where} 每处最多讲 1 个卖点", f"Tell at most one selling point in each of {en_where}"
    return PlanChange("fewer_claims", _places(who), keep, zh, en, _with(plan, changed))


def _split(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Put a pause into the middle of a run; what follows moves on by as much. Needs room at the end of the video."""
    begin = min(one.first for one in who)
    cut = (begin + max(one.first + one.seconds for one in who)) / 2
    parts: list[Exposure] = []
    for was in plan.exposures:
        start, length = was.start_s.mid, was.seconds.mid
        if start < cut < start + length:
            kept = (cut - start) / length
            first = replace(was, seconds=_scaled(was.seconds, kept))
            start_s = ValueInterval(
                was.start_s.low + was.seconds.low * kept + c.PULSE_GAP_S,
                was.start_s.high + was.seconds.high * kept + c.PULSE_GAP_S,
            )
            rest = _scaled(was.seconds, 1 - kept)
            # Names and selling points are told once, in the first part.
            parts += [first, replace(was, start_s=start_s, seconds=rest, claims=ZERO, mentions=ZERO)]
        elif start >= cut:
            later = ValueInterval(was.start_s.low + c.PULSE_GAP_S, was.start_s.high + c.PULSE_GAP_S)
            parts.append(replace(was, start_s=later))
        else:
            parts.append(was)
    if len(parts) > EXPOSURES_MAX or any(one.start_s.high + one.seconds.high > plan.duration_s for one in parts):
        return
    yield PlanChange(
        "split",
        _places(who),
        c.PULSE_GAP_S,
        f"在 {stamp(cut)} 处断开 {number(c.PULSE_GAP_S)} 秒，分成两段",
        f"Pause for {number(c.PULSE_GAP_S)} s at {stamp(cut)}, so that it becomes two",
        replace(plan, exposures=tuple(parts)),
    )


def _fewer_brands(plan: Timeline, _: list[ExposureSpan]) -> Iterator[PlanChange]:
    fewer = ValueInterval(max(1.0, plan.brands.low - 1), max(1.0, plan.brands.high - 1))
    if fewer != plan.brands:
        told = number(fewer.high)
        yield PlanChange(
            "fewer_brands",
            (),
            fewer.high,
            f"减少一个品牌（最多 {told} 个）",
            f"Take one brand out ({told} at most)",
            replace(plan, brands=fewer),
        )


def _tie(plan: Timeline, who: list[ExposureSpan]) -> PlanChange:
    changed = {}
    for one in who:
        was = plan.exposures[one.place]
        tied = ValueInterval(max(was.plot.low, c.PLOT_LINKED), max(was.plot.high, c.PLOT_LINKED))
        changed[one.place] = replace(was, plot=tied)
    zh_where, en_where = where(who)
    return PlanChange(
        "tie_to_plot",
        _places(who),
        c.PLOT_LINKED,
        f"让 {zh_where} 的口播成为剧情的一部分",
        f"Make what is said in {en_where} part of the plot",
        _with(plan, changed),
    )


def _quieter(plan: Timeline, _: list[ExposureSpan]) -> Iterator[PlanChange]:
    yield PlanChange(
        "quieter",
        (),
        c.LOUD_FREE_LU,
        f"把广告段音量降到只高 {number(c.LOUD_FREE_LU)} LU 以内",
        f"Lower the placement to within {number(c.LOUD_FREE_LU)} LU of the rest",
        replace(plan, loudness_lu=_capped(plan.loudness_lu, c.LOUD_FREE_LU)),
    )


def _leave_out(plan: Timeline, who: list[ExposureSpan]) -> Iterator[PlanChange]:
    if len(plan.exposures) < 2:
        return
    one = min(who, key=lambda one: one.seconds)
    zh_where, en_where = where([one])
    kept = tuple(was for at, was in enumerate(plan.exposures) if at != one.place)
    yield PlanChange(
        "leave_out",
        (one.place,),
        None,
        f"去掉 {zh_where} 这一处",
        f"Leave out {en_where}",
        replace(plan, exposures=kept),
    )


_CHANGES: dict[str, Callable[[Timeline, list[ExposureSpan]], Iterator[PlanChange]]] = {
    "load": _less_load,
    "peak": _less_peak,
    "early": _less_early,
    "info": _less_info,
    "run": _less_run,
    "clutter": _fewer_brands,
    "spoken": _less_spoken,
    "loud": _quieter,
    "occl": _uncover,
    "repeat": _leave_out,
}
