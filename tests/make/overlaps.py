"""Measured overlaps of channels."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap.models import AudienceOverlap, OverlapMethod
from tests.make.people import Somebody, somebody

BODY: dict[str, Any] = {
    "value": 0.2,
    "people": 400_000,
    "other_people": 900_000,
    "sample": 1_000,
    "method": "panel",
    "source": "观众面板 2026-10",
    "measured_on": "2026-10-31",
}


def told(**changes: Any) -> dict[str, Any]:
    """Return the words of `overlaps.record` for a pair."""
    found = {**BODY, "method": OverlapMethod.PANEL, "measured_on": now().date(), **changes}
    return {**found, "method": OverlapMethod(found["method"])}


def record(who: Somebody, channel_id: UUID, other_channel_id: UUID, **changes: Any) -> AudienceOverlap:
    with db.transaction(who.actor) as session:
        return overlaps.record(
            session, who.actor, **told(channel_id=channel_id, other_channel_id=other_channel_id, **changes)
        )


def confirm(row: AudienceOverlap) -> AudienceOverlap:
    admin = somebody("platform")
    with db.transaction(admin.actor) as session:
        return overlaps.confirm(session, admin.actor, row.id)
