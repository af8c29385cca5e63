"""Deadlines, and several at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.briefs import bidding, close_draws, service
from marketplace.briefs.models import Brief
from marketplace.briefs.service import ShownBrief
from marketplace.core import db, jobs
from marketplace.core.clock import now
from marketplace.core.errors import NotFound, WrongState
from marketplace.core.ids import new_id
from marketplace.core.jobs import ClaimedJob, Job
from tests.briefs.look import everything, last_event, path, recorded, timers
from tests.make import briefs as make
from tests.make import moments
from tests.make.people import Somebody, somebody
from workers.briefs import HANDLERS


@pytest.fixture(scope="module")
def brand(app: Flask) -> Somebody:
    return somebody("brand")


@pytest.fixture(scope="module")
def creator(app: Flask) -> Somebody:
    return somebody("creator")


def claim(brief_id: UUID) -> ClaimedJob:
    """Take the brief's own timer, as if its time had come, and nothing else of the queue."""
    queue = new_id().hex
    with db.transaction() as session:
        mine = (Job.subject_id == brief_id, Job.kind == "briefs.close", Job.state == jobs.JobState.QUEUED)
        session.execute(sa.update(Job).where(*mine).values(queue=queue, next_at=now() - timedelta(seconds=1)))
        return jobs.claim(session, queue, 2)[0]


def run(job: ClaimedJob) -> object:
    with db.transaction() as session:
        result = HANDLERS[job.kind](session, job)
        jobs.finish(session, job, result)
        return result


def test_the_clock_closes_a_brief_once(brand: Somebody) -> None:
    brief = make.published(brand)
    job = claim(brief.id)
    make.move_deadline(brief.id, now() - timedelta(seconds=1))
    assert run(job) == {"closed": True}
    after = everything(brief.id)
    assert (after["brief"]["status"], after["brief"]["closed_at"] is None) == ("closed", False)
    assert recorded(brief.id) == ["briefs.create", "briefs.publish", "briefs.close"]
    assert (last_event(brief.id).actor_role, last_event(brief.id).party_ids) == ("system", [brand.party_id])
    with db.transaction() as session:
        assert HANDLERS[job.kind](session, job) == {"closed": False}
    assert everything(brief.id) == after


def test_a_deadline_that_moved_later_is_kept(client: FlaskClient, brand: Somebody) -> None:
    brief = make.published(brand)
    later = make.moment(days=15)
    answer = client.patch(path(brief.id), json={"bids_close_at": later}, headers={**brand.headers, "If-Match": '"2"'})
    assert answer.json["bids_close_at"] == later
    assert run(claim(brief.id)) == {"closed": False}
    assert everything(brief.id)["brief"]["status"] == "published"
    assert timers(brief.id) == [datetime.fromisoformat(later)]
    assert recorded(brief.id) == ["briefs.create", "briefs.publish", "briefs.revise"]


def test_a_deadline_that_moved_nearer_moves_the_timer(client: FlaskClient, brand: Somebody) -> None:
    brief = make.published(brand)
    sooner = make.moment(hours=1)
    client.patch(path(brief.id), json={"bids_close_at": sooner}, headers={**brand.headers, "If-Match": '"2"'})
    assert timers(brief.id) == [datetime.fromisoformat(sooner)]


def test_the_clock_leaves_a_cancelled_brief_alone(client: FlaskClient, brand: Somebody) -> None:
    brief = make.published(brand)
    client.post(path(brief.id, "cancel"), json={"reason": "x"}, headers=brand.once())
    make.move_deadline(brief.id, now() - timedelta(seconds=1))
    before = everything(brief.id)["brief"]
    assert run(claim(brief.id)) == {"closed": False}
    assert everything(brief.id)["brief"] == before


def test_the_deadline_holds_before_the_clock_has_run(client: FlaskClient, brand: Somebody, creator: Somebody) -> None:
    brief = make.published(brand)
    make.move_deadline(brief.id, now() - timedelta(seconds=1))
    before = everything(brief.id)
    with pytest.raises(WrongState), db.transaction(creator.actor) as session:
        bidding.lock_for_bidding(session, creator.actor, brief.id)
    assert client.get(path(brief.id), headers=creator.headers).json["open_for_bids"] is False
    answer = client.patch(
        path(brief.id), json={"bids_close_at": make.moment(days=9)}, headers={**brand.headers, "If-Match": '"2"'}
    )
    assert (answer.status_code, answer.json["state"]) == (409, "published")
    assert everything(brief.id) == before


