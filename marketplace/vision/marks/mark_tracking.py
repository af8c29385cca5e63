"""Finds which pictures of a video show each reference: it searches some and follows marks through their neighbours.

Every third picture and the first of each shot are searched, as far as their fine texture is new. From each find the
mark is followed both ways through all pictures: by the flow of its own points, which its features confirm once a
second; by its features nearby; and while blur or a hand hides those, by drawing the reference onto the picture. What is
followed is held against the reference each time, so that a mark that is gone is not followed on what is in its place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks import mark_search, optical_flow
from marketplace.vision.marks.mark_detection import (
    LIKENESS_LEAST,
    FoundMark,
    Quad,
    area_share,
    distinct_pairs,
    features,
    find,
    fitted,
    hunches,
    likeness,
    plausible,
    together,
)
from marketplace.vision.marks.mark_judgement import judge
from marketplace.vision.marks.mark_poses import PARTS, MarkPose, NearestFeatures, PictureFeatures, nearest
from marketplace.vision.marks.mark_search import PLAIN, JudgedMark
from marketplace.vision.marks.mark_views import UNIT_SQUARE, GreyPyramid
from marketplace.vision.marks.reference_images import ReferenceImage
from marketplace.vision.marks.texture import FreshTexture

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
# Of a mark without features of its own: how far it may be from where it is expected (share of its side, and px), and
# how much larger or smaller.
DRAWN_SHIFT, DRAWN_SHIFT_PX, DRAWN_AREA = 0.35, 4.0, 1.4
# It stands with such a score, or such a lower one with the support of features; what does not stand so often in a row
# is gone.
STANDS_LEAST, STANDS_LESS_SURE, STANDS_SUPPORTED = 0.72, 0.06, 0.5
FALLEN_MAX = 2
FEW_INLIERS_MOST, FEW_INLIERS_SCORE = 12, 0.5  # a find by fewer features has to score this
CARRIED_SCORE_LEAST, CARRIED_SCORE_FALL = 0.4, 0.25  # of what flow carries, and since its features last confirmed it
# A pose that scores so much and is not sure is looked at again at twice the size, or at its own from so many px on.
AGAIN_LEAST, AGAIN_SCALE, AGAIN_OWN_PX = 0.5, 2.0, 80.0

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class MarkSight:
    """A reference in one picture of the cache. ``by``: found | followed | carried | drawn."""

    picture: int
    quad: Quad
    likeness: float
    by: str


@dataclass
class _MarkTrack:
    """The state of following a mark: its last position and movement, likeness and score when its features last
    confirmed it, for how many pictures in a row it was carried by flow, and in how many it did not stand."""

    quad: Quad
    moved: Quad
    confirmed: float
    score: float
    carried: int = 0
    fallen: int = 0


class GreyPictures(Protocol):
    """A film as it is looked through: a frame cache, or a single picture."""

    def __len__(self) -> int: ...

    def grey(self, index: int) -> Picture: ...


class MarkTracker:
    """Looks for references in a frame cache."""

    def __init__(self, cache: GreyPictures, references: Sequence[ReferenceImage]) -> None:
        self.cache = cache
        self.handed_in = references
        self.references = [variant for one in references for variant in one.variants]
        self._owners = [place for place, one in enumerate(references) for _ in one.variants]
        self.sights: list[dict[int, MarkSight]] = [{} for _ in self.references]
        self._pyramids: dict[int, GreyPyramid] = {}
        self._fresh = FreshTexture()
        self._held: dict[int, Quad] = {}  # the last position of each mark that is followed

    def pyramid(self, picture: int) -> GreyPyramid:
        if picture not in self._pyramids:
            if len(self._pyramids) >= 6:
                del self._pyramids[next(iter(self._pyramids))]
            self._pyramids[picture] = GreyPyramid(self.cache.grey(picture))
        return self._pyramids[picture]

    def grey(self, picture: int) -> Picture:
        return self.pyramid(picture).grey

    def run(self, starts: Iterable[int] = (), report: Report = lambda done, total: None) -> list[dict[int, MarkSight]]:
        """Return, per reference, its sights by picture. ``starts``: pictures that begin a shot, searched as well."""
        findable = [place for place, one in enumerate(self.references) if mark_search.findable(one)]
        first = set(starts)
        for picture in range(len(self.cache)):
            there = {place: self.sights[place][picture].quad for place in findable if picture in self.sights[place]}
            self._held |= there
            known = {self._owners[place] for place in there}
            missing = [place for place in findable if self._owners[place] not in known]
            if missing and (picture % LOOK_EVERY == 0 or picture in first):
                for found_in, mark in self.look(picture, missing):
                    self.follow(found_in, mark)
            report(picture + 1, len(self.cache))
        return [self._of_reference(place) for place in range(len(self.handed_in))]

    def _of_reference(self, handed_in: int) -> dict[int, MarkSight]:
        """Return the sights of an image that was handed in: in each picture those of the variant most like it."""
        one = self.handed_in[handed_in]
        variants = [sights for owner, sights in zip(self._owners, self.sights, strict=True) if owner == handed_in]
        return {
            picture: without_margin(
                max((sights[picture] for sights in variants if picture in sights), key=lambda one: one.likeness), one
            )
            for picture in sorted(set().union(*variants))
        }

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
        seen = together(parts)
        found = (self._find(picture, place, seen) for place in places)
        return [one for one in found if one is not None]

    def _find(self, picture: int, place: int, seen: PictureFeatures) -> tuple[int, FoundMark] | None:
        """Look for one reference among a picture's features, and more closely where there is a hunch."""
        grey = self.grey(picture)
        one = self.references[place]
        near = nearest(one, seen)
        matches = distinct_pairs(near)
        mark = fitted(one, place, seen, matches, grey, unit=1 / LOOK_SCALE, near=False)
        if mark is not None and np.ptp(mark.quad, axis=0).max() > SMALL_PX and self._stands(picture, mark):
            return picture, mark
        middles = hunches(one, seen, matches) if mark is None else [mark.quad.mean(axis=0)]
        for later in range(picture, min(picture + CLOSER_PICTURES, len(self.cache))):
            if later in self.sights[place]:
                break
            for middle in middles:
                mark = self._closer(later, place, middle)
                if mark is not None and self._stands(later, mark):
                    return later, mark
        mark = self._searched(picture, place, seen, near)
        return None if mark is None else (picture, mark)

    def _stands(self, picture: int, mark: FoundMark) -> bool:
        """Return whether a find by few features is one by its looks too."""
        return mark.inliers >= FEW_INLIERS_MOST or self._score(picture, mark.reference, mark.quad) >= FEW_INLIERS_SCORE

    def _score(self, picture: int, place: int, quad: Quad) -> float:
        return judge(self.references[place], self.pyramid(picture), quad).score

    def _searched(self, picture: int, place: int, seen: PictureFeatures, near: NearestFeatures) -> FoundMark | None:
        """Look for a reference by poses from single pairs, and where the best may be it, look again more closely."""
        one, pyramid = self.references[place], self.pyramid(picture)
        best = mark_search.search(one, seen, near, pyramid)
        if best is None or best.score < AGAIN_LEAST:
            return None
        best = mark_search.supported(one, seen, best)
        if not mark_search.certain(one, best):
            best = self._again(picture, one, best)
        return self._found(picture, place, best) if mark_search.certain(one, best) else None

    def _again(self, picture: int, one: ReferenceImage, best: JudgedMark) -> JudgedMark:
        """Return the better of a pose and what a closer look at its surroundings shows."""
        pyramid, side = self.pyramid(picture), float(np.ptp(best.quad, axis=0).max())
        scale = AGAIN_SCALE if side < AGAIN_OWN_PX else 1.0
        seen = closer(pyramid.grey, around(best.quad, pyramid.grey.shape), scale)
        again = mark_search.search(one, seen, nearest(one, seen), pyramid)
        here = [mark for mark in (best, again) if mark is not None and same_place(mark.quad, best.quad)]
        return mark_search.supported(one, seen, max(here, key=lambda mark: mark.score))

    def _found(self, picture: int, place: int, mark: JudgedMark) -> FoundMark:
        like = likeness(self.references[place], self.grey(picture), mark.quad)
        return FoundMark(place, mark.quad, max(like, mark.score))

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
                mark.quad, np.zeros(2, np.float32), mark.likeness, self._score(picture, place, mark.quad)
            )
            current = picture + step
            while 0 <= current < len(self.cache) and current not in self.sights[place]:
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
        """Remove what did not stand from the end of a track."""
        sights = self.sights[place]
        while last in sights and sights[last].by == "fallen":
            del sights[last]
            last -= step

    def _next(self, now: int, before: int, place: int, track: _MarkTrack) -> MarkSight | None:
        """Return where a followed mark is now, by the cheapest way that finds it."""
        sight = (
            self._carried(now, before, place, track) if track.carried < CONFIRM_EVERY - 1 and not track.fallen else None
        )
        if sight is not None:
            track.carried += 1
            return sight
        guess = (track.quad + track.moved).astype(np.float32)
        sight = self._near(now, place, guess)
        if sight is None and float(np.abs(track.moved).max()) > NEAR_MARGIN_PX / 2:
            sight = self._near(now, place, track.quad)
        if sight is not None:
            track.carried = track.fallen = 0
            track.confirmed, track.score = sight.likeness, self._score(now, place, sight.quad)
            return sight
        sight = self._drawn(now, place, track, guess)
        if sight is not None:
            track.carried = track.fallen = 0
            return sight
        track.fallen += 1
        if track.fallen >= FALLEN_MAX:
            return None
        return MarkSight(now, guess, likeness(self.references[place], self.grey(now), guess), "fallen")

    def _drawn(self, now: int, place: int, track: _MarkTrack, guess: Quad) -> MarkSight | None:
        """Return where the reference, drawn onto the picture from where the mark may be, stands for itself."""
        one, pyramid = self.references[place], self.pyramid(now)
        seen: PictureFeatures | None = None
        for start in (guess, track.quad):
            for part in range(len(PARTS)):
                mark = mark_search.best_of(one, pyramid, [MarkPose(start, 1.0, part)], PLAIN)
                if mark is None or not self._reaches(mark.quad, start, track.quad):
                    continue
                stands = mark.score >= STANDS_LEAST and mark.score >= mark_search.sure_score(one) - STANDS_LESS_SURE
                if not stands and mark.score >= STANDS_SUPPORTED:
                    if seen is None:
                        seen = closer(pyramid.grey, around(guess, pyramid.grey.shape), near_scale(guess))
                    stands = mark_search.supported(one, seen, mark).support >= mark_search.SUPPORT_LEAST
                if stands:
                    return MarkSight(now, mark.quad, self._found(now, place, mark).likeness, "drawn")
        return None

    def _reaches(self, quad: Quad, start: Quad, last: Quad) -> bool:
        """Return whether a mark can have come to a place from where it was expected."""
        side = float(np.ptp(start, axis=0).max())
        shift = float(np.linalg.norm(quad.mean(axis=0) - start.mean(axis=0)))
        area = cv2.contourArea(quad) / max(1.0, cv2.contourArea(last))
        return shift <= DRAWN_SHIFT * side + DRAWN_SHIFT_PX and 1 / DRAWN_AREA <= area <= DRAWN_AREA

    def _carried(self, now: int, before: int, place: int, track: _MarkTrack) -> MarkSight | None:
        quad = optical_flow.carried(self.grey(before), self.grey(now), track.quad, track.moved)
        if quad is None or not plausible(quad, self.grey(now).shape) or not alike_in_size(quad, track.quad):
            return None
        like = likeness(self.references[place], self.grey(now), quad)
        if like < max(LIKENESS_LEAST, track.confirmed - CARRIED_FALL_MAX):
            return None
        if self._score(now, place, quad) < max(CARRIED_SCORE_LEAST, track.score - CARRIED_SCORE_FALL):
            return None
        return MarkSight(now, quad, like, "carried")

    def _near(self, picture: int, place: int, guess: Quad) -> MarkSight | None:
        """Look for a mark by its features, near its expected position."""
        grey = self.grey(picture)
        left, top, right, bottom = around(guess, grey.shape)
        if right - left < 16 or bottom - top < 16:
            return None
        scale = near_scale(guess)
        seen = closer(grey, (left, top, right, bottom), scale)
        found = find(self.references[place], place, [seen], grey, unit=1 / scale, near=True)
        if found is None or not alike_in_size(found.quad, guess):
            return None
        return MarkSight(picture, found.quad, found.likeness, "followed")


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


def without_margin(sight: MarkSight, reference: ReferenceImage) -> MarkSight:
    """Return a sight as that of the image without the margin that was added to it."""
    if not reference.margin:
        return sight
    longer = max(reference.aspect, 1.0)
    gap = reference.margin / (1 + 2 * reference.margin) * longer / np.asarray([reference.aspect, 1.0])
    inner = (UNIT_SQUARE * (1 - 2 * gap) + gap).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(UNIT_SQUARE, sight.quad)
    return replace(sight, quad=np.asarray(cv2.perspectiveTransform(inner[None], matrix)[0], np.float32))


def near_scale(quad: Quad) -> float:
    """Return the size at which a followed mark's surroundings are looked at, per px of the picture."""
    return float(np.clip(NEAR_SIDE_PX / max(float(np.ptp(quad, axis=0).max()), 1.0), 0.35, NEAR_SCALE_MAX))


def same_place(one: Quad, other: Quad) -> bool:
    """Return whether the middle of a quadrilateral is within the other's box."""
    middle = one.mean(axis=0)
    return bool((middle >= other.min(axis=0)).all() and (middle <= other.max(axis=0)).all())


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
