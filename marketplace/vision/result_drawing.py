"""Draws the result as one picture, in SVG. Works without the vision extra, so that a web process can draw it."""

from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.drawing.sheet import LARGE, MARGIN, PLAIN, SMALL, WIDTH, DrawingSheet, ValueAxis, band, say, scale
from marketplace.drawing.svg import BLUE, GREEN, GREY, INK, ORANGE, PALE_BLUE, SOFT, cut, ticks
from marketplace.intrusiveness import factors
from marketplace.intrusiveness.messages import BANDS, KINDS, number, stamp
from marketplace.intrusiveness.step_functions import TimeStep, steps
from marketplace.intrusiveness.timeline import Timeline, from_dict

ROW = 22.0
CURVE = 70.0
EXPOSURES_TOLD = 8  # those that add most to the score
_INKS = {"product": BLUE, "logo": BLUE, "text": GREEN, "speech": ORANGE}


def timeline_svg(
    result: Mapping[str, Any], plan: Timeline | None = None, *, language: str = "zh", width: int = WIDTH
) -> str:
    """Return the result as one picture: when the brand is seen, read and heard, how strongly, and what was planned."""
    timeline = from_dict(result["timeline"])
    score = result["intrusiveness"]
    sheet = DrawingSheet(say(language, "视频里的品牌露出", "The brand in this video"), width, language)
    _head(sheet, result, score, language)
    label = max(90.0, min(150.0, width * 0.16))
    # A plan for a longer video than the draft has its exposures beyond the draft's end.
    lasts = max(timeline.duration_s, plan.duration_s if plan else 0.0)
    marks = [one for one in ticks(0, lasts, max(3, int(sheet.room / 110))) if one <= lasts and one == int(one)]
    axis = ValueAxis(0, lasts, MARGIN + label, width - MARGIN - 8, marks, 1.0, log=False)
    if plan is not None:
        _row(sheet, axis, say(language, "方案", "planned"), _planned(plan), result["cuts"])
    for kind, ink in _INKS.items():
        spans = [(one.start_s.mid, one.seconds.mid, ink) for one in timeline.exposures if one.kind.value == kind]
        if spans:
            _row(sheet, axis, say(language, *KINDS[kind]), spans, result["cuts"])
    disclosures = [(one["start_s"], max(0.3, one["end_s"] - one["start_s"]), INK) for one in result["disclosures"]]
    _row(
        sheet,
        axis,
        say(language, "广告标识", "disclosure"),
        disclosures,
        result["cuts"],
        say(language, "无法判断", "cannot be judged")
        if result.get("not_judged")
        else say(language, "未找到", "none found"),
    )
    _curve(sheet, axis, timeline, language)
    scale(sheet, axis, stamp)
    sheet.words(
        say(
            language,
            "竖线为镜头切换；曲线为每一时刻的醒目程度（0 到 100%）；浅色为方案允许的时间范围。",
            "Thin lines are cuts; the curve is how striking the brand is at each moment (0 to 100%); pale is where the "
            "plan allows it.",
        ),
        SMALL,
        ink=SOFT,
    )
    _reasons(sheet, result, score, language)
    return sheet.show(say(language, _made_of(result)[0], _made_of(result)[1]))


def _made_of(result: Mapping[str, Any]) -> tuple[str, str]:
    video = result["video"]
    return (
        f"由视频测得（{video['width']}×{video['height']}，{number(video['duration_s'])} 秒，"
        f"抽取 {video['pictures']} 帧）；评分模型 {result['intrusiveness']['model_version']}。",
        f"Measured from the video ({video['width']}×{video['height']}, {number(video['duration_s'])} s, "
        f"{video['pictures']} pictures looked at); score {result['intrusiveness']['model_version']}.",
    )


def _head(sheet: DrawingSheet, result: Mapping[str, Any], score: Mapping[str, Any], language: str) -> None:
    zh, en = BANDS[score["band"]]
    sheet.words(
        say(
            language,
            f"侵扰度 {number(score['score']['point'])}（满分 100，{zh}）；"
            f"显著度 {number(score['prominence']['point'])}（满分 100，越高越容易被注意）",
            f"Intrusiveness {number(score['score']['point'])} of 100 ({en}); "
            f"prominence {number(score['prominence']['point'])} of 100 (higher is noticed more)",
        ),
        LARGE,
        bold=True,
    )
    for veto in score["vetoes"]:
        sheet.words(("✕ " if veto["certain"] else "? ") + veto[language], PLAIN, ink=ORANGE, bold=True)
    if result["plan"] is not None:
        sheet.words(result["plan"][language], PLAIN)


