"""Keeps a worker from going deaf after its broker was away.

In kombu 5.7 an acknowledgement that fails on the wire leaves its message in the consumer's prefetch window
for ever. Once such messages fill the window, the worker asks for nothing more and never notices that its connection is
gone. Freeing the slot when the acknowledgement fails lets it read on, notice, and reconnect; the message itself is
redelivered after the visibility time-out and does no harm, because a ring carries no work.

And keeps a worker from ending while its broker takes no writes: to take a message off a list is a write, and the
refusal of one, unlike a lost connection, ends Celery's consumer. Here it counts as an empty list.
"""

import time
from queue import Empty
from typing import Any

import structlog
from kombu.transport import redis, virtual
from redis.exceptions import ResponseError

REFUSED_PAUSE_S = 0.5

log = structlog.get_logger("jobs")


def _ack(self: Any, delivery_tag: str) -> None:
    try:
        self._remove_from_indices(delivery_tag).execute()
    except ResponseError:  # no write is taken: as on a connection that is gone, but without an end of the worker
        log.warning("guard.not_acknowledged")
    finally:
        virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


_take = redis.Channel._brpop_read


def _read(self: Any, **options: Any) -> Any:
    try:
        return _take(self, **options)  # type: ignore[no-untyped-call]
    except ResponseError:
        time.sleep(REFUSED_PAUSE_S)  # it refuses at once, and would be asked again at once
        raise Empty from None


def install() -> None:
    """Put the guards in place, once, before the worker connects."""
    assert hasattr(redis.QoS, "_remove_from_indices"), "kombu has changed: look at the guard again"
    redis.QoS.ack = _ack  # type: ignore[method-assign]
    redis.Channel._brpop_read = _read  # type: ignore[method-assign]
