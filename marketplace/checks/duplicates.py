"""Find the videos already seen on the market whose pictures a video repeats, with the pictures that prove it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
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
from marketplace.vision.see import film_matches, picture_hashes
from marketplace.vision.see.film_matches import PictureMatch
from marketplace.vision.see.picture_hashes import PictureHash

SHARE_MIN, PICTURES_MIN = 0.2, 3
PAIRS_SHOWN, VIDEOS_SHOWN = 5, 10
READ_BATCH = 200_000
# A block of 16,384 hashes of 32 bytes (512 KiB) stays in the processor's cache while every picture is compared with it.
COMPARE_BATCH = 16_384
# Of the videos that look alike at some moment, so many are held against the whole video.
CANDIDATES_MOST, LOOKS_LEAST = 30, 2
_KNOWN_HASHES = (
    "SELECT id, bits FROM video_pictures WHERE id > %(after)s AND sha256 <> %(own)s ORDER BY id LIMIT %(most)s"
)
_FIRST_SEEN = sa.text(
    "SELECT p.sha256, min(p.created_at) AS first, EXISTS (SELECT 1 FROM video_checks c WHERE c.sha256 = p.sha256"
    " AND c.party_id <> :party) AS foreign FROM video_pictures p WHERE p.sha256 = ANY(:videos) GROUP BY 1"
)

_SAME_FILE = sa.text(
    "SELECT min(created_at) FILTER (WHERE party_id = :party) AS own,"
    " min(created_at) FILTER (WHERE party_id <> :party) AS theirs FROM video_checks WHERE sha256 = :video"
)

Frames = Callable[[str], FrameCache | None]
HashTable = NDArray[np.uint64]
Indices = NDArray[np.int64]


class Repetition(NamedTuple):
    """A video, by its hash, that another one repeats, with the pairs of matching pictures."""

    sha256: str
    matches: list[PictureMatch]


@dataclass(frozen=True)
class VideoOrder:
    """Which of two videos that repeat each other the market saw first ("this" or "other"), and whether the other one
    was checked for a different party."""

    first: str
    foreign: bool


@dataclass(frozen=True)
class RepeatedVideo:
    """A repeated video as it is stored with a check's result.

    `share` is the share of this video's pictures, 0..1; `pairs` holds the nearest pairs, with both times in seconds and
    the distance in bits of 256; the frames are SHA-256 hashes of stored pictures, None where the other file is gone.
    """

    sha256: str
    share: float
    pictures: int
    mirrored: bool
    pairs: list[PictureMatch]
    this_frame: str
    other_frame: str | None
    order: VideoOrder

    def as_json(self) -> dict[str, Any]:
        return {
            "sha256": self.sha256,
            "share": self.share,
            "pictures": self.pictures,
            "mirrored": self.mirrored,
            "pairs": [{"at_s": pair.at_s, "other_s": pair.other_s, "bits": pair.bits} for pair in self.pairs],
            "this_frame": self.this_frame,
            "other_frame": self.other_frame,
            "seen_first": self.order.first,
            "foreign": self.order.foreign,
        }


def read_hashes(answer: Mapping[str, Any]) -> list[PictureHash]:
    """Return the hashes in a stored answer of the hashing step."""
    return [
        PictureHash(
            entry["at_s"],
            entry["view"],
            bytes.fromhex(entry["bits"]),
            entry["quality"],
            entry.get("mirrored", False),
        )
        for entry in answer["hashes"]
        # An answer of an earlier version, to a check that was under way: its mirrored view is left out.
        if entry["view"] != picture_hashes.MIRRORED
    ]


def find_repeated(session: Session, sha256: str, own: list[PictureHash]) -> list[Repetition]:
    """Return the videos that this one repeats, most similar first; at most VIDEOS_SHOWN.

    Videos that look alike in some seconds are found among all that the market has seen, and then held against this one
    moment by moment: those of one series, shot in one place, are alike without being the same.
    """
    hashed = picture_hashes.seconds(own)
    repeated = []
    for other in _candidates(session, sha256, picture_hashes.looks(own)):
        matches = film_matches.matches(own, _stored(session, other))
        if is_repetition(matches, hashed):
            repeated.append(Repetition(other, matches))
    return sorted(repeated, key=lambda repetition: -len(repetition.matches))[:VIDEOS_SHOWN]


def same_file(session: Session, sha256: str, party_id: UUID) -> VideoOrder | None:
    """Return who checked this very file first, or None if no other party has had it checked."""
    row = session.execute(_SAME_FILE, {"video": sha256, "party": party_id}).one()
    if row.theirs is None:
        return None
    return VideoOrder("this" if row.own is not None and row.own < row.theirs else "other", True)


def match_with_itself(own: list[PictureHash]) -> list[PictureMatch]:
    """Return each picture of a video paired with itself, for a file that another party uploaded too."""
    return [PictureMatch(at_s, at_s, 0, False) for at_s in sorted({one.at_s for one in picture_hashes.stored(own)})]


def describe(
    repeated: list[Repetition],
    orders: Mapping[str, VideoOrder],
    own: list[PictureHash],
    cache: FrameCache,
    frames: Frames,
) -> list[RepeatedVideo]:
    """Return what to store of each repeated video, and store a picture of both videos for it."""
    return [_describe(repetition, orders[repetition.sha256], own, cache, frames) for repetition in repeated]


def is_repetition(matches: list[PictureMatch], pictures_hashed: int) -> bool:
    """Return whether so many matching pictures are more than an opening title that two videos share."""
    return len(matches) >= min(PICTURES_MIN, max(1, pictures_hashed)) and len(matches) >= SHARE_MIN * pictures_hashed


def _candidates(session: Session, sha256: str, own: list[PictureHash]) -> list[str]:
    """Return the videos that have a picture near to one of this video's in the most of its seconds, at most
    CANDIDATES_MOST; reads READ_BATCH rows at a time."""
    seen: dict[str, set[float]] = defaultdict(set)
    table = picture_hashes.table(picture.bits for picture in own)
    after = UUID(int=0)
    while True:
        parameters = {"after": after, "own": sha256, "most": READ_BATCH}
        rows = column_copy.read(session, _KNOWN_HASHES, parameters, {"id": "uuid", "bits": "bytes:32"})
        count = len(rows["id"])
        if not count:
            break
        own_indices, known_indices, _ = _near_pairs(table, rows["bits"])
        index_of = {UUID(bytes=rows["id"][index].tobytes()): index for index in np.unique(known_indices).tolist()}
        known = _known_videos(session, index_of)
        for own_index, known_index in zip(own_indices.tolist(), known_indices.tolist(), strict=True):
            seen[known[known_index]].add(own[own_index].at_s)
        after = UUID(bytes=rows["id"][-1].tobytes())
        if count < READ_BATCH:
            break
    least = min(LOOKS_LEAST, len({picture.at_s for picture in own}))
    alike = [other for other, times in seen.items() if len(times) >= least]
    return sorted(alike, key=lambda other: (-len(seen[other]), other))[:CANDIDATES_MOST]


def _stored(session: Session, sha256: str) -> list[PictureHash]:
    """Return the stored hashes of a video."""
    query = sa.select(VideoPicture.at_s, VideoPicture.view, VideoPicture.bits).where(VideoPicture.sha256 == sha256)
    return [PictureHash(at_s, view, bits, picture_hashes.QUALITY_LEAST) for at_s, view, bits in session.execute(query)]


def _near_pairs(table: HashTable, raw: NDArray[np.void]) -> tuple[Indices, Indices, Indices]:
    """Return the pairs of pictures at most NEAR_BITS apart: indices into `table`, into `raw`, and distances in bits.

    The distance over half of a hash's words is a lower bound of the whole distance, and for unrelated pictures it
    already exceeds NEAR_BITS, so the other half is compared for few pairs only.
    """
    known = np.frombuffer(raw.tobytes(), np.uint64).reshape(-1, table.shape[1])
    blocks: list[tuple[int, Indices, Indices]] = []
    for start in range(0, len(known), COMPARE_BATCH):
        words = np.ascontiguousarray(known[start : start + COMPARE_BATCH].T)
        for own_index, hash_words in enumerate(table):
            half = np.bitwise_count(words[0] ^ hash_words[0]) + np.bitwise_count(words[1] ^ hash_words[1])
            candidates = np.nonzero(half <= picture_hashes.NEAR_BITS)[0]
            if not len(candidates):
                continue
            distances = picture_hashes.distances(hash_words, known[start + candidates])
            near = distances <= picture_hashes.NEAR_BITS
            blocks.append((own_index, start + candidates[near], distances[near]))
    if not blocks:
        empty = np.zeros(0, np.int64)
        return empty, empty, empty
    own_indices = np.concatenate(
        [np.full(len(known_index), own_index, np.int64) for own_index, known_index, _ in blocks]
    )
    return (
        own_indices,
        np.concatenate([known_index for _, known_index, _ in blocks]),
        np.concatenate([distances for *_, distances in blocks]),
    )


def _known_videos(session: Session, index_of: Mapping[UUID, int]) -> dict[int, str]:
    """Return, by index, the video of each picture."""
    if not index_of:
        return {}
    query = sa.select(VideoPicture.id, VideoPicture.sha256).where(VideoPicture.id.in_(index_of))
    return {index_of[picture_id]: sha256 for picture_id, sha256 in session.execute(query)}


def remember(session: Session, sha256: str, own: list[PictureHash]) -> None:
    """Store the hashes of a video that the market keeps."""
    rows = [
        {
            "id": new_id(),
            "created_at": now(),
            "sha256": sha256,
            "at_s": picture.at_s,
            "view": picture.view,
            "bits": picture.bits,
        }
        for picture in picture_hashes.stored(own)
    ]
    if rows:
        session.execute(insert(VideoPicture).on_conflict_do_nothing(), rows)


def seen_orders(session: Session, sha256: str, party_id: UUID, repeated: list[Repetition]) -> dict[str, VideoOrder]:
    """Return, for each repeated video, which of the two was seen first and whether it was another party's."""
    videos = [sha256, *(repetition.sha256 for repetition in repeated)]
    rows = {row.sha256: row for row in session.execute(_FIRST_SEEN, {"videos": videos, "party": party_id})}
    own_first = rows[sha256].first if sha256 in rows else now()
    return {
        other: VideoOrder("other" if rows[other].first < own_first else "this", bool(rows[other].foreign))
        for other, _ in repeated
    }


def _describe(
    repetition: Repetition, order: VideoOrder, own: list[PictureHash], cache: FrameCache, frames: Frames
) -> RepeatedVideo:
    matches = sorted(repetition.matches, key=lambda match: match.bits)
    nearest = matches[0]
    other_cache = frames(repetition.sha256)
    return RepeatedVideo(
        sha256=repetition.sha256,
        share=round(len(matches) / max(1, picture_hashes.seconds(own)), 3),
        pictures=len(matches),
        mirrored=sum(match.mirrored for match in matches) > len(matches) / 2,
        pairs=matches[:PAIRS_SHOWN],
        this_frame=_store_frame(cache, nearest.at_s),
        other_frame=None if other_cache is None else _store_frame(other_cache, nearest.other_s),
        order=order,
    )


def _store_frame(cache: FrameCache, at_s: float) -> str:
    """Store the frame nearest to a time as a small JPEG, and return its SHA-256."""
    index = int(np.abs(np.asarray(cache.times) - at_s).argmin())
    return storage.opened().put([keyframes.jpeg(keyframes.small(cache.picture(index)))]).sha256
