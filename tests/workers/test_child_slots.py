"""Files take all children of a worker but one."""

import os
import signal
from collections.abc import Iterator
from types import ModuleType

import pytest

from marketplace.core import jobs
from tests import waiting
from workers.process import child_slots


@pytest.fixture(autouse=True)
def unreserved() -> Iterator[None]:
    yield
    child_slots._count.clear()


def child_that_holds_a_slot() -> int:
    """Fork a child that reads a file for ever, as it were; return its process id once it holds its slot."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        with child_slots.slot(jobs.IMPORTS) as free:
            os.write(mouth, b"y" if free else b"n")
            signal.pause()
        os._exit(0)
    os.close(mouth)
    with os.fdopen(ear, "rb") as told:
        assert told.read(1) == b"y"
    return pid


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def free(queue: str = jobs.IMPORTS) -> bool:
    with child_slots.slot(queue) as got:
        return got


def test_one_child_is_kept_for_what_is_quick() -> None:
    child_slots.reserve([jobs.DEFAULT, jobs.SCORING, jobs.IMPORTS], 2)
    pid = child_that_holds_a_slot()
    try:
        assert not free()
        assert free(jobs.DEFAULT)
        assert free(jobs.SCORING)
    finally:
        end(pid)
    # A killed child gives its slot back.
    waiting.until(free)


@pytest.mark.parametrize(
    ("queues", "children"),
    [([jobs.IMPORTS], 2), ([jobs.DEFAULT, jobs.IMPORTS], 3)],
    ids=["a worker for files alone", "three children"],
)
def test_two_children_read_files_where_none_is_lacking(queues: list[str], children: int) -> None:
    child_slots.reserve(queues, children)
    pid = child_that_holds_a_slot()
    try:
        assert free()
    finally:
        end(pid)


def test_a_single_child_does_everything_and_looks_up_between_files(worker: ModuleType) -> None:
    child_slots.reserve([jobs.DEFAULT, jobs.IMPORTS], 1)
    assert free()
    assert worker.BUDGETS_S[jobs.IMPORTS] < worker.BUDGET_S


def test_a_drain_without_a_slot_claims_nothing(worker: ModuleType) -> None:
    child_slots.reserve([jobs.DEFAULT, jobs.IMPORTS], 2)
    pid = child_that_holds_a_slot()
    try:
        assert worker.drain(jobs.IMPORTS) == 0
    finally:
        end(pid)
