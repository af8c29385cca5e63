"""The exact solver: reach as a small mixed-integer program, solved by HiGHS (Huangfu and Hall, 2018).

Reach is a sum of one-dimensional concave functions of sums of rates, so each is the lowest of its tangents:

    max sum_u t_u,   t_u <= f(q) + f'(q) (L_u - q) at points q,   L_u = sum_i l_iu x_i,   x_i in {0, 1},

with the budget, one option per creator, and the other limits as rows. Tangents are above the curve, so a bound that the
solver proves for the program also bounds reach itself. The sets that it finds are counted again by `coverage`.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience import portable_math
from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver import bound, enumeration
from marketplace.matching.selection.solver.greedy import NOTHING, SAFE
from marketplace.matching.selection.solver.problem import SelectionProblem, keeps, over_ceiling, within_contacts

if TYPE_CHECKING:
    import highspy
else:
    highspy = lazy_module("highspy")

# Tangents of a unit before any set has been found, spaced so that the largest gap above the curve is the same for each.
TOUCHES = 20
SCALE = 1_000.0
POLL_S = 1.0
# A bound that exceeds the value by no more than this share is a proof: the rest is rounding.
PROVED = 1e-6
_INFINITE = math.inf

# Takes the seconds so far, the bound and the value in people; returns whether to go on.
Progress = Callable[[float, float, float], bool]


@dataclass(frozen=True)
class ExactResult:
    """The best set known (rows of the problem), its people, the bound, and how the solver stopped: "proved" (no set is
    better), "gap" (within the requested gap), "time" or "cancelled".

    What "time" gives depends on the speed of the machine; the other endings give the same result everywhere.
    """

    members: tuple[int, ...]
    value: float
    bound: float
    stopped: str


def solve(
    problem: SelectionProblem,
    start: Sequence[int],
    *,
    gap: float = 1e-3,
    time_limit_s: float = 60.0,
    progress: Progress | None = None,
) -> ExactResult:
    """Return the start or a better set, with its bound. ``gap`` is relative to the value.

    Tangents are above the curve, so the program may overestimate what a set reaches. Then tangents are added at that
    set, and the program is solved again, until the bound is within the gap (outer approximation: Duran and Grossmann,
    1986).
    """
    best, complete = _tried(problem, np.arange(len(problem)), tuple(sorted(start)))
    rows = np.arange(0) if complete else bound.hopeful(problem, best)
    if not complete:
        best, complete = _tried(problem, rows, best)
    if complete:
        return ExactResult(best, problem.value(best), problem.value(best), "proved")
    most = bound.upper(problem, best)
    began = time.monotonic()
    # A tangent at the start itself, so that the program values it at what it reaches.
    touches = np.vstack([_spaced(problem, rows), problem.sums(best)])
    stopped = "proved" if set(rows.tolist()) <= set(best) else ""
    broken: list[tuple[int, ...]] = []

    def go_on(solver_bound: float) -> bool:
        return progress is None or progress(time.monotonic() - began, min(most, solver_bound), problem.value(best))

    while not stopped and most > problem.value(best) * (1 + max(gap, PROVED)):
        remaining_s = max(time_limit_s - (time.monotonic() - began), 0.0)
        if remaining_s == 0 or not go_on(most):
            stopped = "cancelled" if remaining_s else "time"
            break
        # Half of the gap for the solver: the tangents, which lie above the curve, may use up the other half.
        run = _SolverRun(problem, rows, best, touches, gap / 2, remaining_s, broken, most)
        stopped = run.solve(go_on)
        # The program has only the hopeful rows: the others are in no set better than the start, so its bound holds.
        most = max(min(most, run.most()), problem.value(best))
        members = run.members()
        # The solver keeps the rows of limits within its tolerance only, so the set is checked exactly.
        if members and keeps(problem, members) and problem.value(members) > problem.value(best):
            best = members
        if problem.reached is not None and members and not within_contacts(problem, list(members)):
            stopped = "gap"  # the program would find the same set again
            break
        broken += _broken_ceilings(problem, members)
        # Add tangents at the sets just evaluated, so that none of them is overestimated again.
        touches = np.vstack([touches, problem.sums(members), problem.sums(best)])
    value = problem.value(best)
    if stopped == "proved":
        most = value
    if stopped in ("", "gap"):
        stopped = "proved" if most <= value * (1 + PROVED) else "gap"
    return ExactResult(best, value, max(most, value), stopped)


def _tried(problem: SelectionProblem, rows: Ints, best: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """Return the best set of a few ascending rows, which have those of ``best`` among them, and whether all were tried;
    ``best`` itself where they are too many."""
    if len(rows) > enumeration.OPTIONS_MOST:
        return best, False
    inside = tuple(np.searchsorted(rows, best).tolist())
    members, complete = enumeration.best(problem.only(rows), inside, enumeration.PATIENT)
    return best if members is None else tuple(rows[list(members)].tolist()), complete


def _broken_ceilings(problem: SelectionProblem, members: Sequence[int]) -> list[tuple[int, ...]]:
    """Return, for each member that adds too little for its cost, that member with as few others as make it so.

    No set that contains all of these keeps the ceiling, which is all that the program has to know of it.
    """
    groups = []
    for row in over_ceiling(problem, members):
        group = sorted(members)
        for other in sorted(members):
            fewer = [one for one in group if one != other]
            if other != row and row in over_ceiling(problem, fewer):
                group = fewer
        groups.append(tuple(group))
    return groups


def _spaced(problem: SelectionProblem, rows: Ints) -> Floats:
    """Return sums [TOUCHES, U] at which to place tangents, from 0 to the most that the budget buys in each unit.

    With s = 1 + L / k the curve bends by (1 + 1 / k) s^(-k - 2), so equal steps of s^(-k / 2) leave equal gaps.
    """
    shapes, rates = problem.units.shapes, problem.rates[rows]
    prices = problem.costs[rows].astype(np.float64)
    order = np.argsort(-(rates / np.maximum(prices, NOTHING)[:, None]), axis=0, kind="stable")
    before = np.cumsum(prices[order], axis=0) - prices[order]
    bought = np.where(before < problem.budget, np.take_along_axis(rates, order, axis=0), 0.0)
    last = portable_math.power(1 + np.sum(bought, axis=0) / shapes, -shapes / 2)
    steps = 1 + np.linspace(0.0, 1.0, TOUCHES)[:, None] * (last - 1)
    spaced: Floats = np.maximum(shapes * (portable_math.power(steps, -2 / shapes) - 1), 0.0)
    return spaced


class _SolverRun:
    """One program with tangents at the given points of contact, solved once."""

    def __init__(
        self,
        problem: SelectionProblem,
        rows: Ints,
        best: Sequence[int],
        touches: Floats,
        gap: float,
        time_limit_s: float,
        broken: Sequence[tuple[int, ...]],
        most: float,
    ) -> None:
        self.rows = rows
        # One thread and a fixed seed, so that the same program gives the same answer.
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, option in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
            ("mip_rel_gap", gap),
            ("time_limit", time_limit_s),
        ):
            self.solver.setOptionValue(name, option)
        # Scaled for the solver's tolerances: the best set has the value SCALE, and the largest point of contact is 1.
        # Where the best set known reaches nobody, the bound is the only scale there is.
        self.people = max(problem.value(best) or most, 1e-9) / SCALE
        program = _SolverProgram(
            self.solver, problem, rows, 1 / self.people, np.maximum(np.max(touches, axis=0), 1e-12)
        )
        program.columns()
        program.tangents(touches)
        program.limits()
        program.not_together(broken)
        self.solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        answer = highspy.HighsSolution()
        answer.col_value = program.answer(best)
        self.solver.setSolution(answer)

    def solve(self, go_on: Callable[[float], bool]) -> str:
        """Run the solver in its own thread, and ask every second, with the bound so far, whether to go on.

        Returns "time" or "cancelled" if the solver was stopped early, else "".
        """
        latest = {"bound": math.inf}

        def on_progress(event: Any) -> None:
            latest["bound"] = float(event.data_out.mip_dual_bound) * self.people

        self.solver.HandleUserInterrupt = True
        self.solver.cbMipLogging += on_progress
        running = self.solver.startSolve()
        cancelled = False
        while not self.solver.wait(POLL_S)[0]:
            if not cancelled and not go_on(latest["bound"]):
                cancelled = True
                self.solver.cancelSolve()  # type: ignore[no-untyped-call]
        self.solver.joinSolve(running)
        if cancelled:
            return "cancelled"
        return "time" if self.solver.getModelStatus() == highspy.HighsModelStatus.kTimeLimit else ""

    def most(self) -> float:
        dual = float(self.solver.getInfo().mip_dual_bound) * self.people
        return dual * SAFE if math.isfinite(dual) else math.inf

    def members(self) -> tuple[int, ...]:
        solution = np.array(self.solver.getSolution().col_value)
        if len(solution) < len(self.rows):
            return ()
        # Whole numbers only within the solver's tolerance: .9999999 is a chosen row.
        return tuple(sorted(self.rows[solution[: len(self.rows)] > 0.5].tolist()))


class _SolverProgram:
    """Writes the program's columns (x, then L divided by its typical size, then t) and its rows."""

    def __init__(
        self, solver: "highspy.Highs", problem: SelectionProblem, rows: Ints, scale: float, typical: Floats
    ) -> None:
        self.solver, self.problem, self.chosen = solver, problem, rows
        self.scale, self.typical = scale, typical
        self.n, self.units = len(rows), len(problem.units)

    def columns(self) -> None:
        must = np.isin(self.chosen, self.problem.fixed).astype(np.float64)
        weights = self.problem.units.weights * self.scale
        lower = np.concatenate([must, np.zeros(2 * self.units)])
        upper = np.concatenate([np.ones(self.n), np.full(self.units, _INFINITE), weights])
        cost = np.concatenate([np.zeros(self.n + self.units), np.ones(self.units)])
        count = len(cost)
        nothing = np.zeros(0)
        self.solver.addCols(
            count, cost, lower, upper, 0, np.zeros(count, dtype=np.int32), nothing.astype(np.int32), nothing
        )
        for column in range(self.n):
            self.solver.changeColIntegrality(column, highspy.HighsVarType.kInteger)

    def _row(self, low: float, high: float, columns: Any, values: Any) -> None:
        indices = np.asarray(columns, dtype=np.int32)
        self.solver.addRow(low, high, len(indices), indices, np.asarray(values, dtype=np.float64))

    def tangents(self, touches: Floats) -> None:
        """Add the rows that keep L_u at most the sum of the rates, and t_u below each tangent."""
        units = self.problem.units
        # At most instead of equal: t rises with L, so the maximum lifts L to the sum by itself.
        for unit in range(self.units):
            rates = self.problem.rates[self.chosen, unit] / self.typical[unit]
            reaching = np.flatnonzero(rates > 0)
            columns = np.append(reaching, self.n + unit)
            self._row(-_INFINITE, 0.0, columns, np.append(-rates[reaching], 1.0))
        heights = units.weights * self.scale * coverage.reached(touches, units.shapes)
        slopes = units.weights * self.scale * coverage.slopes(touches, units.shapes)
        starts = heights - slopes * touches
        for unit in range(self.units):
            # Sets often share a unit's sum: equal points of contact would only repeat a row.
            for touch in sorted({float(at): row for row, at in enumerate(touches[:, unit])}.values()):
                slope = float(slopes[touch, unit]) * float(self.typical[unit])
                self._row(
                    -_INFINITE, float(starts[touch, unit]), [self.n + self.units + unit, self.n + unit], [1.0, -slope]
                )

    def limits(self) -> None:
        problem, limits, rows = self.problem, self.problem.limits, self.chosen
        every = np.arange(self.n)
        # Prices in shares of the budget: the same program for the same market in any currency.
        self._row(-_INFINITE, 1.0, every, problem.costs[rows] / max(1, problem.budget))
        for _, columns in _groups(problem.creators[rows]):
            if len(columns) > 1:
                self._row(-_INFINITE, 1.0, columns, np.ones(len(columns)))
        for name, cap in limits.caps.items():
            for number, columns in _groups(problem.groups[name][rows]):
                if number >= 0 and len(columns) > cap:
                    self._row(-_INFINITE, float(cap), columns, np.ones(len(columns)))
        if limits.least or limits.most is not None:
            most = _INFINITE if limits.most is None else float(limits.most)
            self._row(float(limits.least), most, every, np.ones(self.n))
        # Where people count by what they are worth, the program knows nothing of all who are reached. Without the row
        # its bound still holds; what it finds is checked.
        if limits.contacts_per_person is not None and problem.reached is None:
            people = np.arange(self.n + self.units, self.n + 2 * self.units)
            values = np.append(problem.contacts[rows] * self.scale, np.full(self.units, -limits.contacts_per_person))
            self._row(-_INFINITE, 0.0, np.append(every, people), values)

        # One option of each bid that must be in; that of a bid with a single one is fixed by its bounds.
        for bid in sorted(set(problem.bids[list(problem.must)].tolist())):
            columns = np.flatnonzero(problem.bids[rows] == bid)
            self._row(1.0, 1.0, columns, np.ones(len(columns)))

    def not_together(self, groups: Sequence[tuple[int, ...]]) -> None:
        """Keep out the sets that contain all rows of one of these groups."""
        for group in groups:
            self._row(-_INFINITE, len(group) - 1.0, np.flatnonzero(np.isin(self.chosen, group)), np.ones(len(group)))

    def answer(self, members: Sequence[int]) -> list[float]:
        x = np.isin(self.chosen, list(members)).astype(np.float64)
        sums = self.problem.sums(members)
        people = self.problem.units.weights * self.scale * coverage.reached(sums, self.problem.units.shapes)
        return list(np.concatenate([x, sums / self.typical, people]))


def _groups(numbers: Ints) -> list[tuple[int, Ints]]:
    return [(int(number), np.flatnonzero(numbers == number)) for number in np.unique(numbers)]
