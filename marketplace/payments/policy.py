"""Who may see which payments, receipts and payouts; and that a second person is another one."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict, NotAllowed
from marketplace.core.message import Bilingual
from marketplace.identity.models import Membership
from marketplace.payments.models import Payment, Payout, Receipt, SettledShares
from marketplace.payments.provider.models import PayInRequest


def payments(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the payments of deals that name the actor's party, and those that it has a share of."""
    if actor.sees_all:
        return sa.true()
    parts = (Payment.brand_id, Payment.creator_id, Payment.agency_id)
    shared = sa.select(SettledShares.payment_id).where(SettledShares.agency_id == actor.party_id)
    return sa.or_(*(part == actor.party_id for part in parts), Payment.id.in_(shared))


def shares(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the shares of payments that the actor's party has a part of; the brand has none, nor another agency."""
    if actor.sees_all:
        return sa.true()
    return sa.or_(SettledShares.creator_id == actor.party_id, SettledShares.agency_id == actor.party_id)


def receipts(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else Receipt.brand_id == actor.party_id


def pay_ins(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else PayInRequest.brand_id == actor.party_id


def payouts(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else Payout.party_id == actor.party_id


def require_person(actor: Actor) -> UUID:
    """Return the person who acts. Raises NotAllowed for nobody in person: money is moved by people."""
    if actor.person_id is None:
        raise NotAllowed(
            Bilingual("这一步要由人来做，请以本人身份登录。", "A person has to do this: sign in as yourself.")
        )
    return actor.person_id


def require_no_side(session: Session, person_id: UUID, parties: Collection[UUID]) -> None:
    """Raises Conflict for a person who sits in a party whose money this is."""
    seats = sa.select(Membership.id).where(Membership.person_id == person_id, Membership.party_id.in_(parties))
    if session.scalar(seats.limit(1)) is not None:
        raise Conflict(
            Bilingual(
                "您属于收付款的一方：请由别人来处理，什么都没有改动。",
                "You sit in a party whose money this is: somebody else has to do it. Nothing was changed.",
            )
        )


def require_another(person_id: UUID, first: UUID | None) -> None:
    """Raises Conflict where the second person is the first one."""
    if person_id == first:
        raise Conflict(
            Bilingual(
                "第一步是您做的，要由另一个人来确认；什么都没有改动。",
                "You took the first step yourself, so somebody else has to confirm it; nothing was changed.",
            )
        )
