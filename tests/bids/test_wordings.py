"""Three wordings are for a side's channel on a brief, and not for each bid that it withdraws and makes again."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.bids.look import everything, path
from tests.bids.test_brief_changes import changed
from tests.make import bids as make
from tests.make.people import Somebody


def place(client: FlaskClient, there: make.Market, who: Somebody, **changes: Any) -> Any:
    return client.post(there.offers, json=there.body(**changes), headers=who.once())


def withdraw(client: FlaskClient, who: Somebody, bid_id: str) -> None:
    assert client.post(f"/api/v1/bids/{bid_id}/withdraw", headers=who.once()).status_code == 200


def revise(client: FlaskClient, who: Somebody, bid_id: str) -> Any:
    return client.post(f"/api/v1/bids/{bid_id}/revisions", json=make.document(), headers=who.once())


def test_withdrawing_and_bidding_again_gives_no_new_wordings(client: FlaskClient) -> None:
    there = make.market()
    left = []
    for _ in range(3):
        bid = place(client, there, there.creator)
        assert bid.status_code == 201, bid.json
        left.append(bid.json["revisions_left"])
        withdraw(client, there.creator, bid.json["id"])
    assert left == [2, 1, 0]
    before = everything(there.brief_id)
    refused = place(client, there, there.creator)
    assert refused.status_code == 409
    assert refused.json["detail"].startswith("You have had all your wordings with this channel on this brief")
    assert everything(there.brief_id) == before


def test_revisions_of_a_withdrawn_bid_count(client: FlaskClient) -> None:
    there = make.market()
    bid = place(client, there, there.creator).json["id"]
    assert revise(client, there.creator, bid).status_code == 201
    withdraw(client, there.creator, bid)
    again = place(client, there, there.creator)
    assert (again.status_code, again.json["revisions_left"]) == (201, 0)
    assert revise(client, there.creator, again.json["id"]).status_code == 409


@pytest.mark.parametrize("times", [1, 3])
def test_a_change_of_the_brief_gives_one_wording_to_whoever_had_withdrawn(client: FlaskClient, times: int) -> None:
    there = make.market()
    for _ in range(3):
        withdraw(client, there.creator, place(client, there, there.creator).json["id"])
    for number in range(times):
        changed(client, there, tolerance=34 - number)
    bid = place(client, there, there.creator)
    assert (bid.status_code, bid.json["revisions_left"]) == (201, 0)
    withdraw(client, there.creator, bid.json["id"])
    assert place(client, there, there.creator).status_code == 409


def test_another_side_and_another_channel_have_wordings_of_their_own(client: FlaskClient) -> None:
    there = make.market()
    agency = make.agency_of(there.creator.party_id)
    for _ in range(3):
        withdraw(client, agency, place(client, there, agency).json["id"])
    assert place(client, there, agency).status_code == 409
    own = place(client, there, there.creator)
    assert (own.status_code, own.json["revisions_left"]) == (201, 2)
    second = make.place(there, channel_id=make.channel(there.creator.party_id))
    assert client.get(path(second.id), headers=there.creator.headers).json["revisions_left"] == 2
