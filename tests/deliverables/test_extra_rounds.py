"""One more round of changes: asked for at the quoted price, confirmed, paid in, and only then there."""

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.deals import funding
from marketplace.deliverables import extra_rounds
from marketplace.payments.models import Payment, Payout
from marketplace.payments.money_invariants import verify
from marketplace.payments.receipts import NewReceipt
from tests.deliverables import look
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.payments import make as make_payments

PRICE = 80_000  # a tenth of the price of one video


@pytest.fixture
def owed(app: Any) -> Owed:
    """A deal whose one agreed round of the draft is used, and whose second draft waits for the brand."""
    made = make.funded()
    client = app.test_client()
    assert look.request_changes(client, made.brand, make.sent_draft(made)).status_code == 200
    make.sent_draft(made)
    return made


def ask(client: FlaskClient, owed: Owed, minor: int = PRICE, currency: str = "CNY") -> Any:
    price = {"amount_minor": minor, "currency": currency}
    return look.post(client, owed.brand, "dlv", owed.id, "rounds", kind="draft", price=price)


def answer(client: FlaskClient, who: Any, round_id: str, verb: str) -> Any:
    return client.post(f"/api/v1/rounds/{round_id}/{verb}", headers=who.once())


def pay_in(owed: Owed, minor: int) -> bool:
    first, second = make_payments.admins()
    given = NewReceipt(Money("CNY", minor), f"bank {new_id().hex}", now().date())
    with db.transaction(first.actor) as session:
        receipt = funding.record_receipt(session, first.actor, owed.deal_id, given)
    with db.transaction(second.actor) as session:
        return funding.confirm_receipt(session, second.actor, receipt.id).funded


def paid(owed: Owed) -> list[tuple[str | None, int, str]]:
    with db.transaction() as session:
        query = sa.select(Payment).where(Payment.deal_id == owed.deal_id).order_by(Payment.position)
        return [(row.milestone, row.amount_minor, str(row.status)) for row in session.scalars(query)]


def back(owed: Owed) -> list[int]:
    """What waits to be paid back to the brand."""
    with db.transaction() as session:
        return list(session.scalars(sa.select(Payout.amount_minor).where(Payout.party_id == owed.brand.party_id)))


def newest(owed: Owed) -> UUID:
    with db.transaction() as session:
        found = sa.text("SELECT id FROM deal_drafts WHERE deliverable_id = :id ORDER BY number DESC LIMIT 1")
        return session.scalars(found, {"id": owed.id}).one()


def waiting(client: FlaskClient, who: Any) -> list[str]:
    """What waits for somebody, as they read it."""
    return [one["code"] for one in client.get("/api/v1/inbox", headers=who.headers).json["data"]]


def nothing_is_wrong() -> None:
    with db.transaction() as session:
        assert verify(session).faults == []


def test_a_round_is_bought_and_counts_once_it_is_paid_in(client: FlaskClient, worker: ModuleType, owed: Owed) -> None:
    draft_id = newest(owed)
    refused = look.request_changes(client, owed.brand, draft_id)
    assert (refused.status_code, refused.json["price_minor"]) == (409, PRICE)
    asked = ask(client, owed, refused.json["price_minor"])
    assert (asked.status_code, asked.json["status"], asked.json["payment_id"]) == (201, "asked", None)
    assert waiting(client, owed.maker) == ["answer_round"]
    assert answer(client, owed.brand, asked.json["id"], "confirm").status_code == 403
    assert paid(owed) == [(None, 800_000, "held")]
    confirmed = answer(client, owed.maker, asked.json["id"], "confirm")
    assert (confirmed.status_code, confirmed.json["status"]) == (200, "confirmed")
    assert paid(owed) == [(None, 800_000, "held"), ("draft_round", PRICE, "planned")]
    assert "pay_round" in waiting(client, owed.brand)
    assert waiting(client, owed.maker) == []
    # Agreed, and not paid in: no work.
    assert look.request_changes(client, owed.brand, draft_id).status_code == 409
    assert not pay_in(owed, PRICE - 1)
    assert look.request_changes(client, owed.brand, draft_id).status_code == 409
    nothing_is_wrong()
    assert pay_in(owed, 3)  # two more than it costs, which go back
    assert back(owed) == [2]
    assert look.get(client, owed.brand, "dlv", owed.id).json["draft_rounds_left"] == 1
    assert "pay_round" not in waiting(client, owed.brand)
    assert look.request_changes(client, owed.brand, draft_id).status_code == 200
    assert look.get(client, owed.brand, "dlv", owed.id).json["draft_rounds_left"] == 0
    last = make.sent_draft(owed)
    assert look.request_changes(client, owed.brand, last).json["type"].endswith("rounds-used")
    assert look.approve(client, owed.brand, last).status_code == 200
    assert paid(owed) == [(None, 800_000, "held"), ("draft_round", PRICE, "released")]
    nothing_is_wrong()
    # What the round cost is beside the price: the video is still paid whole.
    with travel(make.publish_day()):
        assert look.publish(client, owed.maker, owed.id, make.told(owed, last)).status_code == 201
        with travel(now() + timedelta(days=92)):
            look.clock(worker)
    assert paid(owed) == [(None, 800_000, "released"), ("draft_round", PRICE, "released")]
    assert back(owed) == [2]
    nothing_is_wrong()


