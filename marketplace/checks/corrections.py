"""Correct what was measured: the corrected timeline is scored, and its differences are kept as labels."""

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
from marketplace.core.message import Bilingual
from marketplace.intrusiveness.timeline import Exposure, PlanError, Timeline, from_dict, to_dict
from marketplace.vision import plan_comparison
from marketplace.vision.scored_timeline import of_result, scored, terms_of

# Pictures are read every 0.25 s, so an edge cannot be measured more exactly: a smaller difference is not a correction.
EDGE_S = 0.25
NOTE_MAX = 1000
_POINTER_MAX = 200
# These are measured for the whole video, not for one exposure. A correction that leaves them out keeps the measured
# values; otherwise correcting one exposure would also clear problems such as loudness.
WHOLE_VIDEO_FIELDS = ("duration_s", "brands", "loudness_lu", "occlusion_share", "sample_step_s")
_UNREADABLE = Bilingual("更正后的时间线读不出来。", "The corrected timeline cannot be read.")


def correct(
    session: Session, actor: Actor, check_id: UUID, *, timeline: dict[str, Any], note: str | None
) -> VideoCorrection:
    """Store a correction and score it; the check shows the newest correction beside what was measured.

    Raises NotFound, WrongState (no result yet), InvalidInput (not a timeline, or not of the video's length).
    """
    row = db.lock(session, VideoCheck, check_id, policy.own(actor))
    result = require_result(row)
    measured = from_dict(result["timeline"])
    duration_s, stored = measured.duration_s, to_dict(measured)
    try:
        corrected = from_dict(
            {**{name: stored[name] for name in WHOLE_VIDEO_FIELDS}, **timeline, "source": "corrected"}
        )
    except PlanError as error:
        errors = [
            FieldError(f"/timeline{problem.pointer}"[:_POINTER_MAX], Bilingual(problem.zh, problem.en))
            for problem in error.problems
        ]
        raise InvalidInput(_UNREADABLE, errors=errors) from error
    if errors := list(bid_document.description_errors(timeline, "/timeline")):
        raise InvalidInput(_UNREADABLE, errors=errors)
    if abs(corrected.duration_s - duration_s) > 1e-6:
        raise InvalidInput(
            Bilingual("更正必须针对同一个视频。", "A correction is of the same video."),
            errors=[
                FieldError("/timeline/duration_s", Bilingual(f"它长 {duration_s:g} 秒。", f"It is {duration_s:g} s."))
            ],
        )
    terms = terms_of(row.terms)
    correction = VideoCorrection(
        check_id=row.id,
        person_id=actor.person_id,
        timeline=to_dict(corrected),
        labels=labels(measured, corrected),
        note=note,
    )
    session.add(correction)
    session.flush()
    row.corrected = {
        "timeline": correction.timeline,
        "intrusiveness": scored(corrected, of_result(result), terms),
        "plan": None if terms.plan is None else plan_comparison.compare(terms.plan, corrected),
    }
    row.version += 1
    readers = [row.party_id, *([row.brand_id] if row.shared_at is not None and row.brand_id is not None else [])]
    events.record(session, "video_checks.correct", row.id, actor, parties=readers, labels=len(correction.labels))
    return correction


def labels(measured: Timeline, corrected: Timeline) -> list[dict[str, Any]]:
    """Return a label for each exposure, as JSON data: right, wrong, missed, or measured otherwise in some fields."""
    result: list[dict[str, Any]] = []
    for before, after in plan_comparison.pairs(measured.exposures, corrected.exposures):
        if before is None:
            assert after is not None
            result.append({"label": "missed", "exposure": _exposure_json(corrected, after)})
        elif after is None:
            result.append({"label": "wrong", "exposure": _exposure_json(measured, before), "measured": before})
        else:
            fields = changed_fields(measured.exposures[before], corrected.exposures[after])
            result.append(
                {
                    "label": "otherwise" if fields else "right",
                    "fields": fields,
                    "exposure": _exposure_json(corrected, after),
                    "measured": before,
                }
            )
    return result


def changed_fields(measured: Exposure, corrected: Exposure) -> list[str]:
    """Return the fields in which two exposures differ by more than the measurement's own error."""
    names = ["kind"] if measured.kind is not corrected.kind else []
    for name, tolerance in _TOLERANCE.items():
        if abs(getattr(measured, name).mid - getattr(corrected, name).mid) > tolerance:
            names.append(name)
    return names


_TOLERANCE: Mapping[str, float] = {
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


def _exposure_json(timeline: Timeline, index: int) -> Any:
    exposures = to_dict(timeline)["exposures"]
    assert isinstance(exposures, list)
    return exposures[index]


def list_corrections(
    session: Session, actor: Actor, check_id: UUID, *, limit: int, starting_after: UUID | None
) -> paging.Page[VideoCorrection]:
    row = db.get(session, VideoCheck, check_id, policy.own(actor))
    query = sa.select(VideoCorrection).where(VideoCorrection.check_id == row.id)
    return paging.page(session, query, VideoCorrection, limit, starting_after)
