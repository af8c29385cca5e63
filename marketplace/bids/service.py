"""Place and revise bids while a brief is open; they are sealed until it closes, then accepted or declined."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from marketplace.bids import bid_document, bid_refusals, brief_answer, commitment, policy
from marketplace.bids.bid_queries import AnsweredBrief, ShownBid, find, show
from marketplace.bids.models import Bid, BidRevision, BidStatus
from marketplace.bids.new_revision import make_current, wordings_left
from marketplace.bids.states import BID_TRANSITIONS
from marketplace.briefs import bidding
from marketplace.briefs.bidding import BiddableBrief, HeldBrief
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.channels import service as channels
from marketplace.channels.models import Channel
from marketplace.core import db, events, ids, states
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput, NotAllowed, WrongState
from marketplace.reviews import decisions as review_decisions
from marketplace.reviews.decisions import WantedDecision

VOID = "bids.void"
LAPSE = "bids.lapse"
BATCH = 500  # bids that one job ends in one transaction

_BIDS = cast(sa.Table, Bid.__table__)
# A second open bid for a channel on a brief inserts nothing, once the first one is committed. Tells whether the channel
# had others before.
_HAS_EARLIER: sa.ColumnElement[bool] = sa.literal_column(
    "EXISTS (SELECT 1 FROM bids b WHERE b.brief_id = bids.brief_id AND b.channel_id = bids.channel_id"
    " AND b.id <> bids.id)"
)
_PLACED = (
    postgresql.insert(_BIDS)
    .on_conflict_do_nothing(index_elements=["brief_id", "channel_id"], index_where=sa.text("status = 'open'"))
    .returning(_HAS_EARLIER)
)


def place(session: Session, actor: Actor, brief_id: UUID, *, channel_id: UUID, loaded: Mapping[str, Any]) -> ShownBid:
    """Bid on an open brief for one's own channel, or for that of a creator whose live mandate one holds.

    Raises NotFound, WrongState (the brief is not open, the channel is archived), InvalidInput with a pointer for each
    validation error, and Conflict if the channel has an open bid on the brief, or this side has had its wordings.
    """
    brief = bidding.lock_for_bidding(session, actor, brief_id)
    channel = channels.channel_for_bidding(session, actor, channel_id)
    bid = Bid(
        brief_id=brief.id,
        brand_id=brief.brand_id,
        channel_id=channel_id,
        creator_id=channel.creator_id,
        agency_id=actor.party_id if actor.role == Role.AGENCY else None,
        brief_version_id=brief.version_id,
    )
    bid.channel_name, bid.channel_proven = channel.name, channel.proven
    revision = _new_revision(bid, brief, channel.platform, 1, bid_document.to_stored(loaded))
    values = {name: getattr(bid, name) for name in _BIDS.columns.keys()}  # noqa: SIM118 - a collection of columns
    has_earlier = db.run(session, _PLACED, values).scalar_one_or_none()
    if has_earlier is None:
        raise _duplicate(session, actor, bid)
    if has_earlier:
        set_committed_value(bid, "revisions_max", wordings_left(session, bid))
        if bid.revisions_max < 1:
            raise Conflict(bid_refusals.NO_WORDING_LEFT)
    make_current(session, bid, revision, bid.version)
    _record(session, "bids.place", bid, actor, number=1)
    return _shown(actor, bid, revision, brief)


def _duplicate(session: Session, actor: Actor, bid: Bid) -> Conflict:
    """Return the refusal of a second bid; it names the first one to those who may see it."""
    of_channel = (Bid.brief_id == bid.brief_id, Bid.channel_id == bid.channel_id, Bid.status == BidStatus.OPEN)
    open_id = session.scalar(sa.select(Bid.id).where(*of_channel, policy.own(actor)))
    if open_id is None:
        return Conflict(bid_refusals.OF_ANOTHER)
    shown = ids.show("bid", open_id)
    return Conflict(
        bid_refusals.second_bid(shown),
        clashes_with=shown,
    )


def revise(session: Session, actor: Actor, bid_id: UUID, *, loaded: Mapping[str, Any]) -> ShownBid:
    """Replace a bid's document, bound to the brief's current version, before the close.

    A bid may have three wordings, and one more for each change of its brief that matters. Raises NotFound, WrongState,
    Conflict (no revision is left), InvalidInput.
    """
    bid, brief, platform = _revisable(session, actor, bid_id)
    return _replace(session, actor, bid, brief, platform, bid_document.to_stored(loaded))


def replan(
    session: Session, actor: Actor, bid_id: UUID, *, choose: Callable[[BidRevision], Mapping[str, Any]]
) -> ShownBid:
    """Revise a bid by replacing its plan with the one that `choose` returns for the current revision.

    The bid is locked while `choose` runs, so the revision it sees is current. Raises what `revise` and `choose` raise.
    """
    bid, brief, platform = _revisable(session, actor, bid_id)
    current = session.get_one(BidRevision, bid.revision_id)
    stored = {**bid_document.stored_document(current), "plan": dict(choose(current))}
    return _replace(session, actor, bid, brief, platform, stored)


def withdraw(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Withdraw an open bid, before the close or after it. The brand is notified only if it could see the bid."""
    bid = db.lock(session, Bid, bid_id, _acting(session, actor, bid_id))
    could_see_it = session.scalar(sa.select(Brief.was_closed).where(Brief.id == bid.brief_id))
    _apply(session, actor, bid, "withdraw", *([bid.brand_id] if could_see_it else []))
    bid.withdrawn_at = now()
    session.flush()
    return find(session, actor, bid_id)


