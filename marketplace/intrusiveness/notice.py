"""The share of a video's viewers who notice the brand, and how sure that is: attention, memory, and who is still there.

    attention to a visual  a = A min(1, area / 10 %)^size (1 - (1 - centre)/2) (0.7 + 0.6 saliency) clarity (1 + w plot)
    attentive seconds      H(t) = the integral of the largest visual's a / (1 + elapsed / 10 s), plus M n^0.35
                           (1 + w plot) for n mentions, over the root of the number of brands; a visual under 0.5 s in
                           proportion
    of those who watch on  N(t) = C (1 - exp(-H(t) / theta))
    still watching         S(t) = exp(-(t / tau)^0.65), tau so that a share c is left at D: 45 s, the usual length, and
                           for a longer film the root of 45 s x its length: watched longer, but by fewer to its end
    of all viewers         the integral of S dN

A card that opens a video is noticed by several times as many of its viewers as the same card at its end, because most
are gone by then; so the start counts as much as the prominence. No study tells recall of placements in short videos by
seconds. The law rests on recall of video ads: 36 % at 0.5 s and 80 % at 4 s (ESPN, MediaScience); 40 % at 1 s and 70 %
at 4 s (a short-video platform's own); 7 to 35 % by dwell of 0 to 5 s (Lumen and Digital Turbine, 2022); half the time
on screen is looked at (Amplified); of placements in drama 30 % are recognised (Nielsen, 2007); prominent and in the
plot goes before prominent, plot, neither (Lehu and Bressoud, 2009: 32,662 exposures); several brands cancel each other
(Bressoud, Lehu and Russell, 2010). The completion rate is that of 789 creators of one search (Xingtu, 2025-11), of
those with views of 10,000 and more. Every constant is judged on these points with an 80 % interval, and the doubt of
all of them together, and of the plan's own intervals, is the interval of the share.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from marketplace.intrusiveness.disclosure.plan_lines import without_disclosures
from marketplace.intrusiveness.timeline import ExposureKind, Timeline, ValueInterval

Table = npt.NDArray[np.float64]

MODEL_VERSION = "noticing/2"
DRAWS = 64
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
AREA_FULL, RUN_S, SHORT_S = 0.10, 10.0, 0.5
CENTRE_WORTH, CALM, STRIKING = 0.5, 0.7, 0.6
MENTIONS_POWER, LOSS_POWER, USUAL_S = 0.35, 0.65, 45.0
STEPS = 40  # of the audience that is left, between which the time is cut
DECIMALS = 6


class NoticeShare(NamedTuple):
    """The share of a video's viewers who notice the brand, 0..1: the middle and the ends of its 80 % interval."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class NoticeLaw:
    """The constants of the law, each with the ends of its 80 % interval: low, middle, high."""

    ceiling: tuple[float, float, float] = (0.46, 0.75, 0.93)
    theta_s: tuple[float, float, float] = (0.85, 1.9, 4.0)
    attention: tuple[float, float, float] = (0.35, 0.5, 0.65)
    size: tuple[float, float, float] = (0.35, 0.5, 0.9)
    mention_s: tuple[float, float, float] = (0.7, 1.5, 2.5)
    plot: tuple[float, float, float] = (0.0, 0.3, 0.5)
    completion: tuple[float, float, float] = (0.025, 0.11, 0.24)


LAW = NoticeLaw()


def notice_share(plan: Timeline, law: NoticeLaw = LAW) -> NoticeShare:
    """Return the share of viewers who notice the brand in a video made to this plan; 0 without exposures.

    The ends are the 10 % and 90 % quantiles over sixty-four combinations of the constants and of what the plan leaves
    open, evenly spread (an additive recurrence: Roberts, 2018), so that the same plan always has the same share.
    """
    plan = without_disclosures(plan)
    if not plan.exposures:
        return NoticeShare(0.0, 0.0, 0.0)
    units = _spread(len(fields(law)) + 1)
    constants = {
        part.name: np.interp(units[:, column], (LOW, MIDDLE, HIGH), getattr(law, part.name))
        for column, part in enumerate(fields(law))
    }
    shares = _shares(plan, constants, units[:, -1])
    low, middle, high = np.round(np.quantile(shares, (LOW, MIDDLE, HIGH)), DECIMALS).tolist()
    return NoticeShare(middle, low, high)


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


