"""The sentences that say why a day is full, in Chinese and in English, each with its figures."""

from dataclasses import dataclass
from datetime import date

from marketplace.core.message import Bilingual
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.messages import number

_STAGES = {
    "some": Bilingual("少量植入阶段", "the stage of some placements"),
    "few": Bilingual("克制植入阶段", "the stage of few placements"),
}


@dataclass(frozen=True)
class PacingSentences:
    """Makes sentences about the channel, or about one of its series. Counts are of videos unless a name says days."""

    series: str | None

    def _sentence(self, zh: str, en: str) -> Bilingual:
        if self.series is None:
            return Bilingual(f"{zh}。", f"{en}.")
        return Bilingual(f"系列“{self.series}”：{zh}。", f"Series “{self.series}”: {en}.")

    def share(self, worst: int, allowed: int) -> Bilingual:
        return self._sentence(
            f"连着 {constants.RECENT} 条视频里会有 {worst} 条带广告，规则上限为 {allowed} 条",
            f"{worst} of {constants.RECENT} videos in a row would be sponsored, where the rule allows {allowed}",
        )

    def gap_videos(self, gap: int, required: int) -> Bilingual:
        return self._sentence(
            f"与最近的广告视频之间只有 {gap} 条无广告视频，规则要求至少 {required} 条",
            f"Only {gap} unsponsored videos would lie between it and the nearest sponsored one, where the rule asks"
            f" for {required}",
        )

    def gap_days(self, gap: int, required: int) -> Bilingual:
        return self._sentence(
            f"与最近的广告视频只相隔 {gap} 天，规则要求至少 {required} 天",
            f"Only {gap} days would lie between it and the nearest sponsored video, where the rule asks for {required}",
        )

    def streak(self, streak: int, allowed: int) -> Bilingual:
        return self._sentence(
            f"会连续 {streak} 条带广告，规则上限为连续 {allowed} 条",
            f"{streak} sponsored videos would follow each other, where the rule allows {allowed}",
        )

    def cool_down(self, day: date, share: float, days: int, until: date) -> Bilingual:
        part = number(100 * share)
        return self._sentence(
            f"{day} 的广告视频播放只有平时的 {part}%，{days} 天冷静期到 {until} 结束",
            f"The sponsored video of {day} got {part}% of the usual views, and the cool-down of {days} days ends on"
            f" {until}",
        )

    def quiet(self, videos: int, videos_required: int, followers: int, followers_required: int) -> Bilingual:
        return self._sentence(
            f"起步阶段不接植入：无广告视频 {videos:,} 条（满 {videos_required:,} 条开放），"
            f"粉丝 {followers:,}（满 {followers_required:,} 开放）",
            f"No placements yet at this stage: {videos:,} unsponsored videos of {videos_required:,}, and {followers:,}"
            f" followers of {followers_required:,}",
        )

    def ramp(self, stage: str, worst: int, allowed: int) -> Bilingual:
        name = _STAGES[stage]
        return self._sentence(
            f"账号处于{name.zh}：连着 {constants.RECENT} 条视频里会有 {worst} 条带广告，本阶段上限为 {allowed} 条",
            f"The channel is in {name.en}: {worst} of {constants.RECENT} videos in a row would be sponsored,"
            f" where {allowed} may be",
        )