def take(session: Session, actor: Actor, bid: Bid, option: int, cost_minor: int, set_aside: Sequence[str] = ()) -> None:
    """Mark a locked bid as accepted in one of its options, which costs at most this.

    Called by `matching.gates.acceptance` alone, which has asked the gates; ``set_aside`` are the codes of the shut ones
    that the brand accepted the bid in spite of.
    """
    bid.accepted_option, bid.accepted_cost_minor = option, cost_minor
    # Not what it costs: the bid says that, and events are read by more people than prices are.
    decision: dict[str, Any] = {"option": option, "set_aside": list(set_aside)}
    states.apply_transition(
        session,
        bid,
        BID_TRANSITIONS,
        "accept",
        actor,
        parties=[*_side(bid), bid.brand_id],
        **_event_data(bid),
        **decision,
    )


def reopen_review(session: Session, actor: Actor, bid_id: UUID, wanted: WantedDecision) -> ShownBid:
    """Take back the decision on a bid's review, before the bid is accepted or over. Raises NotFound, WrongState,
    Conflict."""
    lock_for_review(session, actor, bid_id)
    review_decisions.reopen(session, actor, bid_id, wanted)
    session.flush()
    return find(session, actor, bid_id)


def lock_for_review(session: Session, actor: Actor, bid_id: UUID) -> Bid:
    """Lock an open bid whose review is asked for or taken back, and keep its brief as it is.

    The bid is locked as for an acceptance, so that one of the two comes first. Raises NotFound, WrongState.
    """
    bid, brief = _held(session, actor, bid_id, policy.visible(actor))
    if bid.status != BidStatus.OPEN:
        raise WrongState(bid_refusals.ONLY_OPEN_REVIEWED, state=bid.status)
    _refuse_over(bid, brief)
    return bid


