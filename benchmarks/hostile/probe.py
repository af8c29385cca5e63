"""The program that tries to get out: started closed in as the decoder is, it says what each attempt came to.

Writes one JSON object to standard output: attempt -> the error's number, or 0 where it worked.
"""

import contextlib
import ctypes
import errno
import json
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from marketplace.vision.decode import decoder, limits, seccomp

_CLONE3 = 435
# uretprobe and uprobe: Linux lets them past every filter since 6.14, and they end a process that is not being traced.
_PROBES = (335, 336)
_X32 = 0x40000000  # the other numbering of x86_64's calls, a classic way round a filter
LAST_CALL = 470


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _attempts(canary: str, port: int, known: socket.socket) -> dict[str, Callable[[], object]]:
    return {
        "open": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "create": lambda: os.open(canary, os.O_WRONLY | os.O_CREAT),
        "unlink": lambda: os.unlink(canary),
        "mkdir": lambda: os.mkdir(f"{canary}.d"),
        "rename": lambda: os.rename(canary, f"{canary}.moved"),
        "chmod": lambda: os.chmod(canary, 0o600),
        "list": lambda: os.listdir("/"),
        "socket": lambda: socket.socket(),
        "connect": lambda: known.connect(("127.0.0.1", port)),
        "fork": _fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "kill": lambda: os.kill(os.getppid(), 0),
        "thread": lambda: threading.Thread(target=int).start(),
        "memory": lambda: bytearray(limits.MEMORY_BYTES_MAX),
        "pipe": os.pipe,
    }


def _number(error: Exception) -> int:
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    return (error.errno or -1) if isinstance(error, OSError) else errno.EPERM if isinstance(error, RuntimeError) else -1


def _tried(attempt: Callable[[], object]) -> int:
    try:
        attempt()
    except Exception as error:
        return _number(error)
    return 0


def _sweep(libc: ctypes.CDLL, listed: frozenset[int]) -> list[int]:
    """Return the numbers of system calls that are neither on the list nor refused; only for a closed process."""
    open_ways = []
    for number in range(LAST_CALL):
        for asked in (number, number | _X32):
            if asked not in listed and asked not in _PROBES:
                ctypes.set_errno(0)
                answer = libc.syscall(ctypes.c_long(asked), *(ctypes.c_long(-1) for _ in range(6)))
                refusal = errno.ENOSYS if asked == _CLONE3 else errno.EPERM
                if answer != -1 or ctypes.get_errno() != refusal:
                    open_ways.append(asked)
    return open_ways


def main() -> None:
    """Try everything; ``argv``: a canary's path and a port somebody listens on."""
    decoder.preload()
    known = socket.socket()
    libc = ctypes.CDLL(None, use_errno=True)
    column = 0 if platform.machine() == "x86_64" else 1
    listed = frozenset(pair[column] for pair in seccomp.CALLS.values())
    attempts = _attempts(sys.argv[1], int(sys.argv[2]), known)
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    threads = len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
    closed = seccomp.lock_down()
    report: dict[str, object] = {"closed": closed, "threads": threads}
    if closed:
        report |= {name: _tried(attempt) for name, attempt in attempts.items()}
        report["open_calls"] = _sweep(libc, listed)
    os.write(1, json.dumps(report).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
