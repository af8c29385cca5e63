"""`python -m benchmarks.speed.what_if --bids N --markets M`: CPU seconds of what a what-if works out, without the database.

Half of the markets have a ceiling on what a bid adds. Of each the set is chosen and described whole, with winning prices,
other budgets and the limits that cost much. The hash of everything that is told shows whether two versions of the program
tell the same. JSON on standard output.
"""

import argparse
import hashlib
import json
import time
from typing import Any

import numpy as np

from marketplace.core import ids
from marketplace.matching.selection import outcome
from marketplace.matching.selection.inputs import STRATA, ChoosableBid, OptionColumns, SetInputs
from marketplace.matching.selection.solver.selection_market import SelectionLimits

CELLS, PEOPLE = 48, 2e8


def drawn(bids: int, seed: int) -> SetInputs:
    """Return bids of one option on a brief: log-normal viewers, each with an audience of its own, price ~ views ^ 0.62."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(CELLS, 2.0)) * PEOPLE
    viewers = np.exp(rng.normal(12.5, 1.0, bids))
    shares = np.minimum(viewers[:, None] * rng.dirichlet(np.full(CELLS, 0.4), bids) / weights, 0.6)
    return SetInputs(
        currency="CNY",
        weights=weights,
        shapes=rng.uniform(0.2, 1.0, CELLS),
        shares=shares,
        contacts=viewers,
        spread=np.ones((bids, STRATA)),
        intrusiveness=rng.uniform(0, 40, bids),
        ad_load=rng.uniform(0, 0.4, bids),
        bids=[_bid(number, seed) for number in range(bids)],
        options=OptionColumns(
            np.arange(bids),
            np.zeros(bids, dtype=np.int64),
            np.ceil(viewers**0.62 * np.exp(rng.normal(0, 0.4, bids)) * 500).astype(np.int64),
        ),
    )


def _bid(number: int, seed: int) -> ChoosableBid:
    breaker = hashlib.sha256(f"{seed} {number}".encode()).hexdigest()
    names = {
        "bid_id": ids.show("bid", ids.new_id()),
        "creator_id": f"pty_{number}",
        "channel_name": f"channel {number}",
    }
    return ChoosableBid(agency_id="", platform="douyin", niche="", tie_breaker=breaker, gate="", status="open", **names)


def worked_out(bids: int, seed: int) -> dict[str, Any]:
    inputs = drawn(bids, seed)
    prices = inputs.options.prices
    people = float(np.sum(inputs.shares @ inputs.weights))
    ceiling = 4 * 1000 * float(np.sum(prices)) / people if seed % 2 else None
    limits = SelectionLimits(budget=int(np.sum(prices) / 2), ceiling=ceiling)
    began = time.process_time()
    told = outcome.describe(inputs, limits, outcome.search(inputs, limits))
    took = time.process_time() - began
    without_ids = json.dumps([[line["channel_name"] for line in told["chosen"]], told["budget_curve"], told["proof"]])
    return {
        "seed": seed,
        "ceiling": ceiling is not None,
        "cpu_s": round(took, 2),
        "chosen": len(told["chosen"]),
        "told": hashlib.sha256(without_ids.encode()).hexdigest()[:12],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bids", type=int, default=16)
    parser.add_argument("--markets", type=int, default=6)
    asked = parser.parse_args()
    rows = [worked_out(asked.bids, seed) for seed in range(asked.markets)]
    print(json.dumps({"bids": asked.bids, "cpu_s": round(sum(row["cpu_s"] for row in rows), 2), "markets": rows}))


if __name__ == "__main__":
    main()
