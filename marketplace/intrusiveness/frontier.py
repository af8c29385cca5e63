"""The same prominence with less intrusion: chains of a creator's changes to a plan, as a small Pareto frontier.

Prominence knows no moment: what moves to a film's end keeps it and is noticed by fewer. So of the plans that the search
ends with those come first that keep who notice as well.

Both sides are the middles of their ranges, as the market's score is. It is a beam search: every plan of the beam is
changed in every way of ``plan_changes``, a step must lower the middle by a point and raise neither end, no exposure
meets the same action twice, and of the plans reached those remain that no other beats in intrusiveness, prominence and
what it asks of the creator. That is no proof of the best: a longer chain may be better still.
Nothing is drawn at random and no clock is read, so the same plan and fit give the same points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from math import floor

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import ExposureSpan, share_seconds, spans
from marketplace.intrusiveness.messages import between, outcome
from marketplace.intrusiveness.notice import NoticeShare, notice_share, share_dict
from marketplace.intrusiveness.plan_changes import PlanChange, changes_of_all, changes_of_moment
from marketplace.intrusiveness.plan_score import score_range
from marketplace.intrusiveness.prominence import prominence_range
from marketplace.intrusiveness.timeline import Exposure, Timeline, ValueInterval, to_dict

POINTS_MAX = 6
STEPS_MAX = 6
# On made-up plans a beam of forty found nothing more than one of eight, and one of six found 0.4 points less.
BEAM = 8
# How many moments, the weightiest, are changed one by one.
TRIED_ALONE = 6
# How many plans are scored: fewer when they have many exposures, of which each has more changes to try.
PLANS_MAX, PLANS_LEAST, PAIRS_MAX = 2_000, 60, 600_000
# Of so many plans that keep prominence, the least intrusive, it is worked out who notices them: of fewer when they have
# many exposures, each of which is looked at in every stretch of time.
NOTICED_MOST, NOTICED_LEAST, NOTICED_PAIRS_MAX = 40, 4, 160_000
# People see one decimal: plans that read the same on both sides count as one, and the shorter chain stays.
DECIMALS = 1
# Whoever takes a suggestion has read it before: of so many plans the search is not made again.
KEPT_MOST = 32
# Times of a changed exposure are cut to this many parts of a second.
PARTS_OF_SECOND = 1_000
_ROUNDING = 1e-9

Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """The two sides of a plan, each (low, high), 0..100: how much it disturbs and how well the brand is noticed."""

    intrusiveness: Ends
    prominence: Ends

    @property
    def shown(self) -> tuple[float, float]:
        """Return the middles as people see them: intrusiveness, and prominence as a loss (below zero)."""
        return round(sum(self.intrusiveness) / 2, DECIMALS), -round(sum(self.prominence) / 2, DECIMALS)

    def keeps(self, before: "PlanStanding") -> bool:
        """Return whether neither end of prominence falls by more than ``PROMINENCE_KEPT`` points."""
        pairs = zip(self.prominence, before.prominence, strict=True)
        return all(now >= was - constants.PROMINENCE_KEPT - _ROUNDING for now, was in pairs)


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """One change of a chain, both sides of the plan after it, and its sentences with the score before and after."""

    change: PlanChange
    after: PlanStanding
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlanOption:
    """A plan worth choosing: the changes that lead to it, in their order; the share who notice it; ``kept``: prominence
    stays as it was, within ``PROMINENCE_KEPT`` points, and so do who notice, but for ``NOTICING_KEPT``."""

    plan: Timeline
    steps: tuple[ChangeStep, ...]
    standing: PlanStanding
    noticing: NoticeShare
    kept: bool
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlanFrontier:
    """Both sides of a plan, and up to six plans that disturb less: first those that keep prominence and who notice,
    then the others, each by the share who notice from high to low. None is beaten by another. Empty if no change is
    worth asking for."""

    before: PlanStanding
    points: tuple[PlanOption, ...]
    model_version: str = constants.FRONTIER_VERSION


@dataclass(frozen=True, slots=True)
class _SearchNode:
    """A plan of the search, how it was reached, what its exposures were in the first plan, and which of those have met
    which action."""

    plan: Timeline
    path: tuple[tuple[PlanChange, PlanStanding], ...]
    standing: PlanStanding
    origins: tuple[int, ...]
    done: frozenset[tuple[str, int]]

    @property
    def sides(self) -> tuple[float, float, float]:
        """Return what is better the lower it is: intrusiveness, the loss of prominence, and what is asked."""
        return (*self.standing.shown, sum(change.asks for change, _ in self.path))

    def has_done(self, change: PlanChange) -> bool:
        """Return whether a change repeats an action on an exposure, or on the whole video, that has met it."""
        return not self.done.isdisjoint(self._marks(change))

    def _marks(self, change: PlanChange) -> set[tuple[str, int]]:
        # Both ways of moving to the edge are one action.
        action = "off_centre" if change.action == "edge_larger" else change.action
        return {(action, self.origins[index]) for index in change.exposures} or {(action, -1)}

    def changed(self, change: PlanChange, standing: PlanStanding) -> "_SearchNode":
        """Return the node of the plan that a change leads to."""
        origins = self.origins
        if change.action == "leave_out":
            origins = tuple(origin for index, origin in enumerate(origins) if index not in change.exposures)
        path, done = (*self.path, (change, standing)), self.done | self._marks(change)
        return _SearchNode(change.plan, path, standing, origins, done)


@lru_cache(maxsize=KEPT_MOST)
def frontier(plan: Timeline, fit: float) -> PlanFrontier:
    """Return the plans that a creator could choose instead, for a channel whose fit with the brief is 0..1 (NaN:
    unknown).

    Each saves at least ``SAVE_LEAST`` points and ``SAVE_LEAST_SHARE`` of the score, and keeps at least
    ``PROMINENCE_LEAST`` of the plan's prominence. The last KEPT_MOST answers are kept.
    """
    before = plan_standing(plan, fit)
    start = _SearchNode(plan, (), before, tuple(range(len(plan.exposures))), frozenset())
    best, reached = _search(start, fit)
    unbeaten = _unbeaten([node for node in best if node.path and _is_worth_asking(before, node.standing)])
    noticed = notice_share(plan)
    mildest = _mildest_noticed([node for node in reached if _is_worth_asking(before, node.standing)], before, noticed)
    if mildest is not None and mildest not in unbeaten:
        unbeaten.append(mildest)
    chosen = _spread(unbeaten, before, POINTS_MAX, mildest)
    points = [_option(node, before, noticed) for node in chosen]
    ordered = sorted(points, key=lambda point: (not point.kept, -point.noticing.middle))
    return PlanFrontier(before, tuple(ordered))


def plan_standing(plan: Timeline, fit: float) -> PlanStanding:
    """Return both sides of a plan."""
    return PlanStanding(score_range(plan, fit), prominence_range(plan))


def _keeps_noticing(noticing: NoticeShare, noticed: NoticeShare) -> bool:
    return noticing.middle >= constants.NOTICING_KEPT * noticed.middle - _ROUNDING


def _noticed_most(nodes: Sequence[_SearchNode]) -> int:
    """Return of how many plans it is worked out who notices them."""
    exposures = max((len(node.plan.exposures) for node in nodes), default=1)
    return max(NOTICED_LEAST, min(NOTICED_MOST, NOTICED_PAIRS_MAX // max(1, exposures) ** 2))


def _mildest_noticed(reached: Sequence[_SearchNode], before: PlanStanding, noticed: NoticeShare) -> _SearchNode | None:
    """Return the least intrusive of some nodes that keeps prominence and who notice; None where none of the least
    intrusive NOTICED_MOST that keep prominence does."""
    keeping = sorted((node for node in reached if node.standing.keeps(before)), key=lambda node: node.sides)
    found = (node for node in keeping[: _noticed_most(keeping)] if _keeps_noticing(notice_share(node.plan), noticed))
    return next(found, None)


def _is_worth_asking(before: PlanStanding, after: PlanStanding) -> bool:
    was, now = (sum(standing.intrusiveness) / 2 for standing in (before, after))
    return was - now >= max(constants.SAVE_LEAST, constants.SAVE_LEAST_SHARE * was) - _ROUNDING


def _search(start: _SearchNode, fit: float) -> tuple[list[_SearchNode], list[_SearchNode]]:
    """Return the plans reached that no other beats, by intrusiveness from low to high, and all that were reached."""
    plans_left = min(PLANS_MAX, PLANS_LEAST + PAIRS_MAX // max(1, len(start.plan.exposures)) ** 2)
    least = constants.PROMINENCE_LEAST * sum(start.standing.prominence)
    seen = {start.plan}
    best = beam = [start]
    reached: list[_SearchNode] = []
    for _ in range(STEPS_MAX):
        next_nodes = []
        for change, node in _changed(beam):
            if change.plan in seen:
                continue
            if plans_left == 0:
                break
            plans_left -= 1
            seen.add(change.plan)
            standing = plan_standing(change.plan, fit)
            if _eases(node.standing, standing) and sum(standing.prominence) >= least - _ROUNDING:
                next_nodes.append(node.changed(change, standing))
        reached += next_nodes
        best = _unbeaten([*best, *next_nodes])
        beam = _spread(_unbeaten(next_nodes), start.standing, BEAM)
        if not beam:
            break
    return best, reached


def _changed(beam: Sequence[_SearchNode]) -> Iterator[tuple[PlanChange, _SearchNode]]:
    """Yield every change of every plan of the beam, in turn, so that a search cut short has treated all alike."""
    pending = [(node, _changes(node.plan)) for node in beam]
    while pending:
        still_pending = []
        for node, node_changes in pending:
            change = next(node_changes, None)
            if change is None:
                continue
            still_pending.append((node, node_changes))
            if not node.has_done(change):
                yield replace(change, plan=_tidied(change.plan, node.plan)), node
        pending = still_pending


def _changes(plan: Timeline) -> Iterator[PlanChange]:
    plan_spans = spans(plan, "mid") or spans(plan, "high")
    if not plan_spans:
        return iter(())
    weightiest = sorted(share_seconds(plan_spans), key=_weight, reverse=True)[:TRIED_ALONE]
    alone = (changes_of_moment(plan, moment, plan_spans) for moment in weightiest)
    return chain(changes_of_all(plan, plan_spans), chain.from_iterable(alone))


def _weight(moment: Sequence[ExposureSpan]) -> tuple[float, int]:
    # Of moments that weigh the same the earlier one counts as weightier, so that the order is fixed.
    weight = sum(span.strength * span.seconds + span.claims for span in moment)
    return weight, -min(span.exposure_index for span in moment)


def _eases(before: PlanStanding, after: PlanStanding) -> bool:
    pairs = list(zip(after.intrusiveness, before.intrusiveness, strict=True))
    saved = sum(was - now for now, was in pairs) / 2
    return saved >= constants.STEP_LEAST and all(now <= was + _ROUNDING for now, was in pairs)


def _unbeaten(nodes: Sequence[_SearchNode]) -> list[_SearchNode]:
    """Return the nodes that no other beats in the numbers people see (intrusiveness, prominence, what it asks of the
    creator), by intrusiveness from low to high; of those that are alike, the first."""
    kept: list[_SearchNode] = []
    for node in sorted(nodes, key=lambda node: node.sides):
        if not any(all(a <= b for a, b in zip(other.sides, node.sides, strict=True)) for other in kept):
            kept.append(node)
    return kept


def _spread(
    nodes: list[_SearchNode], before: PlanStanding, most: int, preferred: _SearchNode | None = None
) -> list[_SearchNode]:
    """Return up to ``most`` of unbeaten nodes, by prominence from high to low.

    Chosen are the ``preferred``, the least intrusive of those that keep prominence, the least intrusive of all, then
    again and again the one farthest from those chosen: the distance is the sum over the sides, each as a share of its
    width.
    """
    nodes = sorted(nodes, key=lambda node: (node.sides[1], node.sides))
    if len(nodes) <= most:
        return nodes

    def least(some: Sequence[int]) -> set[int]:
        return {min(some, key=lambda index: nodes[index].sides)} if some else set()

    keeping = [index for index, node in enumerate(nodes) if node.standing.keeps(before)]
    chosen = least(range(len(nodes))) | least(keeping) | {i for i, node in enumerate(nodes) if node is preferred}
    points = [node.sides for node in nodes]
    widths: list[float] = [max(1.0, max(side) - min(side)) for side in zip(*points, strict=True)]

    def distance_to_chosen(index: int) -> float:
        return min(
            sum(abs(a - b) / width for a, b, width in zip(points[index], points[other], widths, strict=True))
            for other in chosen
        )

    while len(chosen) < most:
        chosen.add(max((index for index in range(len(nodes)) if index not in chosen), key=distance_to_chosen))
    return [nodes[index] for index in sorted(chosen)]


def _tidied(plan: Timeline, before: Timeline) -> Timeline:
    """Cut the times of the exposures that a change touched to a thousandth of a second, so that people can read
    them."""
    unchanged = set(before.exposures)
    exposures = tuple(exposure if exposure in unchanged else _cut(exposure) for exposure in plan.exposures)
    return replace(plan, exposures=exposures)


def _cut(exposure: Exposure) -> Exposure:
    start, seconds = (_rounded_down(exposure.start_s), _rounded_down(exposure.seconds))
    return replace(exposure, start_s=start, seconds=seconds if seconds.high > 0 else exposure.seconds)


def _rounded_down(interval: ValueInterval) -> ValueInterval:
    # A number that is a rounding error below a thousandth is that thousandth.
    low, high = (floor(value * PARTS_OF_SECOND + 1e-7) / PARTS_OF_SECOND for value in (interval.low, interval.high))
    return ValueInterval(low, high)


def _option(node: _SearchNode, before: PlanStanding, noticed_before: NoticeShare) -> PlanOption:
    steps, last = [], before
    for change, after in node.path:
        text = outcome(change.zh, change.en, last.intrusiveness, after.intrusiveness)
        steps.append(ChangeStep(change, after, text.zh, text.en))
        last = after
    stays = node.standing.keeps(before)
    noticing = notice_share(node.plan)
    was_noticed, noticed = (100 * share.middle for share in (noticed_before, noticing))
    was, now = between(*before.prominence), between(*node.standing.prominence)
    count = "1 change" if len(steps) == 1 else f"{len(steps)} changes"
    text = outcome(
        (
            f"显著度{'基本不变' if stays else '有所下降'}（{was} → {now}），"
            f"会注意到品牌的观众由 {was_noticed:.1f}% 变为 {noticed:.1f}%，共 {len(steps)} 处修改"
        ),
        (
            f"Prominence {'stays' if stays else 'falls'} ({was} to {now}), {noticed:.1f}% of the viewers notice the"
            f" brand instead of {was_noticed:.1f}%, with {count}"
        ),
        before.intrusiveness,
        last.intrusiveness,
    )
    kept = stays and _keeps_noticing(noticing, noticed_before)
    return PlanOption(node.plan, tuple(steps), node.standing, noticing, kept, text.zh, text.en)


def as_dict(frontier: PlanFrontier) -> dict[str, object]:
    """Return the frontier as JSON data; points with two decimals."""
    return {
        "model_version": frontier.model_version,
        "prominence_kept": constants.PROMINENCE_KEPT,
        "noticing_kept": constants.NOTICING_KEPT,
        "before": standing_dict(frontier.before),
        "points": [point_dict(option) for option in frontier.points],
    }


def point_dict(option: PlanOption) -> dict[str, object]:
    """Return one point as JSON data, its plan in the form in which a bid carries it."""
    return {
        "kept": option.kept,
        "zh": option.zh,
        "en": option.en,
        **standing_dict(option.standing),
        "noticing": share_dict(option.noticing),
        "steps": [_step_dict(step) for step in option.steps],
        "plan": to_dict(option.plan),
    }


def standing_dict(standing: PlanStanding) -> dict[str, object]:
    """Return both sides as JSON data: the middle of each and its ends."""
    sides = {"intrusiveness": standing.intrusiveness, "prominence": standing.prominence}
    return {
        name: {"point": round(sum(ends) / 2, 2), "low": round(ends[0], 2), "high": round(ends[1], 2)}
        for name, ends in sides.items()
    }


def _step_dict(step: ChangeStep) -> dict[str, object]:
    value = step.change.value
    return {
        "action": step.change.action,
        "exposures": list(step.change.exposures),
        "value": None if value is None else round(value, 3),
        "zh": step.zh,
        "en": step.en,
        **standing_dict(step.after),
    }
