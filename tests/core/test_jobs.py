"""The queue of record: claimed once, fenced, retried, buried, coalesced."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.core import db, events, jobs
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.jobs import ClaimedJob, Job, JobProbe, JobState


@pytest.fixture
def queue(app: Flask) -> str:
    """A queue of this test's own."""
    return f"test-{new_id().hex}"


def put(queue: str, **more: object) -> UUID:
    with db.transaction() as session:
        return jobs.enqueue(session, "core.probe", queue=queue, **more)  # type: ignore[arg-type]


def claim(queue: str, limit: int = 10) -> list[ClaimedJob]:
    with db.transaction() as session:
        return jobs.claim(session, queue, limit)


def row(job_id: UUID) -> Job:
    with db.transaction() as session:
        return session.get_one(Job, job_id)


def probes(job_id: UUID) -> int:
    with db.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).where(JobProbe.job_id == job_id)) or 0


def expire(job_id: UUID) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id).values(lease_until=now() - timedelta(seconds=1)))


def work(job: ClaimedJob) -> None:
    with db.transaction() as session:
        session.add(JobProbe(job_id=job.id))
        jobs.finish(session, job, {"left": 1})


def test_a_job_is_claimed_by_one(queue: str) -> None:
    job_id = put(queue)
    assert [job.id for job in claim(queue)] == [job_id]
    assert claim(queue) == []


def test_effect_and_end_are_one(queue: str) -> None:
    job_id = put(queue)
    work(claim(queue)[0])
    assert (row(job_id).state, row(job_id).result, probes(job_id)) == (JobState.DONE, {"left": 1}, 1)


def test_a_zombie_past_its_lease_writes_nothing(queue: str) -> None:
    job_id = put(queue)
    zombie = claim(queue)[0]
    expire(job_id)
    second = claim(queue)[0]
    assert second.fence == zombie.fence + 1
    with pytest.raises(jobs.JobFenced):
        work(zombie)
    with pytest.raises(jobs.JobFenced):
        zombie.progress("late", 1)
    work(second)
    assert (row(job_id).attempt, probes(job_id)) == (2, 1)


def test_a_failure_waits_and_is_tried_again_and_then_laid_aside(queue: str) -> None:
    job_id = put(queue, max_attempts=2)
    assert jobs.fail(claim(queue)[0], "no luck") == JobState.QUEUED
    assert row(job_id).next_at <= now() + timedelta(seconds=2)
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id).values(next_at=now()))
    assert jobs.fail(claim(queue)[0], "no luck again") == JobState.DEAD
    assert (row(job_id).state, row(job_id).last_error) == (JobState.DEAD, "no luck again")
    assert claim(queue) == []


def test_a_job_that_kills_its_worker_every_time_is_buried(queue: str) -> None:
    job_id = put(queue, max_attempts=1)
    claim(queue)
    expire(job_id)
    assert claim(queue) == []
    with db.transaction() as session:
        assert job_id in jobs.bury(session)
    assert row(job_id).state == JobState.DEAD


def test_each_try_has_twice_the_lease_of_the_last_up_to_a_bound(queue: str) -> None:
    def leases(lease_s: int) -> list[int]:
        job_id = put(queue, lease_s=lease_s)
        found = []
        for _ in range(7):
            assert [job.id for job in claim(queue)] == [job_id]
            with db.transaction() as session:
                left = sa.select(sa.extract("epoch", Job.lease_until - sa.func.now())).where(Job.id == job_id)
                found.append(round(float(session.scalar(left) or 0)))
            expire(job_id)
        with db.transaction() as session:
            session.execute(sa.update(Job).where(Job.id == job_id).values(state=JobState.CANCELLED))
        return found

    assert leases(30) == [30, 60, 120, 240, 480, 900, 900]
    # One that asks for more than the bound has what it asks for.
    assert leases(1200) == [1200] * 7


def test_a_report_of_a_later_try_extends_the_lease_by_as_much_as_that_try_had(queue: str) -> None:
    job_id = put(queue, lease_s=100)
    claim(queue)
    expire(job_id)
    second = claim(queue)[0]
    second.progress("on", 1)
    held = row(job_id).lease_until
    assert held is not None
    assert timedelta(seconds=195) < held - now() <= timedelta(seconds=200)


