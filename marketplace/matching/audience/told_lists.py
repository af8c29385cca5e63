"""What a platform's list of shares states, and what it leaves open.

A list puts shares of the audience into groups of cells: a band of ages, a country whose provinces are not named, the
rest that the list does not name, and the share that nobody disclosed. A set of cells has at least the groups that lie
within it, and at most those that touch it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.channels.facts.audience_vocabulary import INTERESTS
from marketplace.channels.facts.region_names import OTHER, merged_shares, net_shares, stranger_said
from marketplace.channels.facts.region_names import UNKNOWN as UNKNOWN_REGION
from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.audience.priors import CHINA, COUNTRIES, ELSEWHERE, PROVINCES, REGIONS, PopulationPrior

SUM_SLACK = 0.02
# Stands for a share of zero that a list states of a region: what is stated is above zero, and what is not is not.
_TOLD_NOBODY = 1e-9
UNKNOWN = frozenset({"unknown", "other", "undisclosed", "user_specified", "未知", "其他"})
REGION_INDEX = {code: index for index, code in enumerate(REGIONS)}
IN_CHINA = np.array([code in PROVINCES for code in REGIONS])
_ELSEWHERE = REGION_INDEX[ELSEWHERE]


class BadAudience(ValueError):
    """An audience list or a target cannot be read; the text states which label is wrong and what is allowed."""


@dataclass(frozen=True, eq=False)
class ListGroups:
    """The groups of a list over the cells of a grid: ``masks`` [k] have a bit for each cell that a group touches, and
    ``shares`` [k] sum to 1."""

    masks: Ints
    shares: Floats


@dataclass(frozen=True, eq=False)
class ReadList:
    """A list on fine cells: the ``group`` [F] of each and the ``shares`` of the groups (the last: cells in no group),
    the same as groups of coarse cells, the undisclosed share, and whether cells in no group got the list's rest."""

    group: Ints
    shares: Floats
    groups: ListGroups
    hidden: float
    has_rest: bool


@dataclass(frozen=True, eq=False)
class ReadRegions:
    """A list of regions: the ``point`` [R]; what is stated of each [R], negative where more may come from the open
    shares; the ``open`` shares [3] of China's unnamed provinces, of unnamed regions, and of nobody knows where."""

    point: Floats
    stated: Floats
    open: Floats
    hidden: float
    flags: tuple[str, ...]


def nothing_known(cells: int) -> ListGroups:
    """Return the groups of a list that is missing: everybody may be anywhere."""
    return ListGroups(np.array([(1 << cells) - 1], dtype=np.int64), np.ones(1))


def check_shares(given: Mapping[str, float], name: str, most: float | None = 1 + SUM_SLACK) -> None:
    """Raise BadAudience unless the shares lie between 0 and 1 and sum to at most ``most`` (None: to anything)."""
    if any(not 0 <= share <= 1 for share in given.values()) or (most is not None and sum(given.values()) > most):
        raise BadAudience(f"The {name} list must hold shares from 0 to 1 that sum to 1, not per cent or counts.")


def read_list(
    given: Mapping[str, float], name: str, span_of: Callable[[str], tuple[int, int]], coarse: Ints
) -> ReadList:
    """Read a list whose labels are spans of fine cells; ``coarse`` [F] is the cell of the grid that each lies in.

    A list that is short of 1 has its rest in the cells that it does not name, and undisclosed if it names all. A stated
    share of zero is stated: nobody is there.
    """
    check_shares(given, name)
    known = {label: float(share) for label, share in given.items() if label.strip().lower() not in UNKNOWN}
    total = sum(known.values())
    hidden = float(sum(share for label, share in given.items() if label not in known))
    group = np.full(len(coarse), len(known), dtype=np.int64)
    for number, label in enumerate(known):
        first, after = span_of(label)
        if np.any(group[first:after] != len(known)):
            raise BadAudience(f"'{label}' overlaps another part of the {name} list.")
        group[first:after] = number
    rest = 1 - total - hidden
    rest = rest if rest > SUM_SLACK else 0.0
    if rest and not np.any(group == len(known)):
        hidden, rest = hidden + rest, 0.0
    if not known or total + rest <= 0:
        raise BadAudience(f"The {name} list discloses nothing.")
    shares = np.array([*known.values(), rest]) / (total + rest)
    masks = [_mask(coarse[group == number]) for number in range(len(known) + 1)]
    stated = [*(shares * (1 - hidden_part(hidden, total + rest))).tolist(), hidden_part(hidden, total + rest)]
    masks.append(_mask(coarse))
    kept = [number for number, share in enumerate(stated) if share > 0 and masks[number]]
    groups = ListGroups(np.array([masks[number] for number in kept], dtype=np.int64), as_floats(stated)[kept])
    return ReadList(group, shares, groups, hidden, rest > 0)


def hidden_part(hidden: float, stated: float) -> float:
    """Return the undisclosed share of all that a list accounts for, for lists that miss 1 by rounding."""
    return hidden / (hidden + stated)


def _mask(cells: Ints) -> int:
    return int(np.bitwise_or.reduce(1 << np.asarray(cells, dtype=np.int64))) if len(cells) else 0


def packed(groups: ListGroups, most: int) -> Floats:
    """Return the groups as masks and shares [2 * most]; neighbours are joined where there are more, which only widens
    what the list leaves open."""
    masks, shares = groups.masks.tolist(), groups.shares.tolist()
    while len(masks) > most:
        masks[0:2], shares[0:2] = [masks[0] | masks[1]], [shares[0] + shares[1]]
    blank = [0] * (most - len(masks))
    return as_floats([*masks, *blank, *shares, *blank])


