"""The numbers of a match in one fixed order, and by name as the reasons are told from them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from marketplace.intrusiveness import constants as intrusion
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.audience.grid import LISTS
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import brand_fit

# Each with its middle, low and high.
SPANS = ("views", "share", "people", "cost", "per_thousand", "intrusiveness")
SINGLES = (
    "expected_views",
    "percentile",
    "comparables",
    "fit",
    "quality",
    "videos_used",
    "ad_load",
    "ceiling",
    "tolerance",
    "ceiling_is_the_briefs",
)
GROUPS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SPANS, ("point", "low", "high")),
    "prominence": ("low", "high"),
    "fit_parts": brand_fit.PARTS,
    "intrusion": intrusion.CODES,
    "unknown": LISTS,
}
# Added since: matches decided before end without them.
LATER: dict[str, tuple[str, ...]] = {
    "forecast": (
        "from_median",
        "platform_views",
        "platform_weight",
        "sponsored_gap",
        "sponsored_low",
        "sponsored_high",
        "sponsored_videos",
        "other_videos",
    )
}
FIRST_WIDTH = sum(len(names) for names in GROUPS.values()) + len(SINGLES)
WIDTH = FIRST_WIDTH + sum(len(names) for names in LATER.values())
DECIMALS = 6

# A match `m` with what the parts are told from beside its own numbers.
TOLD = "m.numbers, m.peers, m.flags AS flag_bits, v.currency, s.source, s.taken_on"
TOLD_FROM = "JOIN brief_versions v ON v.id = m.brief_version_id LEFT JOIN audience_snapshots s ON s.id = m.snapshot_id"


def pack(values: Mapping[str, Floats]) -> Floats:
    """Return n matches' numbers [n, WIDTH] from arrays [n, k] for the groups and [n] for the singles; NaN is unknown.

    Rounded to six decimals; what is infinite is not known either.
    """
    columns = [as_floats(values[name]) for name in GROUPS] + [as_floats(values[name])[:, None] for name in SINGLES]
    columns += [as_floats(values[name]) for name in LATER]
    table = np.round(np.concatenate(columns, axis=1), DECIMALS)
    return np.where(np.isfinite(table), table, np.nan)


def unpack(numbers: Sequence[float]) -> dict[str, Any]:
    """Return the numbers by name, None where not known: spans and prominence as lists, other groups by their names.

    Of intrusiveness factors and undisclosed shares only those above zero are told.
    """
    known = [None if value != value else value for value in numbers]
    known += [None] * (WIDTH - len(known))
    found: dict[str, Any] = {}
    place = 0
    for group, names in GROUPS.items():
        found[group] = dict(zip(names, known[place : place + len(names)], strict=True))
        place += len(names)
    for group in (*SPANS, "prominence"):
        found[group] = list(found[group].values())
    for group in ("intrusion", "unknown"):
        found[group] = {name: value for name, value in found[group].items() if value}
    found.update(zip(SINGLES, known[place:FIRST_WIDTH], strict=True))
    place = FIRST_WIDTH
    for group, names in LATER.items():
        found[group] = dict(zip(names, known[place : place + len(names)], strict=True))
        place += len(names)
    found["videos_used"] = int(found["videos_used"] or 0)
    found["ceiling_is_the_briefs"] = bool(found["ceiling_is_the_briefs"])
    return found


def of_row(row: Any) -> dict[str, Any]:
    """Return every part of a match from a row with the columns of TOLD."""
    return {
        **unpack(row["numbers"]),
        "currency": row["currency"],
        "peers": row["peers"],
        "audience_flags": flags.audience(row["flag_bits"]),
        "source": row["source"],
        "taken_on": row["taken_on"] and row["taken_on"].isoformat(),
    }
