"""Take released money back: one person of the platform asks for it with a reason, and another one confirms it.

Each of those who got a share pays back as they got it: first what waits for them and what is at their disposal, and
the rest they owe, which is taken from what they earn next. The brand has it again at once.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.core.states import move_row, require_role, wrong_state
from marketplace.ledger import service as ledger
from marketplace.ledger.service import Posting
from marketplace.payments import money_accounts, payouts, policy
from marketplace.payments.models import ClawBack, ClawBackStatus, Payment, SettledShares
from marketplace.payments.payment_shares import clawed_back
from marketplace.payments.payouts import PayoutOrigin
from marketplace.payments.service import parties_of, shares_settled
from marketplace.payments.states import CLAW_BACK_TRANSITIONS, PAYMENT_TRANSITIONS


def ask(session: Session, actor: Actor, payment_id: UUID, *, amount: Money, reason: str) -> ClawBack:
    """Ask for released money to be paid back. Raises WrongState, Conflict (one is asked for already), InvalidInput."""
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        payment = db.lock(session, Payment, payment_id)
        rule = PAYMENT_TRANSITIONS["claw_back"]
        require_role(rule, "claw_back", actor)
        if payment.status not in rule.sources:
            raise wrong_state(rule, "claw_back", payment.status)
        _require_released(payment, amount)
        if session.scalar(sa.select(ClawBack.id).filter_by(payment_id=payment_id, status=ClawBackStatus.ASKED)):
            raise Conflict(
                Bilingual(
                    "这笔付款已有一个追回等待确认；什么都没有改动。",
                    "A claw-back of this payment waits to be confirmed already; nothing was changed.",
                )
            )
        row = ClawBack(payment_id=payment_id, amount_minor=amount.amount, reason=reason, asked_by=person_id)
        session.add(row)
        session.flush()
        events.record(session, "claw_backs.ask", row.id, actor, parties=[], payment_id=str(payment_id))
    return row


def confirm(session: Session, actor: Actor, claw_back_id: UUID) -> ClawBack:
    """Confirm, as another person than whoever asked, that released money is paid back. Raises Conflict, WrongState."""
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        asked = db.lock(session, ClawBack, claw_back_id)
        policy.require_another(person_id, asked.asked_by)
        payment = db.get(session, Payment, asked.payment_id)
        policy.require_no_side(session, person_id, parties_of(payment))
        row = _move(session, actor, claw_back_id, "confirm", person_id)
        shares = shares_settled(session, [payment.id])[payment.id]
        payment = move_row(
            session,
            Payment,
            payment.id,
            PAYMENT_TRANSITIONS,
            "claw_back",
            actor,
            parties=lambda one: [*parties_of(one), *([shares.agency_id] if shares.agency_id else [])],
            values={"moved_at": now(), "clawed_minor": row.amount_minor},
            clawed_minor=row.amount_minor,
            currency=payment.currency,
        )
        _take(session, actor, payment, shares, row)
    return row


def refuse(session: Session, actor: Actor, claw_back_id: UUID) -> ClawBack:
    """Drop a claw-back that was asked for; nothing has moved by it. Raises WrongState."""
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        db.lock(session, ClawBack, claw_back_id)
        return _move(session, actor, claw_back_id, "refuse", person_id)


def listing(session: Session, *, limit: int, starting_after: UUID | None, status: str | None = None) -> Page[ClawBack]:
    """Return the claw-backs, the newest first. For the platform alone."""
    query = sa.select(ClawBack)
    if status is not None:
        query = query.where(ClawBack.status == ClawBackStatus(status))
    return paging.page(session, query, ClawBack, limit, starting_after)


def _take(session: Session, actor: Actor, payment: Payment, shares: SettledShares, row: ClawBack) -> None:
    parties = [payment.creator_id, shares.agency_id]
    amounts = clawed_back([shares.maker_minor, shares.agency_minor, shares.fee_minor], row.amount_minor)
    concerned = [party_id for party_id in (*parties, payment.brand_id) if party_id is not None]
    money_accounts.lock_debts(session, payment.currency, concerned)
    target = money_accounts.payable(session, payment.currency, payment.brand_id)
    postings, kept = [], []
    for party_id, amount in zip(parties, amounts[:2], strict=True):
        if party_id is None or not amount:
            continue
        withdrawn = payouts.withdraw_waiting(session, actor, party_id, payment.id, reason=row.reason)
        source = money_accounts.payable(session, payment.currency, party_id)
        free = ledger.available(session, source)
        taken = min(amount, free)
        if withdrawn is not None:
            kept.append((withdrawn, min(withdrawn.amount_minor, free - taken)))
        if taken:
            postings.append(Posting(source, target, taken))
        if amount > taken:
            debts = money_accounts.owed(session, payment.currency, party_id)
            postings.append(Posting(debts, target, amount - taken))
    if amounts[2]:
        postings.append(Posting(money_accounts.fee(session, payment.currency), target, amounts[2]))
    ledger.transfer(session, money_accounts.key_of("claw_backs", row.id, "confirm"), postings)
    for withdrawn, rest_minor in kept:
        payouts.keep_rest(session, actor, withdrawn, rest_minor)
    origin = PayoutOrigin(claw_back_id=row.id)
    payouts.owe(session, actor, payment.brand_id, Money(payment.currency, row.amount_minor), origin)


def _require_released(payment: Payment, amount: Money) -> None:
    released = Money(payment.currency, payment.amount_minor - payment.returned_minor)
    if amount.currency != released.currency or not 0 < amount.amount <= released.amount:
        raise InvalidInput(
            Bilingual(
                f"追回金额须在 0 与已结算的 {released.show()} 之间，货币相同；什么都没有改动。",
                f"What is taken back is above 0 and at most the {released.show()} that were released; nothing was"
                " changed.",
            )
        )


def _move(session: Session, actor: Actor, claw_back_id: UUID, name: str, person_id: UUID) -> ClawBack:
    return move_row(
        session,
        ClawBack,
        claw_back_id,
        CLAW_BACK_TRANSITIONS,
        name,
        actor,
        parties=lambda _: [],
        values={"decided_by": person_id, "decided_at": now()},
    )