def test_a_job_that_is_handed_back_is_as_if_nobody_had_claimed_it(queue: str) -> None:
    job_id = put(queue)
    assert jobs.hand_back(claim(queue)[0]) == JobState.QUEUED
    held = row(job_id)
    assert (held.state, held.attempt, held.lease_until, held.started_at) == (JobState.QUEUED, 0, None, None)
    again = claim(queue)[0]
    # One who lost the job hands nothing back.
    expire(job_id)
    third = claim(queue)[0]
    jobs.hand_back(again)
    assert (row(job_id).state, row(job_id).fence) == (JobState.LEASED, third.fence)


def test_a_job_that_is_handed_back_behind_a_later_one_of_its_key_is_merged_into_it(queue: str) -> None:
    key = new_id().hex
    first = put(queue, dedupe_key=key)
    claimed = claim(queue)[0]
    later = put(queue, dedupe_key=key)
    assert jobs.hand_back(claimed) == JobState.DONE
    assert row(first).state == JobState.DONE
    assert [job.id for job in claim(queue)] == [later]


def test_waiting_work_under_one_key_is_one_job_but_running_work_is_not_joined(queue: str) -> None:
    key = new_id().hex
    first = put(queue, dedupe_key=key)
    assert put(queue, dedupe_key=key) == first
    running = claim(queue)[0]
    later = put(queue, dedupe_key=key)
    assert later != first
    # The one that runs fails: the later one will read fresher input, so it is merged away.
    assert jobs.fail(running, "broke") == JobState.DONE
    assert [job.id for job in claim(queue)] == [later]


def test_a_timer_is_a_row_that_is_due_later_and_can_only_move_forward(queue: str) -> None:
    key = new_id().hex
    job_id = put(queue, dedupe_key=key, at=now() + timedelta(hours=2))
    assert claim(queue) == []
    put(queue, dedupe_key=key, at=now() + timedelta(hours=3))
    assert row(job_id).next_at < now() + timedelta(hours=2, minutes=1)
    put(queue, dedupe_key=key)
    assert [job.id for job in claim(queue)] == [job_id]


def test_progress_extends_the_lease_and_hears_a_cancel(queue: str) -> None:
    job_id = put(queue)
    job = claim(queue)[0]
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id).values(lease_until=now() + timedelta(seconds=1)))
    job.progress("reading", 5, 10)
    held = row(job_id)
    assert (held.stage, held.done, held.total) == ("reading", 5, 10)
    assert held.lease_until is not None
    assert held.lease_until > now() + timedelta(seconds=10)
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id).values(cancel_asked=True))
    with pytest.raises(jobs.JobCancelled):
        job.progress("reading", 6, 10)


def test_an_event_is_seen_by_its_parties_only_and_never_changed(app: Flask) -> None:
    mine, other = new_id(), new_id()
    with db.transaction() as session:
        event_id = events.record(session, "parties.test", mine, SYSTEM, parties=[mine], word="x")
    for party, seen in ((mine, 1), (other, 0)):
        with db.transaction(Actor(role=Role.BRAND, party_id=party)) as session:
            count = session.scalar(
                sa.select(sa.func.count()).select_from(events.Event).where(events.Event.id == event_id)
            )
            assert count == seen
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), db.transaction() as session:
        session.execute(sa.update(events.Event).where(events.Event.id == event_id).values(kind="other"))


def in_order(queue: str, count: int) -> list[UUID | None]:
    """The parties whose jobs a single worker does, one after the other."""
    parties = []
    for _ in range(count):
        (job,) = claim(queue, 1)
        work(job)
        parties.append(job.party_id)
    return parties


def test_two_hundred_jobs_of_one_party_do_not_starve_another(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "IN_TURN", (queue,))
    greedy, other, third = new_id(), new_id(), new_id()
    with db.transaction() as session:
        for _ in range(200):
            jobs.enqueue(session, "core.probe", queue=queue, party_id=greedy)
    assert in_order(queue, 3) == [greedy] * 3
    for party in (other, third, other):
        put(queue, party_id=party)
    # They join the next round, and from then on each has one of every round.
    assert in_order(queue, 7) == [greedy, greedy, other, third, greedy, other, greedy]


def test_nobody_who_waits_for_a_turn_waits_for_ever(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "IN_TURN", (queue,))
    patient = new_id()
    for _ in range(3):
        put(queue, party_id=patient)
    done = []
    for _ in range(6):
        # Newcomers come as fast as jobs are done.
        put(queue, party_id=new_id())
        done += in_order(queue, 1)
    assert done.count(patient) == 3


def test_in_other_queues_the_oldest_is_next_whoever_asked(queue: str) -> None:
    first, second = new_id(), new_id()
    for party in (first, first, second):
        put(queue, party_id=party)
    assert in_order(queue, 3) == [first, first, second]
