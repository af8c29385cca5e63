"""Suspended parties read and do not act, suspended people are shut out, verified parties are on record."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from marketplace.channels.models import ClaimStatus
from marketplace.core import db, ids
from marketplace.core.events import Event
from marketplace.identity.models import Party, PartyStatus, PartyVerification, Person, PersonStatus
from marketplace.identity.states import PARTY_TRANSITIONS, PERSON_TRANSITIONS
from tests.authorization.world import routes
from tests.make import bids as make_bids
from tests.make import channels as make_channels
from tests.make import videos as make_videos
from tests.make.people import PASSWORD, Somebody, again, console, mandate, seat, somebody, with_password

API = "/api/v1"
ME = f"{API}/people/me"
WHY = "three brands reported invented deals"


@pytest.fixture
def admin(app: object) -> Somebody:
    return somebody("platform")


def party(client: FlaskClient, admin: Somebody, who: Somebody, name: str, **body: Any) -> Any:
    url = f"{API}/parties/{ids.show('pty', who.party_id)}/{name}"
    return client.post(url, json={"reason": WHY, **body}, headers=admin.once())


def person(client: FlaskClient, admin: Somebody, who: Somebody, name: str) -> Any:
    url = f"{API}/people/{ids.show('per', who.person_id)}/{name}"
    return client.post(url, json={"reason": WHY}, headers=admin.once())


def sign_in(client: FlaskClient, email: str) -> Any:
    return client.post(f"{API}/sessions", json={"email": email, "password": PASSWORD})


def test_a_suspended_party_reads_its_own_and_changes_nothing(
    client: FlaskClient, session: Session, admin: Somebody
) -> None:
    market = make_bids.market()
    bid = make_bids.place(market)
    creator, signed = market.creator, console(market.creator)
    email = with_password(creator)

    answer = party(client, admin, creator, "suspend")

    assert (answer.status_code, answer.get_json()["status"]) == (200, "suspended")
    for headers in (creator.headers, signed):
        assert client.get(ME, headers=headers).status_code == 200
        assert client.get(f"{API}/bids/{ids.show('bid', bid.id)}", headers=headers).status_code == 200
    assert WHY in client.get(ME, headers=creator.headers).get_json()["actor"]["suspended"]
    # Whoever has a mandate of the creator sees that it is suspended, and not why.
    agency = make_bids.agency_of(creator.party_id)
    beside = client.get(f"{API}/parties/{ids.show('pty', creator.party_id)}", headers=agency.headers)
    assert (beside.get_json()["status"], WHY in beside.text) == ("suspended", False)
    withdrawn = client.post(f"{API}/bids/{ids.show('bid', bid.id)}/withdraw", headers=creator.once())
    body = {"platform": "douyin", "handle": ids.new_id().hex, "name": "频道"}
    entered = client.post(f"{API}/channels", json=body, headers=creator.once(**signed))
    for refused in (withdrawn, entered):
        assert refused.status_code == 403
        assert WHY in refused.get_json()["detail"]
        assert "suspended" in refused.get_json()["detail"]
    again_in = sign_in(client, email)
    assert again_in.status_code == 201
    token = {"Authorization": f"Bearer {again_in.get_json()['token']}"}
    assert client.get(ME, headers=token).status_code == 200
    assert client.delete(f"{API}/sessions/current", headers=token).status_code == 204
    (event,) = session.scalars(sa.select(Event).filter_by(subject_id=creator.party_id, kind="parties.suspend"))
    assert (event.party_ids, event.data["reason"]) == ([creator.party_id], WHY)

    assert party(client, admin, creator, "reinstate").get_json()["suspension_reason"] is None

    assert client.post(f"{API}/bids/{ids.show('bid', bid.id)}/withdraw", headers=creator.once()).status_code == 200


def test_every_route_that_changes_something_is_shut_to_a_suspended_party(app: Flask) -> None:
    open_ = {key for key, endpoint in routes(app).items() if key[0] != "GET" and endpoint.while_suspended}
    assert open_ == {
        ("POST", "/sign-up"),  # without an account
        ("POST", "/sessions"),
        ("POST", "/invites/accept"),
        ("POST", "/password-resets"),
        ("POST", "/password-resets/confirm"),
        ("POST", "/payment-provider/notices"),  # by a signature, which is no party's
        ("PUT", "/videos/{video_id}/signed"),
        ("DELETE", "/sessions/current"),  # one's own safety
        ("DELETE", "/sessions/{session_id}"),
        ("POST", "/people/me/password"),
        *(("POST", f"/people/me/second-factor{more}") for more in ("", "/confirm", "/remove")),
    }
    assert all(endpoint.while_suspended for key, endpoint in routes(app).items() if key[0] == "GET")


def test_nobody_acts_for_a_suspended_creator_and_a_suspended_agency_acts_for_nobody(
    client: FlaskClient, admin: Somebody
) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    mandate(agency, creator.party_id)
    body = {"platform": "douyin", "name": "频道", "creator_id": ids.show("pty", creator.party_id)}

    def enter() -> int:
        return client.post(
            f"{API}/channels", json={**body, "handle": ids.new_id().hex}, headers=agency.once()
        ).status_code

    assert enter() == 201
    party(client, admin, creator, "suspend")
    assert (enter(), again(agency).acts_for) == (422, frozenset())
    party(client, admin, creator, "reinstate")
    assert enter() == 201
    party(client, admin, agency, "suspend")
    assert enter() == 403


def test_an_unclaimed_creator_comes_back_unclaimed(client: FlaskClient, admin: Somebody) -> None:
    made = client.post(f"{API}/creators", json={"name": "小雨"}, headers=admin.once()).get_json()["party"]
    url = f"{API}/parties/{made['id']}"
    assert client.post(f"{url}/suspend", json={"reason": WHY}, headers=admin.once()).status_code == 200
    back = client.post(f"{url}/reinstate", json={"reason": WHY}, headers=admin.once())
    assert (back.status_code, back.get_json()["status"]) == (200, "unclaimed")


def test_who_is_not_suspended_and_by_whom(client: FlaskClient, admin: Somebody) -> None:
    brand, other = somebody("brand"), somebody("platform")
    assert party(client, admin, admin, "suspend").status_code == 403  # the platform's own party
    assert party(client, brand, somebody("brand"), "suspend").status_code == 403
    assert party(client, admin, brand, "reinstate").status_code == 409
    assert party(client, admin, brand, "suspend", reason=" ").status_code == 422
    himself = person(client, admin, admin, "suspend")
    assert (himself.status_code, "yourself" in himself.get_json()["detail"]) == (403, True)
    assert person(client, brand, somebody("brand"), "suspend").status_code == 403
    assert person(client, admin, other, "suspend").status_code == 200
    assert person(client, admin, other, "suspend").status_code == 409


def test_a_suspended_person_is_shut_out_of_every_party_and_their_keys_stop(
    client: FlaskClient, session: Session, admin: Somebody
) -> None:
    who, other = somebody("brand"), somebody("agency")
    seat(who, other.party_id)
    signed, email = console(who), with_password(who)

    answer = person(client, admin, who, "suspend")

    assert (answer.status_code, answer.get_json()["status"]) == (200, "suspended")
    assert client.get(ME, headers=signed).status_code == 401  # the session has ended
    for refused in (client.get(ME, headers=who.headers), sign_in(client, email)):
        assert refused.status_code == 403
        assert WHY in refused.get_json()["detail"]
    # A wrong password says nothing of it.
    wrong = client.post(f"{API}/sessions", json={"email": email, "password": "not the password"})
    assert (wrong.status_code, WHY in wrong.text) == (401, False)
    assert client.get(ME, headers=other.headers).status_code == 200  # the others go on
    events = session.scalars(sa.select(Event).filter_by(kind="memberships.suspend")).all()
    mine = [event for event in events if event.data["person_id"] == str(who.person_id)]
    assert sorted(event.party_ids[0] for event in mine) == sorted([who.party_id, other.party_id])
    assert WHY not in str([event.data for event in mine])
    (told,) = session.scalars(sa.select(Event).filter_by(subject_id=who.person_id, kind="people.suspend"))
    assert (told.party_ids, told.data["reason"]) == ([admin.party_id], WHY)

    assert person(client, admin, who, "reinstate").status_code == 200

    assert client.get(ME, headers=who.headers).status_code == 200
    assert client.get(ME, headers=signed).status_code == 401
    assert sign_in(client, email).status_code == 422  # of two parties, which?


def test_a_suspended_person_takes_no_seat_elsewhere(client: FlaskClient, admin: Somebody) -> None:
    who, other = somebody("brand"), somebody("agency")
    email = with_password(who)
    body = {"email": email, "permissions": ["read"]}
    token = client.post(f"{API}/invites", json=body, headers=other.once()).get_json()["token"]
    person(client, admin, who, "suspend")
    answer = client.post(f"{API}/invites/accept", json={"token": token, "password": PASSWORD})
    assert (answer.status_code, WHY in answer.get_json()["detail"]) == (403, True)


def test_a_link_of_a_suspended_party_receives_nothing(client: FlaskClient, admin: Somebody) -> None:
    who = somebody("brand")
    data = make_videos.video()
    body = {"name": "x.mp4", "size_bytes": len(data), "seconds": 60}
    link = client.post(f"{API}/video-links", json=body, headers=who.once()).get_json()
    party(client, admin, who, "suspend")
    sent = client.put(link["url"].removeprefix("http://localhost"), data=data, content_type="video/mp4")
    assert (sent.status_code, "at present" in sent.get_json()["detail"]) == (404, True)
    party(client, admin, who, "reinstate")
    again_sent = client.put(link["url"].removeprefix("http://localhost"), data=data, content_type="video/mp4")
    assert again_sent.status_code == 201, again_sent.text


def test_of_two_admins_who_suspend_each_other_one_is_left(app: Flask, session: Session) -> None:
    for _ in range(5):
        one, other = somebody("platform"), somebody("platform")
        with ThreadPoolExecutor(2) as pair:
            codes = list(
                pair.map(
                    lambda sides: person(app.test_client(), *sides, "suspend").status_code, [(one, other), (other, one)]
                )
            )
        assert sorted(codes) == [200, 403]
        statuses = session.scalars(sa.select(Person.status).where(Person.id.in_([one.person_id, other.person_id])))
        assert sorted(statuses) == [PersonStatus.ACTIVE, PersonStatus.SUSPENDED]
        session.rollback()


def test_a_verification_is_kept_with_its_evidence(client: FlaskClient, session: Session, admin: Somebody) -> None:
    brand = somebody("brand")
    seen = "licence 91310000, register of 27 November"

    answer = party(client, admin, brand, "verify", evidence=seen)

    assert answer.status_code == 200, answer.text
    assert answer.get_json()["verified_at"] is not None
    assert party(client, admin, brand, "verify", evidence=seen).status_code == 409
    assert party(client, admin, brand, "unverify").get_json()["verified_at"] is None
    assert party(client, admin, brand, "unverify").status_code == 409
    rows = session.scalars(
        sa.select(PartyVerification).filter_by(party_id=brand.party_id).order_by(PartyVerification.id)
    ).all()
    assert [(row.verified, row.decided_by) for row in rows] == [(True, admin.person_id), (False, admin.person_id)]
    assert (rows[0].evidence, rows[0].evidence_sha256) == (seen, sha256(seen.encode()).hexdigest())
    creator = party(client, admin, somebody("creator"), "verify", evidence=seen)
    assert (creator.status_code, "channel" in creator.get_json()["detail"]) == (409, True)
    # Only the platform reads it, and nobody changes it.
    with db.transaction(brand.actor) as own:
        assert own.scalars(sa.select(PartyVerification)).all() == []
    with pytest.raises(ProgrammingError, match="permission denied"), db.transaction(admin.actor) as own:
        own.execute(sa.update(PartyVerification).values(reason="rewritten"))


def is_proven(session: Session, who: Somebody) -> bool:
    session.rollback()
    return bool(session.scalar(sa.select(sa.func.party_is_proven(who.party_id))))


def test_a_party_is_proven_by_a_channel_or_by_a_verification(
    client: FlaskClient, session: Session, admin: Somebody
) -> None:
    creator, sham, brand = somebody("creator"), somebody("creator"), somebody("brand")
    make_channels.channel(creator.party_id, claim_status=ClaimStatus.PROVEN)
    make_channels.channel(sham.party_id)
    assert [is_proven(session, who) for who in (creator, sham, brand)] == [True, False, False]
    party(client, admin, brand, "verify", evidence="seen")
    assert is_proven(session, brand)
    party(client, admin, brand, "suspend")
    party(client, admin, creator, "suspend")
    assert [is_proven(session, who) for who in (creator, brand)] == [False, False]
    suspended = sa.select(sa.func.party_is_suspended(creator.party_id), sa.func.party_is_suspended(sham.party_id))
    assert tuple(session.execute(suspended).one()) == (True, False)


@pytest.mark.parametrize("status", PartyStatus)
def test_every_status_of_a_party_and_a_person_has_its_way_in(status: PartyStatus) -> None:
    targets = {rule.target for rule in PARTY_TRANSITIONS.values()} | {Party.__table__.columns["status"].default.arg}
    assert status in targets
    assert {rule.target for rule in PERSON_TRANSITIONS.values()} == set(PersonStatus)
