"""Who acts for the maker's side of a deal, and which agency sees it."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.deals.models import Deal, DealSignature, DealTerms, Deliverable
from marketplace.identity.models import TIMEZONE, Mandate, Party
from tests.bids.look import path as bid_path
from tests.deals import look
from tests.deals.look import confirm, counter, everything, shown
from tests.make import bids as make
from tests.make import moments
from tests.make.offered_deals import Offered, offered
from tests.make.people import Somebody


def by_agency() -> tuple[Offered, Somebody]:
    there = make.market()
    agency = make.agency_of(there.creator.party_id, to_days=5)
    return offered(there=there, by=agency), agency


def test_the_agency_that_placed_the_bid_answers_for_its_creator(client: FlaskClient) -> None:
    deal, agency = by_agency()
    found = shown(client, agency, deal.deal_id)
    assert found["agency_id"] == ids.show("pty", agency.party_id)
    assert found["names"]["agency_name"].startswith("agency")
    answer = confirm(client, agency, deal.deal_id)
    assert [(one["side"], one["party_name"]) for one in answer.json["signatures"]][1] == (
        "maker",
        found["names"]["agency_name"],
    )


@pytest.mark.parametrize("timezone", [TIMEZONE, "America/Los_Angeles"])
def test_a_mandate_ends_at_midnight_of_the_deals_time_zone_and_the_creator_can_still_confirm(
    client: FlaskClient, timezone: str
) -> None:
    there = make.market()
    with db.transaction() as session:
        session.get_one(Party, there.creator.party_id).timezone = timezone
    today = now().astimezone(ZoneInfo(timezone)).date()
    agency = make.agency_of(there.creator.party_id)
    with db.transaction() as session:
        row = session.scalars(sa.select(Mandate).where(Mandate.creator_id == there.creator.party_id)).one()
        row.ends_on = today + timedelta(days=1)
    deal = offered(there=there, by=agency)
    with db.transaction() as session:
        # The days of a deal stay those of its own zone.
        session.get_one(Party, there.creator.party_id).timezone = "Pacific/Kiritimati"
    midnight = datetime.combine(today + timedelta(days=2), datetime.min.time(), ZoneInfo(timezone))
    before = everything(deal.deal_id)
    with moments.travel(midnight + timedelta(seconds=1)):
        for answer in (
            confirm(client, agency, deal.deal_id),
            counter(client, agency, deal.deal_id, keep_live_days=9),
            look.leave(client, agency, deal.deal_id, "decline"),
        ):
            assert answer.status_code == 403, answer.json
        assert everything(deal.deal_id) == before
        # It still reads the deal whose terms it made.
        assert shown(client, agency, deal.deal_id)["status"] == "offered"
        assert confirm(client, deal.creator, deal.deal_id).json["status"] == "agreed"


def test_until_midnight_the_agency_can_confirm(client: FlaskClient) -> None:
    deal, agency = by_agency()
    day = now().astimezone(ZoneInfo(TIMEZONE)).date() + timedelta(days=1)
    with db.transaction() as session:
        session.scalars(sa.select(Mandate).where(Mandate.agency_id == agency.party_id)).one().ends_on = day
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(TIMEZONE))
    with moments.travel(midnight - timedelta(seconds=30)):
        assert confirm(client, agency, deal.deal_id).json["status"] == "agreed"


@pytest.mark.parametrize("placed_by", ["agency", "creator"])
def test_a_new_agency_sees_nothing_of_a_deal_events_included(client: FlaskClient, placed_by: str) -> None:
    deal = by_agency()[0] if placed_by == "agency" else offered()
    newcomer = make.agency_of(deal.creator.party_id, from_days=-1)
    assert counter(client, deal.creator, deal.deal_id, keep_live_days=30).status_code == 200
    assert confirm(client, deal.brand, deal.deal_id).status_code == 200
    for address in (look.path(deal.deal_id), look.path(deal.deal_id, "terms")):
        assert client.get(address, headers=newcomer.headers).status_code == 404
    assert client.get(look.API, headers=newcomer.headers).json["data"] == []
    assert confirm(client, newcomer, deal.deal_id).status_code == 404
    stream = client.get("/api/v1/events?limit=100", headers=newcomer.headers).json["data"]
    assert not [event for event in stream if event["kind"].startswith(("deals.", "deliverables."))]
    # Neither does row-level security show it: the second net under the conditions in the code.
    with db.transaction(newcomer.actor) as session:
        for model in (Deal, DealTerms, DealSignature, Deliverable):
            assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
        kinds = session.scalars(sa.select(Event.kind).where(Event.subject_id == deal.deal_id)).all()
        assert kinds == []
    with db.transaction(deal.creator.actor) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Deal)) == 1


def test_of_a_bid_in_person_the_only_agency_of_that_day_may_act_and_of_several_none(client: FlaskClient) -> None:
    there = make.market()
    only = make.agency_of(there.creator.party_id)
    deal = offered(there=there)
    assert shown(client, only, deal.deal_id)["your_side"] == "maker"
    assert confirm(client, only, deal.deal_id).json["status"] == "agreed"
    elsewhere = make.market()
    several = [make.agency_of(elsewhere.creator.party_id) for _ in range(2)]
    second = offered(there=elsewhere)
    assert shown(client, second.creator, second.deal_id)["agency_id"] is None
    for agency in several:
        assert client.get(look.path(second.deal_id), headers=agency.headers).status_code == 404
        answer = client.post(bid_path(second.bid_id, "step-back"), json={"reason": "x"}, headers=agency.once())
        assert answer.status_code == 403
    assert shown(client, second.creator, second.deal_id)["status"] == "offered"


def test_terms_tell_the_brand_nothing_of_the_agencys_share(client: FlaskClient) -> None:
    deal, _ = by_agency()
    content = look.terms(client, deal.brand, deal.deal_id)[0]["content"]
    assert set(content["agency"]) == {"party_id", "name"}
    assert not re.search(r"\b3000\b", str(content))
