"""The steps of a check: each an independent, repeatable job over one frame cache, and the merge of what they found.

A step's answer is plain JSON data, and it is the same for the same video, references, names and version of the step.
``key`` names it by these, so that an answer stored under its key is never computed twice.
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
from marketplace.vision.marks import mark_search, reference_images, visible_sizes
from marketplace.vision.marks.mark_tracking import MarkSight, MarkTracker
from marketplace.vision.marks.reference_images import ReferenceImage
from marketplace.vision.read import loudness, screen_text, speech, speech_model
from marketplace.vision.read.market_languages import languages_of
from marketplace.vision.read.screen_text import TextLine
from marketplace.vision.read.speech import HeardSpeech, SpokenSentence
from marketplace.vision.see import faces, picture_hashes

FACES_EVERY_S = 1.5
Report = Callable[[int, int], None]
Answer = dict[str, Any]


@dataclass(frozen=True)
class WantedBrand:
    """The brand to look for: its names as written and spoken, its reference images, what the images show, and the
    markets (ISO 3166) that the video is for, if that is known."""

    names: tuple[str, ...]
    references: tuple[ReferenceImage, ...] = ()
    kind: ExposureKind = ExposureKind.PRODUCT
    markets: tuple[str, ...] = ()

    def digest(self) -> str:
        document = json.dumps([sorted(self.names), reference_images.digest(self.references)], ensure_ascii=False)
        return hashlib.sha256(document.encode()).hexdigest()


@dataclass(frozen=True)
class StepWork:
    """The input of a step; ``models``: the folder for models."""

    cache: FrameCache
    brand: WantedBrand
    models: Path


@dataclass(frozen=True)
class PipelineStep:
    """One step; a change to its answers raises its version."""

    name: str
    version: int
    run: Callable[[StepWork, Report], Answer]
    zh: str
    en: str
    # What its answer depends on besides the video: the brand, the languages of the markets, the text of ``also``.
    by_brand: bool = False
    by_market: bool = False
    also: Callable[[], str] = field(default=lambda: "")

    def answer(self, work: StepWork, report: Report) -> Answer:
        """Run the step, then free the memory of its models and pictures, or the next step's would come on top."""
        try:
            return self.run(work, report)
        finally:
            gc.collect()
            _give_back()


