"""Read bids, each with its current revision and its brief's version, in one query."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from marketplace.bids import bid_document, bid_refusals, policy
from marketplace.bids.models import Bid, BidRevision, BidStatus
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.errors import NotFound
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.reviews import verdicts
from marketplace.reviews.verdicts import ReviewVerdict


@dataclass(frozen=True)
class BidWording:
    """The document of one revision, as this reader may see it."""

    price: dict[str, Any]
    rights: dict[str, Any]
    options: list[dict[str, Any]]
    deliverables: list[dict[str, Any]]
    plan: dict[str, Any]
    production_cost: dict[str, Any] | None
    forecast_claim: dict[str, Any] | None
    message: str | None
    answers: list[str]
    commitment: str
    salt: str


@dataclass(frozen=True)
class AnsweredBrief:
    """A bid's brief: the title and number of the version that the bid's wording answered, and how the brief is now."""

    title: str
    number: int
    version_id: UUID
    lapse_at: datetime | None = None


@dataclass(frozen=True)
class ShownBid(BidWording):
    """A bid with its current revision. `version` counts every change, `revision_number` the revisions.

    The wording answered the version `brief_version_id`, to which its commitment is bound; its side stands by the
    version `stands_by_version_id`.
    """

    id: UUID
    brief_id: UUID
    brief_title: str
    brief_version_id: UUID
    brief_version_number: int
    brand_id: UUID
    channel_id: UUID
    channel_name: str
    channel_proven: bool
    creator_id: UUID
    agency_id: UUID | None
    status: BidStatus
    version: int
    stands_by_version_id: UUID
    stands_by_current_version: bool
    answers_in_part: bool
    revision_id: UUID
    revision_number: int
    revisions_left: int
    created_at: datetime
    revised_at: datetime
    withdrawn_at: datetime | None
    lapses_at: datetime | None
    accepted_option: int | None = None
    accepted_cost: dict[str, Any] | None = None
    review: ReviewVerdict | None = None


@dataclass(frozen=True)
class ShownRevision(BidWording):
    """One revision of a bid."""

    id: UUID
    bid_id: UUID
    number: int
    brief_version_id: UUID
    brief_version_number: int
    created_at: datetime


_Rows = sa.Select[Bid, BidRevision, str, int, UUID | None, datetime | None]
_WITH_WORDING: _Rows = (
    sa.select(Bid, BidRevision, BriefVersion.title, BriefVersion.number, Brief.version_id, Brief.bids_lapse_at)
    .join(BidRevision, BidRevision.id == Bid.revision_id)
    .join(BriefVersion, BriefVersion.id == BidRevision.brief_version_id)
    .join(Brief, Brief.id == Bid.brief_id)
)


def find(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    row = session.execute(_WITH_WORDING.where(Bid.id == bid_id, policy.visible(actor))).one_or_none()
    if row is None:
        raise db.missing(Bid, bid_id)
    return _show(actor, row, verdicts.verdicts(session, [bid_id]).get(bid_id))


def list_bids(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    brief_id: UUID | None = None,
    status: str | None = None,
) -> Page[ShownBid]:
    """Return the bids of the bidder's side, newest first."""
    query = _WITH_WORDING.where(policy.own(actor))
    if brief_id is not None:
        query = query.where(Bid.brief_id == brief_id)
    return _page(session, actor, query, limit, starting_after, status)


def list_brief_bids(
    session: Session,
    actor: Actor,
    brief_id: UUID,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
) -> Page[ShownBid]:
    """Return the bids of a closed or cancelled brief that the reader may see. Raises NotFound while they are sealed."""
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    if brief.status in (BriefStatus.DRAFT, BriefStatus.PUBLISHED):
        raise NotFound(bid_refusals.SEALED)
    query = _WITH_WORDING.where(Bid.brief_id == brief_id, policy.visible(actor))
    return _page(session, actor, query, limit, starting_after, status)


def count_bids(session: Session, actor: Actor, brief_id: UUID) -> int:
    """Return the number of a brief's open bids, which is shown before the close too; after it, of those that were on
    the table at the close, as the ranking lists them."""
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    counted = policy.at_close() if brief.was_closed else Bid.status == BidStatus.OPEN
    # As the system: how many sealed bids there are is no secret, and nothing else of them leaves.
    with db.acting_as(session, SYSTEM):
        return session.scalar(sa.select(sa.func.count()).where(Bid.brief_id == brief_id, counted)) or 0


