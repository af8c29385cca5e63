"""What is over its time is forgotten, all of it, in small transactions; everything else stays."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest
import sqlalchemy as sa

from marketplace.core import db, jobs
from marketplace.core.clock import now
from marketplace.core.http.idempotency import IdempotencyKey
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job, JobState
from marketplace.operations import event_links, retention
from marketplace.operations.retention import RETENTION
from tests.make.people import somebody

pytestmark = pytest.mark.usefixtures("own_market")

PAGE = Path(__file__).parents[2] / "docs" / "retention.md"


def id_of(at: datetime) -> UUID:
    """An id as a row had that was made at that time."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (new_id().int & ((1 << 80) - 1)))


def job(days: float, state: JobState, **more: object) -> UUID:
    at = now() - timedelta(days=days)
    ended = at if state in (JobState.DONE, JobState.CANCELLED, JobState.DEAD) else None
    values = {"kind": "core.probe", "state": state, "finished_at": ended, **more}
    with db.transaction() as session:
        row = Job(id=id_of(at), created_at=at, **values)  # type: ignore[arg-type]
        session.add(row)
    return row.id


def left(model: type[db.Base]) -> set[UUID]:
    with db.transaction() as session:
        return set(session.scalars(sa.select(model.id)))


def test_what_is_over_its_time_is_forgotten_and_nothing_else() -> None:
    old = [job(31, JobState.DONE), job(40, JobState.CANCELLED), job(366, JobState.DEAD)]
    kept = [
        job(29, JobState.DONE),
        job(300, JobState.DEAD),
        # Made long ago, and still to be done, or done just now.
        job(400, JobState.QUEUED),
        job(400, JobState.DONE, finished_at=now()),
    ]
    forgotten = retention.forget()
    assert (forgotten.rows >= 3, forgotten.more) == (True, False)
    assert left(Job).isdisjoint(old)
    assert left(Job) >= set(kept)
    assert retention.forget().rows == 0


def test_any_number_goes_in_small_transactions_and_a_run_that_stops_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = now() - timedelta(days=60)
    with db.transaction() as session:
        session.execute(
            sa.insert(Job),
            [
                {
                    "id": id_of(at),
                    "created_at": at,
                    "kind": "x",
                    "state": "done",
                    "finished_at": at,
                    "payload": {},
                    "next_at": at,
                }
                for _ in range(250)
            ],
        )
    # One among them that stays must not be looked at for ever.
    kept = job(60, JobState.DONE, finished_at=now())
    monkeypatch.setattr(retention, "BATCH", 20)
    sizes: list[int] = []
    real = retention._forget_some

    def seen(*arguments: object) -> tuple[UUID | None, int]:
        last, count = real(*arguments)  # type: ignore[arg-type]
        sizes.append(count)
        return last, count

    monkeypatch.setattr(retention, "_forget_some", seen)
    assert retention.forget(lambda: len(sizes) >= 3).more
    assert retention.forget() == retention.ForgottenRows(250 - sum(sizes[:3]), more=False)
    assert max(sizes) <= 20
    assert kept in left(Job)


def test_the_clocks_job_forgets_keys_and_goes_on_until_none_is_left(
    worker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = now() - timedelta(days=8)
    with db.transaction() as session:
        for number in range(30):
            session.add(
                IdempotencyKey(
                    id=id_of(at),
                    created_at=at,
                    party_id=new_id(),
                    key=f"k{number}",
                    request_hash="h",
                    status=201,
                    body="{}",
                    etag=None,
                )
            )
    monkeypatch.setattr(retention, "BATCH", 4)
    monkeypatch.setattr(retention, "BUDGET_S", 0.0)
    with db.transaction() as session:
        jobs.enqueue(session, "core.forget-old")
    while left(IdempotencyKey):
        # Each time for as long as it may, which is the first moment here, and then in another job.
        monkeypatch.setattr(retention, "BUDGET_S", 0.05)
        assert worker.drain(jobs.DEFAULT)


def test_events_stay_and_can_be_verified() -> None:
    who = somebody("brand")
    with db.transaction() as session:
        events = sa.text("SELECT count(*) FROM events")
        before = session.execute(events).scalar_one()
    job(31, JobState.DONE)
    assert retention.forget().rows >= 1
    with db.transaction() as session:
        assert session.execute(events).scalar_one() == before
    assert who.party_id
    assert {kept.table for kept in RETENTION}.isdisjoint({"events", event_links.EventLink.__tablename__})


def test_the_page_has_the_table_of_the_code() -> None:
    told = re.findall(r"^\| `(\w+)` \| (.+?) \| (\d+) days? \|$", PAGE.read_text(), re.MULTILINE)
    assert told == [(kept.table, kept.what.en, str(kept.days)) for kept in RETENTION]