def test_a_draft_past_its_deadline_is_not_published_until_it_is_moved(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    with moments.travel(now() + timedelta(days=11), tick=True):
        answer = client.post(path(brief.id, "publish"), headers=brand.once())
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/bids_close_at")
        assert everything(brief.id) == before
        # What has nothing to do with the deadline can be mended first.
        headers = {**brand.headers, "If-Match": '"1"'}
        assert client.patch(path(brief.id), json={"title": "另一个标题"}, headers=headers).status_code == 200
        headers = {**brand.headers, "If-Match": '"2"'}
        assert (
            client.patch(path(brief.id), json={"bids_close_at": make.moment(days=1)}, headers=headers).status_code
            == 200
        )
        assert client.post(path(brief.id, "publish"), headers=brand.once()).status_code == 200


def test_bids_are_taken_until_the_drawn_moment(brand: Somebody) -> None:
    at = now() + timedelta(days=3)
    draft, brief = make.draft(brand), make.published(brand)
    make.move_deadline(brief.id, at)
    with db.transaction(brand.actor) as session:
        assert not close_draws.takes_bids(session, draft.id, now())
        assert close_draws.takes_bids(session, brief.id, at - timedelta(microseconds=1))
        assert not close_draws.takes_bids(session, brief.id, at)


@pytest.mark.parametrize(
    ("closed", "cancelled", "was_closed"),
    [(None, None, False), (1, None, True), (1, 1, False), (1, 2, True)],
    ids=["takes bids", "closed", "called off before", "called off later"],
)
def test_a_loaded_brief_and_a_query_say_alike_whether_it_was_closed(
    brand: Somebody, closed: int | None, cancelled: int | None, was_closed: bool
) -> None:
    times = [minutes and now().replace(microsecond=0, minute=minutes) for minutes in (closed, cancelled)]
    with db.transaction() as session:
        row = Brief(brand_id=brand.party_id, bids_close_at=now(), closed_at=times[0], cancelled_at=times[1])
        session.add(row)
        session.flush()
        found = session.scalar(sa.select(Brief.was_closed).where(Brief.id == row.id))
        assert (row.was_closed, found) == (was_closed, was_closed)
        session.rollback()


def test_bidders_get_the_present_version_and_no_draft(client: FlaskClient, brand: Somebody, creator: Somebody) -> None:
    brief = make.published(brand)
    client.patch(path(brief.id), json={"title": "第二版"}, headers={**brand.headers, "If-Match": '"2"'})
    with db.transaction(creator.actor) as session:
        found = bidding.lock_for_bidding(session, creator.actor, brief.id)
    told = (found.id, found.brand_id, found.version_number, found.title, found.content["title"])
    assert told == (brief.id, brand.party_id, 2, "第二版", "第二版")
    draft = make.draft(brand)
    with pytest.raises(NotFound), db.transaction(creator.actor) as session:
        bidding.lock_for_bidding(session, creator.actor, draft.id)
    closed = make.closed(brand)
    with pytest.raises(WrongState), db.transaction(creator.actor) as session:
        bidding.lock_for_bidding(session, creator.actor, closed.id)


def test_a_close_waits_for_bidders_and_bidders_do_not_wait_for_each_other(brand: Somebody, creator: Somebody) -> None:
    brief = make.published(brand)
    with db.transaction(creator.actor) as bidder:
        bidding.lock_for_bidding(bidder, creator.actor, brief.id)
        with db.transaction(creator.actor) as other:
            other.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
            assert bidding.lock_for_bidding(other, creator.actor, brief.id).id == brief.id
        with db.transaction(brand.actor) as closing:
            closing.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"), closing.begin_nested():
                service.close(closing, brand.actor, brief.id)
    with db.transaction(brand.actor) as closing:
        assert service.close(closing, brand.actor, brief.id).status == "closed"


def test_a_bidder_who_waited_for_a_revision_is_bound_to_it(brand: Somebody, creator: Somebody) -> None:
    brief = make.published(brand)

    def bid() -> tuple[int, str]:
        with db.transaction(creator.actor) as session:
            found = bidding.lock_for_bidding(session, creator.actor, brief.id)
            return found.version_number, found.content["title"]

    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0")
    with ThreadPoolExecutor(1) as pool:
        with db.transaction(brand.actor) as changing, db.Sessions() as looking:
            service.change(changing, brand.actor, brief.id, loaded={"title": "第二版"}, version=brief.version)
            asked = pool.submit(bid)
            while not looking.scalar(waiting) and not asked.done():
                looking.rollback()
        assert asked.result() == (2, "第二版")


@pytest.mark.parametrize("maker", [make.draft, make.published])
def test_of_changes_with_one_etag_one_wins(
    app: Flask, brand: Somebody, maker: Callable[[Somebody], ShownBrief]
) -> None:
    brief = maker(brand)
    barrier = Barrier(4)

    def change(number: int) -> tuple[int, str]:
        title = f"第 {number} 个"
        barrier.wait()
        headers = {**brand.headers, "If-Match": f'"{brief.version}"'}
        return app.test_client().patch(path(brief.id), json={"title": title}, headers=headers).status_code, title

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(change, range(4)))
    assert sorted(code for code, _ in answers) == [200, 412, 412, 412]
    left = everything(brief.id)
    assert left["brief"]["version"] == brief.version + 1
    assert left["versions"][-1][2] == next(title for code, title in answers if code == 200)
    assert len(left["versions"]) == (1 if brief.status == "draft" else 2)


def test_a_brief_is_published_once_by_many(app: Flask, brand: Somebody) -> None:
    brief = make.draft(brand)
    with ThreadPoolExecutor(4) as pool:
        codes = list(
            pool.map(
                lambda _: app.test_client().post(path(brief.id, "publish"), headers=brand.once()).status_code, range(4)
            )
        )
    assert sorted(codes) == [200, 409, 409, 409]
    assert (recorded(brief.id), len(timers(brief.id))) == (["briefs.create", "briefs.publish"], 1)
