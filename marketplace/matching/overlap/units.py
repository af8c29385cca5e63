"""From audiences to the groups of people that reach is counted in, and the share of each that a bid reaches.

A *cell* is an age band, a gender and an area of one market, of the target only. What a set reaches is told by cells
(see set_union). A search needs one concave function instead, for which a cell's people are cut into *units*, one for
each niche in each language: a creator reaches more of them in the niches of its content. Of its reach,
s t_g + (1 - s) / G falls on niche g, where t_g is the content's share of the niche and G the number of niches. For
small reaches, two creators of one niche then share (1 + 1/k) (1 + s^2 (G - 1)) times as many people as by chance, and
two of different niches (1 + 1/k) (1 - s^2); k and s of a market are those that give its lifts (see duplication.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.matching.audience import channel_tags, grid
from marketplace.matching.audience.arrays import Floats, Ints, as_floats, sum_columns
from marketplace.matching.audience.priors import AGE_STARTS
from marketplace.matching.audience.targets import TargetBox, TargetWeights, of_lists
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.overlap import markets
from marketplace.matching.overlap.coverage import REACHED_MOST, PeopleUnits
from marketplace.matching.overlap.duplication import PRIOR, DuplicationModel, MarketDuplication

MODEL_VERSION = "units/3"
# Several videos of one channel reach people * videos ** 0.585: every second viewer of the first sees the second too.
# A prior; one in three to two in three would give 0.74 to 0.42.
SEVERAL_VIDEOS = 0.585
NICHES = (*channel_tags.VERTICALS, "other")
# The shape that stands for independence, the most of a reach that keeps to its niches, and the least lift across them.
_SHAPE_MOST, _OWN_NICHE_MOST, _ACROSS_LEAST = 1e4, 0.95, 0.05
# First grid ages of the bands: 13-23, 24-30, 31-40, 41 and older.
_BANDS = tuple(AGE_STARTS.index(start) for start in (13, 24, 31, 41))

Names = npt.NDArray[np.str_]


def of_several_videos(videos: Floats) -> Floats:
    """Return how many times the people of one video n channels reach with so many videos [n]."""
    times: Floats = np.maximum(as_floats(videos), 1.0) ** SEVERAL_VIDEOS
    return times


@dataclass(frozen=True, eq=False)
class PeopleCells:
    """C cells: their ``people`` [C], what each is ``worth`` to the brief (0..1) [C], and the number of the market that
    each lies in [C], of ``market_names``."""

    people: Floats
    worth: Floats
    markets: Ints
    market_names: Sequence[str]

    @property
    def weights(self) -> Floats:
        """Return weighted people [C]."""
        return self.people * self.worth

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, eq=False)
class CellAudiences:
    """n audiences on cells: the ``shares`` of each cell's people that they reach [n, C] in 0..1; their ``content`` by
    niche [n, G], with a sum of 1 (0: not known); and their ``languages`` as primary subtags [n] ("": not known)."""

    cells: PeopleCells
    shares: Floats
    content: Floats
    languages: Names

    def __len__(self) -> int:
        return len(self.shares)

    def only(self, rows: Ints) -> "CellAudiences":
        """Return some of the audiences."""
        return CellAudiences(self.cells, self.shares[rows], self.content[rows], self.languages[rows])


@dataclass(frozen=True, eq=False)
class BriefUnits:
    """Units of a brief with each bid's share of their people [n, U], the cell of each unit [U], the bids on cells,
    weighted contacts [n], and what is reached alone where nobody is seen twice [n] (weighted people)."""

    units: PeopleUnits
    shares: Floats
    cell_of: Ints
    audiences: CellAudiences
    contacts: Floats
    alone: Floats


def build(
    joint: Floats,
    regions: Floats,
    tags: Floats,
    people: Floats,
    videos: Floats,
    target: TargetWeights,
    duplication: MarketDuplication = PRIOR,
    lists: AudienceLists | None = None,
    languages: Sequence[str] | None = None,
) -> BriefUnits:
    """Return the units of a target and how n bids reach them.

    ``joint`` [n, A * G] and ``regions`` [n, R] each sum to 1; ``tags`` [n, V + 1] are in the order of
    channel_tags.tag_shares; ``people`` [n] are all whom one video reaches; ``videos`` [n] their number; ``lists`` hold
    the education and interests that a target may ask for (None: not known); ``languages`` [n] are tags of the channels'
    languages (None: not known). Cells that no bid reaches are left out. No bid reaches more people of a cell than there
    are.
    """
    cells = _TargetCells(target)
    on_cells = cells.of(as_floats(joint), as_floats(regions), lists)
    contacts = sum_columns(on_cells * cells.worth) * np.nan_to_num(people) * videos
    reached = np.nan_to_num(people) * of_several_videos(videos)
    audiences = _laid(cells, on_cells * reached[:, None], tags, languages)
    people_units, shares, cell_of = _cut_by_niche(audiences, duplication)
    alone = sum_columns(audiences.shares * audiences.cells.weights)
    return BriefUnits(people_units, shares, cell_of, audiences, contacts, alone)


def lay(
    joint: Floats,
    regions: Floats,
    tags: Floats,
    people: Floats,
    target: TargetWeights,
    languages: Sequence[str] | None = None,
) -> CellAudiences:
    """Return n audiences of so many people on the cells of a target; see ``build`` for the columns."""
    cells = _TargetCells(target)
    return _laid(cells, cells.of(as_floats(joint), as_floats(regions)) * people[:, None], tags, languages)


def _laid(cells: "_TargetCells", in_cells: Floats, tags: Floats, languages: Sequence[str] | None) -> CellAudiences:
    kept = np.flatnonzero(np.any(in_cells > 0, axis=0) & (cells.people > 0))
    tongues = np.array(
        ["" if not tag else tag.split("-")[0] for tag in languages or [""] * len(in_cells)], dtype=np.str_
    )
    return CellAudiences(
        PeopleCells(cells.people[kept], cells.worth[kept], cells.markets[kept], markets.MARKETS),
        np.minimum(in_cells[:, kept] / cells.people[kept], 1.0),
        content_shares(tags),
        tongues,
    )


def content_shares(tags: Floats) -> Floats:
    """Return content shares by niche [n, G] that sum to 1, or zeros where no content is known."""
    total = sum_columns(as_floats(tags))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total[:, None] > 0, tags / total[:, None], 0.0)


def _cut_by_niche(audiences: CellAudiences, duplication: MarketDuplication) -> tuple[PeopleUnits, Floats, Ints]:
    """Return the units of the cells, each audience's share of them [n, U], and the cell of each [U].

    Only niches that some audience has are separate units, by language; the others are alike and together make the last
    unit of each cell.
    """
    languages = _filled(audiences.languages)
    tongues = np.unique(languages)
    count = len(NICHES) * max(1, len(tongues))
    content = [
        (niche, audiences.content[:, niche] * (languages == tongue))
        for tongue in tongues.tolist()
        for niche in range(audiences.content.shape[1])
    ]
    content = [(niche, part) for niche, part in content if np.any(part > 0)]
    columns = np.stack([*(part for _, part in content), np.zeros(len(audiences))], axis=1)
    sizes = np.append(np.full(len(content), 1 / count), 1 - len(content) / count)
    kept = sizes > 0
    of_market = [_niche_model(duplication.of(name), count) for name in audiences.cells.market_names]
    own = as_floats([keeping for keeping, _, _ in of_market])[audiences.cells.markets]
    niches = [NICHES[niche] for niche, _ in content]
    shapes = as_floats([[*(by_niche.get(name, shape) for name in niches), shape] for _, shape, by_niche in of_market])
    known = np.any(audiences.content > 0, axis=1)
    # The part of a cell's audience that falls on each unit [n, C, K], divided by the unit's part of the people.
    density = (own[:, None] * columns[:, None, kept] / sizes[kept]) + np.where(
        known[:, None, None], 1 - own[:, None], 1.0
    )
    shares = _spilled(audiences.shares[:, :, None] * density, sizes[kept])
    weights = (audiences.cells.weights[:, None] * sizes[kept]).reshape(-1)
    per_cell = int(np.sum(kept))
    return (
        PeopleUnits(weights, shapes[audiences.cells.markets][:, kept].reshape(-1)),
        shares.reshape(len(audiences), -1),
        np.repeat(np.arange(len(audiences.cells)), per_cell),
    )


def _filled(languages: Names) -> Names:
    """Return the languages [n], the most frequent one where it is not known."""
    known, counts = np.unique(languages[languages != ""], return_counts=True)
    return np.where(languages == "", known[np.argmax(counts)], languages) if len(known) else languages


def _spilled(shares: Floats, sizes: Floats) -> Floats:
    """Return shares [n, C, K] of units of these sizes [K] with none over the most: what is above it in a niche reaches
    the cell's other people instead, so that no strong local channel loses any."""
    inside = np.minimum(shares, REACHED_MOST)
    above = np.sum((shares - inside) * sizes, axis=2, keepdims=True)
    if not np.any(above > 0):
        return inside
    room = np.sum((REACHED_MOST - inside) * sizes, axis=2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        filled = np.where(above > 0, np.minimum(1.0, above / room), 0.0)
    spilled: Floats = inside + (REACHED_MOST - inside) * np.nan_to_num(filled)
    return spilled


def _niche_model(model: DuplicationModel, count: int) -> tuple[float, float, dict[str, float]]:
    """Return the share s of a creator's reach that keeps to its own of ``count`` niches, the shape k of the units, and
    the shapes of niches of their own, with which small audiences have the lifts of a market."""
    ratio = model.within / max(model.across, _ACROSS_LEAST)
    own = min(_OWN_NICHE_MOST, float(np.sqrt(max(ratio - 1, 0.0) / max(ratio - 1 + count, 1.0))))
    narrow = 1 + own**2 * (count - 1)
    shape = _shape(model.within / narrow)
    return own, shape, {name: _shape(lift / narrow) for name, lift in model.by_niche.items()}


def _shape(lift: float) -> float:
    """Return the gamma shape k with 1 + 1/k = lift, within its range."""
    return min(_SHAPE_MOST, 1 / max(lift - 1, 1 / _SHAPE_MOST))


class _TargetCells:
    """The target cut into C cells of equal worth by age band, gender and area: the `worth`, the `people` and the number
    of the market of each [C]."""

    def __init__(self, target: TargetWeights) -> None:
        parts: dict[tuple[float, int, int, int], list[tuple[Ints, Ints, TargetBox]]] = {}
        for box in target.boxes:
            for key, ages_genders, region_index in _cut(box):
                parts.setdefault((box.weight, *key), []).append((ages_genders, region_index, box))
        keys = sorted(parts)
        self.parts = [parts[key] for key in keys]
        self.worth = as_floats([key[0] for key in keys])
        self.markets = np.array([markets.MARKET_OF_AREA[key[3]] for key in keys], dtype=np.int64)
        watching = markets.watching()
        people = watching.reshape(-1, watching.shape[-1])
        self.people = as_floats(
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
        for area in sorted({markets.AREA_OF[place] for place in box.regions} if ages else ()):
            region_index = [place for place in box.regions if markets.AREA_OF[place] == area]
            for gender in box.genders:
                rows = np.array([age * grid.GENDERS_N + gender for age in ages], dtype=np.int64)
                cells.append(((band, gender, area), rows, np.array(region_index, dtype=np.int64)))
    return cells
