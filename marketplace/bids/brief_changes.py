"""Change a brief or call it off, in one transaction with what that means for the bids that stand on it.

Briefs know nothing of bids, so the three calls that may not happen behind the bidders' backs are made here.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidStatus
from marketplace.briefs import assets
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs import service as briefs
from marketplace.briefs.assets import AssetFacts
from marketplace.briefs.change_rules import IMAGES
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.briefs.service import BriefChanged, ShownBrief
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.reviews import review_entry


def change(session: Session, actor: Actor, brief_id: UUID, *, loaded: Mapping[str, Any], version: int) -> ShownBrief:
    """Change a brief: see briefs.service.change. The side of each standing bid may read of what matters to it.

    A change that matters gives each open bid one wording more, and leaves it standing by the version before. Any other
    moves along with the bids that stood by that version.
    """
    sides = _standing_sides(session, actor, brief_id)
    changed = briefs.change(session, actor, brief_id, loaded=loaded, version=version, bidders=sides)
    _move_bids(session, brief_id, changed)
    return changed.brief


def add_image(
    session: Session, actor: Actor, brief_id: UUID, *, name: str, data: bytes, content_type: str | None
) -> AssetFacts:
    """Store a reference image: see briefs.assets.add_asset. On a published brief that is a change that matters."""
    sides = _standing_sides(session, actor, brief_id)
    before = [image.sha256 for image in assets.list_assets(session, actor, brief_id)]
    added = assets.add_asset(session, actor, brief_id, name=name, data=data, content_type=content_type)
    if session.get_one(Brief, brief_id).status == BriefStatus.PUBLISHED:
        beside = {IMAGES: {"before": before, "after": [*before, added.sha256]}}
        changed = briefs.change(session, actor, brief_id, loaded={}, version=None, bidders=sides, beside=beside)
        _move_bids(session, brief_id, changed)
    return added


def _move_bids(session: Session, brief_id: UUID, changed: BriefChanged) -> None:
    moved = sa.update(Bid).where(Bid.brief_id == brief_id)
    # As the system: the bids are sealed from whoever changes the brief.
    with db.acting_as(session, SYSTEM):
        if changed.to_confirm:
            more = moved.where(Bid.status == BidStatus.OPEN).values(revisions_max=Bid.revisions_max + 1)
            db.run(session, more)
        elif changed.brief.version_id != changed.version_before:
            along = moved.where(Bid.brief_version_id == changed.version_before)
            db.run(session, along.values(brief_version_id=changed.brief.version_id))


def cancel(session: Session, actor: Actor, brief_id: UUID, *, reason: str) -> ShownBrief:
    """Call a brief off, before its close or after it; the side of each standing bid may read the reason.

    A job voids the open and the accepted bids, but for those whose deal both sides have confirmed. What waits for a
    reviewer is dropped at once: nobody decides any more on a bid that is over.
    """
    sides = _standing_sides(session, actor, brief_id)
    # As the system: reviews are the platform's own. A decision that is being made comes before this, or is refused.
    with db.acting_as(session, SYSTEM):
        review_entry.drop(session, session.scalars(sa.select(Bid.id).where(Bid.brief_id == brief_id)))
    return briefs.cancel(session, actor, brief_id, reason=reason, bidders=sides)


def _standing_sides(session: Session, actor: Actor, brief_id: UUID) -> list[UUID]:
    """Lock a brief, so that no bid is placed meanwhile, and return the parties of its open and accepted bids."""
    db.lock(session, Brief, brief_id, briefs_policy.own(actor))
    standing = Bid.status.in_([BidStatus.OPEN, BidStatus.ACCEPTED])
    sides = sa.select(Bid.creator_id, Bid.agency_id).where(Bid.brief_id == brief_id, standing)
    # As the system: whose bids they are is sealed from the brand, and told to nobody but these sides themselves.
    with db.acting_as(session, SYSTEM):
        rows = session.execute(sides).all()
    return sorted({party for row in rows for party in row if party is not None})
