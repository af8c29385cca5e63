"""One deliverable, held for a move: its deal and itself locked in this order, and the terms that it is of."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, ids, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.core.words.state_names import state_name
from marketplace.deals import policy as deals_policy
from marketplace.deals.models import Deal, DealStatus, DealTerms, Deliverable, DeliverableStatus
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from marketplace.deals.terms.terms_document import deliverable_of, plan_of
from marketplace.deliverables import policy, work_refusals
from marketplace.deliverables.models import ExtraRound, ExtraRoundStatus
from marketplace.deliverables.work_refusals import RoundsUsed
from marketplace.identity.party_days import day_of
from marketplace.payments.models import Payment, PaymentStatus

_UNPAID = (DealStatus.OFFERED, DealStatus.AGREED)


@dataclass(frozen=True)
class OwedWork:
    """A deliverable with its deal and the content of its terms."""

    deal: Deal
    row: Deliverable
    content: Mapping[str, Any]

    @property
    def line(self) -> Mapping[str, Any]:
        """The deliverable as the terms describe it."""
        return deliverable_of(self.content, self.row.position)

    @property
    def platforms(self) -> Mapping[UUID, str]:
        """The channels on which it is published, the deal's own first, and the platform of each."""
        line = self.line
        others = {ids.read("chn", one["channel_id"]): one["platform"] for one in line.get("also_on", ())}
        return {self.row.channel_id: line["platform"], **others}

    @property
    def limits(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = plan_of(self.content, self.row.position)["limits"]
        return found

    def is_over(self, day: Any) -> bool:
        """Return whether a day is over in the deal's time zone."""
        return bool(day_of(self.deal.timezone, now()) > day)


def find(session: Session, actor: Actor, deliverable_id: UUID) -> OwedWork:
    """Return a deliverable for reading. Raises NotFound."""
    row = db.get(session, Deliverable, deliverable_id, policy.visible(actor))
    return OwedWork(session.get_one(Deal, row.deal_id), row, session.get_one(DealTerms, row.terms_id).content)


def hold(
    session: Session, actor: Actor, deliverable_id: UUID, *, while_: Collection[DealStatus] = (DealStatus.ACTIVE,)
) -> OwedWork:
    """Lock a deliverable's deal, and then itself, for a move of somebody who may act, while the deal is active or in
    another of these states.

    Raises NotFound, NotAllowed (an agency without a live mandate), WrongState (the deal is in another state).
    """
    db.get(session, Deliverable, deliverable_id, policy.visible(actor))
    owed = lock(session, deliverable_id)
    deals_policy.require_mandate(session, actor, owed.deal)
    status = owed.deal.status
    if status not in while_:
        name = state_name(status)
        refusal = work_refusals.NOT_FUNDED if status in _UNPAID else work_refusals.deal_is(name.zh, name.en)
        raise WrongState(refusal, state=str(status))
    return owed


def lock(session: Session, deliverable_id: UUID) -> OwedWork:
    """Lock a deliverable's deal, and then itself, whatever their states."""
    deal = db.lock(session, Deal, session.get_one(Deliverable, deliverable_id).deal_id)
    row = db.lock(session, Deliverable, deliverable_id)
    return OwedWork(deal, row, session.get_one(DealTerms, row.terms_id).content)


def require(owed: OwedWork, name: str, actor: Actor) -> None:
    """Raise what the move would raise by the table of states alone, before anything else is looked at."""
    rule = DELIVERABLE_TRANSITIONS[name]
    states.require_role(rule, name, actor)
    if owed.row.status not in rule.sources:
        raise states.wrong_state(rule, name, owed.row.status)


def move(session: Session, actor: Actor, owed: OwedWork, name: str, **data: Any) -> None:
    """Apply a transition to a held deliverable, and tell those whom its deal names. Raises NotAllowed, WrongState."""
    said = {"deal_id": str(owed.deal.id), "position": owed.row.position, **data}
    states.apply_transition(session, owed.row, DELIVERABLE_TRANSITIONS, name, actor, parties=owed.deal.parties, **said)
    session.flush()


def bought_rounds(session: Session, deliverable_ids: Sequence[UUID]) -> Counter[tuple[UUID, str]]:
    """Return how many further rounds of each kind these deliverables have: confirmed, and paid in where they cost."""
    query = (
        sa.select(ExtraRound.deliverable_id, ExtraRound.kind)
        .join(Payment, Payment.id == ExtraRound.payment_id, isouter=True)
        .where(
            ExtraRound.deliverable_id.in_(deliverable_ids),
            ExtraRound.status == ExtraRoundStatus.CONFIRMED,
            sa.or_(Payment.id.is_(None), Payment.status.not_in((PaymentStatus.PLANNED, PaymentStatus.LAPSED))),
        )
    )
    with db.acting_as(session, SYSTEM):
        return Counter((row.deliverable_id, str(row.kind)) for row in session.execute(query))


def rounds_left(session: Session, owed: OwedWork, kind: str) -> int:
    """Return how many rounds of changes of the `script` or the `draft` are left, bought ones included."""
    bought = bought_rounds(session, [owed.row.id])[owed.row.id, kind]
    return int(owed.content["rounds"][kind]) + bought - int(getattr(owed.row, f"{kind}_rounds_used"))


def use_round(session: Session, owed: OwedWork, kind: str) -> None:
    """Count a round of changes of the `script` or the `draft`. Raises RoundsUsed with the price of one more."""
    used, rounds = getattr(owed.row, f"{kind}_rounds_used"), owed.content["rounds"]
    if rounds_left(session, owed, kind) <= 0:
        price = Money(owed.deal.currency, rounds["one_more_minor"])
        detail: Bilingual = work_refusals.rounds_used(rounds[kind], price)
        raise RoundsUsed(detail, price_minor=price.amount, currency=price.currency, rounds=rounds[kind])
    setattr(owed.row, f"{kind}_rounds_used", used + 1)


def newest(session: Session, model: Any, deliverable_id: UUID) -> Any:
    """Return the newest script or draft of a deliverable, or None."""
    query = sa.select(model).where(model.deliverable_id == deliverable_id).order_by(model.number.desc())
    return session.scalars(query.limit(1)).first()


def require_status(owed: OwedWork, status: DeliverableStatus) -> None:
    """Raise WrongState for a deliverable in another state, for what moves it to none."""
    if owed.row.status != status:
        at, wanted = state_name(owed.row.status), state_name(status)
        raise WrongState(
            Bilingual(
                f"它现在的状态是“{at.zh}”，要“{wanted.zh}”才能这样做；什么都没有改动。",
                f"It is {at.en}, and has to be {wanted.en} for this; nothing was changed.",
            ),
            state=str(owed.row.status),
        )
