"""The sentences about a channel's pacing, in Chinese and in English, each with its figures."""

from datetime import date

from marketplace.core.message import Bilingual
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.messages import number
from marketplace.intrusiveness.pacing_rule import PacingFigures


def state(is_open: bool, next_open: date | None, figures: PacingFigures, ruled: bool) -> Bilingual:
    """Return whether there is room today, when next, and the spacing behind it."""
    zh, en = _today(is_open, next_open)
    if not ruled:
        zh, en = "账号没有设定节奏规则，每天都可接植入。", "The channel has no pacing rule, so every day is open."
    spacing_zh = f"最近 {figures.videos} 条视频中 {figures.sponsored} 条带广告"
    spacing_en = f"{figures.sponsored} of the last {figures.videos} videos are sponsored"
    if figures.videos_since is not None:
        spacing_zh += f"，上一条广告之后有 {figures.videos_since} 条无广告视频、{figures.days_since} 天"
        spacing_en += f"; since the last one there were {figures.videos_since} others and {figures.days_since} days"
    pace_zh = pace_en = ""
    if figures.pace_days is not None:
        pace_zh = f"今后按每 {number(figures.pace_days)} 天一条无广告视频推算。"
        pace_en = f" From now on an unsponsored video is expected every {number(figures.pace_days)} days."
    booked_zh, booked_en = f"，已约定 {figures.booked} 条", f"; {figures.booked} are booked"
    return Bilingual(f"{zh}{spacing_zh}{booked_zh}。{pace_zh}", f"{en} {spacing_en}{booked_en}.{pace_en}")


def _today(is_open: bool, next_open: date | None) -> Bilingual:
    if is_open:
        return Bilingual("今天可以再接一条植入。", "Today one more placement may stand.")
    if next_open is None:
        return Bilingual(
            f"今天已满，{constants.HORIZON_DAYS} 天内没有空位。",
            f"Today is full, and no day of the coming {constants.HORIZON_DAYS} is open.",
        )
    return Bilingual(f"今天已满，下一个空位是 {next_open}。", f"Today is full; the next open day is {next_open}.")


def tolerance(ratio: float, low: float, high: float, videos: int, others: int) -> Bilingual:
    """Return how the views of sponsored videos compare with those of the others, as a ratio with its 80 % ends."""
    return Bilingual(
        f"广告视频的播放约为平时的 {ratio:.0%}（80% 区间 {low:.0%}–{high:.0%}，"
        f"依据 {videos} 条广告视频与 {others} 条其他视频，并向同垂类、同受众与市场的平均收缩）。",
        f"Sponsored videos get about {ratio:.0%} of the usual views (80 % interval {low:.0%} to {high:.0%}, from"
        f" {videos} sponsored and {others} other videos, drawn to the mean of its vertical,"
        " its audience segment and the market).",
    )
