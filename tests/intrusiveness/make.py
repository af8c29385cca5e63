"""Timelines for the tests: random ones for properties, and the worked ones."""

import math

from hypothesis import strategies as st

from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, ValueInterval, exact

LENGTHS = st.sampled_from([1.5, 15.0, 30.0, 61.3, 180.0])
SHARES = st.floats(0, 1)


def shown(start: float, seconds: float, **more: float) -> Exposure:
    """A product on screen; areas and the like as numbers."""
    return Exposure(
        exact(start), exact(seconds), ExposureKind.PRODUCT, **{name: exact(value) for name, value in more.items()}
    )


def said(start: float, seconds: float, *, cta: bool = False, **more: float) -> Exposure:
    """The brand spoken of."""
    numbers = {name: exact(value) for name, value in more.items()}
    return Exposure(exact(start), exact(seconds), ExposureKind.SPEECH, cta=cta, **numbers)


def video(length: float, *exposures: Exposure, **more: float) -> Timeline:
    return Timeline(length, tuple(exposures), **{name: exact(value) for name, value in more.items()})


@st.composite
def intervals(draw: st.DrawFn, low: float, high: float, width: float = math.inf) -> ValueInterval:
    """Half of them exact, for that is a path of its own."""
    first = draw(st.floats(low, high))
    if draw(st.booleans()):
        return exact(first)
    return ValueInterval(first, draw(st.floats(first, min(high, first + width))))


@st.composite
def plans(draw: st.DrawFn, *, most: int = 6, sure: bool = False) -> Timeline:
    """Plans of intervals, or (sure) of exact numbers."""
    length = draw(LENGTHS)
    found = tuple(draw(exposures(length, sure=sure)) for _ in range(draw(st.integers(0, most))))
    whole = draw(intervals(1, 5)), draw(intervals(-2, 8)), draw(intervals(0, 0.5))
    if sure:
        whole = exact(whole[0].low), exact(whole[1].low), exact(whole[2].low)
    return Timeline(length, found, *whole)


@st.composite
def exposures(draw: st.DrawFn, length: float, *, sure: bool = False) -> Exposure:
    start = draw(intervals(0, length * 0.95, 6))
    least = draw(st.floats(0, min(20, length - start.high)))
    numbers = {name: draw(intervals(0, 1)) for name in ("centre", "saliency", "clarity", "plot")}
    numbers |= {"claims": draw(intervals(0, 3)), "mentions": draw(intervals(0, 2))}
    numbers["area_share"] = draw(intervals(0, 0.2))
    seconds = ValueInterval(least, least + draw(st.floats(0.1, 5)))
    if sure:
        numbers = {name: exact(number.low) for name, number in numbers.items()}
        start, seconds = exact(start.low), exact(max(0.1, least))
    return Exposure(start, seconds, draw(st.sampled_from(ExposureKind)), cta=draw(st.booleans()), **numbers)


@st.composite
def inside(draw: st.DrawFn, plan: Timeline) -> Timeline:
    """A plan of exact numbers, each somewhere in its interval, often at an end of it."""

    def some(one: ValueInterval) -> ValueInterval:
        at = draw(st.sampled_from([0.0, 1.0, None]))
        at = draw(SHARES) if at is None else at
        return exact(min(one.high, one.low + at * (one.high - one.low)))

    names = ("start_s", "seconds", "area_share", "centre", "saliency", "clarity", "claims", "mentions", "plot")
    found = tuple(
        Exposure(kind=exposure.kind, cta=exposure.cta, **{name: some(getattr(exposure, name)) for name in names})
        for exposure in plan.exposures
    )
    return Timeline(plan.duration_s, found, some(plan.brands), some(plan.loudness_lu), some(plan.occlusion_share))


CUP = video(60, shown(30, 8, centre=0.2, saliency=0.15, area_share=0.01, clarity=0.6))
HERO = video(60, shown(25, 6, centre=0.6, saliency=0.5, area_share=0.06, clarity=1))
READ = video(
    60,
    said(20, 20, cta=True, claims=4, mentions=3),
    shown(20, 20, centre=0.9, saliency=0.8, area_share=0.15, clarity=1),
    loudness_lu=3,
)
CARD = video(
    15,
    Exposure(
        exact(0),
        exact(3),
        ExposureKind.LOGO,
        exact(0.2),
        centre=exact(1),
        saliency=exact(0.9),
        clarity=exact(1),
        cta=True,
    ),
    said(0, 3, cta=True, claims=1, mentions=1),
)
PLUG = video(
    600,
    said(200, 60, cta=True, claims=5, mentions=3),
    shown(200, 60, centre=0.8, saliency=0.6, area_share=0.1, clarity=1),
)
