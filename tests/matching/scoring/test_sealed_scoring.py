"""That a channel's side tells new figures says to nobody on which open briefs the channel has bid."""

from types import ModuleType
from typing import Any

from flask.testing import FlaskClient

from marketplace.core import db, ids, jobs
from marketplace.core.jobs import Job, JobState
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

SCORE = "matching.score"


def _told(client: FlaskClient, there: make.Market, who: Somebody) -> dict[str, Any]:
    """What somebody reads of an open brief: its events, its ranking, and which of its scorings there are."""
    brief = ids.show("brf", there.brief_id)
    answers = {
        "events": client.get("/api/v1/events", query_string={"subject_id": brief}, headers=who.headers),
        "ranking": client.get(look.path(there.brief_id, "ranking"), headers=who.headers),
    }
    read = {name: answer.json for name, answer in answers.items()}
    scorings = [ids.show("job", job.id) for job in work.of(SCORE, there.brief_id)]
    read["scorings"] = [
        client.get(f"/api/v1/jobs/{scoring}", headers=who.headers).json.get("state") for scoring in scorings
    ]
    assert not [state for state in read.pop("scorings") if state is not None]
    return read


def test_new_figures_of_a_channel_tell_nobody_that_it_has_bid(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    bidder, bid = look.offer(there)
    look.offer(there)
    work.settle(worker)
    readers = (there.brand, admin)
    before = [_told(client, there, who) for who in readers]
    assert [read["ranking"]["fresh"] for read in before] == [2, 2]
    scorings = len(work.of(SCORE, there.brief_id))
    make_channels.told(bidder, bid.channel_id, followers=70_000)
    # Neither while the scores are old, nor when they have followed.
    assert look.fresh(there.brief_id) == (2, 1)
    assert [_told(client, there, who) for who in readers] == before
    work.settle(worker)
    assert len(work.of(SCORE, there.brief_id)) > scorings
    assert look.fresh(there.brief_id) == (2, 2)
    assert [_told(client, there, who) for who in readers] == before


def test_a_scoring_that_died_waits_for_an_admin(client: FlaskClient) -> None:
    there, admin = look.market(), somebody("platform")
    look.offer(there)
    with db.transaction() as session:
        job_id = jobs.enqueue(session, SCORE, subject_id=there.brief_id, payload={jobs.SEALED: True})
    path = f"/api/v1/jobs/{ids.show('job', job_id)}"
    assert client.get(path, headers=admin.headers).status_code == 404
    with db.transaction() as session:
        session.get_one(Job, job_id).state = JobState.DEAD
    assert client.get(path, headers=admin.headers).json["state"] == "dead"
    assert client.get(path, headers=there.brand.headers).status_code == 404
    with db.transaction() as session:
        session.get_one(Job, job_id).state = JobState.CANCELLED


def test_a_scoring_that_was_asked_for_is_read_by_who_asked(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    look.offer(there)
    for who in (there.brand, admin):
        asked = client.post(look.path(there.brief_id, "score"), headers=who.once())
        assert asked.status_code == 202, asked.json
        assert client.get(f"/api/v1/jobs/{asked.json['job_id']}", headers=who.headers).status_code == 200
    work.settle(worker)
