"""Ring for whatever is due: lost rings, timers, expired leases, the clock's table. Any number may run.

`python -m workers.ringer`. It keeps no state in memory, so killing it loses nothing. While the broker takes no rings,
being away, full or read-only, the ringer does the work itself, one job after the other.
"""

from marketplace.core.lazy_import import keep_imports, lazy_module, pause_garbage

pause_garbage()

import signal
import threading
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import redis
import sqlalchemy as sa
import structlog

from marketplace.core import db, jobs, log, storage
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.doorbell import producer, send
from marketplace.core.events import Event
from workers.process import stopping
from workers.schedule import EVERY

if TYPE_CHECKING:
    from workers import drain as drains
else:
    drains = lazy_module("workers.drain")  # with every handler: few ringers ever need it

PAUSE_S, SILENT_S = 0.5, 3.0

logger = structlog.get_logger("ringer")


def tick() -> set[str]:
    """Enqueue the clock's jobs, mark lost jobs dead, and return the queues to ring."""
    with db.transaction() as session:
        _plan(session)
        for job_id in jobs.bury(session):
            logger.error("job.dead", job=str(job_id))
        queues = jobs.due_queues(session)
        if session.scalar(sa.select(sa.literal(1)).where(Event.relayed_at.is_(None)).limit(1)):
            queues.add(jobs.DEFAULT)
        session.info.pop("rings", None)  # this process is the one that rings
    return queues


def _plan(session: sa.orm.Session) -> None:
    """Keep one waiting job for each line of the clock's table, however many ringers run."""
    waiting = set(
        session.scalars(
            sa.select(jobs.Job.dedupe_key).where(
                jobs.Job.state == jobs.JobState.QUEUED, jobs.Job.dedupe_key.in_([f"clock:{kind}" for kind in EVERY])
            )
        ).all()
    )
    for kind, pause in sorted(EVERY.items()):
        if f"clock:{kind}" not in waiting:
            jobs.enqueue(session, kind, dedupe_key=f"clock:{kind}", at=now() + min(pause, timedelta(days=1)))


class Bell:
    """Rings for queues. Once no ring has been taken for SILENT_S, the work is done here."""

    def __init__(self, ring: Callable[[str], object], drain: Callable[[str], object]) -> None:
        self._ring, self._drain = ring, drain
        self._silent_since: float | None = None

    def ring(self, queues: Collection[str]) -> None:
        """Ring for each, or do its work. Raises what the work raises."""
        unheard = [queue for queue in sorted(queues) if not self._heard(queue)]
        if not unheard:
            self._silent_since = None
            return
        self._silent_since = self._silent_since or time.monotonic()
        if time.monotonic() - self._silent_since >= SILENT_S:
            for queue in unheard:
                if queue != jobs.VISION:  # its libraries are not on every host
                    self._drain(queue)

    def _heard(self, queue: str) -> bool:
        try:
            self._ring(queue)
        except Exception as error:
            logger.warning("ringer.unheard", queue=queue, error=type(error).__name__)
            return False
        return True


def main() -> None:
    """Ring until a signal stops it."""
    config = Config.from_env()
    log.configure(config.log_format)
    db.connect(config.database_url, pool_size=4, statement_timeout_ms=120_000)
    storage.connect(config.storage_url)
    app = producer(config.broker_url)
    client = redis.Redis.from_url(config.redis_url, socket_timeout=2, socket_connect_timeout=2)

    def ring(queue: str) -> None:
        # To take a ring off a list is a write too: where enough of them wait already, nothing else would tell.
        client.set("inlay:ringer", 1, ex=60)
        send(app, client, queue)

    bell = Bell(ring, lambda queue: drains.drain(queue))
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        stopping.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    logger.info("ringer.ready")
    while not stop.is_set():
        try:
            bell.ring(tick())
            if config.heartbeat_dir:
                Path(config.heartbeat_dir, "ringer").touch()
        except Exception as error:  # the database is away: try again until it is back
            logger.warning("ringer.waits", error=type(error).__name__)
        stop.wait(PAUSE_S)


keep_imports()

if __name__ == "__main__":
    main()
