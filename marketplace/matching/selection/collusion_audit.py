"""Loads what the signs of collusion on a closed brief are read from. For the platform's admins."""

from itertools import chain
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import WrongState
from marketplace.matching.selection import collusion
from marketplace.matching.selection.collusion import CollusionSignal

# Only single ladders are told: a whole brief's prices, and each agency's own.
_BIDS = sa.text(
    "SELECT b.id, b.creator_id, b.agency_id, r.message, r.terms[1] AS fixed FROM bids b"
    " JOIN bid_revisions r ON r.id = b.revision_id"
    " WHERE b.brief_id = :brief_id AND b.status IN ('open', 'accepted', 'declined') ORDER BY b.id"
)
_PEOPLE = sa.text(
    "SELECT DISTINCT m.person_id, m.party_id, b.id FROM bids b"
    " JOIN memberships m ON m.party_id IN (b.creator_id, b.agency_id)"
    " WHERE b.brief_id = :brief_id AND b.status IN ('open', 'accepted', 'declined')"
)


def signals(session: Session, actor: Actor, brief_id: UUID) -> dict[str, Any]:
    """Return the signs on a closed brief, the rarest kinds first. Raises NotFound, WrongState."""
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    if brief.status != BriefStatus.CLOSED:
        raise WrongState("Bids are sealed until the brief has closed.", state=brief.status)
    rows = session.execute(_BIDS, {"brief_id": brief_id}).all()
    told = [(ids.show("bid", row.id), str(row.agency_id or row.creator_id), row) for row in rows]
    people = session.execute(_PEOPLE, {"brief_id": brief_id}).all()
    # A creator and the agency that bids for it are one side, whoever belongs to both.
    side_of = {bid: side for bid, side, _ in told}
    shared = [(str(row.person_id), side_of[ids.show("bid", row.id)], ids.show("bid", row.id)) for row in people]
    by_agency: dict[str, list[tuple[str, int]]] = {}
    for bid, _, row in told:
        if row.fixed > 0:
            by_agency.setdefault("", []).append((bid, round(row.fixed)))
            if row.agency_id is not None:
                by_agency.setdefault(str(row.agency_id), []).append((bid, round(row.fixed)))
    ladders = (
        collusion.ladder([bid for bid, _ in group], [price for _, price in group]) for group in by_agency.values()
    )
    found: list[CollusionSignal] = [
        *collusion.shared_people(shared),
        *collusion.same_wording([(bid, side, row.message or "") for bid, side, row in told]),
        *chain(one for one in ladders if one is not None),
        *collusion.one_agency([(bid, "" if row.agency_id is None else str(row.agency_id)) for bid, _, row in told]),
    ]
    return {"brief_id": brief_id, "bids": len(told), "signals": found}
