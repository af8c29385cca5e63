"""A change makes scores stale at once; what follows from it asks for the scoring again, once, and makes them fresh."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids.bid_queries import ShownBid
from marketplace.channels import service as channels
from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.jobs import Job, JobState
from marketplace.matching.scoring import service
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

Changed = tuple[make.Market, Somebody, ShownBid]


def new_snapshot(client: FlaskClient, what: Changed) -> None:
    _, who, bid = what
    make_channels.told(who, bid.channel_id, taken_on="2026-11-09", followers=70_000, videos=[])


def bid_revision(client: FlaskClient, what: Changed) -> None:
    make.revise(what[1], what[2].id, **look.plain(2_500_000))


def brief_version(client: FlaskClient, what: Changed) -> None:
    there = what[0]
    brief = client.get(look.path(there.brief_id), headers=there.brand.headers)
    headers = {**there.brand.headers, "If-Match": brief.headers["ETag"]}
    answer = client.patch(look.path(there.brief_id), json={"tolerance": 50}, headers=headers)
    assert answer.status_code == 200, answer.json


def scored(match: Any) -> Any:
    """A match without what is looked up as it is read: the fair price is always of the present market and channel."""
    parts = {name: part for name, part in match["parts"].items() if name != "fair_price"}
    reasons = [reason for reason in match["reasons"] if "fair_price" not in reason["code"]]
    return {**match, "parts": parts, "reasons": reasons, "gates": []}  # gates are always those of the moment


CHANGES: dict[str, tuple[Callable[[FlaskClient, Changed], None], tuple[int, int]]] = {
    # Of two bids one has a new snapshot or wording; a new version of the brief is every bid's.
    "snapshot": (new_snapshot, (2, 1)),
    "revision": (bid_revision, (2, 1)),
    "version": (brief_version, (2, 0)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_makes_scores_stale_until_the_workers_have_followed(
    client: FlaskClient, worker: ModuleType, name: str
) -> None:
    change, stale = CHANGES[name]
    there = look.market()
    assert look.fresh(there.brief_id) == (0, 0)
    who, bid = look.offer(there)
    look.offer(there)
    assert look.fresh(there.brief_id) == (2, 0)
    work.settle(worker)
    assert look.fresh(there.brief_id) == (2, 2)
    before = look.match(client, who, bid.id)
    assert before["fresh"]
    change(client, (there, who, bid))
    assert look.fresh(there.brief_id) == stale
    # The old numbers stay to be read, and say that they are old.
    assert scored(look.match(client, who, bid.id)) == {**scored(before), "fresh": False}
    work.settle(worker)
    assert look.fresh(there.brief_id) == (2, 2)
    after = look.match(client, who, bid.id)
    assert after["fresh"]
    assert after["id"] == before["id"]
    assert after["fingerprint"] != before["fingerprint"]


def test_an_older_snapshot_makes_nothing_stale(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    work.settle(worker)
    make_channels.told(who, bid.channel_id, taken_on="2026-10-31", followers=70_000, videos=[])
    assert look.fresh(there.brief_id) == (1, 1)


def test_a_withdrawn_bid_is_no_more_waited_for(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    look.offer(there)
    make.withdraw(who, bid.id)
    assert look.fresh(there.brief_id) == (1, 0)
    work.settle(worker)
    assert look.fresh(there.brief_id) == (1, 1)


def test_a_bid_of_an_archived_channel_stays_scored(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    work.settle(worker)
    with db.transaction(who.actor) as session:
        channels.archive(session, who.actor, bid.channel_id)
    work.ask("matching.score", there.brief_id)
    work.settle(worker)
    assert look.fresh(there.brief_id) == (1, 1)


def scorings(there: make.Market) -> list[Job]:
    return work.of("matching.score", there.brief_id)


def test_a_hundred_bids_of_a_moment_are_one_scoring(client: FlaskClient, worker: ModuleType) -> None:
    there, quiet = look.market(), look.market()
    for _ in range(100):
        make.place(there, channel_id=make.channel(there.creator.party_id), **look.plain())
    make.place(quiet, **look.plain())
    work.settle(worker)
    assert [job.result for job in scorings(there)] == [{"bids": 100, "changed": 100}]
    assert [job.result for job in scorings(quiet)] == [{"bids": 1, "changed": 1}]
    assert look.fresh(there.brief_id) == (100, 100)


def test_a_channel_told_of_asks_for_each_brief_it_bids_on_and_no_other(client: FlaskClient, worker: ModuleType) -> None:
    first, second, other = look.market(), look.market(), look.market()
    who = somebody("creator")
    channel_id = look.channel(who)
    for there in (first, second):
        make.place(there, who, channel_id, **look.plain())
    look.offer(other)
    work.settle(worker)
    # The model is fitted to as much as ever, so that nobody else's features change.
    asked = {there.brief_id: len(scorings(there)) for there in (first, second, other)}
    make_channels.told(who, channel_id, taken_on="2026-11-10", videos=[], genders={})
    worker.relay()
    worker.drain(jobs.SCORING)
    more = {there.brief_id: len(scorings(there)) - asked[there.brief_id] for there in (first, second, other)}
    assert more == {first.brief_id: 1, second.brief_id: 1, other.brief_id: 0}


def test_whoever_asks_joins_what_waits_already(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    url = look.path(there.brief_id, "score")
    answers = [client.post(url, headers=who.once()) for who in (there.brand, there.brand, admin)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    (job,) = {answer.json["job_id"] for answer in answers}
    told = client.get(f"/api/v1/jobs/{job}", headers=there.brand.headers).json
    assert (told["kind"], told["state"]) == ("matching.score", "queued")
    work.settle(worker)
    assert client.get(f"/api/v1/jobs/{job}", headers=there.brand.headers).json["state"] == "done"
    assert client.post(url, headers=there.brand.once()).json["job_id"] != job


def test_a_bid_that_comes_while_scores_are_made_asks_again(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    look.offer(there)
    worker.relay()
    with db.transaction() as session:
        held = [job for job in jobs.claim(session, jobs.SCORING, 50) if job.subject_id == there.brief_id]
    look.offer(there)
    worker.relay()
    assert [job.state for job in scorings(there)] == [JobState.LEASED, JobState.QUEUED]
    assert [worker.do(job) for job in held] == [JobState.DONE]
    work.settle(worker)
    assert look.fresh(there.brief_id) == (2, 2)


def test_watching_ends_when_all_is_fresh_or_the_turns_are_over(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    look.offer(there)

    def seen(turns: int) -> list[tuple[int, int]]:
        return [(state.total, state.fresh) for state in service.watch(there.brief_id, SYSTEM, turns)]

    assert seen(3) == [(1, 0)] * 3
    watching: Any = service.watch(there.brief_id, SYSTEM, 10)
    assert next(watching).fresh == 0
    work.settle(worker)
    assert [state.fresh for state in watching] == [1]
    assert seen(3) == [(1, 1)]


def test_what_a_new_release_leaves_stale_is_caught_up_with(client: FlaskClient, worker: ModuleType) -> None:
    there, closed = look.market(), look.market()
    look.offer(there)
    _, decided = look.offer(closed)
    look.offer(closed)
    make.close(closed)
    work.settle(worker)
    make.accept(closed, decided.id)
    work.settle(worker)
    with db.transaction() as session:
        session.execute(sa.text("UPDATE matches SET model_version = 'older', fingerprint = 'older'"))
        session.execute(sa.text("UPDATE channel_features SET fingerprint = 'older'"))
    # A closed brief keeps the scores of its close, whatever the release.
    assert (look.fresh(there.brief_id), look.fresh(closed.brief_id)) == ((1, 0), (2, 2))
    work.ask("matching.catch-up")
    work.settle(worker)
    assert (look.fresh(there.brief_id), look.fresh(closed.brief_id)) == ((1, 1), (2, 2))
    work.ask("matching.catch-up")
    work.settle(worker)
    assert work.of("matching.catch-up")[-1].result == {"briefs": 0}
