"""Open duties of money. A second step is offered to nobody who took the first one, and none to whom it is money of."""

from typing import Any

import sqlalchemy as sa

from marketplace.channels.models import Channel, ChannelProof, ClaimStatus, ProofStatus
from marketplace.core.clock import now
from marketplace.core.words.duties import DutySide
from marketplace.deals.models import Deal, DealStatus
from marketplace.identity.models import Party, PartyKind, PartyStatus
from marketplace.inbox.duty_table import UNPROVEN, UNVERIFIED, states_of
from marketplace.inbox.open_duty import Asker, Query, columns
from marketplace.payments.models import MANUAL, ClawBack, Payment, Payout, PayoutStatus, Receipt


def receipts(asker: Asker) -> Query | None:
    """What one person recorded and another one has to confirm."""
    if DutySide.SECOND_ADMIN not in asker.sides:
        return None
    fund_by = sa.case((Deal.status == DealStatus.AGREED, Deal.fund_by), else_=sa.null())
    return (
        sa.select(
            *columns(
                subject_id=Receipt.id,
                state=Receipt.status,
                side=str(DutySide.SECOND_ADMIN),
                by=fund_by,
                since=Receipt.created_at,
                about=Party.name,
                dea=Deal.id,
            )
        )
        .join(Deal, Deal.id == Receipt.deal_id)
        .join(Party, Party.id == Receipt.brand_id)
        .where(Receipt.status.in_(states_of("receipts", DutySide.SECOND_ADMIN)), asker.is_another(Receipt.recorded_by))
        .where(~asker.sits_in(Deal.brand_id, Deal.creator_id, sa.func.coalesce(Deal.agency_id, Deal.creator_id)))
    )


def payouts(asker: Asker) -> Query | None:
    """Payouts to send, to follow, and to send once more: by the platform, and by whose money it is."""
    is_platform = DutySide.ADMIN in asker.sides
    if not is_platform and DutySide.PAYEE not in asker.sides:
        return None
    needs_channel = sa.and_(Party.kind == PartyKind.CREATOR, Payout.payment_id.is_not(None))
    is_proven = sa.and_(Channel.claim_status == ClaimStatus.PROVEN, Channel.creator_id == Payout.party_id)
    waiting = Payout.status == PayoutStatus.WAITING
    lacks_proof = sa.and_(waiting, needs_channel, sa.not_(sa.func.coalesce(is_proven, sa.false())))
    lacks_name = sa.and_(waiting, ~needs_channel, Party.verified_at.is_(None))
    followed = (PayoutStatus.SENDING, PayoutStatus.UNKNOWN)
    side = sa.case((Payout.status.in_(followed), str(DutySide.SECOND_ADMIN)), else_=str(DutySide.ADMIN))
    if not is_platform:
        side = sa.case((lacks_proof, str(DutySide.CREATOR)), else_=str(DutySide.PAYEE))
    query = (
        sa.select(
            *columns(
                subject_id=Payout.id,
                state=Payout.status,
                side=side,
                variant=sa.case((lacks_proof, UNPROVEN), (lacks_name, UNVERIFIED), else_=""),
                by=sa.null(),
                since=sa.func.coalesce(Payout.decided_at, Payout.sent_at, Payout.created_at),
                about=Party.name,
                pty=Payout.party_id,
                chn=Payment.channel_id,
            )
        )
        .join(Party, Party.id == Payout.party_id)
        .outerjoin(Payment, Payment.id == Payout.payment_id)
        .outerjoin(Channel, Channel.id == Payment.channel_id)
        .where(Payout.status.in_(states_of("payouts", *asker.sides)), Party.status != PartyStatus.SUSPENDED, _is_last())
    )
    if not is_platform:
        offered = sa.exists().where(
            ChannelProof.channel_id == Payment.channel_id,
            ChannelProof.status == ProofStatus.ASKED,
            sa.or_(ChannelProof.expires_at.is_(None), ChannelProof.expires_at > now()),
        )
        mine = Payout.party_id == asker.actor.party_id
        return query.where(mine, sa.or_(~waiting, sa.and_(lacks_proof, ~offered)))
    by_hand = sa.or_(Payout.status.not_in(followed), Payout.provider == MANUAL)
    is_another = sa.or_(Payout.status.not_in(followed), asker.is_another(Payout.sent_by))
    return query.where(~lacks_proof, by_hand, is_another, ~asker.sits_in(Payout.party_id))


def _is_last() -> Any:
    """Match what is still to be done, not a payout that failed and was put on its way again, or was never sent."""
    later = sa.orm.aliased(Payout)
    follows = sa.exists().where(
        sa.func.coalesce(later.payment_id, later.receipt_id, later.claw_back_id)
        == sa.func.coalesce(Payout.payment_id, Payout.receipt_id, Payout.claw_back_id),
        later.party_id == Payout.party_id,
        later.attempt > Payout.attempt,
    )
    over = Payout.status.in_([PayoutStatus.FAILED, PayoutStatus.BOUNCED])
    return sa.or_(~over, sa.and_(Payout.sent_at.is_not(None), ~follows))


def claw_backs(asker: Asker) -> Query | None:
    """What one person asked to be paid back, and another one has to confirm."""
    if DutySide.SECOND_ADMIN not in asker.sides:
        return None
    return (
        sa.select(
            *columns(
                subject_id=ClawBack.id,
                state=ClawBack.status,
                side=str(DutySide.SECOND_ADMIN),
                by=sa.null(),
                since=ClawBack.created_at,
                about=Party.name,
                pay=Payment.id,
                dea=Payment.deal_id,
            )
        )
        .join(Payment, Payment.id == ClawBack.payment_id)
        .join(Party, Party.id == Payment.creator_id)
        .where(ClawBack.status.in_(states_of("claw_backs", DutySide.SECOND_ADMIN)), asker.is_another(ClawBack.asked_by))
        .where(
            ~asker.sits_in(
                Payment.brand_id, Payment.creator_id, sa.func.coalesce(Payment.agency_id, Payment.creator_id)
            )
        )
    )
