"""The steps of a check: each an independent, repeatable job over one frame cache, and the merge of what they found.

A step's answer is plain JSON data, and it is the same for the same (video, references and names, version of the
step): ``key`` names it by these, so that an answer kept under its key is never worked out twice.
"""

import ctypes
import gc
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from marketplace.intrusiveness.timeline import ExposureKind
from marketplace.vision.decode import shot_cuts
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.exposures import StepFindings
from marketplace.vision.read import loudness, screen_text, speech
from marketplace.vision.read.screen_text import TextLine
from marketplace.vision.read.speech import HeardSpeech, SpokenSentence
from marketplace.vision.see import faces, picture_hashes, reference_images
from marketplace.vision.see.mark_tracking import MarkSight, MarkTracker
from marketplace.vision.see.reference_images import ReferenceImage

FACES_EVERY_S = 1.5
Report = Callable[[int, int], None]
Answer = dict[str, Any]


@dataclass(frozen=True)
class WantedBrand:
    """What is looked for: names as written and said, reference images, and what each image shows."""

    names: tuple[str, ...]
    references: tuple[ReferenceImage, ...] = ()
    kind: ExposureKind = ExposureKind.PRODUCT

    def digest(self) -> str:
        told = json.dumps([sorted(self.names), reference_images.digest(self.references)], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class StepWork:
    """What a step works on; ``models`` is a folder in which models are kept."""

    cache: FrameCache
    brand: WantedBrand
    models: Path


@dataclass(frozen=True)
class PipelineStep:
    """One step; a change of what it answers raises its version."""

    name: str
    version: int
    run: Callable[[StepWork, Report], Answer]
    zh: str
    en: str
    # What its answer depends on besides the video.
    by_brand: bool = False
    also: Callable[[], str] = field(default=lambda: "")

    def answer(self, work: StepWork, report: Report) -> Answer:
        """Do the step, and give back what memory its models and pictures took: else the next one's comes on top."""
        try:
            return self.run(work, report)
        finally:
            gc.collect()
            _give_back()


def _give_back() -> None:
    """Return freed memory to the system (glibc keeps it; elsewhere there is nothing to do)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def every(times: Sequence[float], seconds: float) -> list[int]:
    """Return pictures at least so many seconds apart."""
    found: list[int] = []
    last = -seconds
    for at, time in enumerate(times):
        if time - last >= seconds - 1e-6:
            found.append(at)
            last = time
    return found


def shot_starts(times: Sequence[float], cut_times: Sequence[float]) -> list[int]:
    """Return the first picture of each shot."""
    moments = np.searchsorted(np.asarray(times), np.asarray(cut_times), side="left")
    return sorted({int(one) for one in moments if one < len(times)})


def _cuts(work: StepWork, report: Report) -> Answer:
    return {"cuts": shot_cuts.cuts(work.cache)}


def _marks(work: StepWork, report: Report) -> Answer:
    tracker = MarkTracker(work.cache, work.brand.references)
    sights = tracker.run(shot_starts(work.cache.times, shot_cuts.cuts(work.cache)), report)
    return {
        "references": [
            {"name": one.name, "findable": one.findable, "features": one.features} for one in work.brand.references
        ],
        "sights": [
            [
                {
                    "picture": at,
                    "quad": np.asarray(one.quad, float).round(1).tolist(),
                    "likeness": round(one.likeness, 3),
                    "by": one.by,
                }
                for at, one in sorted(found.items())
            ]
            for found in sights
        ],
    }


def _words(work: StepWork, report: Report) -> Answer:
    lines = screen_text.read(work.cache, shot_starts(work.cache.times, shot_cuts.cuts(work.cache)), report=report)
    return {
        "lines": [
            {
                "picture": one.picture,
                "text": one.text,
                "score": round(one.score, 3),
                "quad": np.asarray(one.quad, float).round(1).tolist(),
            }
            for one in lines
        ],
    }


def _speech(work: StepWork, report: Report) -> Answer:
    sound = work.cache.sound()
    by = speech.recogniser(work.models) if len(sound) else None
    heard = speech.listen(sound, work.brand.names, by)
    return {**asdict(heard), "sound": len(sound) > 0}


def _faces(work: StepWork, report: Report) -> Answer:
    if faces.model_path() is None:
        return {"by": None, "pictures": {}}
    finder = faces.FaceFinder()
    pictures = every(work.cache.times, FACES_EVERY_S)
    found = {}
    for number, at in enumerate(pictures):
        shown = work.cache.small(at, faces.SIDE_PX)
        by = work.cache.shape[1] / shown.shape[1]
        found[str(at)] = [[round(side * by, 1) for side in one] for one in finder.find(shown)]
        report(number + 1, len(pictures))
    return {"by": "centerface", "pictures": found}


def _loudness(work: StepWork, report: Report) -> Answer:
    blocks = loudness.curve(work.cache.sound())
    return {
        "step_s": loudness.STEP_S,
        "lufs": [round(float(one), 1) if np.isfinite(one) else None for one in blocks],
    }


def _hashes(work: StepWork, report: Report) -> Answer:
    found = picture_hashes.of_video(work.cache)
    return {
        "hashes": [
            {"at_s": one.at_s, "view": one.view, "bits": one.bits.hex(), "quality": one.quality} for one in found
        ]
    }


STEPS: tuple[PipelineStep, ...] = (
    PipelineStep("cuts", 2, _cuts, "切分镜头", "finding the cuts"),
    PipelineStep("marks", 3, _marks, "寻找标识与产品", "looking for marks and packs", by_brand=True),
    PipelineStep("words", 4, _words, "识别画面文字", "reading text on the screen"),
    PipelineStep("speech", 3, _speech, "识别口播", "listening to speech", by_brand=True, also=speech.fingerprint),
    PipelineStep("faces", 3, _faces, "寻找人脸", "looking for faces"),
    PipelineStep("loudness", 1, _loudness, "测量响度", "measuring loudness"),
    PipelineStep("hashes", 3, _hashes, "计算画面指纹", "hashing pictures"),
)
BY_NAME = {one.name: one for one in STEPS}


def key(step: PipelineStep, video_sha256: str, brand: WantedBrand) -> str:
    """Return what names a step's answer: the same key, the same answer."""
    parts = [video_sha256, step.name, str(step.version), brand.digest() if step.by_brand else "", step.also()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def seen(cache: FrameCache, brand: WantedBrand, answers: Mapping[str, Answer]) -> StepFindings:
    """Return what all steps found, for the merge."""
    heard = answers["speech"]
    return StepFindings(
        duration_s=cache.info.duration_s,
        times=cache.times,
        shape=cache.shape,
        cuts=answers["cuts"]["cuts"],
        references=[Path(one["name"]).stem for one in answers["marks"]["references"]],
        kinds=[brand.kind for _ in answers["marks"]["references"]],
        sights=[
            {
                one["picture"]: MarkSight(
                    one["picture"], np.asarray(one["quad"], np.float32), one["likeness"], one["by"]
                )
                for one in found
            }
            for found in answers["marks"]["sights"]
        ],
        lines=[
            TextLine(one["picture"], one["text"], one["score"], np.asarray(one["quad"], np.float32))
            for one in answers["words"]["lines"]
        ],
        heard=HeardSpeech(
            heard["by"], heard["language"], tuple(SpokenSentence(**one) for one in heard["sentences"]), heard["silent"]
        ),
        faces={
            int(at): [(one[0], one[1], one[2], one[3]) for one in found]
            for at, found in answers["faces"]["pictures"].items()
        },
        loudness=np.asarray([-np.inf if one is None else one for one in answers["loudness"]["lufs"]], np.float32),
        step_s=cache.info.step_s,
    )