def _spread(columns: int) -> Table:
    """Return DRAWS points [DRAWS, columns] in 0..1, as evenly spread as a few points can be in every column."""
    root = 2.0
    for _ in range(40):  # the positive root of x^(columns + 1) = x + 1
        root = (1 + root) ** (1 / (columns + 1))
    steps = root ** -np.arange(1, columns + 1)
    points: Table = (0.5 + np.arange(1, DRAWS + 1)[:, None] * steps) % 1
    return points


def _shares(plan: Timeline, constants: dict[str, Table], within: Table) -> Table:
    """Return the share who notice [D], at constants [D] and at the places ``within`` the plan's intervals [D]."""
    starts, seconds, strengths, mentions = _exposures(plan, constants, within)
    ends = np.minimum(starts + seconds, plan.duration_s)
    tau = _stay(plan.duration_s, constants["completion"])
    left = np.arange(1, STEPS) / STEPS
    times = np.minimum(tau[:, None] * (-np.log(left)) ** (1 / LOSS_POWER), plan.duration_s)
    edges = np.sort(np.concatenate([starts, ends, times, np.full((len(tau), 1), plan.duration_s)], axis=1), axis=1)
    edges = np.minimum(edges, plan.duration_s)
    spans, middles = np.diff(edges, axis=1), (edges[:, 1:] + edges[:, :-1]) / 2
    elapsed = middles[:, :, None] - starts[:, None, :]
    active = (elapsed >= 0) & (middles[:, :, None] < ends[:, None, :])
    lengths = np.maximum(ends - starts, 0.0)
    short = np.minimum(1.0, lengths / SHORT_S)
    seen = np.where(active, strengths[:, None, :] * short[:, None, :] / (1 + np.maximum(elapsed, 0) / RUN_S), 0.0)
    told = _told(mentions, starts, lengths, edges)
    brands = np.sqrt(_at(plan.brands, 1 - within))
    gained = (seen.max(axis=2) * spans + np.diff(told, axis=1) * constants["mention_s"][:, None]) / brands[:, None]
    remembered = np.exp(-np.cumsum(gained, axis=1) / constants["theta_s"][:, None])
    newly = np.diff(1 - remembered, axis=1, prepend=0.0)
    watching = np.exp(-((middles / tau[:, None]) ** LOSS_POWER))
    shares: Table = constants["ceiling"] * np.sum(watching * newly, axis=1)
    return shares


def _told(mentions: Table, starts: Table, lengths: Table, edges: Table) -> Table:
    """Return what the mentions up to each edge are worth together [D, K], in seconds of one mention; those of an
    exposure are spread over it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        done = (edges[:, :, None] - starts[:, None, :]) / lengths[:, None, :]
    done = np.clip(np.nan_to_num(done, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    total = np.sum(done * mentions[:, None, :], axis=2)
    told: Table = np.where(total > 0, total**MENTIONS_POWER, 0.0)
    return told


def _exposures(plan: Timeline, constants: dict[str, Table], within: Table) -> tuple[Table, Table, Table, Table]:
    """Return start, seconds, attention to what is seen, and mentions of each exposure [D, E]."""

    def column(value: Callable[[int], Table]) -> Table:
        return np.stack([value(index) for index in range(len(plan.exposures))], axis=1)

    def at(name: str, index: int) -> Table:
        return _at(getattr(plan.exposures[index], name), within)

    def attention(index: int) -> Table:
        if plan.exposures[index].kind is ExposureKind.SPEECH:
            return np.zeros(len(within))
        size = np.minimum(1.0, at("area_share", index) / AREA_FULL) ** constants["size"]
        place = 1 - CENTRE_WORTH * (1 - at("centre", index))
        eye = CALM + STRIKING * at("saliency", index)
        strength: Table = constants["attention"] * size * place * eye * at("clarity", index)
        return strength * (1 + constants["plot"] * at("plot", index))

    def mentions(index: int) -> Table:
        # Of a mention in the plot, more is kept; inside the power, so that the whole is still one sum over exposures.
        plot = (1 + constants["plot"] * at("plot", index)) ** (1 / MENTIONS_POWER)
        named: Table = at("mentions", index) * plot
        return named

    # A late start is the low end: fewer are still there.
    starts = column(lambda index: _at(plan.exposures[index].start_s, 1 - within))
    return starts, column(lambda index: at("seconds", index)), column(attention), column(mentions)


def _at(interval: ValueInterval, within: Table) -> Table:
    place: Table = interval.low + (interval.high - interval.low) * within
    return place
