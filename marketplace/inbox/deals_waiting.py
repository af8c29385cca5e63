"""Open duties on deals, on what they owe, and on reports that a video was taken down."""

from typing import Any

import sqlalchemy as sa

from marketplace.core.clock import now
from marketplace.core.words.duties import DutySide
from marketplace.deals import policy
from marketplace.deals.deal_duties import SCRIPT_FIRST, SILENT
from marketplace.deals.models import UNDER_WAY, Deal, DealStatus, DealTerms, Deliverable, DeliverableStatus
from marketplace.deliverables.models import Draft, ExtraRound, ExtraRoundStatus, Script, TakedownReport
from marketplace.inbox.duty_table import states_of
from marketplace.inbox.open_duty import Asker, Query, columns, end_of_day
from marketplace.payments.models import Payment, PaymentStatus
from marketplace.stopping.disputes.models import Dispute, DisputeEvidence, DisputeStatus
from marketplace.stopping.models import DealStop, StopKind
from marketplace.stopping.pausing import PAUSE_HOLDS

_SIDES = (DutySide.BRAND, DutySide.MAKER)
# As the parties read it in the terms: what it is for, and on which channel.
_ABOUT = sa.func.concat_ws(
    " · ", DealTerms.content["brief"]["title"].as_string(), DealTerms.content["channel"]["name"].as_string()
)


def _side(asker: Asker) -> DutySide | None:
    return next((side for side in _SIDES if side in asker.sides), None)


def deals(asker: Asker) -> Query | None:
    """Terms to answer, what is to be paid in, and what stands still. What was not answered in time cannot be answered
    any more; a pause waits for the side that made it, a request to cancel for the other one."""
    side = _side(asker)
    if side is None:
        return None
    pauses = sa.and_(Deal.status == DealStatus.PAUSED, DealStop.kind == StopKind.PAUSE)
    cancels = sa.and_(Deal.status == DealStatus.CANCELLING, DealStop.kind == StopKind.CANCELLATION)
    stops = sa.or_(pauses, cancels)
    is_own = sa.or_(DealStop.side.is_(None), DealStop.side == str(side))
    is_ours = sa.case((DealStop.kind == StopKind.PAUSE, is_own), else_=sa.and_(~is_own, DealStop.answer_by > now()))
    # From then on the other side may end a pause too, whatever earlier ones it has had.
    free_at = sa.case((DealStop.kind == StopKind.PAUSE, DealStop.began_at + PAUSE_HOLDS))
    answer_by = sa.func.coalesce(Deal.answer_by, DealStop.answer_by, free_at)
    return (
        sa.select(
            *columns(
                subject_id=Deal.id,
                state=Deal.status,
                side=str(side),
                by=sa.case((Deal.status == DealStatus.AGREED, Deal.fund_by), else_=answer_by),
                since=sa.func.coalesce(DealStop.began_at, Deal.agreed_at, DealTerms.created_at),
                about=_ABOUT,
            )
        )
        .join(DealTerms, DealTerms.id == Deal.terms_id)
        .outerjoin(DealStop, sa.and_(DealStop.deal_id == Deal.id, DealStop.outcome.is_(None), stops))
        .where(policy.acting(asker.actor), Deal.status.in_(states_of("deals", side)))
        .where(sa.or_(Deal.turn.is_(None), sa.and_(Deal.turn == str(side), Deal.answer_by > now())))
        .where(sa.or_(DealStop.id.is_(None), is_ours))
    )


def deliverables(asker: Asker) -> Query | None:
    """The work of deals that are active. What has no date of its own has the day by which the video is to be live."""
    side = _side(asker)
    if side is None:
        return None
    of_it = sa.select(Draft).where(Draft.deliverable_id == Deliverable.id)
    draft = of_it.order_by(Draft.number.desc()).limit(1).lateral("draft")
    scripts = sa.select(Script).where(Script.deliverable_id == Deliverable.id)
    script = scripts.order_by(Script.number.desc()).limit(1).lateral("script")
    status, script_first = Deliverable.status, DealTerms.content["script_needed"].as_boolean()
    variant = sa.case(
        (sa.and_(status == DeliverableStatus.DRAFT_SENT, draft.c.silence_approves), SILENT),
        (sa.and_(status == DeliverableStatus.PLANNED, script_first), SCRIPT_FIRST),
        else_="",
    )
    live_by = end_of_day(Deliverable.due_on, Deal.timezone)
    newest = sa.func.greatest(Deliverable.created_at, draft.c.created_at, draft.c.decided_at)
    return (
        sa.select(
            *columns(
                subject_id=Deliverable.id,
                state=status,
                side=str(side),
                variant=variant,
                by=sa.case((sa.and_(status == DeliverableStatus.DRAFT_SENT), draft.c.answer_by), else_=live_by),
                since=sa.func.greatest(newest, script.c.created_at, script.c.decided_at),
                about=_ABOUT,
                dea=Deal.id,
                drf=draft.c.id,
                scr=script.c.id,
            )
        )
        .join(Deal, Deal.id == Deliverable.deal_id)
        .join(DealTerms, DealTerms.id == Deliverable.terms_id)
        .outerjoin(draft, sa.true())
        .outerjoin(script, sa.true())
        .where(policy.acting(asker.actor), Deal.status == DealStatus.ACTIVE)
        .where(status.in_(states_of("deliverables", side)))
    )


