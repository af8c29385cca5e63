"""`python -m benchmarks.quality.intrusiveness [--timelines N] [--seed S]`: what must hold of the intrusiveness score.

First the pairs of plans whose order people of the trade would give (tests/intrusiveness/pairs): each has the plan that
disturbs less, the one that disturbs more and the least points between them. Then the properties of the score, and that
every plan inside a plan's intervals scores inside its range, are tried on N made-up plans
(benchmarks/quality/timelines.py) with the score's own code. Prints how often each was tried and broken and the worst
excess in points; ends with 1 where a pair or a property was broken. A number may be off by ROUNDING.
"""

import argparse
import csv
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import numpy as np

from benchmarks.quality import timelines
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import fitted_total, raw
from marketplace.intrusiveness.plan_score import score_plan, score_range
from marketplace.intrusiveness.prominence import prominence, prominence_range
from marketplace.intrusiveness.timeline import Exposure, Timeline, exact, from_dict

PAIRS = Path(__file__).resolve().parents[2] / "tests" / "intrusiveness" / "pairs"
ROUNDING = 1e-9
INSIDE = 3
RUN_S = (6.0, 62.0)


@dataclass(frozen=True)
class Case:
    """One trial: a plan of intervals, one of exact numbers inside it with its score, a fit, and chance."""

    rng: Random
    plan: Timeline
    one: Timeline
    fit: float
    score: float

    def over(self, changed: Timeline, fit: float | None = None) -> float:
        """Return by how much a changed plan scores more."""
        return _score(changed, self.fit if fit is None else fit) - self.score


@dataclass
class Tally:
    """What came of one property: excess in points, 0 or less where it holds."""

    cases: int = 0
    broken: int = 0
    worst: float = -math.inf

    def add(self, excess: float) -> None:
        self.cases += 1
        self.broken += not excess <= ROUNDING
        self.worst = max(self.worst, excess)


Property = Callable[[Case], Iterator[float]]
Changed = TypeVar("Changed", Exposure, Timeline)


def _score(timeline: Timeline, fit: float) -> float:
    return score_range(timeline, fit)[1]


def _outside(value: float, low: float, high: float) -> float:
    return max(low - value, value - high)


def _in_range(case: Case) -> Iterator[float]:
    yield _outside(case.score, 0, 100)


def _points_sum(case: Case) -> Iterator[float]:
    """The points told, the ends told and the score that is stored as factors are one number."""
    score = score_plan(case.one, case.fit, what_ifs=False)
    stored = np.array([raw(case.one, "mid")])
    kept = fitted_total(stored, stored, np.array([case.fit]))[0][0]
    for total in (sum(factor.point for factor in score.factors), score.point, score.low, score.high, float(kept)):
        yield abs(total - case.score)


def _one_more(case: Case) -> Iterator[float]:
    extra = timelines.exposure(case.rng, case.one.duration_s)
    [extra] = timelines.inside(case.rng, replace(case.one, exposures=(extra,))).exposures
    at = case.rng.randint(0, len(case.one.exposures))
    yield -case.over(replace(case.one, exposures=(*case.one.exposures[:at], extra, *case.one.exposures[at:])))


def _one_less(case: Case) -> Iterator[float]:
    for at in range(len(case.one.exposures)):
        yield case.over(replace(case.one, exposures=case.one.exposures[:at] + case.one.exposures[at + 1 :]))


def _more(was: Changed, field: str, most: float, by: float) -> Changed:
    values: dict[str, Any] = {field: exact(min(most, getattr(was, field).low + by))}
    return replace(was, **values)


def _more_of_one(field: str, most: float, by: float, sign: int = -1) -> Property:
    def check(case: Case) -> Iterator[float]:
        if not case.one.exposures:
            return
        at = case.rng.randrange(len(case.one.exposures))
        was = case.one.exposures[at]
        more = _more(was, field, most, timelines.number(case.rng, 0, by))
        exposures = (*case.one.exposures[:at], more, *case.one.exposures[at + 1 :])
        yield sign * case.over(replace(case.one, exposures=exposures))

    return check


