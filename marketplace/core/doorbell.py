"""The Celery message that only says "there is work in this queue, drain it".

Rings are disposable: they are sent from a separate thread, so that a slow or dead broker never holds a request up;
at most a few wait in a queue, and a late one finds nothing to do. The ringer rings again for whatever is missed.
"""

import threading
from typing import TYPE_CHECKING

import redis
import structlog

from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    import celery
else:
    celery = lazy_module("celery")

TASK = "inlay.drain"
WAITING_MAX = 4
_PAUSE_S = 0.02  # in which the rings of one moment gather

log = structlog.get_logger("doorbell")


def producer(broker_url: str) -> "celery.Celery":
    """Return a Celery application that can only send."""
    app = celery.Celery("inlay-doorbell", broker=broker_url, set_as_current=False)
    app.conf.update(PRODUCER_SETTINGS)
    return app


# A ring that fails is dropped at once: retries would pile up behind a dead broker, and the ringer rings anyway.
PRODUCER_SETTINGS = {
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_publish_retry": False,
    "broker_connection_timeout": 2,
    "broker_transport_options": {"socket_timeout": 3, "socket_connect_timeout": 2, "visibility_timeout": 300},
}


def send(app: "celery.Celery", client: "redis.Redis", queue: str) -> bool:
    """Ring one queue unless enough rings wait there already. Return whether it rang."""
    if int(client.llen(queue)) >= WAITING_MAX:
        return False
    # Without a time to expire: that would be told by this host's clock and kept by the worker's, and a worker that is
    # a minute ahead would hear no ring at all.
    app.send_task(TASK, args=[queue], queue=queue, ignore_result=True)
    return True


class BellThread:
    """Rings in the background, and joins the rings of a moment into one."""

    def __init__(self, broker_url: str, redis_url: str) -> None:
        self._broker_url = broker_url
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)
        self._queues: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, queues: frozenset[str]) -> None:
        with self._lock:
            self._queues |= queues
            if self._thread is None:
                # Started at the first ring, hence after any fork of the web server.
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        app = producer(self._broker_url)
        while True:
            self._wake.wait()
            self._wake.clear()
            threading.Event().wait(_PAUSE_S)
            with self._lock:
                queues, self._queues = self._queues, set()
            for queue in sorted(queues):
                try:
                    send(app, self._redis, queue)
                except Exception as error:  # the ringer covers every missed ring
                    log.warning("doorbell.missed", queue=queue, error=type(error).__name__)
