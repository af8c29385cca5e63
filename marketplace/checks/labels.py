"""Export corrections as training data: each label with what was measured, where, and by which versions of the steps."""

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


def json_lines(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> str:
    """Return the labels of up to `limit` checks as JSON lines, oldest correction first.

    Only the newest correction of each check is exported, for it replaces the earlier ones. Pass the last line's
    `correction_id` as `starting_after` to continue.
    """
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
    labels = [label for correction, check in session.execute(query) for label in _labels(correction, check)]
    return "".join(json.dumps(label, ensure_ascii=False) + "\n" for label in labels)


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
        # A person looked and the video shows nothing of the brand: that is a label too.
        yield {**common, "label": "nothing", "fields": [], "exposure": None, "measured": None, "evidence": None}
    for label in correction.labels:
        index = label.get("measured")
        yield {
            **common,
            "label": label["label"],
            "fields": label.get("fields", []),
            "exposure": label["exposure"],
            "measured": None if index is None else result["timeline"]["exposures"][index],
            "evidence": None if index is None else result["evidence"][index],
        }
