"""An import's job that breaks, is stopped, takes long or runs again: what it leaves."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.files import bulk_store, import_job, imports
from marketplace.channels.models import (
    ChannelImport,
    ImportStatus,
)
from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.core.jobs import Job, JobState
from tests import waiting
from tests.channels_service.test_import import Work, done, kinds, stored
from tests.make import channels as make
from tests.make.people import Somebody


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_stores_once(
    client: FlaskClient,
    session: Session,
    work: Work,
    creator: Somebody,
    mark: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = make.hand_in(client, creator, make.rows(mark, 1200))
    job_id = ids.read("job", told["job_id"])
    real, calls = bulk_store.store, []

    def dies(*arguments: Any) -> bulk_store.StoredBatch:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return real(*arguments)

    monkeypatch.setattr(bulk_store, "store", dies)
    assert work(job_id) == JobState.QUEUED
    assert stored(session, mark) == (0, 0, 0)
    assert session.get_one(ChannelImport, ids.read("imp", told["id"])).status == ImportStatus.RECEIVED
    monkeypatch.setattr(bulk_store, "store", real)
    soon(job_id)
    assert work(job_id) == JobState.DONE
    assert stored(session, mark)[:2] == (1200, 1200)
    assert kinds(session, told) == ["audience_snapshots.new", "imports.done"]


def soon(job_id: UUID) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id).values(next_at=now() - timedelta(seconds=1)))


def test_an_import_that_breaks_every_time_is_failed_in_the_end(
    client: FlaskClient,
    session: Session,
    work: Work,
    creator: Somebody,
    mark: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_: Any) -> bulk_store.StoredBatch:
        raise RuntimeError("always")

    monkeypatch.setattr(bulk_store, "store", breaks)
    told = make.hand_in(client, creator, make.rows(mark, 1))
    job_id = ids.read("job", told["job_id"])
    ends = []
    for _ in range(3):
        soon(job_id)
        ends.append(work(job_id))
    assert ends == [JobState.QUEUED, JobState.QUEUED, JobState.DEAD]
    assert session.get_one(ChannelImport, ids.read("imp", told["id"])).status == ImportStatus.FAILED
    assert kinds(session, told) == ["imports.failed"]


def test_a_stop_is_heard_while_rows_are_read(
    client: FlaskClient,
    session: Session,
    work: Work,
    creator: Somebody,
    mark: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = make.hand_in(client, creator, make.rows(mark, 1200))
    job_id = ids.read("job", told["job_id"])
    real = bulk_store.store

    def lease() -> object:
        with db.transaction() as other:
            return other.get_one(Job, job_id).lease_until

    def asked(*arguments: Any) -> bulk_store.StoredBatch:
        # In one statement: the beat after it is the one that hears, and the last that moves the lease.
        asking = sa.update(Job).where(Job.id == job_id).values(cancel_asked=True).returning(Job.lease_until)
        with db.transaction() as other:
            before = other.execute(asking).scalar_one()
        waiting.until(lambda: lease() != before)
        return real(*arguments)

    monkeypatch.setattr(bulk_store, "store", asked)
    monkeypatch.setattr("workers.channels.REPORT_S", 0.05)
    assert work(job_id) == JobState.CANCELLED
    assert stored(session, mark) == (0, 0, 0)
    assert session.get_one(ChannelImport, ids.read("imp", told["id"])).status == ImportStatus.CANCELLED
    job = session.get_one(Job, job_id)
    size = session.get_one(ChannelImport, ids.read("imp", told["id"])).size_bytes
    assert (job.stage, job.total, 0 < job.done < size) == ("reading", size, True)
    assert kinds(session, told) == ["imports.cancelled"]


def test_a_file_that_takes_longer_to_open_than_its_lease_keeps_it(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "LEASE_S", 1)
    monkeypatch.setattr("workers.channels.REPORT_S", 0.1)
    told = make.hand_in(client, creator, make.rows(mark, 3))
    job_id = ids.read("job", told["job_id"])
    real, others = import_job.open_import, []

    def slow(*arguments: Any, **options: Any) -> Any:
        """As to unpack a large sheet, which reports nothing."""
        with db.transaction() as other:
            first = other.get_one(Job, job_id).lease_until
        assert first is not None
        # Until the lease that was taken with the claim would have run out, and a worker could claim the job again.
        waiting.until(lambda: now() > first)
        with db.transaction() as other:
            others.extend(job.id for job in jobs.claim(other, jobs.IMPORTS, 8))
        return real(*arguments, **options)

    monkeypatch.setattr(import_job, "open_import", slow)
    assert work(job_id) == JobState.DONE
    assert job_id not in others
    session.expire_all()
    assert session.get_one(Job, job_id).attempt == 1
    assert stored(session, mark) == (3, 3, 0)


def test_an_ended_import_is_left_alone_when_its_job_runs_again(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    told = done(client, creator, work, make.rows(mark, 2))
    with db.transaction() as asking:
        job_id = jobs.enqueue(
            asking, "channels.import", queue=jobs.IMPORTS, subject_id=ids.read("imp", told["id"]), payload={}
        )
    assert work(job_id) == JobState.DONE
    assert session.get_one(Job, job_id).result == {"status": "done"}
    assert kinds(session, told) == ["audience_snapshots.new", "imports.done"]
