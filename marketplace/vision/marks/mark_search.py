"""Searches a picture for a reference that has too few features for a homography: poses, drawn into place and judged.

How sure a judgement has to be differs from reference to reference: a textured pack never reaches 0.7 by chance, a bar
or a ring does in half of all pictures. So each is searched for, thoroughly, in pictures that do not show it.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from marketplace.vision.marks import mark_alignment, mark_poses
from marketplace.vision.marks.mark_detection import features, opposite, plausible
from marketplace.vision.marks.mark_judgement import NOTHING, MarkJudgement, judge, support
from marketplace.vision.marks.mark_poses import MarkPose, NearestFeatures, PictureFeatures
from marketplace.vision.marks.mark_views import GreyPyramid, Quad
from marketplace.vision.marks.null_pictures import null_pictures
from marketplace.vision.marks.reference_images import ReferenceImage

OPPOSITE_MAX = 1.9
# A pose that scores so much is drawn into place again from six places around it.
NUDGE_LEAST = 0.45
SURE_LEAST, CHANCE_MARGIN = 0.70, 0.07
GAIN_LEAST = 0.3
# A sure score needs the support of so many features; one that is a little less sure of more.
SUPPORT_LEAST, SUPPORT_MORE, LESS_KNOWN = 3, 6, 0.03
# With fewer features an image is looked for only if it has some at all, and chance never gives it such a score.
FEW_FEATURES_LEAST, SURE_MOST = 8, 0.93
# Kept scores are of one version: whatever changes them changes the name.
_SCORES, SCORES_MOST = "mark-scores-1.json", 5000


@dataclass(frozen=True)
class SearchEffort:
    """How many poses are tried, how alike (quick correlation), how many are drawn into place, and how many of them from
    around."""

    poses: int
    quick_least: float
    drawn: int
    nudged: int


USUAL = SearchEffort(32, mark_poses.QUICK_LEAST, 6, 1)
THOROUGH = SearchEffort(48, 0.30, 8, 2)
PLAIN = SearchEffort(1, 0.0, 1, 0)


@dataclass(frozen=True)
class JudgedMark:
    """A reference laid onto a picture, and how sure that is."""

    quad: Quad
    judgement: MarkJudgement
    support: int = 0

    @property
    def score(self) -> float:
        return self.judgement.score


def search(
    reference: ReferenceImage,
    seen: PictureFeatures,
    near: NearestFeatures,
    pyramid: GreyPyramid,
    effort: SearchEffort = USUAL,
) -> JudgedMark | None:
    """Return where a picture shows a reference most likely, or None if there is no pose at all."""
    quads = mark_poses.poses(reference, seen, near, effort.poses)
    return best_of(
        reference, pyramid, mark_poses.ranked(reference, pyramid, quads, effort.drawn, effort.quick_least), effort
    )


def best_of(
    reference: ReferenceImage, pyramid: GreyPyramid, poses: Sequence[MarkPose], effort: SearchEffort = USUAL
) -> JudgedMark | None:
    """Return the best of some poses once they are drawn into place."""
    drawn = sorted((_drawn(reference, pyramid, pose) for pose in poses), key=lambda one: -one.score)
    for one in drawn[: effort.nudged]:
        if one.score >= NUDGE_LEAST:
            around = (_drawn(reference, pyramid, MarkPose(quad, 1.0)) for quad in mark_alignment.nudged(one.quad))
            drawn += list(around)
    return max(drawn, key=lambda one: one.score, default=None)


def _drawn(reference: ReferenceImage, pyramid: GreyPyramid, pose: MarkPose) -> JudgedMark:
    best = JudgedMark(pose.quad, NOTHING)
    for quad in mark_alignment.aligned(reference, pyramid, pose):
        if plausible(quad, pyramid.grey.shape) and opposite(quad) <= OPPOSITE_MAX:
            judgement = judge(reference, pyramid, quad)
            if judgement.gain >= GAIN_LEAST and judgement.score > best.score:
                best = JudgedMark(quad, judgement)
    return best


def supported(reference: ReferenceImage, seen: PictureFeatures, mark: JudgedMark) -> JudgedMark:
    """Return the mark with its support among a picture's features."""
    return JudgedMark(mark.quad, mark.judgement, support(reference, seen, mark.quad))


def certain(reference: ReferenceImage, mark: JudgedMark) -> bool:
    """Return whether a mark is there, and not by chance."""
    if mark.score < SURE_LEAST - LESS_KNOWN or mark.support < SUPPORT_LEAST:
        return False
    sure = sure_score(reference)
    return mark.score >= sure or (mark.score >= sure - LESS_KNOWN and mark.support >= SUPPORT_MORE)


@cache
def _null_views() -> tuple[tuple[GreyPyramid, PictureFeatures], ...]:
    """Return the pictures without a brand, with their features at one and a half times their size, as a closer look
    sees them."""
    seen = []
    for grey in null_pictures():
        larger = cv2.resize(grey, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
        seen.append((GreyPyramid(grey), features(np.asarray(larger, np.uint8), 1.5)))
    return tuple(seen)


_KNOWN: dict[str, float] = {}


def recall_scores(folder: Path) -> None:
    """Take over what was kept of earlier scores: a score costs seconds, and the same images come with each draft."""
    _KNOWN.update(_kept(folder))


def keep_scores(folder: Path) -> None:
    """Keep the scores that are known. Of two processes that do so at once one may lose what it has found."""
    together = _kept(folder) | _KNOWN
    newest = dict(list(together.items())[-SCORES_MOST:])
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{_SCORES}.{os.getpid()}"
    unfinished.write_text(json.dumps(newest))
    unfinished.replace(folder / _SCORES)


def _kept(folder: Path) -> dict[str, float]:
    try:
        kept: dict[str, float] = json.loads((folder / _SCORES).read_text())
    except (FileNotFoundError, ValueError):  # none yet, or a disk that was full
        return {}
    return kept


def sure_score(reference: ReferenceImage) -> float:
    """Return the score from which a reference is found, 0.70 to 1.07: above all that it scores by chance."""
    return remembered(reference.sha256, lambda: max(SURE_LEAST, chance_score(reference) + CHANCE_MARGIN))


def remembered(key: str, work_out: Callable[[], float]) -> float:
    """Return a figure of a reference that is known already, or work it out."""
    if key not in _KNOWN:
        _KNOWN[key] = work_out()
    return _KNOWN[key]


def chance_score(reference: ReferenceImage) -> float:
    """Return the best score of a reference in pictures that do not show it."""
    best = 0.0
    for pyramid, seen in _null_views():
        found = search(reference, seen, mark_poses.nearest(reference, seen), pyramid, THOROUGH)
        best = max(best, found.score if found is not None else 0.0)
    return best


def findable(reference: ReferenceImage) -> bool:
    """Return whether a mark can be told from anything else: by many features, or by a score that chance never gives."""
    return reference.textured or any(
        one.features >= FEW_FEATURES_LEAST and sure_score(one) <= SURE_MOST for one in reference.variants
    )
