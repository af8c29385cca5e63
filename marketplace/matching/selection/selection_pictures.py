"""Pictures of a selection, drawn from its stored result."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marketplace.core.errors import NotFound
from marketplace.core.message import Bilingual
from marketplace.core.money import MINOR_DIGITS
from marketplace.drawing.svg import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SOFT,
    SvgDrawing,
    cut,
    head_count,
    number,
    ticks,
    width_of,
    wrap,
)
from marketplace.matching.selection.models import Selection

Result = Mapping[str, Any]
Point = tuple[float, float]
SMALL, PLAIN, LARGE = 11.0, 12.0, 15.0
# The channels that are named under a picture; the rest are counted.
NAMES_MOST = 20
_TITLES = {
    "set_reach": ("每加入一个报价，多触达多少人", "People reached as bids are added"),
    "union": ("去重后究竟触达多少人", "How many different people the set reaches"),
    "frequency": ("有多少人看到 1、2、3、4 个以上账号", "People who see 1, 2, 3, 4 or more of the channels"),
    "budget_curve": ("不同预算下有多少人注意到品牌", "People who notice, for other budgets"),
    "frontier": ("注意到品牌的人数与侵扰度的取舍", "People who notice, against intrusiveness"),
}


def draw(selection: Selection, tolerance: float | None, name: str, *, language: str, width: int) -> str:
    """Return one picture of the selection's result as SVG, with the brief's tolerance of intrusiveness where it is
    asked of bids. Raises NotFound while there is no result."""
    if selection.result is None:
        raise NotFound(Bilingual("选择有了结果，才有图。", "There is no picture before the selection has a result."))
    return draw_result({**selection.result, "tolerance": tolerance}, name, language=language, width=width)


def draw_result(result: Result, name: str, *, language: str, width: int) -> str:
    """Return one picture of a result as SVG, `width` points wide, with its caption. `name` is a key of _TITLES."""
    title = _TITLES[name][0 if language == "zh" else 1]
    drawing = SvgDrawing(float(width), title)
    drawing.text(16, 28, cut(title, width - 32, LARGE), size=LARGE, bold=True)
    bottom, caption = _DRAW[name](drawing, result, language)
    for line in wrap(caption, width - 32, SMALL):
        drawing.text(16, bottom, line, size=SMALL, ink=SOFT)
        bottom += 16
    return drawing.show(bottom, caption)


def _people(value: float, language: str) -> str:
    return _say(language, f"{head_count(value, language)}人", f"{head_count(value, language)} people")


def _headline(reach: Mapping[str, Any], language: str) -> str:
    """Return how many people are reached, and the interval."""
    point, low, high = (head_count(reach[name], language) for name in ("point", "low", "high"))
    return _say(language, f"约{point}人（80% 区间 {low}–{high}）", f"about {point} people (80 % interval {low}-{high})")


def _say(language: str, zh: str, en: str) -> str:
    return zh if language == "zh" else en


class _PlotPlane:
    """The area between two axes, which maps values to points on the sheet."""

    def __init__(
        self,
        drawing: SvgDrawing,
        across: tuple[float, float],
        up: tuple[float, float],
        language: str,
        x_name: str,
        y_name: str,
        x_label: Callable[[float], str],
    ) -> None:
        self.drawing = drawing
        self.y_ticks = ticks(*up, 5)
        room = max(width_of(number(value, language), SMALL) for value in self.y_ticks)
        self.left, self.right, self.top = 22 + room, drawing.width - 24, 62.0
        self.bottom = self.top + max(150.0, min(340.0, drawing.width * 0.42))
        self.x_low, self.x_high = across if across[1] > across[0] else (across[0] - 1, across[1] + 1)
        drawing.text(16, 48, cut(y_name, drawing.width - 32, SMALL), size=SMALL, ink=SOFT)
        for value in self.y_ticks:
            drawing.line(self.left, self.y(value), self.right, self.y(value))
            drawing.text(self.left - 6, self.y(value) + 4, number(value, language), size=SMALL, anchor="end", ink=SOFT)
        end = self.left - 20
        tick_count = max(2, int((self.right - self.left) / 90))
        for value in [tick for tick in ticks(self.x_low, self.x_high, tick_count) if self.x_low <= tick <= self.x_high]:
            label = x_label(value)
            half = width_of(label, SMALL) / 2
            if self.x(value) - half > end + 6 and self.x(value) + half <= drawing.width:
                drawing.text(self.x(value), self.bottom + 17, label, size=SMALL, anchor="middle", ink=SOFT)
                end = self.x(value) + half
        drawing.text(
            self.right, self.bottom + 35, cut(x_name, drawing.width - 40, SMALL), size=SMALL, anchor="end", ink=SOFT
        )
        self.below = self.bottom + 58

    def x(self, value: float) -> float:
        return self.left + (self.right - self.left) * (value - self.x_low) / (self.x_high - self.x_low)

    def y(self, value: float) -> float:
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)

    def at(self, points: Sequence[Point]) -> list[Point]:
        return [(self.x(x), self.y(y)) for x, y in points]

    def note(self, x: float, y: float, text: str, ink: str) -> None:
        """Write a text beside a point, shifted so that it stays inside the picture."""
        room = width_of(text, PLAIN)
        start = min(max(x + 8, self.left + 2), self.drawing.width - room - 6)
        self.drawing.text(start, max(y - 8, self.top + 4), text, size=PLAIN, ink=ink, bold=True)

    def legend(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Name the lines (text, ink, dash) in the upper left corner, where a rising curve leaves room."""
        for row, (text, ink, dash) in enumerate(rows):
            y = self.top + 14 + 18 * row
            self.drawing.line(self.left + 8, y - 4, self.left + 32, y - 4, ink=ink, width=2, dash=dash)
            self.drawing.text(self.left + 38, y, text, size=PLAIN, ink=ink, bold=True)


