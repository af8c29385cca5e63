"""`python -m benchmarks [edge|doorbell|imports|scoring|discovery ...]`: figures as JSON on standard output, ratios of one run."""

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


def main() -> None:
    log.configure("json", io.StringIO())
    asked = sys.argv[1:] or list(BENCHES)
    strange = [name for name in asked if name not in BENCHES]
    if strange:
        sys.exit(f"There is no benchmark {strange[0]}; there are: {', '.join(BENCHES)}.")
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in ("flask", "sqlalchemy", "celery", "numpy")},
        "load_average": os.getloadavg()[0],
    }
    for name in asked:
        found[name] = BENCHES[name]()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