def _give_back() -> None:
    """Return freed memory to the system, which only glibc withholds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def every(times: Sequence[float], seconds: float) -> list[int]:
    """Return the indexes of pictures at least ``seconds`` apart."""
    indexes: list[int] = []
    last = -seconds
    for index, time in enumerate(times):
        if time - last >= seconds - 1e-6:
            indexes.append(index)
            last = time
    return indexes


def shot_starts(times: Sequence[float], cut_times: Sequence[float]) -> list[int]:
    """Return the index of the first picture of each shot."""
    moments = np.searchsorted(np.asarray(times), np.asarray(cut_times), side="left")
    return sorted({int(index) for index in moments if index < len(times)})


def _cuts(work: StepWork, report: Report) -> Answer:
    return {"cuts": shot_cuts.cuts(work.cache)}


def _marks(work: StepWork, report: Report) -> Answer:
    mark_search.recall_scores(work.models)
    tracker = MarkTracker(work.cache, work.brand.references)
    sights = tracker.run(shot_starts(work.cache.times, shot_cuts.cuts(work.cache)), report)
    references = [
        {
            "name": one.name,
            "findable": mark_search.findable(one),
            "features": one.features,
            "from_px": visible_sizes.least_px(one),
        }
        for one in work.brand.references
    ]
    mark_search.keep_scores(work.models)
    return {
        "references": references,
        "sights": [
            [
                {
                    "picture": index,
                    "quad": np.asarray(sight.quad, float).round(1).tolist(),
                    "likeness": round(sight.likeness, 3),
                    "by": sight.by,
                }
                for index, sight in sorted(of_reference.items())
            ]
            for of_reference in sights
        ],
    }


def _words(work: StepWork, report: Report) -> Answer:
    lines = screen_text.read(work.cache, shot_starts(work.cache.times, shot_cuts.cuts(work.cache)), report=report)
    return {
        "lines": [
            {
                "picture": line.picture,
                "text": line.text,
                "score": round(line.score, 3),
                "quad": np.asarray(line.quad, float).round(1).tolist(),
            }
            for line in lines
        ],
    }


def _speech(work: StepWork, report: Report) -> Answer:
    sound = work.cache.sound()
    # Loading the model takes seconds; a video without sound does not need it.
    recogniser = speech.recogniser(work.models) if len(sound) else None
    heard = speech.listen(sound, work.brand.names, recogniser, work.brand.markets)
    return {**asdict(heard), "sound": len(sound) > 0}


def _faces(work: StepWork, report: Report) -> Answer:
    if faces.model_path() is None:
        return {"by": None, "pictures": {}}
    finder = faces.FaceFinder()
    pictures = every(work.cache.times, FACES_EVERY_S)
    boxes = {}
    for number, index in enumerate(pictures):
        picture = work.cache.small(index, faces.SIDE_PX)
        scale = work.cache.shape[1] / picture.shape[1]
        boxes[str(index)] = [[round(side * scale, 1) for side in face] for face in finder.find(picture)]
        report(number + 1, len(pictures))
    return {"by": "centerface", "pictures": boxes}


def _loudness(work: StepWork, report: Report) -> Answer:
    blocks = loudness.curve(work.cache.sound())
    return {
        "step_s": loudness.STEP_S,
        "lufs": [round(float(block), 1) if np.isfinite(block) else None for block in blocks],
    }


def _hashes(work: StepWork, report: Report) -> Answer:
    hashes = picture_hashes.of_video(work.cache)
    return {
        "hashes": [
            {
                "at_s": hash_.at_s,
                "view": hash_.view,
                "bits": hash_.bits.hex(),
                "quality": hash_.quality,
                "mirrored": hash_.mirrored,
            }
            for hash_ in hashes
        ]
    }


STEPS: tuple[PipelineStep, ...] = (
    PipelineStep("cuts", 2, _cuts, "切分镜头", "finding the cuts"),
    PipelineStep("marks", 4, _marks, "寻找标识与产品", "looking for marks and packs", by_brand=True),
    PipelineStep("words", 5, _words, "识别画面文字", "reading text on the screen"),
    PipelineStep(
        *("speech", 5, _speech, "识别口播", "listening to speech"),
        by_brand=True,
        by_market=True,
        also=speech_model.fingerprint,
    ),
    PipelineStep("faces", 3, _faces, "寻找人脸", "looking for faces"),
    PipelineStep("loudness", 1, _loudness, "测量响度", "measuring loudness"),
    PipelineStep("hashes", 4, _hashes, "计算画面指纹", "hashing pictures"),
)
BY_NAME = {step.name: step for step in STEPS}


def key(step: PipelineStep, video_sha256: str, brand: WantedBrand) -> str:
    """Return the key of a step's answer: the same key, the same answer."""
    parts = [video_sha256, step.name, str(step.version), brand.digest() if step.by_brand else "", step.also()]
    if step.by_market:
        parts.append(" ".join(sorted(languages_of(brand.markets))))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def seen(cache: FrameCache, brand: WantedBrand, answers: Mapping[str, Answer]) -> StepFindings:
    """Return the findings of all steps for the merge, read from their JSON answers."""
    heard = answers["speech"]
    return StepFindings(
        duration_s=cache.info.duration_s,
        times=cache.times,
        shape=cache.shape,
        cuts=answers["cuts"]["cuts"],
        references=[Path(reference["name"]).stem for reference in answers["marks"]["references"]],
        kinds=[brand.kind for _ in answers["marks"]["references"]],
        sights=[
            {
                sight["picture"]: MarkSight(
                    sight["picture"], np.asarray(sight["quad"], np.float32), sight["likeness"], sight["by"]
                )
                for sight in of_reference
            }
            for of_reference in answers["marks"]["sights"]
        ],
        lines=[
            TextLine(line["picture"], line["text"], line["score"], np.asarray(line["quad"], np.float32))
            for line in answers["words"]["lines"]
        ],
        heard=HeardSpeech(
            heard["by"],
            heard["language"],
            tuple(SpokenSentence(**sentence) for sentence in heard["sentences"]),
            heard["silent"],
        ),
        faces={
            int(index): [(left, top, right, bottom) for left, top, right, bottom in boxes]
            for index, boxes in answers["faces"]["pictures"].items()
        },
        # JSON has no infinity: silence is stored as null.
        loudness=np.asarray([-np.inf if lufs is None else lufs for lufs in answers["loudness"]["lufs"]], np.float32),
        step_s=cache.info.step_s,
    )
