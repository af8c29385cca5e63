"""Probe jobs: asking for them, waiting for them, counting what they left behind."""

import subprocess
from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db, jobs
from marketplace.core.jobs import Job, JobProbe, JobState
from tests import waiting

Start = Callable[[list[str]], "subprocess.Popen[bytes]"]


def ask(count: int, lease_s: int = 2, max_attempts: int = 8, **payload: Any) -> list[UUID]:
    with db.transaction() as session:
        return [
            jobs.enqueue(session, "core.probe", payload=payload, lease_s=lease_s, max_attempts=max_attempts)
            for _ in range(count)
        ]


def states(asked: list[UUID]) -> list[Job]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Job).where(Job.id.in_(asked)).order_by(Job.id)))


def until(asked: list[UUID], state: JobState, at_least: int | None = None) -> None:
    """Wait until all of the jobs, or `at_least` so many, are in the state."""
    wanted = len(asked) if at_least is None else at_least
    reached = sa.select(sa.func.count()).select_from(Job).where(Job.id.in_(asked), Job.state == state)
    try:
        waiting.until(lambda: _number(reached) >= wanted)
    except AssertionError as error:
        raise AssertionError([(job.state, job.attempt, job.last_error) for job in states(asked)]) from error


def _number(query: sa.Select[tuple[int]]) -> int:
    with db.transaction() as session:
        return session.scalar(query) or 0


def effects(asked: list[UUID]) -> list[int]:
    """How many marks each job left."""
    with db.transaction() as session:
        query = sa.select(JobProbe.job_id, sa.func.count()).where(JobProbe.job_id.in_(asked)).group_by(JobProbe.job_id)
        found = {row[0]: int(row[1]) for row in session.execute(query)}
    return [found.get(job, 0) for job in asked]
