"""`python -m benchmarks.quality.sketches [--trials N]`: how well unions of sketched audiences are told.

Twenty audiences of 2,000 to 60,000 people of a platform, drawn from its people with more or less activity, are sketched
as a creator's side does; the market's union of all and its common people of pairs are compared with a count. JSON on
standard output: errors in per cent, and how often the count lies within the bounds.
"""

import argparse
import itertools
import json
from typing import Any

import numpy as np

from marketplace.matching.overlap import theta_sketch

SETS, PLATFORM_PEOPLE = 20, 400_000
SIZES = (2_000, 60_000)
PAIR_LEAST = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.sketches", description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(json.dumps(run(args.trials, args.seed), indent=2))


def run(trials: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    unions: list[tuple[float, bool]] = []
    commons: list[tuple[float, bool]] = []
    sizes: list[int] = []
    for _ in range(trials):
        salt = bytes(rng.bytes(theta_sketch.SALT_BYTES))
        activity = rng.gamma(0.5, 2.0, PLATFORM_PEOPLE)
        chance = activity / activity.sum()
        counts = np.exp(rng.uniform(np.log(SIZES[0]), np.log(SIZES[1]), SETS)).astype(int)
        audiences = [np.unique(rng.choice(PLATFORM_PEOPLE, count, p=chance)) for count in counts]
        sketched = [theta_sketch.sketch(map(str, people.tolist()), salt, "platform") for people in audiences]
        sizes += [len(data) for data in sketched]
        unions.append(_error(theta_sketch.union(sketched, salt), len(np.unique(np.concatenate(audiences)))))
        for one, other in itertools.combinations(range(SETS), 2):
            both = len(np.intersect1d(audiences[one], audiences[other], assume_unique=True))
            if both >= PAIR_LEAST:
                commons.append(_error(theta_sketch.both(sketched[one], sketched[other], salt), both))
    return {
        "trials": trials,
        "seed": seed,
        "bytes_at_most": max(sizes),
        f"union_of_{SETS}": _told(unions),
        f"common_people_of_pairs_with_{PAIR_LEAST}_or_more": _told(commons),
    }


def _error(found: theta_sketch.PeopleEstimate, truth: int) -> tuple[float, bool]:
    return abs(found.people / truth - 1), found.low <= truth <= found.high


def _told(errors: list[tuple[float, bool]]) -> dict[str, Any]:
    """Return the mean and the largest error, and the share of counts within their bounds."""
    if not errors:
        return {"count": 0}
    values = np.array([error for error, _ in errors])
    return {
        "count": len(errors),
        "mean_error_percent": round(100 * float(np.mean(values)), 2),
        "largest_error_percent": round(100 * float(np.max(values)), 2),
        "within_bounds_percent": round(100 * float(np.mean([within for _, within in errors])), 1),
    }


if __name__ == "__main__":
    main()
