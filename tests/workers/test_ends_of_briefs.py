"""What workers do when a brief ends: called off, due, or due while its timer is dead."""

from datetime import timedelta
from types import ModuleType

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.jobs import DEFAULT, Job, JobState
from tests.make import bids as make
from tests.make import briefs as make_briefs
from tests.make import work
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def test_a_brief_called_off_leaves_no_bid_standing(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    for _ in range(3):
        make.place(there, channel_id=make.channel(there.creator.party_id), **look.plain())
    make.cancel(there)
    work.settle(worker)
    with db.transaction() as session:
        states = session.scalars(sa.text("SELECT status FROM bids WHERE brief_id = :id"), {"id": there.brief_id}).all()
    assert list(states) == ["void"] * 3
    assert look.ranking(client, there)["total"] == 0


def test_a_brief_that_is_due_is_closed_and_its_bids_are_opened(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    look.offer(there)
    work.settle(worker)
    make_briefs.move_deadline(there.brief_id, now() - timedelta(seconds=1))
    work.due(work.of("briefs.close", there.brief_id)[0].id)
    closing_at = now()
    assert client.get(f"{there.offers}", headers=there.brand.headers).status_code == 404
    work.settle(worker)
    assert client.get(look.path(there.brief_id), headers=there.brand.headers).json["status"] == "closed"
    assert [one["price"]["amount"] for one in client.get(there.offers, headers=there.brand.headers).json["data"]] == [
        make.cny(3_000_000)
    ]
    found = look.ranking(client, there)
    assert (found["sealed"], found["fresh"], found["total"]) == (False, 1, 1)
    # The close scored it itself and asked for nothing.
    assert {job.created_at < closing_at for job in work.of("matching.score", there.brief_id)} == {True}


def test_a_brief_whose_timer_is_dead_is_closed_all_the_same(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    with db.transaction() as session:
        timers = sa.update(Job).where(Job.kind == "briefs.close", Job.subject_id == there.brief_id)
        session.execute(timers.values(state=JobState.DEAD))
    make_briefs.move_deadline(there.brief_id, now() - timedelta(minutes=3))
    work.settle(worker)
    shown = client.get(look.path(there.brief_id), headers=there.brand.headers).json
    assert shown["status"] == "published"
    work.ask("briefs.close-overdue", queue=DEFAULT)
    work.settle(worker)
    assert client.get(look.path(there.brief_id), headers=there.brand.headers).json["status"] == "closed"
    assert work.of("briefs.close-overdue")[-1].result == {"overdue": 1}
