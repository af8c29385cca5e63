"""Which videos the market has seen before a video repeats, with the pictures that show it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.checks.models import VideoPicture
from marketplace.core import storage
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.vision import hashes, pictures
from marketplace.vision.frames import FrameCache
from marketplace.vision.hashes import Match, PictureHash

SHARE_LEAST, PICTURES_LEAST = 0.2, 3
PAIRS_SHOWN, VIDEOS_SHOWN = 5, 10
READ_AT_ONCE = 50_000

Frames = Callable[[str], FrameCache | None]


Repeated = list[tuple[str, list[Match]]]


def hashes_of(answer: Mapping[str, Any]) -> list[PictureHash]:
    """Return a step's hashes."""
    return [
        PictureHash(one["at_s"], one["view"], bytes.fromhex(one["bits"]), one["quality"]) for one in answer["hashes"]
    ]


def seen_before(session: Session, sha256: str, own: list[PictureHash]) -> Repeated:
    """Return the videos that this one repeats, by hash, the most alike first, with the pictures that are the same."""
    whole = len({one.at_s for one in own})
    found = [(other, matched) for other, matched in _near(session, sha256, own).items() if enough(matched, whole)]
    return sorted(found, key=lambda one: -len(one[1]))[:VIDEOS_SHOWN]


def told(repeated: Repeated, own: list[PictureHash], cache: FrameCache, frames: Frames) -> list[dict[str, Any]]:
    """Return the repeated videos as JSON data, a picture of both kept for each."""
    return [_told(other, matched, own, cache, frames) for other, matched in repeated]


def enough(matched: list[Match], pictures_hashed: int) -> bool:
    """Whether so many pictures alike are more than an opening title that two videos share."""
    return (
        len(matched) >= min(PICTURES_LEAST, max(1, pictures_hashed)) and len(matched) >= SHARE_LEAST * pictures_hashed
    )


def _near(session: Session, sha256: str, own: list[PictureHash]) -> dict[str, list[Match]]:
    """Hold a video's pictures against all that the market has seen, some ten thousand at a time."""
    best: dict[str, dict[float, Match]] = defaultdict(dict)
    known = (
        sa.select(VideoPicture.sha256, VideoPicture.at_s, VideoPicture.bits)
        .where(VideoPicture.view == "plain", VideoPicture.sha256 != sha256)
        .execution_options(yield_per=READ_AT_ONCE)
    )
    for rows in session.execute(known).partitions():
        table = hashes.table(bits for _, _, bits in rows)
        for one in own:
            far = hashes.distances(hashes.table([one.bits])[0], table)
            for at in np.nonzero(far <= hashes.NEAR_BITS)[0].tolist():
                other, other_s, bits = rows[at][0], rows[at][1], int(far[at])
                before = best[other].get(one.at_s)
                if before is None or bits < before.bits:
                    best[other][one.at_s] = Match(one.at_s, other_s, bits, one.view == "mirrored")
    return {other: [matched[at] for at in sorted(matched)] for other, matched in best.items()}


def remember(session: Session, sha256: str, own: list[PictureHash]) -> None:
    """Keep a video's hashes for those that come later."""
    rows = [
        {"id": new_id(), "created_at": now(), "sha256": sha256, "at_s": one.at_s, "view": one.view, "bits": one.bits}
        for one in own
    ]
    if rows:
        session.execute(insert(VideoPicture).on_conflict_do_nothing(), rows)


def _told(
    other: str, matched: list[Match], own: list[PictureHash], cache: FrameCache, frames: Frames
) -> dict[str, Any]:
    nearest = min(matched, key=lambda one: one.bits)
    shown = sorted(matched, key=lambda one: one.bits)[:PAIRS_SHOWN]
    there = frames(other)
    return {
        "sha256": other,
        "share": round(len(matched) / max(1, len({one.at_s for one in own})), 3),
        "pictures": len(matched),
        "mirrored": sum(one.mirrored for one in matched) > len(matched) / 2,
        "pairs": [{"at_s": one.at_s, "other_s": one.other_s, "bits": one.bits} for one in shown],
        "this_frame": _frame(cache, nearest.at_s),
        "other_frame": None if there is None else _frame(there, nearest.other_s),
    }


def _frame(cache: FrameCache, at_s: float) -> str:
    at = int(np.abs(np.asarray(cache.times) - at_s).argmin())
    return storage.opened().put([pictures.jpeg(pictures.small(cache.picture(at)))]).sha256