def test_what_cannot_be_asked_for_is_refused(client: FlaskClient, owed: Owed) -> None:
    before = look.everything(owed.deal_id)
    for minor, currency in ((PRICE - 1, "CNY"), (PRICE, "USD")):
        refused = ask(client, owed, minor, currency)
        assert (refused.status_code, refused.json["price_minor"]) == (409, PRICE)
    for minor in (-1, 0.5):
        assert ask(client, owed, minor).status_code == 422  # type: ignore[arg-type]
    price = {"amount_minor": PRICE, "currency": "CNY"}
    # A script is not what is being changed, and its round is left.
    assert look.post(client, owed.brand, "dlv", owed.id, "rounds", kind="script", price=price).status_code == 409
    assert look.everything(owed.deal_id) == before
    fresh = make.funded()
    make.sent_draft(fresh)
    assert ask(client, fresh).json["rule"] == "round_left"
    assert ask(client, owed).status_code == 201
    assert ask(client, owed).json["rule"] == "round_left"
    listed = client.get(look.path("dlv", owed.id, "rounds"), headers=owed.creator.headers).json["data"]
    assert [(one["status"], one["kind"], one["price_minor"]) for one in listed] == [("asked", "draft", PRICE)]


def test_the_maker_refuses_and_the_brand_may_ask_anew(client: FlaskClient, owed: Owed) -> None:
    first = ask(client, owed).json["id"]
    assert answer(client, owed.maker, first, "refuse").json["status"] == "refused"
    assert answer(client, owed.maker, first, "confirm").status_code == 409
    assert paid(owed) == [(None, 800_000, "held")]
    assert ask(client, owed).status_code == 201


def test_a_round_that_is_not_answered_or_paid_lapses_and_what_came_in_goes_back(
    client: FlaskClient, worker: ModuleType, owed: Owed
) -> None:
    asked = ask(client, owed).json["id"]
    with travel(now() + timedelta(hours=73)):
        look.clock(worker)
        assert answer(client, owed.maker, asked, "confirm").status_code == 409
        again = ask(client, owed).json["id"]
        assert answer(client, owed.maker, again, "confirm").status_code == 200
        assert not pay_in(owed, 500)
        with travel(now() + timedelta(days=8)):
            look.clock(worker)
            with db.transaction() as session:
                assert extra_rounds.lapse_overdue(session) == 0
    assert paid(owed) == [(None, 800_000, "held"), ("draft_round", PRICE, "lapsed")]
    assert back(owed) == [500]
    listed = client.get(look.path("dlv", owed.id, "rounds"), headers=owed.brand.headers).json["data"]
    assert [one["status"] for one in listed] == ["lapsed", "lapsed"]
    nothing_is_wrong()


def test_an_approval_ends_what_was_not_paid_in(client: FlaskClient, owed: Owed) -> None:
    asked = ask(client, owed).json["id"]
    assert answer(client, owed.maker, asked, "confirm").status_code == 200
    assert look.approve(client, owed.brand, newest(owed)).status_code == 200
    assert paid(owed) == [(None, 800_000, "held"), ("draft_round", PRICE, "lapsed")]
    nothing_is_wrong()
