"""Bids: placed and revised while a brief is open, sealed until it closes, then accepted or declined."""

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
VOID_AT_ONCE = 500

# One statement, for the two tables name each other; built once, for bids come in crowds.
_BIDS, _REVISIONS = cast(sa.Table, Bid.__table__), cast(sa.Table, BidRevision.__table__)
_MADE = (
    sa.insert(_REVISIONS)
    .values({column.name: sa.bindparam(f"new_{column.name}", type_=column.type) for column in _REVISIONS.columns})
    .returning(_REVISIONS.c.id, _REVISIONS.c.bid_id, _REVISIONS.c.number)
    .cte("made")
)
_PUT = (
    sa.update(_BIDS)
    .where(_BIDS.c.id == _MADE.c.bid_id)
    .values(revision_id=_MADE.c.id, revision_number=_MADE.c.number, version=sa.bindparam("bid_version"))
)


def place(session: Session, actor: Actor, brief_id: UUID, *, channel_id: UUID, loaded: Mapping[str, Any]) -> ShownBid:
    """Bid on an open brief for a channel of one's own, or of a creator that one holds a live mandate of.

    Raises NotFound, WrongState (the brief is not open, the channel is archived), InvalidInput with a pointer for each
    contradiction; a second open bid for the channel meets the unique index (409).
    """
    brief = briefs.lock_for_bidding(session, actor, brief_id)
    creator_id = channels.creator_for_bidding(session, actor, channel_id)
    bid = Bid(
        brief_id=brief.id,
        brand_id=brief.brand_id,
        channel_id=channel_id,
        creator_id=creator_id,
        agency_id=actor.party_id if actor.role == Role.AGENCY else None,
    )
    revision = _worded(bid, brief, 1, bid_document.to_stored(loaded))
    db.insert(session, bid)
    _put(session, bid, revision, bid.version)
    _record(session, "bids.place", bid, actor, number=1)
    return show(actor, bid, revision, brief.title, brief.version_number)


def revise(session: Session, actor: Actor, bid_id: UUID, *, loaded: Mapping[str, Any]) -> ShownBid:
    """Put a new wording in place of the last, bound to the brief's present version; at most twice, before the close.

    Raises NotFound, WrongState, Conflict (no revision is left), InvalidInput.
    """
    bid, brief = _revisable(session, actor, bid_id)
    return _revised(session, actor, bid, brief, bid_document.to_stored(loaded))


def replan(
    session: Session, actor: Actor, bid_id: UUID, *, choose: Callable[[BidRevision], Mapping[str, Any]]
) -> ShownBid:
    """Put the plan that ``choose`` makes of the present wording in its place, all else as it was: a revision as any.

    The bid is locked when ``choose`` is asked, so that it judges what is there. Raises what ``revise`` and it raise.
    """
    bid, brief = _revisable(session, actor, bid_id)
    last = session.get_one(BidRevision, bid.revision_id)
    return _revised(session, actor, bid, brief, {**bid_document.stored_document(last), "plan": dict(choose(last))})


