"""Turns a channel's audience lists into an age x gender table and a region vector on one fixed grid.

Platforms publish each list separately (ages, genders, regions), in their own bands, and never the table behind them.
Ages and genders are joined in the table that matches both lists and is closest to a population prior (Deming and
Stephan, Annals of Mathematical Statistics 11, 1940; least relative entropy: Csiszar, Annals of Probability 3, 1975).
Regions come as a one-way list, and the prior assumes them independent of age and gender; the fit then *is* the product
of the two parts, so they are stored separately: joint [A * G] and regions [R], and a cell's share is joint * region.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from marketplace.channels.facts import provenance
from marketplace.channels.facts.audience_vocabulary import (
    EDUCATION,
    INTERESTS,
    LEVELS,
    education_levels,
    interest_code,
)
from marketplace.channels.facts.region_names import region_code
from marketplace.matching.audience import told_lists
from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.audience.priors import (
    AGE_STARTS,
    CHINA,
    GENDERS,
    PROVINCES,
    REGIONS,
    YEARS,
    PopulationPrior,
    on_grid,
)
from marketplace.matching.audience.told_lists import REGION_INDEX, BadAudience, ListGroups, ReadRegions

MODEL_VERSION = "cells/4"
AGES_N, GENDERS_N, REGIONS_N = len(AGE_STARTS), len(GENDERS), len(REGIONS)
EDUCATION_N, INTERESTS_N = len(LEVELS), len(INTERESTS)
# The elements of people under 18 in a joint table.
MINORS = slice(0, AGE_STARTS.index(18) * GENDERS_N)
CONVERGED = 1e-6
ROUNDS_MAX = 2_000
UNKNOWN = told_lists.UNKNOWN
# The lists whose undisclosed shares are shown with a match, and all lists.
LISTS = ("ages", "genders", "regions")
ALL_LISTS = (*LISTS, "education", "interests")
EDUCATION_PRIOR = as_floats([level.share for level in EDUCATION.values()])
INTEREST_PRIOR = as_floats([interest.share for interest in INTERESTS.values()])
# The age of the grid that each year lies in.
AGE_OF_YEAR = np.array([sum(year >= start for start in AGE_STARTS) - 1 for year in YEARS], dtype=np.int64)
_GENDER_WORDS = {"female": 0, "f": 0, "women": 0, "女": 0, "女性": 0, "male": 1, "m": 1, "men": 1, "男": 1, "男性": 1}
_BAND = re.compile(r"^(?:age)?(\d{1,3})(?:[-–~](\d{1,3})|(\+|-))$")


class MarginsContradict(ValueError):
    """No table has these margins: they contradict each other, or have people where the prior has none."""


@dataclass(frozen=True, eq=False)
class GridMargin:
    """One margin of a table: each cell's ``group`` (in the prior's shape), and the ``shares`` of the groups."""

    group: Ints
    shares: Floats


@dataclass(frozen=True, eq=False)
class GridAudience:
    """A channel's audience on the grid.

    ``joint`` [A * G] (age major), ``regions`` [R] and ``education`` [E] each sum to 1, or to less where lists are
    believed in part only; ``interests`` [I] are the shares of people with each, NaN where the list does not say.
    The four last fields are what the lists state, which bounds what they leave open. ``unknown`` has the share of
    each list that was undisclosed and has been spread in proportion. ``flags`` names the parts that were filled in
    from the prior.
    """

    joint: Floats
    regions: Floats
    unknown: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    prior: str = ""
    education: Floats = field(default_factory=EDUCATION_PRIOR.copy)
    interests: Floats = field(default_factory=lambda: np.full(INTERESTS_N, np.nan))
    age_groups: ListGroups = field(default_factory=lambda: told_lists.nothing_known(AGES_N))
    gender_groups: ListGroups = field(default_factory=lambda: told_lists.nothing_known(GENDERS_N))
    education_groups: ListGroups = field(default_factory=lambda: told_lists.nothing_known(EDUCATION_N))
    stated_regions: tuple[Floats, Floats] = field(default_factory=told_lists.regions_unknown)


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


def age_years(label: str) -> tuple[int, int]:
    """Return the first index among the years of age that a label covers and one past the last: '18-23', '65+'.

    '50+' means 51 and over (the Chinese platforms list 41-50 before it), and a band that begins under 13 is cut to 13
    and over. Raises BadAudience if the label is no band of ages, or none of people from 13 on.
    """
    plain = label.strip().lower().replace(" ", "")
    under = re.match(r"^(?:<|under)(\d{1,3})$", plain)
    if under:
        return years_between(0, int(under[1]) - 1)
    match = _BAND.match(plain)
    if not match:
        raise BadAudience(f"'{label}' is no age band; write it like 18-23 or 51+.")
    first, last = int(match[1]), int(match[2]) if match[2] else None
    return years_between(51 if first == 50 and last is None else first, last)


def years_between(first: int, last: int | None) -> tuple[int, int]:
    """Return the first index among the years of age from ``first`` to ``last`` (inclusive, None: no upper end) and one
    past the last. Raises BadAudience."""
    start = max(first, YEARS.start)
    after = YEARS.stop if last is None else min(last + 1, YEARS.stop)
    if after <= start:
        raise BadAudience(f"Nobody from {YEARS.start} on is between {first} and {last}: ages begin at {YEARS.start}.")
    return start - YEARS.start, after - YEARS.start


def gender_index(word: str) -> int:
    """Return 0 for female and 1 for male. Raises BadAudience for any other word."""
    try:
        return _GENDER_WORDS[word.strip().lower()]
    except KeyError:
        raise BadAudience(f"'{word}' is no gender of the grid; use female or male.") from None


def region_indices(label: str) -> tuple[int, ...]:
    """Return the indices of a region on the grid: 'CN' is every CN-* (the 31 of the mainland), 'CN-HK' means 'HK'.

    Raises BadAudience for a region that is not on the grid.
    """
    code = region_code(label) or label.strip().upper()
    if code == "CN":
        return tuple(REGION_INDEX[province] for province in PROVINCES)
    if code not in REGION_INDEX:
        raise BadAudience(f"'{label}' is not in the region list; use a country ('US') or a Chinese province ('CN-GD').")
    return (REGION_INDEX[code],)


def level_span(label: str) -> tuple[int, int]:
    """Return the first index among the levels of education that a label covers and one past the last. Raises
    BadAudience."""
    span = education_levels(label)
    if span is None:
        raise BadAudience(f"'{label}' is no level of education; use one of {', '.join(LEVELS)}, or university.")
    return span


def audience(
    ages: Mapping[str, float] | None = None,
    genders: Mapping[str, float] | None = None,
    regions: Mapping[str, float] | None = None,
    prior: PopulationPrior = CHINA,
    *,
    education: Mapping[str, float] | None = None,
    interests: Mapping[str, float] | None = None,
) -> GridAudience:
    """Return the audience that a channel's lists describe; shares are 0..1; the prior replaces a missing or empty list.

    Bands of ages may begin and end at any year; inside a band, years and genders follow the prior. If a list sums to
    less than 0.98, the rest is spread over what it does not name. Raises BadAudience for labels that mean nothing here,
    overlapping bands and lists that are not shares; MarginsContradict if no table fits both the prior and the lists.
    """
    flags: list[str] = []
    parts: dict[str, Any] = {}
    unknown: dict[str, float] = {}
    margins: list[GridMargin] = []
    spans = (("ages", ages, age_years, AGE_OF_YEAR), ("genders", genders, _gender_span, np.arange(GENDERS_N)))
    for axis, (name, given, span_of, coarse) in enumerate(spans):
        if not given:
            flags.append(f"{name}_from_prior")
            continue
        read = told_lists.read_list(given, name, span_of, coarse)
        margins.append(margin_along(prior.years.shape, (axis,), read.shares, read.group))
        parts["age_groups" if name == "ages" else "gender_groups"], unknown[name] = read.groups, read.hidden
        flags += ["ages_rest_from_prior"] if read.has_rest and name == "ages" else []
    joint = on_grid(fit_margins(prior.years, margins)) if margins else prior.joint
    placed = prior.regions
    if regions:
        found: ReadRegions = told_lists.read_regions(regions, prior)
        placed, parts["stated_regions"], unknown["regions"] = found.point, (found.stated, found.open), found.hidden
        flags += found.flags
    else:
        flags.append("regions_from_prior")
    if education:
        read = told_lists.read_list(education, "education", level_span, np.arange(EDUCATION_N))
        split = margin_along((EDUCATION_N,), (0,), read.shares, read.group)
        parts |= {"education": fit_margins(EDUCATION_PRIOR, [split]), "education_groups": read.groups}
    if interests:
        parts["interests"] = told_lists.read_interests(interests, interest_code)
    flags += [f"{name}_unlisted" for name, given in (("education", education), ("interests", interests)) if not given]
    return GridAudience(joint.reshape(-1), placed, unknown, tuple(flags), prior.source, **parts)


def _gender_span(word: str) -> tuple[int, int]:
    index = gender_index(word)
    return index, index + 1


def readable_audience(lists: Mapping[str, Mapping[str, float] | None], prior: PopulationPrior = CHINA) -> GridAudience:
    """Return the audience of lists by their names in ALL_LISTS, without those that cannot be used, which are flagged
    ("regions_unreadable").

    A list that cannot be read by itself is left out; if the others still contradict each other, the first is left out
    without which they do not.
    """
    used = {name: lists[name] for name in ALL_LISTS if lists.get(name)}
    dropped: list[str] = []
    found = _if_readable(used)
    # Lists that can be read together can be read one by one, too, and most can.
    if found is None:
        dropped = [name for name, given in used.items() if _if_readable({name: given}) is None]
        used = {name: given for name, given in used.items() if name not in dropped}
        while (found := _if_readable(used)) is None:
            without = (name for name in reversed(used) if _if_readable({**used, name: None}) is not None)
            one = next(without, next(reversed(used)))
            dropped.append(one)
            used.pop(one)
    if prior is not CHINA:
        found = _of_lists(used, prior)
    return replace(found, flags=(*found.flags, *(f"{name}_unreadable" for name in dropped)))


def believed(found: GridAudience, share: float, prior: PopulationPrior) -> GridAudience:
    """Return the audience of lists of which only a share counts, 0..1: where they put more people than the prior does,
    the prior stands in for the rest. Where they put fewer they count as they are told, for that gains nobody anything;
    so what is not believed is nowhere, and the tables sum to less than 1."""
    if share >= 1:
        return found
    tables = {"joint": prior.joint.reshape(-1), "regions": prior.regions, "education": EDUCATION_PRIOR}
    counted = {
        name: np.minimum(getattr(found, name), provenance.believed(getattr(found, name), usual, share))
        for name, usual in (*tables.items(), ("interests", INTEREST_PRIOR))
    }
    return replace(found, **counted)


def _of_lists(lists: Mapping[str, Mapping[str, float] | None], prior: PopulationPrior = CHINA) -> GridAudience:
    ages, genders, regions, education, interests = (lists.get(name) for name in ALL_LISTS)
    return audience(ages, genders, regions, prior, education=education, interests=interests)


def _if_readable(lists: Mapping[str, Mapping[str, float] | None]) -> GridAudience | None:
    """Return the audience of lists; None if they cannot be read or contradict each other."""
    try:
        return _of_lists(lists)
    except (BadAudience, MarginsContradict):
        return None
