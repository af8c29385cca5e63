"""The faults that `inlay chaos` makes, in an order that a seed decides. Only faults that took effect are counted."""

import contextlib
import math
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import redis
import sqlalchemy as sa

from marketplace.chaos.slow_faults import FREEZE_S, SLOW_FAULTS
from marketplace.core import db
from marketplace.local.market_tree import MarketTree, answers

SETTLED_S, NOTHING_TO_BREAK_S = 2.0, 120.0


class FaultMissed(Exception):
    """There was nothing to break: the part had just ended by itself. The fault is tried again."""


def _pid(tree: MarketTree, name: str) -> int:
    pid = tree.supervisor.pid(name)
    if pid is None:
        raise FaultMissed
    return pid


def _group(name: str, number: signal.Signals) -> Callable[[MarketTree], None]:
    return lambda tree: os.killpg(_pid(tree, name), number)


def _leader(name: str, number: signal.Signals) -> Callable[[MarketTree], None]:
    return lambda tree: os.kill(_pid(tree, name), number)


def _pool_child(tree: MarketTree) -> None:
    pid = _pid(tree, "worker")
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError as gone:
        raise FaultMissed from gone
    if not children:
        raise FaultMissed
    os.kill(int(children[0]), signal.SIGKILL)


def _zombie(tree: MarketTree) -> None:
    """Freeze the whole worker beyond its lease, then let it go on."""
    pid = _pid(tree, "worker")
    os.killpg(pid, signal.SIGSTOP)
    time.sleep(FREEZE_S)
    os.killpg(pid, signal.SIGCONT)


def _tell_valkey(*words: str) -> Callable[[MarketTree], None]:
    def tell(tree: MarketTree) -> None:
        assert tree.servers is not None
        with redis.Redis.from_url(tree.servers.redis_url, socket_timeout=2) as client:
            client.execute_command(*words)

    return tell


_DROP = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


def _drop_database_connections(tree: MarketTree) -> None:
    # A new connection, because those of the pool may be dead from an earlier fault.
    assert tree.servers is not None
    with sa.create_engine(tree.servers.owner_url, poolclass=sa.NullPool).connect() as connection:
        connection.execute(_DROP)


def _restart_postgres(tree: MarketTree) -> None:
    assert tree.servers is not None
    tree.servers.restart_postgres()


def _restart_valkey(tree: MarketTree) -> None:
    assert tree.servers is not None
    tree.servers.restart_valkey()


FAULTS: Mapping[str, Callable[[MarketTree], None]] = {
    "SIGKILL worker": _group("worker", signal.SIGKILL),
    "SIGTERM worker": _leader("worker", signal.SIGTERM),
    "SIGKILL pool child": _pool_child,
    "SIGSTOP worker past its lease": _zombie,
    "SIGKILL web": _group("web", signal.SIGKILL),
    "SIGTERM web": _leader("web", signal.SIGTERM),
    "SIGKILL ringer": _group("ringer", signal.SIGKILL),
    "SIGKILL PostgreSQL": _restart_postgres,
    "SIGKILL Valkey": _restart_valkey,
    "FLUSHALL": _tell_valkey("FLUSHALL"),
    "Valkey drops connections": _tell_valkey("CLIENT", "KILL", "TYPE", "NORMAL"),
    "PostgreSQL drops connections": _drop_database_connections,
    **SLOW_FAULTS,
}


_DRAINED = sa.text("SELECT EXISTS (SELECT 1 FROM worker_beats WHERE split_part(name, ':', 2) = :pid)")


@dataclass
class FaultMaker:
    """Makes faults until there were enough, every kind equally often."""

    tree: MarketTree
    url: str
    seed: int
    wanted: int
    every_s: float
    faults: Mapping[str, Callable[[MarketTree], None]] = field(default_factory=lambda: FAULTS)
    made: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    _seen: dict[tuple[str, int], float] = field(default_factory=dict)
    _beats: dict[int, int | None] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.made.total()

    def run(self, over: Callable[[], bool]) -> None:
        """Make faults until enough were tried or `over` returns true. Raises TimeoutError if there is nothing to
        break."""
        rng = random.Random(self.seed)  # noqa: S311 - a plan that can be repeated, not a secret
        names: list[str] = []
        last_made = time.monotonic()
        while self.total + self.failed.total() < self.wanted and not over():
            if time.monotonic() - last_made > NOTHING_TO_BREAK_S:
                raise TimeoutError(f"nothing could be broken for {NOTHING_TO_BREAK_S:g} s")
            names = names or rng.sample(sorted(self.faults), len(self.faults))
            name = names.pop()
            if not self._ready(name) or not self._make(name):
                time.sleep(0.2)
                names.append(name)
                rng.shuffle(names)
                continue
            last_made = time.monotonic()
            time.sleep(rng.uniform(0.5, 1.5) * self.every_s)

    def _make(self, name: str) -> bool:
        try:
            self.faults[name](self.tree)
        except (FaultMissed, ProcessLookupError):
            self.missed[name] += 1
            return False
        except Exception as error:
            self.failed[f"{name}: {type(error).__name__}"] += 1
        else:
            self.made[name] += 1
        return True

    def _ready(self, fault: str) -> bool:
        """Return whether the part has worked for SETTLED_S: killing one that has not worked yet proves nothing."""
        aims = {"web": "web", "ringer": "ringer", "worker": "worker", "pool child": "worker"}
        part = next((aims[word] for word in aims if word in fault), None)
        if part is None:
            return True
        pid = self.tree.supervisor.pid(part)
        if pid is None:
            return False
        if (part, pid) not in self._seen and self._works(part, pid):
            self._seen[part, pid] = time.monotonic()
        return time.monotonic() - self._seen.get((part, pid), math.inf) > SETTLED_S

    def _works(self, part: str, pid: int) -> bool:
        if part == "web":
            return answers(f"{self.url}/readyz")
        if part == "ringer":
            # That it changes, and not when it was: the ringer's clock may be days off.
            beat = Path(self.tree.env["HEARTBEAT_DIR"], "ringer")
            told = beat.stat().st_mtime_ns if beat.exists() else None
            return self._beats.setdefault(pid, told) != told
        with contextlib.suppress(sa.exc.SQLAlchemyError), db.transaction() as session:
            return bool(session.scalar(_DRAINED, {"pid": str(pid)}))
        return False
