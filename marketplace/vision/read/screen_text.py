"""Text on the screen: found in pictures made small, read at full size, and read only once while it stays the same.

Finding is what costs. So only those parts of a picture are searched in which one of its lines has gone or changed, or
in which strokes stand that were not there when it was last searched; all of it when that was some time ago.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec import TextRecInput
from rapidocr.utils.process_img import get_rotate_crop_image

from marketplace.vision.decode.frames import FrameCache, Picture
from marketplace.vision.see.boxes import Box, area, box, common, covering, cut_off, overlap, parts_of
from marketplace.vision.see.mark_detection import Quad, correlation

# The shorter side that a picture has where text is looked for in a part of it, in all of it, and in all of it in
# passing. Names of 18 px (of 720) were found in 100, 97 and 91 of 100 pictures.
PART_SIDE_PX, WHOLE_SIDE_PX, PASSING_SIDE_PX = 480, 416, 352
FIND_STEP_PX = 32  # the network's sides are multiples of it
SAME_PLACE, SAME_LOOK = 0.55, 0.86
SCORE_LEAST = 0.6
LINES_MAX = 40
# Searches are at least this far apart (s) where a line has gone, and that far where there are new strokes; a whole
# picture is searched in passing when none has been for so long.
SEARCH_SOONEST_S, SEARCH_NEXT_S, SEARCH_LATEST_S = 0.45, 0.95, 1.95
GROWN = 0.2  # of its height
PARTS_MOST, LARGER_MAX = 0.6, 2  # of a picture: then all of it is searched; how often a part is made larger
# A reading of fewer letters than these is mostly texture, which comes and goes with every picture.
LETTERS_LEAST = 2
_LOOK = (64, 16)
STROKE_PX, CELL_PX = 7, 8  # of the picture as it is searched in passing: wider than a stroke, high as small glyphs
# Strokes are new where they are this many times stronger than what was near there, and this many grey levels more.
STRONGER, MORE_LEVELS = 1.4, 8.0

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class TextLine:
    """A line of text in one picture of the cache: ``quad`` 4 x 2 px, ``score`` of the reading 0..1."""

    picture: int
    text: str
    score: float
    quad: Quad


@dataclass
class _HeldText:
    line: TextLine
    look: NDArray[np.float32]


class TextReader:
    """Reads Chinese and English (PP-OCRv6 small by way of RapidOCR; the models are in its package)."""

    @cached_property
    def _engine(self) -> Any:
        one = "EngineConfig.onnxruntime."
        return RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Det.limit_side_len": 32,
                # Each crop by itself and as wide as it is: filled up to the widest beside it, it costs as much as that.
                "Rec.rec_batch_num": 1,
                "Rec.rec_img_shape": [3, 48, 96],
                one + "intra_op_num_threads": 1,
                one + "inter_op_num_threads": 1,
            }
        )

    @cached_property
    def _detector(self) -> Any:
        found = self._engine.text_det or self._engine._load_det_model()
        # As doubles, which is what comes of the lists in its settings, they would make the whole picture doubles.
        found.mean, found.std = (np.asarray(one, np.float32) for one in (found.mean, found.std))
        return found

    def boxes(self, picture: Picture) -> list[Quad]:
        """Return where there is text in a picture of the size at which it is looked for, px of it."""
        found = self._detector(picture).boxes
        return [] if found is None else [np.asarray(one, np.float32) for one in found[:LINES_MAX]]

    def read(self, crops: Sequence[Any]) -> list[tuple[str, float]]:
        """Return text and score of each crop."""
        if not crops:
            return []
        recogniser = self._engine.text_rec or self._engine._load_rec_model()
        said = recogniser(TextRecInput(img=list(crops)))
        return list(zip(said.txts, (float(one) for one in said.scores), strict=True))


def read(
    cache: FrameCache,
    shots: Collection[int],
    reader: TextReader | None = None,
    report: Report = lambda done, total: None,
) -> list[TextLine]:
    """Return the lines of text in each picture. ``shots``: the pictures that begin a shot."""
    watch = _LineWatch(cache, shots, reader or TextReader())
    for at in range(len(cache)):
        watch.look(at)
        report(at + 1, len(cache))
    return [
        one
        for _, lines in sorted(watch.lines.items())
        for one in lines
        if one.score >= SCORE_LEAST and one.text.strip()
    ]


@dataclass(frozen=True)
class _StrokeView:
    """A picture and its strokes. Its colours are read only where it is searched: that takes twice as long."""

    cache: FrameCache
    at: int

    @cached_property
    def picture(self) -> Picture:
        return self.cache.picture(self.at)

    @cached_property
    def grey(self) -> Picture:
        return self.cache.grey(self.at)

    @cached_property
    def strokes(self) -> NDArray[np.float32]:
        scale = self.scale(PASSING_SIDE_PX)
        return strokes_of(resized(self.grey, *(round(scale * one) for one in self.grey.shape[::-1])))

    @property
    def whole(self) -> Box:
        return 0, 0, self.grey.shape[1], self.grey.shape[0]

    @property
    def step(self) -> int:
        """Sides of parts are multiples of this, so that they need not be stretched."""
        return round(FIND_STEP_PX / self.scale(PART_SIDE_PX))

    def scale(self, side_px: int) -> float:
        return min(1.0, side_px / float(min(self.grey.shape)))

    def found(self, reader: TextReader, part: Box, passing: bool = False) -> list[Quad]:
        """Return where there is text in a part, px of the picture."""
        side_px = PART_SIDE_PX if part != self.whole else PASSING_SIDE_PX if passing else WHOLE_SIDE_PX
        left, top, right, bottom = (round(one) for one in part)
        scale = self.scale(side_px) / FIND_STEP_PX
        wide, high = (max(1, round(one * scale)) * FIND_STEP_PX for one in (right - left, bottom - top))
        shrunk = np.asarray([wide / (right - left), high / (bottom - top)], np.float32)
        corner = np.asarray([left, top], np.float32)
        return [
            one / shrunk + corner for one in reader.boxes(resized(self.picture[top:bottom, left:right], wide, high))
        ]


class _LineWatch:
    """What is known while the pictures pass: the lines of each, those that stand in the present one, and the places of
    those that have gone; when the shot began, when it was searched last, and whole, and what strokes stood there then.
    """

    def __init__(self, cache: FrameCache, shots: Collection[int], reader: TextReader) -> None:
        self.cache, self.shots, self.reader = cache, {0, *shots}, reader
        self.lines: defaultdict[int, list[TextLine]] = defaultdict(list)
        self._held: list[_HeldText] = []
        self._gone: list[Box] = []
        self._begun = self._searched = self._whole = 0
        self._strokes: NDArray[np.float32] = np.zeros((1, 1), np.float32)

    def look(self, at: int) -> None:
        """Find the lines of the next picture."""
        if at in self.shots:
            self._begun, self._whole, self._held, self._gone = at, -1, [], []
        if self._whole < 0:
            # A shot's first picture is often blurred, as encoders have it; what its second shows is sought there, too.
            if at > self._begun or at + 1 in self.shots or at + 1 == len(self.cache):
                view = _StrokeView(self.cache, at)
                self._search(view, at, [view.whole], passing=False)
        else:
            self._look_on(at)
        self.lines[at] += [one.line for one in self._held]

    def _look_on(self, at: int) -> None:
        """Find the lines of a picture in a shot that was searched before."""
        passing = self._since(self._whole, at) >= SEARCH_LATEST_S
        if not (self._held or passing or self._due(at)):
            return
        view = _StrokeView(self.cache, at)
        self._carry(view, at)
        if passing or self._due(at):  # a line that has gone is a reason
            self._search(view, at, self._wanted(view), passing)

    def _due(self, at: int) -> bool:
        """Return whether enough time has passed since the last search for another one."""
        return self._since(self._searched, at) >= (SEARCH_SOONEST_S if self._gone else SEARCH_NEXT_S)

    def _since(self, earlier: int, at: int) -> float:
        return self.cache.times[at] - self.cache.times[earlier]

    def _carry(self, view: _StrokeView, at: int) -> None:
        """Keep the lines that still look the same."""
        same = _still_there(self._held, view.grey, at)
        kept = {one.line.text for one in same}
        self._gone += [
            box(one.line.quad)
            for one in self._held
            if one.line.score >= SCORE_LEAST and len(one.line.text) >= LETTERS_LEAST and one.line.text not in kept
        ]
        self._held = same

    def _wanted(self, view: _StrokeView) -> list[Box]:
        """Return the parts of the picture that are to be searched with care."""
        scale = view.scale(PASSING_SIDE_PX)
        fresh = [
            (left / scale, top / scale, right / scale, bottom / scale)
            for left, top, right, bottom in places(new(view.strokes, self._strokes))
        ]
        known = [box(one.line.quad) for one in self._held]
        parts = parts_of([*self._gone, *fresh], known, view.whole, view.step)
        return parts if sum(area(one) for one in parts) < PARTS_MOST * area(view.whole) else [view.whole]

    def _search(self, view: _StrokeView, at: int, parts: Sequence[Box], passing: bool) -> None:
        """Find and read the lines in parts of a picture, and with ``passing`` also what stands out in all of it."""
        searched: list[Box] = []
        found: list[Quad] = []
        for part in parts:
            whole_part, lines = self._found(view, part)
            found += [one for one in lines if not any(_same_place(one, other) for other in found)]
            searched.append(whole_part)
        if passing and view.whole not in searched:
            there = view.found(self.reader, view.whole, passing)
            found += [one for one in there if not any(common(box(one), part) for part in searched)]
            searched = [view.whole]
        if not searched:
            return
        before = self._held
        # What still looks the same is there, though not every search finds it.
        self._held = [one for one in before if not any(common(box(one.line.quad), box(quad)) for quad in found)]
        unread: list[tuple[Quad, NDArray[np.float32]]] = []
        for quad in found:
            look = look_of(view.grey, quad)
            same = next((held for held in before if _same(held, quad, look)), None)
            if same is None:
                unread.append((quad, look))
            else:
                self._held.append(_HeldText(replace(same.line, picture=at, quad=quad), look))
        said = self.reader.read([get_rotate_crop_image(view.picture, grown(quad)) for quad, _ in unread])
        fresh = [
            _HeldText(TextLine(at, text, score, quad), look)
            for (quad, look), (text, score) in zip(unread, said, strict=True)
        ]
        self._held += fresh
        self._go_back(fresh, at)
        self._know(view, at, searched)

    def _found(self, view: _StrokeView, part: Box) -> tuple[Box, list[Quad]]:
        """Return the part that was searched, made larger where a line in it goes on beyond it, and the lines in it."""
        found = view.found(self.reader, part)
        for _ in range(LARGER_MAX):
            cut = [box(one) for one in found if cut_off(box(one), part, view.whole)]
            if not cut:
                break
            around = [covering([one], view.whole, view.step, 1.0) for one in cut]
            part = covering([part, *around], view.whole, view.step)
            found = view.found(self.reader, part)
        return part, found

    def _know(self, view: _StrokeView, at: int, parts: Sequence[Box]) -> None:
        """Remember what was searched. Where it was not, strokes that grow slowly stay new."""
        self._searched, self._gone = at, []
        if view.whole in parts:
            self._whole, self._strokes = at, view.strokes
            return
        known = self._strokes.copy()
        scale = view.scale(PASSING_SIDE_PX) / CELL_PX
        for part in parts:
            left, top, right, bottom = (round(one * scale) for one in part)
            known[top:bottom, left:right] = view.strokes[top:bottom, left:right]
        self._strokes = known

    def _go_back(self, fresh: Sequence[_HeldText], at: int) -> None:
        """Note lines that were found new in the pictures of the shot before, as far back as they look the same."""
        back = [one for one in fresh if one.line.score >= SCORE_LEAST]
        for earlier in range(at - 1, self._begun - 1, -1):
            back = [one for one in back if not any(_repeats(one.line, other) for other in self.lines[earlier])]
            if not back:
                return
            back = _still_there(back, self.cache.grey(earlier), earlier)
            self.lines[earlier] += [one.line for one in back]


def resized(picture: Picture, wide: int, high: int) -> Picture:
    return np.asarray(cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)


def strokes_of(grey: Picture) -> NDArray[np.float32]:
    """Return how much of thin light or dark strokes stands in each cell of a grey picture, in grey levels."""
    wide = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    thin = cv2.max(cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, wide), cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, wide))
    size = (max(1, grey.shape[1] // CELL_PX), max(1, grey.shape[0] // CELL_PX))
    cells = cv2.resize(thin.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(cells, (3, 1)), np.float32)  # text is wide


def new(strokes: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each cell whether strokes stand there where none near as strong stood before."""
    near = cv2.dilate(before, np.ones((3, 5), np.uint8))
    return np.asarray(strokes > STRONGER * near + MORE_LEVELS)


