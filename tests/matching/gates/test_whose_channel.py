"""Gates of a channel that is not what was bid with any more: archived, handed over, proven by another, renamed."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.briefs.models import Brief
from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.matching.gates.acceptance import GatesShut, accept_set
from marketplace.matching.gates.gate_facts import gates_of_channels
from tests.channels_service.claims import proven, rename
from tests.make import bids as make
from tests.make.people import Somebody, somebody
from tests.matching import look
from tests.matching.gates.test_acceptance import accept, gates, post, selection, status

pytestmark = pytest.mark.usefixtures("own_market")


def of_ranking(client: FlaskClient, there: make.Market, bid_id: UUID) -> list[str]:
    """The gates of a bid as the ranking shows them."""
    [line] = [line for line in look.ranking(client, there)["data"] if line["bid_id"] == ids.show("bid", bid_id)]
    return [gate["code"] for gate in line["gates"]]


def left_out(found: Any) -> dict[UUID, str]:
    return {ids.read("bid", one["bid_id"]): one["reason"] for one in found["left_out"]}


def named(channel_id: UUID, **values: Any) -> Channel:
    """The channel, with these values set behind the services' back."""
    with db.transaction() as session:
        channel = session.get_one(Channel, channel_id)
        for name, value in values.items():
            setattr(channel, name, value)
        session.flush()
        session.refresh(channel)
        session.expunge(channel)
    return channel


def claimant(there: make.Market, handle: str, **more: Any) -> tuple[Somebody, Channel, UUID]:
    """A creator's bid with a channel of this handle."""
    who = somebody("creator")
    channel = named(look.channel(who), **{"handle": handle, "account_key": handle, **more})
    return who, channel, make.place(there, who, channel.id, **look.plain()).id


