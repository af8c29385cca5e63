"""Place and revise bids while a brief is open; they are sealed until it closes, then accepted or declined."""

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from marketplace.bids import bid_document, commitment, policy
from marketplace.bids.bid_queries import REVISIONS_MAX, ShownBid, find, show
from marketplace.bids.models import Bid, BidRevision, BidStatus
from marketplace.bids.states import BID_TRANSITIONS
from marketplace.briefs import service as briefs
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.briefs.service import BiddableBrief
from marketplace.channels import service as channels
from marketplace.core import db, events, states
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput, WrongState

VOID = "bids.void"
VOID_BATCH = 500

# One statement inserts a revision and makes it current, for the two tables reference each other. It is built once,
# because many bids arrive at the same time shortly before a deadline.
_BIDS, _REVISIONS = cast(sa.Table, Bid.__table__), cast(sa.Table, BidRevision.__table__)
_INSERTED = (
    sa.insert(_REVISIONS)
    .values({column.name: sa.bindparam(f"new_{column.name}", type_=column.type) for column in _REVISIONS.columns})
    .returning(_REVISIONS.c.id, _REVISIONS.c.bid_id, _REVISIONS.c.number)
    .cte("inserted")
)
_SET_REVISION = (
    sa.update(_BIDS)
    .where(_BIDS.c.id == _INSERTED.c.bid_id)
    .values(revision_id=_INSERTED.c.id, revision_number=_INSERTED.c.number, version=sa.bindparam("bid_version"))
)


def place(session: Session, actor: Actor, brief_id: UUID, *, channel_id: UUID, loaded: Mapping[str, Any]) -> ShownBid:
    """Bid on an open brief for one's own channel, or for that of a creator whose live mandate one holds.

    Raises NotFound, WrongState (the brief is not open, the channel is archived), and InvalidInput with a pointer for
    each validation error. A second open bid for the channel violates the unique index (409).
    """
    brief = briefs.lock_for_bidding(session, actor, brief_id)
    channel = channels.channel_for_bidding(session, actor, channel_id)
    bid = Bid(
        brief_id=brief.id,
        brand_id=brief.brand_id,
        channel_id=channel_id,
        creator_id=channel.creator_id,
        agency_id=actor.party_id if actor.role == Role.AGENCY else None,
    )
    bid.channel_proven = channel.proven
    revision = _new_revision(bid, brief, 1, bid_document.to_stored(loaded))
    db.insert(session, bid)
    _set_revision(session, bid, revision, bid.version)
    _record(session, "bids.place", bid, actor, number=1)
    return show(actor, bid, revision, brief.title, brief.version_number)


def revise(session: Session, actor: Actor, bid_id: UUID, *, loaded: Mapping[str, Any]) -> ShownBid:
    """Replace a bid's document, bound to the brief's current version; at most twice, before the close.

    Raises NotFound, WrongState, Conflict (no revision is left), InvalidInput.
    """
    bid, brief = _revisable(session, actor, bid_id)
    return _replace(session, actor, bid, brief, bid_document.to_stored(loaded))


def replan(
    session: Session, actor: Actor, bid_id: UUID, *, choose: Callable[[BidRevision], Mapping[str, Any]]
) -> ShownBid:
    """Revise a bid by replacing its plan with the one that `choose` returns for the current revision.

    The bid is locked while `choose` runs, so the revision it sees is current. Raises what `revise` and `choose` raise.
    """
    bid, brief = _revisable(session, actor, bid_id)
    current = session.get_one(BidRevision, bid.revision_id)
    return _replace(
        session, actor, bid, brief, {**bid_document.stored_document(current), "plan": dict(choose(current))}
    )


