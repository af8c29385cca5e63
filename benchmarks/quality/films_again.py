"""Whether a film is known again when it is posted anew, and no film for another one of its series.

    python -m benchmarks.quality.films_again [--seed 1] [--films 2] [--episodes 21] [--clips FILE ...]

Draws films, and posts each again as people do: encoded anew, at another size and number of pictures a second, cropped,
turned, between bars, with captions, mirrored, cut, faster. Each pair is decoded and held against each other as a check
does it. Then draws the episodes of one series, which all play in one place before one camera, and holds each pair of
them against each other. ``--clips`` adds filmed clips to the films; the two halves of each are episodes too. Prints in
what share of its seconds each copy was recognised, and which pairs of episodes were taken for repeats; ends with 1 if
one was, or if a copy was missed that has to be found.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from marketplace.checks.duplicates import is_repetition
from marketplace.demo import clips
from marketplace.demo.clips import DrawnScene, Picture
from marketplace.vision.decode import media
from marketplace.vision.see import film_matches, picture_hashes
from marketplace.vision.see.film_matches import PictureMatch
from marketplace.vision.see.picture_hashes import PictureHash

FPS, SECONDS = 12.0, 20.0
SIZE = (640, 360)
TALL_SIDES = 16 / 9


@dataclass(frozen=True)
class Copy:
    """How a film is posted again: what becomes of each picture, at how many pictures a second it is written (the same
    pictures, so that another number is another speed), from which second on, and whether it has to be found."""

    name: str
    change: Callable[[Picture], Picture] = lambda picture: picture
    speed: float = 1.0
    fps_kept: float = 1.0
    start_s: float = 0.0
    crf: int = 28
    wanted: bool = True


def _u8(picture: Any) -> Picture:
    return np.asarray(picture, np.uint8)


def _crop(left: float, top: float, right: float, bottom: float) -> Callable[[Picture], Picture]:
    """Return a change that cuts these shares off the sides."""

    def change(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        down, across = (
            slice(round(top * height), round((1 - bottom) * height)),
            slice(round(left * width), round((1 - right) * width)),
        )
        return picture[down, across]

    return change


def _turn(degrees: float) -> Callable[[Picture], Picture]:
    """Return a change that turns the picture about its middle, enlarged so that no corner shows."""

    def change(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        grown = 1 + max(height, width) / min(height, width) * np.sin(np.radians(degrees))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, grown)
        return np.asarray(cv2.warpAffine(picture, matrix, (width, height)), np.uint8)

    return change


def _between_bars(picture: Picture, *, words: bool = False) -> Picture:
    """Return a wide picture on a tall screen, with itself blurred behind it."""
    height, width = picture.shape[:2]
    tall = round(width * TALL_SIDES)
    behind = cv2.resize(picture, (round(width * tall / height), tall))
    start = (behind.shape[1] - width) // 2
    screen = np.asarray(cv2.GaussianBlur(behind[:, start : start + width], (0, 0), 22), np.uint8)
    top = (tall - height) // 2
    screen[top : top + height] = picture
    if words:
        cv2.putText(screen, "best moments ever", (20, top // 2), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 3)
    return screen


def _caption(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    drawn = picture.copy()
    cv2.rectangle(drawn, (0, round(0.83 * height)), (width, round(0.94 * height)), (250, 250, 250), -1)
    cv2.putText(drawn, "watch until the end", (20, round(0.91 * height)), cv2.FONT_HERSHEY_DUPLEX, 0.8, (0, 0, 0), 2)
    return drawn


def _bordered(tone: int) -> Callable[[Picture], Picture]:
    def change(picture: Picture) -> Picture:
        side = picture.shape[0] // 2
        return np.asarray(
            cv2.copyMakeBorder(picture, side, side, 0, 0, cv2.BORDER_CONSTANT, value=(tone,) * 3), np.uint8
        )

    return change


COPIES = (
    Copy("encoded anew"),
    Copy("encoded poorly", crf=38),
    Copy("half the size", lambda picture: _u8(cv2.resize(picture, None, fx=0.5, fy=0.5))),
    Copy("two thirds of the pictures a second", fps_kept=2 / 3),
    Copy("brighter", lambda picture: _u8(cv2.convertScaleAbs(picture, alpha=1.15, beta=12))),
    Copy("dark", lambda picture: _u8(cv2.convertScaleAbs(picture, alpha=0.25))),
    Copy("mirrored", lambda picture: _u8(cv2.flip(picture, 1))),
    Copy("caption bar", _caption),
    Copy("dark bars", _bordered(0)),
    Copy("white bars", _bordered(255)),
    Copy("blurred bars", _between_bars),
    Copy("blurred bars with words", lambda picture: _between_bars(picture, words=True)),
    Copy("crop of 5 %", _crop(0.025, 0.025, 0.025, 0.025)),
    Copy("crop of 10 %", _crop(0.05, 0.05, 0.05, 0.05)),
    Copy("10 % cut off one side", _crop(0, 0, 0.1, 0), wanted=False),
    Copy("crop of 25 %", _crop(0.125, 0.125, 0.125, 0.125), wanted=False),
    Copy("turn of 1 degree", _turn(1)),
    Copy("turn of 2 degrees", _turn(2)),
    Copy("turn of 4 degrees", _turn(4), wanted=False),
    Copy("begins 0.4 s later", start_s=0.4),
    Copy("the last 6 s", start_s=SECONDS - 6),
    Copy("1.1 times as fast", speed=1.1),
    Copy("1.25 times as fast", speed=1.25),
    Copy(
        "crop of 10 %, 1.1 times as fast, mirrored",
        lambda picture: _crop(0.05, 0.05, 0.05, 0.05)(_u8(cv2.flip(picture, 1))),
        1.1,
    ),
)


class SeriesScene:
    """An episode of a series: the place and its things are the series', and who moves through it is the episode's."""

    def __init__(self, series: int, episode: int) -> None:
        width, height = SIZE
        self._back = DrawnScene(width, height, series, cut_every_s=1e9).frame(0.0)
        random = np.random.default_rng([series, episode, 9])
        self._actors = [
            (
                random.uniform(0.1, 0.9, 2) * [width, height],
                random.uniform(0.05, 0.2) * height,
                random.uniform(0.2, 0.9, 2),
                random.uniform(0, 6, 2),
                tuple(int(tone) for tone in random.integers(20, 235, 3)),
            )
            for _ in range(3)
        ]

    def frame(self, at_s: float) -> Picture:
        picture = self._back.copy()
        for place, size, rate, phase, tone in self._actors:
            x, y = place + np.sin(rate * at_s + phase) * [160, 50]
            cv2.ellipse(picture, (int(x), int(y)), (int(size * 0.6), int(size)), 0, 0, 360, tone, -1, cv2.LINE_AA)
        return picture


def hashes_of(path: Path) -> list[PictureHash]:
    """Return what a check stores and looks up of a video file."""
    with tempfile.TemporaryDirectory() as folder:
        return picture_hashes.of_video(media.decode(path, Path(folder) / "frames"))


def matched(new: Sequence[PictureHash], known: Sequence[PictureHash]) -> list[PictureMatch]:
    return film_matches.matches(new, picture_hashes.stored(known))


def _pictures(scene: DrawnScene | SeriesScene, seconds: float = SECONDS) -> list[Picture]:
    return [picture for picture, _ in clips.frames(scene.frame, seconds, FPS)]


def _of_clip(path: Path) -> list[Picture]:
    """Return a filmed clip's pictures at FPS, at most SECONDS of it twice, in the size of the drawn ones' height."""
    found: list[Picture] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time * FPS >= len(found):
                scale = SIZE[1] / min(frame.width, frame.height)
                width, height = (2 * round(side * scale / 2) for side in (frame.width, frame.height))
                found.append(np.asarray(frame.reformat(width, height).to_ndarray(format="bgr24"), np.uint8))
            if len(found) >= 2 * SECONDS * FPS:
                break
    return found


def _post(pictures: Sequence[Picture], copy: Copy, path: Path) -> Path:
    start = round(copy.start_s * FPS)
    keep = np.unique(np.round(np.arange(start, len(pictures) - 0.5, 1 / copy.fps_kept)).astype(int))
    clips.encode(path, _even(copy.change(pictures[at]) for at in keep), FPS * copy.fps_kept * copy.speed, crf=copy.crf)
    return path


def _even(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Yield pictures with sides that an encoder takes."""
    for picture in pictures:
        height, width = (side - side % 2 for side in picture.shape[:2])
        yield np.ascontiguousarray(picture[:height, :width])


