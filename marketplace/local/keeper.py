"""Ends the children of a process that was killed before it could end them itself.

The owner starts one keeper and holds the only write end of the keeper's standard input. When the owner goes, by
whatever means, the kernel closes that end, and the keeper ends every process still on its list. PR_SET_PDEATHSIG
was not taken: the kernel ties it to the thread that forked, forgets it when credentials change (a user namespace,
another account) and tells grandchildren nothing.

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
        """From now on the group led by `pid` ends with the owner: `stop_signal`, and SIGKILL after GRACE_S."""
        self._tell(f"+{pid} {int(stop_signal)}\n")

    def forget(self, pid: int) -> None:
        """The owner has seen `pid` end; its number may soon be another's."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Let the keeper go. It ends at once when every process was forgotten."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.wait(GRACE_S + 5)

    def _tell(self, line: str) -> None:
        # A keeper that somebody killed must not take its owner along.
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
    """Ask each leader to stop, kill its group once it is gone or GRACE_S are over."""
    for pid, stop_signal in leaders.items():
        with contextlib.suppress(OSError):
            os.kill(pid, stop_signal)
    deadline = time.monotonic() + GRACE_S
    left = set(leaders)
    while left:
        late = time.monotonic() >= deadline
        for pid in [pid for pid in left if late or not _lives(pid)]:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            left.discard(pid)
        if left:
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
