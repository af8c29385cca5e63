"""The union of a chosen set as its sketches tell it, where all of its channels have one, beside that of the model."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid
from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.matching.overlap import sketches
from marketplace.matching.overlap.sketches import SketchedUnion
from marketplace.matching.scoring.score_brief import newest_record
from marketplace.matching.selection import messages


def union_of_set(session: Session, brief_id: UUID, result: dict[str, Any]) -> SketchedUnion | None:
    """Return the union of a result's chosen channels, if each has a sketch of one platform and kind that was confirmed
    before the brief's record."""
    chosen = [ids.read("bid", line["bid_id"]) for line in result["chosen"]]
    if len(chosen) < 2:
        return None
    # As the system: a brand reads no sketch. It sees how many people all of them have together.
    with db.acting_as(session, SYSTEM):
        record = newest_record(session, brief_id)
        channels = session.scalars(sa.select(Bid.channel_id).where(Bid.id.in_(chosen))).all()
        return sketches.union_of(session, channels, None if record is None else record.created_at)


def beside(result: dict[str, Any], union: SketchedUnion | None) -> dict[str, Any]:
    """Return what is shown about a set with `sketched` in its reach: None without a union."""
    reach = {**result["reach"], "sketched": None}
    if union is not None:
        shown = {**asdict(union), "oldest_on": union.oldest_on.isoformat()}
        reach["sketched"] = {**shown, **messages.sketched(shown, reach)._asdict()}
    return {**result, "reach": reach}