def copies(films: dict[str, list[Picture]], folder: Path) -> bool:
    """Print in what share of its seconds each copy is recognised, the copy looked up and the original looked up;
    return whether all that must be found are."""
    well = True
    print(f"{'copy':44} recognised  seconds alike: copy looked up, original looked up (median of films)")
    known = {name: hashes_of(_post(pictures, Copy(""), folder / "film.mp4")) for name, pictures in films.items()}
    for copy in COPIES:
        shares: list[tuple[float, float]] = []
        recognised = 0
        for name, pictures in films.items():
            posted = hashes_of(_post(pictures, copy, folder / "copy.mp4"))
            pairs = [(posted, known[name]), (known[name], posted)]
            found = [matched(*pair) for pair in pairs]
            seconds = [picture_hashes.seconds(new) for new, _ in pairs]
            recognised += all(is_repetition(*one) for one in zip(found, seconds, strict=True))
            shares.append((len(found[0]) / max(1, seconds[0]), len(found[1]) / max(1, seconds[1])))
        new, old = (statistics.median(side) for side in zip(*shares, strict=True))
        note = "" if copy.wanted else "  (measured, not asked for)"
        print(f"{copy.name:44} {recognised} of {len(films)}      {new:.2f} {old:.2f}{note}", flush=True)
        well = well and (recognised == len(films) or not copy.wanted)
    return well


