"""What a confirmed deal promises of its channel's days, and what keeps it from being confirmed."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.deals import lapsing
from marketplace.deals.models import Deal, DealSignature, DealTerms, Deliverable
from marketplace.pacing.models import ExclusivityWindow, PacingBooking
from tests.bids.look import path as bid_path
from tests.deals import look
from tests.deals.look import confirm, counter, everything, shown, terms
from tests.make import bids as make
from tests.make import pacing as make_pacing
from tests.make.bids import Market
from tests.make.offered_deals import Offered, offered
from tests.make.people import Somebody
from tests.market import owning


def windows(channel_id: UUID) -> list[tuple[str, date, date]]:
    with db.transaction() as session:
        query = sa.select(ExclusivityWindow).where(ExclusivityWindow.channel_id == channel_id)
        rows = session.scalars(query.order_by(ExclusivityWindow.during)).all()
        return [(row.competitor_key, row.starts_on, row.ends_on) for row in rows]


def bookings(deal_id: UUID) -> list[PacingBooking]:
    with db.transaction() as session:
        query = sa.select(PacingBooking).where(PacingBooking.deal_id == deal_id).order_by(PacingBooking.position)
        return list(session.scalars(query))


def beside(deal: Offered, brand: Somebody | None = None, **changes: Any) -> Offered:
    """Another deal of the same channel: of another brand, or of this one."""
    market = make.market(brand=brand, creator=deal.creator)
    return offered(there=Market(market.brand, deal.creator, market.brief_id, deal.there.channel_id), **changes)


def test_signing_writes_the_window_and_books_the_videos(client: FlaskClient) -> None:
    deal = offered()
    content = terms(client, deal.brand, deal.deal_id)[0]["content"]
    assert (windows(deal.there.channel_id), bookings(deal.deal_id)) == ([], [])
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    first = date.fromisoformat(min(line["publish_starts_on"] for line in content["deliverables"]))
    last = date.fromisoformat(max(line["due_on"] for line in content["deliverables"])) + timedelta(days=60)
    assert windows(deal.there.channel_id) == [("category:food", first, last)]
    booked = bookings(deal.deal_id)
    # Pictures take no room.
    assert [row.position for row in booked] == [1, 2, 3, 4]
    assert [(row.first_on.isoformat(), row.last_on.isoformat()) for row in booked] == [
        (line["publish_starts_on"], line["due_on"]) for line in content["deliverables"][:4]
    ]
    assert booked[0].plan == content["plans"][0]["plan"]


def test_bookings_take_the_place_of_what_the_bid_promised(client: FlaskClient) -> None:
    deal = offered()
    address = f"/api/v1/channels/{ids.show('chn', deal.there.channel_id)}/pacing"
    before = client.get(address, headers=deal.creator.headers).json["figures"]
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    assert client.get(address, headers=deal.creator.headers).json["figures"] == before


def test_another_brands_window_refuses_the_signature(client: FlaskClient) -> None:
    deal = offered()
    rival = beside(deal)
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    before = everything(rival.deal_id)
    answer = confirm(client, rival.creator, rival.deal_id)
    assert (answer.status_code, answer.json["rule"]) == (409, "exclusive_elsewhere")
    assert str(windows(deal.there.channel_id)[0][1]) in answer.json["detail"]
    # Whom it is promised to is nobody's business.
    assert shown(client, deal.brand, deal.deal_id)["names"]["brand_name"] not in answer.json["detail"]
    assert everything(rival.deal_id) == before


def test_videos_that_are_owed_to_another_brand_refuse_a_promise_over_their_days(client: FlaskClient) -> None:
    plain = {"usage": None, "whitelisting": None, "raw_files": None, "exclusivity": None}
    deal = offered(rights=plain)
    rival = beside(deal)
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    before = everything(rival.deal_id)
    answer = confirm(client, rival.creator, rival.deal_id)
    assert (answer.status_code, answer.json["rule"]) == (409, "exclusive_elsewhere")
    assert everything(rival.deal_id) == before


def test_two_deals_of_one_brand_share_their_window(client: FlaskClient) -> None:
    deal = offered()
    second = beside(deal, brand=deal.brand)
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    assert counter(client, second.creator, second.deal_id, exclusivity_days=90).status_code == 200
    assert confirm(client, second.brand, second.deal_id).status_code == 200
    found = windows(deal.there.channel_id)
    assert len(found) == 2
    assert found[1][1] == found[0][2] + timedelta(days=1)
    assert found[1][2] == found[0][2] + timedelta(days=30)


def test_the_channels_own_rule_refuses_days_without_room(client: FlaskClient) -> None:
    deal = offered()
    with db.transaction() as session:
        session.get_one(Channel, deal.there.channel_id).pacing = make_pacing.rule(gap_days=60)
    before = everything(deal.deal_id)
    answer = confirm(client, deal.creator, deal.deal_id)
    assert (answer.status_code, answer.json["rule"]) == (409, "pacing_full")
    assert everything(deal.deal_id) == before


def lapse() -> int:
    with db.transaction() as session:
        return lapsing.lapse_overdue(session)


def test_unfunded_it_lapses_after_seven_days_and_its_days_are_free(client: FlaskClient) -> None:
    deal = offered()
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    lapse()
    assert shown(client, deal.brand, deal.deal_id)["status"] == "agreed"
    with db.transaction() as session:
        session.get_one(Deal, deal.deal_id).fund_by = now()
    assert lapse() >= 1
    found = shown(client, deal.brand, deal.deal_id)
    assert found["status"] == "lapsed"
    assert {one["status"] for one in found["deliverables"]} == {"cancelled"}
    assert (windows(deal.there.channel_id), bookings(deal.deal_id)) == ([], [])
    bid = client.get(bid_path(deal.bid_id), headers=deal.creator.headers).json
    assert (bid["status"], bid["accepted_cost"]) == ("open", None)
    last = look.events(deal.deal_id)[-1]
    assert (last.kind, last.actor_role) == ("deals.lapse", "system")
    before = everything(deal.deal_id)
    lapse()
    assert everything(deal.deal_id) == before


def test_what_was_confirmed_is_never_changed(client: FlaskClient) -> None:
    deal = offered()
    assert confirm(client, deal.creator, deal.deal_id).status_code == 200
    for statement in (
        "UPDATE deal_terms SET content = '{}'",
        "DELETE FROM deal_terms",
        "UPDATE deal_signatures SET typed_name = 'x'",
        "DELETE FROM deal_signatures",
        "TRUNCATE deal_signatures",
    ):
        with pytest.raises(sa.exc.DBAPIError) as refused, owning() as session:
            session.execute(sa.text(statement))
        assert isinstance(refused.value.orig, psycopg.errors.IntegrityConstraintViolation), statement
    with db.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).where(DealTerms.deal_id == deal.deal_id)) == 1
        assert session.scalar(sa.select(sa.func.count()).where(DealSignature.deal_id == deal.deal_id)) == 2
        signature = session.scalars(sa.select(DealSignature).where(DealSignature.deal_id == deal.deal_id)).first()
        assert signature is not None
    # A signature is of a version that is there, and of its hash.
    with pytest.raises(sa.exc.IntegrityError), db.transaction() as session:
        session.add(
            DealSignature(
                **{
                    name: getattr(signature, name)
                    for name in ("deal_id", "terms_id", "party_id", "key_kind", "signed_at")
                },
                side="maker",
                content_hash="0" * 64,
            )
        )


def test_the_sum_of_what_is_owed_is_the_price_to_the_fen(client: FlaskClient) -> None:
    deal = offered(price={"model": "flat", "amount": {"amount_minor": 8_000_003, "currency": "CNY"}}, options=[])
    found = confirm(client, deal.creator, deal.deal_id).json
    assert Money("CNY", sum(one["price_minor"] for one in found["deliverables"])) == Money("CNY", found["total_minor"])
    with db.transaction() as session:
        rows = session.scalars(sa.select(Deliverable).where(Deliverable.deal_id == deal.deal_id)).all()
        assert len(rows) == 6
