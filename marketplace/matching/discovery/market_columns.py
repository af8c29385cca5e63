"""The market's channels as columns of 32-bit floats, so that one pass looks through a million.

There is one column [n] for each share of an audience, and one for each number that channels are searched and
priced by. Codes of texts are 24 bits of their CRC-32, which a 32-bit float holds exactly. Sums and reciprocals that
every look needs are computed once, here; 0 stands for an unknown price, length or text.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from marketplace.matching.audience import channel_tags, grid, share_columns
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.discovery.first_pass import Singles
from marketplace.matching.forecast import flags
from marketplace.matching.forecast.counted_forecasts import counted_forecasts, counted_of
from marketplace.matching.forecast.view_forecast import (
    CAREFUL,
    HIGH,
    LOW,
    MIDDLE,
    ForecastCalibration,
    careful_of,
    quantiles,
)
from marketplace.matching.pricing.asking_price import TIERS

Column = npt.NDArray[Any]

# Reciprocals of the prices, so that a look needs no division.
PER_PRICE = tuple(f"per_price_{tier}" for tier in TIERS)
WHOLE = "CN"  # the one country whose regions are its parts
SINGLES = (
    "live",
    "careful",
    "middle",
    *PER_PRICE,
    "currency",
    "tagged",
    "per_tags",
    "details_weight",
    "length_weight",
    "whole",
    "regions_told",
    "platform",
    "region",
    "country",
    "language",
    "followers",
    "ad_load",
    "seconds",
    "taken_on",
    "agency_until",
)
_AS_LOADED = ("details_weight", "length_weight", "followers", "ad_load", "taken_on", "agency_until")
_REGIONS = grid.AGES_N * grid.GENDERS_N
_TAGS = _REGIONS + grid.REGIONS_N
_EDUCATION = _TAGS + len(channel_tags.VERTICALS) + 1
_INTERESTS = _EDUCATION + grid.EDUCATION_N
SHARES = _INTERESTS + grid.INTERESTS_N
TAGS = slice(_TAGS, _EDUCATION)
PLACES: Mapping[str, int] = {name: SHARES + place for place, name in enumerate(SINGLES)}
WIDTH = SHARES + len(SINGLES)
CODE_BITS = 24
WHOLE_PLACES = tuple(_REGIONS + place for place in grid.region_indices(WHOLE))
_ENDS = (LOW, CAREFUL, MIDDLE, HIGH)


@dataclass(frozen=True, eq=False)
class ChannelColumns:
    """n channels: ids [n] of 16 bytes and values [WIDTH, n]. Discovery leaves out rows whose "live" is 0."""

    ids: Column
    values: Singles

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Singles:
        found: Singles = self.values[PLACES[name]]
        return found


def code(text: str) -> float:
    """Return a text's number, 0 for none."""
    return float((zlib.crc32(text.encode()) & ((1 << CODE_BITS) - 1)) or 1) if text else 0.0


def codes(texts: Column) -> Floats:
    """Return the numbers of texts [n] of bytes, blank-padded."""
    distinct, index = np.unique(texts, return_inverse=True)
    return as_floats([code(text.decode().strip()) for text in distinct.tolist()])[index]


def views(rows: Mapping[str, Column], calibration: ForecastCalibration | None) -> Floats:
    """Return views of one video [n, 4]: at tau .1, those that count, at .5 and .9, as bids are scored by them."""
    forecasts, _ = counted_forecasts(rows)
    seen = quantiles(forecasts, _ENDS, calibration, rows["tier"].astype(np.int64))
    seen[:, 1] = counted_of(careful_of(seen[:, 0], seen[:, 1], seen[:, 3]), as_floats(rows["source_weight"]))
    return seen


def build(rows: Mapping[str, Column], seen: Floats, prices: Floats) -> Singles:
    """Return the values [WIDTH, n] of loaded rows.

    `seen` [n, 4] are their views as `views` gives them, `prices` [n, 3] the likely price of a video by length tier,
    minor units (NaN: not known).
    """
    known = share_columns.unpack(rows["shares"].tobytes())
    of_channel = (known.joint, known.regions, known.tags, known.lists.education, known.interests())
    shares = np.concatenate(of_channel, axis=1).astype(np.float32)
    regions = rows["region"].astype("S6")
    tags = shares[:, TAGS].sum(axis=1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        per_tags = np.where(tags > 0, 1 / tags, 0.0)
        per_price = np.where(prices > 0, 1 / prices, 0.0)
    singles = {
        "live": rows["live"],
        "careful": seen[:, 1],
        "middle": seen[:, 2],
        **{name: per_price[:, index] for index, name in enumerate(PER_PRICE)},
        "currency": codes(rows["currency"]),
        "tagged": tags > 0,
        "per_tags": per_tags,
        "whole": shares[:, list(WHOLE_PLACES)].sum(axis=1, dtype=np.float64),
        "regions_told": ~flags.holds(rows["flags"], "regions_from_prior"),
        "platform": codes(rows["platform"]),
        "region": codes(regions),
        "country": codes(regions.astype("S2")),
        "language": codes(rows["language"]),
        "seconds": np.nan_to_num(as_floats(rows["seconds"])),
        **{name: rows[name] for name in _AS_LOADED},
    }
    return np.concatenate([shares.T, np.stack([singles[name].astype(np.float32) for name in SINGLES])])


def joint_places(ages: Sequence[int], genders: Sequence[int]) -> tuple[int, ...]:
    """Return the columns of these ages by these genders."""
    return tuple(age * grid.GENDERS_N + gender for age in ages for gender in genders)


def region_places(regions: Sequence[int]) -> tuple[int, ...]:
    return tuple(_REGIONS + region for region in regions)


def education_places(levels: Sequence[int]) -> tuple[int, ...]:
    return tuple(_EDUCATION + level for level in levels)


def interest_places(interests: Sequence[int]) -> tuple[int, ...]:
    return tuple(_INTERESTS + interest for interest in interests)


def tag_places(tags: Sequence[int]) -> tuple[int, ...]:
    return tuple(_TAGS + tag for tag in tags)


def vertical_place(name: str) -> int:
    """Return the column of a vertical; those without one of their own share the last."""
    tag = channel_tags.VERTICALS.index(name) if name in channel_tags.VERTICALS else len(channel_tags.VERTICALS)
    return _TAGS + tag