def false_alarms(episodes: dict[str, list[PictureHash]], pairs: Sequence[tuple[str, str]]) -> int:
    """Print which pairs of different episodes are taken for repeats, and return how many."""
    taken, alike = [], []
    for one, other in pairs:
        found = matched(episodes[one], episodes[other])
        seconds = picture_hashes.seconds(episodes[one])
        alike.append(_near_share(episodes[one], episodes[other]))
        if is_repetition(found, seconds):
            taken.append(f"{one} and {other}: {len(found)} of {seconds} s")
    print(f"{len(pairs)} pairs of episodes of one series: {len(taken)} taken for repeats")
    print(f"  seconds with a picture near to some picture of the other one: median {statistics.median(alike):.2f}")
    for line in taken:
        print(f"  {line}")
    return len(taken)


def _near_share(new: Sequence[PictureHash], known: Sequence[PictureHash]) -> float:
    """Return the share of seconds in which any picture is near to any of the other film, in step or not."""
    rows = picture_hashes.table(hash_.bits for hash_ in picture_hashes.stored(known))
    near = {
        int(hash_.at_s)
        for hash_, row in zip(new, picture_hashes.table(hash_.bits for hash_ in new), strict=True)
        if picture_hashes.distances(row, rows).min() <= picture_hashes.NEAR_BITS
    }
    return len(near) / max(1, picture_hashes.seconds(new))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.films_again", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--films", type=int, default=2, help="drawn films that are posted again")
    parser.add_argument("--episodes", type=int, default=21, help="episodes of the drawn series")
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="filmed clips")
    args = parser.parse_args(arguments)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filmed = {path.stem: _of_clip(path) for path in args.clips}
        films = {f"drawn {at}": _pictures(DrawnScene(*SIZE, args.seed * 100 + at)) for at in range(args.films)}
        well = copies({**films, **{clip: pictures[: int(SECONDS * FPS)] for clip, pictures in filmed.items()}}, folder)
        episodes = {
            f"episode {at}": hashes_of(
                _post(_pictures(SeriesScene(args.seed, at)), Copy("", crf=23), folder / "episode.mp4")
            )
            for at in range(args.episodes)
        }
        pairs = list(itertools.combinations(episodes, 2))
        for clip, pictures in filmed.items():
            half = len(pictures) // 2
            for part, shown in (("first", pictures[:half]), ("second", pictures[half:])):
                episodes[f"{clip} {part}"] = hashes_of(_post(shown, Copy("", crf=23), folder / "episode.mp4"))
            pairs.append((f"{clip} first", f"{clip} second"))
        wrong = false_alarms(episodes, pairs)
    print(f"{time.process_time() - began:.0f} CPU s without decoding")
    return 0 if well and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
