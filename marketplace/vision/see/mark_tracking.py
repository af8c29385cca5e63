"""Which pictures of a video show each reference: looked for in some, followed through their neighbours.

Every third picture is looked at, and the first of each shot, where fine texture is new; from each find the mark is
followed both ways through all pictures: by the flow of its own points, which its features confirm once a second, by its
features close by, and where blur or a hand hides those, by how it looked a moment ago.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import FrameCache, Picture
from marketplace.vision.see import optical_flow
from marketplace.vision.see.mark_detection import (
    LIKENESS_LEAST,
    FoundMark,
    PictureFeatures,
    Quad,
    area_share,
    features,
    find,
    fitted,
    hunches,
    likeness,
    pairs,
    plausible,
)
from marketplace.vision.see.reference_images import ReferenceImage
from marketplace.vision.see.texture import FreshTexture

LOOK_EVERY, LOOK_SCALE = 3, 2 / 3
# How much larger, and how far around a hunch, a closer look is; in how many pictures in a row, as each has noise of its
# own. Of a word of nine letters, 48 px wide, it found 72 in 100 pictures, with one size and one picture 21.
CLOSER, CLOSER_PX, CLOSER_PICTURES = (1.5, 2.0), 48, 2
SMALL_PX = 60  # what is smaller is sure only from closer by
PART_MARGIN_PX = 16  # features at the rim of a part need what lies around it
CONFIRM_EVERY = 4  # pictures in a row carried by flow alone
CARRIED_FALL_MAX = 0.15  # of likeness, since features last confirmed it
NEAR_MARGIN, NEAR_MARGIN_PX = 0.3, 24.0
NEAR_SIDE_PX, NEAR_SCALE_MAX = 160.0, 2.0
LOOK_PX = 40.0  # the longer side of the view by which a mark is followed where it has no features
LOOK_LEAST, LOOK_CONTRAST_LEAST = 0.72, 10.0
LOOK_SCALES = (1.0, 0.93, 1.07)
BLIND_MAX = 10  # pictures in a row followed by looks alone
BLIND_LIKENESS_LEAST, LAST_LIKENESS_LEAST = 0.25, 0.5  # between finds, and after the last of them

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class MarkSight:
    """A reference in one picture of the cache. ``by``: found | followed | carried | looks."""

    picture: int
    quad: Quad
    likeness: float
    by: str


@dataclass
class _MarkTrack:
    """How a mark is followed: where it was, how it moved, how it looked, and what its features last said."""

    quad: Quad
    moved: Quad
    look: Picture | None
    confirmed: float
    carried: int = 0
    blind: int = 0


class MarkTracker:
    """Looks for references in a frame cache."""

    def __init__(self, cache: FrameCache, references: Sequence[ReferenceImage]) -> None:
        self.cache, self.references = cache, references
        self.sights: list[dict[int, MarkSight]] = [{} for _ in references]
        self._grey: dict[int, Picture] = {}
        self._fresh = FreshTexture()
        self._held: dict[int, Quad] = {}  # where those that are followed were last

    def grey(self, at: int) -> Picture:
        if at not in self._grey:
            if len(self._grey) >= 6:
                del self._grey[next(iter(self._grey))]
            self._grey[at] = self.cache.grey(at)
        return self._grey[at]

    def run(self, starts: Iterable[int] = (), report: Report = lambda done, total: None) -> list[dict[int, MarkSight]]:
        """Return, per reference, its sights by picture. ``starts``: pictures that begin a shot, looked at too."""
        todo = [place for place, one in enumerate(self.references) if one.findable]
        first = set(starts)
        for at in range(len(self.cache)):
            missing = [place for place in todo if at not in self.sights[place]]
            self._held |= {place: self.sights[place][at].quad for place in todo if at in self.sights[place]}
            if missing and (at % LOOK_EVERY == 0 or at in first):
                for now, found in self.look(at, missing):
                    self.follow(now, found)
            report(at + 1, len(self.cache))
        return self.sights

    def look(self, at: int, places: Sequence[int]) -> list[tuple[int, FoundMark]]:
        """Return which of the references a picture shows, or one of the next where a closer look shows it first."""
        grey = self.grey(at)
        for place in places:
            lost = self._held.pop(place, None)
            if lost is not None:  # it may come back where nothing seems to have changed
                self._fresh.forget(lost)
        parts = [_features(grey, part) for part in self._fresh.parts(grey)]
        if not parts:
            return []
        seen = PictureFeatures(
            np.concatenate([one.points for one in parts]), np.concatenate([one.descriptors for one in parts])
        )
        found = (self._find(at, place, seen) for place in places)
        return [one for one in found if one is not None]

    def _find(self, at: int, place: int, seen: PictureFeatures) -> tuple[int, FoundMark] | None:
        """Look for one reference among a picture's features, and closer where there is a hunch."""
        grey = self.grey(at)
        one = self.references[place]
        matched = pairs(one, seen)
        found = fitted(one, place, seen, matched, grey, unit=1 / LOOK_SCALE, near=False)
        if found is not None and np.ptp(found.quad, axis=0).max() > SMALL_PX:
            return at, found
        middles = hunches(one, seen, matched) if found is None else [found.quad.mean(axis=0)]
        for now in range(at, min(at + CLOSER_PICTURES, len(self.cache))):
            if now in self.sights[place]:
                break
            for middle in middles:
                found = self._closer(now, place, middle)
                if found is not None:
                    return now, found
        return None

    def _closer(self, at: int, place: int, middle: NDArray[np.float32]) -> FoundMark | None:
        """Look for a small reference around a place (px)."""
        grey = self.grey(at)
        left, top = np.maximum(middle - CLOSER_PX, 0).astype(int)
        right, bottom = np.minimum(middle + CLOSER_PX, grey.shape[::-1]).astype(int)
        seen = [closer(grey, (left, top, right, bottom), scale) for scale in CLOSER]
        return find(self.references[place], place, seen, grey, unit=1 / min(CLOSER))

    def follow(self, at: int, found: FoundMark) -> None:
        """Note a find and follow it both ways until it is lost or known already."""
        place = found.reference
        self.sights[place][at] = MarkSight(at, found.quad, found.likeness, "found")
        for step in (-1, 1):
            way = _MarkTrack(
                found.quad, np.zeros(2, np.float32), self._look_of(self.grey(at), found.quad), found.likeness
            )
            now = at + step
            while 0 <= now < len(self.cache) and now not in self.sights[place] and way.blind <= BLIND_MAX:
                sight = self._next(now, now - step, place, way)
                if sight is None:
                    break
                way.moved = np.clip(sight.quad.mean(axis=0) - way.quad.mean(axis=0), -200, 200).astype(np.float32)
                way.quad = sight.quad
                self.sights[place][now] = sight
                now += step
            if now not in self.sights[place]:
                self._cut_back(place, now - step, step)

    def _cut_back(self, place: int, last: int, step: int) -> None:
        """Take back from the end of a way what was followed by looks alone and hardly looks like the mark: once it has
        gone, what stands in its place may look a little like it."""
        sights = self.sights[place]
        while last in sights and sights[last].by == "looks" and sights[last].likeness < LAST_LIKENESS_LEAST:
            del sights[last]
            last -= step

    def _next(self, now: int, before: int, place: int, way: _MarkTrack) -> MarkSight | None:
        """Return where a followed mark is now, the cheapest way that can tell."""
        sight = self._carried(now, before, place, way) if way.carried < CONFIRM_EVERY - 1 and not way.blind else None
        if sight is not None:
            way.carried += 1
            return sight
        guess = (way.quad + way.moved).astype(np.float32)
        sight = self._near(now, place, guess)
        if sight is None and float(np.abs(way.moved).max()) > NEAR_MARGIN_PX / 2:
            sight = self._near(now, place, way.quad)
        if sight is not None:
            way.carried = way.blind = 0
            way.confirmed, way.look = sight.likeness, self._look_of(self.grey(now), sight.quad)
            return sight
        if way.carried == CONFIRM_EVERY - 1 and not way.blind:
            sight = self._carried(now, before, place, way)  # its features are hidden, but it is there
            if sight is not None:
                return sight
        way.blind += 1
        return self._by_looks(now, place, way.quad, way.moved, way.look)

    def _carried(self, now: int, before: int, place: int, way: _MarkTrack) -> MarkSight | None:
        quad = optical_flow.carried(self.grey(before), self.grey(now), way.quad, way.moved)
        if quad is None or not plausible(quad, self.grey(now).shape) or not alike_in_size(quad, way.quad):
            return None
        alike = likeness(self.references[place], self.grey(now), quad)
        if alike < max(LIKENESS_LEAST, way.confirmed - CARRIED_FALL_MAX):
            return None
        return MarkSight(now, quad, alike, "carried")

    def _near(self, at: int, place: int, guess: Quad) -> MarkSight | None:
        """Look for a mark by its features close to where it is expected."""
        grey = self.grey(at)
        left, top, right, bottom = around(guess, grey.shape)
        if right - left < 16 or bottom - top < 16:
            return None
        side = float(np.ptp(guess, axis=0).max())
        scale = float(np.clip(NEAR_SIDE_PX / max(side, 1.0), 0.35, NEAR_SCALE_MAX))
        seen = closer(grey, (left, top, right, bottom), scale)
        found = find(self.references[place], place, [seen], grey, unit=1 / scale, near=True)
        if found is None or not alike_in_size(found.quad, guess):
            return None
        return MarkSight(at, found.quad, found.likeness, "followed")

    def _look_of(self, grey: Picture, quad: Quad) -> Picture | None:
        """Return how a mark looks, small and upright in the picture; None where it is too plain to be followed."""
        left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int)
        part = grey[top:bottom, left:right]
        if min(part.shape) < SIDE_LOOK_LEAST:
            return None
        scale = LOOK_PX / max(part.shape)
        small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8) if float(small.std()) >= LOOK_CONTRAST_LEAST else None

    def _by_looks(self, at: int, place: int, quad: Quad, moved: Quad, look: Picture | None) -> MarkSight | None:
        if look is None:
            return None
        grey = self.grey(at)
        corner, size = quad.min(axis=0), np.ptp(quad, axis=0)
        reach = np.abs(moved) + 0.35 * size + 12
        left, top = np.maximum(corner - reach, 0).astype(int)
        right, bottom = (corner + size + reach).astype(int)
        part = grey[top:bottom, left:right]
        scale = LOOK_PX / float(size.max())
        if min(part.shape) < SIDE_LOOK_LEAST:
            return None
        field = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        best = max((match(np.asarray(field, np.uint8), look, by) for by in LOOK_SCALES), key=lambda one: one[0])
        value, (x, y), by = best
        if value < LOOK_LEAST:
            return None
        there = ((quad - corner) * by + np.asarray([x, y]) / scale + [left, top]).astype(np.float32)
        alike = likeness(self.references[place], grey, there)
        if alike < BLIND_LIKENESS_LEAST or not plausible(there, grey.shape):
            return None
        return MarkSight(at, there, alike, "looks")


