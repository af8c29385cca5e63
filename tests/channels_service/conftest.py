"""The room's jobs, done as a worker does them."""

from collections.abc import Callable
from types import ModuleType
from uuid import UUID

import pytest

from marketplace.core import db, jobs
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from tests.make.people import Somebody, somebody


@pytest.fixture
def work(worker: ModuleType) -> Callable[[UUID], JobState]:
    """Do the jobs that wait for the import queue until this one was taken; returns how it ended."""

    def run(job_id: UUID) -> JobState:
        while True:
            with db.transaction() as session:
                claimed = jobs.claim(session, jobs.IMPORTS, 8)
            assert claimed, "the job is not waiting"
            ended = {job.id: worker.do(job) for job in claimed}
            if job_id in ended:
                return JobState(ended[job_id])

    return run


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


@pytest.fixture
def admin(app: object) -> Somebody:
    return somebody("platform")


@pytest.fixture
def mark(app: object) -> str:
    """What the accounts of one test begin with."""
    return f"m{new_id().hex[-12:]}"
