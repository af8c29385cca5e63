"""The chance of a backlash for one channel: that a sponsored video gets under half of the channel's usual views.

It is told beside the same chance for an unsponsored video, because views scatter by themselves:

    P = Phi((ln 1/2 - max(0, theta) x) / sigma)
    x = (.3 + .7 score / 35) (1 + 2 x sponsored share of the last ten videos, this one among them)

theta: by how much the log views of a sponsored video of 35 points fall. It is normal; its mean before any sponsored
video of the channel is known depends on what viewers came for, and every sponsored video whose views are known moves
it (normal regression: Gelman et al., Bayesian Data Analysis, 3rd ed., 2013, 2.5 and 14). sigma: the scatter of the
channel's own log views. The ends cross the 80 % interval of theta with the ends of the plan's score.

Where the numbers are from, and which are judged, is told in TABLE. Until outcomes of the market's own deals are known,
the chance is provisional, and its sentence says what it rests on. It moves no rank and no gate.

Only operations whose rounding IEEE 754 fixes, so that a bid's numbers have the same bits alone and among others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from marketplace.core.message import Bilingual
from marketplace.intrusiveness.constants import RECENT, UNSEEN_SCORE, SourcedConstant

MODEL_VERSION: Final = "backlash/1"
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TABLE: Final = {
    "under": SourcedConstant(
        0.5, "share of usual views", "the bad result of pacing; 13.7 % of 11,823 videos of 1,315 creators fall so low"
    ),
    "fall_review": SourcedConstant(0.05, "log views", "judgement: viewers of reviews came for products"),
    "fall_general": SourcedConstant(
        0.10, "log views", "judgement; direction: Sun et al. 2023, 30,000 videos: sponsorship lowers engagement"
    ),
    "fall_story": SourcedConstant(
        0.20, "log views", "judgement; direction: China Youth Daily: 31.1 % of 2,014 are averse to placements in drama"
    ),
    "fall_doubt": SourcedConstant(0.15, "log views", "judgement: SD of channels about it"),
    "large_times": SourcedConstant(1.5, "times", "Cheng & Zhang 2025: large audiences lose more; size: judgement"),
    "large_from": SourcedConstant(1_000_000, "followers", "judgement"),
    "score_free": SourcedConstant(0.3, "share", "judgement: what falls because a video is sponsored at all"),
    "share_times": SourcedConstant(
        2, "times", "Goli et al. 2025: after long exposure the loss is three times the first month's"
    ),
    "scatter": SourcedConstant(
        0.63, "log views", "fitted to the videos of `under`: 13.6 % below half; the tail below a third is too thin"
    ),
    "usual_videos": SourcedConstant(10, "videos", "what the usual views of a past video were the median of"),
}
UNDER: Final = TABLE["under"].value
SCATTER: Final = TABLE["scatter"].value
# What viewers of such channels came for: products, or a story; all others are general.
REVIEWS: Final = frozenset({"beauty", "cars", "ecommerce", "fashion", "home", "jewellery", "tech", "toys"})
STORIES: Final = frozenset({"animation", "comedy", "drama", "entertainment", "film", "music"})
Z_80: Final = 1.2815515655446004
VIEWERS: Final = {
    "general": Bilingual("这些观众的态度未知", "how these viewers take it is not known"),
    "review": Bilingual("看测评的观众多为产品而来", "viewers of reviews mostly came for products"),
    "story": Bilingual("看剧情的观众仍可能反感", "viewers of stories may still object"),
}
_LOG_UNDER = math.log(UNDER)
# Where theta's density is summed, in SDs, and its weights.
_NODES = [step / 2 for step in range(-8, 9)]
_WEIGHTS = [math.exp(-node * node / 2) for node in _NODES]
# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.28: off by 3e-7 at most.
_ERF = (0.0705230784, 0.0422820123, 0.0092705272, 0.0001520143, 0.0002765672, 0.0000430638)


@dataclass(frozen=True, eq=False)
class ViewerTolerance:
    """How viewers of n channels take sponsored videos: ``fall`` and ``doubt`` [n] are the mean and the SD of theta,
    ``scatter`` [n] the SD of a channel's own log views."""

    fall: Floats
    doubt: Floats
    scatter: Floats


@dataclass(frozen=True, eq=False)
class BacklashChances:
    """The chance [n] of n videos to get under half of their channel's usual views, its ends, and the same chance of an
    unsponsored video of the channel."""

    chance: Floats
    low: Floats
    high: Floats
    unsponsored: Floats

    def columns(self) -> Floats:
        """Return the four as columns [n, 4]."""
        return np.stack([self.chance, self.low, self.high, self.unsponsored], axis=1)


class ShownBacklash(NamedTuple):
    """The chance that one video gets under half of its channel's usual views, its 80 % ends, the same chance of an
    unsponsored video, what it is known from (channel, market or vertical), and the sentence."""

    chance: float
    low: float
    high: float
    unsponsored: float
    known_from: str
    zh: str
    en: str


def usual_tolerance(verticals: Sequence[str], followers: Floats, scatter: Floats) -> ViewerTolerance:
    """Return what is expected of n channels before a sponsored video of theirs is known.

    ``verticals`` [n]: the main one of each ("" if none). ``followers`` and ``scatter`` [n]: NaN where not known.
    """
    falls = [TABLE[f"fall_{came_for(vertical)}"].value for vertical in verticals]
    large = np.where(followers >= TABLE["large_from"].value, TABLE["large_times"].value, 1.0)
    doubt = np.full(len(verticals), TABLE["fall_doubt"].value)
    return ViewerTolerance(np.array(falls, dtype=np.float64) * large, doubt, np.where(scatter > 0, scatter, SCATTER))


