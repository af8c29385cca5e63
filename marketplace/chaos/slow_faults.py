"""Faults in which nothing ends: servers that hang, that answer and take nothing, disks that are full, clients that are
slow, clocks that are off. Each lasts FREEZE_S, longer than the leases of the load, and is then over; a clock stays off
until its next turn."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import redis

from marketplace.local.market_tree import MarketTree
from marketplace.local.servers import POSTGRES, VALKEY

FREEZE_S = 4.0
# More slow clients than the web server has threads.
SLOW_CLIENTS = 20
LIVE_WITHIN_S = 30.0
SMALL_DISK_MIB = 768
CLOCKS = ("+3h", "-3h", "+2d", "+0")
CLOCK_LIBRARY = "faketime/libfaketimeMT.so.1"

Fault = Callable[[MarketTree], None]


def _hang(server: str) -> Fault:
    def hang(tree: MarketTree) -> None:
        assert tree.servers is not None
        with tree.servers.frozen(server):
            time.sleep(FREEZE_S)

    return hang


def _setting(name: str, during: str, after: str) -> Fault:
    """Return the fault of a Valkey setting. A Valkey that is started again has forgotten it."""

    def change(tree: MarketTree) -> None:
        assert tree.servers is not None
        with redis.Redis.from_url(tree.servers.redis_url, socket_timeout=5) as client:
            client.config_set(name, during)
            try:
                time.sleep(FREEZE_S)
            finally:
                client.config_set(name, after)

    return change


def _fill_disk(tree: MarketTree) -> None:
    """Take all that is free where the servers keep their data, and give it back."""
    assert tree.servers is not None
    filler = tree.servers.data_dir / "filler"
    try:
        with filler.open("wb") as file, contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(tree.servers.data_dir).free)
            while True:  # what was given back meanwhile
                file.seek(0, os.SEEK_END)
                file.write(bytes(65_536))
                file.flush()
        time.sleep(FREEZE_S)
    finally:
        filler.unlink(missing_ok=True)


_SLOW = (
    b"POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{"
)


def _slow_clients(tree: MarketTree) -> None:
    """Send bodies a byte at a time; meanwhile the server must say that it lives. Raises TimeoutError."""
    address = urlsplit(tree.address)
    with contextlib.ExitStack() as held:
        callers = [
            held.enter_context(socket.create_connection((address.hostname, address.port), 5))
            for _ in range(SLOW_CLIENTS)
        ]
        for caller in callers:
            caller.sendall(_SLOW)
        until = time.monotonic() + FREEZE_S
        while time.monotonic() < until:
            for caller in callers:
                with contextlib.suppress(OSError):  # the server is free to end it
                    caller.send(b" ")
            time.sleep(0.5)
        _hear_live(held.enter_context(socket.create_connection((address.hostname, address.port), 5)))


def _hear_live(caller: socket.socket) -> None:
    caller.settimeout(LIVE_WITHIN_S)
    caller.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    if b" 200 " not in caller.recv(4096).partition(b"\r\n")[0]:
        raise TimeoutError


_turns: defaultdict[str, Iterator[str]] = defaultdict(lambda: itertools.cycle(CLOCKS))


def _clock(name: str) -> Fault:
    """Return the fault that starts a part again under a clock that is off."""

    def change(tree: MarketTree) -> None:
        library = clock_library()
        assert library is not None
        child = tree.supervisor.children[name]
        child.env = {
            **(child.env or {}),
            "LD_PRELOAD": str(library),
            "FAKETIME": next(_turns[name]),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
        tree.supervisor.restart(name, f"its clock is {child.env['FAKETIME']}")

    return change


def clock_library() -> Path | None:
    """Return libfaketime, which shifts the clock of one process, or None where it is not installed."""
    found = (Path(folder).glob(f"**/{CLOCK_LIBRARY}") for folder in ("/usr/lib", "/usr/local/lib"))
    return next((path for paths in found for path in paths), None)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Put a small file system into the folder, where that is allowed; yields whether it is there."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield False
        return
    options = f"size={SMALL_DISK_MIB}m,mode=0700"
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    made = mount and unmount and subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False)  # noqa: S603
    if not made or made.returncode != 0:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run([str(unmount), folder], check=False)  # noqa: S603


SLOW_FAULTS: Mapping[str, Fault] = {
    "PostgreSQL hangs": _hang(POSTGRES),
    "Valkey hangs": _hang(VALKEY),
    "Valkey takes no writes": _setting("min-replicas-to-write", "1", "0"),
    "Valkey is full": _setting("maxmemory", "1", "0"),
    "disk is full": _fill_disk,
    "web has slow clients": _slow_clients,
    "clock of the worker is off": _clock("worker"),
    "clock of the ringer is off": _clock("ringer"),
    "clock of the web is off": _clock("web"),
}


def left_out(small: bool) -> dict[str, str]:
    """Return the faults that cannot be made on this machine, each with the reason."""
    missing = {}
    if not small:
        missing["disk is full"] = "no small file system could be mounted; that takes root on Linux"
    if clock_library() is None:
        missing |= {name: "libfaketime is not installed" for name in SLOW_FAULTS if name.startswith("clock")}
    return missing