def _more_of_all(field: str, most: float, by: float) -> Property:
    def check(case: Case) -> Iterator[float]:
        yield -case.over(_more(case.one, field, most, timelines.number(case.rng, 0, by)))

    return check


def _more_fit(case: Case) -> Iterator[float]:
    less = 0.0 if math.isnan(case.fit) else case.fit
    yield case.over(case.one, min(1.0, less + timelines.number(case.rng, 0, 1)))


def _alone(case: Case) -> Exposure:
    made = timelines.exposure(case.rng, case.one.duration_s)
    return timelines.inside(case.rng, replace(case.one, exposures=(made,))).exposures[0]


def _later(case: Case) -> Iterator[float]:
    """Past the opening: before it a card keeps viewers waiting, and in the film's heart it breaks in."""
    one, length = _alone(case), case.one.duration_s
    start = max(one.start_s.low, constants.OPENING_UNTIL * length)
    room = max(0.0, length - start - one.seconds.low)
    moved = replace(one, start_s=exact(start + timelines.number(case.rng, 0, room)))
    before, after = (replace(case.one, exposures=(lone,)) for lone in (replace(one, start_s=exact(start)), moved))
    yield _score(after, case.fit) - _score(before, case.fit)


def _split(case: Case) -> Iterator[float]:
    """Past the opening, and where both halves are no impressions of their own that would take longer than they last."""
    seconds, gap = timelines.number(case.rng, *RUN_S), case.rng.uniform(1.01, 10)
    start = timelines.number(case.rng, 9, 60)
    whole = replace(_alone(case), start_s=exact(start), seconds=exact(seconds))
    first = replace(whole, seconds=exact(seconds / 2))
    second = replace(first, start_s=exact(start + seconds / 2 + gap), claims=exact(0), mentions=exact(0), cta=False)
    video = replace(case.one, duration_s=180.0)
    before, after = (replace(video, exposures=shown) for shown in ((whole,), (first, second)))
    yield _score(after, case.fit) - _score(before, case.fit)


def _inside_score(case: Case) -> Iterator[float]:
    low, high = score_range(case.plan, case.fit)
    for one in _some_inside(case):
        yield _outside(_score(one, case.fit), low, high)


def _inside_factors(case: Case) -> Iterator[float]:
    low, high = raw(case.plan, "low"), raw(case.plan, "high")
    for one in _some_inside(case):
        values = zip(raw(one, "mid"), low, high, constants.POINTS * 2, strict=True)
        yield max(_outside(value, least, most) * worth for value, least, most, worth in values)


def _listed_again(case: Case) -> Iterator[float]:
    """What is listed twice is the same exposure: nothing of it counts again, on either side."""
    for at, exposure in enumerate(case.one.exposures):
        twice = replace(case.one, exposures=(*case.one.exposures, exposure))
        yield abs(case.over(twice))
        yield abs(prominence(twice).point - prominence(case.one).point)
        if at:
            return


def _inside_prominence(case: Case) -> Iterator[float]:
    low, high = prominence_range(case.plan)
    for one in _some_inside(case):
        yield _outside(prominence(one).point, low, high)


def _some_inside(case: Case) -> Iterator[Timeline]:
    for _ in range(INSIDE):
        yield timelines.inside(case.rng, case.plan)


