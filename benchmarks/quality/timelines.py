"""Made-up plans for checking the intrusiveness score: odd ones on purpose, the same for the same seed."""

from dataclasses import replace
from math import nan
from random import Random
from typing import Any

from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, ValueInterval, exact

LENGTHS_S = (1.5, 15.0, 30.0, 61.3, 180.0, 600.0)
EXPOSURES_MAX = 8
NUMBERS = ("start_s", "seconds", "area_share", "centre", "saliency", "clarity", "claims", "mentions", "plot")


def number(rng: Random, low: float, high: float) -> float:
    """Return a number of a range; often an end, or a whole number of halves, so that edges meet."""
    match rng.randrange(6):
        case 0:
            return low
        case 1:
            return high
        case 2:
            return min(high, max(low, round(2 * rng.uniform(low, high)) / 2))
        case _:
            return rng.uniform(low, high)


def interval(rng: Random, low: float, high: float, width: float = float("inf")) -> ValueInterval:
    """Return an interval inside a range; half of them exact, for that is a path of its own."""
    first = number(rng, low, high)
    return exact(first) if rng.random() < 0.5 else ValueInterval(first, number(rng, first, min(high, first + width)))


def exposure(rng: Random, duration_s: float) -> Exposure:
    """Return one exposure of a video; its lengths may reach past the end, where it is cut."""
    start = interval(rng, 0, 0.95 * duration_s, 6)
    least = number(rng, 0, min(20.0, duration_s - start.high))
    return Exposure(
        start,
        ValueInterval(least, least + number(rng, 0.1, 5)),
        rng.choice(list(ExposureKind)),
        area_share=interval(rng, 0, 0.2),
        centre=interval(rng, 0, 1),
        saliency=interval(rng, 0, 1),
        clarity=interval(rng, 0, 1),
        claims=interval(rng, 0, 3),
        mentions=interval(rng, 0, 2),
        plot=interval(rng, 0, 1),
        cta=rng.random() < 0.3,
    )


def plan(rng: Random) -> Timeline:
    """Return a plan of intervals with up to eight exposures, now and then none."""
    length = rng.choice(LENGTHS_S)
    found = tuple(exposure(rng, length) for _ in range(rng.randint(0, EXPOSURES_MAX)))
    return Timeline(length, found, interval(rng, 1, 5), interval(rng, -2, 8), interval(rng, 0, 0.5))


def inside(rng: Random, made: Timeline) -> Timeline:
    """Return a plan of exact numbers, each somewhere in its interval and often at an end of it."""

    def some(one: ValueInterval) -> ValueInterval:
        return exact(number(rng, one.low, one.high))

    found = []
    for one in made.exposures:
        numbers: dict[str, Any] = {name: some(getattr(one, name)) for name in NUMBERS}
        found.append(replace(one, **numbers))
    whole: dict[str, Any] = {name: some(getattr(made, name)) for name in ("brands", "loudness_lu", "occlusion_share")}
    return replace(made, exposures=tuple(found), **whole)


def fit(rng: Random) -> float:
    """Return a fit of 0..1; one in ten is not known."""
    return nan if rng.random() < 0.1 else rng.random()