SIDE_LOOK_LEAST = 10


def closer(grey: Picture, part: tuple[int, int, int, int], scale: float) -> PictureFeatures:
    """Return the features of a part (px) of a picture made larger or smaller."""
    left, top, right, bottom = part
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown = cv2.resize(grey[top:bottom, left:right], None, fx=scale, fy=scale, interpolation=how)
    return features(np.asarray(shown, np.uint8), scale, (left, top))


def _features(grey: Picture, part: tuple[int, int, int, int]) -> PictureFeatures:
    """Return the features of a part (px) of a picture."""
    left, top = max(0, part[0] - PART_MARGIN_PX), max(0, part[1] - PART_MARGIN_PX)
    right, bottom = (min(one + PART_MARGIN_PX, side) for one, side in zip(part[2:], grey.shape[::-1], strict=True))
    return closer(grey, (left, top, right, bottom), LOOK_SCALE)


def match(field: Picture, look: Picture, by: float) -> tuple[float, tuple[int, int], float]:
    """Return the best correlation of a look (resized by ``by``) within a field, its place in px, and ``by``."""
    one = look if by == 1.0 else cv2.resize(look, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    if field.shape[0] < one.shape[0] or field.shape[1] < one.shape[1]:
        return -1.0, (0, 0), by
    _, value, _, place = cv2.minMaxLoc(cv2.matchTemplate(field, one, cv2.TM_CCOEFF_NORMED))
    return float(value), (int(place[0]), int(place[1])), by


def around(quad: Quad, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom (px) of a quadrilateral's surroundings within a picture (height, width)."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    margin = NEAR_MARGIN * (high - low) + NEAR_MARGIN_PX
    left, top = np.clip(low - margin, 0, [shape[1], shape[0]]).astype(int)
    right, bottom = np.clip(high + margin, 0, [shape[1], shape[0]]).astype(int)
    return int(left), int(top), int(right), int(bottom)


def alike_in_size(one: Quad, other: Quad) -> bool:
    """Whether a quadrilateral may have become the other within a moment."""
    first, second = (cv2.contourArea(quad) for quad in (one, other))
    return bool(0.4 < first / max(second, 1.0) < 2.5)


__all__ = ["MarkSight", "MarkTracker", "area_share"]
