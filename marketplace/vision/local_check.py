"""Checks a file on this machine, without a server: the same steps, with their answers stored in a folder."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from marketplace.vision import keyframes, result_drawing
from marketplace.vision.check_result import CheckedVideo, check
from marketplace.vision.decode import media
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.pipeline import STEPS, Answer, PipelineStep, StepWork, WantedBrand, key
from marketplace.vision.scored_timeline import ScoringTerms

# Stage (a step's name, or "decode"), done and total.
Progress = Callable[[str, int, int], None]


def cache_root() -> Path:
    """Return the folder for this user's frame caches and models."""
    return platformdirs.user_cache_path("inlay", appauthor=False)


@dataclass(frozen=True)
class LocalCheck:
    """A checked file with its frame cache."""

    cache: FrameCache
    checked: CheckedVideo


def run(file: Path, brand: WantedBrand, terms: ScoringTerms, folder: Path, progress: Progress) -> LocalCheck:
    """Check a file, reusing the answers that an earlier run left in ``folder``. Raises MediaRefused, MachineBusy."""
    media.check_file(file)
    video_folder = folder / "videos" / media.digest(file)
    cache = media.decode(file, video_folder / "frames", lambda share: progress("decode", int(100 * share), 100))
    progress("decode", 100, 100)  # the last picture comes before the end of the video
    work = StepWork(cache, brand, folder / "models")
    answers = {step.name: _answer(step, work, video_folder / "answers", progress) for step in STEPS}
    return LocalCheck(cache, check(cache, brand, answers, terms))


def _answer(step: PipelineStep, work: StepWork, folder: Path, progress: Progress) -> Answer:
    path = folder / f"{step.name}-{key(step, work.cache.info.sha256, work.brand)[:24]}.json"
    if path.exists():
        kept: Answer = json.loads(path.read_text())
        return kept
    progress(step.name, 0, 1)
    answer = step.answer(work, lambda done, total: progress(step.name, done, total))
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    unfinished.write_text(json.dumps(answer, ensure_ascii=False))
    unfinished.rename(path)
    progress(step.name, 1, 1)
    return answer


def write(local: LocalCheck, terms: ScoringTerms, folder: Path) -> list[Path]:
    """Write the result as files: result.json, timeline.zh.svg, timeline.en.svg, keyframes; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    result = local.checked.result
    written = [folder / "result.json"]
    written[0].write_text(json.dumps(result, ensure_ascii=False, indent=1))
    for language in ("zh", "en"):
        written.append(folder / f"timeline.{language}.svg")
        written[-1].write_text(result_drawing.timeline_svg(result, terms.plan, language=language))
    for picture in keyframes.keyframes(result):
        seconds = local.cache.times[picture]
        written.append(folder / f"keyframe-{seconds:07.2f}.jpg")
        written[-1].write_bytes(keyframes.jpeg(keyframes.keyframe(local.cache, result, picture)))
    return written
