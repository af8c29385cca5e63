"""A pause: nothing moves, nobody's time runs, and what was left of it goes on afterwards."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.deliverables.models import Draft
from marketplace.identity.models import Mandate
from tests.deals.look import events
from tests.deals.look import shown as deal_shown
from tests.deliverables import look as work
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.people import somebody
from tests.market import owning
from tests.stopping import look


def test_a_pause_is_read_by_both_and_ends_with_the_one_who_made_it(client: FlaskClient) -> None:
    owed = make.funded(agency=True)
    answer = look.pause(client, owed.brand, owed.deal_id)
    assert (answer.status_code, answer.json["status"]) == (200, "paused"), answer.json
    assert answer.json["stopped_at"] is not None
    for who in (owed.brand, owed.creator, owed.maker, somebody("platform")):
        [stop] = look.stops(client, who, owed.deal_id)
        assert (stop["kind"], stop["side"], stop["reason"], stop["outcome"]) == ("pause", "brand", look.WHY, None)
    resumed = look.resume(client, owed.brand, owed.deal_id)
    assert (resumed.status_code, resumed.json["status"], resumed.json["stopped_at"]) == (200, "active", None)
    [stop] = look.stops(client, owed.creator, owed.deal_id)
    assert (stop["outcome"], stop["ended_side"]) == ("resumed", "brand")
    told = [(event.kind, event.data.get("reason")) for event in events(owed.deal_id)[-2:]]
    assert told == [("deals.pause", look.WHY), ("deals.resume", None)]


def test_nothing_is_made_sent_or_published_while_a_deal_is_paused(client: FlaskClient) -> None:
    owed = make.funded(3)
    waiting = make.sent_draft(owed, owed.ids[1])
    approved = make.approved_draft(owed, owed.ids[2])
    check_id = make.checked(owed)
    look.pause(client, owed.maker, owed.deal_id)
    before = look.everything(owed.deal_id)
    for answer in (
        work.post(client, owed.maker, "dlv", owed.id, "scripts", body="开场。"),
        work.send_draft(client, owed.maker, owed.id, check_id),
        work.approve(client, owed.brand, waiting),
        work.request_changes(client, owed.brand, waiting),
        work.publish(client, owed.maker, owed.ids[2], make.told(owed, approved)),
        look.pause(client, owed.brand, owed.deal_id),
    ):
        assert (answer.status_code, answer.json["state"]) == (409, "paused"), answer.json
    assert work.get(client, owed.brand, "dlv", owed.ids[1]).json["waits_for"] is None
    assert look.everything(owed.deal_id) == before


def test_what_was_left_of_an_answer_time_goes_on_to_the_second(client: FlaskClient, worker: ModuleType) -> None:
    owed = make.funded()
    sent_at, draft_id = now(), make.sent_draft(owed)
    with travel(sent_at + timedelta(days=10)):
        look.pause(client, owed.brand, owed.deal_id)
    with travel(sent_at + timedelta(days=20)):
        work.clock(worker)  # the time that there would have been is over, and silence does not speak
        assert make.status(owed.id) == "draft_sent"
        look.resume(client, owed.brand, owed.deal_id)
        work.clock(worker)
        assert make.status(owed.id) == "draft_sent"
    with db.transaction() as session:
        answer_by = session.get_one(Draft, draft_id).answer_by
    assert abs(answer_by - (sent_at + timedelta(days=24))) < timedelta(minutes=5)
    with travel(sent_at + timedelta(days=23, hours=23)):
        work.clock(worker)
        assert make.status(owed.id) == "draft_sent"
    with travel(sent_at + timedelta(days=24, hours=1)):
        work.clock(worker)
        assert make.status(owed.id) == "approved"


def test_last_days_bookings_and_exclusivity_move_by_the_days_paused(client: FlaskClient, worker: ModuleType) -> None:
    owed = make.funded(2, exclusive=True)
    days, booked = look.due_days(owed.deal_id), look.booked_until(owed.deal_id)
    promised = look.promised_until(owed.deal_id)
    assert promised == max(days) + timedelta(days=30)
    paused_at = now()
    look.pause(client, owed.maker, owed.deal_id)
    with travel(paused_at + timedelta(days=40)):
        work.clock(worker)  # the days of publishing are over, and nobody is late
        assert [one["late_at"] for one in deal_shown(client, owed.brand, owed.deal_id)["deliverables"]] == [None, None]
        look.resume(client, owed.maker, owed.deal_id)
        moved = timedelta(days=40)
        assert look.due_days(owed.deal_id) == [day + moved for day in days]
        assert look.booked_until(owed.deal_id) == [day + moved for day in booked]
        assert look.promised_until(owed.deal_id) == promised + moved


def test_a_live_video_stays_live_while_its_deal_is_paused_and_is_settled(
    client: FlaskClient, worker: ModuleType
) -> None:
    owed = make.funded(2)
    with travel(make.publish_day()):
        make.live(owed)
        look.pause(client, owed.brand, owed.deal_id)
        seen = {"seen_at": work.as_text(now()), "reason": "没了"}
        report = work.post(client, owed.brand, "dlv", owed.id, "publication", "report", **seen)
        assert report.status_code == 201, report.json
        dismissed = {"upheld": False, "reason": "在的"}
        admin = somebody("platform")
        answer = work.post(client, admin, "dlv", owed.id, "publication", "decide", **dismissed)
        assert answer.status_code == 200, answer.json
        with travel(now() + timedelta(days=95)):
            work.clock(worker)
            assert (make.status(owed.id), make.deal_status(owed)) == ("done", "paused")


def test_a_pause_holds_the_other_side_for_fourteen_days_in_all(client: FlaskClient) -> None:
    owed = make.funded()
    began = now()
    look.pause(client, owed.brand, owed.deal_id)
    with travel(began + timedelta(days=10)):
        before = look.everything(owed.deal_id)
        answer = look.resume(client, owed.maker, owed.deal_id)
        assert (answer.status_code, answer.json["rule"]) == (409, "paused_by_other"), answer.json
        assert look.everything(owed.deal_id) == before
        look.resume(client, owed.brand, owed.deal_id)
        look.pause(client, owed.brand, owed.deal_id, "还没好")
    with travel(began + timedelta(days=13)):
        assert look.resume(client, owed.maker, owed.deal_id).status_code == 409
    with travel(began + timedelta(days=15)):
        assert look.resume(client, owed.maker, owed.deal_id).json["status"] == "active"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": 5}, {"reason": "a" * 2001}])
def test_a_pause_without_a_reason_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    owed = make.funded()
    before = look.everything(owed.deal_id)
    answer = client.post(look.path(owed.deal_id, "pause"), json=body, headers=owed.brand.once())
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/reason")
    assert look.everything(owed.deal_id) == before


def test_what_is_not_under_way_and_what_is_all_live_is_not_paused(client: FlaskClient) -> None:
    unpaid, owed = make.agreed(), make.funded()
    answer = look.pause(client, unpaid.brand, unpaid.deal_id)
    assert (answer.status_code, answer.json["state"]) == (409, "agreed")
    answer = look.resume(client, owed.brand, owed.deal_id)
    assert (answer.status_code, answer.json["state"]) == (409, "active")
    with travel(make.publish_day()):
        make.live(owed)
        answer = look.pause(client, owed.brand, owed.deal_id)
        assert (answer.status_code, answer.json["rule"]) == (409, "nothing_waits")


def test_only_the_sides_pause_and_an_agency_while_its_mandate_runs(client: FlaskClient) -> None:
    owed = make.funded(agency=True)
    for who, code in ((somebody("platform"), 403), (somebody("brand"), 404), (somebody("creator"), 404)):
        assert look.pause(client, who, owed.deal_id).status_code == code
    with owning() as session:
        over = sa.update(Mandate).where(Mandate.agency_id == owed.maker.party_id)
        session.execute(over.values(ends_on=now().date() + timedelta(days=1)))
    with travel(now() + timedelta(days=3)):
        assert look.pause(client, owed.maker, owed.deal_id).status_code == 403
        assert look.pause(client, owed.creator, owed.deal_id).status_code == 200
