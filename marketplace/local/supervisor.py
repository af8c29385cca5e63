"""Runs several named programs under one command: one log, restarts, and nothing left behind.

One loop in the main thread sleeps until a child writes, ends or is due, or a signal comes. Each child leads its own
session, so Ctrl-C reaches only the supervisor, which then asks all children at once to end. If the supervisor itself
is killed, its keeper (`marketplace/local/keeper.py`) ends them.
"""

import contextlib
import errno
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from marketplace.local.keeper import ProcessKeeper
from marketplace.local.periodic_watch import Check, PeriodicWatch

STOP_WITHIN_S = 10.0
BACK_OFF_FIRST_S = 0.5
BACK_OFF_MAX_S = 10.0
STEADY_S = 10.0  # a child that stayed up this long did some work: it starts again at the first back-off
READY_POLL_S = 0.1
IDLE_S = 5.0
LINE_BYTES_MAX = 65_536
LAST_READS_MAX = 64
STOPS = (signal.SIGINT, signal.SIGTERM, *(() if sys.platform == "win32" else (signal.SIGHUP,)))


@dataclass
class ChildProcess:
    """A program to keep running, and its present state."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] | None
    cwd: Path | None
    stop_signal: int
    grace_s: float
    restart: bool
    ready: Callable[[], bool] | None
    ready_within_s: float
    process: "subprocess.Popen[bytes] | None" = None
    tail: bytes = b""
    started_at: float = 0.0  # on the monotonic clock
    back_off_s: float = BACK_OFF_FIRST_S
    due: float | None = None  # when to start again
    starts: int = 0


@dataclass(frozen=True)
class _EndedChild:
    child: ChildProcess
    code: int


@dataclass
class Supervisor:
    """Add children and watches, then `run()` in the main thread; its answer is the exit code.

    0: stopped as asked (SIGINT, SIGTERM, SIGHUP or `ask_to_stop`). N: a child that may not restart ended with N
    (128 + signal if one killed it), and all others were stopped. 1: a child was not ready in time or could not be
    started, the log can no longer be written, or a watch gave up.
    """

    log: TextIO | Path = field(default_factory=lambda: sys.stdout)
    stop_within_s: float = STOP_WITHIN_S
    children: dict[str, ChildProcess] = field(default_factory=dict, init=False)
    _watches: list[PeriodicWatch] = field(default_factory=list, init=False)
    _orders: deque[tuple[str, str]] = field(default_factory=deque, init=False)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector, init=False)
    _keeper: ProcessKeeper | None = field(default=None, init=False)
    _code: int | None = field(default=None, init=False)
    _asked_at: float | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._sink: TextIO = self.log.open("a", encoding="utf-8") if isinstance(self.log, Path) else self.log
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)

    def add(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        cwd: Path | None = None,
        stop_signal: int = signal.SIGTERM,
        grace_s: float = 8.0,
        restart: bool = True,
        ready: Callable[[], bool] | None = None,
        ready_within_s: float = 60.0,
    ) -> None:
        """Add a program. All are started at once, in this order, and asked to stop at once.

        `env` None inherits. `ready` is asked every 0.1 s until it says so, and should answer quickly; an exception
        means not yet. A child that is not ready within `ready_within_s` ends all.
        `restart=False` makes the child's end the end of all, with its exit code.
        """
        if name in self.children:
            raise ValueError(f"there is a child {name} already")
        child = ChildProcess(
            name,
            tuple(argv),
            None if env is None else dict(env),
            cwd,
            int(stop_signal),
            grace_s,
            restart,
            ready,
            ready_within_s,
        )
        self.children[name] = child

    def watch(self, check: Check, every_s: float) -> None:
        """Run `check` in a thread of its own, and again `every_s` after it has ended. It answers {child: reason}; those
        are killed and started again at once.

        It may hang, as one that asks a frozen database does: the loop goes on. Its exceptions are logged.
        """
        self._watches.append(PeriodicWatch(check, every_s, self._looked))

    def restart(self, name: str, reason: str) -> None:
        """Kill a child and start it again at once. May be called from any thread. Raises KeyError for an unknown
        name."""
        self._orders.append((self.children[name].name, reason))
        self._ring(0)

    def give_up(self) -> None:
        """Make `run` end everything and return 1. May be called from any thread."""
        self._code = 1 if self._code is None else self._code
        self._ring(0)

    def ask_to_stop(self) -> None:
        """Make `run` end everything and return 0. May be called from any thread."""
        self._ring(signal.SIGTERM)

    def pid(self, name: str) -> int | None:
        """Return the child's pid while it runs."""
        process = self.children[name].process
        return process.pid if process else None

    def say(self, text: str, name: str = "inlay") -> None:
        """Write a line to the common log."""
        width = max([len(child_name) for child_name in self.children] + [5])
        line = f"{name:<{width}} | {text}\n"
        try:
            try:
                self._sink.write(line)
            except UnicodeEncodeError:
                self._sink.write(line.encode("ascii", "backslashreplace").decode())
            self._sink.flush()
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                return  # a full disk loses lines of the log, and nothing else
            # Nobody reads the log any more (`inlay up | head`, a closed terminal): do not go on unseen.
            self.give_up()

    def run(self) -> int:
        """Start all children, keep them running, and end them when asked to. Return the exit code. Raises ValueError
        outside the main thread."""
        with self._signals():
            self._keeper = ProcessKeeper()
            try:
                if self._start():
                    while self._over() is None:
                        self._turn()
                code = self._over()
            finally:
                self.stop_all()
                self._keeper.close()
                self.close()
        return 1 if code is None else code

    def stop_all(self) -> None:
        """Ask all children to end, at once; those that do not within their grace, and all within `stop_within_s`, are
        killed.

        A second SIGINT or SIGTERM, 1 s later or more (less may be the same one forwarded), kills at once.
        """
        self._stopping = True
        began = time.monotonic()
        impatient, last = began + 1.0, began + self.stop_within_s - 1.0
        for child in self.children.values():
            child.due = None
            if child.process:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.process.pid, child.stop_signal)
        # The most patient comes last, so that nobody is waited for longer than they may take.
        for child in sorted(self.children.values(), key=lambda each: each.grace_s):
            deadline = min(began + child.grace_s, last)
            while child.process and time.monotonic() < deadline and (self._asked_at or 0.0) < impatient:
                self._turn(until=deadline)
            if child.process:
                self.say(f"{child.name} did not stop within {time.monotonic() - began:.1f} s: killed")
                self._kill(child)
                self._reap(child, child.process.wait())
        self.say("all stopped")

    def _start(self) -> bool:
        for child in self.children.values():
            self._spawn(child)
        for child in self.children.values():
            deadline = child.started_at + child.ready_within_s
            while child.ready is not None and self._over() is None and not self._is_ready(child):
                if time.monotonic() >= deadline:
                    self.say(f"{child.name} was not ready within {child.ready_within_s:.0f} s")
                    self._code = 1
                    break
                self._turn(until=time.monotonic() + READY_POLL_S)
            if self._over() is not None:
                return False
        return True

    def _is_ready(self, child: ChildProcess) -> bool:
        with contextlib.suppress(Exception):
            return child.process is not None and child.ready is not None and child.ready()
        return False

    def _over(self) -> int | None:
        if self._code is None and self._asked_at is not None:
            self._code = 0
            self.say("stopping")
        return self._code

    def _spawn(self, child: ChildProcess) -> None:
        child.due = None
        child.started_at = time.monotonic()
        try:
            process = subprocess.Popen(  # noqa: S603 - the caller's own programs
                child.argv,
                env=child.env,
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            self.say(f"{child.name} cannot be started: {error}")
            self._code = 1
            return
        child.process = process
        child.starts += 1
        if self._keeper:
            self._keeper.watch(process.pid, child.stop_signal)
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, child)
        self.say(f"{child.name} started (process {process.pid})")

    def _turn(self, until: float | None = None) -> None:
        """Sleep until something happens or is due, then handle it."""
        dues = [child.due for child in self.children.values() if child.due is not None and not self._stopping]
        dues += [watch.due for watch in self._watches if watch.due is not None and not self._stopping]
        now = time.monotonic()
        wait_s = min([due - now for due in dues] + [IDLE_S, IDLE_S if until is None else until - now])
        for key, _ in self._selector.select(max(0.0, wait_s)):
            if key.data is None:
                self._hear()
            else:
                self._read(key.data)
        for ended in list(self._ends()):
            self._reap(ended.child, ended.code)
        if not self._stopping:
            self._do_what_is_due(time.monotonic())

    def _do_what_is_due(self, now: float) -> None:
        for watch in self._watches:
            if watch.due is not None and watch.due <= now:
                watch.begin()
        while self._orders:
            name, reason = self._orders.popleft()
            child = self.children.get(name)
            if child is None or child.process is None:
                self.say(f"cannot restart {name}: it does not run ({reason})")
                continue
            self.say(f"restarting {name}: {reason}")
            self._kill(child)
            self._reap(child, child.process.wait(), wanted=True)
        for child in self.children.values():
            if child.due is not None and child.due <= now and self._code is None:
                self._spawn(child)

    def _looked(self, answer: Mapping[str, str], problem: str | None) -> None:
        if problem is not None:
            self.say(problem)
        self._orders.extend(answer.items())
        self._ring(0)

    def _ends(self) -> Iterator[_EndedChild]:
        for child in self.children.values():
            code = child.process.poll() if child.process else None
            if code is not None:
                yield _EndedChild(child, code)

    def _reap(self, child: ChildProcess, code: int, *, wanted: bool = False) -> None:
        """Clean up after a child that has ended, and schedule its restart."""
        process = child.process
        assert process is not None
        assert process.stdout is not None
        self._kill(child)  # its own children, if it left any
        for _ in range(LAST_READS_MAX):
            if not self._read(child):
                break
        if child.tail:
            self.say(child.tail.decode("utf-8", "replace"), child.name)
            child.tail = b""
        with contextlib.suppress(KeyError):
            self._selector.unregister(process.stdout)
        process.stdout.close()
        child.process = None
        if self._keeper:
            self._keeper.forget(process.pid)
        how = f"code {code}" if code >= 0 else f"signal {-code}"
        if self._stopping:
            self.say(f"{child.name} stopped ({how})")
        elif wanted:
            child.due = time.monotonic()
        elif child.restart:
            up_s = time.monotonic() - child.started_at
            child.back_off_s = BACK_OFF_FIRST_S if up_s >= STEADY_S else child.back_off_s
            child.due = time.monotonic() + child.back_off_s
            self.say(f"{child.name} ended ({how}) after {up_s:.1f} s; starting it again in {child.back_off_s} s")
            child.back_off_s = min(child.back_off_s * 2, BACK_OFF_MAX_S)
        else:
            self.say(f"{child.name} ended ({how})")
            self._code = (code if code >= 0 else 128 - code) if self._code is None else self._code

    def _kill(self, child: ChildProcess) -> None:
        if child.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)

    def _read(self, child: ChildProcess) -> bool:
        """Log the lines of one read; return False if there is nothing more for now."""
        assert child.process is not None
        assert child.process.stdout is not None
        try:
            chunk = os.read(child.process.stdout.fileno(), LINE_BYTES_MAX)
        except BlockingIOError:
            return False
        if not chunk:
            # A child may close its output and live on; a closed pipe would wake the loop for ever.
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.process.stdout)
            return False
        *lines, child.tail = (child.tail + chunk).split(b"\n")
        if len(child.tail) > LINE_BYTES_MAX:
            lines, child.tail = [*lines, child.tail], b""
        for line in lines:
            self.say(line.decode("utf-8", "replace").rstrip("\r"), child.name)
        return True

    def _ring(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._bell.send(bytes([number]))

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while numbers := self._ear.recv(4096):
                if any(number in STOPS for number in numbers):
                    self._asked_at = time.monotonic()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        # The signal numbers arrive as bytes on the bell; the handlers only have to exist. SIGHUP stays ignored under
        # `nohup`.
        numbers = [*STOPS, signal.SIGCHLD]
        if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
            numbers.remove(signal.SIGHUP)
        previous = {number: signal.signal(number, lambda *_: None) for number in numbers}
        bell = signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(bell)
            for number, handler in previous.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Close what the object holds open; `run` does it itself."""
        self._selector.close()
        self._bell.close()
        self._ear.close()
        if isinstance(self.log, Path):
            self._sink.close()
