"""Sketches of audiences: how many people a set of audiences has, from numbers that name nobody.

The owner of a channel turns the ids of its viewers or commenters into a theta sketch (Dasgupta, Lang, Rhodes and
Thaler, "A framework for estimating stream expression cardinalities", ICDT 2016; Apache DataSketches): the smallest of
the ids' hashes. Two sketches by one salt have the same hash for the same id, so that their union and what they have in
common can be estimated with bounds. Ids mean the same person within one platform only.

An id is hashed with the market's salt (HMAC-SHA-256), so that nobody without it can try out ids; docs/sketches.md says
what can and what cannot be learnt.
"""

import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import ToldError

if TYPE_CHECKING:
    import datasketches
else:
    datasketches = lazy_module("datasketches")

# 2^14 hashes at most: a standard error of 0.8 per cent, and 131 kB.
LG_SIZE = 14
HASHES_MOST = 2**LG_SIZE
BYTES_MOST = 24 + 8 * HASHES_MOST
# A smaller audience is no crowd to disappear in.
PEOPLE_LEAST = 1_000
# Bounds are at two standard deviations: right in 95 cases of a hundred.
DEVIATIONS = 2
SALT_BYTES = 32
_FAMILY, _FORM = 3, 3  # a compact theta sketch of the present form
_HEAD_BYTES = 8


class BadSketch(ToldError):
    """What was handed in is no sketch by the market's salt, or one that a market does not take; `said` says why."""


@dataclass(frozen=True)
class PeopleEstimate:
    """Estimated people, with the ends between which they lie in 95 cases of a hundred."""

    people: float
    low: float
    high: float


def sketch(ids: Iterable[str], salt: bytes, platform: str) -> bytes:
    """Return the stored bytes of the sketch of some ids of a platform. An id that comes again counts once."""
    hashes = datasketches.update_theta_sketch(lg_k=LG_SIZE, seed=_seed(salt))
    for text in ids:
        hashes.update(_keyed(text, salt, platform))
    return _stored([hashes], salt)


def read(data: bytes, salt: bytes) -> PeopleEstimate:
    """Return the people of a stored sketch. Raises BadSketch.

    An honest sketch of more ids than it has room for holds exactly as many hashes as that; else it holds them all.
    """
    if not _HEAD_BYTES <= len(data) <= BYTES_MOST:
        raise BadSketch(
            f"受众摘要有 {_HEAD_BYTES} 到 {BYTES_MOST:,} 字节。", f"A sketch has {_HEAD_BYTES} to {BYTES_MOST:,} bytes."
        )
    if data[1] != _FORM or data[2] != _FAMILY:
        raise BadSketch("这不是 compact theta sketch。", "This is no compact theta sketch.")
    try:
        found = _load(data, salt)
    except (ValueError, IndexError, RuntimeError) as error:
        raise BadSketch(
            "它不是用这个市场的盐值做的：请用 `inlay overlaps sketch` 重新生成。",
            "This is no sketch by this market's salt: make it anew with `inlay overlaps sketch`.",
        ) from error
    if found.serialize() != data:
        raise BadSketch("受众摘要里有多余的字节。", "The sketch has bytes that do not belong to it.")
    hashes = list(found)
    if any(not one < other for one, other in pairwise(hashes)) or (
        hashes and not 0 < hashes[0] <= hashes[-1] < found.theta64
    ):
        raise BadSketch("受众摘要的哈希没有按顺序排列。", "The sketch's hashes are not in order.")
    if found.is_estimation_mode() and len(hashes) != HASHES_MOST:
        raise BadSketch(
            f"人数超过容量的受众摘要有 {HASHES_MOST:,} 个哈希。",
            f"A sketch of more people than it has room for has {HASHES_MOST:,} hashes.",
        )
    if found.get_estimate() < PEOPLE_LEAST:
        raise BadSketch(
            f"受众摘要不到 {PEOPLE_LEAST:,} 人，可能逐个被认出来。",
            f"The sketch is of fewer than {PEOPLE_LEAST:,} people, who could be found out one by one.",
        )
    return _estimate(found)


def union(sketches: Sequence[bytes], salt: bytes) -> PeopleEstimate:
    """Return the people who are in at least one of some audiences."""
    return _estimate(_load(_stored([_load(data, salt) for data in sketches], salt), salt))


def both(one: bytes, other: bytes, salt: bytes) -> PeopleEstimate:
    """Return the people whom two audiences have in common."""
    shared = datasketches.theta_intersection(seed=_seed(salt))
    for data in (one, other):
        shared.update(_load(data, salt))
    return _estimate(shared.get_result())


def _keyed(text: str, salt: bytes, platform: str) -> int:
    """Return an id as a number that cannot be computed without the salt."""
    name = unicodedata.normalize("NFC", text.strip())
    digest = hmac.digest(salt, f"{platform}\0{name}".encode(), "sha256")
    return int.from_bytes(digest[:8], "big", signed=True)


def _seed(salt: bytes) -> int:
    return int.from_bytes(hmac.digest(salt, b"seed", "sha256")[:7], "big")


def _stored(sketches: Sequence[Any], salt: bytes) -> bytes:
    """Return the union of sketches, with as many hashes as there is room for."""
    merged = datasketches.theta_union(lg_k=LG_SIZE, seed=_seed(salt))
    for one in sketches:
        merged.update(one)
    return bytes(merged.get_result().serialize())


def _load(data: bytes, salt: bytes) -> Any:
    return datasketches.compact_theta_sketch.deserialize(data, _seed(salt))


def _estimate(found: Any) -> PeopleEstimate:
    return PeopleEstimate(found.get_estimate(), found.get_lower_bound(DEVIATIONS), found.get_upper_bound(DEVIATIONS))
