"""How well names and marks of disclosure are read on the screen: by language and glyph size, with wrong hits and cost.

    python -m benchmarks.quality.words --font FILE [--font FILE ...] [--sizes 10 14 18 24 32 48] [--background CLIP ...]

Invented names stand alone and in sentences, in three styles, for two seconds each with a second without between them;
some captions show a word that is only like the name, and then any hit is wrong. Sizes are those of the font (px of a
picture whose shorter side is 720): Chinese characters are about 0.9 of it high, Latin capitals 0.7. Chinese needs a
font that has it (Noto Sans CJK, WenQuanYi); without ``--font`` only English is measured. What is judged is the
exposure timeline, so that an exposure found in part counts in part. ``--files`` measures the cost on other videos.
"""

import argparse
import itertools
import json
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.quality.vision import background
from marketplace.demo import clips
from marketplace.demo.clips import DrawnScene, Picture
from marketplace.vision import exposures, pipeline
from marketplace.vision.decode import media, shot_cuts
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.exposures import StepFindings
from marketplace.vision.read.screen_text import TextLine
from marketplace.vision.read.speech import HeardSpeech

SHOWN_S, GAP_S = 2.0, 1.0
EDGE_S = 0.5  # a hit this near a true exposure is late, not wrong
STYLES = ("edge", "dark", "bar")
FORMS = ((720, 1280, 25.0, 23), (1280, 720, 25.0, 28), (720, 1280, 30.0, 32), (1280, 720, 24.0, 20))
# Sentence with the name's place; an empty one is the name alone.
SENTENCES = {
    "zh": ("今天喝的是{}气泡水", "{}", "姐妹们 {} 新品到了", "{}真的太好用了", "我最近一直在用{}", "{}"),
    "en": ("this morning I tried {} again", "{}", "NEW {} IN STORES", "{} makes it easy", "all thanks to {}", "{}"),
}
# A name, and a word that is like it and is not it.
NAMES = {
    "zh": (
        ("青柠岛", "青年路"),
        ("栖云茶", "清华园"),
        ("鹿小满", "路小雨"),
        ("沐禾", "目标"),
        ("星野物语", "星期五见"),
        ("拾光里", "时光机"),
    ),
    "en": (
        ("LIMEISLE", "LIMESTONE"),
        ("Northfox", "Northern"),
        ("Kopeli", "Copenhagen"),
        ("Moonriver", "Moonlight"),
        ("Zuvo", "Zoo"),
        ("Aurelle", "Already"),
    ),
}
MARKS = {
    "zh": ("广告", "赞助", "本视频由某某赞助播出", "#广告", "商业推广"),
    "en": ("#ad", "Sponsored", "Paid partnership with Oddly", "AD", "Includes paid promotion"),
}
NO_MARKS = {"zh": "没有广告", "en": "adventure"}
Look = tuple[Any, Any]


@dataclass(frozen=True)
class Caption:
    """Words on the screen from ``start_s`` to ``end_s``; ``what``: name, like (a word like it), mark or none."""

    start_s: float
    end_s: float
    words: str
    what: str
    middle: tuple[float, float]


@dataclass(frozen=True)
class Clip:
    """A clip on disk and what it shows."""

    path: Path
    language: str
    size: int
    name: str
    captions: tuple[Caption, ...]


@dataclass
class Tally:
    """What was found of what was there, by language and size."""

    true_s: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    found_s: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    there: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    found: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    likes: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    wrong: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    edges: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(
        self, key: tuple[str, int], true: Sequence[tuple[float, float]], likes: int, hits: Sequence[tuple[float, float]]
    ) -> None:
        """Count the true stretches (s) that hits cover, and the hits that are near none of them."""
        self.likes[key] += likes
        for start, end in true:
            own = [hit for hit in hits if hit[0] < end and hit[1] > start]
            covered = sum(min(end, one[1]) - max(start, one[0]) for one in own)
            self.there[key] += 1
            self.found[key] += covered >= 0.5 * (end - start)
            self.true_s[key] += end - start
            self.found_s[key] += covered
            if own:
                self.edges[key] += [abs(own[0][0] - start), abs(own[-1][1] - end)]
        self.wrong[key] += sum(
            all(hit[0] > end + EDGE_S or hit[1] < start - EDGE_S for start, end in true) for hit in hits
        )


