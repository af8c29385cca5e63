"""Which videos the market has seen before a video repeats, with the pictures that show it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.checks.models import VideoPicture
from marketplace.core import column_copy, storage
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.vision import keyframes
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.see import picture_hashes
from marketplace.vision.see.picture_hashes import PictureHash, PictureMatch

SHARE_LEAST, PICTURES_LEAST = 0.2, 3
PAIRS_SHOWN, VIDEOS_SHOWN = 5, 10
READ_AT_ONCE = 200_000
# Of a table that lies in the processor's cache every word is read once for all pictures.
HELD_AT_ONCE = 16_384
_KNOWN = (
    "SELECT id, bits FROM video_pictures WHERE view = 'plain' AND id > %(after)s AND sha256 <> %(own)s"
    " ORDER BY id LIMIT %(most)s"
)
_SEEN = sa.text(
    "SELECT p.sha256, min(p.created_at) AS first, EXISTS (SELECT 1 FROM video_checks c WHERE c.sha256 = p.sha256"
    " AND c.party_id <> :party) AS foreign FROM video_pictures p WHERE p.sha256 = ANY(:videos) GROUP BY 1"
)

_SAME_FILE = sa.text(
    "SELECT min(created_at) FILTER (WHERE party_id = :party) AS own,"
    " min(created_at) FILTER (WHERE party_id <> :party) AS theirs FROM video_checks WHERE sha256 = :video"
)

Frames = Callable[[str], FrameCache | None]
Table = NDArray[np.uint64]
Places = NDArray[np.int64]
Repeated = list[tuple[str, list[PictureMatch]]]


@dataclass(frozen=True)
class VideoOrder:
    """Which of two videos that repeat each other the market saw first ("this" or "other"), and whether another party
    than this one's has had the other checked."""

    first: str
    foreign: bool


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


def same_file(session: Session, sha256: str, party_id: UUID) -> VideoOrder | None:
    """Return who was first with this very file where another party has had it checked, too."""
    row = session.execute(_SAME_FILE, {"video": sha256, "party": party_id}).one()
    if row.theirs is None:
        return None
    return VideoOrder("this" if row.own is not None and row.own < row.theirs else "other", True)


def as_itself(own: list[PictureHash]) -> list[PictureMatch]:
    """Return the pairs of a video's pictures with themselves."""
    return [PictureMatch(at_s, at_s, 0, False) for at_s in sorted({one.at_s for one in own})]


def told(
    repeated: Repeated, when: Mapping[str, VideoOrder], own: list[PictureHash], cache: FrameCache, frames: Frames
) -> list[dict[str, Any]]:
    """Return the repeated videos as JSON data, a picture of both kept for each."""
    return [
        {**_told(other, matched, own, cache, frames), "seen_first": when[other].first, "foreign": when[other].foreign}
        for other, matched in repeated
    ]


def enough(matched: list[PictureMatch], pictures_hashed: int) -> bool:
    """Whether so many pictures alike are more than an opening title that two videos share."""
    return (
        len(matched) >= min(PICTURES_LEAST, max(1, pictures_hashed)) and len(matched) >= SHARE_LEAST * pictures_hashed
    )


def _near(session: Session, sha256: str, own: list[PictureHash]) -> dict[str, list[PictureMatch]]:
    """Hold a video's pictures against all that the market has seen, a stretch of the table at a time."""
    best: dict[str, dict[float, PictureMatch]] = defaultdict(dict)
    looked_up = picture_hashes.table(one.bits for one in own)
    after = UUID(int=0)
    while True:
        asked = {"after": after, "own": sha256, "most": READ_AT_ONCE}
        rows = column_copy.read(session, _KNOWN, asked, {"id": "uuid", "bits": "bytes:32"})
        count = len(rows["id"])
        if not count:
            break
        pictures, known, bits = _alike(looked_up, rows["bits"])
        places = {UUID(bytes=rows["id"][at].tobytes()): at for at in np.unique(known).tolist()}
        there = _pictures(session, places)
        for picture, at, apart in zip(pictures.tolist(), known.tolist(), bits.tolist(), strict=True):
            one, (other, other_s) = own[picture], there[at]
            before = best[other].get(one.at_s)
            if before is None or apart < before.bits:
                best[other][one.at_s] = PictureMatch(one.at_s, other_s, apart, one.view == "mirrored")
        after = UUID(bytes=rows["id"][-1].tobytes())
        if count < READ_AT_ONCE:
            break
    return {other: [matched[at] for at in sorted(matched)] for other, matched in best.items()}


def _alike(looked_up: Table, raw: NDArray[np.void]) -> tuple[Places, Places, Places]:
    """Return the pairs of pictures at most NEAR_BITS apart: places in ``looked_up``, in ``raw``, and bits apart.

    Two pictures that differ in more bits in half of their words differ in more altogether, and of unrelated ones hardly
    any do not: so only half is compared for most.
    """
    known = np.frombuffer(raw.tobytes(), np.uint64).reshape(-1, looked_up.shape[1])
    found: list[tuple[int, Places, Places]] = []
    for start in range(0, len(known), HELD_AT_ONCE):
        words = np.ascontiguousarray(known[start : start + HELD_AT_ONCE].T)
        for picture, one in enumerate(looked_up):
            half = np.bitwise_count(words[0] ^ one[0]) + np.bitwise_count(words[1] ^ one[1])
            near = np.nonzero(half <= picture_hashes.NEAR_BITS)[0]
            if not len(near):
                continue
            apart = picture_hashes.distances(one, known[start + near])
            close = apart <= picture_hashes.NEAR_BITS
            found.append((picture, start + near[close], apart[close]))
    if not found:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing
    pictures = np.concatenate([np.full(len(near), picture, np.int64) for picture, near, _ in found])
    return pictures, np.concatenate([near for _, near, _ in found]), np.concatenate([apart for *_, apart in found])


def _pictures(session: Session, places: Mapping[UUID, int]) -> dict[int, tuple[str, float]]:
    """Return the video and the second of pictures, by their places."""
    if not places:
        return {}
    query = sa.select(VideoPicture.id, VideoPicture.sha256, VideoPicture.at_s).where(VideoPicture.id.in_(places))
    return {places[one]: (sha256, at_s) for one, sha256, at_s in session.execute(query)}


def remember(session: Session, sha256: str, own: list[PictureHash]) -> None:
    """Keep a video's hashes for those that come later; a mirrored video is found by its own mirrored view."""
    rows = [
        {"id": new_id(), "created_at": now(), "sha256": sha256, "at_s": one.at_s, "view": one.view, "bits": one.bits}
        for one in own
        if one.view == "plain"
    ]
    if rows:
        session.execute(insert(VideoPicture).on_conflict_do_nothing(), rows)


def seen(session: Session, sha256: str, party_id: UUID, repeated: Repeated) -> dict[str, VideoOrder]:
    """Return of each repeated video when and by whom it was seen."""
    videos = [sha256, *(other for other, _ in repeated)]
    rows = {row.sha256: row for row in session.execute(_SEEN, {"videos": videos, "party": party_id})}
    own = rows[sha256].first if sha256 in rows else now()
    return {
        other: VideoOrder("other" if rows[other].first < own else "this", bool(rows[other].foreign))
        for other, _ in repeated
    }


def _told(
    other: str, matched: list[PictureMatch], own: list[PictureHash], cache: FrameCache, frames: Frames
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
    return storage.opened().put([keyframes.jpeg(keyframes.small(cache.picture(at)))]).sha256
