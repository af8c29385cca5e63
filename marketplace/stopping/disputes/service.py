"""Dispute a deal: a side opens it, both show what they have, and what is held meanwhile stays where it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.checks.models import VideoCheck
from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.deals import policy
from marketplace.deals import service as deals
from marketplace.deals.models import Deal, Deliverable, DeliverableStatus
from marketplace.deliverables import publishing
from marketplace.deliverables.models import Draft, Publication, Script, TakedownReport
from marketplace.payments import service as payments
from marketplace.payments.models import PaymentStatus
from marketplace.stopping import stop_records
from marketplace.stopping.disputes import dispute_refusals
from marketplace.stopping.disputes.models import Dispute, DisputeEvidence, DisputeStatus
from marketplace.stopping.models import StopOutcome

# How long both sides have to show what they have.
ANSWER_TIME = timedelta(days=7)
ENDED = (DeliverableStatus.DONE, DeliverableStatus.CANCELLED)
_SHOWN: Mapping[str, Any] = {
    "script_id": Script,
    "draft_id": Draft,
    "check_id": VideoCheck,
    "publication_id": Publication,
}


@dataclass(frozen=True)
class ShownDispute:
    """A dispute with what both sides have shown. What is proposed is the platform's own until it is decided."""

    row: Dispute
    evidence: Sequence[DisputeEvidence]
    shows_proposal: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def outcome(self) -> Any:
        return self.row.outcome if self.shows_proposal else None

    @property
    def decision(self) -> str | None:
        return self.row.decision if self.shows_proposal else None

    @property
    def amounts(self) -> list[Mapping[str, Any]]:
        found = (self.row.amounts or {}) if self.shows_proposal else {}
        return [{"deliverable_id": UUID(id_), "due_minor": minor} for id_, minor in sorted(found.items())]


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.exists().where(Deal.id == Dispute.deal_id, policy.visible(actor))


def open_one(
    session: Session, actor: Actor, deal_id: UUID, *, reason: str, deliverable_ids: Sequence[UUID] | None
) -> Dispute:
    """Dispute deliverables of a deal, all that are not over by default, with a reason that both sides read: the work
    stands still, and what is held for them is frozen. Raises NotFound, NotAllowed, WrongState, InvalidInput."""
    deal = stop_records.held(session, actor, deal_id)
    deals.apply(session, actor, deal, "dispute", **deals.event_data(deal), reason=reason)
    open_ = [row.id for row in undecided(session, deal)]
    wanted = list(dict.fromkeys(deliverable_ids)) if deliverable_ids else open_
    errors = [
        FieldError(f"/deliverable_ids/{index}", dispute_refusals.NOT_OF_THE_DEAL)
        for index, id_ in enumerate(deliverable_ids or ())
        if id_ not in open_
    ]
    if errors:
        raise InvalidInput(errors=errors)
    _freeze(session, actor, deal, wanted)
    row = _begin(session, actor, deal, wanted, reason)
    show(session, actor, row.id, body=reason)
    return row


def decide_takedown(
    session: Session, actor: Actor, deliverable_id: UUID, *, upheld: bool, reason: str
) -> TakedownReport:
    """Decide, as the platform, on a report of a takedown; one that is upheld ends in a dispute, in which both sides are
    heard. Raises what `publishing.decide` raises."""
    report = publishing.decide(session, actor, deliverable_id, upheld=upheld, reason=reason)
    if upheld:
        deal = db.lock(session, Deal, session.get_one(Deliverable, deliverable_id).deal_id)
        with db.acting_as(session, SYSTEM):
            _begin(session, SYSTEM, deal, [deliverable_id], reason)
    return report