def _set_reach(drawing: SvgDrawing, result: Result, language: str) -> tuple[float, str]:
    chosen, reach = result["chosen"], result["reach"]
    together, apart = [(0.0, 0.0)], [(0.0, 0.0)]
    for count, line in enumerate(chosen, start=1):
        together.append((float(count), together[-1][1] + line["people_added"]))
        apart.append((float(count), apart[-1][1] + line["people_alone"]))
    plane = _PlotPlane(
        drawing,
        (0.0, float(max(1, len(chosen)))),
        (0.0, max(apart[-1][1], reach["high"], 1.0)),
        language,
        _say(language, "入选报价数", "bids in the set"),
        _say(language, "目标人群（加权人数）", "people of the target, weighted"),
        lambda value: f"{value:g}" if value == int(value) else "",
    )
    drawing.path(plane.at(apart), ink=GREY, dash="5 4")
    drawing.path(plane.at(together))
    for x, y in plane.at(together)[1:]:
        drawing.dot(x, y)
    if chosen:
        end = plane.x(float(len(chosen)))
        drawing.line(end, plane.y(reach["low"]), end, plane.y(reach["high"]), ink=ORANGE, width=4)
        drawing.dot(end, plane.y(reach["point"]), ink=ORANGE, size=5)
    once = _say(language, "去重后（保守）：", "each person once (careful): ")
    plane.legend(
        [
            (_headline(reach, language), ORANGE, ""),
            (_say(language, "直接相加（保守）", "added up (careful)"), GREY, "5 4"),
            (once + _people(reach["careful"], language), BLUE, ""),
        ]
    )
    caption = _say(
        language,
        f"实线：保守预测（每个账号取 0.3 分位）下去重后的人数；虚线：直接相加。竖条和大圆点：{len(chosen)} 个报价合计的"
        " 80% 区间和中位数，即文字中的主要数字。",
        f"Solid: each person once, every channel at its 0.3 quantile. Dashed: added up. Bar and large dot: the 80 %"
        f" interval and the middle of all {len(chosen)} bids together, the figure that the text begins with.",
    )
    return _names(drawing, plane.below, chosen, language), caption


def _names(drawing: SvgDrawing, top: float, chosen: Sequence[Mapping[str, Any]], language: str) -> float:
    """Name the channels in their order with what each adds, and return the height at which the text below may begin."""
    for row, line in enumerate(chosen[:NAMES_MOST]):
        added = f"+{head_count(line['people_added'], language)}"
        room = drawing.width - 32 - width_of(added, SMALL) - 12
        y = top + 16 * row
        drawing.text(16, y, cut(f"{row + 1}. {line['channel_name']}", room, SMALL), size=SMALL)
        drawing.text(drawing.width - 16, y, added, size=SMALL, anchor="end")
    rows = min(len(chosen), NAMES_MOST)
    if len(chosen) > NAMES_MOST:
        rest = sum(line["people_added"] for line in chosen[NAMES_MOST:])
        count, people = len(chosen) - NAMES_MOST, head_count(rest, language)
        more = _say(language, f"另有 {count} 个，共 +{people}", f"and {count} more, +{people} together")
        drawing.text(16, top + 16 * rows, more, size=SMALL)
        rows += 1
    return top + 16 * rows + (10 if rows else 0)


