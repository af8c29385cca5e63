"""The exact solver: reach as a small mixed-integer program, solved by HiGHS (Huangfu and Hall, 2018).

Reach is a sum of one-dimensional concave functions of sums of rates, so each is the lowest of its tangents:

    max sum_u t_u,   t_u <= f(q) + f'(q) (L_u - q) at points q,   L_u = sum_i l_iu x_i,   x_i in {0, 1},

with the budget, one option of a creator, and the other limits as rows. Tangents lie above the curve, so what the solver
proves of the program bounds reach itself. What it finds is counted again by `coverage`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from marketplace.matching import bound, coverage
from marketplace.matching.arrays import Floats, Ints
from marketplace.matching.fill import SAFE
from marketplace.matching.problem import Problem, keeps

# Where the tangents touch, over the sums of the set that is to be bettered: dense around it.
TOUCHES = (
    0.0,
    0.1,
    0.25,
    0.4,
    0.55,
    0.7,
    0.8,
    0.88,
    0.95,
    1.0,
    1.05,
    1.12,
    1.2,
    1.3,
    1.45,
    1.65,
    2.0,
    2.6,
    3.5,
    5.0,
    8.0,
)
SCALE = 1_000.0
POLL_S = 1.0
_FOREVER = highspy.kHighsInf

# seconds so far, bound and value as people; returns whether to go on.
Progress = Callable[[float, float, float], bool]


@dataclass(frozen=True)
class Exact:
    """The best set known (rows of the problem), its people, the bound, and how the solver ended: "proved" (nothing is
    better), "gap" (within the gap asked for), "time" or "cancelled".

    Another machine may have come less far in the same time; the other endings are the same everywhere.
    """

    members: tuple[int, ...]
    value: float
    bound: float
    stopped: str


def solve(
    problem: Problem,
    start: Sequence[int],
    *,
    gap: float = 1e-3,
    time_limit_s: float = 60.0,
    progress: Progress | None = None,
) -> Exact:
    """Return the start or something better, with what is proved of it. ``gap`` is relative to the value."""
    value = problem.value(start)
    before = bound.upper(problem, start)
    rows = bound.hopeful(problem, start)
    if set(rows.tolist()) <= set(start):
        return Exact(tuple(sorted(start)), value, value, "proved")
    solver = _model(problem, rows, start, gap, time_limit_s)
    cancelled = _run(solver, value, before, progress)
    info = solver.getInfo()
    dual = float(info.mip_dual_bound) * value / SCALE
    most = min(before, dual * SAFE) if math.isfinite(dual) else before
    # Rows that were left out are in no set better than the start.
    most = max(most, value)
    members, reached = _found(problem, rows, solver, start, value)
    most = max(most, reached)
    return Exact(members, reached, most, _ending(solver, reached, most, gap, cancelled))


def _ending(solver: highspy.Highs, reached: float, most: float, gap: float, cancelled: bool) -> str:
    if cancelled:
        return "cancelled"
    if solver.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
        return "time"
    return "proved" if most <= reached * (1 + 1e-6) else "gap"


def _found(
    problem: Problem, rows: Ints, solver: highspy.Highs, start: Sequence[int], value: float
) -> tuple[tuple[int, ...], float]:
    """Return the solver's set where it is better than the start and keeps the limits exactly."""
    solution = np.array(solver.getSolution().col_value)
    if len(solution) >= len(rows):
        members = tuple(sorted(rows[solution[: len(rows)] > 0.5].tolist()))
        if keeps(problem, members) and problem.value(members) > value:
            return members, problem.value(members)
    return tuple(sorted(start)), value


