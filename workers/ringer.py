"""Ring for whatever is due: lost rings, timers, expired leases, the clock's table. Any number may run.

`python -m workers.ringer`. It keeps no state in memory, so killing it loses nothing.
"""

from marketplace.core.lazy_import import keep_imports, pause_garbage

pause_garbage()

import signal
import threading
from datetime import timedelta
from pathlib import Path

import redis
import sqlalchemy as sa
import structlog

from marketplace.core import db, jobs, log
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.doorbell import producer, send
from marketplace.core.events import Event
from workers.schedule import EVERY

PAUSE_S = 0.5

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


def main() -> None:
    """Ring until a signal stops it."""
    config = Config.from_env()
    log.configure(config.log_format)
    db.connect(config.database_url, pool_size=2)
    app = producer(config.broker_url)
    client = redis.Redis.from_url(config.redis_url, socket_timeout=2, socket_connect_timeout=2)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logger.info("ringer.ready")
    while not stop.is_set():
        try:
            for queue in sorted(tick()):
                send(app, client, queue)
            if config.heartbeat_dir:
                Path(config.heartbeat_dir, "ringer").touch()
        except Exception as error:  # the database or the broker is away: try again until it is back
            logger.warning("ringer.waits", error=type(error).__name__)
        stop.wait(PAUSE_S)


keep_imports()

if __name__ == "__main__":
    main()