def rounds(asker: Asker) -> Query | None:
    """Rounds that the maker has not answered, and those that the brand has not paid in."""
    side = _side(asker)
    if side is None:
        return None
    unpaid = sa.or_(Payment.id.is_(None), Payment.status == PaymentStatus.PLANNED)
    is_open = sa.or_(ExtraRound.status == ExtraRoundStatus.ASKED, sa.and_(ExtraRound.payment_id.is_not(None), unpaid))
    return (
        sa.select(
            *columns(
                subject_id=ExtraRound.id,
                state=ExtraRound.status,
                side=str(side),
                by=ExtraRound.answer_by,
                since=ExtraRound.created_at,
                about=_ABOUT,
                dea=Deal.id,
                dlv=Deliverable.id,
            )
        )
        .join(Deliverable, Deliverable.id == ExtraRound.deliverable_id)
        .join(Deal, Deal.id == Deliverable.deal_id)
        .join(DealTerms, DealTerms.id == Deliverable.terms_id)
        .outerjoin(Payment, Payment.id == ExtraRound.payment_id)
        .where(policy.acting(asker.actor), Deal.status == DealStatus.ACTIVE, ExtraRound.answer_by > now(), is_open)
        .where(ExtraRound.status.in_(states_of("extra_rounds", side)))
    )


def takedowns(asker: Asker) -> Query | None:
    """Reports that an administrator decides on, while their deal is under way."""
    if DutySide.ADMIN not in asker.sides:
        return None
    return (
        sa.select(
            *columns(
                subject_id=TakedownReport.id,
                state=TakedownReport.status,
                side=str(DutySide.ADMIN),
                by=sa.null(),
                since=TakedownReport.created_at,
                about=_ABOUT,
                dea=Deal.id,
                dlv=Deliverable.id,
            )
        )
        .join(Deliverable, Deliverable.id == TakedownReport.deliverable_id)
        .join(Deal, Deal.id == Deliverable.deal_id)
        .join(DealTerms, DealTerms.id == Deliverable.terms_id)
        .where(TakedownReport.status.in_(states_of("takedown_reports", DutySide.ADMIN)))
        .where(Deal.status.in_(UNDER_WAY))
    )


def disputes(asker: Asker) -> Query | None:
    """Disputes in which a side has not been heard and has time left; then one admin proposes, and another confirms."""
    side = _side(asker)
    if side is None and DutySide.ADMIN not in asker.sides:
        return None
    heard = sa.select(DisputeEvidence.id).where(DisputeEvidence.dispute_id == Dispute.id)
    is_open = Dispute.status == DisputeStatus.OPEN
    if side is not None:
        own = heard.where(DisputeEvidence.side == str(side)).exists()
        waits = sa.and_(policy.acting(asker.actor), is_open, ~own, Dispute.answer_by > now())
        told: Any = str(side)
    else:
        both = sa.and_(*(heard.where(DisputeEvidence.side == str(one)).exists() for one in _SIDES))
        to_propose = sa.and_(is_open, sa.or_(both, Dispute.answer_by <= now()))
        to_confirm = sa.and_(Dispute.status == DisputeStatus.PROPOSED, asker.is_another(Dispute.proposed_by))
        concerned = asker.sits_in(Deal.brand_id, Deal.creator_id, sa.func.coalesce(Deal.agency_id, Deal.creator_id))
        waits = sa.and_(sa.or_(to_propose, to_confirm), ~concerned)
        told = sa.case((is_open, str(DutySide.ADMIN)), else_=str(DutySide.SECOND_ADMIN))
    return (
        sa.select(
            *columns(
                subject_id=Dispute.id,
                state=Dispute.status,
                side=told,
                by=Dispute.answer_by if side is not None else sa.null(),
                since=sa.func.coalesce(Dispute.proposed_at, Dispute.created_at),
                about=_ABOUT,
                dea=Deal.id,
            )
        )
        .join(Deal, Deal.id == Dispute.deal_id)
        .join(DealTerms, DealTerms.id == Deal.terms_id)
        .where(waits)
    )
