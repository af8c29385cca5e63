"""Claims of an account: several stand, one is proven, by a code in the profile or a platform's export."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.models import Channel, ChannelProof, ClaimStatus, ProofStatus
from marketplace.channels.states import CLAIM_TRANSITIONS, PROOF_TRANSITIONS
from marketplace.core import db, ids
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotAllowed, WrongState
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.core.states import apply_transition
from marketplace.identity.models import Party
from tests.channels.make import as_csv
from tests.channels.make import row as file_row
from tests.channels_service.claims import API, SEEN, ask, claim_of, counted, decide, events_of, proven, shown
from tests.channels_service.test_import import Work, done
from tests.make import bids as make_bids
from tests.make import channels as make
from tests.make import moments
from tests.make.people import Somebody, mandate, somebody


def test_a_code_in_the_profile_proves_a_claim_and_the_evidence_is_kept(
    client: FlaskClient, session: Session, creator: Somebody, admin: Somebody
) -> None:
    channel = make.channel(creator.party_id)

    asked = ask(client, creator, channel)

    assert asked.status_code == 201, asked.text
    proof = asked.get_json()
    assert (proof["kind"], proof["status"], proof["code"][:6]) == ("code_in_profile", "asked", "inlay-")
    assert ask(client, creator, channel).get_json()["code"] == proof["code"]  # the profile holds it already
    waiting = client.get(f"{API}/channel-claims", headers=admin.headers).get_json()["data"]
    (claim,) = (one for one in waiting if one["id"] == shown(channel))
    assert (claim["creator"]["id"], claim["proofs"][0]["code"]) == (ids.show("pty", creator.party_id), proof["code"])

    answer = decide(client, admin, channel, "prove")

    assert (answer.status_code, answer.get_json()["channel"]["claim_status"]) == (200, "proven")
    row = session.get_one(ChannelProof, ids.read("prf", proof["id"]))
    assert (row.status, row.decided_by, row.reason) == (ProofStatus.ACCEPTED, admin.person_id, SEEN["reason"])
    assert (row.evidence, row.evidence_sha256) == (SEEN["evidence"], sha256(SEEN["evidence"].encode()).hexdigest())
    assert row.decided_at is not None
    mine = client.get(f"{API}/channels/{shown(channel)}/proofs", headers=creator.headers).get_json()["data"]
    assert [(one["status"], one["reason"]) for one in mine] == [("accepted", SEEN["reason"])]
    assert "evidence" not in mine[0]
    (event,) = (one for one in events_of(session, channel.id) if one.kind == "channels.prove")
    assert (event.party_ids, event.data["before"], event.data["after"]) == ([creator.party_id], "claimed", "proven")
    left = client.get(f"{API}/channel-claims", headers=admin.headers).get_json()["data"]
    assert shown(channel) not in [one["id"] for one in left]


def test_an_impostor_blocks_nobody_and_falls_when_the_owner_proves(
    client: FlaskClient, session: Session, creator: Somebody, admin: Somebody
) -> None:
    impostor, handle = somebody("creator"), f"h{new_id().hex}"
    body = {"platform": "douyin", "handle": handle, "name": "名"}
    first, second = (client.post(f"{API}/channels", json=body, headers=who.once()) for who in (impostor, creator))
    assert (first.status_code, second.status_code) == (201, 201)
    false, true = (session.get_one(Channel, ids.read("chn", one.get_json()["id"])) for one in (first, second))
    ask(client, impostor, false)
    ask(client, creator, true)
    both = client.get(f"{API}/channel-claims/{shown(true)}", headers=admin.headers).get_json()
    assert [one["channel"]["id"] for one in both["rivals"]] == [shown(false)]

    assert decide(client, admin, true, "prove").status_code == 200

    assert (claim_of(client, creator, true), claim_of(client, impostor, false)) == ("proven", "refused")
    (fallen,) = (one for one in events_of(session, false.id) if one.kind == "channels.supplant")
    assert fallen.party_ids == [impostor.party_id]
    assert str(creator.party_id) not in str(fallen.data)  # who has proven it is not the impostor's to know
    # The impostor's proof still waits; the admin looks, finds no code and refuses.
    assert decide(client, admin, false, "refuse").get_json()["proofs"][0]["status"] == "refused"
    assert decide(client, admin, false, "refuse").status_code == 409


def test_an_account_that_was_sold_moves_to_whoever_proves_it_now(
    client: FlaskClient, creator: Somebody, admin: Somebody
) -> None:
    buyer = somebody("creator")
    old = proven(client, creator, admin, make.channel(creator.party_id))
    new = make.channel(buyer.party_id, account_key=old.account_key, handle=old.handle)
    disputed = client.post(f"{API}/channels/{shown(new)}/proof", json={}, headers=buyer.once())
    assert disputed.status_code == 201

    assert decide(client, admin, new, "prove").status_code == 200

    assert (claim_of(client, creator, old), claim_of(client, buyer, new)) == ("refused", "proven")
    # What was refused may be proven again.
    proven(client, creator, admin, old)
    assert (claim_of(client, creator, old), claim_of(client, buyer, new)) == ("proven", "refused")


def test_at_most_one_claim_is_proven_whatever_the_program_does(creator: Somebody) -> None:
    rival = somebody("creator")
    channel = make.channel(creator.party_id, claim_status=ClaimStatus.PROVEN)
    with pytest.raises(IntegrityError, match="uq_channels_one_proven"):
        make.channel(rival.party_id, account_key=channel.account_key, claim_status=ClaimStatus.PROVEN)


def test_two_admins_at_once_leave_one_claim_proven(app: Flask, session: Session, creator: Somebody) -> None:
    owners = [creator, *(somebody("creator") for _ in range(5))]
    handle = f"h{new_id().hex}"
    rows = [make.channel(who.party_id, account_key=handle, handle=handle) for who in owners]
    for who, row in zip(owners, rows, strict=True):
        assert ask(app.test_client(), who, row).status_code == 201
    admins = [somebody("platform") for _ in rows]

    with ThreadPoolExecutor(6) as crowd:
        pairs = zip(admins, rows, strict=True)
        codes = list(crowd.map(lambda pair: decide(app.test_client(), *pair, "prove").status_code, pairs))

    assert codes == [200] * 6
    statuses = session.scalars(sa.select(Channel.claim_status).filter_by(account_key=handle)).all()
    assert sorted(statuses) == ["proven", *["refused"] * 5]
    moves = sa.select(sa.func.count()).select_from(Event).where(Event.subject_id.in_([row.id for row in rows]))
    assert session.scalar(moves.where(Event.kind == "channels.prove")) == 6


def test_a_platforms_export_that_was_imported_is_evidence_and_ones_own_table_is_not(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, admin: Somebody, mark: str
) -> None:
    own = done(client, creator, work, make.rows(mark, 1))
    star = str(new_id().int % 10**18)
    export = as_csv(file_row("xingtu", star_id=star))
    platform = done(client, creator, work, export)
    typed = session.scalars(sa.select(Channel).filter_by(account_key=f"{mark}0")).one()
    exported = session.scalars(sa.select(Channel).filter_by(account_key=star)).one()

    refused = ask(client, creator, typed, kind="platform_export", import_id=own["id"])
    elsewhere = ask(client, creator, typed, kind="platform_export", import_id=platform["id"])
    nameless = ask(client, creator, exported, kind="platform_export")
    foreign = ask(client, somebody("creator"), exported, kind="platform_export", import_id=platform["id"])
    asked = ask(client, creator, exported, kind="platform_export", import_id=platform["id"])

    assert [one.status_code for one in (refused, elsewhere, nameless, foreign)] == [422, 422, 422, 404]
    assert [one.get_json()["errors"][0]["pointer"] for one in (refused, elsewhere, nameless)] == ["/import_id"] * 3
    assert "own export" in refused.get_json()["errors"][0]["detail"]
    assert (asked.status_code, asked.get_json()["code"]) == (201, None)
    assert decide(client, admin, exported, "prove").status_code == 200
    row = session.scalars(sa.select(ChannelProof).filter_by(channel_id=exported.id)).one()
    assert row.evidence_sha256 == platform["sha256"] == sha256(export).hexdigest()


def test_a_code_lapses_and_another_takes_its_place(
    client: FlaskClient, session: Session, creator: Somebody, admin: Somebody
) -> None:
    channel = make.channel(creator.party_id)
    code = ask(client, creator, channel).get_json()["code"]
    with moments.travel(now() + timedelta(days=14, seconds=1), tick=False):
        late = decide(client, admin, channel, "prove")
        waiting = client.get(f"{API}/channel-claims", headers=admin.headers).get_json()["data"]
        again = ask(client, creator, channel)
        taken = decide(client, admin, channel, "prove")
    assert (late.status_code, late.get_json()["state"]) == (409, "lapsed")
    assert shown(channel) not in [one["id"] for one in waiting]
    assert again.get_json()["code"] != code
    assert taken.status_code == 200
    statuses = session.scalars(
        sa.select(ChannelProof.status).filter_by(channel_id=channel.id).order_by(ChannelProof.id)
    ).all()
    assert statuses == [ProofStatus.LAPSED, ProofStatus.ACCEPTED]


def test_what_cannot_be_asked_or_decided(client: FlaskClient, creator: Somebody, admin: Somebody) -> None:
    channel = make.channel(creator.party_id)
    unasked = decide(client, admin, channel, "prove")
    assert (unasked.status_code, unasked.get_json()["state"]) == (409, "not asked")
    assert ask(client, somebody("creator"), channel).status_code == 404
    assert decide(client, creator, channel, "prove").status_code == 403
    without = client.post(f"{API}/channel-claims/{shown(channel)}/prove", json={"reason": "x"}, headers=admin.once())
    assert (without.status_code, without.get_json()["errors"][0]["pointer"]) == (422, "/evidence")
    proven(client, creator, admin, channel)
    assert ask(client, creator, channel).get_json()["state"] == "proven"
    archived = make.channel(creator.party_id)
    client.post(f"{API}/channels/{shown(archived)}/archive", headers=creator.once())
    assert ask(client, creator, archived).get_json()["state"] == "archived"


def test_an_agency_asks_for_its_creator_and_a_rival_agency_reads_nothing(
    client: FlaskClient, session: Session, creator: Somebody
) -> None:
    agency, rival, channel = somebody("agency"), somebody("agency"), make.channel(creator.party_id)
    mandate(agency, creator.party_id)
    proof = ask(client, agency, channel)
    assert proof.status_code == 201
    url = f"{API}/channels/{shown(channel)}/proofs"
    assert len(client.get(url, headers=creator.headers).get_json()["data"]) == 1
    assert client.get(url, headers=rival.headers).status_code == 404
    # The second net: even without a condition the rows are hidden from others.
    with db.transaction(rival.actor) as own:
        assert own.scalars(sa.select(ChannelProof).filter_by(channel_id=channel.id)).all() == []
    with db.transaction(creator.actor) as own:
        assert len(own.scalars(sa.select(ChannelProof).filter_by(channel_id=channel.id)).all()) == 1


def test_an_export_says_what_is_proven_and_the_importer_believes_no_file(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, admin: Somebody
) -> None:
    channel = proven(client, creator, admin, make.channel(creator.party_id))
    make.told(creator, channel.id)
    data = client.get(f"{API}/channels/export?shape=inlay", headers=creator.headers).data
    assert b",proven," in data
    other = somebody("creator")
    assert done(client, other, work, data.replace(creator_name(session, creator), b""))["rows_done"] == 1
    claim = session.scalars(sa.select(Channel).filter_by(creator_id=other.party_id)).one()
    assert (claim.account_key, claim.claim_status) == (channel.account_key, ClaimStatus.CLAIMED)


def creator_name(session: Session, who: Somebody) -> bytes:
    return session.get_one(Party, who.party_id).name.encode()


def test_an_account_counts_once_the_oldest_claim_until_another_is_proven(
    client: FlaskClient, session: Session, creator: Somebody, admin: Somebody
) -> None:
    impostor, handle = somebody("creator"), f"h{new_id().hex}"
    false = make.channel(impostor.party_id, account_key=new_id().hex, handle=f"@{handle.upper()}")  # an id made up
    true = make.channel(creator.party_id, account_key=handle, handle=handle)
    other = make.channel(creator.party_id)
    assert counted(session, false, true, other) == [True, False, True]
    # To be found is another matter: an older channel that takes the handle hides nobody.
    assert counted(session, false, true, other, condition=policy.unbeaten("c")) == [True, True, True]

    proven(client, creator, admin, true)

    assert counted(session, false, true, other) == [False, True, True]
    assert counted(session, false, true, other, condition=policy.unbeaten("c")) == [False, True, True]
    late = make.channel(somebody("creator").party_id, account_key=handle, handle=handle)
    assert counted(session, true, late, condition=policy.unbeaten("c")) == [True, False]
    assert claim_of(client, impostor, false) == "refused"


@pytest.mark.parametrize("name", CLAIM_TRANSITIONS)
@pytest.mark.parametrize("status", ClaimStatus)
@pytest.mark.parametrize("role", [Role.CREATOR, Role.AGENCY, Role.ADMIN])
def test_a_claim_moves_only_as_the_table_says(session: Session, name: str, status: ClaimStatus, role: Role) -> None:
    wanted = CLAIM_TRANSITIONS[name]
    row = Channel(creator_id=new_id(), platform="douyin", account_key="x", handle="x", name="x", claim_status=status)
    actor = Actor(role, party_id=new_id())
    if role in wanted.roles and status in wanted.sources:
        apply_transition(session, row, CLAIM_TRANSITIONS, name, actor, parties=[], column="claim_status")
        assert (row.claim_status, row.status, row.version) == (wanted.target, "active", 2)
    else:
        with pytest.raises(WrongState if role in wanted.roles else NotAllowed):
            apply_transition(session, row, CLAIM_TRANSITIONS, name, actor, parties=[], column="claim_status")
        assert (row.claim_status, row.version) == (status, 1)
    session.expunge_all()


def test_every_proof_begins_asked_and_ends_once() -> None:
    ends = {rule.target for rule in PROOF_TRANSITIONS.values()}
    assert ends == set(ProofStatus) - {ProofStatus.ASKED}
    assert all(rule.sources == {ProofStatus.ASKED} for rule in PROOF_TRANSITIONS.values())


def test_a_bid_says_whether_its_channel_is_proven_and_an_impostor_places_none(
    client: FlaskClient, session: Session, admin: Somebody
) -> None:
    market = make_bids.market()
    channel = session.get_one(Channel, market.channel_id)
    placed = client.post(market.offers, json=market.body(), headers=market.creator.once())
    assert (placed.status_code, placed.get_json()["channel_proven"]) == (201, False)
    url = f"{API}/bids/{placed.get_json()['id']}"
    assert client.get(url, headers=market.creator.headers).get_json()["channel_proven"] is False
    impostor = somebody("creator")
    false = make.channel(impostor.party_id, account_key=channel.account_key, handle=channel.handle)

    proven(client, market.creator, admin, channel)

    assert client.get(url, headers=market.creator.headers).get_json()["channel_proven"] is True
    (listed,) = client.get(f"{API}/bids", headers=market.creator.headers).get_json()["data"]
    assert listed["channel_proven"] is True
    refused = client.post(market.offers, json=market.body(channel_id=shown(false)), headers=impostor.once())
    assert (refused.status_code, refused.get_json()["state"]) == (409, "refused")
    # One who comes after the proof may claim, and bids only once the claim is proven.
    late = somebody("creator")
    claim = make.channel(late.party_id, account_key=channel.account_key, handle=channel.handle)
    disputed = client.post(market.offers, json=market.body(channel_id=shown(claim)), headers=late.once())
    assert (disputed.status_code, disputed.get_json()["state"]) == (409, "disputed")
    client.post(f"{url}/withdraw", headers=market.creator.once())
    again = client.post(market.offers, json=market.body(), headers=market.creator.once())
    assert again.get_json()["channel_proven"] is True