def show(session: Session, actor: Actor, dispute_id: UUID, *, body: str, **shown: UUID | None) -> Dispute:
    """Show, as a side, words and what of the deal they are about. Raises NotFound, NotAllowed, WrongState (a decision
    is proposed), InvalidInput."""
    found = db.get(session, Dispute, dispute_id, visible(actor))
    deal = stop_records.held(session, actor, found.deal_id)
    row = db.lock(session, Dispute, dispute_id)
    if row.status != DisputeStatus.OPEN:
        raise WrongState(dispute_refusals.EVIDENCE_IS_CLOSED, state=str(row.status))
    errors = [
        FieldError(f"/{name}", dispute_refusals.NOT_SHOWN_HERE)
        for name, id_ in shown.items()
        if id_ is not None and not _is_of(session, deal, _SHOWN[name], id_)
    ]
    if errors:
        raise InvalidInput(errors=errors)
    assert actor.party_id is not None
    about: dict[str, Any] = shown
    session.add(
        DisputeEvidence(
            dispute_id=row.id,
            side=policy.side_of(actor),
            party_id=actor.party_id,
            person_id=actor.person_id,
            body=body,
            **about,
        )
    )
    row.version += 1
    session.flush()
    events.record(session, "disputes.show", row.id, actor, parties=deal.parties, deal_id=str(deal.id))
    return row


def find(session: Session, actor: Actor, dispute_id: UUID) -> ShownDispute:
    """Return a dispute. Raises NotFound."""
    return _shown(session, actor, [db.get(session, Dispute, dispute_id, visible(actor))])[0]


def listing(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    deal_id: UUID | None = None,
) -> Page[ShownDispute]:
    """Return the disputes of the actor's deals, the newest first; all of them for admins."""
    query = paging.only(sa.select(Dispute).where(visible(actor)), {Dispute.status: status, Dispute.deal_id: deal_id})
    page = paging.page(session, query, Dispute, limit, starting_after)
    return Page(_shown(session, actor, page.data), page.has_more)


def undecided(session: Session, deal: Deal) -> Sequence[Deliverable]:
    """Return what of a deal is not over, what was taken down included, in the order of the terms."""
    query = sa.select(Deliverable).where(Deliverable.deal_id == deal.id, Deliverable.status.not_in(ENDED))
    return session.scalars(query.order_by(Deliverable.position)).all()


def _begin(session: Session, actor: Actor, deal: Deal, deliverable_ids: Sequence[UUID], reason: str) -> Dispute:
    if deal.stopped_at is None:
        deal.stopped_at = now()
    stop_records.end_open(session, actor, deal.id, StopOutcome.DISPUTED)
    row = Dispute(
        deal_id=deal.id,
        deliverable_ids=list(deliverable_ids),
        reason=reason,
        answer_by=now() + ANSWER_TIME,
        side=stop_records.side_of(actor),
        party_id=actor.party_id,
        person_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    said = {"deal_id": str(deal.id), "answer_by": row.answer_by.isoformat()}
    events.record(session, "disputes.open", row.id, actor, parties=deal.parties, **said)
    return row


def _freeze(session: Session, actor: Actor, deal: Deal, deliverable_ids: Sequence[UUID]) -> None:
    for payment in payments.of_deal(session, deal.id):
        if payment.deliverable_id in deliverable_ids and payment.status == PaymentStatus.HELD:
            payments.freeze(session, actor, payment.id)


def _is_of(session: Session, deal: Deal, model: Any, id_: UUID) -> bool:
    query = sa.select(model.id).join(Deliverable, Deliverable.id == model.deliverable_id)
    with db.acting_as(session, SYSTEM):
        return session.scalar(query.where(model.id == id_, Deliverable.deal_id == deal.id)) is not None


def _shown(session: Session, actor: Actor, rows: Sequence[Dispute]) -> list[ShownDispute]:
    query = sa.select(DisputeEvidence).where(DisputeEvidence.dispute_id.in_([row.id for row in rows]))
    by_dispute: dict[UUID, list[DisputeEvidence]] = {}
    for one in session.scalars(query.order_by(DisputeEvidence.id)):
        by_dispute.setdefault(one.dispute_id, []).append(one)
    return [
        ShownDispute(row, by_dispute.get(row.id, []), actor.sees_all or row.status == DisputeStatus.DECIDED)
        for row in rows
    ]