def withdraw(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Withdraw an open bid, before the close or after it. The brand is notified only if it could see the bid."""
    bid = db.lock(session, Bid, bid_id, policy.acting(actor))
    closed = session.scalar(sa.select(Brief.status).where(Brief.id == bid.brief_id)) == BriefStatus.CLOSED
    _apply(session, actor, bid, "withdraw", *([bid.brand_id] if closed else []))
    bid.withdrawn_at = now()
    session.flush()
    return find(session, actor, bid_id)


def accept(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Accept a bid on one's closed brief. Several bids on a brief may be accepted."""
    return _decide(session, actor, bid_id, "accept")


def decline(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    return _decide(session, actor, bid_id, "decline")


def void_for_brief(session: Session, brief_id: UUID) -> int:
    """Void up to VOID_BATCH open bids of a cancelled brief; returns how many. Does nothing for another brief."""
    cancelled = sa.exists().where(Brief.id == Bid.brief_id, Brief.status == BriefStatus.CANCELLED)
    bids = session.scalars(
        sa.select(Bid)
        .where(Bid.brief_id == brief_id, Bid.status == BidStatus.OPEN, cancelled)
        .order_by(Bid.id)
        .limit(VOID_BATCH)
        .with_for_update(of=Bid)
        .execution_options(populate_existing=True)
    ).all()
    for bid in bids:
        _apply(session, SYSTEM, bid, "void")
    return len(bids)


def _decide(session: Session, actor: Actor, bid_id: UUID, name: str) -> ShownBid:
    # A bid is visible to the brand only after the close, and a closed brief never opens again.
    bid = db.lock(session, Bid, bid_id, policy.visible(actor))
    _apply(session, actor, bid, name, bid.brand_id)
    session.flush()
    return find(session, actor, bid_id)


def _revisable(session: Session, actor: Actor, bid_id: UUID) -> tuple[Bid, BiddableBrief]:
    """Lock a bid that may be revised, and keep its brief open until the transaction ends."""
    bid = db.lock(session, Bid, bid_id, policy.acting(actor))
    if bid.status != BidStatus.OPEN:
        raise WrongState("Only an open bid can be revised.", state=bid.status)
    brief = briefs.lock_for_bidding(session, actor, bid.brief_id)
    if bid.revision_number >= REVISIONS_MAX:
        raise Conflict(f"A bid has {REVISIONS_MAX} wordings at most, and this one has had them.")
    return bid, brief


def _replace(session: Session, actor: Actor, bid: Bid, brief: BiddableBrief, stored: Mapping[str, Any]) -> ShownBid:
    revision = _new_revision(bid, brief, bid.revision_number + 1, stored)
    _set_revision(session, bid, revision, bid.version + 1)
    _record(session, "bids.revise", bid, actor, number=revision.number)
    return show(actor, bid, revision, brief.title, brief.version_number)


def _new_revision(bid: Bid, brief: BiddableBrief, number: int, stored: Mapping[str, Any]) -> BidRevision:
    """Return the next revision of a bid, validated against the brief's version, measured and committed to."""
    plan, plan_errors = bid_document.read_plan(stored["plan"], brief.content)
    errors = [*bid_document.validation_errors(stored, brief.content), *plan_errors]
    if errors or plan is None:
        raise InvalidInput(errors=errors)
    measures = bid_document.measure_plan(plan)
    revision = BidRevision(
        bid_id=bid.id,
        number=number,
        brief_version_id=brief.version_id,
        salt=commitment.new_salt(),
        commitment="",
        raw_low=measures.raw_low,
        raw_high=measures.raw_high,
        prominence_low=measures.prominence_low,
        prominence_high=measures.prominence_high,
        plan_version=measures.plan_version,
        **bid_document.revision_columns(stored, brief.currency),
    )
    offer = commitment.offer_of(
        bid_document.wording(revision),
        brief_id=bid.brief_id,
        brief_version_id=brief.version_id,
        channel_id=bid.channel_id,
        number=number,
    )
    revision.commitment = commitment.seal(offer, revision.salt)
    return revision


def _set_revision(session: Session, bid: Bid, revision: BidRevision, version: int) -> None:
    """Insert a revision and make it the current one."""
    values = {f"new_{column.name}": getattr(revision, column.name) for column in _REVISIONS.columns}
    db.run(session, _SET_REVISION, {**values, "bid_version": version})
    for name, value in (("revision_id", revision.id), ("revision_number", revision.number), ("version", version)):
        set_committed_value(bid, name, value)


def _apply(session: Session, actor: Actor, bid: Bid, name: str, *brand: UUID) -> None:
    states.apply_transition(
        session, bid, BID_TRANSITIONS, name, actor, parties=[*_side(bid), *brand], **_event_data(bid)
    )


def _record(session: Session, kind: str, bid: Bid, actor: Actor, **data: Any) -> None:
    events.record(session, kind, bid.id, actor, parties=_side(bid), **_event_data(bid), **data)


def _event_data(bid: Bid) -> dict[str, str]:
    return {"brief_id": str(bid.brief_id), "channel_id": str(bid.channel_id)}


def _side(bid: Bid) -> list[UUID]:
    return [bid.creator_id] + ([bid.agency_id] if bid.agency_id else [])
