"""A channel's shares as one row of 32-bit floats: ages by genders, regions, tags, and what its lists leave open."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience import channel_tags, grid
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.grid import LISTS, GridAudience

_ENDS = np.cumsum([grid.AGES_N * grid.GENDERS_N, grid.REGIONS_N, len(channel_tags.VERTICALS) + 1, len(LISTS)])
WIDTH = int(_ENDS[-1])
_FLOAT = np.dtype("<f4")
BYTES = WIDTH * _FLOAT.itemsize


@dataclass(frozen=True, eq=False)
class ShareColumns:
    """n channels' shares: joint [n, A * G] and regions [n, R] on the grid, tags [n, V + 1] in the order of
    channel_tags.tag_shares, and undisclosed shares [n, 3] in the order of grid.LISTS."""

    joint: Floats
    regions: Floats
    tags: Floats
    unknown: Floats


def pack(audience: GridAudience, tags: Mapping[str, float]) -> bytes:
    """Return a channel's shares as stored bytes."""
    unknown = [audience.unknown.get(name, 0.0) for name in LISTS]
    return (
        np.concatenate([audience.joint, audience.regions, channel_tags.tag_shares(tags), unknown])
        .astype(_FLOAT)
        .tobytes()
    )


def unpack(stored: bytes) -> ShareColumns:
    """Return the shares of n channels as arrays, from their stored bytes one after the other."""
    table = np.frombuffer(stored, dtype=_FLOAT).reshape(-1, WIDTH).astype(np.float64)
    return ShareColumns(*np.split(table, _ENDS[:-1], axis=1))