def _union(drawing: SvgDrawing, result: Result, language: str) -> tuple[float, str]:
    reach = result["reach"]
    rows = (
        (
            _say(language, "去重后（中位数）", "once each (middle)"),
            reach["point"],
            ORANGE,
            (reach["low"], reach["high"]),
        ),
        (_say(language, "去重后（保守）", "once each (careful)"), reach["careful"], BLUE, None),
        (_say(language, "假设互不相关（保守）", "if independent (careful)"), reach["independent"], GREEN, None),
        (_say(language, "直接相加（保守）", "added up (careful)"), reach["summed"], GREY, None),
    )
    bottom = _bars(drawing, rows, language)
    caption = _say(
        language,
        f"{_headline(reach, language)}。细线：80% 区间。保守：每个账号都只取其 0.3 分位，所以可能低于区间。"
        f"单位：加权目标人数。",
        f"The set reaches {_headline(reach, language)}. Thin line: 80 % interval. Careful: every channel at its 0.3"
        f" quantile at once, so it may lie under the interval. Weighted people of the target.",
    )
    # A set of an older release was told without it.
    if "doubt" in reach:
        times = f"{reach['doubt']:.1f}"
        more, less = (head_count(reach[name], language) for name in ("if_more_shared", "if_less_shared"))
        caption += _say(
            language,
            f"各对账号的共同观众为 {times} 倍或其 1/{times} 时为 {more} 或 {less}。",
            f" If its pairs shared {times} times more or fewer people it would be {more} or {less}.",
        )
    return bottom, caption


def _frequency(drawing: SvgDrawing, result: Result, language: str) -> tuple[float, str]:
    people_seeing = result["reach"]["frequency"]
    rows = tuple(
        (_say(language, f"{contacts} 个以上", f"{contacts} or more"), people, BLUE, None)
        for contacts, people in enumerate(people_seeing, start=1)
    )
    mean = result["reach"]["contacts_per_person"]
    shown = "-" if mean is None else f"{mean:.2f}"
    whole = ", ".join(f"{people:,.0f}" for people in people_seeing)
    caption = _say(
        language,
        f"单位：加权目标人数，保守预测（完整数字：{whole}）。人均触达 {shown} 次。",
        f"Weighted people of the target, careful forecast (in full: {whole}). {shown} contacts for each person"
        f" reached.",
    )
    return _bars(drawing, rows, language), caption


def _bars(
    drawing: SvgDrawing, rows: Sequence[tuple[str, float, str, tuple[float, float] | None]], language: str
) -> float:
    """Draw bars with their names above them, and return the height at which the text below may begin."""
    left, y = 16.0, 50.0
    most = max([value for _, value, _, _ in rows] + [ends[1] for _, _, _, ends in rows if ends] + [1e-9])
    room = drawing.width - left - 120
    for name, value, ink, ends in rows:
        drawing.text(left, y + 10, name, size=PLAIN)
        drawing.bar(left, y + 16, room * value / most, 16, ink=ink)
        drawing.text(left + room * value / most + 8, y + 29, _people(value, language), size=PLAIN, bold=True)
        if ends is not None:
            low, high = (left + room * end / most for end in ends)
            drawing.line(low, y + 42, high, y + 42, ink=INK, width=2)
            drawing.line(low, y + 37, low, y + 47, ink=INK, width=2)
            drawing.line(high, y + 37, high, y + 47, ink=INK, width=2)
            span = f"{head_count(ends[0], language)}–{head_count(ends[1], language)}"
            drawing.text(high + 8, y + 46, span, size=SMALL)
            y += 18
        y += 48
    return y + 14


