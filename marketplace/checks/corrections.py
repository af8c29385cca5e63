"""A person puts right what was measured: the corrected timeline is scored anew, the differences are kept as labels."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import bid_document
from marketplace.checks import policy
from marketplace.checks.models import VideoCheck, VideoCorrection
from marketplace.checks.service import require_result
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.http import paging
from marketplace.intrusiveness.timeline import Exposure, PlanError, Timeline, from_dict, to_dict
from marketplace.vision import plan_comparison
from marketplace.vision.scored_timeline import scored, terms_of

EDGE_S = 0.25
NOTE_MAX = 1000
_POINTER_MAX = 200
# What is measured of the whole video, not of an exposure: as long as nobody says otherwise it stays as measured, lest a
# correction of one exposure takes away what must be mended.
OF_THE_WHOLE = ("duration_s", "brands", "loudness_lu", "occlusion_share", "sample_step_s")
_UNREAD = "The corrected timeline cannot be read."


def correct(
    session: Session, actor: Actor, check_id: UUID, *, timeline: dict[str, Any], note: str | None
) -> VideoCorrection:
    """Keep a correction and score it; the check shows the newest one beside what was measured.

    Raises NotFound, WrongState (no result yet), InvalidInput (no timeline, another length than the video's).
    """
    row = db.lock(session, VideoCheck, check_id, policy.own(actor))
    measured = require_result(row)
    seen = from_dict(measured["timeline"])
    length, kept = seen.duration_s, to_dict(seen)
    try:
        corrected = from_dict({**{name: kept[name] for name in OF_THE_WHOLE}, **timeline, "source": "corrected"})
    except PlanError as error:
        told = [FieldError(f"/timeline{one.pointer}"[:_POINTER_MAX], f"{one.zh} {one.en}") for one in error.problems]
        raise InvalidInput(_UNREAD, errors=told) from error
    if unkept := list(bid_document.texts(timeline, "/timeline")):
        raise InvalidInput(_UNREAD, errors=unkept)
    if abs(corrected.duration_s - length) > 1e-6:
        raise InvalidInput(
            "A correction is of the same video.", errors=[FieldError("/timeline/duration_s", f"It is {length:g} s.")]
        )
    terms = terms_of(row.terms)
    made = VideoCorrection(
        check_id=row.id,
        person_id=actor.person_id,
        timeline=to_dict(corrected),
        labels=labels(seen, corrected),
        note=note,
    )
    session.add(made)
    session.flush()
    row.corrected = {
        "timeline": made.timeline,
        "intrusiveness": scored(corrected, bool(measured["disclosures"]), terms),
        "plan": None if terms.plan is None else plan_comparison.compare(terms.plan, corrected),
    }
    row.version += 1
    readers = [row.party_id, *([row.brand_id] if row.shared_at is not None and row.brand_id is not None else [])]
    events.record(session, "video_checks.correct", row.id, actor, parties=readers, labels=len(made.labels))
    return made


def labels(measured: Timeline, corrected: Timeline) -> list[dict[str, Any]]:
    """Return what a person changed: exposures that were wrong, missed or measured otherwise."""
    found: list[dict[str, Any]] = []
    for was, is_now in plan_comparison.pairs(measured.exposures, corrected.exposures):
        if was is None:
            assert is_now is not None
            found.append({"label": "missed", "exposure": _plain(corrected, is_now)})
        elif is_now is None:
            found.append({"label": "wrong", "exposure": _plain(measured, was), "measured": was})
        else:
            fields = changed(measured.exposures[was], corrected.exposures[is_now])
            label = "otherwise" if fields else "right"
            found.append({"label": label, "fields": fields, "exposure": _plain(corrected, is_now), "measured": was})
    return found


def changed(one: Exposure, other: Exposure) -> list[str]:
    """Return the fields in which two exposures differ by more than measuring does."""
    names = ["kind"] if one.kind is not other.kind else []
    for name, slack in _SLACK.items():
        if abs(getattr(one, name).mid - getattr(other, name).mid) > slack:
            names.append(name)
    return names


_SLACK: Mapping[str, float] = {
    "start_s": EDGE_S,
    "seconds": 2 * EDGE_S,
    "area_share": 0.001,
    "centre": 0.05,
    "saliency": 0.05,
    "clarity": 0.05,
    "claims": 0.0,
    "mentions": 0.0,
    "plot": 0.0,
}


def _plain(timeline: Timeline, at: int) -> Any:
    exposures = to_dict(timeline)["exposures"]
    assert isinstance(exposures, list)
    return exposures[at]


def listed(
    session: Session, actor: Actor, check_id: UUID, *, limit: int, starting_after: UUID | None
) -> paging.Page[VideoCorrection]:
    row = db.get(session, VideoCheck, check_id, policy.own(actor))
    query = sa.select(VideoCorrection).where(VideoCorrection.check_id == row.id)
    return paging.page(session, query, VideoCorrection, limit, starting_after)
