"""What one agency of a creator does to a channel ends no bid that another one has standing with it."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.channels import standing_bids
from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.core.clock import now
from tests.channels_service.claims import rename
from tests.make import bids as make
from tests.make import pacing as make_pacing
from tests.make.people import Somebody, somebody
from tests.matching import look
from tests.matching.gates.test_acceptance import accept, gates, post
from tests.matching.gates.test_whose_channel import of_ranking

pytestmark = pytest.mark.usefixtures("own_market")


class Rivals:
    """A creator with two agencies, of which the first has placed a bid."""

    def __init__(self) -> None:
        self.there, self.creator = look.market(), somebody("creator")
        self.channel_id = look.channel(self.creator)
        self.first, self.second = (make.agency_of(self.creator.party_id) for _ in range(2))
        self.bid_id = make.place(self.there, self.first, self.channel_id, **look.plain()).id

    @property
    def path(self) -> str:
        return f"channels/{ids.show('chn', self.channel_id)}"

    def archive(self, client: FlaskClient, who: Somebody) -> Any:
        return post(client, who, f"{self.path}/archive")

    def restore(self, client: FlaskClient, who: Somebody) -> Any:
        return post(client, who, f"{self.path}/restore")

    def promise(self, client: FlaskClient, who: Somebody, *, after: int = 0) -> Any:
        first, last = (now().date() + timedelta(days=days + after) for days in (0, 90))
        window = {**make_pacing.WINDOW, "holder": "别家", "starts_on": first.isoformat(), "ends_on": last.isoformat()}
        return post(client, who, f"{self.path}/exclusivity", window)

    def rename(self, client: FlaskClient, who: Somebody) -> Any:
        return rename(client, who, self.channel(), f"other-{self.channel_id.hex[:20]}")

    def pace(self, client: FlaskClient, who: Somebody) -> Any:
        headers = {**who.once(), "If-Match": f'"{self.channel().version}"'}
        rule = make_pacing.rule(share_max=0)
        return client.patch(f"/api/v1/{self.path}", json={"pacing": rule}, headers=headers)

    def channel(self) -> Channel:
        with db.transaction() as session:
            found = session.get_one(Channel, self.channel_id)
            session.expunge(found)
            return found


ACTS = (Rivals.archive, Rivals.promise, Rivals.rename, Rivals.pace)


@pytest.mark.parametrize("state", ["sealed", "closed", "accepted"])
def test_another_agency_ends_no_standing_bid(client: FlaskClient, state: str) -> None:
    rivals = Rivals()
    if state != "sealed":
        make.close(rivals.there)
    if state == "accepted":
        assert accept(client, rivals.there, rivals.bid_id).status_code == 200
    before = rivals.channel()
    for act in ACTS:
        answer = act(rivals, client, rivals.second)
        assert (answer.status_code, answer.json.get("rule")) == (409, "another_side"), answer.json
        assert "creator decides" in answer.json["detail"]
        for secret in (rivals.first.party_id, rivals.there.brand.party_id):
            assert ids.show("pty", secret) not in answer.text
        assert "bid_" not in answer.text
    after = rivals.channel()
    assert (after.status, after.handle, after.pacing, after.version) == (
        before.status,
        before.handle,
        before.pacing,
        before.version,
    )
    if state == "closed":
        assert accept(client, rivals.there, rivals.bid_id).status_code == 200


@pytest.mark.parametrize("act", ACTS)
def test_its_own_agency_and_the_creator_decide(client: FlaskClient, act: Any) -> None:
    for who in ("first", "creator"):
        rivals = Rivals()
        assert act(rivals, client, getattr(rivals, who)).status_code in (200, 201)


def test_whoever_has_nothing_in_the_way_goes_on(client: FlaskClient) -> None:
    """A bid that was withdrawn stands no more, and an accepted one stands on the days of its brief alone."""
    rivals = Rivals()
    assert post(client, rivals.first, f"bids/{ids.show('bid', rivals.bid_id)}/withdraw").status_code == 200
    assert rivals.archive(client, rivals.second).status_code == 200
    rivals = Rivals()
    make.close(rivals.there)
    assert accept(client, rivals.there, rivals.bid_id).status_code == 200
    assert rivals.promise(client, rivals.second).status_code == 409
    assert rivals.promise(client, rivals.second, after=400).status_code == 201
    with db.transaction() as session:
        other = standing_bids.of_other_agencies(session, rivals.second.party_id, [rivals.channel_id], (date.max,) * 2)
        own = standing_bids.of_other_agencies(session, rivals.first.party_id, [rivals.channel_id])
    assert (other, own) == (set(), set())


def test_a_promise_after_the_close_shuts_no_gate_of_what_stood_at_it(client: FlaskClient) -> None:
    late, early = Rivals(), Rivals()
    assert early.promise(client, early.creator).status_code == 201
    for rivals in (late, early):
        make.close(rivals.there)
    assert late.promise(client, late.creator).status_code == 201
    assert of_ranking(client, late.there, late.bid_id) == []
    assert accept(client, late.there, late.bid_id).status_code == 200
    assert gates(accept(client, early.there, early.bid_id)) == ["exclusive_elsewhere"]


def test_an_archived_channel_is_restored_and_the_agency_that_bids_is_told(client: FlaskClient) -> None:
    rivals = Rivals()
    make.close(rivals.there)
    assert rivals.archive(client, rivals.creator).status_code == 200
    [gate] = accept(client, rivals.there, rivals.bid_id).json["gates"]
    assert (gate["code"], "restore" in gate["opens_en"]) == ("channel_archived", True)
    assert rivals.restore(client, rivals.second).json["status"] == "active"
    assert rivals.restore(client, rivals.second).status_code == 409
    assert accept(client, rivals.there, rivals.bid_id).status_code == 200
    query = {"subject_id": ids.show("chn", rivals.channel_id), "kind": "channels.archive"}
    told = client.get("/api/v1/events", query_string=query, headers=rivals.first.headers).json["data"]
    assert len(told) == 1
    window = rivals.promise(client, rivals.creator).json["id"]
    query = {"subject_id": window, "kind": "exclusivity_windows.new"}
    assert len(client.get("/api/v1/events", query_string=query, headers=rivals.first.headers).json["data"]) == 1


def test_a_handle_that_was_given_away_meanwhile_is_not_restored(client: FlaskClient) -> None:
    rivals = Rivals()
    channel = rivals.channel()
    assert rivals.archive(client, rivals.creator).status_code == 200
    body = {"platform": channel.platform, "handle": channel.handle, "name": "again", "account_key": "a" * 20}
    assert post(client, rivals.creator, "channels", body).status_code == 201
    refused = rivals.restore(client, rivals.creator)
    assert (refused.status_code, rivals.channel().status) == (409, "archived")