def places(cells: NDArray[np.bool_]) -> list[Box]:
    """Return the box around each patch of marked cells of CELL_PX, px."""
    patches, _, found, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8))
    sides = (found[one, :4].astype(float) * CELL_PX for one in range(1, patches))
    return [(left, top, left + width, top + height) for left, top, width, height in sides]


def grown(quad: Quad) -> Quad:
    """Return a line's place made longer at both ends: what is found often lacks part of its first or last glyph."""
    along = quad[1] - quad[0]
    more = along / max(1e-6, float(np.linalg.norm(along))) * GROWN * float(np.linalg.norm(quad[3] - quad[0]))
    return np.asarray(quad + np.stack([-more, more, more, -more]), np.float32)


def look_of(grey: Picture, quad: Quad) -> NDArray[np.float32]:
    """Return how a place of a grey picture looks small, to be compared."""
    corners = np.asarray([[0, 0], [_LOOK[0], 0], [_LOOK[0], _LOOK[1]], [0, _LOOK[1]]], np.float32)
    return np.asarray(cv2.warpPerspective(grey, cv2.getPerspectiveTransform(quad, corners), _LOOK), np.float32)


def _still_there(held: Sequence[_HeldText], grey: Picture, at: int) -> list[_HeldText]:
    """Return those lines that look the same in another picture (grey), as its lines."""
    looks = [look_of(grey, one.line.quad) for one in held]
    return [
        _HeldText(replace(one.line, picture=at), look)
        for one, look in zip(held, looks, strict=True)
        if correlation(one.look, look) >= SAME_LOOK
    ]


def _same(one: _HeldText, quad: Quad, look: NDArray[np.float32]) -> bool:
    return _same_place(one.line.quad, quad) and correlation(one.look, look) >= SAME_LOOK


def _same_place(one: Quad, other: Quad) -> bool:
    return overlap(box(one), box(other)) >= SAME_PLACE


def _repeats(one: TextLine, other: TextLine) -> bool:
    return one.text == other.text and _same_place(one.quad, other.quad)
