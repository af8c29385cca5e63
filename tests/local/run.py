"""Run small programs for the process tests, and see who lives."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *args: str | Path, uid: int | None = None) -> "subprocess.Popen[str]":
    """Start our interpreter on `code` in a group of its own; its output is a pipe.

    Under another account it keeps the right to read, since our interpreter may lie in root's home.
    """
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    become = [] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *reading]
    return subprocess.Popen(
        [*become, sys.executable, "-c", code, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


def alive(pids: Sequence[int]) -> list[int]:
    """Those that live; a zombie does not."""
    return [pid for pid in pids if psutil.pid_exists(pid) and _status(pid) != psutil.STATUS_ZOMBIE]


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return str(psutil.STATUS_ZOMBIE)


def descendants(pid: int) -> list[int]:
    return [one.pid for one in psutil.Process(pid).children(recursive=True)]
