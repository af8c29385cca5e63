"""`python -m benchmarks.quality.creator_pairs --pairs FILE | --table [--write FILE]`: overlaps of creators, as told.

FILE is CSV with the columns `a,b,community_a,community_b,size_a,size_b,shared`: two creators, the community of each (what
they show, in which language), the people of each audience, and those whom both have. An empty `shared` says that they
are 300 or fewer. The fit that the market uses learns from 30 pairs of each community that has at least 40, and from 30 of
different communities; the rest is foretold, by it and by the priors. Which pairs those are is drawn many times (`--draws`):
each figure is the median of the draws with the ends of the middle 80 % of them, as a single draw may be lucky.

`--table` draws pairs by the table of creators' overlaps on a live-video platform (docs/formulas/reach-of-a-set.md) and
tells what the priors say of them, beside the quartiles of the table; `--write` stores these pairs for `--pairs`.
JSON on standard output.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.overlap import duplication, overlap_fit
from marketplace.matching.overlap.duplication import DuplicationModel, MarketDuplication
from marketplace.matching.overlap.overlap_fit import AudiencePairs
from marketplace.matching.overlap.units import CellAudiences, PeopleCells

COLUMNS = ("a", "b", "community_a", "community_b", "size_a", "size_b", "shared")
CENSORED_AT = 300.0
LEARNT_FROM, REST_LEAST, DRAWS = 30, 10, 40
ACROSS = "(different communities)"
MARKET = "platform"


class TableRow(NamedTuple):
    """Creators whose smaller audience is of some size: the usual ratio of the larger to it, and the quantiles (25, 50,
    75, 90 %) of the share of the smaller that the other has too, within a community and, without the first, between two
    (None: not counted)."""

    least: float
    most: float
    ratio: float
    within: tuple[float, float, float, float]
    between: tuple[float, float, float] | None


# The table, from 1,883 channels; the ratios are those that its lifts over chance imply.
TABLE = (
    TableRow(5e3, 30e3, 2.2, (0.0, 0.028, 0.082, 0.199), (0.0, 0.0, 0.0)),
    TableRow(30e3, 100e3, 1.3, (0.024, 0.064, 0.164, 0.305), (0.0, 0.0, 0.011)),
    TableRow(100e3, 300e3, 1.5, (0.095, 0.212, 0.362, 0.514), (0.003, 0.009, 0.026)),
    TableRow(300e3, 900e3, 1.25, (0.201, 0.390, 0.506, 0.588), None),
)
PAIRS_DRAWN, COMMUNITIES = 400, 8
# Of pairs of two communities those of one language: a judgement, as in the priors.
SAME_LANGUAGE = 0.3


@dataclass(frozen=True, eq=False)
class CreatorPairs:
    """P pairs: the communities and the sizes of both, what both share (its bound where ``censored``), and whether their
    languages may be the same; ``told_twice`` rows were left out, which say of a pair what another row says."""

    communities: tuple[list[str], list[str]]
    sizes: tuple[Floats, Floats]
    shared: Floats
    censored: Bools
    same_language: Bools
    told_twice: int = 0

    @property
    def smaller(self) -> Floats:
        return np.minimum(*self.sizes)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.creator_pairs", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pairs", metavar="FILE")
    what.add_argument("--table", action="store_true")
    parser.add_argument("--write", metavar="FILE", help="with --table: store the pairs that were drawn")
    parser.add_argument("--platform-people", type=float, default=duplication.PLATFORM_PEOPLE, metavar="N")
    parser.add_argument("--seed", type=int, default=1, help="of the draw, or the first of them")
    parser.add_argument("--draws", type=int, default=DRAWS, help="of pairs to learn from, each by a seed of its own")
    args = parser.parse_args()
    if not duplication.COMMUNITY_PEOPLE <= args.platform_people <= 1e10:
        _refuse("--platform-people must lie between 1,250,000 and 10,000,000,000.")
    if not 1 <= args.draws <= 1000:
        _refuse("--draws must lie between 1 and 1,000.")
    rng = np.random.default_rng(args.seed)
    if args.table:
        found = told_by_tier(rng, args.platform_people)
        if args.write:
            _store(args.write, [drawn(rng, tier) for tier in range(len(TABLE))])
    else:
        seeds = range(args.seed, args.seed + args.draws)
        found = foretold(load(args.pairs, args.platform_people), seeds, args.platform_people)
    print(json.dumps({"platform_people": args.platform_people, "seed": args.seed, **found}, indent=2))


def _refuse(sentence: str) -> NoReturn:
    print(f"creator_pairs: {sentence}", file=sys.stderr)
    raise SystemExit(2)


def load(path: str, platform_people: float) -> CreatorPairs:
    """Return the pairs of a file, or end with one line that says what is wrong with it."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                _refuse(f"{path}: the first line must name the columns {', '.join(COLUMNS)}; {missing[0]} is missing.")
            rows = [[(row[name] or "").strip() for name in COLUMNS] for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        _refuse(f"{path}: {error}")
    numbers = [_numbers(path, line, row, platform_people) for line, row in enumerate(rows, start=2)]
    if not rows:
        _refuse(f"{path}: there are no pairs.")
    kept = _once(path, rows, numbers)
    told_twice = len(rows) - len(kept)
    rows, numbers = [rows[place] for place in kept], [numbers[place] for place in kept]
    sizes_a, sizes_b, shared = (as_floats(column) for column in zip(*numbers, strict=True))
    censored = np.isnan(shared)
    return CreatorPairs(
        ([row[2] for row in rows], [row[3] for row in rows]),
        (sizes_a, sizes_b),
        np.where(censored, np.minimum(CENSORED_AT, np.minimum(sizes_a, sizes_b)), shared),
        censored,
        np.ones(len(rows), dtype=np.bool_),
        told_twice,
    )


def _once(path: str, rows: Sequence[Sequence[str]], numbers: Sequence[tuple[float, float, float]]) -> list[int]:
    """Return the places of the rows without those that say of a pair what a row before says; end with both lines where
    two rows say different things of it."""
    seen: dict[tuple[str, ...], int] = {}
    for place, row in enumerate(rows):
        key = tuple(sorted(row[:2]))
        before = seen.setdefault(key, place)
        first, second = numbers[before][2], numbers[place][2]
        if first != second and not (np.isnan(first) and np.isnan(second)):
            told = " and ".join(f"{rows[at][6] or 'empty'} in line {at + 2}" for at in (before, place))
            _refuse(f"{path}: of the pair {key[0]}, {key[1]} `shared` is {told}: keep the right one.")
    return sorted(seen.values())


def _numbers(path: str, line: int, row: Sequence[str], platform_people: float) -> tuple[float, float, float]:
    """Return both sizes and the shared people of a row (NaN: censored)."""
    if not row[0] or not row[1] or row[0] == row[1]:
        _refuse(f"{path}, line {line}: `a` and `b` must be two creators.")
    if not row[2] or not row[3]:
        _refuse(f"{path}, line {line}: `community_a` and `community_b` must not be empty.")
    values = []
    for name, text in zip(COLUMNS[4:], row[4:], strict=True):
        if name == "shared" and not text:
            values.append(float("nan"))
            continue
        try:
            values.append(float(text))
        except ValueError:
            _refuse(f"{path}, line {line}: `{name}` is no number: {text[:40]!r}.")
    size_a, size_b, shared = values
    if not (0 < size_a <= platform_people and 0 < size_b <= platform_people):
        _refuse(
            f"{path}, line {line}: sizes must lie above 0 and not above the platform's {platform_people:,.0f} people"
            " (--platform-people)."
        )
    if not np.isnan(shared) and not 0 <= shared <= min(size_a, size_b):
        _refuse(f"{path}, line {line}: `shared` must not be negative or above the smaller size.")
    return size_a, size_b, shared


def _pairs(pairs: CreatorPairs, names: Sequence[str], platform_people: float) -> AudiencePairs:
    """Return pairs as the market has them: all on one cell, with the community as what they show."""
    cells = PeopleCells(as_floats([platform_people]), np.ones(1), np.zeros(1, dtype=np.int64), (MARKET,))
    tongues = np.full(len(pairs.shared), "one"), np.where(pairs.same_language, "one", "another")
    sides = [
        CellAudiences(
            cells,
            sizes[:, None] / platform_people,
            as_floats([[float(name == own) for name in names] for own in communities]),
            tongue,
        )
        for communities, sizes, tongue in zip(pairs.communities, pairs.sizes, tongues, strict=True)
    ]
    return AudiencePairs(sides[0], sides[1], pairs.shared, pairs.censored)


def foretold(pairs: CreatorPairs, seeds: Sequence[int], platform_people: float) -> dict[str, Any]:
    """Return how well the rest of the pairs is foretold by what was learnt from some, and by the priors: over draws of
    the pairs that are learnt from, one for each seed, as one draw is luck."""
    names = sorted({*pairs.communities[0], *pairs.communities[1]})
    first, second = (np.array(side) for side in pairs.communities)
    known = {name: np.flatnonzero((first == name) & (second == name)) for name in names}
    inside = {name: rows for name, rows in known.items() if len(rows) >= LEARNT_FROM + REST_LEAST}
    if not inside:
        _refuse(f"no community has {LEARNT_FROM + REST_LEAST} pairs, of which {LEARNT_FROM} are to be learnt from.")
    across = np.flatnonzero(first != second)
    groups = {**inside, **({ACROSS: across} if len(across) >= LEARNT_FROM + REST_LEAST else {})}
    too_few = {name: len(rows) for name, rows in known.items() if len(rows) > 0 and name not in inside}
    if len(across) and ACROSS not in groups:
        too_few[ACROSS] = len(across)
    every, prior = _pairs(pairs, names, platform_people), duplication.prior(platform_people)
    draws = [_draw(pairs, every, groups, names, prior, np.random.default_rng(seed)) for seed in seeds]
    return {
        "pairs": len(pairs.shared),
        "censored": int(np.sum(pairs.censored)),
        "told_twice": pairs.told_twice,
        "communities": len(inside),
        "learnt_from_each": LEARNT_FROM,
        "pairs_not_judged_too_few_of_their_community": too_few,
        "draws": len(draws),
        "ranges": "the median of the draws and the range of the middle 80 % of them",
        "lifts": {name: spread_of([draw.lifts[name] for draw in draws], 3) for name in draws[0].lifts},
        "rest_within_communities": {
            by: _over(pairs, [draw.within[by] for draw in draws]) for by in ("learnt", "priors")
        },
        "rest_by_community": {
            name: {
                "lift": spread_of([draw.lift_of[name] for draw in draws], 2),
                **{by: _over(pairs, [draw.groups[name][by] for draw in draws]) for by in ("learnt", "priors")},
            }
            for name in groups
        },
    }


class Told(NamedTuple):
    """The rows of pairs that were not learnt from, and the people that are told of each to be shared."""

    rows: Ints
    people: Floats


class Draw(NamedTuple):
    """What one draw of pairs to learn from gives: lifts, and the rest as it is told by what was learnt and by the priors."""

    lifts: dict[str, float]
    lift_of: dict[str, float]
    within: dict[str, Told]
    groups: dict[str, dict[str, Told]]


def _draw(
    pairs: CreatorPairs,
    every: AudiencePairs,
    groups: Mapping[str, Ints],
    names: Sequence[str],
    prior: DuplicationModel,
    rng: np.random.Generator,
) -> Draw:
    learnt = {name: np.sort(rng.permutation(rows)[:LEARNT_FROM]) for name, rows in groups.items()}
    fit = overlap_fit.fit_pairs(every.only(np.concatenate(list(learnt.values()))), prior, names)
    told = {
        "learnt": overlap_fit.predicted(every, MarketDuplication({MARKET: fit}), names),
        "priors": overlap_fit.predicted(every, MarketDuplication({MARKET: prior}), names),
    }
    rest = {name: np.setdiff1d(rows, learnt[name]) for name, rows in groups.items()}
    within = np.concatenate([rows for name, rows in rest.items() if name != ACROSS])
    return Draw(
        {"within": fit.within, "across": fit.across},
        {name: _lift(fit, name) for name in groups},
        {by: Told(within, people[within]) for by, people in told.items()},
        {name: {by: Told(rows, people[rows]) for by, people in told.items()} for name, rows in rest.items()},
    )


def spread_of(values: Sequence[float | None], decimals: int) -> list[float] | None:
    """Return the median, and the ends of the middle 80 %, of the values that there are; None without any."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    return [round(float(np.quantile(there, level)), decimals) for level in (0.5, 0.1, 0.9)]


def _over(pairs: CreatorPairs, draws: Sequence[Told]) -> dict[str, Any]:
    """Return the errors over some pairs as they are in the middle of the draws, with their range."""
    found = [_errors(pairs, told) for told in draws]
    decimals = {"sum_error_percent": 1, "mean_error_points_of_overlap": 2, "median_factor": 2}
    return {
        name: spread_of([one[name] for one in found], decimals.get(name, 0)) if name != "pairs" else found[0][name]
        for name in found[0]
    }


def _lift(fit: DuplicationModel, name: str) -> float:
    return fit.by_niche.get(name, fit.across)


def _errors(pairs: CreatorPairs, told: Told) -> dict[str, float | None]:
    """Return the errors over some pairs: of the people of all together, and of single pairs.

    Of a censored pair what is told counts as right up to the bound. Where nobody is shared there is no per cent of it:
    the counts say how many were told.
    """
    rows, mine = told
    censored = pairs.censored[rows]
    truth = np.where(censored, np.minimum(mine, pairs.shared[rows]), pairs.shared[rows])
    counted = ~censored & (truth > 0)
    ratio = np.abs(np.log(np.maximum(mine[counted], 1e-9) / truth[counted]))
    shared = float(np.sum(truth))
    return {
        "pairs": len(rows),
        "people_told": float(np.sum(mine)),
        "people_shared": shared,
        "sum_error_percent": 100 * (float(np.sum(mine)) / shared - 1) if shared >= 1 else None,
        "mean_error_points_of_overlap": 100 * float(np.mean(np.abs(mine - truth) / pairs.smaller[rows])),
        "median_factor": float(np.exp(np.median(ratio))) if len(ratio) else None,
        "pairs_that_share_nobody": int(np.sum(~censored & (truth <= 0))),
        "censored": int(np.sum(censored)),
        "censored_told_within_bound": int(np.sum(censored & (mine <= pairs.shared[rows]))),
    }


def drawn(rng: np.random.Generator, tier: int, within: bool = True) -> CreatorPairs:
    """Return pairs of a row of the table: sizes even on the log scale, overlaps by its quantiles."""
    row = TABLE[tier]
    smaller = np.exp(rng.uniform(np.log(row.least), np.log(row.most), PAIRS_DRAWN))
    larger = smaller * np.exp(np.abs(rng.normal(0, np.log(row.ratio) / 0.6745, PAIRS_DRAWN)))
    levels, quantiles = ((0.0, 0.25, 0.5, 0.75, 0.9, 1.0), row.within)
    if not within:
        levels, quantiles = (0.0, 0.5, 0.75, 0.9, 1.0), row.between or (0.0, 0.0, 0.0)  # type: ignore[assignment]
    points = (0.0, *quantiles, min(1.0, 1.3 * quantiles[-1]))
    shared = np.rint(smaller * np.interp(rng.random(PAIRS_DRAWN), levels, points))
    censored = shared <= CENSORED_AT
    own = [f"community {number}" for number in rng.integers(0, COMMUNITIES, PAIRS_DRAWN)]
    same = np.ones(PAIRS_DRAWN, dtype=np.bool_) if within else rng.random(PAIRS_DRAWN) < SAME_LANGUAGE
    others = own if within else [f"{name} of others" for name in own]
    return CreatorPairs((own, others), (smaller, larger), np.where(censored, CENSORED_AT, shared), censored, same)


def told_by_tier(rng: np.random.Generator, platform_people: float) -> dict[str, Any]:
    """Return for each row of the table its quantiles and those of what the priors tell of pairs drawn by it."""
    markets = MarketDuplication({MARKET: duplication.prior(platform_people)})
    tiers = []
    for number, row in enumerate(TABLE):
        found: dict[str, Any] = {"smaller_audience": [row.least, row.most]}
        for kind, quantiles in (("within", row.within), ("between", row.between)):
            if quantiles is None:
                continue
            pairs = drawn(rng, number, within=kind == "within")
            names = sorted({*pairs.communities[0], *pairs.communities[1]})
            told = overlap_fit.predicted(_pairs(pairs, names, platform_people), markets, names) / pairs.smaller
            levels = (0.25, 0.5, 0.75, 0.9)[-len(quantiles) :]
            found[kind] = {
                "table": list(quantiles),
                "told": [round(float(np.quantile(told, level)), 4) for level in levels],
                "told_mean": round(float(np.mean(told)), 4),
            }
        ends = row.within[0], row.within[2]
        found["told_median_within_quartiles"] = bool(ends[0] <= found["within"]["told"][1] <= ends[1])
        tiers.append(found)
    return {"quantiles": "25, 50, 75, 90 %; between communities 50, 75, 90 %", "tiers": tiers}


def _store(path: str, tiers: Sequence[CreatorPairs]) -> None:
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for tier, pairs in enumerate(tiers):
                for number, (shared, censored) in enumerate(zip(pairs.shared, pairs.censored, strict=True)):
                    sides = [f"t{tier}p{number}{side}" for side in "ab"]
                    communities = [f"{side[number]}, tier {tier}" for side in pairs.communities]
                    sizes = [round(float(side[number])) for side in pairs.sizes]
                    writer.writerow([*sides, *communities, *sizes, "" if censored else round(float(shared))])
    except OSError as error:
        _refuse(f"{path}: {error}")


if __name__ == "__main__":
    main()
