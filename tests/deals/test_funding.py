"""A deal that both sides have confirmed is active once all that it costs is in escrow, by two people."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id, show
from marketplace.deals import funding, lapsing
from marketplace.deals.models import Deal, DealParty, DealTerms, Deliverable
from marketplace.deals.terms.terms_document import total_minor
from tests.ledger.test_transfers import nothing_is_wrong
from tests.make import offered_deals
from tests.make.people import Somebody
from tests.payments import make
from tests.payments.make import Paid

pytestmark = pytest.mark.usefixtures("own_market")


def signed(*prices: int) -> Paid:
    """A deal that both sides have confirmed, with a deliverable for each price; nothing is planned yet."""
    deal = make.agreed(())
    with db.transaction() as session:
        terms = DealTerms(
            deal_id=deal.deal_id,
            number=1,
            content={
                "fee_basis_points": 500,
                "split": {"day": "publication"},
                "deliverables": [{"price_minor": price} for price in prices],
                "extras": [],
            },
            content_hash=new_id().hex,
            proposed_side=DealParty.BRAND,
        )
        session.add(terms)
        session.flush()
        session.execute(sa.update(Deal).where(Deal.id == deal.deal_id).values(terms_id=terms.id))
        for position, price in enumerate(prices, 1):
            session.add(
                Deliverable(
                    deal_id=deal.deal_id,
                    position=position,
                    kind="video",
                    channel_id=deal.channel_id,
                    price_minor=price,
                    due_on=date(2026, 12, 24),
                    terms_id=terms.id,
                )
            )
    return deal


def record(client: FlaskClient, deal: Paid, who: Somebody, minor: Any, currency: str = "CNY") -> Any:
    body = {
        "amount": {"amount_minor": minor, "currency": currency},
        "reference": f"bank {new_id().hex}",
        "received_on": "2026-11-30",
    }
    return client.post(f"/api/v1/deals/{show('dea', deal.deal_id)}/receipts", json=body, headers=who.once())


def confirm(client: FlaskClient, who: Somebody, receipt: Any) -> Any:
    return client.post(f"/api/v1/receipts/{receipt['id']}/confirm", headers=who.once())


def state(deal_id: UUID) -> tuple[str, Any]:
    with db.transaction() as session:
        row = session.get_one(Deal, deal_id)
        return str(row.status), row.split_rule


def payments(client: FlaskClient, deal: Paid) -> list[tuple[int, str]]:
    path = f"/api/v1/payments?deal_id={show('dea', deal.deal_id)}"
    rows = client.get(path, headers=deal.brand.headers).json["data"]
    return [(row["amount"]["amount_minor"], row["status"]) for row in sorted(rows, key=lambda row: row["position"])]


def test_a_deal_is_active_once_the_whole_is_there(client: FlaskClient) -> None:
    deal = signed(60_000, 0, 40_000)  # what costs nothing has no payment
    part = record(client, deal, deal.first, 99_000)
    assert part.status_code == 201
    assert payments(client, deal) == [(60_000, "planned"), (40_000, "planned")]
    assert confirm(client, deal.first, part.json).status_code == 409
    waits = confirm(client, deal.second, part.json).json
    assert (waits["funded"], waits["remainder_minor"]) == (False, 1_000)
    assert state(deal.deal_id) == ("agreed", None)
    done = confirm(client, deal.second, record(client, deal, deal.first, 1_500).json).json
    assert (done["funded"], done["remainder_minor"], done["receipt"]["status"]) == (True, 0, "confirmed")
    assert state(deal.deal_id) == ("active", {"day": "publication"})
    assert payments(client, deal) == [(60_000, "held"), (40_000, "held")]
    assert (make.escrow(deal), make.payable(deal.brand)) == (100_000, 500)
    nothing_is_wrong()


def test_what_comes_in_for_a_deal_that_has_lapsed_goes_back(client: FlaskClient) -> None:
    deal = signed(60_000)
    confirm(client, deal.second, record(client, deal, deal.first, 10_000).json)
    with db.transaction() as session:
        session.execute(sa.update(Deal).where(Deal.id == deal.deal_id).values(status="lapsed"))
    late = confirm(client, deal.second, record(client, deal, deal.first, 50_000).json).json
    assert (late["funded"], state(deal.deal_id)[0]) == (False, "lapsed")
    assert payments(client, deal) == [(60_000, "lapsed")]
    assert (make.escrow(deal), make.payable(deal.brand)) == (0, 60_000)
    nothing_is_wrong()


def test_a_signed_deal_has_payments_and_what_came_in_for_one_that_lapses_goes_back(client: FlaskClient) -> None:
    deal = offered_deals.agreed(offered_deals.offered())
    planned = payments(client, deal)
    assert {status for _, status in planned} == {"planned"}
    with db.transaction() as session:
        row = session.get_one(Deal, deal.deal_id)
        assert sum(minor for minor, _ in planned) == total_minor(session.get_one(DealTerms, row.terms_id).content)
    first, second = make.admins()
    part = record(client, deal, first, 1_000)
    assert confirm(client, second, part.json).json["funded"] is False
    with db.transaction() as session:
        session.get_one(Deal, deal.deal_id).fund_by = now() - timedelta(seconds=1)
    with db.transaction() as session:
        lapsing.lapse_overdue(session)
    assert state(deal.deal_id)[0] == "lapsed"
    assert {status for _, status in payments(client, deal)} == {"lapsed"}
    assert make.payable(deal.brand) == 1_000
    nothing_is_wrong()


def test_a_deal_that_costs_nothing_is_active_once_both_have_confirmed(client: FlaskClient) -> None:
    deal = signed(0, 0)
    with db.transaction() as session:
        funding.begin(session, SYSTEM, db.lock(session, Deal, deal.deal_id))
    assert (state(deal.deal_id), payments(client, deal)) == (("active", {"day": "publication"}), [])


def test_what_cannot_be_recorded_is_refused_with_what_to_do(client: FlaskClient) -> None:
    deal, unsigned = signed(60_000), make.agreed(())
    dollars = record(client, deal, deal.first, 5, "USD")
    assert (dollars.status_code, dollars.json["errors"][0]["pointer"]) == (422, "/amount/currency")
    assert record(client, unsigned, unsigned.first, 5).status_code == 404
    for amount in (0, -1, 1.5, "5"):
        assert record(client, deal, deal.first, amount).status_code == 422
    assert record(client, deal, deal.brand, 5).status_code == 403
    assert payments(client, deal) == []
