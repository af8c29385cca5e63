"""What an advertisement does to a channel's views: log views of its sponsored videos against its other ones.

A bid is a sponsored video, a history mostly is not. A channel's own difference is drawn to that of its vertical and of
the audience segment it speaks to, these to the market's, and the market's to a prior of no effect, by how sure each is
(random effects: DerSimonian and Laird, Controlled Clinical Trials 7, 1986; shrinking in steps: Efron and Morris,
Journal of the American Statistical Association 70, 1975).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, sum_columns
from marketplace.matching.audience.portable_math import log
from marketplace.matching.forecast.pool import HALF_LIFE_VIDEOS, VIDEOS_MAX, VIEWS_FLOOR, ViewHistories, usable

MODEL_VERSION = "sponsored/2"
# The market's difference before any channel has told one, and how far channels lie from the market: log units. No
# effect in the middle, a third less or more within reach; no public figure of views was found that would say more.
MEAN_PRIOR, MEAN_SD_PRIOR, BETWEEN_PRIOR = 0.0, 0.15, 0.25
BETWEEN_DOUBT, CHANNELS_MIN = 20.0, 5
# How far verticals lie from the market, and segments from their verticals: log units, design.
VERTICAL_SD, SEGMENT_SD = 0.15, 0.10
Z_80 = 1.2815515655446004
GAP_MAX = 1.5


@dataclass(frozen=True)
class ChannelLabels:
    """The main vertical and the audience segment of n channels; None where not known."""

    verticals: Sequence[str | None]
    segments: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.verticals)


def unlabelled(count: int) -> ChannelLabels:
    return ChannelLabels([None] * count, [None] * count)


class SponsoredGroup(NamedTuple):
    """By how much a group of channels differs from what stands above it (log units), the SD of that, and how many
    channels with both kinds of videos are behind it."""

    shift: float
    sd: float
    channels: int


@dataclass(frozen=True)
class SponsoredMarket:
    """The mean difference of log views, sponsored less other, its SD, the SD of channels about what is expected of
    them, how many channels with both kinds are behind it, and the groups of five such channels and more."""

    mean: float = MEAN_PRIOR
    mean_sd: float = MEAN_SD_PRIOR
    between: float = BETWEEN_PRIOR
    channels: int = 0
    verticals: Mapping[str, SponsoredGroup] = field(default_factory=dict)
    segments: Mapping[str, SponsoredGroup] = field(default_factory=dict)

    def of_group(self, group: SponsoredGroup) -> tuple[float, float, float]:
        """Return the difference expected of a group's channels and the 80 % ends of its mean, log units."""
        middle, sd = self.mean + group.shift, math.sqrt(self.mean_sd**2 + group.sd**2)
        return middle, middle - Z_80 * sd, middle + Z_80 * sd

    def expected(self, labels: ChannelLabels) -> tuple[Floats, Floats]:
        """Return the difference expected of n channels before any video of theirs is seen, and its SD [n]."""
        shifts = np.zeros((2, len(labels)))
        variances = np.zeros((2, len(labels)))
        levels = ((self.verticals, VERTICAL_SD, labels.verticals), (self.segments, SEGMENT_SD, labels.segments))
        for level, (groups, apart, names) in enumerate(levels):
            # Where no group is known, `between` holds what they differ by.
            unknown = SponsoredGroup(0.0, apart if groups else 0.0, 0)
            for number, name in enumerate(names):
                group = groups.get(name or "", unknown)
                shifts[level, number], variances[level, number] = group.shift, group.sd**2
        return self.mean + shifts.sum(axis=0), np.sqrt(self.mean_sd**2 + variances.sum(axis=0))


@dataclass(frozen=True, eq=False)
class SponsoredGaps:
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


PRIOR_MARKET = SponsoredMarket()


def from_content(content: Mapping[str, Any] | None) -> SponsoredMarket:
    """Return a stored market, or the prior."""
    if content is None:
        return PRIOR_MARKET
    groups = {
        level: {name: SponsoredGroup(*told) for name, told in content.get(level, {}).items()}
        for level in ("verticals", "segments")
    }
    return SponsoredMarket(**{**content, **groups})


