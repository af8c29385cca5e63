"""`python -m benchmarks.quality.union_backtest --incidence FILE [--cells FILE] [--niches FILE]`: how well unions are foretold.

FILE is CSV with a head: `person,vehicle` (who saw what), `person,cell`, `vehicle,niche` (several lines a vehicle are
several niches). Sets of vehicles are drawn at random and within niches; the union of each is counted, and foretold by
adding up, by independence (Sainsbury), and as selections tell it: from lifts that are fitted to some measured pairs, and
with all pairs of the set measured. JSON on standard output: mean absolute percentage errors, and the mean errors with
their signs.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, as_floats
from marketplace.matching.overlap import duplication, overlap_fit, set_union, units
from marketplace.matching.overlap.duplication import MarketDuplication
from marketplace.matching.overlap.overlap_fit import AudiencePairs
from marketplace.matching.overlap.units import CellAudiences, PeopleCells

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


MARKET = "all"


def audiences(table: Table) -> tuple[CellAudiences, list[str]]:
    """Return the vehicles as the product has audiences, one market with the table's people and cells, and the niches."""
    names = sorted(frozenset().union(*table.niches)) or [""]
    tags = as_floats([[float(name in own) for name in names] for own in table.niches])
    places = np.unique(table.cells)
    here = [table.cells == place for place in places.tolist()]
    people = as_floats([np.sum(some) for some in here])
    cells = PeopleCells(people, np.ones(len(people)), np.zeros(len(people), dtype=np.int64), (MARKET,))
    shares = np.stack([table.seen[:, some].mean(axis=1) for some in here], axis=1)
    return CellAudiences(cells, shares, units.content_shares(tags), np.full(len(tags), "")), names


def measured(table: Table, vehicles: CellAudiences, pairs: list[tuple[int, int]]) -> AudiencePairs:
    """Return pairs with the people who saw both."""
    one, other = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    both = np.sum(table.seen[one] & table.seen[other], axis=1)
    return AudiencePairs(vehicles.only(one), vehicles.only(other), as_floats(both))


def run(table: Table, seed: int) -> dict[str, Any]:
    """Return the errors of each model over the same sets."""
    rng = np.random.default_rng(seed)
    members = _members(table)
    vehicles, names = audiences(table)
    people = float(np.sum(vehicles.cells.people))
    known = [pair for rows in members.values() for pair in _draw(rows, rows, rng)]
    every = list(range(len(table.niches)))
    known += _draw(every, every, rng, table)
    fit = overlap_fit.fit_pairs(measured(table, vehicles, known), duplication.prior(people), names)
    fitted = MarketDuplication({MARKET: fit})
    errors: dict[tuple[str, bool, str], list[float]] = defaultdict(list)
    for kind, rows in _sets(table, members, rng):
        truth = float(np.sum(table.seen[rows].any(axis=0)))
        chosen = vehicles.only(np.array(rows, dtype=np.int64))
        own = table.shares[rows]
        inside = [(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows))]
        lifts = overlap_fit.own_lifts(measured(table, vehicles, [(rows[i], rows[j]) for i, j in inside]))
        told = {
            "sum": people * float(own.sum()),
            "sainsbury": people * float(1 - np.prod(1 - own)),
            "sainsbury_in_cells": people * _in_cells(table, rows),
            "product_30_niche_pairs": _union(chosen, fitted, {}, names),
            "product_all_pairs": _union(chosen, fitted, dict(zip(inside, lifts.tolist(), strict=True)), names),
        }
        for name, value in told.items():
            errors[kind, len(rows) >= LARGE, name].append(value / truth - 1)
    return {
        "vehicles": len(table.niches),
        "left_out_vehicles_under_20_people": table.left_out,
        "people": table.seen.shape[1],
        "niches": len(members),
        "seed": seed,
        "sets": SETS,
        "known": {
            "product_30_niche_pairs": f"{KNOWN_PAIRS} measured pairs within each niche, {KNOWN_PAIRS} of vehicles that"
            " share no niche, drawn by the seed; no pair of a set is known otherwise",
            "product_all_pairs": "every pair of the set itself",
        },
        "mape_percent": _told(errors, np.abs),
        "mean_error_percent": _told(errors, np.asarray),
    }


def _union(
    chosen: CellAudiences, markets: MarketDuplication, known: dict[tuple[int, int], float], names: list[str]
) -> float:
    """Return the people whom a set reaches, as a selection tells them."""
    return set_union.matched(chosen, set_union.pairs_of(chosen, markets, known, names)).people


def _members(table: Table) -> dict[str, list[int]]:
    """Return the vehicles of each niche that has enough of them for a set."""
    members: dict[str, list[int]] = {name: [] for name in sorted(frozenset().union(*table.niches))}
    for row, own in enumerate(table.niches):
        for name in own:
            members[name].append(row)
    return {name: rows for name, rows in members.items() if len(rows) >= NICHE_MIN}


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


def _in_cells(table: Table, rows: list[int]) -> float:
    people = 0.0
    for cell in np.unique(table.cells):
        here = table.cells == cell
        people += float(here.mean()) * float(1 - np.prod(1 - table.seen[rows][:, here].mean(axis=1)))
    return people


def _told(errors: dict[tuple[str, bool, str], list[float]], of: Callable[[Any], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for _, _, name in errors):
        own = {(kind, large): some for (kind, large, told), some in errors.items() if told == name}
        found[name] = {
            "overall": _mean(list(own.values()), of),
            "random": _mean([some for (kind, _), some in own.items() if kind == "random"], of),
            "niche": _mean([some for (kind, _), some in own.items() if kind == "niche"], of),
            "of_8_or_more": _mean([some for (_, large), some in own.items() if large], of),
        }
    return found


def _mean(errors: list[list[float]], of: Callable[[Any], Any]) -> float | None:
    every = [error for some in errors for error in some]
    return round(100 * float(np.mean(of(every))), 2) if every else None


if __name__ == "__main__":
    main()
