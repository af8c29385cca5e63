"""What an advertisement does to a channel's views: log views of its sponsored videos against its other ones.

A bid is a sponsored video, a history mostly is not. A channel's own difference is drawn to the market's, the market's
to a prior of no effect, by how sure each is (random effects: DerSimonian and Laird, Controlled Clinical Trials 7,
1986).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.matching.arrays import Bools, Floats, sum_columns
from marketplace.matching.elementary import log
from marketplace.matching.pool import HALF_LIFE_VIDEOS, VIDEOS_MAX, VIEWS_FLOOR, Histories, usable

MODEL_VERSION = "sponsored/1"
# The market's difference before any channel has told one, and how far channels lie from the market: log units. No
# effect in the middle, a third less or more within reach; no public figure of views was found that would say more.
MEAN_PRIOR, MEAN_SD_PRIOR, BETWEEN_PRIOR = 0.0, 0.15, 0.25
BETWEEN_DOUBT, CHANNELS_MIN = 20.0, 5
Z_80 = 1.2815515655446004
GAP_MAX = 1.5


@dataclass(frozen=True)
class Market:
    """The mean difference of log views, sponsored less other, its SD, the SD of channels about it, and how many
    channels with both kinds are behind it."""

    mean: float = MEAN_PRIOR
    mean_sd: float = MEAN_SD_PRIOR
    between: float = BETWEEN_PRIOR
    channels: int = 0


@dataclass(frozen=True, eq=False)
class Gaps:
    """Of n channels: the difference of log views [n] and its SD [n] after shrinking, the counts of sponsored and other
    videos behind it [n], and the recency-weighted share of sponsored videos in the forecast's own mean [n]."""

    gap: Floats
    sd: Floats
    sponsored: Floats
    other: Floats
    share: Floats

    @property
    def told(self) -> Bools:
        """Return where the channel or the market has told of it [n]: elsewhere the prior alone stands."""
        found: Bools = (self.sponsored > 0) & (self.other > 0) | (self.gap != MEAN_PRIOR)
        return found

    @property
    def low(self) -> Floats:
        """Return the lower end of the 80 % interval, log units."""
        return self.gap - Z_80 * self.sd

    @property
    def high(self) -> Floats:
        """Return the upper end."""
        return self.gap + Z_80 * self.sd


PRIOR_MARKET = Market()


def from_content(content: Mapping[str, Any] | None) -> Market:
    """Return a stored market, or the prior."""
    return PRIOR_MARKET if content is None else Market(**content)


def _own(past: Histories, variance: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return each channel's own difference, its variance, both counts and the share of its weighted mean."""
    marks = np.full(past.views.shape, np.nan) if past.sponsored is None else past.sponsored
    good = usable(past)
    logs = log(np.maximum(np.where(good, past.views, VIEWS_FLOOR), VIEWS_FLOOR))
    with_ads, without = good & (marks == 1), good & (marks == 0)
    sponsored, other = (sum_columns(kind.astype(np.float64)) for kind in (with_ads, without))
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = _mean(logs, with_ads) - _mean(logs, without)
        noise = variance * (1 / sponsored + 1 / other)
    rank = np.cumsum(good, axis=1) - 1
    recent = good & (rank < VIDEOS_MAX)
    weights = np.where(recent, 2.0 ** (-np.minimum(rank, VIDEOS_MAX) / HALF_LIFE_VIDEOS), 0.0)
    total = sum_columns(weights)
    share = sum_columns(np.where(with_ads, weights, 0.0)) / np.where(total > 0, total, 1.0)
    return gap, noise, sponsored, other, share


def _mean(logs: Floats, which: Bools) -> Floats:
    return sum_columns(np.where(which, logs, 0.0)) / sum_columns(which.astype(np.float64))


def fit_market(past: Histories, variance: Floats) -> Market:
    """Return what n channels teach of the difference; ``variance`` [n] is that of one video's log views.

    With fewer than five channels that have both kinds the prior stays."""
    gap, noise, sponsored, other, _ = _own(past, variance)
    both = (sponsored > 0) & (other > 0)
    count = int(both.sum())
    if count < CHANNELS_MIN:
        return PRIOR_MARKET
    gap, noise = np.clip(gap[both], -2 * GAP_MAX, 2 * GAP_MAX), noise[both]
    precision = 1 / noise
    total = float(np.sum(precision))
    fixed = float(np.sum(precision * gap)) / total
    excess = float(np.sum(precision * (gap - fixed) ** 2)) - (count - 1)
    found = max(0.0, excess / (total - float(np.sum(precision**2)) / total))
    between = (count * found + BETWEEN_DOUBT * BETWEEN_PRIOR**2) / (count + BETWEEN_DOUBT)
    precision = 1 / (noise + between)
    total = float(np.sum(precision)) + 1 / MEAN_SD_PRIOR**2
    mean = (float(np.sum(precision * gap)) + MEAN_PRIOR / MEAN_SD_PRIOR**2) / total
    return Market(round(mean, 9), round(float(np.sqrt(1 / total)), 9), round(float(np.sqrt(between)), 9), count)


def gaps(past: Histories, variance: Floats, market: Market = PRIOR_MARKET) -> Gaps:
    """Return n channels' differences, each drawn to the market's; without both kinds of videos, the market's own.

    ``variance`` [n]: of one video's log views in the channel. Uses every settled video of the history, not ten only.
    """
    own, noise, sponsored, other, share = _own(past, variance)
    both = (sponsored > 0) & (other > 0)
    about = market.between**2 + market.mean_sd**2
    trust = np.where(both, about / (about + np.where(both, noise, 1.0)), 0.0)
    moved = np.clip(np.where(both, own, market.mean), -2 * GAP_MAX, 2 * GAP_MAX) - market.mean
    gap = np.clip(market.mean + trust * moved, -GAP_MAX, GAP_MAX)
    return Gaps(gap, np.sqrt((1 - trust) * about), sponsored, other, share)


def placement(found: Gaps) -> tuple[Floats, Floats]:
    """Return what a placement adds to the channel's forecast, and its SD [n], log units.

    The part of the history that was sponsored already holds the difference. Where neither the channel nor the market
    has told of sponsored videos, nothing is added and the forecast stays as wide as it was.
    """
    left = np.where(found.told, 1 - found.share, 0.0)
    return left * found.gap, left * found.sd
