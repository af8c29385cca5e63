"""Bidding ends at a moment that nobody can know or choose, and that anyone can check afterwards."""

import hashlib
import json
from datetime import timedelta
from itertools import pairwise
from types import ModuleType

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from marketplace.briefs import closing_time
from marketplace.briefs.models import Brief, CloseDraw
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from tests.make import bids as make_bids
from tests.make import briefs as make
from tests.make import work
from tests.make.people import Somebody, somebody

AT = now()


@pytest.fixture
def brand(client: FlaskClient) -> Somebody:
    return somebody("brand")


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, closing_time.WINDOW_S_MAX))
def test_the_moment_lies_in_the_window_and_hangs_on_every_part(seed: str, window_s: int) -> None:
    brief_id, version_id = new_id(), new_id()
    found = closing_time.closing_moment(seed, brief_id, version_id, AT, window_s)
    assert AT <= found <= AT + timedelta(seconds=window_s)
    assert found == closing_time.closing_moment(seed, brief_id, version_id, AT, window_s)
    if window_s > 60:
        others = {
            closing_time.closing_moment(closing_time.new_seed(), brief_id, version_id, AT, window_s),
            closing_time.closing_moment(seed, new_id(), version_id, AT, window_s),
            closing_time.closing_moment(seed, brief_id, new_id(), AT, window_s),
        }
        assert len(others | {found}) == 4


def test_moments_are_spread_over_the_window() -> None:
    places = sorted(
        (closing_time.closing_moment(closing_time.new_seed(), new_id(), new_id(), AT, 600) - AT).total_seconds()
        for _ in range(2_000)
    )
    assert abs(sum(places) / 2_000 - 300) < 5 * 600 / 12**0.5 / 2_000**0.5
    assert max(b - a for a, b in pairwise(places)) < 12


def stored(brief_id: str) -> Brief:
    with db.transaction() as session:
        found = session.scalar(sa.select(Brief).where(Brief.id == ids.read("brf", brief_id)))
        assert found is not None
        return found


def published(client: FlaskClient, brand: Somebody, window_s: int) -> str:
    made = client.post("/api/v1/briefs", json=make.document(closing_window_s=window_s), headers=brand.once()).json
    answer = client.post(f"/api/v1/briefs/{made['id']}/publish", headers=brand.once())
    assert answer.status_code == 200, answer.json
    assert answer.json["close_commitment"]
    return str(made["id"])


def test_before_the_close_only_a_commitment_is_told(client: FlaskClient, brand: Somebody) -> None:
    brief_id = published(client, brand, 600)
    row = stored(brief_id)
    assert (row.closes_at, row.close_seed, row.close_version_id) == (None, None, None)
    drawn = make.draw(row.id)
    assert drawn.seed is not None
    secrets = (drawn.seed, make.written(drawn.closes_at), drawn.closes_at.isoformat(timespec="microseconds"))
    for who in (brand, somebody("creator"), somebody("platform")):
        told = client.get(f"/api/v1/briefs/{brief_id}", headers=who.headers).json
        assert (told["close_seed"], told["close_version_id"], told["bidding_ended_at"]) == (None, None, None)
        assert told["close_commitment"] == hashlib.sha256(drawn.seed.encode()).hexdigest()
        for place in (f"briefs/{brief_id}", "briefs", "events?limit=100", "jobs?limit=100"):
            text = json.dumps(client.get(f"/api/v1/{place}", headers=who.headers).json)
            assert not [secret for secret in secrets if secret[:26] in text], place


def test_after_the_close_anyone_can_check_the_moment(client: FlaskClient, brand: Somebody) -> None:
    brief_id = published(client, brand, 600)
    assert client.post(f"/api/v1/briefs/{brief_id}/close", headers=brand.once()).status_code == 200
    row = stored(brief_id)
    told = client.get(f"/api/v1/briefs/{brief_id}", headers=somebody("creator").headers).json
    assert hashlib.sha256(told["close_seed"].encode()).hexdigest() == told["close_commitment"]
    text = f"{told['close_seed']} {told['id']} {told['close_version_id']}"
    share = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
    assert row.closes_at is not None
    seconds = (row.closes_at - row.bids_close_at).total_seconds()
    assert seconds == pytest.approx(600 * share, abs=1e-5)
    # Closed by hand, before the window.
    assert told["bidding_ended_at"] == told["closed_at"] < told["bids_close_at"]


def test_bids_are_taken_until_the_moment_and_not_after(client: FlaskClient, worker: ModuleType) -> None:
    there = make_bids.market(closing_window_s=600)
    with db.transaction() as session:
        minute = timedelta(seconds=60)
        brief, drawn = session.get_one(Brief, there.brief_id), session.get_one(CloseDraw, there.brief_id)
        brief.bids_close_at, drawn.closes_at = now() - minute, now() + minute
    assert make_bids.place(there).status == "open"
    with db.transaction() as session:
        session.get_one(CloseDraw, there.brief_id).closes_at = now()
    who = somebody("creator")
    late = client.post(
        f"/api/v1/briefs/{ids.show('brf', there.brief_id)}/bids",
        json={**make_bids.document(), "channel_id": ids.show("chn", make_bids.channel(who.party_id))},
        headers=who.once(),
    )
    assert late.status_code == 409
    assert "deadline is past" in late.json["detail"]
    work.settle(worker)


def test_a_changed_window_draws_the_moment_anew(client: FlaskClient, brand: Somebody) -> None:
    """A moment drawn for the old window could lie outside the new one, and nobody could check it afterwards."""
    brief_id = published(client, brand, 600)
    row = stored(brief_id)
    before = make.draw(row.id)
    headers = {
        **brand.headers,
        "If-Match": client.get(f"/api/v1/briefs/{brief_id}", headers=brand.headers).headers["ETag"],
    }
    answer = client.patch(f"/api/v1/briefs/{brief_id}", json={"closing_window_s": 60}, headers=headers)
    assert answer.status_code == 200, answer.json
    row, after = stored(brief_id), make.draw(row.id)
    assert after.version_id != before.version_id
    assert after.version_id is not None
    assert after.seed is not None
    assert after.seed == before.seed
    drawn = closing_time.closing_moment(after.seed, after.id, after.version_id, row.bids_close_at, 60)
    assert after.closes_at == drawn
    assert drawn <= row.bids_close_at + timedelta(seconds=60)
    (job,) = [job for job in work.of("briefs.close", after.id) if job.state == JobState.QUEUED]
    # A job that was asked for an earlier moment stays, and asks again for the later one.
    assert job.next_at <= drawn
