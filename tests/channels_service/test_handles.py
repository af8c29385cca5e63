"""Handles of channels: what a rename does to a proof, what is another spelling, and that none stands twice."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.models import Channel
from marketplace.core import ids
from marketplace.core.ids import new_id
from tests.channels_service.claims import API, ask, claim_of, counted, decide, events_of, proven, rename, shown
from tests.channels_service.test_import import Work, done
from tests.make import bids as make_bids
from tests.make import channels as make
from tests.make.people import Somebody, mandate, somebody


def test_renamed_accounts_with_ids_of_their_own_do_not_refuse_each_other(
    client: FlaskClient, creator: Somebody, admin: Somebody
) -> None:
    other, handle = somebody("creator"), f"h{new_id().hex}"
    renamed = proven(client, creator, admin, make.channel(creator.party_id, account_key="1" + handle, handle=handle))
    taker = make.channel(other.party_id, account_key="2" + handle, handle=handle)
    ask(client, other, taker)

    answer = decide(client, admin, taker, "prove")

    assert [one["channel"]["id"] for one in answer.get_json()["rivals"]] == [shown(renamed)]
    assert (claim_of(client, creator, renamed), claim_of(client, other, taker)) == ("proven", "proven")


@pytest.mark.parametrize("has_id", [False, True])
def test_a_rename_takes_no_account_and_shuts_nobody_out(
    client: FlaskClient, session: Session, admin: Somebody, has_id: bool
) -> None:
    market, thief = make_bids.market(), somebody("creator")
    owned = session.get_one(Channel, market.channel_id)
    known: dict[str, Any] = {"account_key": new_id().hex} if has_id else {}
    small = proven(client, thief, admin, make.channel(thief.party_id, **known))
    old_handle = small.handle

    answer = rename(client, thief, small, f"@{owned.handle.upper()}")

    assert (answer.status_code, answer.get_json()["claim_status"]) == (200, "claimed")
    assert answer.get_json()["proven_at"] is None
    assert answer.get_json()["account_key"] == (small.account_key if has_id else owned.handle)
    placed = client.post(market.offers, json=market.body(), headers=market.creator.once())
    assert placed.status_code == 201, placed.text
    false = client.post(market.offers, json=market.body(channel_id=shown(small)), headers=thief.once())
    assert (false.status_code, false.get_json()["channel_proven"]) == (201, False)
    assert counted(session, owned, condition=policy.unbeaten("c")) == [True]
    for reader in (thief, admin):
        query = {"kind": "channels.rename", "subject_id": shown(small)}
        [event] = client.get(f"{API}/events", query_string=query, headers=reader.headers).get_json()["data"]
        told = event["data"]
        assert (told["handle_before"], told["handle_after"].casefold()) == (old_handle, owned.handle)
    [proof] = client.get(f"{API}/channels/{shown(small)}/proofs", headers=thief.headers).get_json()["data"]
    assert (proof["status"], proof["handle"]) == ("accepted", old_handle)
    # The owner proves it, and the thief is out.
    proven(client, market.creator, admin, owned)
    assert counted(session, small, condition=policy.unbeaten("c")) == [False]


def test_another_spelling_is_the_same_account(client: FlaskClient, creator: Somebody, admin: Somebody) -> None:
    channel = proven(client, creator, admin, make.channel(creator.party_id))
    for spelling in (f"@{channel.handle}", channel.handle.upper(), f"＠{channel.handle.title()}"):
        answer = rename(client, creator, channel, spelling)
        assert (answer.status_code, answer.get_json()["claim_status"]) == (200, "proven")
        assert answer.get_json()["account_key"] == channel.account_key


@pytest.mark.parametrize("letter", ["\u200b", "\u3164", "\u034f"])
def test_letters_that_nobody_sees_make_no_other_handle(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, admin: Somebody, mark: str, letter: str
) -> None:
    """Whoever takes a proven handle with one of them is beaten by its owner, at every door."""
    market = make_bids.market()
    owned = proven(client, market.creator, admin, session.get_one(Channel, market.channel_id))
    copied = f"{owned.handle[:3]}{letter}{owned.handle[3:]}{letter}"
    channel = make.channel(creator.party_id)
    answer = rename(client, creator, channel, copied)
    assert (answer.status_code, answer.get_json()["handle"]) == (200, owned.handle)
    bid = client.post(market.offers, json=market.body(channel_id=shown(channel)), headers=creator.once())
    assert (bid.status_code, bid.get_json()["state"]) == (409, "disputed")
    for name, value in (("handle", copied), ("account_key", f"{owned.account_key}{letter}")):
        thief = somebody("creator")
        body = {"platform": owned.platform, "handle": f"{new_id().hex}", "name": "x", name: value}
        entered = client.post(f"{API}/channels", json=body, headers=thief.once())
        assert (entered.status_code, entered.get_json()[name]) == (201, owned.handle)
    thief = somebody("creator")
    file = make.rows(mark, 1, wrong={0: {"external_id": "", "handle": copied}})
    assert done(client, thief, work, file)["rows_done"] == 1
    assert channels_of(session, thief) == [(owned.handle, owned.handle)]
    # Of nothing but such letters there is no handle.
    url = f"{API}/channels"
    refused = client.post(url, json={"platform": "douyin", "name": "x", "handle": letter}, headers=creator.once())
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "/handle")
    file = make.rows(mark, 1, wrong={0: {"external_id": "", "handle": letter}})
    assert done(client, creator, work, file)["rows_bad"] == 1


def test_a_handle_of_before_is_compared_as_it_is_seen(session: Session, creator: Somebody) -> None:
    row = make.channel(creator.party_id, handle="＠Xiao\u200bYu\u3164", account_key=new_id().hex)
    assert session.get_one(Channel, row.id).handle_key == "xiaoyu"


@pytest.mark.parametrize("kind", ["agency", "platform"])
def test_whoever_renames_the_proof_falls_and_a_code_that_waits_lapses(
    client: FlaskClient, session: Session, creator: Somebody, admin: Somebody, kind: str
) -> None:
    renamer = somebody(kind)
    if kind == "agency":
        mandate(renamer, creator.party_id)
    channel, waiting = proven(client, creator, admin, make.channel(creator.party_id)), make.channel(creator.party_id)
    ask(client, creator, waiting)
    for one in (channel, waiting):
        assert rename(client, renamer, one, f"n{new_id().hex}").get_json()["claim_status"] == "claimed"
    # The admin has seen the code in the old profile, and may not prove the new one by it.
    assert decide(client, admin, waiting, "prove").get_json()["state"] == "not asked"
    [fallen] = (one for one in events_of(session, channel.id) if one.kind == "channels.rename")
    assert creator.party_id in fallen.party_ids
    proven(client, creator, admin, waiting)


def test_a_creator_has_one_channel_of_a_handle(client: FlaskClient, creator: Somebody) -> None:
    first, second = make.channel(creator.party_id), make.channel(creator.party_id, account_key=new_id().hex)
    for one, other in ((first, second), (second, first)):
        answer = rename(client, creator, one, f"@{other.handle.upper()}")
        assert answer.status_code == 409, answer.text
        assert shown(other) in answer.get_json()["detail"]


def test_a_file_renames_as_a_call_does(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, admin: Somebody, mark: str
) -> None:
    """Its own id stands beside another handle: the proof falls. Without a handle the known one stays."""
    channel = proven(client, creator, admin, make.channel(creator.party_id, account_key=mark))
    theirs = make.channel(somebody("creator").party_id)
    for cells in ({"handle": mark}, {"handle": theirs.handle}):
        file = make.rows(mark, 1, wrong={0: {"external_id": mark, **cells}})
        assert done(client, creator, work, file)["rows_done"] == 1
        session.expire_all()
        row = session.get_one(Channel, channel.id)
        told = (row.handle, row.claim_status)
        assert told == ((channel.handle, "proven") if cells["handle"] == mark else (theirs.handle, "claimed"))
        session.rollback()
    assert counted(session, theirs, condition=policy.unbeaten("c")) == [True]


def test_a_file_of_one_agency_does_not_rename_what_another_has_bid_with(
    client: FlaskClient, session: Session, work: Work, mark: str
) -> None:
    market = make_bids.market()
    first, second = (make_bids.agency_of(market.creator.party_id) for _ in range(2))
    make_bids.place(market, first)
    known = session.get_one(Channel, market.channel_id)
    handle, key = known.handle, known.account_key
    session.rollback()
    cells = {"external_id": key, "handle": f"@new{mark}", "creator_id": ids.show("pty", market.creator.party_id)}
    file = make.rows(mark, 1, wrong={0: {**cells, "name": "新名"}})
    # Until the close its figures would move the first one's rank as well, so nothing of the row is stored.
    assert done(client, second, work, file)["rows_bad"] == 1
    session.expire_all()
    assert session.get_one(Channel, market.channel_id).name != "新名"
    session.rollback()
    make_bids.close(market)
    assert done(client, second, work, file + b"\n")["rows_done"] == 1
    session.expire_all()
    row = session.get_one(Channel, market.channel_id)
    assert (row.name, row.handle) == ("新名", handle)
    session.rollback()
    assert done(client, first, work, file + b"\n\n")["rows_done"] == 1
    session.expire_all()
    assert session.get_one(Channel, market.channel_id).handle == f"new{mark}"


def channels_of(session: Session, creator: Somebody) -> list[tuple[str, str]]:
    session.rollback()
    query = sa.select(Channel.handle, Channel.account_key).filter_by(creator_id=creator.party_id)
    return sorted((handle, key) for handle, key in session.execute(query))


def test_a_file_that_renames_an_account_known_by_its_handle_renames_its_key(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, admin: Somebody, mark: str
) -> None:
    """An export writes the handle as the id; whoever changes the handle in it and hands it in again renames."""
    old, new = f"{mark}foo", f"{mark}bar"
    channel = proven(client, creator, admin, make.channel(creator.party_id, handle=old, account_key=old))
    file = make.rows(mark, 1, wrong={0: {"external_id": old, "handle": new}})
    for _ in range(2):
        assert done(client, creator, work, file)["rows_done"] == 1
        assert channels_of(session, creator) == [(new, new)]
    assert claim_of(client, creator, channel) == "claimed"
    proven(client, creator, admin, channel)
    # The old handle is free for another account of theirs, and for its real owner.
    entered = make.channel(creator.party_id, handle=old, account_key=old)
    theirs = proven(
        client, owner := somebody("creator"), admin, make.channel(owner.party_id, handle=old, account_key=old)
    )
    assert [claim_of(client, who, one) for who, one in ((creator, channel), (creator, entered), (owner, theirs))] == [
        "proven",
        "refused",
        "proven",
    ]


def test_files_make_no_second_channel_of_a_handle(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    by_handle, by_id, other = (f"{mark}{name}" for name in ("hand", "id", "other"))
    make.channel(creator.party_id, handle=by_handle, account_key=by_handle)
    make.channel(creator.party_id, handle=by_id, account_key=f"{mark}1")
    make.channel(creator.party_id, handle=other, account_key=other)
    before = channels_of(session, creator)
    # What is known by its handle on one side is the same account.
    told = {0: {"handle": by_handle.upper(), "external_id": f"{mark}2"}, 1: {"handle": by_id}}
    assert done(client, creator, work, make.rows(mark, 2, wrong=told))["rows_bad"] == 0
    session.rollback()
    assert [(handle.lower(), key) for handle, key in channels_of(session, creator)] == before
    # Two ids of one handle are two, and so is a channel that gets the handle of another.
    refused = {
        0: {"handle": by_id, "external_id": f"{mark}3"},
        1: {"handle": by_id, "external_id": other},
        2: {"handle": f"{mark}new", "external_id": f"{mark}4"},
        3: {"handle": f"{mark}new", "external_id": f"{mark}5"},
    }
    answer = done(client, creator, work, make.rows(mark, 4, wrong=refused))
    assert (answer["rows_done"], answer["rows_bad"]) == (1, 3)
    url = f"{API}/imports/{answer['id']}/faults"
    faults = client.get(url, headers=creator.headers).get_json()["data"]
    assert {fault["column_name"] for fault in faults} == {"handle"}
    assert all("This creator has a channel of this handle" in fault["message_en"] for fault in faults)
    assert len(channels_of(session, creator)) == len(before) + 1


def test_a_call_makes_no_second_channel_of_a_handle(client: FlaskClient, creator: Somebody) -> None:
    first = make.channel(creator.party_id)
    body = {"platform": first.platform, "handle": f"@{first.handle.upper()}", "name": "x", "account_key": new_id().hex}
    answer = client.post(f"{API}/channels", json=body, headers=creator.once())
    assert (answer.status_code, shown(first) in answer.get_json()["detail"]) == (409, True)
    assert client.post(f"{API}/channels/{shown(first)}/archive", headers=creator.once()).status_code == 200
    assert client.post(f"{API}/channels", json=body, headers=creator.once()).status_code == 201