def decline(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Decline an open bid. Raises NotFound, WrongState."""
    # A bid is visible to the brand only after the close, and a closed brief never opens again.
    bid, brief = _held(session, actor, bid_id, policy.visible(actor))
    _refuse_over(bid, brief)
    return _decide(session, actor, bid, "decline")


def _refuse_over(bid: Bid, brief: HeldBrief) -> None:
    """Raise WrongState for a bid that its brief has ended, also if the job that ends it is late."""
    if brief.status == BriefStatus.CANCELLED:
        raise WrongState(bid_refusals.CALLED_OFF, state=brief.status)
    refuse_lapsed(bid, brief.bids_lapse_at)


def refuse_lapsed(bid: Bid, lapse_at: datetime | None) -> None:
    """Raise WrongState for an open bid whose time is over, also if the job that lapses it is late."""
    if bid.status == BidStatus.OPEN and lapse_at is not None and now() >= lapse_at:
        raise WrongState(
            bid_refusals.lapsed(lapse_at),
            state="lapsed",
        )


def step_back(session: Session, actor: Actor, bid_id: UUID, *, reason: str) -> ShownBid:
    """Step back from an acceptance, with a reason that both sides read.

    The brand's step leaves the bid open, as it was before; the bidder's takes it back. Raises NotFound, WrongState.
    """
    brands = actor.role == Role.BRAND
    condition = policy.visible(actor) if brands else _acting(session, actor, bid_id)
    bid, brief = _held(session, actor, bid_id, condition)
    if brands:
        _refuse_over(bid, brief)  # calling it off has stepped back already, and nothing of it opens again
    _apply(session, actor, bid, "step_back" if brands else "back_out", bid.brand_id, reason=reason)
    bid.withdrawn_at = None if brands else now()
    bid.accepted_option = bid.accepted_cost_minor = None
    session.flush()
    return find(session, actor, bid_id)


def put_back(session: Session, actor: Actor, bid: Bid) -> None:
    """Open a locked bid again whose deal has come to nothing; called by `deals` alone. What is open lapses at the end
    of its brief's time for choosing. Raises WrongState."""
    _apply(session, actor, bid, "put_back", bid.brand_id)
    bid.accepted_option = bid.accepted_cost_minor = None
    session.flush()


def confirm_brief(session: Session, actor: Actor, bid_id: UUID, *, brief_version_id: UUID) -> ShownBid:
    """Stand by an open bid after its brief has changed: `brief_version_id` is the version that the bidder has read.

    Raises NotFound, WrongState, Conflict (the brief has changed again), and InvalidInput if the bid as it stands does
    not answer that version.
    """
    bid, brief = _held(session, actor, bid_id, _acting(session, actor, bid_id))
    if bid.status != BidStatus.OPEN:
        raise WrongState(bid_refusals.ONLY_OPEN_CONFIRMED, state=bid.status)
    _refuse_over(bid, brief)
    if brief.version_id != brief_version_id:
        shown = ids.show("brv", brief.version_id)
        raise Conflict(
            bid_refusals.newer_version(shown),
            clashes_with=shown,
        )
    if bid.brief_version_id != brief.version_id:
        content = with_defaults(session.get_one(BriefVersion, brief.version_id).content)
        revision, platform = session.get_one(BidRevision, bid.revision_id), _platform(session, bid)
        errors = bid_document.confirmation_errors(revision, content, platform)
        if errors:
            raise InvalidInput(
                bid_refusals.NO_ANSWER,
                errors=errors,
            )
        bid.brief_version_id = brief.version_id
        bid.answers_in_part = brief_answer.answers_in_part(bid_document.stored_document(revision), content, platform)
        bid.version += 1
        brand = [brief.brand_id] if brief.status == BriefStatus.CLOSED else []
        _record(session, "bids.confirm_brief", bid, actor, *brand, brief_version_id=str(brief.version_id))
        session.flush()
    return find(session, actor, bid_id)


def void_for_brief(session: Session, brief_id: UUID, *, bound: sa.ColumnElement[bool] | None = None) -> int:
    """Void up to BATCH open and accepted bids of a cancelled brief; returns how many. Does nothing for another brief.

    Calling the brief off steps back from its acceptances too, but not from those that are ``bound``: nothing else keeps
    the channels' days for it any more.
    """
    cancelled = sa.exists().where(Brief.id == Bid.brief_id, Brief.status == BriefStatus.CANCELLED)
    standing = Bid.status.in_([BidStatus.OPEN, BidStatus.ACCEPTED])
    unbound = sa.true() if bound is None else ~bound
    bids = _some_locked(session, Bid.brief_id == brief_id, standing, cancelled, unbound)
    for bid in bids:
        _apply(session, SYSTEM, bid, "void", *([bid.brand_id] if bid.status == BidStatus.ACCEPTED else []))
    return len(bids)


def lapse_overdue(session: Session) -> int:
    """Lapse up to BATCH open bids that nobody decided on in the time that their closed brief gave; returns how many."""
    over = sa.exists().where(Brief.id == Bid.brief_id, Brief.status == BriefStatus.CLOSED, Brief.bids_lapse_at <= now())
    bids = _some_locked(session, Bid.status == BidStatus.OPEN, over)
    for bid in bids:
        _apply(session, SYSTEM, bid, "lapse", bid.brand_id)
    return len(bids)


def _some_locked(session: Session, *where: sa.ColumnElement[bool]) -> Sequence[Bid]:
    query = sa.select(Bid).where(*where).order_by(Bid.id).limit(BATCH).with_for_update(of=Bid)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _decide(session: Session, actor: Actor, bid: Bid, name: str) -> ShownBid:
    _apply(session, actor, bid, name, bid.brand_id)
    session.flush()
    return find(session, actor, bid.id)


def _acting(session: Session, actor: Actor, bid_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition of the bids that an actor may change. Raises NotAllowed for one that it may only read."""
    creator_id = session.scalar(sa.select(Bid.creator_id).where(Bid.id == bid_id, policy.own(actor)))
    if actor.role == Role.AGENCY and creator_id is not None and creator_id not in actor.acts_for:
        raise NotAllowed(bid_refusals.NO_MANDATE)
    return policy.acting(actor)


def _held(session: Session, actor: Actor, bid_id: UUID, condition: sa.ColumnElement[bool]) -> tuple[Bid, HeldBrief]:
    """Keep a bid's brief as it is and lock the bid, in this order: see briefs.bidding.hold."""
    brief = bidding.hold(session, _brief_of(session, bid_id, condition))
    return db.lock(session, Bid, bid_id, condition), brief


def _brief_of(session: Session, bid_id: UUID, condition: sa.ColumnElement[bool]) -> UUID:
    brief_id = session.scalar(sa.select(Bid.brief_id).where(Bid.id == bid_id, condition))
    if brief_id is None:
        raise db.missing(Bid, bid_id)
    return brief_id


def _revisable(session: Session, actor: Actor, bid_id: UUID) -> tuple[Bid, BiddableBrief, str]:
    """Lock a bid that may be revised, and keep its brief open until the transaction ends. Return both, and the platform
    of the bid's channel."""
    condition = _acting(session, actor, bid_id)
    brief = bidding.lock_for_bidding(session, actor, _brief_of(session, bid_id, condition))
    bid = db.lock(session, Bid, bid_id, condition)
    if bid.status != BidStatus.OPEN:
        raise WrongState(bid_refusals.ONLY_OPEN_REVISED, state=bid.status)
    if bid.revision_number >= bid.revisions_max:
        raise Conflict(bid_refusals.wordings_used(bid.revisions_max))
    # A claim that was refused since, or beaten by another's proof, may no more be revised than bid with.
    return bid, brief, channels.channel_for_bidding(session, actor, bid.channel_id).platform


def _replace(
    session: Session, actor: Actor, bid: Bid, brief: BiddableBrief, platform: str, stored: Mapping[str, Any]
) -> ShownBid:
    revision = _new_revision(bid, brief, platform, bid.revision_number + 1, stored)
    make_current(session, bid, revision, bid.version + 1)
    _record(session, "bids.revise", bid, actor, number=revision.number)
    return _shown(actor, bid, revision, brief)


def _shown(actor: Actor, bid: Bid, revision: BidRevision, brief: BiddableBrief) -> ShownBid:
    return show(actor, bid, revision, AnsweredBrief(brief.title, brief.version_number, brief.version_id))


def _platform(session: Session, bid: Bid) -> str:
    return session.execute(sa.select(Channel.platform).where(Channel.id == bid.channel_id)).scalar_one()


def _new_revision(bid: Bid, brief: BiddableBrief, platform: str, number: int, stored: Mapping[str, Any]) -> BidRevision:
    """Return the next revision of a bid, validated against the brief's version, measured and committed to."""
    plan, plan_errors = bid_document.read_plan(stored, brief.content, platform)
    errors = [*bid_document.validation_errors(stored, brief.content, platform), *plan_errors]
    if errors or plan is None:
        raise InvalidInput(errors=errors)
    set_committed_value(bid, "brief_version_id", brief.version_id)
    set_committed_value(bid, "answers_in_part", brief_answer.answers_in_part(stored, brief.content, platform))
    measures = bid_document.measure_plan(plan)
    columns = bid_document.revision_columns(stored, brief.content)
    cost = columns.pop("production_cost_minor")
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
        noticed=measures.noticed,
        noticed_version=measures.noticed_version,
        plan_version=measures.plan_version,
        **columns,
    )
    set_committed_value(revision, "production_cost_minor", cost)
    offer = commitment.offer_of(
        bid_document.wording(revision),
        brief_id=bid.brief_id,
        brief_version_id=brief.version_id,
        channel_id=bid.channel_id,
        number=number,
    )
    revision.commitment = commitment.seal(offer, revision.salt)
    return revision


def _apply(session: Session, actor: Actor, bid: Bid, name: str, *brand: UUID, **data: Any) -> None:
    states.apply_transition(
        session, bid, BID_TRANSITIONS, name, actor, parties=[*_side(bid), *brand], **_event_data(bid), **data
    )


def _record(session: Session, kind: str, bid: Bid, actor: Actor, *brand: UUID, **data: Any) -> None:
    events.record(session, kind, bid.id, actor, parties=[*_side(bid), *brand], **_event_data(bid), **data)


def _event_data(bid: Bid) -> dict[str, str]:
    return {"brief_id": str(bid.brief_id), "channel_id": str(bid.channel_id)}


def _side(bid: Bid) -> list[UUID]:
    return [bid.creator_id] + ([bid.agency_id] if bid.agency_id else [])
