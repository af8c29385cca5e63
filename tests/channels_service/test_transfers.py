"""A proven channel changes hands: one creator offers, the other accepts, and the history stays with the channel."""

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel, ChannelTransfer, ClaimStatus
from marketplace.core import db, ids
from marketplace.core.events import Event
from tests.make import bids as make_bids
from tests.make import channels as make
from tests.make.people import Somebody, mandate, somebody

API = "/api/v1"


def proven(creator: Somebody) -> Channel:
    return make.channel(creator.party_id, claim_status=ClaimStatus.PROVEN)


def offer(client: FlaskClient, who: Somebody, channel: Channel, to: Somebody) -> Any:
    body = {"creator_id": ids.show("pty", to.party_id)}
    return client.post(f"{API}/channels/{ids.show('chn', channel.id)}/transfer", json=body, headers=who.once())


def act(client: FlaskClient, who: Somebody, made: Any, name: str) -> Any:
    return client.post(f"{API}/channel-transfers/{made.get_json()['id']}/{name}", headers=who.once())


def owner(session: Session, channel: Channel) -> Any:
    session.expire_all()
    return session.get_one(Channel, channel.id).creator_id


def test_the_other_side_accepts_and_has_the_channel_with_its_facts_and_its_proof(
    client: FlaskClient, session: Session
) -> None:
    giver, taker = somebody("creator"), somebody("creator")
    channel = proven(giver)
    snapshot_id = make.told(giver, channel.id)
    url = f"{API}/channels/{ids.show('chn', channel.id)}"

    made = offer(client, giver, channel, taker)

    assert made.status_code == 201, made.text
    assert client.get(url, headers=taker.headers).status_code == 404
    seen = client.get(f"{API}/channel-transfers?status=offered", headers=taker.headers).get_json()["data"]
    assert [(one["id"], one["handle"]) for one in seen] == [(made.get_json()["id"], channel.handle)]
    answer = act(client, taker, made, "accept")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "accepted")
    assert owner(session, channel) == taker.party_id
    now_theirs = client.get(url, headers=taker.headers).get_json()
    assert (now_theirs["claim_status"], now_theirs["snapshot_id"]) == ("proven", ids.show("snp", snapshot_id))
    assert client.get(url, headers=giver.headers).status_code == 404
    both = sorted([giver.party_id, taker.party_id])
    kinds = session.execute(
        sa.select(Event.kind, Event.party_ids).where(
            Event.subject_id.in_([channel.id, ids.read("ctr", made.get_json()["id"])]),
            Event.kind.in_(["channel_transfers.offer", "channel_transfers.accept", "channels.transfer"]),
        )
    ).all()
    assert sorted(kind for kind, _ in kinds) == [
        "channel_transfers.accept",
        "channel_transfers.offer",
        "channels.transfer",
    ]
    assert all(parties == both for _, parties in kinds)


def test_what_is_declined_or_withdrawn_stays_where_it_is(client: FlaskClient, session: Session) -> None:
    giver, taker = somebody("creator"), somebody("creator")
    channel = proven(giver)
    made = offer(client, giver, channel, taker)
    twice = offer(client, giver, channel, somebody("creator"))
    assert (twice.status_code, twice.get_json()["rule"]) == (409, "uq_channel_transfers_one_offered")
    assert act(client, giver, made, "accept").status_code == 404  # not one's own offer
    assert act(client, taker, made, "decline").get_json()["status"] == "declined"
    assert act(client, taker, made, "accept").status_code == 409
    again = offer(client, giver, channel, taker)
    assert act(client, taker, again, "withdraw").status_code == 404
    assert act(client, giver, again, "withdraw").get_json()["status"] == "withdrawn"
    assert owner(session, channel) == giver.party_id


