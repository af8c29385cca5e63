"""The share of a video's viewers who notice the brand, and how sure that is: attention, memory, and who is still there.

    attention to a visual  a = A min(1, area / 10 %)^size legible (1 - (1 - centre)/2) (0.7 + 0.6 saliency) clarity
                           (1 + w plot), where legible rises from 0 at 0.04 % of the picture to 1 at 0.2 %
    attentive seconds      H(t) = (what has been seen + heard + named) / the root of the number of brands: the worth of
                           the strongest sight of each moment (`merged_sights`), U s once the brand has been named, and
                           V s more once it has been named while it was seen, as far as it was
    of those who watch on  N(t) = C (1 - exp(-H(t) / theta))
    still watching         S(t) = exp(-(t / tau)^0.65), tau so that a share c is left at D: 45 s, the usual length, and
                           for a longer film the root of 45 s x its length: watched longer, but by fewer to its end
    of all viewers         the integral of S dN

A plan counts by what its viewers see and hear, not by how it is told. The same seconds in one exposure or in many are
the same seconds; naming the brand again adds nothing; seconds after the film's end are none; and what a plan leaves
open counts at its least, as its high end alone hopes for more.

A card that opens a video is noticed by several times as many of its viewers as the same card at its end, because most
are gone by then; so the start counts as much as the prominence. No study tells recall of placements in short videos by
seconds. The law rests on recall of video ads: 36 % at 0.5 s and 80 % at 4 s (ESPN, MediaScience); 40 % at 1 s and 70 %
at 4 s (a short-video platform's own); 7 to 35 % by dwell of 0 to 5 s (Lumen and Digital Turbine, 2022); half the time
on screen is looked at (Amplified); of placements in drama 30 % are recognised (Nielsen, 2007); a mention beats a subtle
sight and adds little to a prominent one (Gupta and Lord, 1998); an ad told one to four times changed no belief
(Mitchell and Olson, 1977); prominent and in the plot goes before prominent, plot, neither (Lehu and Bressoud, 2009:
32,662 exposures); several brands cancel each other (Bressoud, Lehu and Russell, 2010). Letters are usable from 10 and
read with ease from 20 to 22 minutes of arc (ISO 9241-3): on a phone held at a third of a metre a name of six letters
takes 0.04 and 0.2 % of the picture. The completion rate is that of 789 creators of one search (Xingtu, 2025-11), of
those with views of 10,000 and more. Every constant is judged on these points with an 80 % interval, and the doubt of
all of them together is the interval of the share.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from marketplace.intrusiveness import merged_sights
from marketplace.intrusiveness.disclosure.plan_lines import without_disclosures
from marketplace.intrusiveness.merged_sights import Table
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, ValueInterval

MODEL_VERSION = "noticing/3"
DRAWS = 64
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
AREA_FULL, AREA_READ, AREA_USABLE = 0.10, 0.002, 0.0004
CENTRE_WORTH, CALM, STRIKING = 0.5, 0.7, 0.6
LOSS_POWER, USUAL_S = 0.65, 45.0
STEPS = 120  # in which the time is cut, half of them by how many are left and half by how many of those leave
CELLS_MAX = 1_000_000  # draws x stretches x exposures that are held at once
DECIMALS = 6
KEPT_MOST = 64  # of so many plans the share is kept: a page of suggestions asks for it again and again


class NoticeShare(NamedTuple):
    """The share of a video's viewers who notice the brand, 0..1: the middle and the ends of its 80 % interval.

    Middle and low are those of what the plan is sure of; high has what it leaves open too.
    """

    middle: float
    low: float
    high: float


def share_dict(share: NoticeShare) -> dict[str, float]:
    """Return a share as JSON data."""
    return {"point": share.middle, "low": share.low, "high": share.high}


@dataclass(frozen=True)
class NoticeLaw:
    """The constants of the law, each with the ends of its 80 % interval: low, middle, high."""

    ceiling: tuple[float, float, float] = (0.46, 0.75, 0.93)
    theta_s: tuple[float, float, float] = (0.85, 1.9, 4.0)
    attention: tuple[float, float, float] = (0.35, 0.5, 0.65)
    size: tuple[float, float, float] = (0.35, 0.5, 0.9)
    heard_s: tuple[float, float, float] = (0.1, 0.2, 0.5)
    named_s: tuple[float, float, float] = (0.1, 0.4, 0.8)
    plot: tuple[float, float, float] = (0.0, 0.3, 0.5)
    completion: tuple[float, float, float] = (0.025, 0.11, 0.24)


LAW = NoticeLaw()


@dataclass(frozen=True)
class _PlanDraws:
    """A plan at D places within its intervals: start, end, attention and mentions of each exposure [D, E], and the
    number of brands [D]."""

    starts: Table
    ends: Table
    strengths: Table
    mentions: Table
    brands: Table


class _ViewersLeft(NamedTuple):
    """Seconds after which 1 / e of a video's viewers are left [D], and the moments [D, M] that cut it into stretches in
    which about as many leave."""

    tau: Table
    moments: Table


@lru_cache(maxsize=KEPT_MOST)
def notice_share(plan: Timeline, law: NoticeLaw = LAW) -> NoticeShare:
    """Return the share of viewers who notice the brand in a video made to this plan; 0 without exposures.

    The ends are the 10 % and 90 % quantiles over sixty-four combinations of the constants, and for the high end of what
    the plan leaves open, evenly spread (an additive recurrence: Roberts, 2018), so that the same plan always has the
    same share.
    """
    plan = without_disclosures(plan)
    if not plan.exposures:
        return NoticeShare(0.0, 0.0, 0.0)
    units = _spread(len(fields(law)) + 1)
    # Some draws at a time, for every exposure is looked at in every stretch of time.
    most = max(1, CELLS_MAX // (len(plan.exposures) * (3 * len(plan.exposures) + STEPS)))
    times = _least_times(plan)
    parts = [_sure_and_hoped(plan, law, units[first : first + most], times) for first in range(0, DRAWS, most)]
    sure, hoped = np.concatenate(parts, axis=1)
    low, middle = np.round(np.quantile(sure, (LOW, MIDDLE)), DECIMALS).tolist()
    return NoticeShare(middle, low, round(float(np.quantile(np.maximum(sure, hoped), HIGH)), DECIMALS))


def _sure_and_hoped(plan: Timeline, law: NoticeLaw, units: Table, times: tuple[Table, Table]) -> tuple[Table, Table]:
    """Return the share who notice what a plan is sure of [D], at ``times`` (start and end [E]), and the plan somewhere
    in its intervals [D], at ``units`` [D, constants + 1]."""
    constants = {
        part.name: np.interp(units[:, column], (LOW, MIDDLE, HIGH), getattr(law, part.name))
        for column, part in enumerate(fields(law))
    }
    viewers = _viewers(plan.duration_s, constants["completion"])
    sure = _shares(viewers, constants, _sure(plan, constants, times))
    return sure, sure if _is_exact(plan) else _shares(viewers, constants, _within(plan, constants, units[:, -1]))


def sure_seconds(plan: Timeline) -> float:
    """Return the seconds in which the brand is sure to be seen or named: each exposure at its shortest, from the same
    timeline as the share who notice. The same second told again counts once; a sight too small to be read and a speech
    that does not name the brand count nothing."""
    plan = without_disclosures(plan)
    if not plan.exposures:
        return 0.0
    counted = np.array([_is_noticeable(exposure, "low") for exposure in plan.exposures])
    starts, ends = _sure_times(plan, counted.astype(np.float64), np.ones_like)
    times = merged_sights.merged(starts[None, :], ends[None, :], np.zeros((1, 1)))
    return merged_sights.seconds_of(times, counted)


def can_be_noticed(plan: Timeline) -> bool:
    """Return whether anybody could see or hear the brand, however much the plan leaves open."""
    return any(_is_noticeable(exposure, "high") for exposure in without_disclosures(plan).exposures)


def still_watching(moment_s: float, duration_s: float) -> float:
    """Return the share of viewers who are still watching at a moment of a video, 0..1, by the law's middle."""
    tau = _stay(duration_s, np.array(LAW.completion[1]))
    return float(np.exp(-((max(moment_s, 0.0) / tau) ** LOSS_POWER)))


