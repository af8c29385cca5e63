"""`python -m benchmarks.quality.prices [--markets N] [--deals 20,40,80]`: fair prices on made-up deals with known prices.

For each number of settled deals: how often the 80 % interval holds a deal that was held out, how wide it is (high over
low), and how far the middle lies off on average (log units); where platforms suggest nothing, where what they suggest
has nothing to do with the deals, and where it is near them.
"""

import argparse
import json
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.quality import deals
from marketplace.matching.pricing.price_fit import PriceRecords, fit

HELD_OUT = 500
# SD of log suggestions that know nothing of deals, and of good ones about the deal.
UNRELATED_SD, GOOD_SD = 1.5, 0.3
KINDS = ("none", "unrelated", "good")


def suggested(rng: np.random.Generator, records: PriceRecords, kind: str) -> PriceRecords:
    """Return the deals with a platform's suggestion per 1,000 views for each channel."""
    if kind == "none":
        return records
    per_thousand = 1000 * records.prices / records.deliverables.views
    about = np.log(per_thousand) if kind == "good" else np.full(len(records), 8.0)
    cpm = np.exp(about + rng.normal(0, GOOD_SD if kind == "good" else UNRELATED_SD, len(records)))
    return replace(records, deliverables=replace(records.deliverables, suggested_cpm=cpm))


def figures(count: int, kind: str, markets: int) -> dict[str, Any]:
    """Return coverage, median width and mean absolute bias over so many markets of `count` settled deals."""
    covers, widths, off = [], [], []
    for seed in range(markets):
        rng = np.random.default_rng(seed)
        known, held = (suggested(rng, deals.records(rng, number), kind) for number in (count, HELD_OUT))
        told = deals.ask(fit(known, {}), held.deliverables)
        covers.append(np.mean((told.low <= held.prices) & (held.prices <= told.high)))
        widths.append(np.median(told.high / told.low))
        off.append(abs(np.median(np.log(held.prices / told.point))))
    return {
        "covers": round(float(np.mean(covers)), 3),
        "covers_se": round(float(np.std(covers, ddof=1) / np.sqrt(markets)), 3),
        "width": round(float(np.median(widths)), 2),
        "bias": round(float(np.mean(off)), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.prices", description=__doc__)
    parser.add_argument("--markets", type=int, default=60)
    parser.add_argument("--deals", default="20,40,80,150,400")
    args = parser.parse_args()
    if args.markets < 2:
        parser.error("--markets must be 2 or more")
    counts = [int(part) for part in args.deals.split(",")]
    print(json.dumps({kind: {n: figures(n, kind, args.markets) for n in counts} for kind in KINDS}, indent=2))


if __name__ == "__main__":
    main()
