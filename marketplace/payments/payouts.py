"""Pay out what parties have earned or got back: each share once, by two people or a provider, only to proven parties.

A payout sets its money aside on the party's payable account, so that nothing else spends it; paying posts the hold,
failing voids it. One whose end nobody knows is asked about, and never sent again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel, ClaimStatus
from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.core.states import move_row
from marketplace.identity.models import Party, PartyKind, PartyStatus
from marketplace.ledger import holds
from marketplace.ledger import service as ledger
from marketplace.ledger.models import LedgerHoldEnd
from marketplace.ledger.service import Posting
from marketplace.payments import money_accounts, policy
from marketplace.payments.models import MANUAL, Payment, Payout, PayoutStatus
from marketplace.payments.states import PAYOUT_TRANSITIONS

OVER = (PayoutStatus.FAILED, PayoutStatus.BOUNCED)


@dataclass(frozen=True)
class PayoutOrigin:
    """What a payout is of: one of the three."""

    payment_id: UUID | None = None
    receipt_id: UUID | None = None
    claw_back_id: UUID | None = None

    @property
    def id(self) -> UUID:
        found = self.payment_id or self.receipt_id or self.claw_back_id
        assert found is not None, "a payout is of something"
        return found


def owe(session: Session, actor: Actor, party_id: UUID, money: Money, origin: PayoutOrigin) -> Payout | None:
    """Put money that has just become payable on its way to its party, less what the party owes; None if all is owed.

    The caller acts as the system and has locked the party's debts.
    """
    settled = _settle_debt(session, party_id, money, origin)
    if settled == money.amount:
        return None
    return _wait(session, actor, party_id, Money(money.currency, money.amount - settled), origin, attempt=1)


def _settle_debt(session: Session, party_id: UUID, money: Money, origin: PayoutOrigin) -> int:
    debts = money_accounts.owed(session, money.currency, party_id)
    settled = min(money.amount, max(0, -ledger.balance(session, debts)))
    if settled:
        source = money_accounts.payable(session, money.currency, party_id)
        ledger.transfer(session, f"debts:{origin.id}:{party_id}", [Posting(source, debts, settled)])
    return settled


def _wait(
    session: Session, actor: Actor, party_id: UUID, money: Money, origin: PayoutOrigin, *, attempt: int
) -> Payout:
    source = money_accounts.payable(session, money.currency, party_id)
    hold_id = holds.place(session, f"payouts:{origin.id}:{party_id}:{attempt}", source, money.amount)
    row = Payout(
        party_id=party_id,
        payment_id=origin.payment_id,
        receipt_id=origin.receipt_id,
        claw_back_id=origin.claw_back_id,
        currency=money.currency,
        amount_minor=money.amount,
        hold_id=hold_id,
        attempt=attempt,
    )
    session.add(row)
    session.flush()
    told = {"amount_minor": money.amount, "currency": money.currency}
    events.record(session, "payouts.wait", row.id, actor, parties=[party_id], **told)
    return row


def withdraw_waiting(session: Session, actor: Actor, party_id: UUID, payment_id: UUID, *, reason: str) -> Payout | None:
    """Take back what of a payment waits to be sent to a party, and return it; None where nothing waits.

    The caller acts as the system.
    """
    waiting = sa.select(Payout).filter_by(payment_id=payment_id, party_id=party_id, status=PayoutStatus.WAITING)
    row = session.scalars(waiting.with_for_update()).one_or_none()
    if row is None:
        return None
    row = _move(session, actor, row.id, "withdraw", {"decided_at": now(), "reason": reason})
    holds.void(session, money_accounts.key_of("payouts", row.id, "withdraw"), row.hold_id)
    return row


def send(
    session: Session,
    actor: Actor,
    payout_id: UUID,
    *,
    reference: str,
    withheld_minor: int = 0,
    version: int | None = None,
) -> Payout:
    """Record that a payout was sent by bank under this reference, and how much of it was withheld as tax.

    Another person confirms it. Raises Conflict for a party or channel that is not proven, or a reference that stands
    for another payout, InvalidInput, WrongState.
    """
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        row = db.lock(session, Payout, payout_id)
        policy.require_no_side(session, person_id, [row.party_id])
        require_payable(session, row)
        _require_withheld(row, withheld_minor)
        used = sa.select(Payout.id).where(Payout.provider == MANUAL, Payout.reference == reference)
        if session.scalar(used) is not None:
            raise Conflict(
                Bilingual(
                    f"流水号 {reference} 已用于另一笔打款；什么都没有改动。",
                    f"The reference {reference} stands for another payout; nothing was changed.",
                )
            )
        values = {"reference": reference, "withheld_minor": withheld_minor, "sent_by": person_id, "sent_at": now()}
        return _move(session, actor, row.id, "send", values)


def send_by(session: Session, payout_id: UUID, provider: str) -> Payout:
    """Note that a payout is about to be sent by a provider, which needs no person. Raises Conflict, WrongState."""
    with db.acting_as(session, SYSTEM):
        require_payable(session, db.lock(session, Payout, payout_id))
        return _move(session, SYSTEM, payout_id, "send", {"provider": provider, "sent_at": now()})


def confirm(session: Session, actor: Actor, payout_id: UUID) -> Payout:
    """Confirm, as another person than its sender, that a payout has reached its party. Raises Conflict, WrongState."""
    _second(session, actor, payout_id)
    return pay(session, actor, payout_id)


def fail(session: Session, actor: Actor, payout_id: UUID, *, reason: str) -> Payout:
    """Tell, as another person than whoever sent it, that a payout did not reach its party: its money is payable again.

    Raises Conflict, WrongState.
    """
    _second(session, actor, payout_id)
    return end_unpaid(session, actor, payout_id, reason=reason)


def bounce(session: Session, actor: Actor, payout_id: UUID, *, reason: str) -> Payout:
    """Tell that the bank sent a paid payout back: its transfer is reversed. Raises WrongState."""
    person_id = policy.require_person(actor) if actor.role != Role.SYSTEM else None
    with db.acting_as(session, SYSTEM):
        row = db.lock(session, Payout, payout_id)
        if person_id is not None:
            policy.require_no_side(session, person_id, [row.party_id])
        row = _move(session, actor, payout_id, "bounce", {"reason": reason})
        posted = session.scalars(sa.select(LedgerHoldEnd.transfer_id).filter_by(hold_id=row.hold_id)).one()
        assert posted is not None, "what was paid was posted"
        ledger.reverse(session, money_accounts.key_of("payouts", row.id, "bounce"), posted)
        return row


def lose_sight(session: Session, actor: Actor, payout_id: UUID) -> Payout:
    """Tell that nobody knows what became of a payout: it is asked about, and never sent again. Raises WrongState."""
    with db.acting_as(session, SYSTEM):
        db.lock(session, Payout, payout_id)
        return _move(session, actor, payout_id, "lose_sight", {})


def keep_rest(session: Session, actor: Actor, withdrawn: Payout, rest_minor: int) -> None:
    """Put what is left of a payout that was taken back on its way, if anything is. The caller acts as the system."""
    if rest_minor:
        origin = PayoutOrigin(payment_id=withdrawn.payment_id)
        money = Money(withdrawn.currency, rest_minor)
        _wait(session, actor, withdrawn.party_id, money, origin, attempt=withdrawn.attempt + 1)


def again(session: Session, actor: Actor, payout_id: UUID) -> Payout:
    """Put the money of a payout that failed, or bounced, on its way again, as a payout of its own.

    Raises WrongState while the old one may still arrive, and where it was put on its way again already.
    """
    db.get(session, Payout, payout_id, policy.payouts(actor))
    with db.acting_as(session, SYSTEM):
        row = db.lock(session, Payout, payout_id)
        origin = PayoutOrigin(row.payment_id, row.receipt_id, row.claw_back_id)
        later = sa.select(Payout.id).where(
            sa.func.coalesce(Payout.payment_id, Payout.receipt_id, Payout.claw_back_id) == origin.id,
            Payout.party_id == row.party_id,
            Payout.attempt > row.attempt,
        )
        if row.status not in OVER or session.scalar(later.limit(1)) is not None:
            raise WrongState(
                Bilingual(
                    "只有失败或被退回、且还没有重新安排的打款可以再打一次；什么都没有改动。",
                    "Only a payout that failed or bounced is sent once more, by one new payout; nothing was changed.",
                ),
                state=str(row.status),
            )
        money = Money(row.currency, row.amount_minor)
        return _wait(session, actor, row.party_id, money, origin, attempt=row.attempt + 1)


def pay(session: Session, actor: Actor, payout_id: UUID) -> Payout:
    """Post what a payout has set aside: to whoever pays it out, and what was withheld for the tax office."""
    with db.acting_as(session, SYSTEM):
        row = _move(session, actor, payout_id, "pay", {"decided_by": actor.person_id, "decided_at": now()})
        source = money_accounts.payable(session, row.currency, row.party_id)
        net = row.amount_minor - row.withheld_minor
        postings = [Posting(source, money_accounts.clearing(session, row.currency), net)]
        if row.withheld_minor:
            postings.append(Posting(source, money_accounts.tax(session, row.currency), row.withheld_minor))
        holds.post(session, money_accounts.key_of("payouts", row.id, "pay"), row.hold_id, postings)
        return row


def end_unpaid(session: Session, actor: Actor, payout_id: UUID, *, reason: str) -> Payout:
    """Let go of what a payout has set aside: it did not reach its party."""
    values = {"decided_by": actor.person_id, "decided_at": now(), "reason": reason}
    with db.acting_as(session, SYSTEM):
        row = _move(session, actor, payout_id, "fail", values)
        holds.void(session, money_accounts.key_of("payouts", row.id, "fail"), row.hold_id)
        return row


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None = None
) -> Page[Payout]:
    """Return the payouts to the actor's party, the newest first; all of them for the platform."""
    query = sa.select(Payout).where(policy.payouts(actor))
    if status is not None:
        query = query.where(Payout.status == PayoutStatus(status))
    return paging.page(session, query, Payout, limit, starting_after)


