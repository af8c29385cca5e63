"""A plan's exposures as one timeline of what the viewer sees and hears, however they are cut, overlapped or repeated.

At each moment the strongest sight alone counts, and of several voices the one that names the brand most often. For each
level of attention h the seconds in which at least h is seen are collected over the whole film, so that the number of
exposures in which they are told makes no difference:

    T_h(t) = seconds up to t in which the strongest sight is h or more; a stretch under 0.5 s in proportion
    worth  = integral over h of F ln(1 + T_h(t) / F)

The worth rises with every second and every level, and the seconds of two plans together are worth no more than those of
each (it is monotone and submodular in what is seen). A gap that a blink covers does not end a stretch.

All functions work on D draws at once: E exposures, K stretches between the K + 1 edges of time. The stretches come
last, as they are many and the exposures few: numpy adds up along a long last axis five times as fast.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

# Of stretches in a row each second is worth less than the one before (see `constants.TABLE`, "fade").
RUN_S = 10.0
# What is seen for less is taken in in part only: viewers recall 36 % of ads seen for 0.5 s (ESPN, MediaScience).
SHORT_S = 0.5
# A blink takes 0.1 to 0.4 s; judged.
BLINK_S = 0.2
# How long it takes to say a name and hear it: two or three syllables in a sentence; judged.
NAME_S = 1.0
# The levels of how well the product is seen, by which naming it counts.
LAYERS = 8


class MergedTimes(NamedTuple):
    """The stretches of time of D draws: where they begin and end [D, K + 1], which exposures each has [D, E, K], and
    whether any exposure is shorter than SHORT_S."""

    edges: Table
    active: Marks
    has_short: bool

    @property
    def spans(self) -> Table:
        """Return how long each stretch lasts [D, K], in seconds."""
        spans: Table = np.diff(self.edges, axis=1)
        return spans


class MergedSights(NamedTuple):
    """What is seen: its worth up to the end of each stretch [D, K], in seconds of full attention, and the attention
    that it has in the stretch [D, K]."""

    worth: Table
    attention: Table


def merged(starts: Table, ends: Table, times: Table) -> MergedTimes:
    """Return the stretches between the starts and ends [D, E] of exposures and other times [D, M]."""
    edges = np.sort(np.concatenate([starts, ends, times], axis=1), axis=1)
    middles = (edges[:, 1:] + edges[:, :-1])[:, None, :] / 2
    active = (middles >= starts[:, :, None]) & (middles < ends[:, :, None])
    return MergedTimes(edges, active, bool(np.any((ends > starts) & (ends - starts < SHORT_S))))


def sights(times: MergedTimes, strengths: Table) -> MergedSights:
    """Return what is seen of exposures that take ``strengths`` [D, E] of the viewer's attention."""
    weights, rises = _levels(times, strengths)
    seconds = np.cumsum(weights * times.spans[:, None, :], axis=2)
    worth = np.sum(RUN_S * np.log1p(seconds / RUN_S) * rises[:, :, None], axis=1)
    return MergedSights(worth, np.sum(weights * rises[:, :, None], axis=1))


def seconds_of(times: MergedTimes, counted: Marks) -> float:
    """Return in how many seconds some of the exposures [E] of a single draw are there; what overlaps counts once."""
    weights, rises = _levels(times, counted[None, :].astype(np.float64))
    return float(np.sum(weights * times.spans[:, None, :] * rises[:, :, None]))


def named(times: MergedTimes, lengths: Table, mentions: Table, seen: Table) -> tuple[Table, Table]:
    """Return how far the brand has been named by the end of each stretch [D, K], 0..1, and how far while it was seen.

    ``lengths`` and ``mentions`` [D, E]: of each exposure, the mentions spread over its length. ``seen`` [D, K]: how
    well the brand is seen, 0..1. Naming it once is all: who has heard the name learns nothing from hearing it again.
    """
    if not np.any(mentions):
        return np.zeros(seen.shape), np.zeros(seen.shape)
    rates = np.minimum(mentions / np.maximum(lengths, NAME_S * mentions + np.finfo(float).tiny), 1 / NAME_S)
    told = np.max(np.where(times.active, rates[:, :, None], 0.0), axis=1) * times.spans
    layers = np.clip(seen[:, None, :] * LAYERS - np.arange(LAYERS)[:, None], 0.0, 1.0)
    heard = np.minimum(1.0, np.cumsum(told, axis=1))
    together = np.minimum(1.0, np.cumsum(told[:, None, :] * layers, axis=2))
    return heard, np.mean(together, axis=1)


