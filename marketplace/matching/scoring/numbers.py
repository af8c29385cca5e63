"""The one table of a match's stored numbers: the name, kind and parts of each, and when it is missing.

A match stores its numbers as one array of 64-bit floats in the order of this table, with NaN for a number that is not
known. All code that writes the array, reads it or names one of its elements in SQL uses the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from marketplace.intrusiveness import constants as intrusion
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.audience.grid import LISTS
from marketplace.matching.scoring.brand_fit import PARTS

DECIMALS = 6
# The factors of intrusiveness/1, of which matches that were decided earlier keep the points.
FIRST_FACTORS = ("load", "peak", "early", "info", "run", "clutter", "spoken", "loud", "occl", "repeat")


class NumberKind(Enum):
    """How the parts of a number belong together."""

    SPAN = auto()  # middle, low and high
    RANGE = auto()  # low and high
    NAMED = auto()  # one value for each name
    NONZERO = auto()  # one value for each name, of which only those other than zero are shown
    SINGLE = auto()  # one value


@dataclass(frozen=True)
class MatchNumber:
    """One number of a match. `parts` name its elements in the array; `missing` says when they are not known (NaN)."""

    name: str
    kind: NumberKind
    parts: tuple[str, ...]
    missing: str


def _span(name: str, missing: str) -> MatchNumber:
    return MatchNumber(name, NumberKind.SPAN, ("point", "low", "high"), missing)


def _single(name: str, missing: str) -> MatchNumber:
    return MatchNumber(name, NumberKind.SINGLE, (name,), missing)


_NO_FORECAST = "the channel has no snapshot, or one without videos, median views, followers and a platform forecast"
_EARLIER = "the match was decided before it was stored"
_NO_PLAN = "never for a bid; always for a candidate that has not bid and so has no plan"
# Matches are stored in this order. A new number goes to the end: a match that was decided earlier keeps its shorter
# array, and `unpack` fills it up with None.
NUMBERS = (
    _span("views", _NO_FORECAST),
    _span("share", "never: without lists the shares are those of the population prior"),
    _span("people", "the views are not known"),  # of all videos of the bid
    _span(
        "cost",
        "it depends on views or sales that are not known; a candidate has no asking price in the brief's currency",
    ),
    _span("per_thousand", "the cost or the people are not known, or nobody on target is reached"),
    _span("intrusiveness", _NO_PLAN),
    MatchNumber("prominence", NumberKind.RANGE, ("low", "high"), _NO_PLAN),
    MatchNumber(
        "fit_parts",
        NumberKind.NAMED,
        PARTS,
        "the brief or the channel does not state that part; format: always; sponsors: for every candidate",
    ),
    MatchNumber(
        "intrusion_first", NumberKind.NONZERO, FIRST_FACTORS, "a match of a later version than intrusiveness/1"
    ),
    MatchNumber("unknown", NumberKind.NONZERO, LISTS, "never: 0 for a list that is complete or absent"),
    _single("expected_views", _NO_FORECAST),
    _single("percentile", "per_thousand is not known, or there are fewer than nine comparable bids"),
    _single("comparables", "never"),
    _single("fit", "never: 0.5 where no part is known"),
    _single("quality", "never: an unknown intrusiveness counts as middling"),
    _single("videos_used", "never: 0 without a history"),
    _single("ad_load", "the channel has no snapshot; 0 where no video states whether it is sponsored"),
    _single("ceiling", "never: the default of the currency where the brief has none"),
    _single("tolerance", "never"),
    _single("ceiling_is_the_briefs", "never: 1 or 0"),
    MatchNumber(
        "forecast",
        NumberKind.NAMED,
        (
            "from_median",
            "platform_views",
            "platform_weight",
            "sponsored_gap",
            "sponsored_low",
            "sponsored_high",
            "sponsored_videos",
            "other_videos",
        ),
        "the match was decided before they were stored; platform_views: the platform's forecast has no weight;"
        " the sponsored gap and its ends: neither the channel's nor the market's videos show a difference",
    ),
    _span("noticing", f"{_NO_PLAN}; {_EARLIER}"),
    _single("videos", _EARLIER),
    _single("largest_cost", f"nothing bounds the price, or its goods have no value in the brief; {_EARLIER}"),
    _single("least_price", f"the views are not known, or the currency has no figure; {_EARLIER}"),
    _single("source_weight", _EARLIER),
    _single("counted_people", f"the views are not known; {_EARLIER}"),
    _single("counted_cost", f"nothing bounds the price, or its goods have no value in the brief; {_EARLIER}"),
    _single("suitability", _EARLIER),
    _single("fit_weight", _EARLIER),
    _single("minors", f"the channel states no ages; {_EARLIER}"),  # the share of its audience that is under 18
    # `came_for`: the place in backlash.VIEWERS of what the channel's viewers came for.
    MatchNumber(
        "backlash",
        NumberKind.NAMED,
        ("chance", "low", "high", "unsponsored", "came_for"),
        f"{_NO_PLAN}; {_EARLIER}",
    ),
    MatchNumber("intrusion", NumberKind.NONZERO, intrusion.CODES, f"{_NO_PLAN}; the match is of intrusiveness/1"),
    _single("idle_days", f"the channel has no video; {_EARLIER}"),
    _single("newest_times", f"the channel has fewer than three settled videos; {_EARLIER}"),
    _single("lists_weight", _EARLIER),
    _single("details_weight", _EARLIER),
    MatchNumber(
        "film",
        NumberKind.NAMED,
        ("stated", "counted", "low", "high", "videos"),
        f"{_NO_PLAN}; {_EARLIER}; low and high: the lengths of fewer than five of the channel's videos are known",
    ),
)
BY_NAME: Mapping[str, MatchNumber] = {number.name: number for number in NUMBERS}
_STARTS = dict(
    zip(BY_NAME, np.cumsum([0, *(len(number.parts) for number in NUMBERS[:-1])], dtype=int).tolist(), strict=True)
)
WIDTH = sum(len(number.parts) for number in NUMBERS)


def position(name: str, part: str | None = None) -> int:
    """Return the index of a number's part in the array, from 0; without a part, that of its first element."""
    return int(_STARTS[name]) + (0 if part is None else BY_NAME[name].parts.index(part))


def sql(name: str, part: str | None = None, match: str = "m") -> str:
    """Return the SQL for one stored number of the match with this alias (SQL arrays count from 1)."""
    return f"{match}.numbers[{position(name, part) + 1}]"


def pack(values: Mapping[str, Floats]) -> Floats:
    """Return n matches' numbers [n, WIDTH] from arrays by name: [n, parts], or [n] for a single one; NaN is unknown.

    Values are rounded to six decimals. Infinite values count as unknown, because JSON has no infinity.
    """
    columns = [as_floats(values[number.name]).reshape(-1, len(number.parts)) for number in NUMBERS]
    table = np.round(np.concatenate(columns, axis=1), DECIMALS)
    return np.where(np.isfinite(table), table, np.nan)


def unpack(stored: Sequence[float]) -> dict[str, tuple[float | None, ...]]:
    """Return the parts of each number by its name, with None for a part that is not known."""
    known = [None if value != value else value for value in stored]
    known += [None] * (WIDTH - len(known))
    return {
        number.name: tuple(known[position(number.name) : position(number.name) + len(number.parts)])
        for number in NUMBERS
    }
