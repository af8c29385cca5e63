"""Starts the decoder in a sandbox: no other files, no network, no programs, little memory, and an end in time.

There are three walls, of which the inner two hold everywhere: bubblewrap if it works (own namespaces, a read-only file
system), limits of the operating system (data, open files, file size, processor time), and the filter of system calls
that the decoder puts on itself before it reads the first byte (seccomp).
"""

import contextlib
import fcntl
import functools
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from marketplace.vision.decode import limits
from marketplace.vision.one_thread import ONE_THREAD

PIPE_BYTES = 1 << 20
BUBBLEWRAP = (
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--cap-drop",
    "ALL",
    "--",
)


@functools.cache
def bubblewrap() -> tuple[str, ...]:
    """Return the command that runs what follows it in bubblewrap; empty if that is missing or forbidden."""
    program = shutil.which("bwrap")
    if program is None:
        return ()
    try:
        trial = subprocess.run([program, *BUBBLEWRAP, "/bin/true"], capture_output=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()  # it exists, but does not run on this machine, or never ends
    return (program, *BUBBLEWRAP) if trial.returncode == 0 else ()


def _limit(cpu_s: int) -> None:
    """Set the limits of the process about to start; a limit that is already narrower stays."""
    for kind, value in (
        (resource.RLIMIT_DATA, limits.DECODER_DATA_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits.DECODER_FILES),
    ):
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))
    os.nice(5)


def ended_by_limit(code: int) -> bool:
    """Return whether an exit code means that a limit was hit: of memory, of processor time, or the filter's.

    ``code`` is negative for a signal, or 128 and the signal where bubblewrap passes it on.
    """
    signals = (signal.SIGKILL, signal.SIGXCPU, signal.SIGSYS)
    return any(code in (-number, 128 + number) for number in signals)


def descendants(pid: int) -> Iterator[int]:
    """Yield the living descendants of a process (Linux; none elsewhere)."""
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield int(child)
                yield from descendants(int(child))


def cpu_s(pid: int) -> float:
    """Return the processor time (s) of a process and its descendants; 0 if it is unknown."""
    ticks = 0
    for member in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):
            # The name may hold spaces and brackets; utime and stime are fields 14 and 15 (proc(5)).
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def widen(process: subprocess.Popen[bytes]) -> None:
    """Enlarge a pipe to hold most of a picture (Linux; as far as the system allows): a tenth of the calls."""
    if process.stdout is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def start_decoder(file: Path, demuxer: str, step_s: float, cpu_s: int) -> subprocess.Popen[bytes]:
    """Start marketplace.vision.decode.decoder on a file; its messages come over ``stdout``. The caller ends it."""
    return start_closed("marketplace.vision.decode.decoder", (demuxer, str(step_s)), file, cpu_s)


def start_closed(module: str, arguments: Sequence[str], file: Path, cpu_s: int) -> subprocess.Popen[bytes]:
    """Start a module as a program in the sandbox, with a file as its standard input; the caller ends it.

    The program has to put on the filter of system calls itself.
    """
    source = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        process = subprocess.Popen(  # noqa: S603
            [*bubblewrap(), sys.executable, "-E", "-s", "-B", "-m", module, *arguments],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[3],
            env={**ONE_THREAD, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
            preexec_fn=lambda: _limit(cpu_s),
            close_fds=True,
            bufsize=0,
        )
        widen(process)
        return process
    finally:
        os.close(source)
