"""Changes a creator could make to a plan, factor by factor; the caller scores them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import ExposureSpan, early, runs
from marketplace.intrusiveness.messages import number, share, stamp, where
from marketplace.intrusiveness.timeline import EXPOSURES_MAX, ZERO, Exposure, ExposureKind, Timeline, ValueInterval


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


def drivers(code: str, spans: list[ExposureSpan], length: float) -> list[ExposureSpan]:
    """Return the exposures that drive a factor, the weightiest first.

    ``spans``: not empty, with exact starts. ``length``: of the video, in seconds.
    """
    if code == "run":
        return max(runs(spans), key=lambda run: run.end - run.start).spans
    ranked = sorted(((_contribution(code, span, length), span) for span in spans), key=lambda pair: -pair[0])
    return [span for contribution, span in ranked if contribution > 0] or [ranked[0][1]]


def _contribution(code: str, span: ExposureSpan, length: float) -> float:
    match code:
        case "peak":
            return span.visual * min(constants.PEAK_WINDOW_S, span.seconds)
        case "early":
            return early(span, length, "mid")
        case "info":
            return span.claims
        case "spoken":
            return span.loose_mentions
        case "repeat":
            return float(span.hit)
        case _:
            return span.weight * span.seconds


def changes(code: str, plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield changes that may ease a factor, given its drivers, the mildest first; each results in a valid plan."""
    yield from _CHANGES[code](plan, driving)


def changes_of_one(plan: Timeline, span: ExposureSpan) -> Iterator[PlanChange]:
    """Yield changes of one exposure alone, whatever factor they ease; each results in a valid plan."""
    yield _shorten(plan, [span], constants.SHORTENED_LITTLE)
    yield _shorten(plan, [span])
    if plan.exposures[span.exposure_index].centre.high > constants.OFF_CENTRE:
        yield _off_centre(plan, [span])
    yield from larger_at_the_edge(plan, [span])
    if span.claims > 0:
        yield _fewer_claims(plan, [span])
    yield from _later(plan, [span])
    yield from _leave_out(plan, [span])