def _planned(plan: Timeline) -> list[tuple[float, float, str]]:
    """Return the plan as bars (start, seconds, ink): pale when an exposure may be shown, full when it must."""
    bars: list[tuple[float, float, str]] = []
    for exposure in plan.exposures:
        end = min(plan.duration_s, exposure.start_s.high + exposure.seconds.high)
        bars.append((exposure.start_s.low, end - exposure.start_s.low, PALE_BLUE))
        sure_end = exposure.start_s.low + exposure.seconds.low
        if sure_end > exposure.start_s.high:
            bars.append((exposure.start_s.high, sure_end - exposure.start_s.high, GREY))
    return bars


def _row(
    sheet: DrawingSheet,
    axis: ValueAxis,
    name: str,
    bars: Sequence[tuple[float, float, str]],
    cuts: Sequence[float],
    empty: str = "",
) -> None:
    drawing, top = sheet.drawing, sheet.y
    drawing.text(MARGIN, top + 15, cut(name, axis.left - MARGIN - 6, PLAIN), size=PLAIN)
    drawing.bar(axis.left, top + 2, axis.right - axis.left, ROW - 4, ink="#f3f5f8")
    for moment in cuts:
        drawing.line(axis.x(moment), top + 2, axis.x(moment), top + ROW - 2, ink="#c5cbd6")
    for start, seconds, ink in bars:
        # Half a second of ten minutes would be no wider than a hair.
        drawing.bar(axis.x(start), top + 4, max(2.0, axis.x(start + seconds) - axis.x(start)), ROW - 8, ink=ink)
    if not bars and empty:
        drawing.text(axis.left + 6, top + 15, empty, size=SMALL, ink=SOFT)
    sheet.y += ROW


def _curve(sheet: DrawingSheet, axis: ValueAxis, timeline: Timeline, language: str) -> None:
    drawing, top = sheet.drawing, sheet.y + 8
    bottom = top + CURVE
    drawing.text(MARGIN, top + 14, say(language, "占用的注意力", "attention taken"), size=PLAIN)
    for share, words in ((0.0, "0"), (0.5, "50%"), (1.0, "100%")):
        y = bottom - share * CURVE
        drawing.line(axis.left, y, axis.right, y)
        drawing.text(axis.left - 6, y + 4, words, size=SMALL, anchor="end", ink=SOFT)
    spans = factors.spans(timeline, "mid")
    weights = steps([TimeStep(span.earliest, span.earliest + span.seconds, span.strength) for span in spans])
    path = [(axis.x(0), bottom)]
    for step in weights:
        y, start = bottom - step.value * CURVE, axis.x(step.start)
        path += [(start, path[-1][1]), (start, y), (axis.x(step.end), y)]
    path += [(path[-1][0], bottom), (axis.right, bottom)]
    drawing.path(path, ink=ORANGE)
    sheet.y = top - 4
    band(sheet, ValueAxis(axis.low, axis.high, axis.left, axis.right, (), 1.0, log=False), None)
    sheet.y = bottom


def _reasons(sheet: DrawingSheet, result: Mapping[str, Any], score: Mapping[str, Any], language: str) -> None:
    if score["reasons"]:
        sheet.words(say(language, "为什么是这个分数", "Why this score"), PLAIN, bold=True, described=False)
    for item in score["reasons"]:
        sheet.words("· " + item[language], PLAIN, indent=4, gap=1)
        if item["what_if"] is not None:
            sheet.words("→ " + item["what_if"][language], PLAIN, indent=22, ink=BLUE, gap=4)
    exposures = [item for item in score["exposures"] if language in item]  # earlier results have no sentences
    if exposures:
        sheet.words(say(language, "每一处露出", "Each exposure"), PLAIN, bold=True, described=False)
    for item in sorted(exposures, key=lambda item: -item["marginal"])[:EXPOSURES_TOLD]:
        sheet.words("· " + item[language], PLAIN, indent=4, gap=1)
    if score.get("channel") is not None:
        sheet.words(say(language, "对账号的影响", "What it does to the channel"), PLAIN, bold=True, described=False)
        sheet.words("· " + score["channel"][language], PLAIN, indent=4, gap=3)
    if result["plan"] is not None:
        sheet.words(say(language, "方案与成片", "The plan and the draft"), PLAIN, bold=True, described=False)
        for row in result["plan"]["rows"]:
            sheet.words(("✓ " if row["kept"] else "✕ ") + row[language], PLAIN, indent=4, gap=3)
    sheet.words(say(language, "看不到或没有看的", "What was not or cannot be seen"), PLAIN, bold=True, described=False)
    for item in result["not_seen"]:
        sheet.words("· " + item[language], SMALL, indent=4, ink=SOFT, gap=3)
