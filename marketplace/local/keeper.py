"""Ends the children of a process that was killed before it could end them itself.

The owner starts one keeper and holds the only write end of the keeper's standard input. When the owner ends, for
whatever reason, the kernel closes that end, and the keeper ends every process still on its list. PR_SET_PDEATHSIG
would not do: the kernel ties it to the thread that forked, forgets it when credentials change (a user namespace,
another account) and does not signal grandchildren.

This file is also the keeper's program. It runs by path under `python -I -S`, so it imports the standard library
only, and little of that.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

GRACE_S = 9.0


class ProcessKeeper:
    """The owner's side. Processes are group leaders, so that the group can be ended with them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own file under our own interpreter
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._pipe = self._process.stdin

    def watch(self, pid: int, stop_signal: int) -> None:
        """End the group led by `pid` when the owner ends: with `stop_signal`, and with SIGKILL after GRACE_S."""
        self._tell(f"+{pid} {int(stop_signal)}\n")

    def forget(self, pid: int) -> None:
        """Stop watching `pid`, which has ended: the kernel may soon give its number to another process."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Let the keeper end. It does so at once if it watches no process any more."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.wait(GRACE_S + 5)

    def _tell(self, line: str) -> None:
        # The owner must survive a keeper that somebody killed.
        with contextlib.suppress(OSError, ValueError):
            os.write(self._pipe.fileno(), line.encode())


def keep(fd: int) -> None:
    """Read the owner's orders until the pipe closes, then end what is left."""
    leaders: dict[int, int] = {}
    with os.fdopen(fd) as orders:
        for line in orders:
            pid, *stop_signal = line[1:].split()
            if line.startswith("+"):
                leaders[int(pid)] = int(stop_signal[0])
            else:
                leaders.pop(int(pid), None)
    end(leaders)


def end(leaders: dict[int, int]) -> None:
    """Ask each leader to stop; kill its group once it has ended or GRACE_S are over."""
    for pid, stop_signal in leaders.items():
        with contextlib.suppress(OSError):
            os.kill(pid, stop_signal)
    deadline = time.monotonic() + GRACE_S
    remaining = set(leaders)
    while remaining:
        late = time.monotonic() >= deadline
        for pid in [pid for pid in remaining if late or not _lives(pid)]:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            remaining.discard(pid)
        if remaining:
            time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    keep(0)
