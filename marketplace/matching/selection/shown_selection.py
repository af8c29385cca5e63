"""A chosen set as it is shown: beside each member, what keeps it from being accepted now.

A stored result says what was chosen, and from what; it never changes. Reviews, mandates and promises do: so the gates
are asked anew whenever a set is shown. A search lets through what a person has still to settle for the chosen bids
alone, so a member may have a shut gate; confirming the set asks the same question.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief
from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.matching.gates import acceptance
from marketplace.matching.selection.models import Selection
from marketplace.matching.selection.telling import standing_set
from marketplace.matching.selection.telling.standing_set import StandingSet


@dataclass(frozen=True)
class ShownSelection:
    """A selection, whose result tells each member's gates, and what stands of it once it is confirmed."""

    stored: Selection
    result: Mapping[str, Any] | None
    standing: StandingSet | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stored, name)


def shown(session: Session, selection: Selection) -> ShownSelection:
    """Return a selection as its reader sees it now."""
    if selection.result is None:
        return ShownSelection(selection, None)
    result = with_gates(session, selection.brief_id, selection.result)
    return ShownSelection(selection, result, standing_set.standing(session, selection))


def with_gates(session: Session, brief_id: UUID, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a set's result with the shut gates of each member in the option that was chosen."""
    # As the system: row-level security may hide a brief whose set is shown, and only codes and sentences leave.
    with db.acting_as(session, SYSTEM):
        brief = session.get_one(Brief, brief_id)
        options = {ids.read("bid", line["bid_id"]): int(line["option"]) for line in result["chosen"]}
        gates = acceptance.gates_of_set(session, brief, options)
    chosen = [
        {**line, "gates": [asdict(gate) for gate in gates.get(ids.read("bid", line["bid_id"]), ())]}
        for line in result["chosen"]
    ]
    return {**result, "chosen": chosen}
