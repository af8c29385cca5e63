"""A channel's shares as one row of 32-bit floats: ages by genders, regions, tags, education, interests, and what its
lists state and leave open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from marketplace.core.column_copy import Column
from marketplace.matching.audience import channel_tags, grid, told_lists
from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.audience.grid import LISTS, GridAudience
from marketplace.matching.audience.priors import AGE_STARTS, CHINA
from marketplace.matching.audience.told_lists import AudienceLists

# The most groups of a list that are kept apart. No platform publishes more.
AGE_GROUPS, GENDER_GROUPS, EDUCATION_GROUPS = 14, 3, 7
_TAGS = len(channel_tags.VERTICALS) + 1
# The parts of a row and their widths. The last one tells rows of this form from those stored before there were lists.
_PARTS: Mapping[str, int] = {
    "joint": grid.AGES_N * grid.GENDERS_N,
    "regions": grid.REGIONS_N,
    "tags": _TAGS,
    "unknown": len(LISTS),
    "education": grid.EDUCATION_N,
    "interests": grid.INTERESTS_N,
    "ages_stated": 2 * AGE_GROUPS,
    "genders_stated": 2 * GENDER_GROUPS,
    "education_stated": 2 * EDUCATION_GROUPS,
    "regions_stated": grid.REGIONS_N,
    "regions_open": 3,
    "form": 1,
}
_ENDS = np.cumsum(list(_PARTS.values()))
WIDTH = int(_ENDS[-1])
_FLOAT = np.dtype("<f4")
BYTES = WIDTH * _FLOAT.itemsize
_FORM = 2.0
# The rows stored before: eleven ages, and no lists.
_OLD_STARTS = (13, 18, 24, 25, 31, 35, 41, 45, 51, 55, 65)
_OLD_ENDS = np.cumsum([len(_OLD_STARTS) * grid.GENDERS_N, grid.REGIONS_N, _TAGS, len(LISTS)])
OLD_BYTES = int(_OLD_ENDS[-1]) * _FLOAT.itemsize
_NOT_STATED = -1.0  # an interest that the list does not have


@dataclass(frozen=True, eq=False)
class ShareColumns:
    """n channels' shares: joint [n, A * G] and regions [n, R] on the grid, tags [n, V + 1] in the order of
    channel_tags.tag_shares, undisclosed shares [n, 3] in the order of grid.LISTS, and what their lists state."""

    joint: Floats
    regions: Floats
    tags: Floats
    unknown: Floats
    lists: AudienceLists

    def interests(self) -> Floats:
        """Return the share of people with each interest [n, I], the usual one where a channel's list does not say."""
        return as_floats(np.where(np.isnan(self.lists.interests), grid.INTEREST_PRIOR, self.lists.interests))


def stored_sql(column: str) -> str:
    """Return the SQL of stored shares as BYTES bytes: rows of the former form are filled up with zeros, which `unpack`
    knows."""
    blank = f"decode(repeat('00', {BYTES}), 'hex')"
    return f"CASE WHEN octet_length({column}) = {BYTES} THEN {column} ELSE substr({column} || {blank}, 1, {BYTES}) END"


def filled_up(stored: bytes) -> bytes:
    """Return one channel's stored bytes as `stored_sql` would."""
    return stored.ljust(BYTES, b"\0")


def pack(audience: GridAudience, tags: Mapping[str, float]) -> bytes:
    """Return a channel's shares as stored bytes."""
    stated, open_shares = audience.stated_regions
    parts = (
        audience.joint,
        audience.regions,
        channel_tags.tag_shares(tags),
        [audience.unknown.get(name, 0.0) for name in LISTS],
        audience.education,
        np.nan_to_num(audience.interests, nan=_NOT_STATED),
        told_lists.packed(audience.age_groups, AGE_GROUPS),
        told_lists.packed(audience.gender_groups, GENDER_GROUPS),
        told_lists.packed(audience.education_groups, EDUCATION_GROUPS),
        stated,
        open_shares,
        [_FORM],
    )
    return np.concatenate(parts).astype(_FLOAT).tobytes()


def packed_table(columns: ShareColumns) -> Floats:
    """Return n channels' shares as rows [n, WIDTH]."""
    lists = columns.lists
    parts = (
        columns.joint,
        columns.regions,
        columns.tags,
        columns.unknown,
        lists.education,
        np.nan_to_num(lists.interests, nan=_NOT_STATED),
        np.concatenate([lists.age_masks, lists.age_shares], axis=1),
        np.concatenate([lists.gender_masks, lists.gender_shares], axis=1),
        np.concatenate([lists.education_masks, lists.education_shares], axis=1),
        lists.regions,
        lists.open,
        np.full((len(columns.joint), 1), _FORM),
    )
    return np.concatenate(parts, axis=1)


