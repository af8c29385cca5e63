"""The sentences about a factor: when in the video, how much and how many points, in Chinese and in English."""

from collections.abc import Callable, Sequence

from marketplace.core.message import Bilingual
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import ExposureSpan

STAMPS_MAX = 3


def stamp(seconds: float) -> str:
    """Return a moment as mm:ss, to the nearest second, minutes running on past the hour."""
    whole = int(seconds + 0.5 + 1e-6)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def number(value: float) -> str:
    """Return a number with at most one decimal."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def between(low: float, high: float) -> str:
    """Return a range, or one number if both ends read the same."""
    low_text, high_text = number(low), number(high)
    return low_text if low_text == high_text else f"{low_text}–{high_text}"


def share(low: float, high: float) -> str:
    """Return a range of shares (0..1) as percentages."""
    return between(100 * low, 100 * high) + "%"


def where(spans: Sequence[ExposureSpan]) -> Bilingual:
    """Return the time stamps of up to three stretches, by time, in Chinese and in English punctuation."""
    stretches: list[str] = []
    for span in spans:
        stretch = f"{stamp(span.earliest)}–{stamp(span.earliest + span.seconds)}"
        if stretch not in stretches:
            stretches.append(stretch)
        if len(stretches) > STAMPS_MAX:
            break
    more = len(stretches) > STAMPS_MAX
    # By length first: "100:05" comes after "99:50".
    named = sorted(stretches[:STAMPS_MAX], key=lambda text: (len(text), text))
    return Bilingual(
        "、".join(named) + (" 等处" if more else ""), ", ".join(named) + (" and elsewhere" if more else "")
    )


# Makes the text of a factor from its measure (low, high, in the measure's unit) and the video's length in seconds.
FactorText = Callable[[float, float, float], Bilingual]


def _load(low: float, high: float, length: float) -> Bilingual:
    seconds, part, full = between(low, high), share(low / length, high / length), number(100 * constants.LOAD_FULL)
    return Bilingual(
        f"全片 {number(length)} 秒里相当于 {seconds} 秒广告，占 {part}（到 {full}% 计满分）",
        f"{seconds} s of the {number(length)} s are ad-equivalent, {part} ({full}% counts in full)",
    )


def _peak(low: float, high: float, _: float) -> Bilingual:
    part, window = share(low, high), number(constants.PEAK_WINDOW_S)
    return Bilingual(
        f"画面最醒目的 {window} 秒突出程度为 {part}（位置越居中、越抢眼越高）",
        f"the most striking {window} s reach {part} of full prominence (central and eye-catching counts most)",
    )


def _early(low: float, high: float, length: float) -> Bilingual:
    part, until = share(low, high), stamp(constants.EARLY_WINDOW * length)
    return Bilingual(
        f"品牌在开头 {until} 之前就出现，过早程度为 {part}",
        f"the brand comes before {until}; how early: {part}",
    )


def _info(low: float, high: float, _: float) -> Bilingual:
    claims = between(low, high)
    return Bilingual(
        f"讲了 {claims} 个卖点（到 {number(constants.INFO_FULL)} 个计满分）",
        f"{claims} selling points are told ({number(constants.INFO_FULL)} count in full)",
    )


def _run(low: float, high: float, _: float) -> Bilingual:
    seconds, free, full = between(low, high), number(constants.RUN_FREE_S), number(constants.RUN_FULL_S)
    return Bilingual(
        f"最长连续露出 {seconds} 秒（{free} 秒以内不计，{full} 秒计满分）",
        f"the longest stretch lasts {seconds} s ({free} s are free, {full} s count in full)",
    )


def _clutter(low: float, high: float, _: float) -> Bilingual:
    brands = between(low, high)
    return Bilingual(f"一条视频里有 {brands} 个品牌", f"{brands} brands share one video")


def _spoken(low: float, high: float, _: float) -> Bilingual:
    mentions = between(low, high)
    return Bilingual(f"与剧情脱节的口播提及 {mentions} 次", f"the brand is named {mentions} times outside the plot")


def _loud(low: float, high: float, _: float) -> Bilingual:
    loudness, free = between(low, high), number(constants.LOUD_FREE_LU)
    return Bilingual(
        f"广告段比其余部分响 {loudness} LU（{free} LU 以内不计）",
        f"the placement is {loudness} LU louder than the rest ({free} LU is free)",
    )


def _occl(low: float, high: float, _: float) -> Bilingual:
    part = share(low, high)
    return Bilingual(f"露出时间里有 {part} 遮挡人脸或字幕", f"{part} of brand time covers a face or a subtitle")


def _repeat(low: float, high: float, _: float) -> Bilingual:
    hits = between(low, high)
    return Bilingual(
        f"醒目露出或口播共 {hits} 次（第 1 次不计）",
        f"{hits} striking or spoken appearances (the first is free)",
    )


_TEXTS: dict[str, FactorText] = {
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
    measure: tuple[float, float],
    points: tuple[float, float],
    length: float,
    spans: Sequence[ExposureSpan],
) -> Bilingual:
    """Return the sentence about one factor.

    ``measure``: low and high, in the factor's natural unit. ``points``: low and high. ``length``: of the video, in
    seconds. ``spans``: the exposures that drive the factor.
    """
    text, stamps, points_text = _TEXTS[code](*measure, length), where(spans), between(*points)
    return Bilingual(f"{stamps.zh}：{text.zh}，计 {points_text} 分。", f"{stamps.en}: {text.en}; {points_text} points.")


def outcome(zh: str, en: str, before: tuple[float, float], after: tuple[float, float]) -> Bilingual:
    """Return the sentence about a change, with the score (low, high) before and after it."""
    was, now = between(*before), between(*after)
    return Bilingual(f"{zh}，侵扰度由 {was} 变为 {now}。", f"{en}; the score goes from {was} to {now}.")


BANDS = {
    "low": Bilingual("低", "low"),
    "moderate": Bilingual("中", "moderate"),
    "high": Bilingual("高", "high"),
    "severe": Bilingual("严重", "severe"),
}
KINDS = {
    "logo": Bilingual("标识", "logo"),
    "product": Bilingual("产品", "product"),
    "text": Bilingual("文字", "text"),
    "speech": Bilingual("口播", "speech"),
}


def exposure(kind: str, start_s: float, seconds: float, alone: float, marginal: float) -> Bilingual:
    """Return the sentence about one exposure: when, what, how long, its score alone and what it adds."""
    name = KINDS[kind]
    start, length, points_alone, points_added = stamp(start_s), number(seconds), number(alone), number(marginal)
    return Bilingual(
        f"{start} {name.zh} {length} 秒：单独计 {points_alone} 分，去掉它整条视频少 {points_added} 分。",
        f"{start} {name.en}, {length} s: {points_alone} points alone; without it the video scores {points_added} less.",
    )
