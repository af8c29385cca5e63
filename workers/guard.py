"""Keeps a worker from going deaf after its broker was away.

In kombu 5.7 an acknowledgement that fails on the wire leaves its message in the consumer's prefetch window
for ever. Once such messages fill the window, the worker asks for nothing more and never notices that its connection is
gone. Freeing the slot when the acknowledgement fails lets it read on, notice, and reconnect; the message itself is
redelivered after the visibility time-out and does no harm, because a ring carries no work.
"""

from typing import Any

from kombu.transport import redis, virtual


def _ack(self: Any, delivery_tag: str) -> None:
    try:
        self._remove_from_indices(delivery_tag).execute()
    finally:
        virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


def install() -> None:
    """Put the guard in place, once, before the worker connects."""
    assert hasattr(redis.QoS, "_remove_from_indices"), "kombu has changed: look at the guard again"
    redis.QoS.ack = _ack  # type: ignore[method-assign]