def larger_at_the_edge(plan: Timeline, spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Yield the change that moves exposures towards the edge and enlarges them, so that they are noticed as before.

    Position drives viewers away and size does not (Teixeira et al. 2010). An exposure moves only as far as a larger
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
    moved = [span for span in spans if span.exposure_index in changed]
    stamps = where(moved)
    sizes = [exposure.area_share for exposure in changed.values()]
    least, most = min(size.low for size in sizes), max(size.high for size in sizes)
    size_text = share(least, most)
    yield PlanChange(
        "edge_larger",
        _indexes(moved),
        most,
        f"把 {stamps.zh} 移向画面边缘并放大（占画面 {size_text}）",
        f"Move {stamps.en} towards the edge of the frame and show it larger ({size_text} of the frame)",
        _with(plan, changed),
    )


def _position_value(centre: float) -> float:
    return 1 - constants.VALUE_CENTRE * (1 - centre)


def _least_centre(exposure: Exposure) -> float:
    """Return how near the middle an exposure has to stay so that size can make up for the rest: beyond AREA_FULL a
    larger size adds nothing to prominence."""
    if exposure.kind is ExposureKind.SPEECH:
        return 1.0
    size: float = min(1.0, exposure.area_share.high / constants.AREA_FULL) ** constants.SIZE_EXPONENT
    return _rounded_up(1 - (1 - _position_value(exposure.centre.high) * size) / constants.VALUE_CENTRE, 1_000)


def _grown(old: Exposure, centre: ValueInterval, end: Literal["low", "high"]) -> float:
    """Return the share of the frame that makes up for the new position (prominence.py)."""
    area: float = getattr(old.area_share, end)
    lost: float = _position_value(getattr(old.centre, end)) / _position_value(getattr(centre, end))
    factor: float = lost ** (1 / constants.SIZE_EXPONENT)
    return max(area, _rounded_up(min(constants.AREA_FULL, area * factor), 10_000))


def _rounded_up(value: float, parts: int) -> float:
    """Round up to a multiple of 1 / ``parts`` that people can read; a rounding error above such a multiple is
    ignored."""
    return ceil(value * parts - 1e-7) / parts


def _less_load(plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    # Exposures that overlap have to be cut together, or the ad seconds remain.
    weightiest = driving[0]
    end = weightiest.earliest + weightiest.seconds
    yield _shorten(
        plan,
        [span for span in driving if span.earliest < end and weightiest.earliest < span.earliest + span.seconds],
    )


def _less_peak(plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    central = [span for span in driving if plan.exposures[span.exposure_index].centre.high > constants.OFF_CENTRE]
    for some in _weightiest_and_all(central):
        yield _off_centre(plan, some)


def _less_early(plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _weightiest_and_all(driving):
        yield from _later(plan, some)


def _less_info(plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _weightiest_and_all(driving):
        yield _fewer_claims(plan, some)


def _less_run(plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    yield from _split(plan, driving)
    yield _shorten(plan, driving)


def _less_spoken(plan: Timeline, driving: list[ExposureSpan]) -> Iterator[PlanChange]:
    for some in _weightiest_and_all(driving):
        yield _tie(plan, some)


def _uncover(plan: Timeline, _: list[ExposureSpan]) -> Iterator[PlanChange]:
    free = replace(plan, occlusion_share=ZERO)
    yield PlanChange("uncover", (), 0.0, "不要遮挡人脸和字幕", "Keep faces and subtitles free", free)


def _weightiest_and_all(driving: list[ExposureSpan]) -> list[list[ExposureSpan]]:
    return [driving[:1], driving] if len(driving) > 1 else [driving] if driving else []


def _with(plan: Timeline, changed: dict[int, Exposure]) -> Timeline:
    exposures = tuple(changed.get(index, exposure) for index, exposure in enumerate(plan.exposures))
    return replace(plan, exposures=exposures)


def _indexes(spans: Sequence[ExposureSpan]) -> tuple[int, ...]:
    return tuple(sorted(span.exposure_index for span in spans))


def _scaled(interval: ValueInterval, factor: float) -> ValueInterval:
    return ValueInterval(interval.low * factor, interval.high * factor)


def _shifted(interval: ValueInterval, seconds: float) -> ValueInterval:
    return ValueInterval(interval.low + seconds, interval.high + seconds)


def _capped(interval: ValueInterval, most: float) -> ValueInterval:
    return ValueInterval(min(interval.low, most), min(interval.high, most))


def _shorten(plan: Timeline, spans: list[ExposureSpan], remaining: float = constants.SHORTENED) -> PlanChange:
    changed = {}
    for span in spans:
        old = plan.exposures[span.exposure_index]
        changed[span.exposure_index] = replace(old, seconds=_scaled(old.seconds, remaining))
    longest = max(span.seconds for span in spans) * remaining
    stamps = where(spans)
    half = remaining == constants.SHORTENED
    zh_length, en_length = ("缩短一半", "to half") if half else (f"缩短到 {remaining:.0%}", f"to {remaining:.0%}")
    return PlanChange(
        "shorten",
        _indexes(spans),
        longest,
        f"把 {stamps.zh} {zh_length}（不超过约 {number(longest)} 秒）",
        f"Cut {stamps.en} {en_length} (no more than about {number(longest)} s)",
        _with(plan, changed),
    )


def _off_centre(plan: Timeline, spans: list[ExposureSpan]) -> PlanChange:
    changed = {}
    for span in spans:
        old = plan.exposures[span.exposure_index]
        changed[span.exposure_index] = replace(old, centre=_capped(old.centre, constants.OFF_CENTRE))
    stamps = where(spans)
    return PlanChange(
        "off_centre",
        _indexes(spans),
        constants.OFF_CENTRE,
        f"把 {stamps.zh} 移到画面边缘",
        f"Move {stamps.en} to the edge of the frame",
        _with(plan, changed),
    )


def _later(plan: Timeline, spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Move exposures by the same seconds, so that what belongs together stays together."""
    moved = [plan.exposures[span.exposure_index] for span in spans]
    start = min(exposure.start_s.low for exposure in moved)
    room = plan.duration_s - max(exposure.start_s.high + exposure.seconds.high for exposure in moved)
    delay = min(constants.EARLY_WINDOW * plan.duration_s - start, room)
    if delay <= 0:
        return
    changed = {
        span.exposure_index: replace(old, start_s=_shifted(old.start_s, delay))
        for span, old in zip(spans, moved, strict=True)
    }
    stamps = where(spans)
    yield PlanChange(
        "later",
        _indexes(spans),
        start + delay,
        f"把 {stamps.zh} 推迟到 {stamp(start + delay)} 以后",
        f"Begin {stamps.en} at {stamp(start + delay)} or later",
        _with(plan, changed),
    )


def _fewer_claims(plan: Timeline, spans: list[ExposureSpan]) -> PlanChange:
    changed = {}
    keep = 1.0 if any(span.claims > 1 for span in spans) else 0.0
    for span in spans:
        old = plan.exposures[span.exposure_index]
        changed[span.exposure_index] = replace(old, claims=_capped(old.claims, keep))
    stamps = where(spans)
    zh, en = f"{stamps.zh} 不讲卖点", f"Tell no selling point in {stamps.en}"
    if keep:
        zh, en = f"{stamps.zh} 每处最多讲 1 个卖点", f"Tell at most one selling point in each of {stamps.en}"
    return PlanChange("fewer_claims", _indexes(spans), keep, zh, en, _with(plan, changed))


def _split(plan: Timeline, spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    """Put a pause into the middle of a run; what follows moves on by as much. Needs room at the end of the video."""
    start = min(span.earliest for span in spans)
    cut = (start + max(span.earliest + span.seconds for span in spans)) / 2
    exposures: list[Exposure] = []
    for old in plan.exposures:
        old_start, length = old.start_s.mid, old.seconds.mid
        if old_start < cut < old_start + length:
            kept = (cut - old_start) / length
            first_part = replace(old, seconds=_scaled(old.seconds, kept))
            start_s = ValueInterval(
                old.start_s.low + old.seconds.low * kept + constants.PULSE_GAP_S,
                old.start_s.high + old.seconds.high * kept + constants.PULSE_GAP_S,
            )
            rest = _scaled(old.seconds, 1 - kept)
            # Mentions and selling points happen once: they stay with the first part.
            exposures += [first_part, replace(old, start_s=start_s, seconds=rest, claims=ZERO, mentions=ZERO)]
        elif old_start >= cut:
            exposures.append(replace(old, start_s=_shifted(old.start_s, constants.PULSE_GAP_S)))
        else:
            exposures.append(old)
    ends = (exposure.start_s.high + exposure.seconds.high for exposure in exposures)
    if len(exposures) > EXPOSURES_MAX or any(end > plan.duration_s for end in ends):
        return
    pause = number(constants.PULSE_GAP_S)
    yield PlanChange(
        "split",
        _indexes(spans),
        constants.PULSE_GAP_S,
        f"在 {stamp(cut)} 处断开 {pause} 秒，分成两段",
        f"Pause for {pause} s at {stamp(cut)}, so that it becomes two",
        replace(plan, exposures=tuple(exposures)),
    )


def _fewer_brands(plan: Timeline, _: list[ExposureSpan]) -> Iterator[PlanChange]:
    brands = ValueInterval(max(1.0, plan.brands.low - 1), max(1.0, plan.brands.high - 1))
    if brands != plan.brands:
        most = number(brands.high)
        yield PlanChange(
            "fewer_brands",
            (),
            brands.high,
            f"减少一个品牌（最多 {most} 个）",
            f"Take one brand out ({most} at most)",
            replace(plan, brands=brands),
        )


def _tie(plan: Timeline, spans: list[ExposureSpan]) -> PlanChange:
    changed = {}
    for span in spans:
        old = plan.exposures[span.exposure_index]
        plot = ValueInterval(max(old.plot.low, constants.PLOT_LINKED), max(old.plot.high, constants.PLOT_LINKED))
        changed[span.exposure_index] = replace(old, plot=plot)
    stamps = where(spans)
    return PlanChange(
        "tie_to_plot",
        _indexes(spans),
        constants.PLOT_LINKED,
        f"让 {stamps.zh} 的口播成为剧情的一部分",
        f"Make what is said in {stamps.en} part of the plot",
        _with(plan, changed),
    )


def _quieter(plan: Timeline, _: list[ExposureSpan]) -> Iterator[PlanChange]:
    free = number(constants.LOUD_FREE_LU)
    yield PlanChange(
        "quieter",
        (),
        constants.LOUD_FREE_LU,
        f"把广告段音量降到只高 {free} LU 以内",
        f"Lower the placement to within {free} LU of the rest",
        replace(plan, loudness_lu=_capped(plan.loudness_lu, constants.LOUD_FREE_LU)),
    )


def _leave_out(plan: Timeline, spans: list[ExposureSpan]) -> Iterator[PlanChange]:
    if len(plan.exposures) < 2:
        return
    shortest = min(spans, key=lambda span: span.seconds)
    stamps = where([shortest])
    kept = tuple(exposure for index, exposure in enumerate(plan.exposures) if index != shortest.exposure_index)
    yield PlanChange(
        "leave_out",
        (shortest.exposure_index,),
        None,
        f"去掉 {stamps.zh} 这一处",
        f"Leave out {stamps.en}",
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
