"""Clips drawn frame by frame: invented labels in invented scenes, with the truth of what each frame shows.

Nothing is filmed and no brand is real, so a clip may be made anywhere and its truth is exact: the quadrilateral of the
label in every frame.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]
CONDITIONS = ("clean", "perspective", "rotation", "blur", "occluded", "dim")
SOUND_HZ = 48_000


@dataclass(frozen=True)
class DrawnLabel:
    """The label from ``start_s`` to ``end_s``: its longer side in px, its middle at both ends in shares of the
    picture, and under which condition."""

    start_s: float
    end_s: float
    side_px: float
    begin: tuple[float, float] = (0.5, 0.5)
    finish: tuple[float, float] = (0.5, 0.5)
    condition: str = "clean"


@dataclass(frozen=True)
class FrameTruth:
    """The truth about one frame: its time (s), the label's quadrilateral (px) or None, and the condition."""

    at_s: float
    quad: Quad | None
    condition: str


@dataclass(frozen=True)
class DrawnCaption:
    """Words on the screen from ``start_s`` to ``end_s``: their middle in shares of the picture, glyphs' height."""

    start_s: float
    end_s: float
    words: str
    size_px: int
    place: tuple[float, float] = (0.5, 0.85)


def font(size: float, path: str | None = None) -> Any:
    """Return a font of a size in px: the one of a file, else the one that Pillow brings (Latin letters only)."""
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(path, int(size))


def _bgr(image: Image.Image) -> Picture:
    return np.asarray(image, np.uint8)[:, :, ::-1].copy()


def label(name: str = "LIMEISLE", seed: int = 7, side: int = 480) -> Picture:
    """Return an invented product label, BGR: a name, leaves, bubbles, fine print; another seed is another label."""
    random = np.random.default_rng(seed)
    height = int(side * 4 / 3)
    tones = [tuple(int(tone) for tone in random.integers(20, 235, 3)) for _ in range(4)]
    image = Image.new("RGB", (side, height), (246, 244, 232))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, side, height * 0.3), fill=tones[0])
    draw.text(
        (side / 2, height * 0.15), name, font=font(side * 0.8 / max(4, len(name)) * 1.6), fill="white", anchor="mm"
    )
    for _ in range(26):
        x, y = random.uniform(0.05, 0.95) * side, random.uniform(0.36, 0.82) * height
        size = random.uniform(0.03, 0.12) * side
        box = (x - size, y - size * random.uniform(0.4, 1.0), x + size, y + size * random.uniform(0.4, 1.0))
        draw.ellipse(box, fill=tones[int(random.integers(1, 4))], outline=(40, 60, 40), width=3)
    for line in range(4):
        words = "".join(random.choice(list("abcdefghiklmnoprstuvwy   "), 30))
        draw.text((side * 0.06, height * (0.85 + 0.035 * line)), words, font=font(side * 0.045), fill=(50, 50, 50))
    draw.rectangle((2, 2, side - 3, height - 3), outline=(60, 60, 60), width=6)
    return _bgr(image)


def badge(name: str = "NORTHFOX", seed: int = 3, side: int = 480) -> Picture:
    """Return an invented round emblem, BGR: a ring of words around a drawn figure, two tones on white."""
    random = np.random.default_rng([seed, 1])
    ink = tuple(int(tone) for tone in random.integers(0, 120, 3))
    image = Image.new("RGB", (side, side), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 4, side - 5, side - 5), fill=ink)
    draw.ellipse((side * 0.2, side * 0.2, side * 0.8, side * 0.8), fill=(250, 250, 250))
    words = f"{name} * {name[::-1]} * "
    for index, letter in enumerate(words):
        turn = 360 * index / len(words)
        drawn = Image.new("L", (side, side))
        ImageDraw.Draw(drawn).text((side / 2, side * 0.1), letter, font=font(side * 0.12), fill=255, anchor="mm")
        image.paste((250, 250, 250), mask=drawn.rotate(-turn, resample=Image.Resampling.BICUBIC))
    for _ in range(9):
        corners = [(side * (0.5 + 0.26 * x), side * (0.5 + 0.26 * y)) for x, y in random.uniform(-0.9, 0.9, (3, 2))]
        draw.polygon(corners, fill=ink if random.random() < 0.6 else (250, 250, 250))
    return _bgr(image)