def test_only_a_proven_channel_is_handed_over_and_only_by_its_creator(client: FlaskClient) -> None:
    giver, taker, agency = somebody("creator"), somebody("creator"), somebody("agency")
    mandate(agency, giver.party_id)
    claimed = make.channel(giver.party_id)
    answer = offer(client, giver, claimed, taker)
    assert (answer.status_code, answer.get_json()["state"]) == (409, "claimed")
    channel = proven(giver)
    assert offer(client, agency, channel, taker).status_code == 403
    assert offer(client, taker, channel, giver).status_code == 404
    for nobody in (giver, somebody("brand"), agency):
        wrong = offer(client, giver, channel, nobody)
        assert (wrong.status_code, wrong.get_json()["errors"][0]["pointer"]) == (422, "/creator_id")


def test_a_channel_with_open_bids_stays_until_they_are_decided(client: FlaskClient, session: Session) -> None:
    market = make_bids.market()
    bid = make_bids.place(market)
    taker = somebody("creator")
    session.execute(sa.update(Channel).filter_by(id=market.channel_id).values(claim_status=ClaimStatus.PROVEN))
    session.commit()
    channel = session.get_one(Channel, market.channel_id)

    held = offer(client, market.creator, channel, taker)

    assert (held.status_code, held.get_json()["state"]) == (409, "bids open")
    client.post(f"{API}/bids/{ids.show('bid', bid.id)}/withdraw", headers=market.creator.once())
    made = offer(client, market.creator, channel, taker)
    assert made.status_code == 201, made.text
    # A bid that was placed after the offer holds it again.
    make_bids.place(market)
    assert act(client, taker, made, "accept").get_json()["state"] == "bids open"


def test_a_channel_with_an_accepted_bid_stays_until_it_is_stepped_back_from(
    client: FlaskClient, session: Session
) -> None:
    market, bid = make_bids.standing("accepted")
    taker = somebody("creator")
    session.execute(sa.update(Channel).filter_by(id=market.channel_id).values(claim_status=ClaimStatus.PROVEN))
    session.commit()
    channel = session.get_one(Channel, market.channel_id)

    held = offer(client, market.creator, channel, taker)

    assert (held.status_code, held.get_json()["state"]) == (409, "bids accepted")
    assert "1 accepted" in held.get_json()["detail"]
    url = f"{API}/bids/{ids.show('bid', bid.id)}/step-back"
    assert client.post(url, json={"reason": "转让"}, headers=market.creator.once()).status_code == 200
    assert offer(client, market.creator, channel, taker).status_code == 201


def test_a_claim_that_fell_meanwhile_is_not_taken_over(client: FlaskClient, session: Session) -> None:
    giver, taker = somebody("creator"), somebody("creator")
    channel = proven(giver)
    made = offer(client, giver, channel, taker)
    session.execute(sa.update(Channel).filter_by(id=channel.id).values(claim_status=ClaimStatus.REFUSED))
    session.commit()
    assert act(client, taker, made, "accept").get_json()["state"] == "refused"
    assert owner(session, channel) == giver.party_id


def test_whoever_claims_the_account_proves_it_instead(client: FlaskClient, session: Session) -> None:
    giver, taker = somebody("creator"), somebody("creator")
    channel = proven(giver)
    own = make.channel(taker.party_id, account_key=channel.account_key, handle=channel.handle)
    made = offer(client, giver, channel, taker)
    answer = act(client, taker, made, "accept")
    assert answer.status_code == 409
    assert ids.show("chn", own.id) in answer.get_json()["detail"]
    assert owner(session, channel) == giver.party_id


def test_a_stranger_sees_no_transfer(client: FlaskClient) -> None:
    giver, taker, stranger = somebody("creator"), somebody("creator"), somebody("creator")
    made = offer(client, giver, proven(giver), taker)
    assert client.get(f"{API}/channel-transfers", headers=stranger.headers).get_json()["data"] == []
    assert act(client, stranger, made, "accept").status_code == 404
    with db.transaction(stranger.actor) as session:
        assert session.scalars(sa.select(ChannelTransfer.id)).all() == []