def plan(language: str, turn: int) -> tuple[str, list[Caption]]:
    """Return a clip's name and its captions, marks of disclosure in a corner beside some of them."""
    name, like = NAMES[language][turn % len(NAMES[language])]
    random = np.random.default_rng(turn)
    shown = [(one.format(name), "name") for one in SENTENCES[language]]
    shown[2:2] = [(SENTENCES[language][turn % 3].format(like), "like")]
    shown.append((like, "like"))
    captions = []
    for place, (words, what) in enumerate(shown):
        start = 0.75 + place * (SHOWN_S + GAP_S) + float(random.uniform(0, 0.24))
        middle = (0.5, float(random.uniform(0.3, 0.9)))
        captions.append(Caption(start, start + SHOWN_S, words, what, middle))
        if place % 2:
            marks = MARKS[language]
            mark = marks[(turn + place // 2) % len(marks)] if place < 7 else NO_MARKS[language]
            what = "mark" if place < 7 else "none"
            captions.append(Caption(start, start + SHOWN_S, mark, what, (0.24, float(random.uniform(0.05, 0.2)))))
    return name, captions


def drawn(words: str, size: int, style: str, path: str | None) -> Look:
    """Return a caption's colours and how far they cover what is behind them (0..1)."""
    font = clips.font(size, path)
    edge = max(1, size // 12) if style == "edge" else 0
    pad = size // 2
    left, top, right, bottom = font.getbbox(words, stroke_width=edge)
    box = (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad)
    ground = {"edge": (0, 0, 0, 0), "dark": (238, 236, 230, 255), "bar": (196, 40, 66, 255)}[style]
    image = Image.new("RGBA", box, ground)
    ink = (24, 24, 28, 255) if style == "dark" else (255, 255, 255, 255)
    ImageDraw.Draw(image).text(
        (pad - left, pad - top), words, font=font, fill=ink, stroke_width=edge, stroke_fill=(0, 0, 0, 255)
    )
    whole = np.asarray(image, np.float32)
    return whole[:, :, 2::-1].copy(), whole[:, :, 3:] / 255


def put(picture: Picture, look: Look, middle: tuple[float, float]) -> None:
    """Lay a caption on a picture, moved inside where it would stand over its edge."""
    colour, cover = look
    high, wide = colour.shape[:2]
    left = int(np.clip(middle[0] * picture.shape[1] - wide / 2, 4, max(4, picture.shape[1] - wide - 4)))
    top = int(np.clip(middle[1] * picture.shape[0] - high / 2, 4, max(4, picture.shape[0] - high - 4)))
    part = picture[top : top + high, left : left + wide]
    shape = part.shape[:2]
    colour, cover = colour[: shape[0], : shape[1]], cover[: shape[0], : shape[1]]
    part[:] = (colour * cover + part * (1 - cover)).astype(np.uint8)


def make(
    folder: Path,
    languages: Sequence[str],
    sizes: Sequence[int],
    fonts: Sequence[str | None],
    seed: int,
    backgrounds: Sequence[Path],
) -> Iterator[Clip]:
    """Yield clips for each language, size and style, in forms, fonts and before backgrounds that take turns. One that
    is in the folder already is not drawn again."""
    for turn, (language, size, style) in enumerate(itertools.product(languages, sizes, STYLES)):
        width, height, fps, crf = FORMS[turn % len(FORMS)]
        name, captions = plan(language, seed * 1000 + turn)
        path = folder / f"{language}-{size}-{style}.mp4"
        looks = {caption: drawn(caption.words, size, style, fonts[turn % len(fonts)]) for caption in captions}
        behind = (
            background(backgrounds[turn % len(backgrounds)], width, height)
            if backgrounds
            else DrawnScene(width, height, seed * 100 + turn).frame
        )

        def pictures(behind: Any = behind, looks: dict[Caption, Look] = looks, fps: float = fps) -> Iterator[Picture]:
            for number in range(round((max(look.end_s for look in looks) + 1) * fps)):
                picture = behind(number / fps)
                for one, look in looks.items():
                    if one.start_s <= number / fps < one.end_s:
                        put(picture, look, one.middle)
                yield picture

        if not path.exists():
            clips.encode(path.with_suffix(".part.mp4"), pictures(), fps, crf=crf)
            path.with_suffix(".part.mp4").rename(path)
        yield Clip(path, language, size, name, tuple(captions))


def read(cache: FrameCache) -> tuple[Any, float]:
    """Return the answer of the step that reads the screen, and its processor seconds."""
    work = pipeline.StepWork(cache, pipeline.WantedBrand(()), Path())
    began = time.process_time()
    answer = pipeline.BY_NAME["words"].answer(work, lambda done, total: None)
    return answer, time.process_time() - began


def seen(cache: FrameCache, answer: Any) -> StepFindings:
    lines = [
        TextLine(line["picture"], line["text"], line["score"], np.asarray(line["quad"])) for line in answer["lines"]
    ]
    return StepFindings(
        duration_s=cache.info.duration_s,
        times=cache.times,
        shape=cache.shape,
        cuts=shot_cuts.cuts(cache),
        references=(),
        kinds=(),
        sights=(),
        lines=lines,
        heard=HeardSpeech(None, None, ()),
        faces={},
        loudness=np.zeros(0),
        step_s=cache.info.step_s,
    )


def judge(clip: Clip, cache: FrameCache, answer: Any, names: Tally, marks: Tally, explain: bool) -> None:
    measured = exposures.measure(seen(cache, answer), [clip.name], lambda at, quad: 0.0)
    hits = [
        (exposure.start_s.low, exposure.start_s.low + exposure.seconds.low) for exposure in measured.timeline.exposures
    ]
    told = [(disclosure.start_s, disclosure.end_s) for disclosure in measured.disclosures]
    for tally, what, unlike, found in ((names, "name", "like", hits), (marks, "mark", "none", told)):
        true = [(caption.start_s, caption.end_s) for caption in clip.captions if caption.what == what]
        likes = sum(caption.what == unlike for caption in clip.captions)
        tally.take((clip.language, clip.size), true, likes, found)
        if explain:
            _explain(clip, cache, answer, what, found)


def _explain(clip: Clip, cache: FrameCache, answer: Any, what: str, found: list[tuple[float, float]]) -> None:
    for one in clip.captions:
        covered = sum(max(0.0, min(one.end_s, end) - max(one.start_s, start)) for start, end in found)
        if one.what == what and covered < 0.5 * (one.end_s - one.start_s):
            near = {line["text"] for line in answer["lines"] if one.start_s <= cache.times[line["picture"]] < one.end_s}
            print(f"  missed in {clip.path.stem} at {one.start_s:.1f} s: {one.words!r}, read {sorted(near)}")
    for start, end in found:
        if all(start > caption.end_s or end < caption.start_s for caption in clip.captions if caption.what == what):
            near = {line["text"] for line in answer["lines"] if start <= cache.times[line["picture"]] < end}
            print(f"  wrong in {clip.path.stem} at {start:.1f} s ({clip.name}): read {sorted(near)}")


def report(title: str, tally: Tally) -> None:
    print(f"{title:>10}      px  exposures found  of their seconds  wrong hits (words like it)  edges off: p50, p95, s")
    for language, size in sorted(tally.there):
        key = (language, size)
        edges = tally.edges[key] or [float("nan")]
        print(
            f"{language:>10} {size:>7} {tally.found[key] / tally.there[key]:>10.3f} of {tally.there[key]:>3}"
            f"{tally.found_s[key] / tally.true_s[key]:>18.3f} {tally.wrong[key]:>11} of {tally.likes[key]:>3}"
            f"{np.median(edges):>26.2f} {np.quantile(edges, 0.95):.2f}"
        )


def cost(file: Path, folder: Path) -> None:
    """Print what reading costs on a video."""
    cache = media.decode(file, folder / f"{file.stem}.frames")
    answer, cpu_s = read(cache)
    texts = {line["text"] for line in answer["lines"]}
    print(f"{file.name:>40} {60 * cpu_s / cache.info.duration_s:6.1f} CPU s a minute, {len(texts)} texts", flush=True)


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--font", action="append", default=[], help="font file that has Chinese; several take turns")
    parse.add_argument("--sizes", type=int, nargs="+", default=[10, 14, 18, 24, 32, 48])
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--background", type=Path, nargs="*", default=[], help="real clips to write on")
    parse.add_argument("--files", type=Path, nargs="*", default=[], help="videos on which only the cost is measured")
    parse.add_argument("--keep", type=Path, help="keep clips, pictures and answers in this folder, and use them again")
    parse.add_argument("--explain", action="store_true", help="print each miss and each wrong hit")
    args = parse.parse_args()
    cv2.setNumThreads(1)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="inlay-words-"))
    folder.mkdir(parents=True, exist_ok=True)
    # The models are loaded once in a worker's life, so not as part of a video's cost.
    names, marks, cpu_s, video_s = Tally(), Tally(), 0.0, 0.0
    if not args.files:
        languages, fonts = (("zh", "en"), args.font) if args.font else (("en",), [None])
        for clip in make(folder, languages, args.sizes, fonts, args.seed, args.background):
            cache = media.decode(clip.path, folder / f"{clip.path.stem}.frames")
            answer, spent_s = read(cache)
            cpu_s, video_s = cpu_s + spent_s, video_s + cache.info.duration_s
            judge(clip, cache, answer, names, marks, args.explain)
            if args.keep is None:
                shutil.rmtree(folder / f"{clip.path.stem}.frames")
            else:
                clip.path.with_suffix(".json").write_text(json.dumps(answer, ensure_ascii=False))
        report("names", names)
        report("disclosure", marks)
        print(
            f"{60 * cpu_s / video_s:.1f} CPU s a minute for reading clips full of captions, the model's loading included"
        )
    for file in args.files:
        cost(file, folder)
    if args.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