def list_revisions(
    session: Session, actor: Actor, bid_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[ShownRevision]:
    """Return a bid's revisions, newest first. The brand sees the current one only: it was never offered the others."""
    bid = db.get(session, Bid, bid_id, policy.visible(actor))
    query = (
        sa.select(BidRevision, BriefVersion.number)
        .join(BriefVersion, BriefVersion.id == BidRevision.brief_version_id)
        .where(BidRevision.bid_id == bid_id)
        .order_by(BidRevision.number.desc())
        .limit(limit + 1)
    )
    if actor.role == Role.BRAND:
        query = query.where(BidRevision.id == bid.revision_id)
    if starting_after is not None:
        query = query.where(BidRevision.id < starting_after)
    rows = session.execute(query).all()
    return Page([_shown_revision(actor, *row) for row in rows[:limit]], len(rows) > limit)


def list_commitments(
    session: Session, actor: Actor, brief_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[BidRevision]:
    """Return the commitments of all bids on a brief, whoever made them, to anyone who may read the brief."""
    db.get(session, Brief, brief_id, briefs_policy.visible(actor))
    query = (
        sa.select(BidRevision)
        .join(Bid, Bid.id == BidRevision.bid_id)
        .where(Bid.brief_id == brief_id)
        .options(load_only(BidRevision.commitment, BidRevision.created_at, raiseload=True))
    )
    # Row-level security hides other parties' bids, but a hash and a time do not reveal whose bid it is or what it says.
    with db.acting_as(session, SYSTEM):
        return paging.page(session, query, BidRevision, limit, starting_after)


def _show(actor: Actor, row: Any, review: ReviewVerdict | None) -> ShownBid:
    brief = AnsweredBrief(row.title, row.number, row.version_id, row.bids_lapse_at)
    return show(actor, row.Bid, row.BidRevision, brief, review)


def show(
    actor: Actor, bid: Bid, revision: BidRevision, brief: AnsweredBrief, review: ReviewVerdict | None = None
) -> ShownBid:
    """Return a bid as this actor may see it."""
    return ShownBid(
        id=bid.id,
        brief_id=bid.brief_id,
        brief_title=brief.title,
        brief_version_id=revision.brief_version_id,
        brief_version_number=brief.number,
        brand_id=bid.brand_id,
        channel_id=bid.channel_id,
        channel_name=bid.channel_name,
        channel_proven=bid.channel_proven,
        creator_id=bid.creator_id,
        agency_id=bid.agency_id,
        status=bid.status,
        version=bid.version,
        stands_by_version_id=bid.brief_version_id,
        stands_by_current_version=bid.brief_version_id == brief.version_id,
        answers_in_part=bid.answers_in_part,
        revision_id=revision.id,
        revision_number=revision.number,
        revisions_left=bid.revisions_max - revision.number,
        created_at=bid.created_at,
        revised_at=revision.created_at,
        withdrawn_at=bid.withdrawn_at,
        lapses_at=brief.lapse_at,
        accepted_option=bid.accepted_option,
        accepted_cost=bid_document.accepted_cost(bid, revision),
        review=review,
        **_wording(actor, revision),
    )


def _shown_revision(actor: Actor, revision: BidRevision, number: int) -> ShownRevision:
    return ShownRevision(
        id=revision.id,
        bid_id=revision.bid_id,
        number=revision.number,
        brief_version_id=revision.brief_version_id,
        brief_version_number=number,
        created_at=revision.created_at,
        **_wording(actor, revision),
    )


def _wording(actor: Actor, revision: BidRevision) -> dict[str, Any]:
    return {
        **bid_document.wording(revision),
        # A bidder who may see a bid is on its creator's side; nobody else may learn the production cost.
        "production_cost": bid_document.production_cost(revision) if actor.role in policy.BIDDERS else None,
        "commitment": revision.commitment,
        "salt": revision.salt,
    }


def _page(
    session: Session, actor: Actor, query: _Rows, limit: int, starting_after: UUID | None, status: str | None
) -> Page[ShownBid]:
    if status is not None:
        query = query.where(Bid.status == BidStatus(status))
    if starting_after is not None:
        query = query.where(Bid.id < starting_after)
    rows = session.execute(query.order_by(Bid.id.desc()).limit(limit + 1)).all()
    reviews = verdicts.verdicts(session, [row.Bid.id for row in rows])
    return Page([_show(actor, row, reviews.get(row.Bid.id)) for row in rows[:limit]], len(rows) > limit)
