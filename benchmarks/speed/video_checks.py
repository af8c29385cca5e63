"""What one check of a video costs: processor seconds per minute of video, step by step, and the most memory.

    python -m benchmarks.speed.video_checks [--seconds 60] [--repeat 10] [--size 720 1280] [--background FILE ...] [--sound WAV ...]

Draws a clip with two marks that come and go, a caption with a brand's name, other captions and cuts, before drawn scenes
or real clips; with sound if there is any to be had. ``--repeat`` plays the same stretch so often, which makes long videos
at the price of short ones. Checks it as ``inlay check-video`` does, each step in turn in one process on one thread.
"""

import argparse
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.hostile.watch import status_mb
from benchmarks.quality.vision import background
from marketplace.demo import clips
from marketplace.demo.clips import SOUND_HZ, DrawnCaption, DrawnLabel, DrawnScene, Picture
from marketplace.vision import check_result
from marketplace.vision.decode import media
from marketplace.vision.marks import reference_images
from marketplace.vision.one_thread import ONE_THREAD
from marketplace.vision.pipeline import STEPS, StepWork, WantedBrand
from marketplace.vision.scored_timeline import ScoringTerms

SCENE_S = 7.0
NAME = "LIMEISLE"

MODULE = "benchmarks.speed.video_checks"


def pictures(seconds: float, size: tuple[int, int], fps: float, behind: list[Path]) -> Iterator[Picture]:
    """Yield a clip's pictures: another background every SCENE_S, two marks by turns, captions."""
    width, height = size
    grounds = [background(one, width, height) for one in behind] or [DrawnScene(width, height, 5, SCENE_S).frame]
    first, second = clips.label(NAME, 1), clips.badge("NORTHFOX", 1)
    side = min(size) / 720
    turns = [(first, 140 * side), (second, 110 * side)]
    captions = [
        DrawnCaption(at, at + 3.0, words, round(34 * side), (0.5, 0.86))
        for at, words in zip(np.arange(0, seconds, 5.0), cycle((f"{NAME} soda", "what a day", "see you there")))
    ]
    for number in range(round(seconds * fps)):
        at_s = number / fps
        picture = grounds[int(at_s / SCENE_S) % len(grounds)](at_s)
        turn = int(at_s / 6.0)
        if at_s - 6.0 * turn < 3.0:  # half of the time a mark is to be seen
            mark, px = turns[turn % 2]
            shown = DrawnLabel(6.0 * turn, 6.0 * turn + 3.0, px, (0.35, 0.4), (0.6, 0.5))
            quad = clips.quad_of(shown, at_s, width, height, mark.shape[1] / mark.shape[0])
            picture = clips.put(picture, mark, quad, "clean", at_s)
        for one in captions:
            if one.start_s <= at_s < one.end_s:
                picture = clips.write_on(picture, one)
        yield picture


def sound_of(files: list[Path], seconds: float) -> NDArray[np.float32] | None:
    """Return sound (one channel, SOUND_HZ) made of WAV files with half a second between them, played again and again."""
    if not files:
        return None
    parts: list[NDArray[np.float32]] = []
    for file in files:
        with wave.open(str(file)) as read:
            samples = np.frombuffer(read.readframes(read.getnframes()), np.int16).astype(np.float32) / 32768
            at = np.arange(0, len(samples), read.getframerate() / SOUND_HZ)
        parts += [
            np.interp(at, np.arange(len(samples)), samples).astype(np.float32),
            np.zeros(SOUND_HZ // 2, np.float32),
        ]
    return np.resize(np.concatenate(parts), int(seconds * SOUND_HZ))


def repeated(source: Path, target: Path, times: int) -> None:
    """Write a clip so many times in a row, without encoding it anew."""
    with av.open(str(target), "w") as out:
        made: dict[int, Any] = {}
        offset_s = 0.0
        for _ in range(times):
            with av.open(str(source)) as read:
                if not made:
                    made = {stream.index: out.add_stream_from_template(stream) for stream in read.streams}
                for packet in read.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = round(offset_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = made[packet.stream.index]
                    out.mux(packet)
                # The next round begins a little later, for pictures are handed over before they are due.
                offset_s += (read.duration or 0) / av.time_base + 0.2


def used() -> float:
    """Return the processor seconds of this process and of those it has waited for."""
    own, others = (resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def measure(path: Path, folder: Path) -> None:
    images = {"label.png": clips.label(NAME, 1), "badge.png": clips.badge("NORTHFOX", 1)}
    found = [reference_images.prepare(name, cv2.imencode(".png", image)[1].tobytes()) for name, image in images.items()]
    brand = WantedBrand((NAME, "NORTHFOX"), tuple(found))
    print(f"{'':>10}{'CPU s':>9}{'a minute':>10}{'wall s':>9}{'peak MB':>9}")
    began, total, wall = used(), used(), time.monotonic()
    cache = media.decode(path, folder / "frames")
    minutes = cache.info.duration_s / 60
    show("decode", used() - began, minutes, time.monotonic() - wall)
    work, answers = StepWork(cache, brand, folder / "models"), {}
    for step in STEPS:
        began, wall = used(), time.monotonic()
        answers[step.name] = step.answer(work, lambda done, of: None)
        show(step.name, used() - began, minutes, time.monotonic() - wall)
    began, wall = used(), time.monotonic()
    made = check_result.check(cache, brand, answers, ScoringTerms())
    show("merge", used() - began, minutes, time.monotonic() - wall)
    show("all", used() - total, minutes, math.nan)
    decoder = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"decoder's peak {decoder:.0f} MB; {len(made.result['evidence'])} exposures in {60 * minutes:.0f} s of video")


def show(name: str, cpu_s: float, minutes: float, wall_s: float) -> None:
    # Not getrusage: its peak is handed on from the process that started this one, which drew the clip.
    peak = status_mb(os.getpid(), "VmHWM")
    print(f"{name:>10}{cpu_s:>9.1f}{cpu_s / minutes:>10.1f}{wall_s:>9.1f}{peak:>9.0f}", flush=True)


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--seconds", type=float, default=60.0)
    read.add_argument("--repeat", type=int, default=1)
    read.add_argument("--size", type=int, nargs=2, default=[720, 1280], help="width and height")
    read.add_argument("--fps", type=float, default=25.0)
    read.add_argument("--background", type=Path, nargs="*", default=[])
    read.add_argument("--sound", type=Path, nargs="*", default=[], help="WAV files, 16 bit, one channel")
    read.add_argument("--file", type=Path, help="check this file instead of drawing one")
    read.add_argument("--keep", type=Path)
    args = read.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():  # as the market starts its workers
        os.execve(sys.executable, [sys.executable, "-m", MODULE, *sys.argv[1:]], {**os.environ, **ONE_THREAD})  # noqa: S606
    cv2.setNumThreads(1)
    folder = Path(tempfile.mkdtemp(prefix="inlay-checks-"))
    path = args.file or (args.keep or folder) / "clip.mp4"
    if not path.exists():
        once = folder / "once.mp4"
        drawn = pictures(args.seconds, (args.size[0], args.size[1]), args.fps, args.background)
        clips.encode(once, drawn, args.fps, sound=sound_of(args.sound, args.seconds))
        repeated(once, path, args.repeat)
        # In a process of its own: what drawing took is not what checking takes.
        subprocess.run([sys.executable, "-m", MODULE, "--file", str(path)], check=True)
    else:
        measure(path, folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
