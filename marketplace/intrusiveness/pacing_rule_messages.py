"""What a full day says to people, in Chinese and in English, each with its figures."""

from dataclasses import dataclass
from datetime import date

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.messages import number

Said = tuple[str, str]
_STAGES = {
    "some": ("少量植入阶段", "the stage of some placements"),
    "few": ("克制植入阶段", "the stage of few placements"),
}


@dataclass(frozen=True)
class PacingSentences:
    """Sentences about the channel, or about one of its series."""

    series: str | None

    def _of(self, zh: str, en: str) -> Said:
        if self.series is None:
            return f"{zh}。", f"{en}."
        return f"系列“{self.series}”：{zh}。", f"Series “{self.series}”: {en}."

    def share(self, worst: int, allowed: int) -> Said:
        return self._of(
            f"连着 {c.RECENT} 条视频里会有 {worst} 条带广告，规则上限为 {allowed} 条",
            f"{worst} of {c.RECENT} videos in a row would be sponsored, where the rule allows {allowed}",
        )

    def gap_videos(self, found: int, wanted: int) -> Said:
        return self._of(
            f"与最近的广告视频之间只有 {found} 条无广告视频，规则要求至少 {wanted} 条",
            f"Only {found} unsponsored videos would lie between it and the nearest sponsored one, where the rule asks"
            f" for {wanted}",
        )

    def gap_days(self, found: int, wanted: int) -> Said:
        return self._of(
            f"与最近的广告视频只相隔 {found} 天，规则要求至少 {wanted} 天",
            f"Only {found} days would lie between it and the nearest sponsored video, where the rule asks for {wanted}",
        )

    def streak(self, found: int, allowed: int) -> Said:
        return self._of(
            f"会连续 {found} 条带广告，规则上限为连续 {allowed} 条",
            f"{found} sponsored videos would follow each other, where the rule allows {allowed}",
        )

    def cool_down(self, day: date, share: float, days: int, until: date) -> Said:
        part = number(100 * share)
        return self._of(
            f"{day} 的广告视频播放只有平时的 {part}%，{days} 天冷静期到 {until} 结束",
            f"The sponsored video of {day} got {part}% of the usual views, and the cool-down of {days} days ends on"
            f" {until}",
        )

    def quiet(self, videos: int, videos_wanted: int, followers: int, followers_wanted: int) -> Said:
        return self._of(
            f"起步阶段不接植入：无广告视频 {videos:,} 条（满 {videos_wanted:,} 条开放），"
            f"粉丝 {followers:,}（满 {followers_wanted:,} 开放）",
            f"No placements yet at this stage: {videos:,} unsponsored videos of {videos_wanted:,}, and {followers:,}"
            f" followers of {followers_wanted:,}",
        )

    def ramp(self, stage: str, worst: int, allowed: int) -> Said:
        zh, en = _STAGES[stage]
        return self._of(
            f"账号处于{zh}：连着 {c.RECENT} 条视频里会有 {worst} 条带广告，本阶段上限为 {allowed} 条",
            f"The channel is in {en}: {worst} of {c.RECENT} videos in a row would be sponsored, where {allowed} may be",
        )
