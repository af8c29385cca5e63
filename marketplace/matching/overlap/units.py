"""From audiences to units: in which groups of people the creators of a brief's bids reach how many.

A unit is a cell (age band x gender x area, of the target only) and a niche. A cell's people are spread evenly over all
niches, and a creator reaches them with the share s more in the niches of its content than elsewhere: of its reach,
s t_g + (1 - s) / G falls on niche g, t_g being the content's share and G the number of niches. For small reaches that
makes two creators of one niche share Delta = (1 + 1/k) (1 + s^2 (G - 1)) times what independence would have, and two of
different niches (1 + 1/k) (1 - s^2). The priors below give 4.6 and 1.9; measured on who watched what films and heard
what artists (MovieLens, Last.fm): 3.4 to 5.4 within a niche, 1.15 to 2.2 between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from marketplace.matching.audience import channel_tags, grid
from marketplace.matching.audience.arrays import Floats, Ints, as_floats, sum_columns
from marketplace.matching.audience.priors import PROVINCES, REGIONS, population
from marketplace.matching.audience.targets import TargetBox, TargetWeights
from marketplace.matching.overlap.coverage import REACHED_MOST, PeopleUnits

MODEL_VERSION = "units/1"
# Films and artists stand in for creators until overlaps of channels are measured (overlap_fit).
SHAPE, OWN_NICHE = 1.0, 0.22
# Of people from 13 years on, who watch short videos: CNNIC counts 1.05 billion in China in 2024; elsewhere assumed.
WATCHING_CHINA, WATCHING_ELSEWHERE = 0.88, 0.65
# Several videos of one channel reach people * videos ** 0.585: every second one of the first sees the second too.
# A prior; from one in three to two in three gives 0.74 to 0.42.
SEVERAL_VIDEOS = 0.585
NICHES = (*channel_tags.VERTICALS, "other")
# First grid ages of the bands: 13-23, 24-30, 31-40, 41 and older.
_BANDS = (0, 2, 4, 6)
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
    """How strongly audiences overlap within a cell: the gamma shape of people's activity, the share of a creator's
    reach that keeps to its own niches, shapes of single niches, and how many measured pairs stand behind each (of two
    niches under an empty name; none: the prior)."""

    shape: float = SHAPE
    own_niche: float = OWN_NICHE
    by_niche: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)

    @property
    def measured(self) -> int:
        return sum(self.pairs.values())


PRIOR = DuplicationModel()


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
) -> BriefUnits:
    """Return the units of a target and how n bids reach them.

    ``joint`` [n, A * G] and ``regions`` [n, R] each sum to 1; ``tags`` [n, V + 1] in the order of fit.tag_shares;
    ``people`` [n] whom one video reaches, on target or not; ``videos`` [n]. Only niches that some bid has, or that
    have a shape of their own, are units of their own; all others are alike and stand together as each cell's last one.
    """
    split = _TargetCells(target)
    reached = np.nan_to_num(people) * np.maximum(videos, 1.0) ** SEVERAL_VIDEOS
    in_cells = split.of(as_floats(joint), as_floats(regions)) * reached[:, None]
    contacts = (
        sum_columns(split.of(as_floats(joint), as_floats(regions)) * split.worth) * np.nan_to_num(people) * videos
    )
    niches = _niches(tags)
    count = len(NICHES)
    apart = np.array([name in overlap.by_niche for name in NICHES])
    own = np.flatnonzero(np.any(niches > 0, axis=0) | apart)
    # One more column for all the other niches together, where everybody's share is the same.
    parts = np.concatenate([overlap.own_niche * niches[:, own], np.zeros((len(niches), 1))], axis=1)
    sizes = np.append(np.full(len(own), 1 / count), 1 - len(own) / count)
    told = np.sum(niches, axis=1) > 0
    parts += np.where(told, 1 - overlap.own_niche, 1.0)[:, None] * sizes
    kept = sizes > 0
    inside = split.people[:, None] * sizes[kept]
    shares = in_cells[:, :, None] * parts[:, None, kept] / inside
    weights = (split.worth[:, None] * inside).reshape(-1)
    shapes = as_floats([overlap.by_niche.get(NICHES[place], overlap.shape) for place in own] + [overlap.shape])
    found = np.minimum(shares.reshape(len(reached), -1), REACHED_MOST)
    return BriefUnits(
        units=PeopleUnits(weights, np.tile(shapes[kept], len(split.people))),
        shares=found,
        contacts=contacts,
        alone=sum_columns(in_cells * split.worth),
    )


def _niches(tags: Floats) -> Floats:
    """Return content shares [n, G] that sum to 1, or zeros where no content is known."""
    total = sum_columns(as_floats(tags))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total[:, None] > 0, tags / total[:, None], 0.0)


class _TargetCells:
    """The target cut into cells of one worth: bands of ages, gender, area. Attributes [C]: worth, people."""

    def __init__(self, target: TargetWeights) -> None:
        parts: dict[tuple[float, int, int, int], list[tuple[Ints, Ints]]] = {}
        for box in target.boxes:
            for key, ages_genders, places in _cut(box):
                parts.setdefault((box.weight, *key), []).append((ages_genders, places))
        keys = sorted(parts)
        self.parts = [parts[key] for key in keys]
        self.worth = np.array([key[0] for key in keys])
        china = np.array([code in PROVINCES for code in REGIONS])
        watching = population() * np.where(china, WATCHING_CHINA, WATCHING_ELSEWHERE)
        flat = watching.reshape(-1, len(REGIONS))
        self.people = np.array(
            [sum(float(np.sum(flat[np.ix_(rows, places)])) for rows, places in cell) for cell in self.parts]
        )

    def of(self, joint: Floats, regions: Floats) -> Floats:
        """Return the share [n, C] of n audiences that falls on each cell."""
        if not self.parts:
            return np.zeros((len(joint), 0))
        columns = [
            np.sum(
                [sum_columns(joint, rows.tolist()) * sum_columns(regions, places.tolist()) for rows, places in cell],
                axis=0,
            )
            for cell in self.parts
        ]
        return np.stack(columns, axis=1)


def _cut(box: TargetBox) -> list[tuple[tuple[int, int, int], Ints, Ints]]:
    """Return a box cut by band, gender and area: (their numbers, places in joint, places in regions)."""
    found = []
    for band, first in enumerate(_BANDS):
        after = _BANDS[band + 1] if band + 1 < len(_BANDS) else grid.AGES_N
        ages = [age for age in box.ages if first <= age < after]
        for area in range(len(_AREA_NAMES)):
            places = [place for place in box.regions if _AREA_OF[place] == area]
            if not ages or not places:
                continue
            for gender in box.genders:
                rows = np.array([age * grid.GENDERS_N + gender for age in ages], dtype=np.int64)
                found.append(((band, gender, area), rows, np.array(places, dtype=np.int64)))
    return found
