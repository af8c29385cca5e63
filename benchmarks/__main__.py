"""Compares the speed of the market's main paths with simpler ways; prints JSON figures, most of them ratios."""

import argparse
import io
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from benchmarks.speed import discovery, doorbell, edge, imports, scoring
from marketplace.core import log

BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "edge": edge.run,
    "doorbell": doorbell.run,
    "imports": imports.run,
    "scoring": scoring.run,
    "discovery": discovery.run,
}
HELP = {
    "edge": "the API against a bare Flask endpoint that sends the same SQL",
    "doorbell": "bids scored through the doorbell against Celery tasks that do nothing",
    "imports": "a file of channels through its job against a plain COPY of the same rows",
    "scoring": "scoring bids by the first pass against other ways of doing it",
    "discovery": "the best 50 channels for a brief",
}
OTHERS = """
others run by themselves, each with --help:
  python -m benchmarks.speed.MODULE     discovery, imports, ledger, mixed_load, policies, repeats, retention, scoring,
                                        video_checks, what_if
  python -m benchmarks.quality.MODULE   creator_pairs, films_again, histories, intrusiveness, prices, reach_backtest,
                                        selection, sketches, spoken, union_backtest, vision, words
  python -m benchmarks.hostile          files that mean harm, given to the decoder
  python -m benchmarks.hostile.callers  callers who mean harm, and what others notice of them
  python -m benchmarks.hostile.import_files   the same, given to the reader of imports
"""


def main() -> None:
    names = "\n".join(f"  {name:10} {HELP[name]}" for name in BENCHES)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\n\nbenchmarks (all of them if none is named):\n{names}",
        epilog=OTHERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of the benchmarks above")
    names_asked = parser.parse_args().names or list(BENCHES)
    unknown = [name for name in names_asked if name not in BENCHES]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]}; there are: {', '.join(BENCHES)}.")
    log.configure("json", io.StringIO())
    figures: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in ("flask", "sqlalchemy", "celery", "numpy")},
        "load_average": os.getloadavg()[0],
    }
    for name in names_asked:
        figures[name] = BENCHES[name]()
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