def test_an_archived_channel_is_neither_chosen_nor_bought(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    look.offer(there)
    make.close(there)
    chosen = selection(client, worker, there)
    assert len(chosen["result"]["chosen"]) == 2

    assert post(client, who, f"channels/{ids.show('chn', bid.channel_id)}/archive").status_code == 200

    assert of_ranking(client, there, bid.id) == ["channel_archived"]
    assert gates(accept(client, there, bid.id)) == ["channel_archived"]
    assert gates(post(client, there.brand, f"selections/{chosen['id']}/confirm")) == ["channel_archived"]
    path = f"briefs/{ids.show('brf', there.brief_id)}/what-if"
    assert left_out(post(client, there.brand, path, {}).json["outcome"]) == {bid.id: "channel_archived"}
    assert left_out(selection(client, worker, there)["result"]) == {bid.id: "channel_archived"}
    with db.transaction() as session:
        found = gates_of_channels(session, session.get_one(Brief, there.brief_id), [bid.channel_id])
    assert [gate.code for gate in found[bid.channel_id]] == ["channel_archived"]


def test_a_bid_with_a_channel_of_another_by_now_is_not_accepted(client: FlaskClient) -> None:
    there = look.market()
    _, bid = look.offer(there)
    make.close(there)
    assert accept(client, there, bid.id).status_code == 200
    named(bid.channel_id, creator_id=somebody("creator").party_id)
    assert of_ranking(client, there, bid.id) == ["channel_handed_over"]
    path = f"bids/{ids.show('bid', bid.id)}"
    assert post(client, there.brand, f"{path}/step-back", {"reason": "换账号"}).json["status"] == "open"
    assert gates(accept(client, there, bid.id)) == ["channel_handed_over"]


def test_once_the_platform_has_decided_the_owners_bid_is_open_and_the_other_is_beaten(client: FlaskClient) -> None:
    there, admin, handle = look.market(), somebody("platform"), f"h{new_id().hex}"
    _, _, others = claimant(there, handle)
    owner, owned, bid_id = claimant(there, handle)
    make.close(there)
    assert accept(client, there, others).status_code == 200
    assert gates(accept(client, there, bid_id)) == ["same_account"]

    proven(client, owner, admin, owned)

    assert (of_ranking(client, there, bid_id), of_ranking(client, there, others)) == ([], ["claim_beaten"])
    assert accept(client, there, bid_id).status_code == 200
    path = f"bids/{ids.show('bid', others)}/step-back"
    assert post(client, there.brand, path, {"reason": "认领被推翻"}).json["status"] == "open"
    assert gates(accept(client, there, others)) == ["claim_beaten"]


def test_a_rename_after_the_close_shuts_nobodys_bid(client: FlaskClient) -> None:
    there, handle = look.market(), f"h{new_id().hex}"
    _, _, owners = claimant(there, handle)
    thief, small, others = claimant(there, f"s{handle}")
    make.close(there)
    assert accept(client, there, others).status_code == 200

    assert rename(client, thief, small, handle).status_code == 200

    assert of_ranking(client, there, owners) == []
    assert {line["rival_claims"] for line in look.ranking(client, there)["data"]} == {0, 1}
    assert accept(client, there, owners).status_code == 200


@pytest.mark.parametrize("known_by", ["handle", "id"])
def test_a_rename_after_the_close_escapes_no_proof(client: FlaskClient, known_by: str) -> None:
    there, admin, handle = look.market(), somebody("platform"), f"h{new_id().hex}"
    key = handle if known_by == "handle" else new_id().hex
    impostor, false, bid_id = claimant(there, handle, account_key=key)
    owner, owned, _ = claimant(there, handle)
    make.close(there)

    assert rename(client, impostor, false, f"n{new_id().hex}").status_code == 200
    proven(client, owner, admin, owned)

    assert gates(accept(client, there, bid_id)) == ["claim_beaten"]


def test_a_claim_that_an_admin_has_refused_is_shut_in_true_words(client: FlaskClient) -> None:
    there, admin = look.market(), somebody("platform")
    _, channel, bid_id = claimant(there, f"h{new_id().hex}")
    make.close(there)
    body = {"reason": "no code there"}
    assert post(client, admin, f"channel-claims/{ids.show('chn', channel.id)}/refuse", body).status_code == 200
    answer = accept(client, there, bid_id)
    assert gates(answer) == ["claim_beaten"]
    assert "refused" in answer.json["gates"][0]["en"]
    assert "未通过" in answer.json["gates"][0]["zh"]


def what_if(client: FlaskClient, there: make.Market) -> Any:
    answer = post(client, there.brand, f"briefs/{ids.show('brf', there.brief_id)}/what-if", {})
    assert answer.status_code == 200, answer.json
    return answer.json


def chosen_of(found: Any) -> list[UUID]:
    return sorted(ids.read("bid", one["bid_id"]) for one in found["chosen"])


@pytest.mark.parametrize("is_proven", [False, True])
def test_a_rename_after_the_close_moves_no_set(client: FlaskClient, worker: ModuleType, is_proven: bool) -> None:
    there, admin, handle = look.market(), somebody("platform"), f"h{new_id().hex}"
    owner, owned, owners = claimant(there, handle)
    thief, small, others = claimant(there, f"s{handle}")
    if is_proven:
        proven(client, owner, admin, owned)
    make.close(there)
    before, chosen = what_if(client, there), selection(client, worker, there)
    assert chosen_of(before["outcome"]) == sorted([owners, others])

    assert rename(client, thief, small, handle).status_code == 200

    assert what_if(client, there) == before
    assert post(client, there.brand, f"selections/{chosen['id']}/confirm").json["status"] == "confirmed"


def test_one_account_is_not_bought_twice_by_a_rename_after_the_close(client: FlaskClient, worker: ModuleType) -> None:
    there, handle = look.market(), f"h{new_id().hex}"
    claimant(there, handle)
    second, channel, _ = claimant(there, handle)
    make.close(there)
    assert rename(client, second, channel, f"n{new_id().hex}").status_code == 200
    named(channel.id, account_key=new_id().hex)
    assert len(selection(client, worker, there)["result"]["chosen"]) == 1


def test_members_of_one_set_shut_each_others_gates(client: FlaskClient) -> None:
    there, handle = look.market(), f"h{new_id().hex}"
    bids = [claimant(there, handle)[2] for _ in range(2)]
    make.close(there)
    assert [of_ranking(client, there, bid_id) for bid_id in bids] == [[], []]
    with db.transaction(there.brand.actor) as session:
        brief = db.lock(session, Brief, there.brief_id)
        with pytest.raises(GatesShut) as refused:
            accept_set(session, there.brand.actor, brief, dict.fromkeys(bids, 0))
        session.rollback()
    assert [gate["code"] for gate in refused.value.more["gates"]] == ["same_account"]
    assert [status(client, there.brand, bid_id) for bid_id in bids] == ["open", "open"]


def test_the_owners_bid_is_chosen_beside_the_beaten_one(client: FlaskClient, worker: ModuleType) -> None:
    there, admin, handle = look.market(), somebody("platform"), f"h{new_id().hex}"
    _, _, others = claimant(there, handle)
    owner, owned, owners = claimant(there, handle)
    make.close(there)
    assert accept(client, there, others).status_code == 200
    assert chosen_of(what_if(client, there)["outcome"]) == [others]

    proven(client, owner, admin, owned)

    assert chosen_of(what_if(client, there)["outcome"]) == sorted([owners, others])
    assert accept(client, there, owners).status_code == 200
    assert chosen_of(selection(client, worker, there)["result"]) == sorted([owners, others])


def test_two_accepted_bids_of_one_creator_leave_the_brief_its_selections(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, first = look.offer(there)
    second, third = (make.place(there, who, look.channel(who), **look.plain()) for _ in range(2))
    _, other = look.offer(there)
    make.close(there)
    for bid in (first, second):
        assert accept(client, there, bid.id).status_code == 200
    expected = sorted([first.id, second.id, other.id])
    found = what_if(client, there)["outcome"]
    assert (chosen_of(found), left_out(found)) == (expected, {third.id: "other_bid_of_creator"})
    chosen = selection(client, worker, there)
    assert chosen_of(chosen["result"]) == expected
    assert post(client, there.brand, f"selections/{chosen['id']}/confirm").json["status"] == "confirmed"
