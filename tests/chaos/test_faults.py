"""Faults with real processes: the traps that brokers are known for."""

import time

import pytest
import redis

from marketplace.core import jobs
from marketplace.core.doorbell import producer
from marketplace.core.jobs import JobState
from marketplace.local.programs import ringer_argv, worker_argv
from marketplace.local.servers import LocalServers
from tests import waiting
from tests.chaos.work import Start, ask, effects, until

pytestmark = pytest.mark.process


def test_a_worker_hears_again_after_its_broker_died_under_load(market: LocalServers, start: Start) -> None:
    start(worker_argv(2))
    start(ringer_argv())
    app = producer(market.broker_url)
    asked = ask(20)
    until(asked, JobState.DONE)
    for _ in range(3):
        # More rings than the worker takes at once, so that some are under way when the broker dies.
        for _ in range(60):
            try:
                app.send_task("inlay.drain", args=[jobs.DEFAULT], queue=jobs.DEFAULT, expires=10)
            except Exception:
                break
        asked += ask(10)
        market.restart_valkey()
        time.sleep(1.5)
    until(asked, JobState.DONE)
    assert effects(asked) == [1] * 50


def test_a_pickled_message_is_refused_and_harms_nobody(market: LocalServers, start: Start) -> None:
    worker = start(worker_argv(2))
    start(ringer_argv())
    app = producer(market.broker_url)
    app.conf.update(task_serializer="pickle", accept_content=["json", "pickle"])
    app.send_task("inlay.drain", args=[{"x": {1, 2}}], queue=jobs.DEFAULT, serializer="pickle")
    with redis.Redis.from_url(market.redis_url) as client:
        waiting.until(lambda: not client.llen(jobs.DEFAULT), told="the message was not taken")
    asked = ask(5)
    until(asked, JobState.DONE)
    assert effects(asked) == [1] * 5
    assert worker.poll() is None
