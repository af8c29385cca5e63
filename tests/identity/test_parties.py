"""Who one is, which parties one knows, who sits where, and creators whom others enter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.actor import EVERYTHING, NOBODY, SYSTEM, Permission
from marketplace.core.clock import now
from marketplace.core.errors import InvalidInput, NotAllowed
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.identity import party_days, service
from marketplace.identity.models import Mandate, MandateStatus, Membership, Party, PartyStatus
from tests.make import moments
from tests.make.people import Somebody, again, console, home_day, mandate, membership_of, seat, somebody

PARTIES = "/api/v1/parties"
READ_ONLY = frozenset({Permission.READ})


def shown(who: Somebody) -> str:
    return ids.show("pty", who.party_id)


def kinds(session: Session, subject_id: Any) -> list[str]:
    return list(session.scalars(sa.select(Event.kind).filter_by(subject_id=subject_id).order_by(Event.id)))


def test_me_with_a_session_knows_all_my_seats_and_with_a_key_only_its_own(client: FlaskClient) -> None:
    who, other = somebody("agency", "Ours"), somebody("brand", "Theirs")
    creator = somebody("creator")
    mandate(who, creator.party_id)
    seat(who, other.party_id, ["read"])

    signed = client.get("/api/v1/people/me", headers=console(who)).get_json()
    by_key = client.get("/api/v1/people/me", headers=who.headers).get_json()

    assert [one["party"]["name"] for one in signed["memberships"]] == ["Ours", "Theirs"]
    assert signed["memberships"][1]["permissions"] == ["read"]
    assert [one["party"]["name"] for one in by_key["memberships"]] == ["Ours"]
    for found in (signed, by_key):
        assert found["person"]["id"] == ids.show("per", who.person_id)
        assert found["actor"] == {
            "role": "agency",
            "party_id": shown(who),
            "person_id": ids.show("per", who.person_id),
            "permissions": sorted(EVERYTHING),
            "acts_for": [shown(creator)],
            "suspended": None,
        }
    assert client.get("/api/v1/people/me").status_code == 401


def test_a_party_knows_itself_and_the_other_side_of_its_mandates(client: FlaskClient, session: Session) -> None:
    agency, creator, stranger, admin = (somebody(kind) for kind in ("agency", "creator", "agency", "platform"))
    mandate(agency, creator.party_id)

    def knows(who: Somebody, whom: Somebody) -> int:
        return client.get(f"{PARTIES}/{shown(whom)}", headers=who.headers).status_code

    assert knows(agency, agency) == knows(agency, creator) == knows(creator, agency) == 200
    assert knows(agency, stranger) == knows(creator, stranger) == knows(stranger, creator) == 404
    assert knows(admin, stranger) == 200
    assert client.get(f"{PARTIES}/{shown(agency)}").status_code == 401
    listed = client.get(PARTIES, headers=creator.headers).get_json()["data"]
    assert {one["id"] for one in listed} == {shown(agency), shown(creator)}
    filtered = client.get(f"{PARTIES}?kind=agency", headers=creator.headers).get_json()["data"]
    assert [one["id"] for one in filtered] == [shown(agency)]

    session.execute(sa.update(Mandate).filter_by(agency_id=agency.party_id).values(status=MandateStatus.ENDED))
    session.commit()
    assert knows(agency, creator) == knows(creator, agency) == 404


def test_a_party_is_renamed_by_its_own_people(client: FlaskClient, session: Session) -> None:
    who = somebody("brand", "Old")
    url = f"{PARTIES}/{shown(who)}"

    answer = client.patch(url, json={"name": "新名字"}, headers={**who.headers, "If-Match": '"1"'})

    assert (answer.status_code, answer.get_json()["name"], answer.headers["ETag"]) == (200, "新名字", '"2"')
    event = session.scalars(sa.select(Event).filter_by(subject_id=who.party_id)).one()
    assert (event.kind, event.data) == ("parties.rename", {"before": "Old", "after": "新名字"})
    assert client.patch(url, json={"name": "X"}, headers={**who.headers, "If-Match": '"1"'}).status_code == 412
    assert client.patch(url, json={"name": "X"}, headers=who.headers).status_code == 428


def test_a_party_is_renamed_by_nobody_else(client: FlaskClient, session: Session) -> None:
    creator, agency, stranger = somebody("creator", "Mine"), somebody("agency"), somebody("brand")
    reader = somebody("creator", scopes=READ_ONLY, party_id=creator.party_id)
    mandate(agency, creator.party_id)
    url, match = f"{PARTIES}/{shown(creator)}", {"If-Match": '"1"'}

    found = [
        client.patch(url, json={"name": "Yours"}, headers={**who.headers, **match}).status_code
        for who in (agency, stranger, reader)
    ]
    bad = client.patch(url, json={"name": " "}, headers={**creator.headers, **match})

    assert found == [403, 404, 403]
    assert (bad.status_code, bad.get_json()["errors"][0]["pointer"]) == (422, "/name")
    party = session.get_one(Party, creator.party_id)
    assert (party.name, party.version) == ("Mine", 1)
    assert kinds(session, creator.party_id) == []


def test_members_are_known_to_the_party_itself(client: FlaskClient) -> None:
    creator, agency, stranger, admin = (somebody(kind) for kind in ("creator", "agency", "brand", "platform"))
    second = somebody("creator", party_id=creator.party_id)
    mandate(agency, creator.party_id)
    url = f"{PARTIES}/{shown(creator)}/members"

    found = client.get(url, headers=creator.headers)

    assert [one["person"]["id"] for one in found.get_json()["data"]] == [
        ids.show("per", second.person_id),
        ids.show("per", creator.person_id),
    ]
    assert set(found.get_json()["data"][0]["person"]) == {"id", "name", "email", "status"}
    assert client.get(f"{url}?limit=1", headers=creator.headers).get_json()["has_more"] is True
    assert client.get(url, headers=admin.headers).status_code == 200
    assert client.get(url, headers=agency.headers).status_code == 403
    assert client.get(url, headers=stranger.headers).status_code == 404


def test_a_seat_taken_away_takes_its_keys_and_sessions_along_for_good(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    second = somebody("brand", party_id=who.party_id)
    signed = console(second)
    row_id = membership_of(second)
    url = f"{PARTIES}/{shown(who)}/members/{ids.show('mbr', row_id)}"

    assert client.delete(url, headers=who.headers).status_code == 204

    assert session.get(Membership, row_id) is None
    assert kinds(session, row_id) == ["memberships.delete"]
    seat(second, who.party_id)
    assert client.get(PARTIES, headers=second.headers).status_code == 401
    assert client.get(PARTIES, headers=signed).status_code == 401
    assert client.delete(url, headers=who.headers).status_code == 404


def test_seats_that_stay(client: FlaskClient, session: Session) -> None:
    who, stranger = somebody("brand"), somebody("brand")
    reader = somebody("brand", scopes=READ_ONLY, party_id=who.party_id)
    session.execute(sa.update(Membership).filter_by(id=membership_of(reader)).values(permissions=["read"]))
    session.commit()
    last = ids.show("mbr", membership_of(who))
    url = f"{PARTIES}/{shown(who)}/members/{last}"

    alone = client.delete(url, headers=who.headers)

    assert (alone.status_code, alone.get_json()["state"]) == (409, "active")
    assert client.delete(url, headers=reader.headers).status_code == 403
    assert client.delete(url, headers=stranger.headers).status_code == 404
    elsewhere = f"{PARTIES}/{shown(stranger)}/members/{last}"
    assert client.delete(elsewhere, headers=stranger.headers).status_code == 404
    assert session.get(Membership, membership_of(who)) is not None
    assert kinds(session, membership_of(who)) == []


def terms(**changes: Any) -> dict[str, Any]:
    today = home_day()
    return {"starts_on": f"{today}", "ends_on": f"{today + timedelta(days=90)}", "share_basis_points": 2500, **changes}


def test_an_agency_enters_a_creator_with_its_mandate(client: FlaskClient, session: Session) -> None:
    agency = somebody("agency")

    answer = client.post("/api/v1/creators", json={"name": "小雨", "mandate": terms()}, headers=agency.once())

    assert answer.status_code == 201, answer.text
    party = answer.get_json()["party"]
    assert (party["name"], party["kind"], party["status"]) == ("小雨", "creator", "unclaimed")
    assert (answer.get_json()["mandate"]["status"], answer.get_json()["mandate"]["share_basis_points"]) == (
        "active",
        2500,
    )
    creator_id = ids.read("pty", party["id"])
    assert again(agency).acts_for == {creator_id}
    assert kinds(session, creator_id) == ["parties.enter"]
    assert kinds(session, ids.read("mnd", answer.get_json()["mandate"]["id"])) == ["mandates.enter"]


def test_the_platform_enters_a_creator_without_one(client: FlaskClient) -> None:
    answer = client.post("/api/v1/creators", json={"name": "Rain"}, headers=somebody("platform").once())

    assert answer.status_code == 201
    assert answer.get_json()["mandate"] is None


def test_creators_that_are_not_entered(client: FlaskClient, session: Session) -> None:
    name, agency = f"Nobody {new_id().hex}", somebody("agency")
    weak = somebody("agency", scopes=READ_ONLY)
    yesterday = f"{home_day() - timedelta(days=1)}"
    bad = {"name": name, "mandate": terms(starts_on=yesterday, ends_on=yesterday)}

    def enter(who: Somebody, body: dict[str, Any]) -> Any:
        return client.post("/api/v1/creators", json=body, headers=who.once())

    assert enter(somebody("brand"), {"name": name}).status_code == 403
    assert enter(somebody("creator"), {"name": name}).status_code == 403
    assert enter(weak, {"name": name}).status_code == 403
    past = enter(agency, bad)
    assert (past.status_code, past.get_json()["errors"][0]["pointer"]) == (422, "/mandate/ends_on")
    greedy = enter(agency, {"name": name, "mandate": terms(share_basis_points=10_001)})
    assert greedy.get_json()["errors"][0]["pointer"] == "/mandate/share_basis_points"
    assert session.scalar(sa.select(Party.id).filter_by(name=name)) is None


def test_the_importer_enters_creators_by_name_alone() -> None:
    agency = somebody("agency")
    with db.transaction(agency.actor) as session:
        entered = service.enter_creator(session, agency.actor, name="From a file")
    with db.transaction() as session:
        alone = service.enter_creator(session, SYSTEM, name="From the platform's file")
    with pytest.raises(NotAllowed), db.transaction() as session:
        service.enter_creator(session, NOBODY, name="x")

    assert entered.party.status == alone.party.status == PartyStatus.UNCLAIMED
    assert entered.mandate is not None
    assert (entered.mandate.starts_on, entered.mandate.ends_on) == (home_day(), None)
    assert entered.mandate.share_basis_points == 0
    assert alone.mandate is None
    assert again(agency).acts_for == {entered.party.id}


def test_a_party_moves_to_another_time_zone_and_its_mandates_with_it(client: FlaskClient, session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    url = f"{PARTIES}/{shown(creator)}"
    with moments.travel(datetime(2027, 3, 10, 15, 30, tzinfo=UTC), tick=False) as clock:
        mandate(agency, creator.party_id, from_days=-5, to_days=0)
        clock.move_to(datetime(2027, 3, 10, 16, 30, tzinfo=UTC))  # half past midnight in Shanghai
        assert again(agency).acts_for == frozenset()
        moved = client.patch(url, json={"timezone": "Europe/London"}, headers={**creator.headers, "If-Match": '"1"'})
        assert (moved.status_code, moved.get_json()["timezone"]) == (200, "Europe/London")
        assert again(agency).acts_for == {creator.party_id}
    assert kinds(session, creator.party_id) == ["parties.move"]
    for wrong in ("Mars/Olympus", "UTC+8", ""):
        answer = client.patch(url, json={"timezone": wrong}, headers={**creator.headers, "If-Match": '"2"'})
        assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/timezone")


def test_a_time_zone_that_the_database_does_not_know_is_refused_before_it_can_break_anything(session: Session) -> None:
    with pytest.raises(InvalidInput, match="errors") as refused:
        party_days.require_known(session, "Mars/Olympus", "/timezone")
    assert [fault.pointer for fault in refused.value.errors] == ["/timezone"]
    assert party_days.require_known(session, "Asia/Shanghai", "/timezone") == "Asia/Shanghai"  # the session goes on
    with pytest.raises(DataError, match="not recognized"):
        session.execute(
            sa.insert(Party).values(
                id=new_id(),
                created_at=now(),
                kind="brand",
                name="x",
                status="active",
                version=1,
                timezone="Mars/Olympus",
            )
        )
    session.rollback()