def came_for(vertical: str) -> str:
    """Return what viewers of a vertical came for: "review", "story" or "general"."""
    return "review" if vertical in REVIEWS else "story" if vertical in STORIES else "general"


def learned(usual: ViewerTolerance, seen: Floats, noise: Floats, weight: Floats | float) -> ViewerTolerance:
    """Return what is expected after sponsored videos were seen to fall.

    ``seen`` [n]: by how much the log views fell (NaN: not known). ``noise`` [n]: the SD of that. ``weight``: what
    x was of those videos.
    """
    known = np.isfinite(seen) & (noise > 0)
    precision = 1 / (usual.doubt * usual.doubt)
    told = np.where(known, weight * weight / np.where(known, noise * noise, 1.0), 0.0)
    moved = np.where(known, weight * np.where(known, seen, 0.0) / np.where(known, noise * noise, 1.0), 0.0)
    total = precision + told
    return ViewerTolerance((usual.fall * precision + moved) / total, np.sqrt(1 / total), usual.scatter)


def weight_of(score: Floats, share: Floats) -> Floats:
    """Return x of n videos from their score (0..100) and the sponsored share of the last ten with each (0..1)."""
    free = TABLE["score_free"].value
    by_score = free + (1 - free) * score / UNSEEN_SCORE
    weight: Floats = by_score * (1 + TABLE["share_times"].value * share)
    return weight


def share_with_this(share_before: Floats) -> Floats:
    """Return the sponsored share of the last ten videos with one more, from that before it (NaN: none is known)."""
    share: Floats = (np.nan_to_num(share_before) * (RECENT - 1) + 1) / RECENT
    return share


def chances(low: Floats, high: Floats, share: Floats, viewers: ViewerTolerance) -> BacklashChances:
    """Return the chances of n videos whose plans score ``low`` to ``high`` (NaN: not scored), where ``share`` [n] of
    the last ten videos with each are sponsored."""

    def at(fall: Floats, score: Floats) -> Floats:
        return normal_share((_LOG_UNDER + np.maximum(fall, 0.0) * weight_of(score, share)) / viewers.scatter)

    middle, total = (low + high) / 2, np.zeros(len(low))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        total += weight * at(viewers.fall + node * viewers.doubt, middle)
    return BacklashChances(
        total / sum(_WEIGHTS),
        at(viewers.fall - Z_80 * viewers.doubt, low),
        at(viewers.fall + Z_80 * viewers.doubt, high),
        normal_share(_LOG_UNDER / viewers.scatter),
    )


def after_past(usual: ViewerTolerance, ratios: Sequence[float], share: float) -> ViewerTolerance:
    """Return what is expected of one channel after sponsored videos whose views over its usual ones are ``ratios``, of
    usual scores and while ``share`` of its videos were sponsored."""
    weight = weight_of(np.array([UNSEEN_SCORE]), np.array([share]))
    noise = usual.scatter * math.sqrt(1 + 1 / TABLE["usual_videos"].value)
    found = usual
    for ratio in ratios:
        found = learned(found, np.array([-math.log(ratio)]), noise, weight)
    return found


def normal_share(values: Floats) -> Floats:
    """Return the share [n] of the standard normal distribution below each value."""
    x = np.abs(values) / math.sqrt(2.0)
    series = np.zeros_like(x)
    for term in reversed(_ERF):
        series = (series + term) * x
    power = 1 + series
    for _ in range(4):
        power = power * power
    tail = 0.5 / power
    share: Floats = np.where(values < 0, tail, 1 - tail)
    return share


def shown(
    chances: tuple[float, float, float, float], *, sponsored_videos: int, market: bool, viewers_came_for: str
) -> ShownBacklash:
    """Return one chance (middle, low, high, unsponsored) in words, with what it rests on: the channel's own sponsored
    videos, the market's, or judgement alone."""
    chance, low, high, unsponsored = chances
    name, basis = known_from(sponsored_videos, market=market, viewers_came_for=viewers_came_for)
    ordinary = chance - unsponsored < max(0.05, 0.25 * unsponsored)
    zh_more, en_more = ("，与普通视频相差无几", ", hardly above an ordinary bad day") if ordinary else ("", "")
    return ShownBacklash(
        *chances,
        name,
        f"播放不到平时一半的可能约为 {chance:.0%}（{low:.0%}–{high:.0%}）{zh_more}；不带广告的视频为"
        f" {unsponsored:.0%}；{basis.zh}",
        f"A chance of {chance:.0%} ({low:.0%} to {high:.0%}) to get less than half of the usual views{en_more}; "
        f"{unsponsored:.0%} for an unsponsored video; {basis.en}",
    )


def known_from(sponsored_videos: int, *, market: bool, viewers_came_for: str) -> tuple[str, Bilingual]:
    """Return what a chance rests on (channel, market or vertical), and the words that say how little that is."""
    if sponsored_videos > 0:
        videos = "1 sponsored video" if sponsored_videos == 1 else f"{sponsored_videos} sponsored videos"
        return "channel", Bilingual(
            f"依据该账号 {sponsored_videos} 条商业视频与一般经验，尚未用本市场的结果检验",
            f"from {videos} of the channel and from judgement, which no outcome of this market has tested yet",
        )
    viewers = VIEWERS[viewers_came_for]
    basis = Bilingual("只依据一般经验", "this is judgement alone")
    if market:
        basis = Bilingual("依据市场上的其他账号与一般经验", "this is from others in the market and from judgement")
    return "market" if market else "vertical", Bilingual(
        f"该账号没有已知的商业视频，{basis.zh}，{viewers.zh}",
        f"no sponsored video of the channel is known, so {basis.en}, and {viewers.en}",
    )
