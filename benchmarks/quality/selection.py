"""`python -m benchmarks.quality.selection --bids N --cells C --seeds S [--exact]`: how good and how fast the choice of bids is.

Markets are drawn as in published experiments on budgeted coverage: log-normal unique viewers, twelve niches with their
own audience, price ~ views ^ 0.62 times noise, 40 % of the cells on target, shape k = 1/2, and a share of viewers who notice that
differs by bid, as the product has it. Budgets are multiples of the
median price, one after the other, and the limits are those of a request that names none; every other market has a
ceiling on what a bid adds as well. `--limits none` leaves all but the budget out. The best known set is the best of the
choice, of the exact solver within its time, and of a search from eight times as many starts. JSON on standard output;
times on one thread of arithmetic, of the choice the least of three runs.
"""

import argparse
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any, TypeVar

import numpy as np

from marketplace.core.money import Money
from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.scoring.worth import noticing
from marketplace.matching.selection import buyer_limits
from marketplace.matching.selection.constraints import BUYERS
from marketplace.matching.selection.solver import bound, curves, exact, explain, search
from marketplace.matching.selection.solver.problem import SelectionProblem, prepare
from marketplace.matching.selection.solver.selection_market import ReachedPeople, SelectionLimits, SelectionMarket

T = TypeVar("T")
NICHES, ON_TARGET, SHAPE, PEOPLE = 12, 0.4, 0.5, 3e8
BUDGETS = (8.0, 20.0, 60.0)
# The share of viewers who notice: its median and the spread of its logarithm, as among plans that show the product in hand.
NOTICED, NOTICED_SPREAD = 0.06, 0.7
GOOD = 0.99
# The wide search has so many times the starts.
WIDE = 8
# The choice is timed so often, and the shortest time counts.
REPEATS = 3


def market(n: int, cells: int, seed: int) -> SelectionMarket:
    """Return a random market of n bids of one option each."""
    rng = np.random.default_rng(seed)
    viewers = np.exp(rng.normal(11.5, 1.4, n))
    liked = rng.dirichlet(np.full(cells, 0.3), NICHES)
    mix = 0.7 * liked[rng.integers(0, NICHES, n)] + 0.3 * rng.dirichlet(np.full(cells, 0.5), n)
    people = rng.dirichlet(np.full(cells, 2.0)) * PEOPLE
    target = np.sort(rng.permutation(cells)[: max(1, round(ON_TARGET * cells))])
    shares = np.minimum(viewers[:, None] * mix / people, 0.6)[:, target]
    units = PeopleUnits(people[target], np.full(len(target), SHAPE))
    prices = viewers**0.62 * np.exp(rng.normal(0, 0.5, n)) * 30
    intrusiveness, ad_load = rng.uniform(0, 60, n), rng.uniform(0, 0.4, n)
    noticed = np.clip(NOTICED * np.exp(rng.normal(0, NOTICED_SPREAD, n)), 0.0, 1.0)
    return SelectionMarket(
        units=PeopleUnits(units.weights / noticing.REFERENCE, units.shapes),
        rates=coverage.rates(shares * noticed[:, None], units.shapes),
        # In fen, so that the median is about 40,000 yuan.
        prices=100 * np.ceil(prices).astype(np.int64),
        bids=np.arange(n),
        creators=np.arange(n),
        tie_breakers=tuple(hashlib.sha256(f"{seed} {row}".encode()).hexdigest() for row in range(n)),
        contacts=np.sum(shares * units.weights, axis=1),
        intrusiveness=intrusiveness,
        ad_load=ad_load,
        groups={},
        barred=(None,) * n,
        reached=ReachedPeople(units, coverage.rates(shares, units.shapes)),
    )


class Clock:
    """Times of named steps in milliseconds of wall and processor, one list entry for each market."""

    def __init__(self) -> None:
        self.times: dict[str, list[tuple[float, float]]] = {}

    def run(self, name: str, work: Callable[[], T]) -> T:
        wall, processor = time.perf_counter(), time.process_time()
        answer = work()
        took = (1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - processor))
        self.times.setdefault(name, []).append(took)
        return answer

    def run_again(self, name: str, work: Callable[[], object]) -> None:
        """Run a step of the last market again, and keep its shorter times: other processes only add to them."""
        self.run(name, work)
        again, before = self.times[name].pop(), self.times[name].pop()
        self.times[name].append((min(before[0], again[0]), min(before[1], again[1])))

    def table(self) -> dict[str, dict[str, float]]:
        return {
            name: {
                "wall_median_ms": round(float(np.median([wall for wall, _ in took])), 2),
                "wall_p95_ms": round(float(np.quantile([wall for wall, _ in took], 0.95)), 2),
                "wall_max_ms": round(max(wall for wall, _ in took), 2),
                "cpu_median_ms": round(float(np.median([cpu for _, cpu in took])), 2),
                "cpu_p95_ms": round(float(np.quantile([cpu for _, cpu in took], 0.95)), 2),
                "cpu_max_ms": round(max(cpu for _, cpu in took), 2),
                "markets": len(took),
            }
            for name, took in self.times.items()
        }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    clock, lines = Clock(), []
    for seed in range(args.seeds):
        selection_market = market(args.bids, args.cells, args.first_seed + seed)
        times = args.budgets[seed % len(args.budgets)]
        budget = int(np.median(selection_market.prices) * times)
        limits = _limits(selection_market, budget, seed) if args.limits == "buyer" else SelectionLimits(budget=budget)
        lines.append(_one(selection_market, limits, clock, args, seed) | {"budget_in_median_prices": times})
    return _summary(lines, args) | {"times": clock.table(), "markets": lines if args.lines else len(lines)}


