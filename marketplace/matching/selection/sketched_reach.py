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
from marketplace.matching.scoring.score_brief import newest_record
from marketplace.matching.selection import messages


def added(session: Session, brief_id: UUID, result: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown about a set with `sketched` in its reach: None unless every channel has a sketch of one
    platform and kind, confirmed before the brief's record."""
    chosen = [ids.read("bid", line["bid_id"]) for line in result["chosen"]]
    # As the system: a brand reads no sketch. It sees how many people all of them have together.
    with db.acting_as(session, SYSTEM):
        record = newest_record(session, brief_id)
        channels = session.scalars(sa.select(Bid.channel_id).where(Bid.id.in_(chosen))).all()
        union = None
        if len(channels) > 1:
            union = sketches.union_of(session, channels, None if record is None else record.created_at)
    reach = dict(result["reach"])
    reach["sketched"] = None
    if union is not None:
        shown = {**asdict(union), "oldest_on": union.oldest_on.isoformat()}
        reach["sketched"] = {**shown, **messages.sketched(shown, reach)._asdict()}
    return {**result, "reach": reach}
