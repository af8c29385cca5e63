"""Columns of upright glyphs, as Chinese and Japanese are written from top to bottom, for a reader of rows.

A recogniser of rows sees a tall crop turned by a right angle, which suits a word that lies on its side and no column.
So a column is cut between its glyphs, where the strokes across it are fewest, and the glyphs are put into a row.
"""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks.mark_detection import Quad

# A column is at least so many times as high as it is wide; a glyph with its gap is so many widths of the quadrilateral
# high, which the detector makes wider than the glyphs.
TALL, GLYPH_HEIGHTS = 1.5, (0.7, 0.8, 0.9, 1.0, 1.15, 1.35)
GLYPHS_MAX = 24
# How far a cut may be from an even one, in glyphs; how far the crop goes beyond the quadrilateral, in its widths.
_SHIFT, _BEYOND = 0.2, 0.12
_GLYPH_PX, _MARGIN_PX = 44, 2
# Of readings that are nearly as certain as the best one the longest counts: two of three glyphs may look like one row.
NEARLY = 0.1

Reading = tuple[str, float]


class GlyphRow(NamedTuple):
    """The glyphs of a column side by side, and how many there are if it was cut rightly."""

    glyphs: int
    crop: Picture


def is_column(quad: Quad) -> bool:
    """Return whether a quadrilateral of text (4 x 2 px, from the upper left corner on) may hold a column."""
    return _sides(quad)[1] >= TALL * _sides(quad)[0]


def glyph_rows(picture: Picture, quad: Quad) -> list[GlyphRow]:
    """Return the column in a picture as rows of glyphs, one for each number of glyphs that its height allows."""
    wide, high = _sides(quad)
    beyond = _BEYOND * wide
    left, top = (max(0, int(edge)) for edge in quad.min(axis=0) - beyond)
    right, bottom = (int(edge) for edge in quad.max(axis=0) + beyond)
    column = picture[top:bottom, left:right]
    if column.shape[0] < 2 or column.shape[1] < 2:
        return []
    numbers = {max(2, round(high / (wide * size))) for size in GLYPH_HEIGHTS}
    return [
        GlyphRow(number, _row(column, number))
        for number in sorted(numbers)
        if number <= GLYPHS_MAX and column.shape[0] >= 4 * number
    ]


def better_reading(lying: Reading, rows: Sequence[GlyphRow], readings: Sequence[Reading]) -> Reading:
    """Return the best reading of a tall crop: as a word on its side, or as a column with a wide letter for each glyph:
    a pile of Latin letters is mostly texture."""
    fitting = [reading for row, reading in zip(rows, readings, strict=True) if _is_of(reading[0], row.glyphs)]
    best = max((score for _, score in fitting), default=0.0)
    if best <= lying[1]:
        return lying
    return max((one for one in fitting if one[1] >= best - NEARLY), key=lambda one: (len(one[0]), one[1]))


def _is_of(text: str, glyphs: int) -> bool:
    return len(text) == glyphs and all(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def _sides(quad: Quad) -> tuple[float, float]:
    return float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))


def _row(column: Picture, number: int) -> Picture:
    cuts = _cuts(np.asarray(cv2.cvtColor(column, cv2.COLOR_BGR2GRAY), np.uint8), number)
    side = (_GLYPH_PX, _GLYPH_PX)
    margins = (_MARGIN_PX,) * 4
    glyphs = [
        cv2.copyMakeBorder(cv2.resize(column[top:bottom], side), *margins, cv2.BORDER_REPLICATE)
        for top, bottom in pairwise(cuts)
    ]
    return np.asarray(np.hstack(glyphs), np.uint8)


def _cuts(grey: NDArray[np.uint8], number: int) -> list[int]:
    """Return where the glyphs begin and the last one ends: near even cuts, in the rows with the fewest edges."""
    high = grey.shape[0]
    edges = np.abs(np.diff(grey.astype(np.float32), axis=1)).mean(axis=1)
    reach = int(_SHIFT * high / number)
    cuts = [0]
    for even in np.linspace(0, high, number + 1)[1:-1]:
        first = round(float(even)) - reach
        cuts.append(first + int(edges[first : round(float(even)) + reach + 1].argmin()))
    return [*cuts, high]
