"""Messages, Chinese and English, about a published video's forecast and what it is made of."""

from typing import Any

from marketplace.core.estimate import Estimate
from marketplace.core.message import Message
from marketplace.matching.forecast.second_forecast import VideoForecast

# Percentiles of the forecast before publication from which a video counts as ahead of it, or behind.
AHEAD, BEHIND = 80, 20


def reasons(video: VideoForecast, final_days: float) -> list[Message]:
    """Return the points of a video's forecast for `final_days` after publication, each with its numbers."""
    message = _after_publication(video, final_days)
    return [message] if video.percentile is None else [message, _against_first_forecast(video, video.percentile)]


def _after_publication(video: VideoForecast, final_days: float) -> Message:
    day, settled = video.taken_at.date(), video.settled_videos
    basis_zh = f"{settled} 个已满 30 天的视频" if settled else "先验假设（还没有已满 30 天的视频）"
    basis_en = f"{settled} videos that are thirty days old" if settled else "a prior (no video is thirty days old yet)"
    interval = _shown(video.forecast)
    fitted_on = None if video.fitted_on is None else video.fitted_on.isoformat()
    return Message(
        "views_after_publication",
        f"发布 {video.hours:.0f} 小时后播放 {video.views:,}；预计 {final_days:.0f} 天播放 {interval}，"
        f"增长规律来自{basis_zh}；来源 {video.source}，{day}",
        f"{video.views:,} views {video.hours:.0f} h after publication; {interval} at {final_days:.0f} days, growth from"
        f" {basis_en}; source {video.source}, {day}",
        {
            "views": {**_number(video.forecast), "count": settled, "date": fitted_on},
            "so_far": {"value": video.views, "unit": "views", "source": video.source, "date": day.isoformat()},
        },
    )


def _against_first_forecast(video: VideoForecast, percentile: float) -> Message:
    code, zh, en = (
        ("ahead_of_forecast", "好于", "ahead of")
        if percentile >= AHEAD
        else ("behind_forecast", "低于", "behind")
        if percentile <= BEHIND
        else ("as_forecast", "符合", "in line with")
    )
    interval = _shown(video.before)
    return Message(
        code,
        f"目前走势{zh}发布前的预测 {interval}：位于第 {percentile:.0f} 百分位",
        f"So far {en} the forecast before publication of {interval}: percentile {percentile:.0f} of it",
        {
            "percentile": {"value": percentile, "unit": "percentile of the forecast before publication"},
            "before": _number(video.before),
        },
    )


def _shown(views: Estimate) -> str:
    return f"{views.point:,.0f} ({views.low:,.0f}–{views.high:,.0f}, 80%)"


def _number(views: Estimate) -> dict[str, Any]:
    return {"value": views.point, "low": views.low, "high": views.high, "interval": "80%", "unit": "views"}