def stored_rows(joint: Floats, regions: Floats, tags: Floats) -> Column:
    """Return the stored bytes [n] of made-up channels whose lists state genders and regions, and nothing else."""
    genders = joint.reshape(len(joint), grid.AGES_N, grid.GENDERS_N).sum(axis=1)
    anybody = told_lists.nothing_known(grid.AGES_N)
    lists = exact_lists(np.tile(anybody.shares, (len(joint), 1)), anybody.masks, genders, regions)
    columns = ShareColumns(joint, regions, tags, np.zeros((len(joint), len(LISTS))), lists)
    rows: Column = packed_table(columns).astype(_FLOAT).view(f"V{BYTES}")[:, 0]
    return rows


def unpack(stored: bytes) -> ShareColumns:
    """Return the shares of n channels as arrays, from their stored bytes one after the other, each BYTES long."""
    table = np.frombuffer(stored, dtype=_FLOAT).reshape(-1, WIDTH).astype(np.float64)
    old = table[:, -1] != _FORM
    if old.any():
        table[old] = packed_table(_from_old(table[old]))
    part = dict(zip(_PARTS, np.split(table, _ENDS[:-1], axis=1), strict=True))
    groups = {
        name: (part[f"{name}_stated"][:, :count].astype(np.int64), part[f"{name}_stated"][:, count:])
        for name, count in (("ages", AGE_GROUPS), ("genders", GENDER_GROUPS), ("education", EDUCATION_GROUPS))
    }
    lists = AudienceLists(
        *groups["ages"],
        *groups["genders"],
        *groups["education"],
        regions=part["regions_stated"],
        open=part["regions_open"],
        education=part["education"],
        interests=np.where(part["interests"] < 0, np.nan, part["interests"]),
    )
    return ShareColumns(part["joint"], part["regions"], part["tags"], part["unknown"], lists)


def of_rows(rows: Mapping[str, Column]) -> ShareColumns:
    """Return the shares of n loaded channels, of whose lists the share ``lists_weight`` counts."""
    found = unpack(rows["shares"].tobytes())
    return replace(found, lists=replace(found.lists, believed=as_floats(rows["lists_weight"])))


def _from_old(table: Floats) -> ShareColumns:
    """Return rows of the former form: an old age is split by the prior, and every share counts as stated."""
    joint, regions, tags, unknown = np.split(table[:, : _OLD_ENDS[-1]], _OLD_ENDS[:-1], axis=1)
    count = len(table)
    old_of = np.array([sum(start >= old for old in _OLD_STARTS) - 1 for start in AGE_STARTS])
    parts = CHINA.joint / np.stack([CHINA.joint[old_of == old].sum(axis=0) for old in range(len(_OLD_STARTS))])[old_of]
    by_age = joint.reshape(count, len(_OLD_STARTS), grid.GENDERS_N)
    masks = np.array([int(np.sum(1 << np.flatnonzero(old_of == old))) for old in range(len(_OLD_STARTS))])
    lists = exact_lists(by_age.sum(axis=2), masks, by_age.sum(axis=1), regions)
    return ShareColumns((by_age[:, old_of] * parts).reshape(count, -1), regions, tags, unknown, lists)


def exact_lists(ages: Floats, age_masks: Ints, genders: Floats, regions: Floats) -> AudienceLists:
    """Return lists of n channels that state the shares of these groups of ages [n, k], of genders and of regions, and
    nothing else."""
    count, blank = len(ages), AGE_GROUPS - ages.shape[1]
    nothing = told_lists.packed(told_lists.nothing_known(grid.EDUCATION_N), EDUCATION_GROUPS)
    return AudienceLists(
        age_masks=np.tile(np.append(age_masks, [0] * blank).astype(np.int64), (count, 1)),
        age_shares=np.concatenate([ages, np.zeros((count, blank))], axis=1),
        gender_masks=np.tile(np.array([1, 2, 0]), (count, 1)),
        gender_shares=np.concatenate([genders, np.zeros((count, 1))], axis=1),
        education_masks=np.tile(nothing[:EDUCATION_GROUPS].astype(np.int64), (count, 1)),
        education_shares=np.tile(nothing[EDUCATION_GROUPS:], (count, 1)),
        regions=as_floats(regions),
        open=np.zeros((count, 3)),
        education=np.tile(grid.EDUCATION_PRIOR, (count, 1)),
        interests=np.full((count, grid.INTERESTS_N), np.nan),
    )


def minors(joint: Floats, ages_from_prior: Bools) -> Floats:
    """Return the share of each audience [n, A * G] that is under 18 [n]; NaN where no list of ages says so."""
    under_18 = joint[:, grid.MINORS]
    shares = np.zeros(len(joint))
    for column in range(under_18.shape[1]):
        shares += under_18[:, column]
    return np.where(ages_from_prior, np.nan, shares)