def _model(problem: Problem, rows: Ints, start: Sequence[int], gap: float, time_limit_s: float) -> highspy.Highs:
    """Return the solver with the program, the start as its first answer, and its limits set."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, option in (
        ("output_flag", False), ("threads", 1), ("parallel", "off"), ("random_seed", 0), ("mip_rel_gap", gap),
        ("time_limit", float(time_limit_s)),
    ):  # fmt: skip
        solver.setOptionValue(name, option)
    # People are counted so that the start has the value SCALE, and rates so that its sums are 1.
    scale = SCALE / problem.value(start)
    sums = problem.sums(start)
    typical = np.where(sums > 0, sums, np.maximum(np.max(problem.rates, axis=0), 1e-12))
    program = _Program(solver, problem, rows, scale, typical)
    program.columns()
    program.tangents(sums)
    program.limits()
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    answer = highspy.HighsSolution()
    answer.col_value = program.answer(start, sums)
    solver.setSolution(answer)
    return solver


class _Program:
    """Writes the program's columns (x, then L over what is typical, then t) and rows."""

    def __init__(self, solver: highspy.Highs, problem: Problem, rows: Ints, scale: float, typical: Floats) -> None:
        self.solver, self.problem, self.chosen = solver, problem, rows
        self.scale, self.typical = scale, typical
        self.n, self.units = len(rows), len(problem.units)

    def columns(self) -> None:
        must = np.isin(self.chosen, self.problem.must).astype(np.float64)
        weights = self.problem.units.weights * self.scale
        lower = np.concatenate([must, np.zeros(2 * self.units)])
        upper = np.concatenate([np.ones(self.n), np.full(self.units, _FOREVER), weights])
        cost = np.concatenate([np.zeros(self.n + self.units), np.ones(self.units)])
        count = len(cost)
        nothing = np.zeros(0)
        self.solver.addCols(
            count, cost, lower, upper, 0, np.zeros(count, dtype=np.int32), nothing.astype(np.int32), nothing
        )
        for column in range(self.n):
            self.solver.changeColIntegrality(column, highspy.HighsVarType.kInteger)

    def _row(self, low: float, high: float, columns: Any, values: Any) -> None:
        places = np.asarray(columns, dtype=np.int32)
        self.solver.addRow(low, high, len(places), places, np.asarray(values, dtype=np.float64))

    def tangents(self, sums: Floats) -> None:
        """L_u is at most what the rates sum up to; t_u lies under each tangent."""
        units = self.problem.units
        for unit in range(self.units):
            rates = self.problem.rates[self.chosen, unit] / self.typical[unit]
            some = np.flatnonzero(rates > 0)
            columns = np.append(some, self.n + unit)
            self._row(-_FOREVER, 0.0, columns, np.append(-rates[some], 1.0))
        touches = np.outer(np.array(TOUCHES), self.typical)
        heights = units.weights * self.scale * coverage.reached(touches, units.shapes)
        slopes = units.weights * self.scale * coverage.slopes(touches, units.shapes)
        for unit in range(self.units):
            for touch in range(len(TOUCHES)):
                slope = float(slopes[touch, unit]) * float(self.typical[unit])
                height = float(heights[touch, unit]) - slope * TOUCHES[touch]
                self._row(-_FOREVER, height, [self.n + self.units + unit, self.n + unit], [1.0, -slope])

    def limits(self) -> None:
        problem, limits, rows = self.problem, self.problem.limits, self.chosen
        every = np.arange(self.n)
        # Prices in shares of the budget: the same program for the same market in any currency.
        self._row(-_FOREVER, 1.0, every, problem.prices[rows] / max(1, limits.budget))
        for _, places in _groups(problem.creators[rows]):
            if len(places) > 1:
                self._row(-_FOREVER, 1.0, places, np.ones(len(places)))
        for name, cap in limits.caps.items():
            for number, places in _groups(problem.groups[name][rows]):
                if number >= 0 and len(places) > cap:
                    self._row(-_FOREVER, float(cap), places, np.ones(len(places)))
        if limits.least or limits.most is not None:
            most = _FOREVER if limits.most is None else float(limits.most)
            self._row(float(limits.least), most, every, np.ones(self.n))
        if limits.contacts_per_person is not None:
            people = np.arange(self.n + self.units, self.n + 2 * self.units)
            values = np.append(problem.contacts[rows] * self.scale, np.full(self.units, -limits.contacts_per_person))
            self._row(-_FOREVER, 0.0, np.append(every, people), values)

    def answer(self, start: Sequence[int], sums: Floats) -> list[float]:
        x = np.isin(self.chosen, list(start)).astype(np.float64)
        people = self.problem.units.weights * self.scale * coverage.reached(sums, self.problem.units.shapes)
        return list(np.concatenate([x, sums / self.typical, people]))


def _groups(numbers: Ints) -> list[tuple[int, Ints]]:
    return [(int(number), np.flatnonzero(numbers == number)) for number in np.unique(numbers)]


def _run(solver: highspy.Highs, value: float, before: float, progress: Progress | None) -> bool:
    """Let the solver work in a thread of its own and report every second; returns whether it was told to stop."""
    state = {"bound": before}

    def look(event: Any) -> None:
        told = float(event.data_out.mip_dual_bound) * value / SCALE
        if math.isfinite(told):
            state["bound"] = min(before, told)

    solver.HandleUserInterrupt = True
    solver.cbMipLogging += look
    running = solver.startSolve()
    seconds, cancelled = 0.0, False
    while not solver.wait(POLL_S)[0]:
        seconds += POLL_S
        if progress is not None and not cancelled and not progress(seconds, state["bound"], value):
            cancelled = True
            solver.cancelSolve()  # type: ignore[no-untyped-call]
    solver.joinSolve(running)
    return cancelled
