"""The tables of payments, receipts, payouts and claw-backs, walked: each state, transition and role."""

from itertools import product
from typing import Any

import pytest
from flask import Flask

from marketplace.core.actor import Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.states import Transitions
from marketplace.payments.models import (
    ClawBack,
    ClawBackStatus,
    Payment,
    PaymentStatus,
    Payout,
    PayoutStatus,
    Receipt,
    ReceiptStatus,
)
from marketplace.payments.provider.models import PayInRequest, PayInStatus
from marketplace.payments.states import (
    CLAW_BACK_TRANSITIONS,
    PAY_IN_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    PAYOUT_TRANSITIONS,
    RECEIPT_TRANSITIONS,
)
from tests.make.state_walks import step

ANY = {"amount_minor": 5, "currency": "CNY"}


def of_payment(status: PaymentStatus) -> Payment:
    named = {name: new_id() for name in ("deal_id", "brand_id", "creator_id", "channel_id")}
    return Payment(
        **named,
        **ANY,  # type: ignore[arg-type]
        position=1,
        deliverable_id=None,
        milestone=None,
        agency_id=None,
        fee_basis_points=0,
        status=status,
    )


def of_receipt(status: ReceiptStatus) -> Receipt:
    named = {"deal_id": new_id(), "brand_id": new_id(), "provider": "manual", "reference": "a", "recorded_by": None}
    return Receipt(**named, **ANY, received_on=now().date(), status=status)  # type: ignore[arg-type]


def of_payout(status: PayoutStatus) -> Payout:
    named = {"party_id": new_id(), "payment_id": new_id(), "receipt_id": None, "claw_back_id": None}
    return Payout(**named, **ANY, hold_id=new_id(), status=status)  # type: ignore[arg-type]


def of_pay_in(status: PayInStatus) -> PayInRequest:
    named = {"deal_id": new_id(), "brand_id": new_id(), "provider": "http", "look_at": now()}
    return PayInRequest(**named, **ANY, status=status)  # type: ignore[arg-type]


def of_claw_back(status: ClawBackStatus) -> ClawBack:
    return ClawBack(payment_id=new_id(), amount_minor=5, reason="a", asked_by=new_id(), status=status)


TABLES: dict[str, tuple[Transitions, Any, Any, set[str]]] = {
    "payment": (PAYMENT_TRANSITIONS, PaymentStatus, of_payment, {"returned", "owed", "lapsed"}),
    "receipt": (RECEIPT_TRANSITIONS, ReceiptStatus, of_receipt, {"confirmed", "refused"}),
    "payout": (PAYOUT_TRANSITIONS, PayoutStatus, of_payout, {"failed", "bounced"}),
    "pay-in": (PAY_IN_TRANSITIONS, PayInStatus, of_pay_in, {"paid", "ended"}),
    "claw-back": (CLAW_BACK_TRANSITIONS, ClawBackStatus, of_claw_back, {"confirmed", "refused"}),
}


@pytest.mark.parametrize("name", TABLES)
def test_nothing_moves_but_as_the_table_says(app: Flask, name: str) -> None:
    table, kind, make, _ = TABLES[name]
    for move, status, role in product(table, kind, Role):
        step(table, make(status), move, role)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_and_ended_ones_stay_ended(name: str) -> None:
    table, kind, _, ended = TABLES[name]
    start = next(iter(kind))
    assert {rule.target for rule in table.values()} | {start} == set(kind)
    assert {str(one) for one in kind} - {str(one) for rule in table.values() for one in rule.sources} == ended


def test_no_money_moves_by_a_side_alone_and_what_is_sent_is_never_sent_again() -> None:
    for move in ("release", "fund", "decide_to_release", "decide_to_split", "decide_to_give_back", "claw_back"):
        assert PAYMENT_TRANSITIONS[move].roles <= {Role.ADMIN, Role.SYSTEM}
    assert {str(one) for one in PAYOUT_TRANSITIONS["send"].sources} == {"waiting"}