def withdraw(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Take an open bid back, before the close or after it. The brand hears of it only if it could see the bid."""
    bid = db.lock(session, Bid, bid_id, policy.acting(actor))
    closed = session.scalar(sa.select(Brief.status).where(Brief.id == bid.brief_id)) == BriefStatus.CLOSED
    _move(session, actor, bid, "withdraw", *([bid.brand_id] if closed else []))
    bid.withdrawn_at = now()
    session.flush()
    return find(session, actor, bid_id)


def accept(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Take a bid on one's closed brief. Others on the same brief may be taken too."""
    return _decide(session, actor, bid_id, "accept")


def decline(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    return _decide(session, actor, bid_id, "decline")


def void_for_brief(session: Session, brief_id: UUID) -> int:
    """Void up to VOID_AT_ONCE open bids of a cancelled brief; returns how many. Other briefs' bids stay."""
    cancelled = sa.exists().where(Brief.id == Bid.brief_id, Brief.status == BriefStatus.CANCELLED)
    bids = session.scalars(
        sa.select(Bid)
        .where(Bid.brief_id == brief_id, Bid.status == BidStatus.OPEN, cancelled)
        .order_by(Bid.id)
        .limit(VOID_AT_ONCE)
        .with_for_update(of=Bid)
        .execution_options(populate_existing=True)
    ).all()
    for bid in bids:
        _move(session, SYSTEM, bid, "void")
    return len(bids)


def _decide(session: Session, actor: Actor, bid_id: UUID, name: str) -> ShownBid:
    # Visible to the brand means closed, and a closed brief stays so.
    bid = db.lock(session, Bid, bid_id, policy.visible(actor))
    _move(session, actor, bid, name, bid.brand_id)
    session.flush()
    return find(session, actor, bid_id)


def _revisable(session: Session, actor: Actor, bid_id: UUID) -> tuple[Bid, BiddableBrief]:
    """Lock a bid that may have another wording, and hold its brief open."""
    bid = db.lock(session, Bid, bid_id, policy.acting(actor))
    if bid.status != BidStatus.OPEN:
        raise WrongState("Only an open bid can be revised.", state=bid.status)
    brief = briefs.lock_for_bidding(session, actor, bid.brief_id)
    if bid.revision_number >= REVISIONS_MAX:
        raise Conflict(f"A bid has {REVISIONS_MAX} wordings at most, and this one has had them.")
    return bid, brief


def _revised(session: Session, actor: Actor, bid: Bid, brief: BiddableBrief, stored: Mapping[str, Any]) -> ShownBid:
    revision = _worded(bid, brief, bid.revision_number + 1, stored)
    _put(session, bid, revision, bid.version + 1)
    _record(session, "bids.revise", bid, actor, number=revision.number)
    return show(actor, bid, revision, brief.title, brief.version_number)


def _worded(bid: Bid, brief: BiddableBrief, number: int, stored: Mapping[str, Any]) -> BidRevision:
    """Return the next wording of a bid, checked against the brief's version, measured and committed to."""
    plan, wrong_plan = bid_document.read_plan(stored["plan"], brief.content)
    found = [*bid_document.validation_errors(stored, brief.content), *wrong_plan]
    if found or plan is None:
        raise InvalidInput(errors=found)
    measured = bid_document.measure_plan(plan)
    revision = BidRevision(
        bid_id=bid.id,
        number=number,
        brief_version_id=brief.version_id,
        salt=commitment.new_salt(),
        commitment="",
        raw_low=measured.raw_low,
        raw_high=measured.raw_high,
        prominence_low=measured.prominence_low,
        prominence_high=measured.prominence_high,
        plan_version=measured.plan_version,
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


def _put(session: Session, bid: Bid, revision: BidRevision, version: int) -> None:
    """Write a wording and make it the one that counts."""
    values = {f"new_{column.name}": getattr(revision, column.name) for column in _REVISIONS.columns}
    db.run(session, _PUT, {**values, "bid_version": version})
    for name, value in (("revision_id", revision.id), ("revision_number", revision.number), ("version", version)):
        set_committed_value(bid, name, value)


def _move(session: Session, actor: Actor, bid: Bid, name: str, *brand: UUID) -> None:
    states.apply_transition(session, bid, BID_TRANSITIONS, name, actor, parties=[*_side(bid), *brand], **_told(bid))


def _record(session: Session, kind: str, bid: Bid, actor: Actor, **data: Any) -> None:
    events.record(session, kind, bid.id, actor, parties=_side(bid), **_told(bid), **data)


def _told(bid: Bid) -> dict[str, str]:
    return {"brief_id": str(bid.brief_id), "channel_id": str(bid.channel_id)}


def _side(bid: Bid) -> list[UUID]:
    return [bid.creator_id] + ([bid.agency_id] if bid.agency_id else [])
