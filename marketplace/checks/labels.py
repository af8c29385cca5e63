"""What people put right, as lines to learn from: each label with what was measured, where, and by which steps."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from marketplace.checks import policy
from marketplace.checks.models import VideoCheck, VideoCorrection
from marketplace.core import ids
from marketplace.core.actor import Actor

CORRECTIONS_MAX = 500


def lines(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> str:
    """Return the labels of so many checks as JSON lines, the oldest correction first: of each check the newest one
    alone, for it takes the place of those before it. The last line's `correction_id` is where to go on."""
    newer = aliased(VideoCorrection)
    superseded = sa.exists().where(newer.check_id == VideoCorrection.check_id, newer.id > VideoCorrection.id)
    query = (
        sa.select(VideoCorrection, VideoCheck)
        .join(VideoCheck, VideoCheck.id == VideoCorrection.check_id)
        .where(policy.own(actor), ~superseded)
        .order_by(VideoCorrection.id)
        .limit(limit)
    )
    if starting_after is not None:
        query = query.where(VideoCorrection.id > starting_after)
    told = [one for correction, check in session.execute(query) for one in _labels(correction, check)]
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in told)


def _labels(correction: VideoCorrection, check: VideoCheck) -> Iterator[dict[str, Any]]:
    result = check.result or {}
    common = {
        "correction_id": ids.show("vcr", correction.id),
        "check_id": ids.show("vck", check.id),
        "sha256": check.sha256,
        "names": check.names,
        "video": result.get("video"),
        "steps": result.get("steps"),
        "note": correction.note,
        "corrected_at": correction.created_at.isoformat(),
    }
    if not correction.labels:
        # A person looked and there was nothing to find: that is a label too.
        yield {**common, "label": "nothing", "fields": [], "exposure": None, "measured": None, "evidence": None}
    for one in correction.labels:
        at = one.get("measured")
        yield {
            **common,
            "label": one["label"],
            "fields": one.get("fields", []),
            "exposure": one["exposure"],
            "measured": None if at is None else result["timeline"]["exposures"][at],
            "evidence": None if at is None else result["evidence"][at],
        }