def least_starts(
    starts: tuple[Table, Table], seconds: Table, strengths: Table, watching: Callable[[Table], Table]
) -> Table:
    """Return the starts [E] at which exposures are worth least, from the earliest and the latest [E] of each.

    What begins at an open time may be the same sight as another, or come when fewer are ``watching`` (the share at
    moments in seconds). The strongest are placed first, each where what it adds to those placed is worth least, and the
    later of two such times is taken; the exact ones stay where they are.
    """
    earliest, latest = starts
    chosen = latest.copy()
    is_open = earliest < latest
    placed = np.flatnonzero(~is_open).tolist()
    for index in sorted(np.flatnonzero(is_open).tolist(), key=lambda one: -strengths[one]):
        length, strength = seconds[index], strengths[index]
        edges, heights = _profile(chosen[placed], chosen[placed] + seconds[placed], strengths[placed])
        # What is shared changes its course only where two edges meet.
        meeting = np.concatenate([edges, edges - length, (earliest[index], latest[index])])
        times = np.unique(np.clip(meeting, earliest[index], latest[index]))
        shared = np.minimum(times[:, None] + length, edges[1:]) - np.maximum(times[:, None], edges[:-1])
        covered = np.maximum(shared, 0.0) @ np.minimum(heights, strength)
        # A rounding error makes no time better than another.
        added = np.round((strength * length - covered) * watching(times + length / 2), 9)
        chosen[index] = times[len(times) - 1 - np.argmin(added[::-1])]
        placed.append(index)
    return chosen


def _profile(begins: Table, ends: Table, strengths: Table) -> tuple[Table, Table]:
    """Return the edges of time [K + 1], and the strongest of some exposures between them [K]."""
    edges = np.unique(np.concatenate([begins, ends]))
    middles = (edges[1:] + edges[:-1])[:, None] / 2
    active = (middles >= begins) & (middles < ends)
    return edges, np.max(np.where(active, strengths, 0.0), axis=1, initial=0.0)


def _levels(times: MergedTimes, strengths: Table) -> tuple[Table, Table]:
    """Return, for each of L levels of attention from the highest down, how far it is seen in each stretch [D, L, K],
    0..1, and how far it rises above the next level [D, L]. Exposures that take as much attention as another in every
    draw share its level: most plans show a brand in a few ways, however often."""
    together = np.lexsort(strengths)
    strengths = strengths[:, together]
    firsts = np.flatnonzero(np.append(True, np.any(strengths[:, 1:] != strengths[:, :-1], axis=0)))
    strengths = strengths[:, firsts]
    active = np.logical_or.reduceat(times.active[:, together], firsts, axis=1)
    order = np.argsort(-strengths, axis=1, kind="stable")
    heights = np.take_along_axis(strengths, order, axis=1)
    reached = np.maximum.accumulate(active[np.arange(len(order))[:, None], order], axis=1)
    # Where no exposure is short, no stretch at any level is.
    weights = _taken_in(reached, times.spans) if times.has_short else reached.astype(np.float64)
    return weights, heights - np.append(heights[:, 1:], np.zeros((len(heights), 1)), axis=1)


def _taken_in(reached: Marks, spans: Table) -> Table:
    """Return how far what is seen is taken in [D, L, K]: all of it in a stretch of half a second, else in proportion.

    Stretches that a blink or less keeps apart are one, of which the seen seconds count.
    """
    so_far = _run_lengths(reached, spans, None)
    whole = _run_lengths(reached[..., ::-1], spans[:, ::-1], so_far[..., ::-1])[..., ::-1]
    taken: Table = np.where(reached, np.minimum(1.0, whole / SHORT_S), 0.0)
    return taken


def _run_lengths(reached: Marks, spans: Table, known: Table | None) -> Table:
    """Return, for each stretch, how long its run has lasted so far [D, L, K], or, walked backwards, the ``known``
    length at the run's end."""
    lengths = np.zeros(reached.shape)
    run, gap = np.zeros(reached.shape[:2]), np.full(reached.shape[:2], np.inf)
    for index in range(reached.shape[2]):
        here, span = reached[..., index], spans[:, index, None]
        joined = np.where(gap <= BLINK_S, run, 0.0)
        if known is None:
            run = np.where(here, joined + span, run)
        else:
            run = np.where(here, np.where(gap <= BLINK_S, run, known[..., index]), run)
        gap = np.where(here, 0.0, gap + span)
        lengths[..., index] = run
    return lengths