def _budget_curve(drawing: SvgDrawing, result: Result, language: str) -> tuple[float, str]:
    curve, currency = result["budget_curve"], result["budget"]["currency"]
    unit = 10.0 ** MINOR_DIGITS[currency]
    points = [(point["budget"]["amount_minor"] / unit, _counted(point)) for point in curve] or [(0.0, 0.0)]
    plane = _PlotPlane(
        drawing,
        (0.0, max(x for x, _ in points) or 1.0),
        (0.0, max(y for _, y in points) or 1.0),
        language,
        _say(language, f"预算（{currency}）", f"budget ({currency})"),
        _counted_name(result, language),
        lambda value: number(value, language),
    )
    present = result["budget"]["amount_minor"] / unit
    drawing.line(plane.x(present), plane.top, plane.x(present), plane.bottom, ink=ORANGE, width=1.5, dash="4 3")
    drawing.path(plane.at(points))
    for x, y in plane.at(points):
        drawing.dot(x, y)
    plane.note(plane.x(present), plane.top + 16, _say(language, "当前预算", "present budget"), ORANGE)
    more = next((point for point in curve if point["factor"] > 1), None)
    now = next((point for point in curve if point["factor"] == 1), None)
    caption = _say(language, "每个点：该预算下找到的最佳组合。", "Each dot: the best set found for that budget.")
    if more is not None and now is not None and _counted(more) > _counted(now):
        extra, cost = (
            _counted(more) - _counted(now),
            (more["budget"]["amount_minor"] - now["budget"]["amount_minor"]) / unit,
        )
        caption += _say(
            language,
            f"再加 {number(cost, language)} {currency} 预算，多 {head_count(extra, language)} 人"
            f"（每千人 {number(1000 * cost / extra, language)} {currency}）。",
            f" Another {number(cost, language)} {currency} brings {head_count(extra, language)} more people"
            f" ({number(1000 * cost / extra, language)} {currency} per thousand).",
        )
    return plane.below, caption


def _frontier(drawing: SvgDrawing, result: Result, language: str) -> tuple[float, str]:
    points = [(point["intrusiveness"], _counted(point)) for point in result["frontier"]]
    if not points:
        caption = _say(language, "没有侵扰度已知的报价。", "No bid's intrusiveness is known.")
        return 60.0, caption
    tolerance, chosen = result.get("tolerance"), _chosen_point(result)
    across = [x for x, _ in (*points, *chosen)]
    plane = _PlotPlane(
        drawing,
        (0.0, min(100.0, max([*across, *([] if tolerance is None else [tolerance])]) * 1.05)),
        (0.0, max(y for _, y in (*points, *chosen)) or 1.0),
        language,
        _say(language, "组合中最高的侵扰度（0–100）", "highest intrusiveness in the set (0-100)"),
        _counted_name(result, language),
        lambda value: f"{value:g}",
    )
    steps: list[Point] = []
    for x, y in plane.at(points):
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    if tolerance is not None:
        at = plane.x(tolerance)
        drawing.line(at, plane.top, at, plane.bottom, ink=GREY, width=1.5, dash="4 3")
    drawing.path(steps)
    for x, y in plane.at(points):
        drawing.dot(x, y)
    for x, y in plane.at(chosen):
        drawing.dot(x, y, ink=ORANGE, size=6)
    caption = _say(
        language,
        "蓝点：只用侵扰度不高于横轴数值的报价时的最佳组合。越靠左上越好。",
        "Blue dots: the best set of bids whose intrusiveness is no higher. Up and to the left is better.",
    )
    for x, y in chosen:
        caption += _say(
            language,
            f"橙点：所选组合，最高侵扰度 {x:.0f}，{_people(y, language)}。",
            f" Orange: the chosen set, {x:.0f} at most, {_people(y, language)}.",
        )
    if tolerance is not None:
        caption += _say(
            language,
            f"虚线：需求的容忍上限 {tolerance:.0f}，超过的报价不入选。",
            f" Dashed: the brief's tolerance of {tolerance:.0f}; bids above it are out.",
        )
    return plane.below, caption


def _chosen_point(result: Result) -> list[Point]:
    """Return where the chosen set lies: its highest intrusiveness and its people; nothing where that is not known."""
    known = [line["intrusiveness"] for line in result["chosen"] if line.get("intrusiveness") is not None]
    return [(max(known), _counted(result["reach"]))] if known else []


def _counted(figures: Mapping[str, Any]) -> float:
    """Return the people by which sets are compared: the effective ones; everybody reached in an older result."""
    people: float = figures.get("effective", figures["careful"])
    return people


def _counted_name(result: Result, language: str) -> str:
    if "effective" not in result["reach"]:
        return _say(language, "目标人群（加权人数，保守）", "people of the target, weighted, careful")
    return _say(language, "注意到品牌的人数（按契合度加权，保守）", "people who notice, weighted by fit, careful")


_DRAW: Mapping[str, Callable[[SvgDrawing, Result, str], tuple[float, str]]] = {
    "set_reach": _set_reach,
    "union": _union,
    "frequency": _frequency,
    "budget_curve": _budget_curve,
    "frontier": _frontier,
}
assert set(_DRAW) == set(_TITLES)
