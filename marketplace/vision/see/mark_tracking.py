"""Finds which pictures of a video show each reference: it searches some and follows marks through their neighbours.

Every third picture and the first of each shot are searched, as far as their fine texture is new. From each find the
mark is followed both ways through all pictures: by the flow of its own points, which its features confirm once a
second; by its features nearby; and while blur or a hand hides those, by how it looked a moment ago.
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
# A closer look is this much larger, reaches this far around a hunch, and is repeated in this many pictures in a row,
# because each has its own noise. It found a word of nine letters, 48 px wide, in 72 of 100 pictures; with one size and
# one picture in 21.
CLOSER, CLOSER_PX, CLOSER_PICTURES = (1.5, 2.0), 48, 2
SMALL_PX = 60  # a smaller mark is certain only after a closer look
PART_MARGIN_PX = 16  # features at the edge of a part are made of pixels around it
CONFIRM_EVERY = 4  # pictures in a row carried by flow alone
CARRIED_FALL_MAX = 0.15  # of likeness, since features last confirmed it
NEAR_MARGIN, NEAR_MARGIN_PX = 0.3, 24.0
NEAR_SIDE_PX, NEAR_SCALE_MAX = 160.0, 2.0
LOOK_PX = 40.0  # the longer side of the view by which a mark is followed while it has no features
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
    """The state of following a mark: its last position, movement and look, the likeness when its features last
    confirmed it, and for how many pictures in a row it was carried by flow, or followed blind by its looks."""

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
        self._held: dict[int, Quad] = {}  # the last position of each mark that is followed

    def grey(self, picture: int) -> Picture:
        if picture not in self._grey:
            if len(self._grey) >= 6:
                del self._grey[next(iter(self._grey))]
            self._grey[picture] = self.cache.grey(picture)
        return self._grey[picture]

    def run(self, starts: Iterable[int] = (), report: Report = lambda done, total: None) -> list[dict[int, MarkSight]]:
        """Return, per reference, its sights by picture. ``starts``: pictures that begin a shot, searched as well."""
        findable = [place for place, one in enumerate(self.references) if one.findable]
        first = set(starts)
        for picture in range(len(self.cache)):
            missing = [place for place in findable if picture not in self.sights[place]]
            self._held |= {
                place: self.sights[place][picture].quad for place in findable if picture in self.sights[place]
            }
            if missing and (picture % LOOK_EVERY == 0 or picture in first):
                for found_in, mark in self.look(picture, missing):
                    self.follow(found_in, mark)
            report(picture + 1, len(self.cache))
        return self.sights

    def look(self, picture: int, places: Sequence[int]) -> list[tuple[int, FoundMark]]:
        """Return which of the references a picture shows, each with the picture in which it was found: a closer look
        may find it only in the next one."""
        grey = self.grey(picture)
        for place in places:
            lost = self._held.pop(place, None)
            if lost is not None:  # it may reappear where nothing else seems to have changed
                self._fresh.forget(lost)
        parts = [_features(grey, part) for part in self._fresh.parts(grey)]
        if not parts:
            return []
        seen = PictureFeatures(
            np.concatenate([one.points for one in parts]), np.concatenate([one.descriptors for one in parts])
        )
        found = (self._find(picture, place, seen) for place in places)
        return [one for one in found if one is not None]

    def _find(self, picture: int, place: int, seen: PictureFeatures) -> tuple[int, FoundMark] | None:
        """Look for one reference among a picture's features, and more closely where there is a hunch."""
        grey = self.grey(picture)
        one = self.references[place]
        matches = pairs(one, seen)
        mark = fitted(one, place, seen, matches, grey, unit=1 / LOOK_SCALE, near=False)
        if mark is not None and np.ptp(mark.quad, axis=0).max() > SMALL_PX:
            return picture, mark
        middles = hunches(one, seen, matches) if mark is None else [mark.quad.mean(axis=0)]
        for later in range(picture, min(picture + CLOSER_PICTURES, len(self.cache))):
            if later in self.sights[place]:
                break
            for middle in middles:
                mark = self._closer(later, place, middle)
                if mark is not None:
                    return later, mark
        return None

    def _closer(self, picture: int, place: int, middle: NDArray[np.float32]) -> FoundMark | None:
        """Look for a small reference around a point (px)."""
        grey = self.grey(picture)
        left, top = np.maximum(middle - CLOSER_PX, 0).astype(int)
        right, bottom = np.minimum(middle + CLOSER_PX, grey.shape[::-1]).astype(int)
        seen = [closer(grey, (left, top, right, bottom), scale) for scale in CLOSER]
        return find(self.references[place], place, seen, grey, unit=1 / min(CLOSER))

    def follow(self, picture: int, mark: FoundMark) -> None:
        """Record a find and follow it both ways until it is lost or already known."""
        place = mark.reference
        self.sights[place][picture] = MarkSight(picture, mark.quad, mark.likeness, "found")
        for step in (-1, 1):
            track = _MarkTrack(
                mark.quad, np.zeros(2, np.float32), self._look_of(self.grey(picture), mark.quad), mark.likeness
            )
            current = picture + step
            while 0 <= current < len(self.cache) and current not in self.sights[place] and track.blind <= BLIND_MAX:
                sight = self._next(current, current - step, place, track)
                if sight is None:
                    break
                track.moved = np.clip(sight.quad.mean(axis=0) - track.quad.mean(axis=0), -200, 200).astype(np.float32)
                track.quad = sight.quad
                self.sights[place][current] = sight
                current += step
            if current not in self.sights[place]:
                self._cut_back(place, current - step, step)

    def _cut_back(self, place: int, last: int, step: int) -> None:
        """Remove sights from the end of a track that were followed by looks alone and hardly look like the mark: once
        it has gone, whatever is in its place may look a little like it."""
        sights = self.sights[place]
        while last in sights and sights[last].by == "looks" and sights[last].likeness < LAST_LIKENESS_LEAST:
            del sights[last]
            last -= step

    def _next(self, now: int, before: int, place: int, track: _MarkTrack) -> MarkSight | None:
        """Return where a followed mark is now, by the cheapest way that finds it."""
        sight = (
            self._carried(now, before, place, track) if track.carried < CONFIRM_EVERY - 1 and not track.blind else None
        )
        if sight is not None:
            track.carried += 1
            return sight
        guess = (track.quad + track.moved).astype(np.float32)
        sight = self._near(now, place, guess)
        if sight is None and float(np.abs(track.moved).max()) > NEAR_MARGIN_PX / 2:
            sight = self._near(now, place, track.quad)
        if sight is not None:
            track.carried = track.blind = 0
            track.confirmed, track.look = sight.likeness, self._look_of(self.grey(now), sight.quad)
            return sight
        if track.carried == CONFIRM_EVERY - 1 and not track.blind:
            sight = self._carried(now, before, place, track)  # its features are hidden, but it is there
            if sight is not None:
                return sight
        track.blind += 1
        return self._by_looks(now, place, track.quad, track.moved, track.look)

    def _carried(self, now: int, before: int, place: int, track: _MarkTrack) -> MarkSight | None:
        quad = optical_flow.carried(self.grey(before), self.grey(now), track.quad, track.moved)
        if quad is None or not plausible(quad, self.grey(now).shape) or not alike_in_size(quad, track.quad):
            return None
        like = likeness(self.references[place], self.grey(now), quad)
        if like < max(LIKENESS_LEAST, track.confirmed - CARRIED_FALL_MAX):
            return None
        return MarkSight(now, quad, like, "carried")

    def _near(self, picture: int, place: int, guess: Quad) -> MarkSight | None:
        """Look for a mark by its features, near its expected position."""
        grey = self.grey(picture)
        left, top, right, bottom = around(guess, grey.shape)
        if right - left < 16 or bottom - top < 16:
            return None
        side = float(np.ptp(guess, axis=0).max())
        scale = float(np.clip(NEAR_SIDE_PX / max(side, 1.0), 0.35, NEAR_SCALE_MAX))
        seen = closer(grey, (left, top, right, bottom), scale)
        found = find(self.references[place], place, [seen], grey, unit=1 / scale, near=True)
        if found is None or not alike_in_size(found.quad, guess):
            return None
        return MarkSight(picture, found.quad, found.likeness, "followed")

    def _look_of(self, grey: Picture, quad: Quad) -> Picture | None:
        """Return how a mark looks, small and upright in the picture; None if it is too plain to be followed."""
        left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int)
        part = grey[top:bottom, left:right]
        if min(part.shape) < SIDE_LOOK_LEAST:
            return None
        scale = LOOK_PX / max(part.shape)
        small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8) if float(small.std()) >= LOOK_CONTRAST_LEAST else None

    def _by_looks(self, picture: int, place: int, quad: Quad, moved: Quad, look: Picture | None) -> MarkSight | None:
        if look is None:
            return None
        grey = self.grey(picture)
        corner, size = quad.min(axis=0), np.ptp(quad, axis=0)
        reach = np.abs(moved) + 0.35 * size + 12
        left, top = np.maximum(corner - reach, 0).astype(int)
        right, bottom = (corner + size + reach).astype(int)
        part = grey[top:bottom, left:right]
        scale = LOOK_PX / float(size.max())
        if min(part.shape) < SIDE_LOOK_LEAST:
            return None
        field = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        best = max(
            (match(np.asarray(field, np.uint8), look, resize) for resize in LOOK_SCALES),
            key=lambda candidate: candidate[0],
        )
        value, (x, y), resize = best
        if value < LOOK_LEAST:
            return None
        new_quad = ((quad - corner) * resize + np.asarray([x, y]) / scale + [left, top]).astype(np.float32)
        like = likeness(self.references[place], grey, new_quad)
        if like < BLIND_LIKENESS_LEAST or not plausible(new_quad, grey.shape):
            return None
        return MarkSight(picture, new_quad, like, "looks")


