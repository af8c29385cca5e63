"""The same prominence with less intrusion: chains of a creator's changes to a plan, as a small Pareto frontier.

Both sides are the middles of their ranges, as the market's score is. Search by beams: every plan of the beam is changed
in every way of ``search``, a step must lower the middle and raise neither end, and of the plans reached those stay
that no other beats on both sides. It is no proof of the best: a longer chain may be better still. Nothing is drawn at
random and no clock is asked, so the same plan and fit give the same points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import floor

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.factors import ExposureSpan, spans
from marketplace.intrusiveness.messages import between, outcome
from marketplace.intrusiveness.plan_changes import PlanChange, changes, changes_of_one, drivers, larger_at_the_edge
from marketplace.intrusiveness.plan_score import score_range
from marketplace.intrusiveness.prominence import prominence_range
from marketplace.intrusiveness.timeline import Exposure, Timeline, ValueInterval, to_dict

POINTS_MAX = 6
STEPS_MAX = 6
# Made-up plans: a beam of forty found nothing more than one of eight, one of six 0.4 points less.
BEAM = 8
# How often one chain may do the same kind of thing: three pauses are a new video, no change of one.
SAME_MAX = 2
# Exposures that are changed one by one: the weightiest.
TRIED_ALONE = 6
# How many plans are scored: fewer of longer ones, for bounding a score looks at pairs of exposures.
PLANS_MAX, PLANS_LEAST, PAIRS_MAX = 2_000, 60, 600_000
# What is told has one decimal: plans that read the same on both sides are one, and the shorter chain stays.
DECIMALS = 1
# Times of a changed exposure are cut to this many parts of a second.
PARTS_OF_SECOND = 1_000
_ROUNDING = 1e-9

Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """What a plan does, from low to high, 0..100: how much it disturbs and how well the brand is noticed."""

    intrusiveness: Ends
    prominence: Ends

    @property
    def read(self) -> tuple[float, float]:
        """Return the middles as they are told: intrusiveness, and prominence as a loss (below zero)."""
        return round(sum(self.intrusiveness) / 2, DECIMALS), -round(sum(self.prominence) / 2, DECIMALS)

    def keeps(self, before: "PlanStanding") -> bool:
        """Return whether neither end of prominence falls by more than ``PROMINENCE_KEPT`` points."""
        pairs = zip(self.prominence, before.prominence, strict=True)
        return all(now >= was - c.PROMINENCE_KEPT - _ROUNDING for now, was in pairs)


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """One change of a chain, what the plan does after it, and its sentences with the score before and after."""

    change: PlanChange
    after: PlanStanding
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlanOption:
    """A plan worth choosing: the changes that lead to it, in their order; ``kept``: prominence stays as it was, within
    ``PROMINENCE_KEPT`` points."""

    plan: Timeline
    steps: tuple[ChangeStep, ...]
    standing: PlanStanding
    kept: bool
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlanFrontier:
    """What a plan does, and up to six plans that disturb less: first those that keep prominence, then the others, each
    by prominence from high to low. None is beaten on both sides by another. Empty where no change helps."""

    before: PlanStanding
    points: tuple[PlanOption, ...]
    model_version: str = c.FRONTIER_VERSION


@dataclass(frozen=True, slots=True)
class _SearchNode:
    plan: Timeline
    path: tuple[tuple[PlanChange, PlanStanding], ...]
    standing: PlanStanding


def frontier(plan: Timeline, fit: float) -> PlanFrontier:
    """Return the plans that a creator could choose instead, for a channel that the brief fits by 0..1 (NaN: not known).

    Prominence never falls under ``PROMINENCE_LEAST`` of the plan's own.
    """
    before = stand(plan, fit)
    reached = _search(_SearchNode(plan, (), before), fit)
    chosen = _spread([node for node in reached if node.path], before, POINTS_MAX)
    points = [_point(node, before) for node in chosen]
    return PlanFrontier(before, tuple(sorted(points, key=lambda point: not point.kept)))


def stand(plan: Timeline, fit: float) -> PlanStanding:
    """Return what a plan does."""
    return PlanStanding(score_range(plan, fit), prominence_range(plan))


def _search(start: _SearchNode, fit: float) -> list[_SearchNode]:
    """Return the plans reached that no other beats, the most noticed first."""
    left = min(PLANS_MAX, PLANS_LEAST + PAIRS_MAX // max(1, len(start.plan.exposures)) ** 2)
    least = c.PROMINENCE_LEAST * sum(start.standing.prominence)
    seen = {start.plan}
    best = beam = [start]
    for _ in range(STEPS_MAX):
        made = []
        for change, node in _changed(beam):
            if change.plan in seen:
                continue
            if left == 0:
                break
            left -= 1
            seen.add(change.plan)
            standing = stand(change.plan, fit)
            if _eases(node.standing, standing) and sum(standing.prominence) >= least - _ROUNDING:
                made.append(_SearchNode(change.plan, (*node.path, (change, standing)), standing))
        best = _unbeaten([*best, *made])
        beam = _spread(_unbeaten(made), start.standing, BEAM)
        if not beam:
            break
    return best


def _changed(beam: Sequence[_SearchNode]) -> Iterator[tuple[PlanChange, _SearchNode]]:
    """Yield every change of every plan of the beam, in turn, so that a search cut short has been fair to all."""
    todo = [(node, _moves(node.plan)) for node in beam]
    while todo:
        going = []
        for node, moves in todo:
            change = next(moves, None)
            if change is None:
                continue
            going.append((node, moves))
            if sum(done.action == change.action for done, _ in node.path) < SAME_MAX:
                yield replace(change, plan=_tidied(change.plan, node.plan)), node
        todo = going


def _moves(plan: Timeline) -> Iterator[PlanChange]:
    found = spans(plan, "mid") or spans(plan, "high")
    if not found:
        return iter(())
    by_factor = (changes(code, plan, drivers(code, found, plan.duration_s)) for code in c.CODES)
    weightiest = sorted(found, key=_weight, reverse=True)[:TRIED_ALONE]
    alone = (changes_of_one(plan, one) for one in weightiest)
    return chain.from_iterable((*by_factor, larger_at_the_edge(plan, found), *alone))


def _weight(one: ExposureSpan) -> tuple[float, int]:
    return one.weight * one.seconds + one.claims, -one.place


def _eases(before: PlanStanding, after: PlanStanding) -> bool:
    pairs = list(zip(after.intrusiveness, before.intrusiveness, strict=True))
    saved = sum(was - now for now, was in pairs) / 2
    return saved >= c.STEP_LEAST and all(now <= was + _ROUNDING for now, was in pairs)


def _unbeaten(nodes: Sequence[_SearchNode]) -> list[_SearchNode]:
    """Return the nodes that no other beats as they are told, by prominence from high to low; of those that read the
    same, the one reached first, which has the fewest steps."""
    ranked = sorted(nodes, key=lambda node: (node.standing.read[1], node.standing.read[0], len(node.path)))
    kept: list[_SearchNode] = []
    for node in ranked:
        if not kept or node.standing.read[0] < kept[-1].standing.read[0]:
            kept.append(node)
    return kept


def _spread(nodes: list[_SearchNode], before: PlanStanding, most: int) -> list[_SearchNode]:
    """Return up to ``most`` of unbeaten nodes, in the order they came in: the least intrusive of those that keep
    prominence, the least intrusive of all, then each time the one farthest from those chosen."""
    if len(nodes) <= most:
        return nodes
    keeping = [place for place, node in enumerate(nodes) if node.standing.keeps(before)]
    chosen = {len(nodes) - 1, *keeping[-1:]}
    reads = [node.standing.read for node in nodes]
    wide: list[float] = [max(1.0, max(side) - min(side)) for side in zip(*reads, strict=True)]

    def apart(place: int) -> float:
        return min(
            sum(abs(a - b) / w for a, b, w in zip(reads[place], reads[two], wide, strict=True)) for two in chosen
        )

    while len(chosen) < most:
        chosen.add(max((place for place in range(len(nodes)) if place not in chosen), key=apart))
    return [nodes[place] for place in sorted(chosen)]


def _tidied(plan: Timeline, before: Timeline) -> Timeline:
    """Cut the times of what a change touched to a thousandth of a second, so that people can read them."""
    known = set(before.exposures)
    return replace(plan, exposures=tuple(one if one in known else _cut(one) for one in plan.exposures))


def _cut(one: Exposure) -> Exposure:
    start, seconds = (ValueInterval(_down(value.low), _down(value.high)) for value in (one.start_s, one.seconds))
    return replace(one, start_s=start, seconds=seconds if seconds.high > 0 else one.seconds)


def _down(value: float) -> float:
    # What lies a rounding error under a thousandth is that thousandth.
    return floor(value * PARTS_OF_SECOND + 1e-7) / PARTS_OF_SECOND


def _point(node: _SearchNode, before: PlanStanding) -> PlanOption:
    steps, last = [], before
    for change, after in node.path:
        steps.append(ChangeStep(change, after, *outcome(change.zh, change.en, last.intrusiveness, after.intrusiveness)))
        last = after
    kept = node.standing.keeps(before)
    was, now = between(*before.prominence), between(*node.standing.prominence)
    zh = f"显著度{'基本不变' if kept else '有所下降'}（{was} → {now}），共 {len(steps)} 处修改"
    many = "1 change" if len(steps) == 1 else f"{len(steps)} changes"
    en = f"Prominence {'stays' if kept else 'falls'} ({was} to {now}) with {many}"
    return PlanOption(
        node.plan, tuple(steps), node.standing, kept, *outcome(zh, en, before.intrusiveness, last.intrusiveness)
    )


def as_dict(found: PlanFrontier) -> dict[str, object]:
    """Return the frontier as JSON data; points with two decimals."""
    return {
        "model_version": found.model_version,
        "prominence_kept": c.PROMINENCE_KEPT,
        "before": standing_dict(found.before),
        "points": [point_dict(one) for one in found.points],
    }


def point_dict(one: PlanOption) -> dict[str, object]:
    """Return one point as JSON data, its plan as a bid carries it."""
    return {
        "kept": one.kept,
        "zh": one.zh,
        "en": one.en,
        **standing_dict(one.standing),
        "steps": [_step_dict(step) for step in one.steps],
        "plan": to_dict(one.plan),
    }


def standing_dict(one: PlanStanding) -> dict[str, object]:
    """Return both sides as JSON data: the middle of each and its ends."""
    sides = {"intrusiveness": one.intrusiveness, "prominence": one.prominence}
    return {
        name: {"point": round(sum(ends) / 2, 2), "low": round(ends[0], 2), "high": round(ends[1], 2)}
        for name, ends in sides.items()
    }


def _step_dict(one: ChangeStep) -> dict[str, object]:
    value = one.change.value
    return {
        "action": one.change.action,
        "exposures": list(one.change.exposures),
        "value": None if value is None else round(value, 3),
        "zh": one.zh,
        "en": one.en,
        **standing_dict(one.after),
    }
