"""Which events an agency and an admin read, and that no id in them is raw."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.identity.models import Mandate
from marketplace.operations.policy import OF_THE_PARTY_ITSELF
from tests.make import bids as make
from tests.make.people import Somebody, mandate, somebody
from tests.market import owning
from tests.operations.look import EVENTS, event


@pytest.fixture
def creator(app: Flask) -> Somebody:
    return somebody("creator")


@pytest.fixture
def agency(creator: Somebody) -> Somebody:
    return make.agency_of(creator.party_id)


def read(client: FlaskClient, who: Somebody, **query: Any) -> list[str]:
    answer = client.get(EVENTS, headers=who.headers, query_string={"limit": 100, **query})
    assert answer.status_code == 200, answer.json
    for row in answer.json["data"]:
        assert client.get(f"{EVENTS}/{row['id']}", headers=who.headers).status_code == 200
    return [row["id"] for row in answer.json["data"]]


def shown(*made: UUID) -> list[str]:
    return [ids.show("evt", one) for one in made]


def since(agency: Somebody, creator: Somebody, **ago: int) -> None:
    """Let the mandate between the two have been agreed some time ago."""
    with db.transaction() as session:
        session.execute(
            sa.update(Mandate)
            .where(Mandate.agency_id == agency.party_id, Mandate.creator_id == creator.party_id)
            .values(created_at=now() - timedelta(**ago))
        )


def test_an_agency_reads_what_its_creator_did_from_its_mandate_on(
    client: FlaskClient, creator: Somebody, agency: Somebody
) -> None:
    since(agency, creator, hours=2)
    before = event(creator.party_id, kind="channels.change", ago=timedelta(hours=3)).id
    after = event(creator.party_id, kind="channels.change", ago=timedelta(hours=1)).id
    assert read(client, agency) == shown(after)
    assert read(client, creator) == shown(after, before)
    assert client.get(f"{EVENTS}/{shown(before)[0]}", headers=agency.headers).status_code == 404


def test_a_mandate_counts_once_it_is_agreed_however_early_its_first_day(
    client: FlaskClient, creator: Somebody, agency: Somebody
) -> None:
    since(agency, creator, days=20)
    with db.transaction() as session:
        mandate_id = session.scalars(sa.select(Mandate.id).where(Mandate.agency_id == agency.party_id)).one()
    while_offered = event(creator.party_id, kind="channels.change", ago=timedelta(days=10)).id
    assert read(client, agency) == shown(while_offered)
    accepted = event(
        creator.party_id, agency.party_id, kind="mandates.accept", subject_id=mandate_id, ago=timedelta(days=1)
    ).id
    assert read(client, agency) == shown(accepted)


def test_an_agency_reads_nothing_that_names_another_agency(
    client: FlaskClient, creator: Somebody, agency: Somebody
) -> None:
    rival = make.agency_of(creator.party_id)
    since(agency, creator, days=1)
    named = event(creator.party_id, rival.party_id, kind="bids.place").id
    assert read(client, agency) == []
    assert read(client, rival) == read(client, creator) == shown(named)


def test_what_an_agency_does_for_its_creator_is_hidden_from_its_rival(
    client: FlaskClient, creator: Somebody, agency: Somebody
) -> None:
    rival = make.agency_of(creator.party_id)
    since(agency, creator, days=1)
    with db.transaction(rival.actor) as session:
        done = events.record(session, "exclusivity_windows.new", new_id(), rival.actor, parties=[creator.party_id])
    assert read(client, rival) == shown(done)
    assert read(client, agency) == []
    # What was recorded before agencies were named by what they do says who acted.
    with owning() as session:
        session.execute(
            sa.text("UPDATE events SET party_ids = :parties WHERE id = :id"),
            {"parties": [creator.party_id], "id": done},
        )
    assert read(client, agency) == []
    assert read(client, creator) == shown(done)


@pytest.mark.parametrize("noun", OF_THE_PARTY_ITSELF)
def test_a_party_s_own_affairs_are_never_read_by_way_of_a_mandate(
    client: FlaskClient, creator: Somebody, agency: Somebody, noun: str
) -> None:
    since(agency, creator, days=1)
    made = event(creator.party_id, kind=f"{noun}.new").id
    assert read(client, agency) == []
    assert read(client, creator) == shown(made)


def test_a_mandate_that_is_over_lets_an_agency_read_what_names_it_alone(client: FlaskClient, creator: Somebody) -> None:
    agency = somebody("agency")
    mandate(agency, creator.party_id, from_days=-30, to_days=-1)
    event(creator.party_id, kind="channels.change", ago=timedelta(days=5))
    own = event(creator.party_id, agency.party_id, kind="bids.place", ago=timedelta(days=5)).id
    assert read(client, agency) == shown(own)


def test_admins_do_not_read_who_bids_while_bids_are_sealed(client: FlaskClient) -> None:
    there, admin = make.market(), somebody("platform")
    bid = make.place(there)
    make.revise(there.creator, bid.id)
    subject = {"subject_id": ids.show("bid", bid.id)}
    names = [ids.show("pty", there.creator.party_id), ids.show("chn", there.channel_id)]
    listed = client.get(EVENTS, headers=admin.headers, query_string=subject)
    one = client.get(f"{EVENTS}/{listed.json['data'][0]['id']}", headers=admin.headers)
    assert not [name for name in names if name in listed.text + one.text]
    assert [row["kind"] for row in listed.json["data"]] == ["bids.revise", "bids.place"]
    for row in [*listed.json["data"], one.json]:
        assert row["data"] == {"brief_id": ids.show("brf", there.brief_id)}
        assert (row["sealed"], row["actor_role"], row["actor_party_id"], row["request_id"]) == (True, None, None, None)
    own = client.get(EVENTS, headers=there.creator.headers, query_string=subject).json["data"]
    assert [(row["sealed"], row["actor_role"]) for row in own] == [(False, "creator")] * 2
    make.close(there)
    placed = client.get(EVENTS, headers=admin.headers, query_string=subject).json["data"][-1]
    assert (placed["sealed"], placed["actor_party_id"], placed["data"]["channel_id"]) == (False, *names)


@pytest.mark.parametrize("closed", [False, True])
def test_a_brief_called_off_unseals_to_admins_what_its_close_unsealed_and_no_more(
    client: FlaskClient, closed: bool
) -> None:
    there, admin = make.market(), somebody("platform")
    bid = make.place(there)
    subject = {"subject_id": ids.show("bid", bid.id)}
    if closed:
        make.close(there)
    make.cancel(there)
    assert make.void(there) == 1
    read_bid = client.get(f"/api/v1/bids/{subject['subject_id']}", headers=admin.headers)
    listed = client.get(EVENTS, headers=admin.headers, query_string=subject).json["data"]
    one = client.get(f"{EVENTS}/{listed[-1]['id']}", headers=admin.headers).json
    names = [ids.show("pty", there.creator.party_id), ids.show("chn", there.channel_id)]
    assert (listed[0]["kind"], listed[-1]["kind"]) == ("bids.void", "bids.place")
    assert {row["sealed"] for row in (*listed, one)} == {not closed}
    assert (read_bid.status_code, [name for name in names if name in str(listed)]) == (
        (200, names) if closed else (404, [])
    )


def test_ids_in_data_are_public_ones_in_old_events_too(client: FlaskClient, creator: Somebody) -> None:
    raw = {name: new_id() for name in ("brief_id", "channel_id", "bid_id", "membership_id", "person_id", "import_id")}
    nested = {"bids": [str(raw["bid_id"])], "facts": {"brief_id": str(raw["brief_id"])}, "strange": str(new_id())}
    with db.transaction() as session:
        data: dict[str, Any] = {**{name: str(value) for name, value in raw.items()}, **nested}
        made = events.record(session, "bids.place", new_id(), SYSTEM, parties=[creator.party_id], **data)
    answer = client.get(f"{EVENTS}/{shown(made)[0]}", headers=creator.headers)
    prefixes = {"brief": "brf", "channel": "chn", "bid": "bid", "membership": "mbr", "person": "per", "import": "imp"}
    wanted = {name: ids.show(prefixes[name.removesuffix("_id")], value) for name, value in raw.items()}
    assert answer.json["data"] == {
        **wanted,
        "bids": [wanted["bid_id"]],
        "facts": {"brief_id": wanted["brief_id"]},
        "strange": None,
    }
