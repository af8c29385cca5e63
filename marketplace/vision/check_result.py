"""The result of a check as JSON data: timeline, score, evidence, comparison with the plan, and what was not seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketplace.intrusiveness.timeline import to_dict
from marketplace.vision import plan_comparison
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.exposures import ExposureEvidence, MeasuredTimeline, StepFindings, measure
from marketplace.vision.marks.mark_detection import Quad
from marketplace.vision.pipeline import STEPS, Answer, WantedBrand, seen
from marketplace.vision.scored_timeline import ScoringTerms, disclosed, scored
from marketplace.vision.see.blind_spots import not_seen
from marketplace.vision.see.saliency import SIDE_PX, SaliencyMap, weight

VERSION = 1
MAPS_KEPT = 64


@dataclass(frozen=True)
class CheckedVideo:
    """A measured video and its result as JSON data."""

    seen: StepFindings
    measured: MeasuredTimeline
    result: dict[str, Any]


def check(cache: FrameCache, brand: WantedBrand, answers: Mapping[str, Answer], terms: ScoringTerms) -> CheckedVideo:
    """Merge the steps' answers into a result."""
    findings = seen(cache, brand, answers)
    measured = measure(findings, brand.names, _saliency_of(cache), brand.markets)
    if terms.plan is not None:
        measured = replace(measured, timeline=plan_comparison.with_plot(measured.timeline, terms.plan))
    return CheckedVideo(findings, measured, as_dict(cache, brand, answers, measured, terms))


def _saliency_of(cache: FrameCache) -> Callable[[int, Quad], float]:
    maps: dict[int, NDArray[np.float32]] = {}
    saliency = SaliencyMap()

    def weigh(picture: int, quad: Quad) -> float:
        if picture not in maps:
            # Bounds the memory that a long video takes.
            if len(maps) > MAPS_KEPT:
                maps.clear()
            maps[picture] = saliency.map(cache.small(picture, SIDE_PX))
        return weight(maps[picture], quad, cache.shape)

    return weigh


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
        "steps": {step.name: step.version for step in STEPS},
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
        "evidence": [_evidence(evidence, cache.shape) for evidence in measured.evidence],
        "cuts": answers["cuts"]["cuts"],
        "disclosures": [
            {"start_s": mark.start_s, "end_s": mark.end_s, "text": mark.text, "by": mark.by}
            for mark in measured.disclosures
        ],
        "speech": {
            "by": answers["speech"]["by"],
            "language": answers["speech"]["language"],
            "sentences": answers["speech"]["sentences"],
        },
        "not_judged": list(measured.not_judged),
        "look_alikes": [
            {"start_s": near.start_s, "end_s": near.end_s, "name": near.name, "text": near.text}
            for near in measured.look_alikes
        ],
        "intrusiveness": scored(measured.timeline, disclosed(bool(measured.disclosures), measured.not_judged), terms),
        "plan": None if terms.plan is None else plan_comparison.compare(terms.plan, measured.timeline),
        "not_seen": [
            {"code": message.code, "zh": message.zh, "en": message.en}
            for message in not_seen(info, brand, answers, measured.not_judged)
        ],
    }


def _evidence(evidence: ExposureEvidence, shape: tuple[int, int]) -> dict[str, Any]:
    height, width = shape
    return {
        "name": evidence.name,
        "by": evidence.by,
        "text": evidence.text,
        "keyframes": [sighting.picture for sighting in evidence.keyframes()],
        # In shares of the picture's width and height, so that they can be drawn on a picture of any size.
        "places": [
            {
                "picture": sighting.picture,
                "at_s": round(sighting.at_s, 3),
                "quad": (np.asarray(sighting.quad, float) / (width, height)).round(4).tolist(),
            }
            for sighting in evidence.places
        ],
    }
