"""Looking pictures up among all that the market has seen: exact, in stretches, and whoever looks later finds."""

from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa

from marketplace.checks import duplicates
from marketplace.checks.models import VideoPicture
from marketplace.core import db
from marketplace.core.ids import new_id
from marketplace.vision.see import picture_hashes
from marketplace.vision.see.picture_hashes import NEAR_BITS, PictureHash


def turned(bits: bytes, count: int, seed: int = 0) -> bytes:
    """The hash with so many bits turned."""
    flat = np.unpackbits(np.frombuffer(bits, np.uint8))
    flat[np.random.default_rng(seed).choice(256, count, replace=False)] ^= 1
    return np.packbits(flat).tobytes()


def video(seed: int, pictures: int = 6) -> list[PictureHash]:
    rows = np.random.default_rng(seed).integers(0, 256, (pictures, 32), dtype=np.uint8)
    return [PictureHash(float(at), "plain", row.tobytes(), 100) for at, row in enumerate(rows)]


NAMES: dict[int, str] = {}


def name(seed: int) -> str:
    """A new SHA-256 for a video; `name_of` is the last one of that seed."""
    NAMES[seed] = f"{seed:016x}{new_id().hex}{new_id().hex[:16]}"
    return NAMES[seed]


def name_of(seed: int) -> str:
    return NAMES[seed]


def kept(sha256: str, own: list[PictureHash]) -> None:
    with db.transaction() as session:
        duplicates.remember(session, sha256, own)


def look(sha256: str, own: list[PictureHash]) -> list[duplicates.Repetition]:
    with db.transaction() as session:
        return duplicates.find_repeated(session, sha256, own)


def test_half_of_the_words_decide_nothing_that_all_would_not() -> None:
    own = video(1, 4)
    near = [turned(one.bits, count, count) for one in own for count in range(2 * NEAR_BITS)]
    # All bits that differ in the words that are compared first, and all in the others.
    one = own[0].bits
    near += [bytes(255 - byte for byte in one[:5]) + one[5:], one[:27] + bytes(255 - byte for byte in one[27:])]
    near += [row.bits for row in video(2, 500)]
    raw = np.frombuffer(b"".join(near), "V32")
    looked_up = picture_hashes.table(one.bits for one in own)
    pictures, places, bits = duplicates._near_pairs(looked_up, raw)
    found = {(int(a), int(b)): int(c) for a, b, c in zip(pictures, places, bits, strict=True)}
    every = {
        (a, int(b)): picture_hashes.distances(row, picture_hashes.table(near))
        for a, row in enumerate(looked_up)
        for b in range(len(near))
    }
    expected = {(a, b): int(far[b]) for (a, b), far in every.items() if far[b] <= NEAR_BITS}
    assert found == expected
    assert len(found) > 4 * NEAR_BITS


def test_a_copy_is_found_in_whatever_stretch_it_lies(app: object, monkeypatch: pytest.MonkeyPatch) -> None:
    own = video(3)
    sha256, other = name(3), name(4)
    for seed in range(10, 14):
        kept(name(seed), video(seed))
    kept(other, [PictureHash(one.at_s + 0.5, "plain", turned(one.bits, 30), 100) for one in own])
    for seed in range(14, 18):
        kept(name(seed), video(seed))
    whole = look(sha256, own)
    monkeypatch.setattr(duplicates, "READ_BATCH", 5)
    monkeypatch.setattr(duplicates, "COMPARE_BATCH", 3)
    assert look(sha256, own) == whole
    [(found, matched)] = whole
    assert found == other
    assert [(one.at_s, one.other_s, one.bits) for one in matched] == [(at, at + 0.5, 30) for at in map(float, range(6))]


def test_a_mirrored_copy_is_found_by_its_own_mirrored_view(app: object) -> None:
    original, mirror = video(30), video(31)
    sha256 = name(30)
    # A mirrored copy's plain view is the original's mirrored one and the other way round.
    kept(sha256, [*original, *(PictureHash(one.at_s, "plain", one.bits, 100, True) for one in mirror)])
    copy = [*mirror, *(PictureHash(one.at_s, "plain", one.bits, 100, True) for one in original)]
    [(found, matched)] = look(name(31), copy)
    assert found == sha256
    assert all(one.mirrored for one in matched)
    with db.transaction() as session:
        bits = session.scalars(sa.select(VideoPicture.bits).where(VideoPicture.sha256 == sha256)).all()
    assert set(bits) == {one.bits for one in original}


def test_of_two_copies_at_once_the_later_to_look_finds_the_other(app: object) -> None:
    own = video(40)
    one, two = name(40), name(41)
    kept(one, own)
    kept(two, own)
    assert [[found for found, _ in look(sha256, own)] for sha256 in (one, two)] == [[two], [one]]
    with db.transaction() as session:
        seen = {
            sha256: duplicates.seen_orders(session, sha256, UUID(int=1), look(sha256, own)) for sha256 in (one, two)
        }
    assert (seen[one][two].first, seen[two][one].first) == ("this", "other")
    assert not seen[one][two].foreign  # nobody has had it checked


def test_a_copy_that_begins_between_two_stored_pictures_is_found(app: object) -> None:
    film = video(50, 80)  # a picture each quarter of a second, no two alike
    original = [PictureHash(at / 4, one.view, one.bits, 100) for at, one in enumerate(film)]
    kept(name(50), original)
    copy = [PictureHash((at - 3) / 4, one.view, one.bits, 100) for at, one in enumerate(film) if at >= 3]
    [(found, matched)] = look(name(51), copy)
    assert found == name_of(50)
    assert {(one.at_s, one.other_s) for one in matched} == {(second - 0.75, float(second)) for second in range(1, 20)}


def test_videos_from_one_place_are_no_repeats(app: object) -> None:
    place = video(60, 1)[0].bits
    episodes = [
        [PictureHash(at / 4, "plain", turned(place, 20, 1000 * episode + at), 100) for at in range(80)]
        for episode in range(2)
    ]
    kept(name(60), episodes[0])
    assert look(name(61), episodes[1]) == []
    assert [found for found, _ in look(name(62), episodes[0])] == [name_of(60)]


def test_an_answer_of_an_earlier_version_is_read() -> None:
    bits = bytes(32)
    entries = [{"at_s": 0.0, "view": view, "bits": bits.hex(), "quality": 90} for view in ("plain", "mirrored")]
    assert duplicates.read_hashes({"hashes": entries}) == [PictureHash(0.0, "plain", bits, 90)]
