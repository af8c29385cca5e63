"""Measured overlaps of channels, and sketches of their audiences."""

import base64
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap import sketches, theta_sketch
from marketplace.matching.overlap.models import AudienceOverlap, AudienceSketch, OverlapMethod, SketchKind
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


def sketch(
    session: Session, channel_id: UUID, people: Iterable[int] = range(1_200), platform: str = "douyin", **changes: Any
) -> dict[str, Any]:
    """Return the words of `sketches.record` for a list of people of a channel."""
    salt = bytes.fromhex(sketches.shared_salt(session).salt)
    return {
        "channel_id": channel_id,
        "kind": SketchKind.VIEWERS,
        "taken_on": now().date(),
        "source": "观众名单导出",
        "sketch": theta_sketch.sketch((f"uid{number}" for number in people), salt, platform),
        **changes,
    }


def sketch_text(people: Iterable[int] = range(1_200), platform: str = "douyin") -> str:
    """Return a sketch as the API takes it."""
    with db.transaction() as session:
        salt = bytes.fromhex(sketches.shared_salt(session).salt)
    return base64.b64encode(theta_sketch.sketch((f"uid{number}" for number in people), salt, platform)).decode()


def hand_in(who: Somebody, channel_id: UUID, people: Iterable[int], **changes: Any) -> AudienceSketch:
    with db.transaction(who.actor) as session:
        return sketches.record(session, who.actor, **sketch(session, channel_id, people, **changes))


def confirm_sketch(row: AudienceSketch) -> AudienceSketch:
    admin = somebody("platform")
    with db.transaction(admin.actor) as session:
        return sketches.confirm(session, admin.actor, row.id)
