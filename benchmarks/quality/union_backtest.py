"""`python -m benchmarks.quality.union_backtest --incidence FILE [--cells FILE] [--niches FILE]`: how well unions are foretold.

FILE is CSV with a head: `person,vehicle` (who saw what), `person,cell`, `vehicle,niche` (several lines a vehicle are
several niches). Sets of vehicles are drawn at random and within niches; the union of each is counted, and foretold by
adding up, by independence (Sainsbury), by shapes fitted to some measured pairs, and by all pairs of the set. JSON on
standard output: mean absolute percentage errors.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.overlap import shapes
from marketplace.matching.overlap.shapes import NicheShapes, ReachPairs

SETS, SIZE_LEAST, SIZE_MOST, LARGE = 400, 2, 20, 8
KNOWN_PAIRS = 30
PEOPLE_MIN = 20
NICHE_MIN = SIZE_MOST


@dataclass(frozen=True, eq=False)
class Table:
    """Who saw what [n vehicles, people], the vehicles' niches, and each person's cell (all 0 without cells)."""

    seen: Bools
    niches: list[frozenset[str]]
    cells: np.ndarray[Any, np.dtype[np.int64]]
    left_out: int

    @property
    def shares(self) -> Floats:
        return np.asarray(self.seen.mean(axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.union_backtest", description=__doc__)
    parser.add_argument("--incidence", required=True)
    parser.add_argument("--cells")
    parser.add_argument("--niches")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    table = load(args.incidence, args.cells, args.niches)
    print(json.dumps(run(table, args.seed), indent=2))


def load(incidence: str, cells: str | None, niches: str | None) -> Table:
    by_vehicle: dict[str, set[str]] = defaultdict(set)
    for person, vehicle in _rows(incidence, ("person", "vehicle")):
        by_vehicle[vehicle].add(person)
    people = {person: place for place, person in enumerate(sorted(set().union(*by_vehicle.values())))}
    kept = [vehicle for vehicle in sorted(by_vehicle) if len(by_vehicle[vehicle]) >= PEOPLE_MIN]
    if len(kept) < SIZE_MOST:
        _refuse(
            f"{incidence}: only {len(kept)} vehicles were seen by {PEOPLE_MIN} people or more; {SIZE_MOST} are needed."
        )
    seen = np.zeros((len(kept), len(people)), dtype=np.bool_)
    for row, vehicle in enumerate(kept):
        seen[row, [people[person] for person in by_vehicle[vehicle]]] = True
    of: dict[str, set[str]] = defaultdict(set)
    for vehicle, niche in _rows(niches, ("vehicle", "niche")) if niches else ():
        of[vehicle].add(niche)
    cell = dict(_rows(cells, ("person", "cell"))) if cells else {}
    names = sorted(set(cell.values()))
    where = np.array([names.index(cell[person]) if person in cell else len(names) for person in sorted(people)])
    return Table(seen, [frozenset(of[vehicle]) for vehicle in kept], where, len(by_vehicle) - len(kept))


def _rows(path: str, names: tuple[str, str]) -> list[tuple[str, str]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(names) <= set(reader.fieldnames or ()):
                _refuse(f"{path}: the first line must name the columns {', '.join(names)}.")
            return [(row[names[0]].strip(), row[names[1]].strip()) for row in reader if row[names[0]] and row[names[1]]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        _refuse(f"{path}: {error}")


def _refuse(sentence: str) -> NoReturn:
    print(f"union_backtest: {sentence}", file=sys.stderr)
    raise SystemExit(2)


def run(table: Table, seed: int) -> dict[str, Any]:
    """Return the errors of each model over the same sets."""
    rng = np.random.default_rng(seed)
    shares = table.shares
    members = {
        name: [row for row, own in enumerate(table.niches) if name in own] for own_ in table.niches for name in own_
    }
    members = {name: rows for name, rows in sorted(members.items()) if len(rows) >= NICHE_MIN}
    fitted = _fitted(table, members, rng)
    errors: dict[tuple[str, bool, str], list[float]] = defaultdict(list)
    for kind, rows in _sets(table, members, rng):
        truth = float(table.seen[rows].any(axis=0).mean())
        own = shares[rows]
        known = shapes.predicted(own, [table.niches[row] for row in rows], fitted)
        counted = _counted(table, rows)
        told = {
            "sum": float(own.sum()),
            "sainsbury": float(1 - np.prod(1 - own)),
            "sainsbury_in_cells": _in_cells(table, rows),
            "ours_30_niche_pairs": shapes.union(own, shapes.matched(own, known)),
            "ours_all_pairs": shapes.union(own, shapes.matched(own, counted)),
        }
        for name, value in told.items():
            errors[kind, len(rows) >= LARGE, name].append(abs(value / truth - 1))
    return {
        "vehicles": len(shares),
        "left_out_vehicles_under_20_people": table.left_out,
        "people": table.seen.shape[1],
        "niches": len(members),
        "seed": seed,
        "sets": SETS,
        "known": {
            "ours_30_niche_pairs": f"{KNOWN_PAIRS} measured pairs within each niche, {KNOWN_PAIRS} of vehicles that share"
            " no niche, drawn by the seed; no pair of a set is known otherwise",
            "ours_all_pairs": "every pair of the set itself",
        },
        "mape_percent": _told(errors),
    }


def _members(table: Table) -> dict[str, list[int]]:
    """Return the vehicles of each niche that has enough of them for a set."""
    members: dict[str, list[int]] = {name: [] for name in sorted(frozenset().union(*table.niches))}
    for row, own in enumerate(table.niches):
        for name in own:
            members[name].append(row)
    return {name: rows for name, rows in members.items() if len(rows) >= NICHE_MIN}


def _fitted(table: Table, members: dict[str, list[int]], rng: np.random.Generator) -> NicheShapes:
    within = {
        name: shapes.fit(_measured(table, _draw(rows, rows, rng)), shapes.PRIOR_WITHIN)
        for name, rows in members.items()
    }
    every = list(range(len(table.niches)))
    return NicheShapes(within, shapes.fit(_measured(table, _draw(every, every, rng, table)), shapes.PRIOR_ACROSS))


def _draw(
    ones: list[int], others: list[int], rng: np.random.Generator, apart: Table | None = None
) -> list[tuple[int, int]]:
    """Draw different pairs; with ``apart`` only such as share no niche."""
    found: set[tuple[int, int]] = set()
    for _ in range(100 * KNOWN_PAIRS):
        one, other = int(rng.choice(ones)), int(rng.choice(others))
        if one != other and not (apart and apart.niches[one] & apart.niches[other]):
            found.add((min(one, other), max(one, other)))
        if len(found) == KNOWN_PAIRS:
            break
    return sorted(found)


def _measured(table: Table, pairs: list[tuple[int, int]]) -> ReachPairs:
    both = np.array([(table.seen[one] & table.seen[other]).mean() for one, other in pairs])
    return ReachPairs(table.shares[[one for one, _ in pairs]], table.shares[[other for _, other in pairs]], both)


def _sets(table: Table, members: dict[str, list[int]], rng: np.random.Generator) -> list[tuple[str, list[int]]]:
    sets = []
    names = list(members)
    for number in range(SETS):
        size = int(rng.integers(SIZE_LEAST, SIZE_MOST + 1))
        niche = bool(names) and number % 2 == 1
        pool = members[names[int(rng.integers(len(names)))]] if niche else list(range(len(table.niches)))
        rows = rng.choice(pool, min(size, len(pool)), replace=False).tolist()
        sets.append(("niche" if niche else "random", sorted(rows)))
    return sets


def _counted(table: Table, rows: list[int]) -> float:
    """Return the sum of all pairs' overlaps in a set: people counted by how many of the set they saw, two by two."""
    times = table.seen[rows].sum(axis=0).astype(np.float64)
    return float((times * (times - 1) / 2).mean())


def _in_cells(table: Table, rows: list[int]) -> float:
    people = 0.0
    for cell in np.unique(table.cells):
        here = table.cells == cell
        people += float(here.mean()) * float(1 - np.prod(1 - table.seen[rows][:, here].mean(axis=1)))
    return people


def _told(errors: dict[tuple[str, bool, str], list[float]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for _, _, name in errors):
        own = {(kind, large): some for (kind, large, told), some in errors.items() if told == name}
        found[name] = {
            "overall": _mean(list(own.values())),
            "random": _mean([some for (kind, _), some in own.items() if kind == "random"]),
            "niche": _mean([some for (kind, _), some in own.items() if kind == "niche"]),
            "of_8_or_more": _mean([some for (_, large), some in own.items() if large]),
        }
    return found


def _mean(errors: list[list[float]]) -> float | None:
    every = [error for some in errors for error in some]
    return round(100 * float(np.mean(every)), 2) if every else None


if __name__ == "__main__":
    main()
