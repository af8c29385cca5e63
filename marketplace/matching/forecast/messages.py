"""Sentences, Chinese and English, about a published video's forecast and what it is made of."""

from collections.abc import Mapping
from typing import Any

AHEAD, BEHIND = 80, 20


def reasons(told: Mapping[str, Any], final_days: float) -> list[dict[str, Any]]:
    """Return the points of a forecast of readings.forecast, each with its numbers."""
    views, hours, day = told["views"], told["hours"], told["taken_at"].date()
    both, settled = told["forecast"], told["settled_videos"]
    basis_zh = f"{settled} 个已满 30 天的视频" if settled else "先验假设（还没有已满 30 天的视频）"
    basis_en = f"{settled} videos that are thirty days old" if settled else "a prior (no video is thirty days old yet)"
    found = [
        _reason(
            "views_after_publication",
            f"发布 {hours:.0f} 小时后播放 {views:,}；预计 {final_days:.0f} 天播放 {_span(both)}，"
            f"增长规律来自{basis_zh}；来源 {told['source']}，{day}",
            f"{views:,} views {hours:.0f} h after publication; {_span(both)} at {final_days:.0f} days, growth from"
            f" {basis_en}; source {told['source']}, {day}",
            views=_number(both, settled, told),
            so_far={"value": views, "unit": "views", "source": told["source"], "date": day.isoformat()},
        )
    ]
    if told["percentile"] is None:
        return found
    place = told["percentile"]
    code, zh, en = (
        ("ahead_of_forecast", "好于", "ahead of")
        if place >= AHEAD
        else ("behind_forecast", "低于", "behind")
        if place <= BEHIND
        else ("as_forecast", "符合", "in line with")
    )
    found.append(
        _reason(
            code,
            f"目前走势{zh}发布前的预测 {_span(told['before'])}：位于第 {place:.0f} 百分位",
            f"So far {en} the forecast before publication of {_span(told['before'])}: percentile {place:.0f} of it",
            percentile={"value": place, "unit": "percentile of the forecast before publication"},
            before=_number(told["before"], None, told),
        )
    )
    return found


def _span(ends: Mapping[str, float]) -> str:
    return f"{ends['point']:,.0f} ({ends['low']:,.0f}–{ends['high']:,.0f}, 80%)"


def _number(ends: Mapping[str, float], count: int | None, told: Mapping[str, Any]) -> dict[str, Any]:
    found = {"value": ends["point"], "low": ends["low"], "high": ends["high"], "interval": "80%", "unit": "views"}
    if count is not None:
        found["count"] = count
        found["date"] = None if told["fitted_on"] is None else told["fitted_on"].isoformat()
    return found


def _reason(code: str, zh: str, en: str, **numbers: Any) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "numbers": numbers}
