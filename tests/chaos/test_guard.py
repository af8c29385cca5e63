"""What made workers deaf: an acknowledgement that fails on a dead connection and keeps its place in the window."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kombu
import pytest
from kombu.transport import redis, virtual

from marketplace.local.servers import LocalServers, start_servers
from workers.process import guard

pytestmark = pytest.mark.process

ORIGINAL_ACK = redis.QoS.ack


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalServers]:
    with start_servers(tmp_path / "valkey", postgres=False) as servers:
        yield servers


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kombu's own acknowledgement, whatever an import of the worker has put in its place."""
    monkeypatch.setattr(redis.QoS, "ack", ORIGINAL_ACK)


def _window_after_a_failed_ack(broker: LocalServers) -> bool:
    """Fill a window of one, kill the broker, acknowledge; whether the consumer would take another message."""
    with kombu.Connection(broker.broker_url, transport_options={"socket_timeout": 2}) as connection:
        channel: virtual.Channel = connection.channel()
        channel.basic_qos(0, 1, False)
        queue = kombu.Queue("guard", channel=channel)
        queue.declare()
        kombu.Producer(channel).publish({"x": 1}, routing_key="guard", serializer="json")
        taken: list[Any] = []
        with kombu.Consumer(channel, [queue], callbacks=[lambda _, message: taken.append(message)]):
            connection.drain_events(timeout=5)
            assert len(taken) == 1
            assert channel.qos.can_consume() is False
            broker.kill_valkey()
            with pytest.raises(connection.connection_errors):
                taken[0].ack()
            free = bool(channel.qos.can_consume())
            broker.restart_valkey()
    return free


def test_a_failed_ack_gives_its_place_back(broker: LocalServers) -> None:
    guard.install()
    assert _window_after_a_failed_ack(broker) is True


def test_without_the_guard_the_place_is_gone(broker: LocalServers) -> None:
    # When this fails, kombu has mended itself and the guard may go.
    assert ORIGINAL_ACK.__module__ == "kombu.transport.redis"
    assert _window_after_a_failed_ack(broker) is False
