"""Work out what cancelling a deal costs now, and keep each quote that was shown."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.ids import new_id
from marketplace.core.words.state_names import state_name
from marketplace.deals import policy
from marketplace.deals.models import Deal, DealParty, DealStatus, DealTerms, Deliverable, DeliverableStatus
from marketplace.deliverables.models import Draft, DraftStatus, Publication, Script, ScriptStatus
from marketplace.deliverables.video_drafts import SILENCE
from marketplace.identity.party_days import day_of
from marketplace.payments import service as payments
from marketplace.payments.models import ROUND_MILESTONES, Payment, PaymentStatus
from marketplace.stopping import quotes, standstill, stop_records, stop_refusals
from marketplace.stopping.models import CancellationQuote, DealStop
from marketplace.stopping.quotes import CancellationScope, CancellationStage, Quote, QuoteFacts, StoppedVideo

CAN_BE_CANCELLED = (DealStatus.ACTIVE, DealStatus.PAUSED)
_BRANDS_TURN = (DeliverableStatus.SCRIPT_SENT, DeliverableStatus.DRAFT_SENT)


def show(
    session: Session, actor: Actor, deal_id: UUID, *, side: DealParty | None, scope: CancellationScope
) -> CancellationQuote:
    """Return what it costs if a side cancels now, the actor's own by default, and keep that it was shown. While a
    request to cancel waits, its quote stands. Raises NotFound, WrongState."""
    deal = db.get(session, Deal, deal_id, policy.visible(actor))
    if deal.status == DealStatus.CANCELLING:
        asked = sa.select(DealStop.quote_id).where(DealStop.deal_id == deal.id, DealStop.outcome.is_(None))
        return session.get_one(CancellationQuote, session.scalars(asked.where(DealStop.quote_id.is_not(None))).one())
    if deal.status not in CAN_BE_CANCELLED:
        name = state_name(deal.status)
        raise WrongState(stop_refusals.not_to_be_cancelled(name.zh, name.en), state=str(deal.status))
    own = policy.side_of(actor) if actor.role in policy.SIDES else DealParty.BRAND
    return keep(session, deal, present(session, deal, side or own, scope))


def present(session: Session, deal: Deal, side: DealParty, scope: CancellationScope) -> Quote:
    """Return what it costs now if a side cancels."""
    with db.acting_as(session, SYSTEM):
        return quotes.quote(_facts(session, deal), side, scope)


def keep(session: Session, deal: Deal, quote: Quote) -> CancellationQuote:
    """Return the stored quote of this content, which is stored once."""
    with db.acting_as(session, SYSTEM):
        row = {
            "id": new_id(),
            "created_at": now(),
            "deal_id": deal.id,
            "content": dict(quote.content),
            "content_hash": quote.content_hash,
        }
        session.execute(insert(CancellationQuote).values(**row).on_conflict_do_nothing())
        return named(session, deal.id, quote.content_hash) or session.get_one(CancellationQuote, row["id"])


def named(session: Session, deal_id: UUID, content_hash: str) -> CancellationQuote | None:
    """Return the quote of a deal that was shown under this hash, if one was."""
    with db.acting_as(session, SYSTEM):
        query = sa.select(CancellationQuote).filter_by(deal_id=deal_id, content_hash=content_hash)
        return session.scalars(query).one_or_none()


def _facts(session: Session, deal: Deal) -> QuoteFacts:
    terms = session.get_one(DealTerms, deal.terms_id)
    query = sa.select(Deliverable).where(Deliverable.deal_id == deal.id).order_by(Deliverable.position)
    rows = session.scalars(query).all()
    of_deal = payments.of_deal(session, deal.id)
    after_brand = stop_records.went_on_at(session, deal.id, stopped_by_other_than=DealParty.MAKER)
    after_maker = stop_records.went_on_at(session, deal.id, stopped_by_other_than=DealParty.BRAND)
    published = (DeliverableStatus.LIVE, DeliverableStatus.DONE, DeliverableStatus.MISSED)
    return QuoteFacts(
        deal_id=deal.id,
        terms_hash=terms.content_hash,
        currency=deal.currency,
        fee_basis_points=int(terms.content["fee_basis_points"]),
        shares=terms.content["cancellation"],
        videos=[
            _video(
                session, deal, row, [one for one in of_deal if one.deliverable_id == row.id], after_brand, after_maker
            )
            for row in rows
            if row.status in standstill.BEFORE_LIVE
        ],
        live=[row.position for row in rows if row.status in published],
        exclusive_until=_exclusive_until(session, deal, terms, [row.id for row in rows if row.status in published]),
    )


def _video(
    session: Session,
    deal: Deal,
    row: Deliverable,
    paid: Sequence[Payment],
    after_brand: datetime | None,
    after_maker: datetime | None,
) -> StoppedVideo:
    of_row = Script.deliverable_id == row.id
    scripts = session.scalars(sa.select(Script).where(of_row).order_by(Script.number)).all()
    drafts = session.scalars(sa.select(Draft).where(Draft.deliverable_id == row.id).order_by(Draft.number)).all()
    if row.status == DeliverableStatus.APPROVED:
        stage = CancellationStage.AFTER_APPROVAL
    elif drafts:
        stage = CancellationStage.AFTER_DRAFT
    else:
        stage = CancellationStage.AFTER_SCRIPT if scripts else CancellationStage.BEFORE_SCRIPT
    held = (PaymentStatus.HELD, PaymentStatus.FROZEN)
    ended = (PaymentStatus.RELEASED, PaymentStatus.SPLIT, PaymentStatus.OWED)
    decided = [*(one.decided_at for one in scripts), *(one.decided_at for one in drafts)]
    answered = [at for at in decided if at is not None]
    return StoppedVideo(
        id=row.id,
        position=row.position,
        title=row.title,
        stage=stage,
        price_minor=row.price_minor,
        held_minor=sum(one.amount_minor for one in paid if one.status in held),
        paid_minor=sum(
            one.amount_minor - one.returned_minor
            for one in paid
            if one.status in ended and one.milestone not in ROUND_MILESTONES
        ),
        is_late=_is_late(deal, row, [*answered, *([after_brand] if after_brand else [])]),
        is_brand_silent=_is_brand_silent(deal, scripts, drafts, after_maker),
    )


def _is_late(deal: Deal, row: Deliverable, since: Sequence[datetime]) -> bool:
    """Return whether the maker has been late for more than LATE_DAYS. What waits for the brand is not the maker's
    lateness, and the maker's days begin anew with the brand's last answer and when a deal goes on."""
    if row.status in _BRANDS_TURN:
        return False
    from_day: date = max([row.due_on, *(day_of(deal.timezone, at) for at in since)])
    return _today(deal) > from_day + timedelta(days=quotes.LATE_DAYS)


def _is_brand_silent(
    deal: Deal, scripts: Sequence[Script], drafts: Sequence[Draft], resumed_at: datetime | None
) -> bool:
    """Return whether the brand has owed an answer for longer than the time that it has for a draft."""
    at = deal.stopped_at or now()
    if any(one.status == DraftStatus.SENT and one.answer_by <= at for one in drafts):
        return True
    waiting = [max(one.created_at, resumed_at or one.created_at) for one in scripts if one.status == ScriptStatus.SENT]
    return any(since + SILENCE <= at for since in waiting)


def _today(deal: Deal) -> date:
    """Return the day on which the deal's work stands: time in which it stands still is nobody's."""
    return day_of(deal.timezone, deal.stopped_at or now())


def _exclusive_until(session: Session, deal: Deal, terms: DealTerms, published: Sequence[UUID]) -> date | None:
    """Return how long the channel stays exclusive once nothing more is made: as long after the last video that went
    live as the terms say after the last one; None where none did."""
    exclusivity = terms.content["rights"]["exclusivity"]
    last = session.scalar(
        sa.select(sa.func.max(Publication.published_at)).where(Publication.deliverable_id.in_(published))
    )
    if exclusivity is None or last is None:
        return None
    return day_of(deal.timezone, last) + timedelta(days=exclusivity["days"])
