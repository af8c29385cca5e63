"""The effect of an advertisement on a channel's views: log views of its sponsored videos less those of its other ones.

A bid is for a sponsored video, but most of a history is not sponsored. A channel's own difference is shrunk to those of
its vertical and of its audience segment, these to the market's, and the market's to a prior of no effect, each by its
precision (random effects: DerSimonian and Laird, Controlled Clinical Trials 7, 1986; shrinking in steps: Efron and
Morris, Journal of the American Statistical Association 70, 1975).
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
# The market's difference and the SD of channels about it before any channel shows one, in log units: no effect in the
# middle, a third less or more within reach. No public figure on views was found that would say more.
MEAN_PRIOR, MEAN_SD_PRIOR, BETWEEN_PRIOR = 0.0, 0.15, 0.25
BETWEEN_DOUBT, CHANNELS_MIN = 20.0, 5
# SD of verticals about the market, and of segments about their verticals, in log units: chosen, not measured.
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
    """The difference of a group of channels from the level above it (log units), its SD, and the number of channels
    with both kinds of videos behind it."""

    shift: float
    sd: float
    channels: int


@dataclass(frozen=True)
class SponsoredMarket:
    """The market's mean difference of log views, sponsored less other, with its SD ``mean_sd``.

    ``between`` is the SD of channels about what is expected of them, ``channels`` the number of channels with both
    kinds of videos. ``verticals`` and ``segments`` are the groups with at least five such channels.
    """

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
            # While no group is fitted, `between` still includes the spread of groups.
            unknown = SponsoredGroup(0.0, apart if groups else 0.0, 0)
            for number, name in enumerate(names):
                group = groups.get(name or "", unknown)
                shifts[level, number], variances[level, number] = group.shift, group.sd**2
        return self.mean + shifts.sum(axis=0), np.sqrt(self.mean_sd**2 + variances.sum(axis=0))


@dataclass(frozen=True, eq=False)
class SponsoredGaps:
    """Of n channels: ``gap`` [n], the difference of log views after shrinking, and its ``sd`` [n]; the numbers of
    ``sponsored`` and ``other`` videos behind it [n]; and ``share`` [n], the recency-weighted share of sponsored videos
    in the mean that the forecast uses."""

    gap: Floats
    sd: Floats
    sponsored: Floats
    other: Floats
    share: Floats

    @property
    def is_known(self) -> Bools:
        """Return where the channel's or the market's videos show the difference [n]; elsewhere it is only the prior."""
        known: Bools = (self.sponsored > 0) & (self.other > 0) | (self.gap != MEAN_PRIOR)
        return known

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
        level: {name: SponsoredGroup(*group) for name, group in content.get(level, {}).items()}
        for level in ("verticals", "segments")
    }
    return SponsoredMarket(**{**content, **groups})


def _own(past: ViewHistories, variance: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return each channel's own difference, its variance, both counts and the sponsored share of its weighted mean."""
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
    """Return the difference fitted to n channels; ``variance`` [n] is that of one video's log views.

    With fewer than five channels that have both kinds of videos it stays the prior.
    """
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
    residuals, groups = gap - mean, []
    for names, apart in ((labels.verticals, VERTICAL_SD), (labels.segments, SEGMENT_SD)):
        members = [name for name, kept in zip(names, both.tolist(), strict=True) if kept]
        fitted_groups = _groups(residuals, noise + spread, members, apart)
        residuals = residuals - np.array(
            [fitted_groups[name].shift if name in fitted_groups else 0.0 for name in members]
        )
        groups.append(fitted_groups)
    # The part of the scatter that groups explain is no longer a scatter of channels.
    spread = _between(residuals, noise) if any(groups) else spread
    return SponsoredMarket(
        round(mean, 9), round(float(np.sqrt(1 / total)), 9), round(float(np.sqrt(spread)), 9), count, *groups
    )


def _between(gap: Floats, noise: Floats) -> float:
    """Return the variance of channels about their mean, shrunk to the prior, which counts as twenty channels."""
    precision, count = 1 / noise, len(gap)
    total = float(np.sum(precision))
    fixed = float(np.sum(precision * gap)) / total
    excess = float(np.sum(precision * (gap - fixed) ** 2)) - (count - 1)
    variance = max(0.0, excess / (total - float(np.sum(precision**2)) / total))
    return (count * variance + BETWEEN_DOUBT * BETWEEN_PRIOR**2) / (count + BETWEEN_DOUBT)


def _groups(
    residuals: Floats, variance: Floats, names: Sequence[str | None], apart: float
) -> dict[str, SponsoredGroup]:
    """Return the difference of each group with at least five channels, shrunk to zero by a prior SD of ``apart``."""
    fitted = {}
    for name in sorted({name for name in names if name}):
        members = np.array([other == name for other in names], dtype=np.bool_)
        count = int(members.sum())
        if count >= CHANNELS_MIN:
            precision = float(np.sum(1 / variance[members])) + 1 / apart**2
            shift = float(np.sum(residuals[members] / variance[members])) / precision
            fitted[name] = SponsoredGroup(round(shift, 9), round(float(np.sqrt(1 / precision)), 9), count)
    return fitted


def gaps(
    past: ViewHistories, variance: Floats, market: SponsoredMarket = PRIOR_MARKET, labels: ChannelLabels | None = None
) -> SponsoredGaps:
    """Return n channels' differences, each shrunk to what is expected of its vertical and segment.

    A channel without both kinds of videos gets what is expected. ``variance`` [n] is that of one video's log views in
    the channel. Every settled video of the history counts, not only the ten that the forecast uses.
    """
    own_gap, noise, sponsored, other, share = _own(past, variance)
    both = (sponsored > 0) & (other > 0)
    expected, expected_sd = market.expected(unlabelled(len(both)) if labels is None else labels)
    prior_variance = market.between**2 + expected_sd**2
    trust = np.where(both, prior_variance / (prior_variance + np.where(both, noise, 1.0)), 0.0)
    departure = np.clip(np.where(both, own_gap, expected), -2 * GAP_MAX, 2 * GAP_MAX) - expected
    gap = np.clip(expected + trust * departure, -GAP_MAX, GAP_MAX)
    return SponsoredGaps(gap, np.sqrt((1 - trust) * prior_variance), sponsored, other, share)


def placement(gaps: SponsoredGaps) -> tuple[Floats, Floats]:
    """Return what a placement adds to the channel's forecast, and the SD of that [n], log units.

    The sponsored part of the history has the difference already. Where neither the channel nor the market shows
    sponsored videos, nothing is added and the forecast stays as wide as it was.
    """
    unsponsored = np.where(gaps.is_known, 1 - gaps.share, 0.0)
    return unsponsored * gaps.gap, unsponsored * gaps.sd
