"""Loads the data for the signs of collusion on a closed brief, for the platform's admins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import WrongState
from marketplace.core.message import Bilingual
from marketplace.matching.selection.collusion_signals import collusion
from marketplace.matching.selection.collusion_signals.collusion import CollusionSignal

# The fixed part of each price is what ladders are looked for in.
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


@dataclass(frozen=True)
class CollusionSignals:
    """The signs on a brief's bids, the rarest kinds first, and how many bids were examined."""

    brief_id: UUID
    bids: int
    signals: Sequence[CollusionSignal]


def signals(session: Session, actor: Actor, brief_id: UUID) -> CollusionSignals:
    """Return the signs on a closed brief. Raises NotFound, and WrongState before the brief has closed."""
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    if brief.status != BriefStatus.CLOSED:
        raise WrongState(
            Bilingual("需求截标之前，报价是密封的。", "Bids are sealed until the brief has closed."), state=brief.status
        )
    rows = {ids.show("bid", row.id): row for row in session.execute(_BIDS, {"brief_id": brief_id})}
    people = session.execute(_PEOPLE, {"brief_id": brief_id}).all()
    # A creator and the agency that bids for it are one side, so a person in both is no sign.
    side_of = {bid: str(row.agency_id or row.creator_id) for bid, row in rows.items()}
    shared = [(str(row.person_id), side_of[ids.show("bid", row.id)], ids.show("bid", row.id)) for row in people]
    return CollusionSignals(
        brief_id,
        len(rows),
        [
            *collusion.shared_people(shared),
            *collusion.same_wording([(bid, side_of[bid], row.message or "") for bid, row in rows.items()]),
            *_ladders(rows),
            *collusion.one_agency(
                [(bid, "" if row.agency_id is None else str(row.agency_id)) for bid, row in rows.items()]
            ),
        ],
    )


def _ladders(rows: Mapping[str, Any]) -> Iterator[CollusionSignal]:
    """Yield the ladder among all fixed prices of a brief, and that among each agency's; no other subsets, since with
    enough of them some ladder would arise by chance."""
    groups: dict[str, list[tuple[str, int]]] = {}
    for bid, row in rows.items():
        if row.fixed > 0:
            groups.setdefault("", []).append((bid, round(row.fixed)))
            if row.agency_id is not None:
                groups.setdefault(str(row.agency_id), []).append((bid, round(row.fixed)))
    for group in groups.values():
        signal = collusion.ladder([bid for bid, _ in group], [price for _, price in group])
        if signal is not None:
            yield signal
