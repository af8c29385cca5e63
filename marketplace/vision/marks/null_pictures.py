"""Pictures that show no brand, drawn: what a reference scores in them, it scores by chance.

Each is full of what real films are full of and marks are confused with: walls with shadows, bricks and blinds, leaves,
shelves of boxes and bottles, words in several sizes, signs of lines and discs, faces of a kind. The same pictures are
drawn each time, so that a reference has the same threshold everywhere.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from marketplace.vision.decode.frames import Picture

SIDE_PX = 288
OF_EACH_KIND = 5
_SEED = 20261130
_LETTERS = "AEFGHKLMNOPRSTUVXYZabdeghikmnopqrstuvwy0123456789"
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)
_Dice = np.random.Generator


@cache
def null_pictures() -> tuple[Picture, ...]:
    """Return the pictures, grey, SIDE_PX square."""
    drawn = []
    for kind, draw in enumerate(_KINDS):
        for number in range(OF_EACH_KIND):
            dice = np.random.default_rng([_SEED, kind, number])
            drawn.append(_filmed(draw(dice), dice))
    return tuple(drawn)


def _filmed(canvas: Picture, dice: _Dice) -> Picture:
    """Return a canvas as a camera gives it: lit from a side, a little soft, with noise."""
    slope = np.linspace(dice.uniform(0.6, 1), dice.uniform(0.6, 1), SIDE_PX, dtype=np.float32)
    lit = canvas * (slope[None] if dice.random() < 0.5 else slope[:, None])
    soft = cv2.GaussianBlur(lit, (0, 0), dice.uniform(0.5, 0.9))
    return np.asarray(np.clip(soft + dice.normal(0, 2, soft.shape), 0, 255), np.uint8)


def _ground(dice: _Dice, roughness: float = 1.0) -> Picture:
    """Return a surface whose unevenness is alike at all scales."""
    canvas = np.full((SIDE_PX, SIDE_PX), dice.uniform(60, 200), np.float32)
    for cells in (3, 6, 12, 24, 48, 96):
        rough = dice.normal(0, 1, (cells, cells)).astype(np.float32)
        canvas += roughness * 60 / np.sqrt(cells) * cv2.resize(rough, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _wall(dice: _Dice) -> Picture:
    canvas = _ground(dice, 0.6).astype(np.float32)
    for _ in range(dice.integers(3, 8)):  # shadows
        shadow = np.zeros((SIDE_PX, SIDE_PX), np.float32)
        cv2.fillPoly(shadow, [dice.integers(-60, SIDE_PX + 60, (int(dice.integers(3, 6)), 2)).astype(np.int32)], 1.0)
        canvas -= cv2.GaussianBlur(shadow, (0, 0), dice.uniform(0.7, 8)) * np.float32(dice.uniform(15, 70))
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _rows(dice: _Dice) -> Picture:
    """Bricks, tiles, blinds, a keyboard: the same again and again."""
    canvas = _ground(dice, 0.5)
    high, wide = int(dice.integers(8, 34)), int(dice.integers(12, 80))
    gap, tone = int(dice.integers(1, 4)), float(dice.uniform(-80, 80))
    for row, top in enumerate(range(0, SIDE_PX, high)):
        cv2.line(canvas, (0, top), (SIDE_PX, top), float(canvas.mean() + tone), gap)
        for left in range((row % 2) * wide // 2, SIDE_PX, wide):
            cv2.line(canvas, (left, top), (left, top + high), float(canvas.mean() + tone), gap)
    return canvas


def _leaves(dice: _Dice) -> Picture:
    canvas = _ground(dice)
    for _ in range(260):
        middle = tuple(int(at) for at in dice.integers(0, SIDE_PX, 2))
        size = (int(dice.integers(3, 22)), int(dice.integers(2, 9)))
        cv2.ellipse(canvas, middle, size, float(dice.uniform(0, 180)), 0, 360, float(dice.uniform(20, 235)), -1)
    return canvas


def _words(dice: _Dice) -> Picture:
    canvas = _ground(dice, 0.4)
    for _ in range(14):
        text = "".join(dice.choice(list(_LETTERS), int(dice.integers(2, 10))))
        at = int(dice.integers(-20, SIDE_PX - 30)), int(dice.integers(10, SIDE_PX))
        font, scale = _FONTS[int(dice.integers(len(_FONTS)))], float(dice.uniform(0.4, 2.2))
        tone = float(dice.choice([10, 30, 225, 245]))
        cv2.putText(canvas, text, at, font, scale, tone, max(1, int(scale * dice.uniform(1, 3))), cv2.LINE_AA)
    return canvas


def _shelf(dice: _Dice) -> Picture:
    """Boxes and bottles side by side, each with a label of its own."""
    canvas, top = _ground(dice, 0.4), 0
    while top < SIDE_PX:
        high, left = int(dice.integers(50, 110)), 0
        while left < SIDE_PX:
            wide = int(dice.integers(24, 70))
            cv2.rectangle(canvas, (left, top), (left + wide, top + high), float(dice.uniform(20, 235)), -1)
            band = top + int(high * dice.uniform(0.2, 0.6))
            cv2.rectangle(canvas, (left, band), (left + wide, band + high // 4), float(dice.uniform(20, 235)), -1)
            text = "".join(dice.choice(list(_LETTERS), int(dice.integers(2, 6))))
            scale = float(wide / 60)
            cv2.putText(
                canvas,
                text,
                (left + 3, band + high // 6),
                cv2.FONT_HERSHEY_DUPLEX,
                scale,
                float(dice.choice([15, 240])),
            )
            disc = left + wide // 2, top + int(high * 0.8)
            cv2.circle(canvas, disc, int(wide * dice.uniform(0.1, 0.35)), float(dice.uniform(20, 235)), -1, cv2.LINE_AA)
            left += wide + int(dice.integers(0, 5))
        top += high + int(dice.integers(2, 12))
    return canvas


def _signs(dice: _Dice) -> Picture:
    """Emblems of discs, rings, bars and corners, as logos are."""
    canvas = _ground(dice, 0.4)
    for _ in range(12):
        middle = dice.integers(20, SIDE_PX - 20, 2)
        size = int(dice.integers(12, 46))
        ink, paper = (float(tone) for tone in dice.permutation([dice.uniform(0, 70), dice.uniform(170, 255)]))
        at = (int(middle[0]), int(middle[1]))
        if dice.random() < 0.5:
            cv2.circle(canvas, at, int(size * 1.2), paper, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(canvas, (at[0] - size, at[1] - size), (at[0] + size, at[1] + size), paper, -1)
        for _ in range(int(dice.integers(1, 5))):
            _stroke(canvas, at, size, ink if dice.random() < 0.75 else paper, dice)
    return canvas


def _stroke(canvas: Picture, at: tuple[int, int], size: int, tone: float, dice: _Dice) -> None:
    kind, thick = int(dice.integers(4)), int(dice.integers(2, 9))
    if kind == 0:
        begin, end = (float(angle) for angle in dice.uniform(0, 360, 2))
        cv2.ellipse(canvas, at, (int(size * 0.8), int(size * 0.8)), 0, begin, end, tone, thick, cv2.LINE_AA)
    elif kind == 1:
        corners = np.asarray(at) + dice.uniform(-0.9, 0.9, (int(dice.integers(3, 6)), 2)) * size
        cv2.fillPoly(canvas, [corners.astype(np.int32)], tone, cv2.LINE_AA)
    elif kind == 2:
        ends = (np.asarray(at) + dice.uniform(-0.9, 0.9, (2, 2)) * size).astype(int).tolist()
        cv2.line(canvas, tuple(ends[0]), tuple(ends[1]), tone, thick, cv2.LINE_AA)
    else:
        letter = str(dice.choice(list(_LETTERS)))
        low = (at[0] - size // 2, at[1] + size // 2)
        cv2.putText(canvas, letter, low, cv2.FONT_HERSHEY_DUPLEX, size / 16, tone, thick, cv2.LINE_AA)


def _people(dice: _Dice) -> Picture:
    """Ovals with hair, eyes and mouths before something out of focus."""
    canvas = np.asarray(cv2.GaussianBlur(_ground(dice, 2), (0, 0), 4), np.uint8)
    for _ in range(4):
        x, y = (int(at) for at in dice.integers(40, SIDE_PX - 40, 2))
        size, skin = int(dice.integers(18, 52)), float(dice.uniform(110, 220))
        cv2.ellipse(canvas, (x, y - size // 3), (size, int(size * 1.2)), 0, 0, 360, float(dice.uniform(10, 90)), -1)
        cv2.ellipse(canvas, (x, y), (int(size * 0.8), int(size * 1.1)), 0, 0, 360, skin, -1)
        for side in (-1, 1):
            eye = (x + side * size // 3, y - size // 5)
            cv2.ellipse(canvas, eye, (max(2, size // 6), max(1, size // 11)), 0, 0, 360, 245.0, -1)
            cv2.circle(canvas, eye, max(1, size // 12), 20.0, -1)
            brow = (eye[0], eye[1] - size // 6)
            cv2.ellipse(canvas, brow, (max(2, size // 4), max(1, size // 14)), 0, 180, 360, skin * 0.4, 2)
        cv2.ellipse(canvas, (x, y + size // 2), (max(2, size // 3), max(1, size // 8)), 0, 0, 180, skin * 0.6, -1)
        cv2.line(canvas, (x, y), (x - size // 10, y + size // 4), skin * 0.8, 2, cv2.LINE_AA)
    return canvas


_KINDS: tuple[Callable[[_Dice], Picture], ...] = (_wall, _rows, _leaves, _words, _shelf, _signs, _people)
