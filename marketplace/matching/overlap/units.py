"""From audiences to units: the groups of people that reach is counted in, and the share of each that a bid reaches.

A unit is a cell (age band x gender x area, of the target only) and a niche. The people of a cell are spread evenly over
all niches, and a creator reaches more of them in the niches of its content: of its reach, s t_g + (1 - s) / G falls on
niche g, where t_g is the content's share of the niche and G the number of niches. For small reaches, two creators of
one niche then share Delta = (1 + 1/k) (1 + s^2 (G - 1)) times as many people as under independence, and two of
different niches (1 + 1/k) (1 - s^2). The priors below give 4.6 and 1.9. Measured on who watched which films and heard
which artists (MovieLens, Last.fm): 3.4 to 5.4 within a niche, 1.15 to 2.2 between niches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from marketplace.matching.audience import channel_tags, grid
from marketplace.matching.audience.arrays import Floats, Ints, as_floats, sum_columns
from marketplace.matching.audience.priors import AGE_STARTS, PROVINCES, REGIONS, population
from marketplace.matching.audience.targets import TargetBox, TargetWeights, of_lists
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.overlap.coverage import REACHED_MOST, PeopleUnits

MODEL_VERSION = "units/2"
# From films and artists, which stand in for creators until overlaps of channels are measured (overlap_fit).
SHAPE, OWN_NICHE = 1.0, 0.22
# The share of people from 13 years on who watch short videos: CNNIC counts 1.05 billion in China in 2024; the other is
# assumed.
WATCHING_CHINA, WATCHING_ELSEWHERE = 0.88, 0.65
# Several videos of one channel reach people * videos ** 0.585: every second viewer of the first sees the second too.
# A prior; one in three to two in three would give 0.74 to 0.42.
SEVERAL_VIDEOS = 0.585
NICHES = (*channel_tags.VERTICALS, "other")
# First grid ages of the bands: 13-23, 24-30, 31-40, 41 and older.
_BANDS = tuple(AGE_STARTS.index(start) for start in (13, 24, 31, 41))
_AREAS = {
    "north": "CN-BJ CN-TJ CN-HE CN-SX CN-NM CN-LN CN-JL CN-HL",
    "east": "CN-SH CN-JS CN-ZJ CN-AH CN-FJ CN-JX CN-SD",
    "south": "CN-HA CN-HB CN-HN CN-GD CN-GX CN-HI",
    "west": "CN-CQ CN-SC CN-GZ CN-YN CN-XZ CN-SN CN-GS CN-QH CN-NX CN-XJ",
}
_AREA_NAMES = (*_AREAS, "abroad")
_AREA_OF = tuple(
    next((number for number, codes in enumerate(_AREAS.values()) if code in codes.split()), len(_AREAS))
    for code in REGIONS
)


@dataclass(frozen=True)
class DuplicationModel:
    """How strongly audiences overlap within a cell.

    ``shape``: the gamma shape of people's activity; ``own_niche``: the share of a creator's reach that keeps to its own
    niches; ``by_niche``: shapes of single niches; ``pairs``: the number of measured pairs behind each niche, with those
    across niches under an empty name (empty: the prior).
    """

    shape: float = SHAPE
    own_niche: float = OWN_NICHE
    by_niche: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)

    @property
    def measured(self) -> int:
        """Return the number of measured pairs."""
        return sum(self.pairs.values())


PRIOR = DuplicationModel()


def of_several_videos(videos: Floats) -> Floats:
    """Return how many times the people of one video n channels reach with so many videos [n]."""
    times: Floats = np.maximum(as_floats(videos), 1.0) ** SEVERAL_VIDEOS
    return times


@dataclass(frozen=True, eq=False)
class BriefUnits:
    """Units of a brief with each bid's share of their people [n, U], weighted contacts [n], and what is reached alone
    where nobody is seen twice [n] (weighted people)."""

    units: PeopleUnits
    shares: Floats
    contacts: Floats
    alone: Floats


def build(
    joint: Floats,
    regions: Floats,
    tags: Floats,
    people: Floats,
    videos: Floats,
    target: TargetWeights,
    overlap: DuplicationModel = PRIOR,
    lists: AudienceLists | None = None,
) -> BriefUnits:
    """Return the units of a target and how n bids reach them.

    ``joint`` [n, A * G] and ``regions`` [n, R] each sum to 1; ``tags`` [n, V + 1] are in the order of
    channel_tags.tag_shares; ``people`` [n] are all whom one video reaches; ``videos`` [n] their number; ``lists`` hold
    the education and interests that a target may ask for (None: not known). Only niches that some bid has, or that have
    their own shape, are separate units; the others are alike and together make the last unit of each cell.
    """
    cells = _TargetCells(target)
    reached = np.nan_to_num(people) * of_several_videos(videos)
    on_cells = cells.of(as_floats(joint), as_floats(regions), lists)
    in_cells = on_cells * reached[:, None]
    contacts = sum_columns(on_cells * cells.worth) * np.nan_to_num(people) * videos
    niches = _niches(tags)
    count = len(NICHES)
    has_shape = np.array([name in overlap.by_niche for name in NICHES])
    niche_index = np.flatnonzero(np.any(niches > 0, axis=0) | has_shape)
    # The last column is all other niches together, where every creator has the same share.
    parts = np.concatenate([overlap.own_niche * niches[:, niche_index], np.zeros((len(niches), 1))], axis=1)
    sizes = np.append(np.full(len(niche_index), 1 / count), 1 - len(niche_index) / count)
    has_content = np.sum(niches, axis=1) > 0
    parts += np.where(has_content, 1 - overlap.own_niche, 1.0)[:, None] * sizes
    kept = sizes > 0
    inside = cells.people[:, None] * sizes[kept]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(inside > 0, in_cells[:, :, None] * parts[:, None, kept] / inside, 0.0)
    weights = (cells.worth[:, None] * inside).reshape(-1)
    shapes = as_floats([overlap.by_niche.get(NICHES[place], overlap.shape) for place in niche_index] + [overlap.shape])
    reached_shares = np.minimum(shares.reshape(len(reached), -1), REACHED_MOST)
    return BriefUnits(
        units=PeopleUnits(weights, np.tile(shapes[kept], len(cells.people))),
        shares=reached_shares,
        contacts=contacts,
        alone=sum_columns(in_cells * cells.worth),
    )


def _niches(tags: Floats) -> Floats:
    """Return content shares by niche [n, G] that sum to 1, or zeros where no content is known."""
    total = sum_columns(as_floats(tags))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total[:, None] > 0, tags / total[:, None], 0.0)


class _TargetCells:
    """The target cut into C cells of equal worth by age band, gender and area; `worth` [C] and `people` [C] of each."""

    def __init__(self, target: TargetWeights) -> None:
        parts: dict[tuple[float, int, int, int], list[tuple[Ints, Ints, TargetBox]]] = {}
        for box in target.boxes:
            for key, ages_genders, region_index in _cut(box):
                parts.setdefault((box.weight, *key), []).append((ages_genders, region_index, box))
        keys = sorted(parts)
        self.parts = [parts[key] for key in keys]
        self.worth = np.array([key[0] for key in keys])
        china = np.array([code in PROVINCES for code in REGIONS])
        watching = population() * np.where(china, WATCHING_CHINA, WATCHING_ELSEWHERE)
        people = watching.reshape(-1, len(REGIONS))
        self.people = np.array(
            [
                sum(float(np.sum(people[np.ix_(rows, places)])) * box.of_everybody for rows, places, box in cell)
                for cell in self.parts
            ]
        )

    def of(self, joint: Floats, regions: Floats, lists: AudienceLists | None = None) -> Floats:
        """Return the shares [n, C] of n audiences that fall on each cell."""
        if not self.parts:
            return np.zeros((len(joint), 0))
        boxes = {box: of_lists(box, len(joint), lists) for cell in self.parts for _, _, box in cell}
        columns = [
            np.sum(
                [
                    sum_columns(joint, rows.tolist()) * sum_columns(regions, places.tolist()) * boxes[box]
                    for rows, places, box in cell
                ],
                axis=0,
            )
            for cell in self.parts
        ]
        return np.stack(columns, axis=1)


def _cut(box: TargetBox) -> list[tuple[tuple[int, int, int], Ints, Ints]]:
    """Return a box cut by band, gender and area, as (their numbers, indices in joint, indices in regions)."""
    cells = []
    for band, first in enumerate(_BANDS):
        after = _BANDS[band + 1] if band + 1 < len(_BANDS) else grid.AGES_N
        ages = [age for age in box.ages if first <= age < after]
        for area in range(len(_AREA_NAMES)):
            region_index = [place for place in box.regions if _AREA_OF[place] == area]
            if not ages or not region_index:
                continue
            for gender in box.genders:
                rows = np.array([age * grid.GENDERS_N + gender for age in ages], dtype=np.int64)
                cells.append(((band, gender, area), rows, np.array(region_index, dtype=np.int64)))
    return cells