def _limits(selection_market: SelectionMarket, budget: int, seed: int) -> SelectionLimits:
    """Return the limits that a request has where it names none. In every other market the brief has a ceiling too, what
    seven in ten bids cost at most for a thousand people alone."""
    given = dict.fromkeys(BUYERS)
    wanted = buyer_limits.defaults(Money("CNY", budget), given)
    units, rates = selection_market.everybody()
    alone = coverage.people(rates, units)
    ceiling = float(np.quantile(1000 * selection_market.prices / alone, 0.7))
    return SelectionLimits(
        budget=budget,
        most=wanted["bids_max"],
        handling=wanted["handling_per_deal"],
        smallest=wanted["smallest_bid"],
        share=wanted["largest_share"],
        ceiling=ceiling if seed % 2 else None,
    )


def _one(
    selection_market: SelectionMarket, limits: SelectionLimits, clock: Clock, args: argparse.Namespace, seed: int
) -> dict[str, Any]:
    problem = clock.run("prepare", lambda: prepare(selection_market, limits))
    greedy = clock.run("greedy", lambda: search.greedy(problem))
    clock.run("bound", lambda: bound.upper(problem, greedy))
    chosen = clock.run("choose", lambda: search.choose(selection_market, limits))
    for _ in range(REPEATS - 1):
        clock.run_again("choose", lambda: search.choose(selection_market, limits))
    if seed < args.explained:
        clock.run("explain", lambda: explain.explain(selection_market, limits, chosen.options))
        clock.run("budget_curve", lambda: curves.budget_curve(selection_market, limits))
    line = {
        "picks": len(chosen.options),
        "greedy_share": round(problem.value(greedy) / chosen.value, 5),
        "certificate": round(chosen.certificate, 5),
        "best_possible_share": round(chosen.certificate, 5),
        "against": "bound",
    }
    if args.exact and seed < args.exact_seeds:
        line |= _exactly(problem, selection_market, chosen, clock, args)
    return line


def _exactly(
    problem: SelectionProblem,
    selection_market: SelectionMarket,
    chosen: search.ChosenSet,
    clock: Clock,
    args: argparse.Namespace,
) -> dict[str, Any]:
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    start = tuple(sorted(place[row] for row in chosen.options))
    best = clock.run("exact", lambda: exact.solve(problem, start, gap=args.gap, time_limit_s=args.time_limit))
    wide = problem.value(search.search(problem, seeds=WIDE * search.SEEDS, also=[start, best.members]))
    return {
        "against": "best_known",
        "stopped": best.stopped,
        "exact_gap": round(best.bound / best.value - 1, 6),
        "best_possible_share": round(chosen.value / max(best.value, wide), 5),
        "certificate_with_exact": round(best.value / best.bound, 5),
    }


def _summary(lines: list[dict[str, Any]], args: argparse.Namespace) -> dict[str, Any]:
    certificates = [line["certificate"] for line in lines]
    parts: dict[str, Any] = {
        "bids": args.bids,
        "cells": args.cells,
        "certificate": {"least": min(certificates), "median": round(float(np.median(certificates)), 5)},
        "python": platform.python_version(),
        "numpy": np.__version__,
        "highspy": metadata.version("highspy"),
        "load_average": os.getloadavg()[0],
    }
    for against in ("best_known", "bound"):
        shares = [line["best_possible_share"] for line in lines if line["against"] == against]
        if shares:
            parts[f"against_{against}"] = {
                "markets": len(shares),
                "least": min(shares),
                "median": round(float(np.median(shares)), 5),
                "at_least_99_percent": round(sum(share >= GOOD for share in shares) / len(shares), 4),
            }
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=1_000)
    parser.add_argument("--cells", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=10, help="markets")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budgets", type=float, nargs="+", default=list(BUDGETS), help="in median prices, in turn")
    parser.add_argument("--limits", choices=("buyer", "none"), default="buyer", help="a request's defaults, or none")
    parser.add_argument("--exact", action="store_true", help="solve the first markets with HiGHS too")
    parser.add_argument("--exact-seeds", type=int, default=10**9, help="how many of the markets HiGHS solves")
    parser.add_argument("--explained", type=int, default=3, help="markets whose explanations and curves are timed")
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for HiGHS on one market")
    parser.add_argument("--lines", action="store_true", help="a line for each market")
    args = parser.parse_args()
    # HiGHS writes its name on the process's standard output; there only the figures belong.
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        print(json.dumps(measure(args), indent=2), file=out)


if __name__ == "__main__":
    main()