def _own(past: ViewHistories, variance: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
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


def fit_market(past: ViewHistories, variance: Floats, labels: ChannelLabels | None = None) -> SponsoredMarket:
    """Return what n channels teach of the difference; ``variance`` [n] is that of one video's log views.

    With fewer than five channels that have both kinds the prior stays."""
    gap, noise, sponsored, other, _ = _own(past, variance)
    both = (sponsored > 0) & (other > 0)
    count = int(both.sum())
    if count < CHANNELS_MIN:
        return PRIOR_MARKET
    gap, noise = np.clip(gap[both], -2 * GAP_MAX, 2 * GAP_MAX), noise[both]
    spread = _between(gap, noise)
    precision = 1 / (noise + spread)
    total = float(np.sum(precision)) + 1 / MEAN_SD_PRIOR**2
    mean = (float(np.sum(precision * gap)) + MEAN_PRIOR / MEAN_SD_PRIOR**2) / total
    labels = unlabelled(len(both)) if labels is None else labels
    left, groups = gap - mean, []
    for names, apart in ((labels.verticals, VERTICAL_SD), (labels.segments, SEGMENT_SD)):
        own = [name for name, kept in zip(names, both.tolist(), strict=True) if kept]
        found = _groups(left, noise + spread, own, apart)
        left = left - np.array([found[name].shift if name in found else 0.0 for name in own])
        groups.append(found)
    # What groups tell apart is no scatter of channels any more.
    spread = _between(left, noise) if any(groups) else spread
    return SponsoredMarket(
        round(mean, 9), round(float(np.sqrt(1 / total)), 9), round(float(np.sqrt(spread)), 9), count, *groups
    )


def _between(gap: Floats, noise: Floats) -> float:
    """Return the variance of channels about their mean, drawn to the prior's by the weight of twenty channels."""
    precision, count = 1 / noise, len(gap)
    total = float(np.sum(precision))
    fixed = float(np.sum(precision * gap)) / total
    excess = float(np.sum(precision * (gap - fixed) ** 2)) - (count - 1)
    found = max(0.0, excess / (total - float(np.sum(precision**2)) / total))
    return (count * found + BETWEEN_DOUBT * BETWEEN_PRIOR**2) / (count + BETWEEN_DOUBT)


def _groups(left: Floats, variance: Floats, names: Sequence[str | None], apart: float) -> dict[str, SponsoredGroup]:
    """Return what each group of five channels and more differs by, drawn to nothing by an SD of ``apart``."""
    found = {}
    for name in sorted({name for name in names if name}):
        members = np.array([other == name for other in names], dtype=np.bool_)
        count = int(members.sum())
        if count >= CHANNELS_MIN:
            precision = float(np.sum(1 / variance[members])) + 1 / apart**2
            shift = float(np.sum(left[members] / variance[members])) / precision
            found[name] = SponsoredGroup(round(shift, 9), round(float(np.sqrt(1 / precision)), 9), count)
    return found


def gaps(
    past: ViewHistories, variance: Floats, market: SponsoredMarket = PRIOR_MARKET, labels: ChannelLabels | None = None
) -> SponsoredGaps:
    """Return n channels' differences, each drawn to what is expected of its vertical and segment; without both kinds
    of videos, that itself.

    ``variance`` [n]: of one video's log views in the channel. Uses every settled video of the history, not ten only.
    """
    own, noise, sponsored, other, share = _own(past, variance)
    both = (sponsored > 0) & (other > 0)
    expected, expected_sd = market.expected(unlabelled(len(both)) if labels is None else labels)
    about = market.between**2 + expected_sd**2
    trust = np.where(both, about / (about + np.where(both, noise, 1.0)), 0.0)
    moved = np.clip(np.where(both, own, expected), -2 * GAP_MAX, 2 * GAP_MAX) - expected
    gap = np.clip(expected + trust * moved, -GAP_MAX, GAP_MAX)
    return SponsoredGaps(gap, np.sqrt((1 - trust) * about), sponsored, other, share)


def placement(found: SponsoredGaps) -> tuple[Floats, Floats]:
    """Return what a placement adds to the channel's forecast, and its SD [n], log units.

    The part of the history that was sponsored already holds the difference. Where neither the channel nor the market
    has told of sponsored videos, nothing is added and the forecast stays as wide as it was.
    """
    left = np.where(found.told, 1 - found.share, 0.0)
    return left * found.gap, left * found.sd