def require_payable(session: Session, row: Payout) -> None:
    """Raises Conflict for a party that is suspended or not known to be who it says: a creator by the proven channel of
    the payment, others by an admin's verification."""
    party = session.get_one(Party, row.party_id)
    if party.status == PartyStatus.SUSPENDED:
        raise Conflict(
            Bilingual("收款方已被暂停，不能打款；什么都没有改动。", "The party is suspended: nothing was paid out.")
        )
    if party.kind == PartyKind.CREATOR and row.payment_id is not None:
        payment = session.get_one(Payment, row.payment_id)
        channel = session.get_one(Channel, payment.channel_id)
        if channel.claim_status != ClaimStatus.PROVEN or channel.creator_id != party.id:
            raise Conflict(
                Bilingual(
                    "这个账号还没有证实属于收款方，不能打款：请先核对认领；什么都没有改动。",
                    "The channel is not proven to be this party's, so nothing was paid: have its claim proven first.",
                )
            )
    elif party.verified_at is None:
        raise Conflict(
            Bilingual(
                "收款方还没有核验，不能打款：请先核验主体；什么都没有改动。",
                "The party is not verified, so nothing was paid out: have it verified first.",
            )
        )


def _require_withheld(row: Payout, withheld_minor: int) -> None:
    if not 0 <= withheld_minor < row.amount_minor:
        shown = Money(row.currency, row.amount_minor).show()
        raise InvalidInput(
            Bilingual(
                f"代扣税款须小于打款金额 {shown}；什么都没有改动。",
                f"What is withheld is less than the {shown} that are paid out; nothing was changed.",
            )
        )


def _second(session: Session, actor: Actor, payout_id: UUID) -> None:
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        row = db.lock(session, Payout, payout_id)
        policy.require_another(person_id, row.sent_by)
        policy.require_no_side(session, person_id, [row.party_id])


def _move(session: Session, actor: Actor, payout_id: UUID, name: str, values: Mapping[str, object]) -> Payout:
    return move_row(
        session,
        Payout,
        payout_id,
        PAYOUT_TRANSITIONS,
        name,
        actor,
        parties=lambda row: [row.party_id],
        values=values,
    )
