"""Turns a channel's audience lists into an age x gender table and a region vector on one fixed grid.

Platforms publish each list separately (ages, genders, regions), in their own bands, and never the table behind them.
Ages and genders are joined in the table that matches both lists and is closest to a population prior (Deming and
Stephan, Annals of Mathematical Statistics 11, 1940; least relative entropy: Csiszar, Annals of Probability 3, 1975).
Regions come as a one-way list, and the prior assumes them independent of age and gender; the fit then *is* the product
of the two parts, so they are stored separately: joint [A * G] and regions [R], and a cell's share is joint * region.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.audience.priors import (
    AGE_OPEN_END,
    AGE_STARTS,
    CHINA,
    COUNTRIES,
    ELSEWHERE,
    GENDERS,
    PROVINCES,
    REGIONS,
    PopulationPrior,
)

MODEL_VERSION = "cells/1"
AGES_N, GENDERS_N, REGIONS_N = len(AGE_STARTS), len(GENDERS), len(REGIONS)
# The elements of people under 18 in a joint table.
MINORS = slice(0, AGE_STARTS.index(18) * GENDERS_N)
CONVERGED = 1e-6
ROUNDS_MAX = 2_000
# Published shares are rounded, so a complete list may sum to a little less or more than 1.
SUM_SLACK = 0.02
UNKNOWN = frozenset({"unknown", "other", "undisclosed", "user_specified", "未知", "其他"})
_GENDER_WORDS = {"female": 0, "f": 0, "women": 0, "女": 0, "女性": 0, "male": 1, "m": 1, "men": 1, "男": 1, "男性": 1}
# ISO 3166 lists these three under both codes; the grid has them once.
_REGION_ALIASES = {"CN-HK": "HK", "CN-MO": "MO", "CN-TW": "TW"}
_REGION_INDEX = {code: index for index, code in enumerate(REGIONS)}
_BAND = re.compile(r"^(?:age)?(\d{1,3})(?:[-–~](\d{1,3})|(\+|-))$")
_CODE = re.compile(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")


class MarginsContradict(ValueError):
    """No table has these margins: they contradict each other, or have people where the prior has none."""


class BadAudience(ValueError):
    """An audience list or a target cannot be read; the text states which label is wrong and what is allowed."""


@dataclass(frozen=True, eq=False)
class GridMargin:
    """One margin of a table: each cell's ``group`` (in the prior's shape), and the ``shares`` of the groups."""

    group: Ints
    shares: Floats


@dataclass(frozen=True, eq=False)
class GridAudience:
    """A channel's audience on the grid.

    ``joint`` [A * G] (age major) and ``regions`` [R] each sum to 1. ``unknown`` has the share of each list that was
    undisclosed and has been spread in proportion. ``flags`` names the parts that were filled in from the prior.
    """

    joint: Floats
    regions: Floats
    unknown: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    prior: str = ""


def margin_along(shape: tuple[int, ...], axes: Sequence[int], shares: Floats, groups: Ints | None = None) -> GridMargin:
    """Return the margin of a table over some axes. ``shares`` have the lengths of the axes; with one axis and
    ``groups`` (the group of each index along it), as many as there are groups."""
    indices = np.indices(shape)
    if groups is not None:
        return GridMargin(np.asarray(groups, dtype=np.int64)[indices[axes[0]]], as_floats(shares))
    kept = tuple(shape[axis] for axis in axes)
    group = np.ravel_multi_index(tuple(indices[axis] for axis in axes), kept)
    return GridMargin(group.astype(np.int64), as_floats(shares).reshape(-1))


def fit_margins(prior: Floats, margins: Sequence[GridMargin]) -> Floats:
    """Return the table of the prior's shape (any number of dimensions) that has the margins, by iterative proportional
    fitting; it stops when no cell moves and no margin is off by 1e-6 or more.

    Raises MarginsContradict if a margin has a share where the prior is zero everywhere, if a margin does not sum to 1,
    or if zeros of the prior leave no table that has all margins.
    """
    table = as_floats(prior) / np.sum(prior)
    for margin in margins:
        if np.any(margin.shares < 0) or abs(margin.shares.sum() - 1) > CONVERGED:
            raise MarginsContradict(f"A margin is shares that sum to 1, this one sums to {margin.shares.sum():.6g}.")
        empty = (_add_up(table, margin) <= 0) & (margin.shares > 0)
        if empty.any():
            raise MarginsContradict(f"The prior has nobody in group {int(np.argmax(empty))}, the margin has.")
    for _ in range(ROUNDS_MAX):
        before = table
        for margin in margins:
            sums = _add_up(table, margin)
            # A group that is empty by now has no share (checked above for the prior): 0 / 0 would spread NaN.
            factor = np.divide(margin.shares, sums, out=np.zeros_like(sums), where=sums > 0)
            table = table * factor[margin.group]
        # Both, because contradictory margins can leave a table that hardly moves and still misses one of them.
        moved = np.abs(table - before).max()
        off = max((np.abs(_add_up(table, margin) - margin.shares).max() for margin in margins), default=0.0)
        if moved < CONVERGED and off < CONVERGED:
            return table
    raise MarginsContradict(f"No table meets all margins: after {ROUNDS_MAX} rounds one is still off by {off:.2g}.")


def _add_up(table: Floats, margin: GridMargin) -> Floats:
    return as_floats(np.bincount(margin.group.reshape(-1), weights=table.reshape(-1), minlength=len(margin.shares)))


def age_band(label: str) -> tuple[int, int]:
    """Return the first index on the age grid that a label covers and one past the last: '18-23', '65+', 'age18-24'.

    '50+' means 51 and over (the Chinese platforms list 41-50 before it), and a band that begins under 13 is cut to 13
    and over. Raises BadAudience if an end is no break point of the grid.
    """
    plain = label.strip().lower().replace(" ", "")
    under = re.match(r"^(?:<|under)(\d{1,3})$", plain)
    if under:
        return _band(0, int(under[1]) - 1, label)
    match = _BAND.match(plain)
    if not match:
        raise BadAudience(f"'{label}' is no age band; write it like 18-23 or 51+.")
    return _band(int(match[1]), int(match[2]) if match[2] else None, label)


def ages_between(first: int, last: int | None) -> tuple[int, int]:
    """Return the first index on the age grid of the ages from ``first`` to ``last`` (inclusive, None: no upper end) and
    one past the last. Raises BadAudience."""
    return _band(first, last, f"{first}-{last}" if last is not None else f"{first}+")


def _band(first: int, last: int | None, label: str) -> tuple[int, int]:
    if first == 50 and last is None:
        first = 51
    first = max(first, AGE_STARTS[0])
    starts = (*AGE_STARTS, AGE_OPEN_END)
    after = AGE_OPEN_END if last is None or last >= AGE_OPEN_END - 1 else last + 1
    if first not in AGE_STARTS or after not in starts or after <= first:
        allowed = ", ".join(str(start) for start in AGE_STARTS)
        raise BadAudience(f"'{label}' is off the grid; bands begin at {allowed} and end a year before one.")
    return starts.index(first), starts.index(after)


def gender_index(word: str) -> int:
    """Return 0 for female and 1 for male. Raises BadAudience for any other word."""
    try:
        return _GENDER_WORDS[word.strip().lower()]
    except KeyError:
        raise BadAudience(f"'{word}' is no gender of the grid; use female or male.") from None


def region_indices(code: str) -> tuple[int, ...]:
    """Return the indices of a region on the grid: 'CN' is every CN-* (the 31 of the mainland), 'CN-HK' means 'HK'.

    Raises BadAudience for a code that is not on the grid.
    """
    plain = _REGION_ALIASES.get(code.strip().upper(), code.strip().upper())
    if plain == "CN":
        return tuple(_REGION_INDEX[province] for province in PROVINCES)
    if plain not in _REGION_INDEX:
        raise BadAudience(f"'{code}' is not in the region list; use a country ('US') or a Chinese province ('CN-GD').")
    return (_REGION_INDEX[plain],)


def audience(
    ages: Mapping[str, float] | None = None,
    genders: Mapping[str, float] | None = None,
    regions: Mapping[str, float] | None = None,
    prior: PopulationPrior = CHINA,
) -> GridAudience:
    """Return the audience that a channel's lists describe; shares are 0..1; the prior replaces a missing or empty list.

    Ages outside a list's bands get a share of 0. If a list sums to less than 0.98, the rest counts as undisclosed.
    Raises BadAudience for labels off the grid, overlapping bands and lists that are not shares; MarginsContradict if no
    table fits both the prior and the lists.
    """
    flags: list[str] = []
    unknown: dict[str, float] = {}
    margins: list[GridMargin] = []
    shape = (AGES_N, GENDERS_N)
    if ages:
        known, unknown["ages"] = _known_shares(ages, "ages")
        groups, shares = _age_groups(known)
        margins.append(margin_along(shape, (0,), shares, groups))
    else:
        flags.append("ages_from_prior")
    if genders:
        known, unknown["genders"] = _known_shares(genders, "genders")
        split = np.zeros(GENDERS_N)
        for word, share in known.items():
            split[gender_index(word)] += share
        margins.append(margin_along(shape, (1,), split))
    else:
        flags.append("genders_from_prior")
    joint = fit_margins(prior.joint, margins) if margins else prior.joint
    if regions:
        placed, unknown["regions"], more = _region_shares(regions, prior)
        flags += more
    else:
        placed = prior.regions
        flags.append("regions_from_prior")
    return GridAudience(joint.reshape(-1), placed, unknown, tuple(flags), prior.source)


def _known_shares(given: Mapping[str, float], name: str) -> tuple[dict[str, float], float]:
    """Return the shares of the disclosed labels, scaled to sum to 1, and the undisclosed share spread over them."""
    _check_shares(given, name)
    known = {label: float(share) for label, share in given.items() if label.strip().lower() not in UNKNOWN}
    total = sum(known.values())
    if total <= 0:
        raise BadAudience(f"The {name} list discloses nothing.")
    stated = total + sum(float(share) for label, share in given.items() if label not in known)
    hidden = stated - total + max(0.0, 1 - stated if 1 - stated > SUM_SLACK else 0.0)
    return {label: share / total for label, share in known.items()}, hidden


def _check_shares(given: Mapping[str, float], name: str) -> None:
    if any(not 0 <= share <= 1 for share in given.values()) or sum(given.values()) > 1 + SUM_SLACK:
        raise BadAudience(f"The {name} list must hold shares from 0 to 1 that sum to 1, not per cent or counts.")


def _age_groups(known: Mapping[str, float]) -> tuple[Ints, Floats]:
    """Return the group of each age of the grid and the share of each group; ages in no band are a last group of 0."""
    groups = np.full(AGES_N, len(known), dtype=np.int64)
    for number, label in enumerate(known):
        first, after = age_band(label)
        if np.any(groups[first:after] != len(known)):
            raise BadAudience(f"The band '{label}' overlaps another one.")
        groups[first:after] = number
    return groups, np.array([*known.values(), 0.0])


def _region_shares(given: Mapping[str, float], prior: PopulationPrior) -> tuple[Floats, float, list[str]]:
    """Return the region vector, the undisclosed share and the flags.

    Here 'other' is not undisclosed but counts as elsewhere. If the list is short of 1, the rest goes to the regions
    that it does not name, in proportion to the prior.
    """
    hidden_words = UNKNOWN - {"other", "其他"}
    renamed = {ELSEWHERE if label.lower() in ("other", "其他") else label: share for label, share in given.items()}
    _check_shares(given, "regions")
    hidden = float(sum(share for label, share in renamed.items() if label.lower() in hidden_words))
    placed, named, flags = np.zeros(REGIONS_N), np.zeros(REGIONS_N, dtype=bool), []
    for label, share in renamed.items():
        if label.lower() in hidden_words:
            continue
        indices, off_list = _indices_or_elsewhere(label)
        if off_list and "regions_off_the_list" not in flags:
            flags.append("regions_off_the_list")
        columns = list(indices)
        # A country-wide code is split by population, or evenly where the prior has nobody to split by.
        weights = prior.regions[columns] if prior.regions[columns].sum() > 0 else np.ones(len(columns))
        placed[columns] += float(share) * weights / weights.sum()
        named[columns] = True
    rest = 1 - hidden - placed.sum()
    unnamed = np.where(named, 0.0, prior.regions)
    if rest > SUM_SLACK and unnamed.sum() > 0:
        placed += rest * unnamed / unnamed.sum()
        flags.append("regions_rest_from_prior")
    if placed.sum() <= 0:
        raise BadAudience("The regions list discloses nothing.")
    return placed / placed.sum(), hidden, flags


def _indices_or_elsewhere(label: str) -> tuple[tuple[int, ...], bool]:
    try:
        return region_indices(label), False
    except BadAudience:
        country = label.strip().upper().split("-")[0]
        if not _CODE.match(label.strip().upper()) or country == "CN":
            raise
        if country in COUNTRIES:
            return region_indices(country), False
        return region_indices(ELSEWHERE), True


LISTS = ("ages", "genders", "regions")