def _stay(duration_s: float, completion: Table) -> Table:
    """Return the seconds after which 1 / e of the viewers are left, from the shares [D] who watch a usual video to its
    end."""
    until = USUAL_S**0.5 * max(USUAL_S, duration_s) ** 0.5
    seconds: Table = until / (-np.log(completion)) ** (1 / LOSS_POWER)
    return seconds


@lru_cache(maxsize=1)
def _spread(columns: int) -> Table:
    """Return DRAWS points [DRAWS, columns] in 0..1, as evenly spread as a few points can be in every column."""
    root = 2.0
    for _ in range(40):  # the positive root of x^(columns + 1) = x + 1
        root = (1 + root) ** (1 / (columns + 1))
    steps = root ** -np.arange(1, columns + 1)
    points: Table = (0.5 + np.arange(1, DRAWS + 1)[:, None] * steps) % 1
    return points


def _viewers(duration_s: float, completion: Table) -> _ViewersLeft:
    """Return how the viewers of a video leave, from the shares [D] who watch a usual one to its end."""
    tau = _stay(duration_s, completion)
    gone = (duration_s / tau[:, None]) ** LOSS_POWER
    steps = np.arange(STEPS // 2 + 1) / (STEPS // 2)
    leaving = np.concatenate([-np.log1p(steps * np.expm1(-gone)), steps * gone], axis=1)
    return _ViewersLeft(tau, np.minimum(tau[:, None] * leaving ** (1 / LOSS_POWER), duration_s))


def _shares(viewers: _ViewersLeft, constants: dict[str, Table], drawn: _PlanDraws) -> Table:
    """Return the share who notice [D], at constants [D]."""
    # When an exposure has named the brand once: from then on it adds nothing, so that time is cut there as well.
    lengths = drawn.ends - drawn.starts
    once = drawn.starts + np.minimum(lengths, lengths / np.maximum(drawn.mentions, 1.0))
    times = merged_sights.merged(drawn.starts, drawn.ends, np.concatenate([viewers.moments, once], axis=1))
    seen = merged_sights.sights(times, drawn.strengths)
    well = np.minimum(1.0, seen.attention / constants["attention"][:, None])
    heard, together = merged_sights.named(times, lengths, drawn.mentions, well)
    worth = seen.worth + constants["heard_s"][:, None] * heard + constants["named_s"][:, None] * together
    memory = worth / np.sqrt(drawn.brands)[:, None] / constants["theta_s"][:, None]
    shares: Table = constants["ceiling"] * _noticing(memory, (times.edges / viewers.tau[:, None]) ** LOSS_POWER)
    return shares


def _noticing(memory: Table, gone: Table) -> Table:
    """Return the integral [D] of exp(-gone) d(1 - exp(-memory)), with ``memory`` at the end of each stretch [D, K] and
    ``gone`` at its edges [D, K + 1].

    Both are taken to rise evenly within a stretch, for which the integral is exact, so that it makes no difference into
    how many stretches the same seconds are cut.
    """
    before = np.concatenate([np.zeros((len(memory), 1)), memory[:, :-1]], axis=1)
    more, leaving = memory - before, np.diff(gone, axis=1)
    both = np.maximum(more + leaving, np.finfo(float).tiny)
    parts = np.exp(-before - gone[:, :-1]) * more * -np.expm1(-both) / both
    noticing: Table = np.sum(parts, axis=1)
    return noticing


def _within(plan: Timeline, constants: dict[str, Table], within: Table) -> _PlanDraws:
    """Return a plan at the places ``within`` its intervals [D], 0 where it promises least and 1 where most."""
    # Of what begins later fewer are still there to see it.
    starts = _column(plan, lambda exposure: _at(exposure.start_s, 1 - within))
    lengths = _column(plan, lambda exposure: _at(_in_film(exposure, plan.duration_s), within))
    ends = np.maximum(starts, np.minimum(starts + lengths, plan.duration_s))
    strengths = _column(plan, lambda exposure: _attention(exposure, constants, within))
    return _PlanDraws(starts, ends, strengths, _mentions(plan, within), _at(plan.brands, 1 - within))


def _least_times(plan: Timeline) -> tuple[Table, Table]:
    """Return start and end [E] of each exposure at its shortest, at the times at which the whole is worth least."""
    middle = {name: np.array([values[1]]) for name, values in vars(LAW).items()}
    usual = _column(plan, lambda exposure: _attention(exposure, middle, np.zeros(1)))[0]
    tau = _stay(plan.duration_s, middle["completion"])
    return _sure_times(plan, usual, lambda moments: np.exp(-((moments / tau) ** LOSS_POWER)))


def _sure(plan: Timeline, constants: dict[str, Table], times: tuple[Table, Table]) -> _PlanDraws:
    """Return what a plan is sure of [D]: every number at its least, at its ``times`` (start and end [E])."""
    none = np.zeros(len(constants["attention"]))
    starts, ends = times
    strengths = _column(plan, lambda exposure: _attention(exposure, constants, none))
    shape = strengths.shape
    return _PlanDraws(
        np.broadcast_to(starts, shape),
        np.broadcast_to(ends, shape),
        strengths,
        _mentions(plan, none),
        _at(plan.brands, none + 1),
    )


def _sure_times(plan: Timeline, strengths: Table, watching: Callable[[Table], Table]) -> tuple[Table, Table]:
    """Return start and end [E] of what each exposure is sure of."""
    earliest, latest, seconds = (
        np.array(numbers, dtype=np.float64)
        for numbers in zip(
            *((one.start_s.low, one.start_s.high, one.seconds.low) for one in plan.exposures), strict=True
        )
    )
    starts = merged_sights.least_starts((earliest, latest), seconds, strengths, watching)
    return starts, np.maximum(starts, np.minimum(starts + seconds, plan.duration_s))


def _attention(exposure: Exposure, constants: dict[str, Table], within: Table) -> Table:
    """Return the attention [D] that what is seen of an exposure takes; 0 of what is heard."""
    if exposure.kind is ExposureKind.SPEECH:
        return np.zeros(len(within))
    area = _at(exposure.area_share, within)
    size = np.minimum(1.0, area / AREA_FULL) ** constants["size"]
    legible = np.clip((area - AREA_USABLE) / (AREA_READ - AREA_USABLE), 0.0, 1.0)
    place = 1 - CENTRE_WORTH * (1 - _at(exposure.centre, within))
    eye = CALM + STRIKING * _at(exposure.saliency, within)
    strength: Table = constants["attention"] * size * legible * place * eye * _at(exposure.clarity, within)
    return strength * (1 + constants["plot"] * _at(exposure.plot, within))


def _mentions(plan: Timeline, within: Table) -> Table:
    """Return how often each exposure names the brand aloud [D, E]: a name in the picture is a sight."""
    return _column(
        plan,
        lambda one: _at(one.mentions, within) if one.kind is ExposureKind.SPEECH else np.zeros(len(within)),
    )


def _in_film(exposure: Exposure, duration_s: float) -> ValueInterval:
    """Return how long an exposure may last before the film ends: what is promised for later promises nothing."""
    room = max(exposure.seconds.low, duration_s - exposure.start_s.low)
    return ValueInterval(exposure.seconds.low, min(exposure.seconds.high, room))


def _is_noticeable(exposure: Exposure, end: Literal["low", "high"]) -> bool:
    """Return whether somebody sees an exposure or hears the brand's name in it, at this end of its intervals."""
    if exposure.kind is ExposureKind.SPEECH:
        return float(getattr(exposure.mentions, end)) > 0
    return float(getattr(exposure.area_share, end)) > AREA_USABLE and float(getattr(exposure.clarity, end)) > 0


def _is_exact(plan: Timeline) -> bool:
    names = ("start_s", "seconds", "area_share", "centre", "saliency", "clarity", "mentions", "plot")
    intervals = [plan.brands, *(getattr(exposure, name) for exposure in plan.exposures for name in names)]
    return all(interval.low == interval.high for interval in intervals)


def _column(plan: Timeline, value: Callable[[Exposure], Table]) -> Table:
    return np.stack([value(exposure) for exposure in plan.exposures], axis=1)


def _at(interval: ValueInterval, within: Table) -> Table:
    place: Table = interval.low + (interval.high - interval.low) * within
    return place
