"""The result of a check as JSON data: timeline, score, evidence, the plan beside it, and what was not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marketplace.intrusiveness.timeline import to_dict
from marketplace.vision import plan_comparison
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.exposures import ExposureEvidence, MeasuredTimeline, StepFindings, measure
from marketplace.vision.pipeline import STEPS, Answer, WantedBrand, seen
from marketplace.vision.scored_timeline import ScoringTerms, scored
from marketplace.vision.see.blind_spots import not_seen
from marketplace.vision.see.mark_detection import Quad
from marketplace.vision.see.saliency import SIDE_PX, SaliencyMap, weight

VERSION = 1


@dataclass(frozen=True)
class CheckedVideo:
    """A measured video and its result as JSON data."""

    seen: StepFindings
    measured: MeasuredTimeline
    result: dict[str, Any]


def check(cache: FrameCache, brand: WantedBrand, answers: Mapping[str, Answer], terms: ScoringTerms) -> CheckedVideo:
    """Merge the steps' answers into a result."""
    found = seen(cache, brand, answers)
    measured = measure(found, brand.names, _pull(cache))
    if terms.plan is not None:
        measured = replace(measured, timeline=plan_comparison.with_plot(measured.timeline, terms.plan))
    return CheckedVideo(found, measured, as_dict(cache, brand, answers, measured, terms))


def _pull(cache: FrameCache) -> Any:
    maps: dict[int, Any] = {}
    by = SaliencyMap()

    def pull(picture: int, quad: Quad) -> float:
        if picture not in maps:
            maps.clear() if len(maps) > 64 else None
            maps[picture] = by.map(cache.small(picture, SIDE_PX))
        return weight(maps[picture], quad, cache.shape)

    return pull


def as_dict(
    cache: FrameCache,
    brand: WantedBrand,
    answers: Mapping[str, Answer],
    measured: MeasuredTimeline,
    terms: ScoringTerms,
) -> dict[str, Any]:
    """Return the result as JSON data."""
    info = cache.info
    return {
        "version": VERSION,
        "steps": {one.name: one.version for one in STEPS},
        "video": {
            "sha256": info.sha256,
            "width": info.width,
            "height": info.height,
            "duration_s": round(info.duration_s, 3),
            "fps": round(info.fps, 3),
            "sound": info.audio,
            "pictures": len(cache),
            "closed_by": info.closed_by,
        },
        "brand": {"names": list(brand.names), "references": answers["marks"]["references"]},
        "timeline": to_dict(measured.timeline),
        "evidence": [_evidence(one, cache.shape) for one in measured.evidence],
        "cuts": answers["cuts"]["cuts"],
        "disclosures": [
            {"start_s": one.start_s, "end_s": one.end_s, "text": one.text, "by": one.by} for one in measured.disclosures
        ],
        "speech": {
            "by": answers["speech"]["by"],
            "language": answers["speech"]["language"],
            "sentences": answers["speech"]["sentences"],
        },
        "intrusiveness": scored(measured.timeline, bool(measured.disclosures), terms),
        "plan": None if terms.plan is None else plan_comparison.compare(terms.plan, measured.timeline),
        "not_seen": [
            {"code": code, "zh": zh, "en": en}
            for code, zh, en in not_seen(min(info.width, info.height), brand, answers)
        ],
    }


def _evidence(one: ExposureEvidence, shape: tuple[int, int]) -> dict[str, Any]:
    by = np.asarray([shape[1], shape[0]], float)
    return {
        "name": one.name,
        "by": one.by,
        "text": one.text,
        "keyframes": [place.picture for place in one.keyframes()],
        # In shares of the picture's width and height, so that any size of it can be drawn on.
        "places": [
            {
                "picture": place.picture,
                "at_s": round(place.at_s, 3),
                "quad": (np.asarray(place.quad, float) / by).round(4).tolist(),
            }
            for place in one.places
        ],
    }
