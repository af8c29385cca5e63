"""What a factor says to people: where in the video, how much, how many points; in Chinese and in English."""

from collections.abc import Callable, Sequence

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.factors import ExposureSpan

STAMPS_MAX = 3


def stamp(seconds: float) -> str:
    """Return a moment as mm:ss, to the nearest second, minutes running on past the hour."""
    whole = int(seconds + 0.5 + 1e-6)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def number(value: float) -> str:
    """Return a number with at most one decimal."""
    shown = f"{value:.1f}"
    return "0" if shown == "-0.0" else shown.removesuffix(".0")


def between(low: float, high: float) -> str:
    """Return a range, or one number where both ends read the same."""
    first, last = number(low), number(high)
    return first if first == last else f"{first}–{last}"


def share(low: float, high: float) -> str:
    return between(100 * low, 100 * high) + "%"


def where(found: Sequence[ExposureSpan]) -> tuple[str, str]:
    """Return the time stamps of up to three stretches, by time, in Chinese and in English punctuation."""
    parts: list[str] = []
    for one in found:
        told = f"{stamp(one.first)}–{stamp(one.first + one.seconds)}"
        if told not in parts:
            parts.append(told)
        if len(parts) > STAMPS_MAX:
            break
    more = len(parts) > STAMPS_MAX
    named = sorted(parts[:STAMPS_MAX], key=lambda text: (len(text), text))
    return "、".join(named) + (" 等处" if more else ""), ", ".join(named) + (" and elsewhere" if more else "")


Text = Callable[[float, float, float], tuple[str, str]]


def _load(low: float, high: float, length: float) -> tuple[str, str]:
    told, part, most = between(low, high), share(low / length, high / length), number(100 * c.LOAD_FULL)
    return (
        f"全片 {number(length)} 秒里相当于 {told} 秒广告，占 {part}（到 {most}% 计满分）",
        f"{told} s of the {number(length)} s are ad-equivalent, {part} ({most}% counts in full)",
    )


def _peak(low: float, high: float, _: float) -> tuple[str, str]:
    part, window = share(low, high), number(c.PEAK_WINDOW_S)
    return (
        f"画面最醒目的 {window} 秒突出程度为 {part}（位置越居中、越抢眼越高）",
        f"the most striking {window} s reach {part} of full prominence (central and eye-catching counts most)",
    )


def _early(low: float, high: float, length: float) -> tuple[str, str]:
    part, until = share(low, high), stamp(c.EARLY_WINDOW * length)
    return (
        f"品牌在开头 {until} 之前就出现，过早程度为 {part}",
        f"the brand comes before {until}; how early: {part}",
    )


def _info(low: float, high: float, _: float) -> tuple[str, str]:
    told = between(low, high)
    return (
        f"讲了 {told} 个卖点（到 {number(c.INFO_FULL)} 个计满分）",
        f"{told} selling points are told ({number(c.INFO_FULL)} count in full)",
    )


def _run(low: float, high: float, _: float) -> tuple[str, str]:
    told = between(low, high)
    return (
        f"最长连续露出 {told} 秒（{number(c.RUN_FREE_S)} 秒以内不计，{number(c.RUN_FULL_S)} 秒计满分）",
        f"the longest stretch lasts {told} s "
        f"({number(c.RUN_FREE_S)} s are free, {number(c.RUN_FULL_S)} s count in full)",
    )


def _clutter(low: float, high: float, _: float) -> tuple[str, str]:
    told = between(low, high)
    return f"一条视频里有 {told} 个品牌", f"{told} brands share one video"


def _spoken(low: float, high: float, _: float) -> tuple[str, str]:
    told = between(low, high)
    return f"与剧情脱节的口播提及 {told} 次", f"the brand is named {told} times outside the plot"


def _loud(low: float, high: float, _: float) -> tuple[str, str]:
    told = between(low, high)
    return (
        f"广告段比其余部分响 {told} LU（{number(c.LOUD_FREE_LU)} LU 以内不计）",
        f"the placement is {told} LU louder than the rest ({number(c.LOUD_FREE_LU)} LU is free)",
    )


def _occl(low: float, high: float, _: float) -> tuple[str, str]:
    part = share(low, high)
    return f"露出时间里有 {part} 遮挡人脸或字幕", f"{part} of brand time covers a face or a subtitle"


def _repeat(low: float, high: float, _: float) -> tuple[str, str]:
    told = between(low, high)
    return (
        f"醒目露出或口播共 {told} 次（第 1 次不计）",
        f"{told} striking or spoken appearances (the first is free)",
    )


_TEXTS: dict[str, Text] = {
    "load": _load,
    "peak": _peak,
    "early": _early,
    "info": _info,
    "run": _run,
    "clutter": _clutter,
    "spoken": _spoken,
    "loud": _loud,
    "occl": _occl,
    "repeat": _repeat,
}


def explain(
    code: str,
    measured: tuple[float, float],
    gained: tuple[float, float],
    length: float,
    found: Sequence[ExposureSpan],
) -> tuple[str, str]:
    """Return the sentences of one factor: its measure (low, high, natural unit), points (low, high), and where."""
    zh, en = _TEXTS[code](*measured, length)
    zh_where, en_where = where(found)
    told = between(*gained)
    return f"{zh_where}：{zh}，计 {told} 分。", f"{en_where}: {en}; {told} points."


def outcome(zh: str, en: str, before: tuple[float, float], after: tuple[float, float]) -> tuple[str, str]:
    """Return a change's sentences with the score before and after it."""
    was, now = between(*before), between(*after)
    return f"{zh}，侵扰度由 {was} 变为 {now}。", f"{en}; the score goes from {was} to {now}."


BANDS = {"low": ("低", "low"), "moderate": ("中", "moderate"), "high": ("高", "high"), "severe": ("严重", "severe")}
KINDS = {
    "logo": ("标识", "logo"),
    "product": ("产品", "product"),
    "text": ("文字", "text"),
    "speech": ("口播", "speech"),
}


def exposure(kind: str, start_s: float, seconds: float, alone: float, marginal: float) -> tuple[str, str]:
    """Return one exposure's sentences: when, what, how long, the score it would have alone and what it adds."""
    zh, en = KINDS[kind]
    at, long, alone_told, adds = stamp(start_s), number(seconds), number(alone), number(marginal)
    return (
        f"{at} {zh} {long} 秒：单独计 {alone_told} 分，去掉它整条视频少 {adds} 分。",
        f"{at} {en}, {long} s: {alone_told} points alone; without it the video scores {adds} less.",
    )