def wordmark(name: str = "Moonriver", seed: int = 5, side: int = 480) -> Picture:
    """Return an invented word mark, BGR: nothing but a name and a stroke on one tone."""
    random = np.random.default_rng([seed, 2])
    height = int(side * 0.42)
    image = Image.new("RGB", (side, height), tuple(int(tone) for tone in random.integers(100, 230, 3)))
    draw = ImageDraw.Draw(image)
    size = side * 1.45 / max(5, len(name))
    draw.text((side / 2, height * 0.46), name, font=font(size), fill="white", anchor="mm", stroke_width=side // 120)
    draw.arc((side * 0.08, height * 0.5, side * 0.92, height * 1.1), 200, 340, fill="white", width=side // 60)
    return _bgr(image)


def glyph(side: int = 480) -> Picture:
    """Return a flat mark without texture, BGR, which cannot be detected reliably."""
    image = np.full((side, side, 3), 255, np.uint8)
    cv2.ellipse(image, (side // 2, side // 2), (side // 3, side // 7), 25, 0, 360, (20, 20, 20), -1, cv2.LINE_AA)
    return image


class DrawnScene:
    """A drawn scene that moves and cuts: floor, sky, drifting boxes and discs, fine texture; a cut draws a new one."""

    def __init__(self, width: int, height: int, seed: int, cut_every_s: float = 4.0) -> None:
        self.width, self.height, self.seed, self.cut_every_s = width, height, seed, cut_every_s
        self._shot = -1
        self._back: Picture = np.zeros((height, width, 3), np.uint8)
        self._things: list[tuple[Any, ...]] = []

    def frame(self, at_s: float) -> Picture:
        shot = int(at_s / self.cut_every_s)
        if shot != self._shot:
            self._new_shot(shot)
        since = at_s - shot * self.cut_every_s
        picture = np.roll(self._back, int(since * 12), axis=1)
        for x, y, size, dx, dy, tone, round_thing in self._things:
            left, top = int(x + dx * since), int(y + dy * since)
            if round_thing:
                cv2.circle(picture, (left, top), size, tone, -1, cv2.LINE_AA)
            else:
                cv2.rectangle(picture, (left, top), (left + size, top + int(size * 1.4)), tone, -1)
                cv2.rectangle(picture, (left, top), (left + size, top + int(size * 1.4)), (30, 30, 30), 2)
        return picture

    def _new_shot(self, shot: int) -> None:
        random = np.random.default_rng([self.seed, shot])
        self._shot = shot
        sky, floor = (random.integers(60, 220, 3).astype(np.float32) for _ in range(2))
        share = np.linspace(0, 1, self.height, dtype=np.float32)[:, None, None]
        back = sky * (1 - share) + floor * share
        rough = random.normal(0, 1, (self.height // 4 + 1, self.width // 4 + 1, 1)).astype(np.float32)
        fine = cv2.resize(cv2.GaussianBlur(rough, (0, 0), 1.5), (self.width, self.height))[:, :, None]
        self._back = np.clip(back + 26 * fine, 0, 255).astype(np.uint8)
        side = min(self.width, self.height)
        self._things = [
            (
                random.uniform(0, self.width),
                random.uniform(0, self.height),
                int(random.uniform(0.03, 0.22) * side),
                random.uniform(-40, 40),
                random.uniform(-20, 20),
                tuple(int(tone) for tone in random.integers(20, 235, 3)),
                bool(random.random() < 0.5),
            )
            for _ in range(14)
        ]


def quad_of(drawn: DrawnLabel, at_s: float, width: int, height: int, aspect: float) -> Quad:
    """Return the label's quadrilateral at a moment: 4 x 2 px, clockwise from its upper left corner."""
    share = (at_s - drawn.start_s) / max(1e-6, drawn.end_s - drawn.start_s)
    middle = np.asarray(drawn.begin) * (1 - share) + np.asarray(drawn.finish) * share
    high = drawn.side_px / max(1.0, aspect)
    half = np.asarray([high * aspect, high]) / 2
    corners = np.asarray([[-1, -1], [1, -1], [1, 1], [-1, 1]], float) * half
    if drawn.condition == "rotation":
        turn = math.radians(40 * math.sin(2.5 * at_s))
        corners = corners @ np.asarray([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    elif drawn.condition == "perspective":
        yaw = math.radians(40)
        far = 4 * max(half)
        depth = corners[:, 0] * math.sin(yaw)
        corners = np.stack([corners[:, 0] * math.cos(yaw), corners[:, 1]], axis=1) * (far / (far + depth))[:, None]
    return (corners + middle * [width, height]).astype(np.float32)


def put(picture: Picture, mark: Picture, quad: Quad, condition: str, at_s: float) -> Picture:
    """Return the picture with the mark drawn into a quadrilateral, under a condition."""
    side = float(np.ptp(quad, axis=0).max())
    reach = max(3, round(0.1 * side))
    left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int) - reach - 4, 0)
    right, bottom = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + reach + 4, picture.shape[1::-1])
    result = picture.copy()
    if right > left and bottom > top:
        inner = (quad - [left, top]).astype(np.float32)
        result[top:bottom, left:right] = _laid(picture[top:bottom, left:right], mark, inner, condition, reach)
    if condition == "dim":
        noise: Any = np.empty(result.shape, np.float32)
        cv2.setRNGSeed(int(at_s * 1000))
        cv2.randn(noise, np.zeros(1), np.full(1, 4.0))
        result = np.clip(np.float32(0.4) * result + noise, 0, 255).astype(np.uint8)
    return result


def _laid(picture: Picture, mark: Picture, quad: Quad, condition: str, reach: int) -> Picture:
    """Return a part of a picture with the mark on it; ``reach``: how far motion blur smears, px."""
    size = picture.shape[1::-1]
    scale = min(1.0, 2 * float(np.ptp(quad, axis=0).max()) / max(mark.shape[:2]))
    small = cv2.resize(mark, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    high, wide = small.shape[:2]
    matrix = cv2.getPerspectiveTransform(np.asarray([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32), quad)
    warped = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.warpPerspective(np.ones((high, wide), np.float32), matrix, size)[:, :, None]
    if condition == "blur":
        kernel = np.zeros((reach, reach), np.float32)
        kernel[reach // 2, :] = 1 / reach
        smeared = cv2.filter2D(warped * mask, -1, kernel)
        mixed = np.asarray(smeared + picture * (1 - cv2.filter2D(mask, -1, kernel)[:, :, None]), np.float32)
    else:
        mixed = np.asarray(warped * mask + picture * (1 - mask), np.float32)
    if condition == "occluded":
        (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
        hidden = (int(left + 0.7 * (right - left)), int(top) - 4), (int(right) + 4, int(bottom) + 4)
        cv2.rectangle(mixed, *hidden, (96, 128, 180), -1)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def write_on(picture: Picture, caption: DrawnCaption, path: str | None = None) -> Picture:
    """Return the picture with a caption, white with a dark edge."""
    image = Image.fromarray(picture[:, :, ::-1])
    middle = (caption.place[0] * image.width, caption.place[1] * image.height)
    ImageDraw.Draw(image).text(
        middle,
        caption.words,
        font=font(caption.size_px, path),
        fill="white",
        anchor="mm",
        stroke_width=max(1, caption.size_px // 12),
        stroke_fill="black",
    )
    return _bgr(image)


def frames(
    background: Callable[[float], Picture],
    seconds: float,
    fps: float,
    mark: Picture | None = None,
    shown: Iterable[DrawnLabel] = (),
    captions: Iterable[DrawnCaption] = (),
    path: str | None = None,
) -> Iterator[tuple[Picture, FrameTruth]]:
    """Yield each frame of a clip with its truth."""
    shown, captions = list(shown), list(captions)
    for number in range(round(seconds * fps)):
        at_s = number / fps
        picture = background(at_s)
        visible = next((label for label in shown if label.start_s <= at_s < label.end_s), None)
        quad, condition = None, "none"
        if visible is not None and mark is not None:
            condition = visible.condition
            quad = quad_of(visible, at_s, picture.shape[1], picture.shape[0], mark.shape[1] / mark.shape[0])
            picture = put(picture, mark, quad, condition, at_s)
        for caption in captions:
            if caption.start_s <= at_s < caption.end_s:
                picture = write_on(picture, caption, path)
        yield picture, FrameTruth(at_s, quad, condition)


def encode(
    path: Path, pictures: Iterable[Picture], fps: float, *, crf: int = 23, sound: NDArray[np.float32] | None = None
) -> None:
    """Write pictures (all of one size) as H.264 in MP4, with one channel of sound (48 kHz, -1..1) if there is any."""
    with av.open(str(path), "w") as container:
        rate = Fraction(fps).limit_denominator(1001)
        video: Any = None
        audio: Any = container.add_stream("aac", rate=SOUND_HZ) if sound is not None else None
        for picture in pictures:
            if video is None:
                video = container.add_stream("libx264", rate=rate)
                video.height, video.width = picture.shape[:2]
                video.pix_fmt = "yuv420p"
                video.options = {"crf": str(crf), "preset": "veryfast"}
                video.thread_count = 1
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        if video is None:
            raise ValueError("A clip has at least one picture.")
        container.mux(video.encode())
        if audio is not None and sound is not None:
            _encode_sound(container, audio, sound)


def _encode_sound(container: Any, audio: Any, sound: NDArray[np.float32]) -> None:
    for start in range(0, len(sound), 1024):
        part = np.ascontiguousarray(sound[None, start : start + 1024], np.float32)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SOUND_HZ, start
        container.mux(audio.encode(frame))
    container.mux(audio.encode())