PROPERTIES: dict[str, Property] = {
    "the score lies in 0..100": _in_range,
    "points sum to the score, told and stored": _points_sum,
    "one exposure more never lowers": _one_more,
    "one exposure less never raises": _one_less,
    "more central never lowers": _more_of_one("centre", 1, 1),
    "more salient never lowers": _more_of_one("saliency", 1, 1),
    "larger never lowers": _more_of_one("area_share", 1, 0.2),
    "clearer never lowers": _more_of_one("clarity", 1, 1),
    "longer never lowers": _more_of_one("seconds", 7200, 20),
    "more selling points never lower": _more_of_one("claims", 100, 4),
    "more brands never lower": _more_of_all("brands", 50, 3),
    "louder never lowers": _more_of_all("loudness_lu", 60, 6),
    "more covered never lowers": _more_of_all("occlusion_share", 1, 0.3),
    "more fit never raises": _more_fit,
    "more plot never raises": _more_of_one("plot", 1, 1, 1),
    "a lone exposure later, past the opening": _later,
    "a run of 6-62 s split, past the opening": _split,
    "the same exposure listed again changes nothing": _listed_again,
    "inside the intervals, inside the score's range": _inside_score,
    "inside the intervals, inside each factor's": _inside_factors,
    "inside the intervals, inside prominence's": _inside_prominence,
}
SCORES = 18


@dataclass(frozen=True)
class PlanPair:
    """Two plans in the order that people of the trade would give: their names and scores, and the least points between
    them."""

    less: str
    more: str
    low: float
    high: float
    least: float

    @property
    def holds(self) -> bool:
        return self.high - self.low >= self.least

    def __str__(self) -> str:
        gap = f"gap {self.high - self.low:5.1f}, least {self.least:g}"
        return (
            f"{self.less:<30}{self.low:5.1f} < {self.more:<30}{self.high:5.1f}  {gap}{'' if self.holds else '  WRONG'}"
        )


def pairs(folder: Path = PAIRS) -> list[PlanPair]:
    """Return the pairs of a folder of plans with their scores."""
    plans = {name: from_dict(plan) for name, plan in json.loads((folder / "plans.json").read_text("utf-8")).items()}
    with (folder / "order.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    def score(row: Mapping[str, str], end: str) -> float:
        return score_plan(plans[row[end]], float(row[f"fit_{end}"]), what_ifs=False).point

    return [
        PlanPair(row["less"], row["more"], score(row, "less"), score(row, "more"), float(row["least_gap"]))
        for row in rows
    ]


def run(count: int, seed: int) -> dict[str, Tally]:
    """Try every property on ``count`` made-up plans."""
    tallies = {name: Tally() for name in PROPERTIES}
    for number in range(count):
        # Each plan has chance of its own, so that one that breaks something can be looked at alone.
        rng = Random(f"{seed}:{number}")
        plan = timelines.plan(rng)
        one, fit = timelines.inside(rng, plan), timelines.fit(rng)
        case = Case(rng, plan, one, fit, _score(one, fit))
        for name, check in PROPERTIES.items():
            for excess in check(case):
                tallies[name].add(excess)
    return tallies


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.intrusiveness", description=__doc__)
    parser.add_argument("--timelines", type=int, default=1_000, help="plans to try")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    if args.timelines < 1:
        parser.error("--timelines must be 1 or more")
    began = time.process_time()
    found = pairs()
    wrong = sum(not pair.holds for pair in found)
    print("\n".join(map(str, found)))
    print(f"{len(found) - wrong} of {len(found)} pairs in order\n")
    tallies = run(args.timelines, args.seed)
    print(f"{'property':<48}{'cases':>9}{'violations':>12}{'worst excess':>14}")
    for name, tally in tallies.items():
        worst = "-" if not tally.cases else f"{max(0.0, tally.worst):.1e}"
        print(f"{name:<48}{tally.cases:>9,}{tally.broken:>12,}{worst:>14}")
    broken = sum(tally.broken for tally in tallies.values())
    cases = sum(tally.cases for tally in tallies.values())
    spent = time.process_time() - began
    print(
        f"{args.timelines:,} plans, seed {args.seed}: {cases:,} cases, {broken:,} violations, {spent:.1f} s of processor"
    )
    return 1 if broken or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
