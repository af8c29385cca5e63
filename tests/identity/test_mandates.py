"""Mandates: offered, answered, ended, and in force on their days only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace.core import ids
from marketplace.core.actor import Actor, Permission, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotAllowed, WrongState
from marketplace.core.events import Event
from marketplace.core.states import apply_transition
from marketplace.identity.models import Mandate, MandateStatus, Party, PartyStatus
from marketplace.identity.states import MANDATE_TRANSITIONS
from tests.make import moments
from tests.make.people import Somebody, again, home_day, mandate, somebody

URL = "/api/v1/mandates"


def day(days: int) -> str:
    return f"{home_day() + timedelta(days=days)}"


def offer(client: FlaskClient, agency: Somebody, creator: Somebody, **changes: Any) -> Any:
    body = {
        "creator_id": ids.show("pty", creator.party_id),
        "starts_on": day(0),
        "ends_on": day(30),
        "share_basis_points": 2000,
        **changes,
    }
    return client.post(URL, json=body, headers=agency.once())


def act(client: FlaskClient, who: Somebody, made: Any, name: str, **body: Any) -> Any:
    url = f"{URL}/{made.get_json()['id']}/{name}"
    return client.post(url, json=body, headers=who.once()) if body else client.post(url, headers=who.once())


def stored(session: Session, made: Any) -> Mandate:
    session.expire_all()
    return session.get_one(Mandate, ids.read("mnd", made.get_json()["id"]))


def test_an_offer_that_is_accepted_lets_the_agency_act(client: FlaskClient, session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")

    made = offer(client, agency, creator)

    assert made.status_code == 201, made.text
    assert (made.get_json()["status"], made.get_json()["version"]) == ("offered", 1)
    assert again(agency).acts_for == frozenset()
    taken = act(client, creator, made, "accept")
    assert (taken.status_code, taken.get_json()["status"], taken.headers["ETag"]) == (200, "active", '"2"')
    assert again(agency).acts_for == {creator.party_id}
    events = session.scalars(sa.select(Event).filter_by(subject_id=stored(session, made).id).order_by(Event.id)).all()
    assert [event.kind for event in events] == ["mandates.offer", "mandates.accept"]
    assert all(event.party_ids == sorted([agency.party_id, creator.party_id]) for event in events)
    assert events[0].data == {"starts_on": day(0), "ends_on": day(30), "share_basis_points": 2000}


def test_an_offer_that_is_declined_leaves_nothing(client: FlaskClient, session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    made = offer(client, agency, creator)

    assert act(client, creator, made, "decline").get_json()["status"] == "declined"

    assert again(agency).acts_for == frozenset()
    again_asked = act(client, creator, made, "accept")
    assert (again_asked.status_code, again_asked.get_json()["state"]) == (409, "declined")
    assert stored(session, made).status == MandateStatus.DECLINED
    assert offer(client, agency, creator).status_code == 201


@pytest.mark.parametrize("name", ["accept", "decline"])
def test_only_the_creator_answers(client: FlaskClient, session: Session, name: str) -> None:
    agency, creator, other = somebody("agency"), somebody("creator"), somebody("creator")
    reader = somebody("creator", scopes=frozenset({Permission.READ}), party_id=creator.party_id)
    made = offer(client, agency, creator)

    found = [act(client, who, made, name).status_code for who in (agency, somebody("brand"), other, reader)]

    assert found == [403, 403, 404, 403]
    assert stored(session, made).status == MandateStatus.OFFERED


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"ends_on": "2020-01-01"}, "/ends_on"),
        ({"starts_on": "tomorrow"}, "/starts_on"),
        ({"starts_on": "2026-02-30"}, "/starts_on"),
        ({"starts_on": 20261123}, "/starts_on"),
        ({"starts_on": "2999-01-01"}, "/starts_on"),
        ({"share_basis_points": -1}, "/share_basis_points"),
        ({"share_basis_points": 10_001}, "/share_basis_points"),
        ({"creator_id": ids.show("pty", ids.new_id())}, "/creator_id"),
        ({"status": "active"}, "/status"),
    ],
)
def test_offers_that_cannot_be(client: FlaskClient, session: Session, changes: dict[str, Any], pointer: str) -> None:
    agency = somebody("agency")

    answer = offer(client, agency, somebody("creator"), **changes)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert session.scalar(sa.select(Mandate.id).filter_by(agency_id=agency.party_id)) is None


def test_a_mandate_is_offered_by_agencies_to_creators(client: FlaskClient) -> None:
    agency, brand, creator = somebody("agency"), somebody("brand"), somebody("creator")

    assert offer(client, brand, creator).status_code == 403
    assert offer(client, creator, creator).status_code == 403
    assert offer(client, agency, brand).get_json()["errors"][0]["pointer"] == "/creator_id"


def test_two_that_overlap_are_refused_by_the_database(client: FlaskClient, session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    assert offer(client, agency, creator, ends_on=day(10)).status_code == 201

    answer = offer(client, agency, creator, starts_on=day(10), ends_on=None)

    assert (answer.status_code, answer.get_json()["rule"]) == (409, "ex_mandates_no_overlap")
    with pytest.raises(IntegrityError):
        mandate(agency, creator.party_id, from_days=-5, to_days=0)
    assert offer(client, agency, creator, starts_on=day(11), ends_on=None).status_code == 201
    assert offer(client, somebody("agency"), creator).status_code == 201
    count = sa.select(sa.func.count()).select_from(Mandate).filter_by(agency_id=agency.party_id)
    assert session.scalar(count) == 2


MOMENTS = ("03-02T23:59:59", "03-03T00:00:00", "03-06T12:00:00", "03-10T23:59:59", "03-11T00:00:00")


@pytest.mark.parametrize(
    ("timezone", "offset"),
    [("Asia/Shanghai", "+08:00"), ("UTC", "+00:00"), ("America/New_York", "-05:00"), ("Pacific/Kiritimati", "+14:00")],
)
def test_a_mandate_begins_and_ends_at_the_creators_midnight(
    client: FlaskClient, session: Session, timezone: str, offset: str
) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    session.execute(sa.update(Party).filter_by(id=creator.party_id).values(timezone=timezone))
    session.commit()
    acts, bids, holds = [], [], []
    with moments.travel(datetime(2027, 3, 1, 9, tzinfo=UTC), tick=False) as clock:
        mandate(agency, creator.party_id, from_days=2, to_days=9)
        for moment in MOMENTS:
            clock.move_to(datetime.fromisoformat(f"2027-{moment}{offset}"))
            acts.append(again(agency).acts_for == {creator.party_id})
            # An import asks again for each batch, and the gates of bids ask the database.
            body = {"platform": "douyin", "handle": ids.new_id().hex, "name": "频道", "creator_id": shown(creator)}
            bids.append(client.post("/api/v1/channels", json=body, headers=agency.once()).status_code)
            asked = sa.select(sa.func.mandate_holds(agency.party_id, creator.party_id, now()))
            holds.append(session.scalar(asked))
    assert acts == holds == [False, True, True, True, False]
    assert bids == [422, 201, 201, 201, 422]
    assert session.scalar(sa.select(sa.func.mandate_holds(None, creator.party_id, now()))) is True


def shown(who: Somebody) -> str:
    return ids.show("pty", who.party_id)


def test_today_is_the_creators_day_when_a_mandate_is_offered_and_ended(client: FlaskClient) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    # Half past midnight of 11 March in Shanghai, where the agency and the creator are; still 10 March in Greenwich.
    with moments.travel(datetime(2027, 3, 10, 16, 30, tzinfo=UTC), tick=False):
        late = offer(client, agency, creator, starts_on="2027-03-01", ends_on="2027-03-10")
        made = offer(client, agency, creator, starts_on="2027-03-11", ends_on="2027-03-20")
        taken = act(client, creator, made, "accept")
        past = act(client, agency, made, "end", ends_on="2027-03-10")
        ended = act(client, agency, made, "end", ends_on="2027-03-11")
    assert (late.status_code, late.get_json()["errors"][0]["pointer"]) == (422, "/ends_on")
    assert (taken.status_code, past.status_code) == (200, 422)
    assert (ended.get_json()["status"], ended.get_json()["ends_on"]) == ("ended", "2027-03-11")


def test_nobody_acts_for_a_suspended_creator(session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    mandate(agency, creator.party_id)
    assert again(agency).acts_for == {creator.party_id}

    session.execute(sa.update(Party).filter_by(id=creator.party_id).values(status=PartyStatus.SUSPENDED))
    session.commit()

    assert again(agency).acts_for == frozenset()


def test_a_mandate_past_its_days_can_be_neither_accepted_nor_ended(client: FlaskClient, session: Session) -> None:
    agency, creator, other = somebody("agency"), somebody("creator"), somebody("creator")
    asked, running = offer(client, agency, creator), offer(client, agency, other)
    act(client, other, running, "accept")
    with moments.travel(now() + timedelta(days=31)):
        late = act(client, creator, asked, "accept")
        over = act(client, agency, running, "end", ends_on=day(0))
    assert (late.status_code, over.status_code) == (409, 409)
    assert stored(session, asked).status == MandateStatus.OFFERED
    assert f"{stored(session, running).ends_on}" == day(30)


@pytest.mark.parametrize("side", [0, 1])
def test_either_side_ends_it_today(client: FlaskClient, session: Session, side: int) -> None:
    sides = agency, creator = somebody("agency"), somebody("creator")
    made = offer(client, agency, creator)
    act(client, creator, made, "accept")

    answer = act(client, sides[side], made, "end", ends_on=day(0))

    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["ends_on"]) == (200, "ended", day(0))
    assert again(agency).acts_for == frozenset()
    assert act(client, sides[side], made, "end", ends_on=day(0)).status_code == 409
    assert stored(session, made).version == 3


def test_the_last_day_comes_nearer_but_never_goes_away(client: FlaskClient, session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    made = offer(client, agency, creator)
    early = act(client, agency, made, "end", ends_on=day(5))
    assert (early.status_code, early.get_json()["state"]) == (409, "offered")
    act(client, creator, made, "accept")

    nearer = act(client, creator, made, "end", ends_on=day(7))
    later = act(client, agency, made, "end", ends_on=day(8))
    past = act(client, agency, made, "end", ends_on=day(-1))
    strange = act(client, somebody("agency"), made, "end", ends_on=day(1))
    brand = act(client, somebody("brand"), made, "end", ends_on=day(1))

    assert (nearer.status_code, nearer.get_json()["status"], nearer.get_json()["ends_on"]) == (200, "active", day(7))
    assert [one.status_code for one in (later, past, strange, brand)] == [422, 422, 404, 403]
    assert later.get_json()["errors"][0]["pointer"] == past.get_json()["errors"][0]["pointer"] == "/ends_on"
    row = stored(session, made)
    assert (f"{row.ends_on}", row.status, row.version) == (day(7), MandateStatus.ACTIVE, 3)
    kinds = session.scalars(sa.select(Event.kind).filter_by(subject_id=row.id).order_by(Event.id)).all()
    assert kinds == ["mandates.offer", "mandates.accept", "mandates.shorten"]


def test_one_that_has_not_begun_ends_on_its_first_day(client: FlaskClient) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    made = offer(client, agency, creator, starts_on=day(3))

    answer = act(client, agency, made, "end", ends_on=day(0))

    assert (answer.get_json()["status"], answer.get_json()["ends_on"]) == ("ended", day(3))


def test_the_list_shows_each_side_its_own(client: FlaskClient) -> None:
    agency, rival, creator = somebody("agency"), somebody("agency"), somebody("creator")
    first, second = offer(client, agency, creator), offer(client, rival, creator)
    act(client, creator, first, "accept")

    def listed(who: Somebody, query: str = "") -> list[str]:
        return [one["id"] for one in client.get(URL + query, headers=who.headers).get_json()["data"]]

    assert listed(creator) == [second.get_json()["id"], first.get_json()["id"]]
    assert listed(creator, "?status=offered") == [second.get_json()["id"]]
    assert listed(agency) == [first.get_json()["id"]]
    assert listed(rival) == [second.get_json()["id"]]
    assert listed(somebody("brand")) == []
    assert client.get(f"{URL}?status=lost", headers=creator.headers).status_code == 422


@pytest.mark.parametrize("name", MANDATE_TRANSITIONS)
@pytest.mark.parametrize("status", MandateStatus)
@pytest.mark.parametrize("role", [Role.AGENCY, Role.CREATOR, Role.BRAND, Role.ADMIN])
def test_a_mandate_moves_only_as_the_table_says(session: Session, name: str, status: MandateStatus, role: Role) -> None:
    wanted = MANDATE_TRANSITIONS[name]
    agency_id, creator_id = ids.new_id(), ids.new_id()
    row = Mandate(agency_id=agency_id, creator_id=creator_id, starts_on=now().date(), status=status)
    actor = Actor(role, party_id=agency_id)
    if role in wanted.roles and status in wanted.sources:
        apply_transition(session, row, MANDATE_TRANSITIONS, name, actor, parties=[agency_id])
        assert (row.status, row.version) == (wanted.target, 2)
    else:
        with pytest.raises(WrongState if role in wanted.roles else NotAllowed):
            apply_transition(session, row, MANDATE_TRANSITIONS, name, actor, parties=[agency_id])
        assert (row.status, row.version) == (status, 1)
    session.expunge_all()
