"""Flags as bits of one integer, so that the flags of a thousand bids are one array."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Bools, Ints

# The codes of each group in the order of their bits, from the first bit of the group. Stored numbers hold these bits,
# so new codes go to the end of a group.
AUDIENCE = (
    "ages_from_prior",
    "genders_from_prior",
    "regions_from_prior",
    "regions_rest_from_prior",
    "regions_off_the_list",
    "audience_unreadable",  # of features computed before each list had its own
    "ages_rest_from_prior",
    "education_unlisted",
    "interests_unlisted",
    "ages_unreadable",
    "genders_unreadable",
    "regions_unreadable",
    "education_unreadable",
    "interests_unreadable",
)
SNAPSHOT = (
    "views_against_followers",
    "engagement",
    "growth_jump",
    "identical_views",
    "last_digits",
    "series_copied",
    "video_rewritten",
    "audience_impossible",
)
# The gates that scoring itself can shut, in the order of BidRanks.gates.
GATES = ("over_tolerance", "cost_unknown", "no_reach", "price_below_market")
# "exclusivity_clash" was never raised; its bit stays so that stored numbers keep their meaning. "views_capped": the
# forecast rests on flagged figures and counts at the upper end of the channel's peers. "too_little_known": the 80 %
# interval of views is so wide that the bid ranks by its careful end, or that of people on target begins at nobody.
# "newest_far_off": the newest video has ten times the usual views, or a tenth, and does not decide the forecast.
MATCH = (
    "over_tolerance",
    "exclusivity_clash",
    "cost_unknown",
    "no_reach",
    "no_audience_data",
    "price_below_market",
    "views_capped",
    "too_little_known",
    "newest_far_off",
)
_FIRST: Mapping[Sequence[str], int] = {AUDIENCE: 0, SNAPSHOT: 20, MATCH: 40}


def bits(audience: Iterable[str], snapshot: Iterable[str]) -> int:
    """Return a channel's flags as a number. Raises ValueError for a code without a bit."""
    return _bits(AUDIENCE, audience) | _bits(SNAPSHOT, snapshot)


def of_matches(
    channels: Ints, gates: Bools, known: Bools, views_capped: Bools, little_known: Bools, far_off: Bools
) -> Ints:
    """Return the flags of n matches as numbers [n]: their channels' flags, the gates [n, 4] that hold, whether the
    audience is known [n], whether the forecast is held down to that of peers [n], whether too little is known of the
    views or people [n], and whether the newest video is far off the others [n]."""
    codes = (*GATES, "no_audience_data", "views_capped", "too_little_known", "newest_far_off")
    bits = np.array([1 << MATCH.index(code) for code in codes])
    own: Ints = np.concatenate([gates, np.stack([~known, views_capped, little_known, far_off], axis=1)], axis=1) @ bits
    found: Ints = channels.astype(np.int64) | own << _FIRST[MATCH]
    return found


def holds(numbers: Ints, code: str) -> Bools:
    """Return where an audience flag is set [n]."""
    is_set: Bools = numbers.astype(np.int64) >> AUDIENCE.index(code) & 1 == 1
    return is_set


def any_snapshot(numbers: Ints) -> Bools:
    """Return where any of the checks found a snapshot's figures odd [n]."""
    mask = ((1 << len(SNAPSHOT)) - 1) << _FIRST[SNAPSHOT]
    is_set: Bools = (numbers.astype(np.int64) & mask) != 0
    return is_set


def of_target(channels: Ints, cells: Iterable[Mapping[str, Any]]) -> Ints:
    """Return the flags of n channels [n] without those of missing lists that a target's cells do not ask about."""
    asked = {name for cell in cells for name in ("education", "interests") if cell.get(name)}
    unasked = [f"{name}_unlisted" for name in ("education", "interests") if name not in asked]
    kept: Ints = channels.astype(np.int64) & ~_bits(AUDIENCE, unasked)
    return kept


def audience(number: int) -> list[str]:
    """Return the audience flags of a number: what was filled in."""
    return _codes(AUDIENCE, number)


def snapshot(number: int) -> list[str]:
    """Return the snapshot flags of a number: what the checks found odd."""
    return _codes(SNAPSHOT, number)


def shown(number: int) -> list[str]:
    """Return a match's flags as they are shown: its own, and those of the snapshot with a prefix."""
    return _codes(MATCH, number) + [f"snapshot:{code}" for code in snapshot(number)]


def _bits(group: Sequence[str], codes: Iterable[str]) -> int:
    return sum(1 << _FIRST[group] + group.index(code) for code in set(codes))


def _codes(group: Sequence[str], number: int) -> list[str]:
    return [code for bit, code in enumerate(group) if number >> _FIRST[group] + bit & 1]
