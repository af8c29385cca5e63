"""THE table of a match's stored numbers: what each is called, what it is made of, and when it is missing.

A match stores its numbers as one array of 64-bit floats in the order of this table, NaN where a number is not known.
Everything that writes the array, reads it or names one of its places in SQL goes by the table.
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


class NumberKind(Enum):
    """How the places of a number belong together."""

    SPAN = auto()  # its middle, low and high
    RANGE = auto()  # its low and high
    NAMED = auto()  # one value for each name
    NONZERO = auto()  # the same, of which only those above zero are shown
    SINGLE = auto()  # one value


@dataclass(frozen=True)
class MatchNumber:
    """One number of a match. `parts` name its places in the array; `missing` says when it is not known."""

    name: str
    kind: NumberKind
    parts: tuple[str, ...]
    missing: str


def _span(name: str, missing: str) -> MatchNumber:
    return MatchNumber(name, NumberKind.SPAN, ("point", "low", "high"), missing)


def _single(name: str, missing: str) -> MatchNumber:
    return MatchNumber(name, NumberKind.SINGLE, (name,), missing)


# Matches are stored in this order: a new number goes to the end, and matches that were decided before end without it.
NUMBERS = (
    _span("views", "the channel has no audience snapshot"),
    _span("share", "never"),
    _span("people", "the views are not known"),
    _span("cost", "it follows views or sales that are not known"),
    _span("per_thousand", "cost or people are not known, or nobody is reached"),
    _span("intrusiveness", "the plan has not been scored"),
    MatchNumber("prominence", NumberKind.RANGE, ("low", "high"), "the plan has not been scored"),
    MatchNumber("fit_parts", NumberKind.NAMED, PARTS, "one of the two sides has not said it"),
    MatchNumber("intrusion", NumberKind.NONZERO, intrusion.CODES, "the plan has not been scored"),
    MatchNumber("unknown", NumberKind.NONZERO, LISTS, "never"),
    _single("expected_views", "the channel has no audience snapshot"),
    _single("percentile", "there are fewer than nine comparable bids"),
    _single("comparables", "never"),
    _single("fit", "never"),
    _single("quality", "never"),
    _single("videos_used", "never: 0 without a history"),
    _single("ad_load", "no video says whether it is sponsored"),
    _single("ceiling", "never"),
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
        "the match was decided before they were kept; gap and platform views: nobody has reported them",
    ),
)
BY_NAME: Mapping[str, MatchNumber] = {number.name: number for number in NUMBERS}
_STARTS = dict(
    zip(BY_NAME, np.cumsum([0, *(len(number.parts) for number in NUMBERS[:-1])], dtype=int).tolist(), strict=True)
)
WIDTH = sum(len(number.parts) for number in NUMBERS)


def position(name: str, part: str | None = None) -> int:
    """Return where a number's part is in the array, from 0; without a part, the number's first place."""
    return int(_STARTS[name]) + (0 if part is None else BY_NAME[name].parts.index(part))


def sql(name: str, part: str | None = None, match: str = "m") -> str:
    """Return the SQL of one stored number of the match with this alias (arrays count from 1 there)."""
    return f"{match}.numbers[{position(name, part) + 1}]"


def pack(values: Mapping[str, Floats]) -> Floats:
    """Return n matches' numbers [n, WIDTH] from arrays by name: [n, parts], or [n] for a single one; NaN is unknown.

    Rounded to six decimals; what is infinite is not known either.
    """
    columns = [as_floats(values[number.name]).reshape(-1, len(number.parts)) for number in NUMBERS]
    table = np.round(np.concatenate(columns, axis=1), DECIMALS)
    return np.where(np.isfinite(table), table, np.nan)


def unpack(stored: Sequence[float]) -> dict[str, tuple[float | None, ...]]:
    """Return the parts of each number by its name, None where not known."""
    known = [None if value != value else value for value in stored]
    known += [None] * (WIDTH - len(known))
    return {
        number.name: tuple(known[position(number.name) : position(number.name) + len(number.parts)])
        for number in NUMBERS
    }