def read_regions(given: Mapping[str, float], prior: PopulationPrior) -> ReadRegions:
    """Read a list of regions. What it is short of 1 goes to the regions that it does not name, in proportion to the
    prior, or elsewhere where that has nobody in them; none of it to one that is named with a share of zero. `other`
    counts as elsewhere. Countries that are not on the grid count as elsewhere, and other countries' parts as their
    country."""
    merged, strangers = merged_shares(given)
    if strangers:
        raise BadAudience(stranger_said(strangers[0])[1])
    net = net_shares(merged)
    check_shares(net, "regions")
    hidden, point, stated = net.pop(UNKNOWN_REGION, 0.0), np.zeros(len(REGIONS)), np.zeros(len(REGIONS))
    partly, named = np.zeros(len(REGIONS), dtype=bool), np.zeros(len(REGIONS), dtype=bool)
    partly[_ELSEWHERE] = True
    flags: list[str] = []
    of_china = IN_CHINA & ("CN" in net)
    other, china = net.pop(OTHER, 0.0), net.pop("CN", 0.0)
    for code, share in net.items():
        country = code.partition("-")[0]
        place = REGION_INDEX.get(code, REGION_INDEX.get(country, _ELSEWHERE))
        if country not in COUNTRIES and country != "CN":
            flags.append("regions_off_the_list")
        stated[place] += share
        partly[place] |= code != REGIONS[place]
        named[place] |= code == REGIONS[place]
    point += stated
    point[_ELSEWHERE] += other
    unnamed = IN_CHINA & ~named
    spread = unnamed if unnamed.any() else IN_CHINA
    point += china * np.where(spread, CHINA.regions, 0) / np.sum(CHINA.regions[spread])
    rest = 1 - hidden - point.sum()
    silent = np.where((point > 0) | named | of_china, 0.0, prior.regions)
    if rest > SUM_SLACK:
        silent[_ELSEWHERE] += silent.sum() <= 0
        point += rest * silent / silent.sum()
        flags.append("regions_rest_from_prior")
    if point.sum() <= 0:
        raise BadAudience("The regions list discloses nothing.")
    everywhere = hidden + (0.0 if unnamed.any() else china)
    open_shares = as_floats([china if unnamed.any() else 0.0, other + max(rest, 0.0), everywhere])
    total = stated.sum() + open_shares.sum()
    empty = (stated <= 0) & (named | (of_china & (china <= 0)))
    stated = np.where(empty, _TOLD_NOBODY, stated)
    signed = np.where(partly | (stated <= 0), -stated, stated)
    return ReadRegions(point / point.sum(), signed / total, open_shares / total, hidden, tuple(dict.fromkeys(flags)))


def regions_unknown() -> tuple[Floats, Floats]:
    """Return what is stated of regions, and the open shares, where the list is missing."""
    return np.zeros(len(REGIONS)), np.array([0.0, 0.0, 1.0])


def read_interests(given: Mapping[str, float], code_of: Callable[[str], str | None]) -> Floats:
    """Return the share of people with each interest [I], NaN where the list does not say. People have several."""
    check_shares(given, "interests", most=None)
    shares = np.full(len(INTERESTS), np.nan)
    order = tuple(INTERESTS)
    for label, share in given.items():
        code = code_of(label)
        if code is None:
            raise BadAudience(f"'{label}' is no interest; use one of {', '.join(order)}.")
        shares[order.index(code)] = share
    return shares


@dataclass(frozen=True, eq=False)
class AudienceLists:
    """What the lists of n channels state: groups of ages, genders and levels of education as masks and shares [n, k],
    regions [n, R] and open shares [n, 3] (see ReadRegions), the level of education [n, E] and interests [n, I], NaN
    where nothing is stated. ``believed`` [n] is the share of them that counts (None: all)."""

    age_masks: Ints
    age_shares: Floats
    gender_masks: Ints
    gender_shares: Floats
    education_masks: Ints
    education_shares: Floats
    regions: Floats
    open: Floats
    education: Floats
    interests: Floats
    believed: Floats | None = None


def group_bounds(masks: Ints, shares: Floats, cells: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the least and the most of n audiences that is in these cells, from their groups [n, k]."""
    wanted = sum(1 << cell for cell in cells)
    low, high = np.zeros(len(masks)), np.zeros(len(masks))
    for column in range(masks.shape[1]):
        low += np.where(masks[:, column] & ~wanted, 0.0, shares[:, column])
        high += np.where(masks[:, column] & wanted, shares[:, column], 0.0)
    return low, np.minimum(high, 1.0)


def region_bounds(stated: Floats, open_shares: Floats, places: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the least and the most of n audiences that is in these regions."""
    inside = np.zeros(stated.shape[1], dtype=bool)
    inside[list(places)] = True
    low = np.zeros(len(stated))
    for place in places:
        low += np.abs(stated[:, place])
    high = low + open_shares[:, 2]
    for column, where in enumerate((IN_CHINA, np.ones_like(IN_CHINA))):
        may_be_inside = np.any(stated[:, inside & where] <= 0, axis=1)
        may_be_outside = np.any(stated[:, ~inside & where] <= 0, axis=1)
        high += np.where(may_be_inside, open_shares[:, column], 0.0)
        low += np.where(may_be_inside & ~may_be_outside, open_shares[:, column], 0.0)
    return low, np.minimum(high, 1.0)
