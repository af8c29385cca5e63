"""The sentences about a factor: when in the video, how much and how many points, in Chinese and in English."""

from collections.abc import Callable, Sequence
from math import ceil, floor

from marketplace.core.message import Bilingual
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import ExposureSpan

STAMPS_MAX = 3
KINDS = {
    "logo": Bilingual("标识", "logo"),
    "product": Bilingual("产品", "product"),
    "text": Bilingual("文字", "text"),
    "speech": Bilingual("口播", "speech"),
}


def stamp(seconds: float) -> str:
    """Return a moment as mm:ss, to the nearest second, minutes running on past the hour."""
    whole = int(seconds + 0.5 + 1e-6)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def stretch(start_s: float, seconds: float) -> str:
    """Return a stretch as mm:ss–mm:ss, or as one moment where both read the same."""
    start, end = stamp(start_s), stamp(start_s + seconds)
    return start if start == end else f"{start}–{end}"


def number(value: float) -> str:
    """Return a number with at most one decimal."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def between(low: float, high: float) -> str:
    """Return a range, or one number if both ends read the same."""
    low_text, high_text = number(low), number(high)
    return low_text if low_text == high_text else f"{low_text}–{high_text}"


def counted(low: float, high: float) -> str:
    """Return a range of things that are counted, in whole ones that hold it."""
    return between(floor(low + 1e-9), ceil(high - 1e-9))


def times(count: str) -> str:
    """Return how often, in English, from a count as ``counted`` gives it."""
    return {"0": "not once", "1": "once"}.get(count, f"{count} times")


def share(low: float, high: float) -> str:
    """Return a range of shares (0..1) as percentages."""
    return between(100 * low, 100 * high) + "%"


def where(spans: Sequence[ExposureSpan]) -> Bilingual:
    """Return which exposures are meant: what is seen or said in up to three stretches, by time."""
    kinds: dict[str, list[str]] = {}
    for span in spans:
        named = kinds.setdefault(stretch(span.earliest, span.seconds), [])
        if span.kind.value not in named:
            named.append(span.kind.value)
        if len(kinds) > STAMPS_MAX:
            break
    # By length first: "100:05" comes after "99:50".
    shown = sorted(list(kinds)[:STAMPS_MAX], key=lambda text: (len(text.partition("–")[0]), text))
    more = len(kinds) > STAMPS_MAX
    # Stretches with the same things in them are named together.
    things: dict[tuple[str, ...], list[str]] = {}
    for text in shown:
        things.setdefault(tuple(sorted(kinds[text])), []).append(text)
    zh = "、".join(
        f"{'、'.join(texts)}{' 等处' if more and not later else ' '}的{'和'.join(KINDS[kind].zh for kind in names)}"
        for later, (names, texts) in zip(range(len(things) - 1, -1, -1), things.items(), strict=True)
    )
    en = ", ".join(
        f"{' and '.join(f'the {KINDS[kind].en}' for kind in names)} at {', '.join(texts)}"
        for names, texts in things.items()
    )
    return Bilingual(zh, en + (" and elsewhere" if more else ""))


# Makes the text of a factor from its measure (low, high, in the measure's unit) and the video's length in seconds.
FactorText = Callable[[float, float, float], Bilingual]


def _time(low: float, high: float, length: float) -> Bilingual:
    seconds, part = between(low, high), share(low / length, high / length)
    return Bilingual(
        f"全片 {number(length)} 秒里占用观众 {seconds} 秒的注意力（{part}）",
        f"viewers give it {seconds} of the {number(length)} s of their attention ({part})",
    )


def _interrupt(low: float, high: float, _: float) -> Bilingual:
    part = share(low, high)
    return Bilingual(
        f"打断观看的程度为 {part}（片中最高，片尾最低）",
        f"it interrupts at {part} of the most that is possible (in the heart of a video most, at its end least)",
    )


def _misplaced(low: float, high: float, _: float) -> Bilingual:
    part = share(low, high)
    return Bilingual(
        f"与内容脱节的程度为 {part}（与剧情、账号越相关越低）",
        f"it is {part} out of place (less with a role in the plot and on a channel that it suits)",
    )


def _selling(low: float, high: float, _: float) -> Bilingual:
    claims = between(low, high)
    return Bilingual(f"卖点与购买引导折合 {claims} 个", f"selling points and calls to buy count as {claims}")


def _run(low: float, high: float, _: float) -> Bilingual:
    seconds, free = between(low, high), number(constants.RUN_FREE_S)
    return Bilingual(
        f"最长一段连续占用 {seconds} 秒的注意力（{free} 秒以内不计）",
        f"the longest stretch takes {seconds} s of attention ({free} s are free)",
    )


def _named(low: float, high: float, _: float) -> Bilingual:
    mentions = between(low, high)
    return Bilingual(f"提及品牌折合 {mentions} 次", f"naming the brand counts as {mentions}")


def _clutter(low: float, high: float, _: float) -> Bilingual:
    brands = between(low, high)
    return Bilingual(f"同片的其他品牌折合 {brands} 个", f"other brands in the video count as {brands}")


def _loud(low: float, high: float, _: float) -> Bilingual:
    loudness, free = between(low, high), number(constants.LOUD_FREE_LU)
    return Bilingual(
        f"广告段比其余部分响 {loudness} LU（{free} LU 以内不计）",
        f"the placement is {loudness} LU louder than the rest ({free} LU is free)",
    )


def _occl(low: float, high: float, _: float) -> Bilingual:
    part = share(low, high)
    return Bilingual(f"露出时间里有 {part} 遮挡人脸或字幕", f"{part} of brand time covers a face or a subtitle")


_TEXTS: dict[str, FactorText] = {
    "time": _time,
    "interrupt": _interrupt,
    "misplaced": _misplaced,
    "selling": _selling,
    "run": _run,
    "named": _named,
    "clutter": _clutter,
    "loud": _loud,
    "occl": _occl,
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
    text, meant, points_text = _TEXTS[code](*measure, length), where(spans), between(*points)
    return Bilingual(
        f"{meant.zh}：{text.zh}，计 {points_text} 分。",
        f"{meant.en[:1].upper()}{meant.en[1:]}: {text.en}; {points_text} points.",
    )


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


def exposure(kind: str, start_s: float, seconds: float, alone: float, marginal: float) -> Bilingual:
    """Return the sentence about one exposure: when, what, how long, its score alone and what it adds."""
    name = KINDS[kind]
    start, length, points_alone, points_added = stamp(start_s), number(seconds), number(alone), number(marginal)
    return Bilingual(
        f"{start} {name.zh} {length} 秒：单独计 {points_alone} 分，去掉它整条视频少 {points_added} 分。",
        f"{start} {name.en}, {length} s: {points_alone} points alone; without it the video scores {points_added} less.",
    )
