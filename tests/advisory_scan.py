"""Ask the advisory database of the Python packages about every locked version: `make advisories`.

Exits 1 where an advisory names a locked version, 0 where none does, and 0 with a plain word that nothing was looked up
where the database cannot be reached, as on a machine without the internet.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements-vision.lock", "requirements-dev.lock")
PATIENCE_S = 300.0


@dataclass(frozen=True)
class ScanResult:
    """What is known of a lock: a line for each advisory, and how many packages were looked up or passed over."""

    advisories: Sequence[str]
    looked_up: int
    passed_over: int


def read_answer(answer: str) -> ScanResult | None:
    """Return what an answer of pip-audit says; None where it is no answer.

    A package that the database did not give is in it too, without an advisory, and pip-audit says "no known
    vulnerabilities" of it: it was passed over.
    """
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return None
    asked = [package for package in packages if "skip_reason" not in package]
    advisories = [
        f"{package['name']} {package['version']}: {advisory['id']}, mended in"
        f" {', '.join(advisory['fix_versions']) or 'no version yet'}"
        for package in asked
        for advisory in package["vulns"]
    ]
    return ScanResult(advisories, len(asked), len(packages) - len(asked))


def report(lock: str, result: ScanResult | None, reason: str) -> str:
    """Return what to print of a lock."""
    if result is None or not result.looked_up:
        reason = reason if result is None else f"it gave none of {result.passed_over} packages"
        return f"NOT DONE: the advisory database could not be asked about {lock}; nothing is known of it ({reason})."
    lines = [f"{lock}: {line}" for line in result.advisories]
    lines += [f"{lock}: {len(lines) or 'no'} advisories about {result.looked_up} packages"]
    if result.passed_over:
        lines[-1] += f"; {result.passed_over} COULD NOT BE LOOKED UP, and nothing is known of them"
    return "\n".join(lines)


def ask(lock: str) -> subprocess.CompletedProcess[str]:
    # Of a lock with hashes it needs no resolver, so nothing is downloaded or run.
    argv = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip", "--require-hashes"]
    argv += ["--format", "json", "--progress-spinner", "off", "--timeout", "20"]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def main() -> int:
    found = 0
    for lock in LOCKS:
        try:
            done = ask(lock)
            result, reason = read_answer(done.stdout), (done.stderr.strip().splitlines() or ["no answer"])[-1]
        except subprocess.TimeoutExpired:
            result, reason = None, f"no answer in {PATIENCE_S:g} s"
        print(report(lock, result, reason))
        found += len(result.advisories) if result else 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
