"""How long a planned film counts as being: a stated length is held against the channel's own videos.

A plan is milder and more noticed the longer its film is said to be, for its exposures take a smaller share of it and
viewers are taken to stay longer. So a film counts as at most `length_most` seconds:

    the 90 % quantile of the channel's last twenty videos whose length is known, where they are five or more;
    where they are fewer, what such films last on the platform (a house figure);
    of lengths on a party's own word, no more than both;
    and never less than the shortest film that the bid's own deliverable promises.

A plan that is said to be longer is measured as it is told and as it would be in a film of that length, and the worse of
both counts, so that no stated length scores better than the evidence allows. What a plan promises beside its length,
and no evidence holds, is held by the deal: docs/formulas/intrusiveness.md says which is which.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from marketplace.briefs.vocabulary import TIER_SECONDS
from marketplace.channels.facts.provenance import OWN_WORD
from marketplace.intrusiveness.factors import raw_bounds
from marketplace.intrusiveness.notice import notice_share
from marketplace.intrusiveness.prominence import prominence_range
from marketplace.intrusiveness.timeline import Exposure, Timeline, ValueInterval

MODEL_VERSION = "length/1"
VIDEOS_MOST, VIDEOS_LEAST = 20, 5
LOW, HIGH = 0.1, 0.9
# Seconds that nine films in ten do not exceed where nothing is known of the channel. Of 1.1 million videos of a
# short-video platform 12 % last over a minute (Buffer, 2025), of 10,000 of another count 14 % (Exolyt, 2023); the tail
# beyond is judged. The other platforms are known for long films; a quarter of an hour is judged.
SHORT_FILMS_S, LONG_FILMS_S, LONG_FILMS = 90.0, 900.0, frozenset({"youtube", "bilibili", "facebook"})

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LengthEvidence:
    """What a channel's videos say of how long its films are: the ends of the middle 80 % of their lengths in seconds
    (None: too few are known), how many they are, and what a stated length counts as at most."""

    low: float | None
    high: float | None
    videos: int
    most: float


@dataclass(frozen=True)
class CountedMeasures:
    """What a plan measures where its film counts as shorter than it is said to be; all as `PlanMeasures` has them."""

    raw_low: Floats
    raw_high: Floats
    prominence: tuple[float, float]
    noticed: tuple[float, float, float]


def evidence(lengths: Sequence[float], weights: Sequence[float], platform: str) -> LengthEvidence:
    """Return what is known from the lengths of a channel's newest videos, newest first, each with the share that counts
    of its provenance. Where five or more come from a better source than a party's own word, only those count."""
    known = [(seconds, weight) for seconds, weight in zip(lengths, weights, strict=True) if seconds > 0][:VIDEOS_MOST]
    exported = [pair for pair in known if pair[1] > OWN_WORD]
    counted = exported if len(exported) >= VIDEOS_LEAST else known
    usual = usual_most(platform)
    if len(counted) < VIDEOS_LEAST:
        return LengthEvidence(None, None, len(counted), usual)
    low, high = np.quantile([seconds for seconds, _ in counted], (LOW, HIGH)).tolist()
    most = high if counted is exported else min(high, usual)
    return LengthEvidence(low, high, len(counted), max(most, 1.0))


def usual_most(platform: str) -> float:
    """Return the seconds that a film counts as at most where nothing is known of the channel's own."""
    return LONG_FILMS_S if platform in LONG_FILMS else SHORT_FILMS_S


def counted_most(stated: Floats, most: Floats, tiers: Sequence[str], platforms: Sequence[str]) -> Floats:
    """Return what films [n] of a ``stated`` length count as: at most ``most`` (NaN: nothing is known of the channel)
    and at least the shortest of their tier ("": none is promised), where the stated one is of that tier."""
    usual = np.array([usual_most(platform) for platform in platforms], dtype=np.float64)
    promised = np.array([TIER_SECONDS[tier][0] if tier in TIER_SECONDS else 0.0 for tier in tiers], dtype=np.float64)
    bound = np.maximum(np.where(np.isnan(most), usual, most), promised)
    counted: Floats = np.minimum(stated, bound)
    return counted


def counted_measures(plan: Timeline, counted_s: float) -> CountedMeasures:
    """Return what a plan measures at most and is noticed at least, as it is told and in a film of that many seconds."""
    held = in_shorter_film(plan, counted_s)
    bounds = [raw_bounds(each) for each in (plan, held)]
    low, high = (np.maximum(*ends) for ends in zip(*bounds, strict=True))
    prominences, noticed = ([of(each) for each in (plan, held)] for of in (prominence_range, notice_share))
    first, last = (min(ends) for ends in zip(*prominences, strict=True))
    middle, least, most = (min(ends) for ends in zip(*noticed, strict=True))
    return CountedMeasures(low, high, (first, last), (middle, least, most))


def in_shorter_film(plan: Timeline, seconds: float) -> Timeline:
    """Return the plan in a film of so many seconds: what would begin too late for that begins as late as it can."""
    if seconds >= plan.duration_s:
        return plan
    return replace(plan, duration_s=seconds, exposures=tuple(_within(exposure, seconds) for exposure in plan.exposures))


def _within(exposure: Exposure, film: float) -> Exposure:
    lasts = ValueInterval(min(exposure.seconds.low, film), min(exposure.seconds.high, film))
    latest = film - lasts.low
    starts = ValueInterval(min(exposure.start_s.low, latest), min(exposure.start_s.high, latest))
    return replace(exposure, start_s=starts, seconds=lasts)
