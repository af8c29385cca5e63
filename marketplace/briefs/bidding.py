"""Briefs as bids need them: held as they are until the bid's transaction ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import brief_document, policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.message import Bilingual


@dataclass(frozen=True)
class BiddableBrief:
    """A brief that takes bids, in the version that a bid made now is bound to."""

    id: UUID
    brand_id: UUID
    version_id: UUID
    version_number: int
    title: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class HeldBrief:
    """A brief that stays as it is until the caller's transaction ends."""

    brand_id: UUID
    status: BriefStatus
    version_id: UUID
    bids_lapse_at: datetime | None


# Built once, because many bids arrive shortly before a deadline. A bidder's role alone decides which briefs it sees.
_BIDDABLE = {
    role: sa.select(
        Brief.brand_id,
        Brief.status,
        Brief.version_id,
        sa.func.party_is_suspended(Brief.brand_id).label("is_suspended"),
    )
    .where(Brief.id == sa.bindparam("brief_id"), policy.visible(Actor(role=role)))
    .with_for_update(read=True, of=Brief)
    for role in policy.BIDDERS
}
_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))
_CURRENT_VERSION = sa.select(
    BriefVersion.number.label("version_number"),
    BriefVersion.title,
    BriefVersion.content,
    sa.func.brief_takes_bids(BriefVersion.brief_id, _AT).label("takes_bids"),
).where(BriefVersion.id == sa.bindparam("version_id"))


def lock_for_bidding(session: Session, actor: Actor, brief_id: UUID) -> BiddableBrief:
    """Return a brief that takes bids, in its current version, locked open until the caller's transaction ends.

    Bidders share the lock; a close, a cancel or a revision waits for them. Raises NotFound, WrongState.
    """
    row = db.run(session, _BIDDABLE[actor.role], {"brief_id": brief_id}).one_or_none()
    if row is None:
        raise db.missing(Brief, brief_id)
    # A separate statement, so that it sees what was committed while this one waited for the lock.
    version = db.run(session, _CURRENT_VERSION, {"version_id": row.version_id, "at": now()}).one()._mapping
    if row.status != BriefStatus.PUBLISHED or not version["takes_bids"]:
        raise WrongState(
            Bilingual(
                "这个需求不收报价：它没有发布，或已经截标。",
                "This brief takes no bids: it is not published or its deadline is past.",
            ),
            state=row.status,
        )
    if row.is_suspended:
        raise WrongState(
            Bilingual("品牌方被暂停期间，这个需求不收报价。", "This brief takes no bids while its brand is suspended."),
            state="suspended",
        )
    content = brief_document.with_defaults(version["content"])
    number, title = version["version_number"], version["title"]
    return BiddableBrief(brief_id, row.brand_id, row.version_id, number, title, content)


def hold(session: Session, brief_id: UUID) -> HeldBrief:
    """Keep a brief as it is until the caller's transaction ends; a close, a cancel or a revision waits.

    Whoever locks a brief and one of its bids locks the brief first, so that no two of them wait for each other.
    """
    columns = (Brief.brand_id, Brief.status, Brief.version_id, Brief.bids_lapse_at)
    query = sa.select(*columns).where(Brief.id == brief_id).with_for_update(read=True, of=Brief)
    return HeldBrief(**db.run(session, query).one()._mapping)