SIDE_LOOK_LEAST = 10


def closer(grey: Picture, part: tuple[int, int, int, int], scale: float) -> PictureFeatures:
    """Return the features of a part (px) of a picture made larger or smaller."""
    left, top, right, bottom = part
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(grey[top:bottom, left:right], None, fx=scale, fy=scale, interpolation=interpolation)
    return features(np.asarray(scaled, np.uint8), scale, (left, top))


def _features(grey: Picture, part: tuple[int, int, int, int]) -> PictureFeatures:
    """Return the features of a part (px) of a picture."""
    left, top = max(0, part[0] - PART_MARGIN_PX), max(0, part[1] - PART_MARGIN_PX)
    right, bottom = (min(edge + PART_MARGIN_PX, side) for edge, side in zip(part[2:], grey.shape[::-1], strict=True))
    return closer(grey, (left, top, right, bottom), LOOK_SCALE)


def match(field: Picture, look: Picture, scale: float) -> tuple[float, tuple[int, int], float]:
    """Return the best correlation of a look (resized by ``by``) within a field, its place in px, and ``by``."""
    resized = look if scale == 1.0 else cv2.resize(look, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if field.shape[0] < resized.shape[0] or field.shape[1] < resized.shape[1]:
        return -1.0, (0, 0), scale
    _, value, _, corner = cv2.minMaxLoc(cv2.matchTemplate(field, resized, cv2.TM_CCOEFF_NORMED))
    return float(value), (int(corner[0]), int(corner[1])), scale


def around(quad: Quad, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom (px) of a quadrilateral's surroundings within a picture (height, width)."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    margin = NEAR_MARGIN * (high - low) + NEAR_MARGIN_PX
    left, top = np.clip(low - margin, 0, [shape[1], shape[0]]).astype(int)
    right, bottom = np.clip(high + margin, 0, [shape[1], shape[0]]).astype(int)
    return int(left), int(top), int(right), int(bottom)


def alike_in_size(one: Quad, other: Quad) -> bool:
    """Return whether a quadrilateral may have become the other within a moment."""
    first, second = (cv2.contourArea(quad) for quad in (one, other))
    return bool(0.4 < first / max(second, 1.0) < 2.5)


__all__ = ["MarkSight", "MarkTracker", "area_share"]
