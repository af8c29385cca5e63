"""What a channel is about: the shares of its tags, and how near the verticals are to each other."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from marketplace.briefs.vocabulary import CATEGORIES
from marketplace.channels.records import VERTICALS as CHANNEL_VERTICALS
from marketplace.matching.audience.arrays import Floats

MODEL_VERSION = "tags/1"
SAME, NEAR, FAR = 1.0, 0.6, 0.15


# Verticals whose viewers are on the same errand; two in one set are near, any others far.
KINSHIPS: tuple[frozenset[str], ...] = (
    frozenset({"beauty", "fashion", "lifestyle"}),
    frozenset({"food", "travel", "lifestyle", "rural"}),
    frozenset({"home", "parenting", "pets", "lifestyle", "food"}),
    frozenset({"tech", "games", "cars"}),
    frozenset({"games", "animation", "comedy"}),
    frozenset({"comedy", "drama", "film", "music", "entertainment"}),
    frozenset({"animation", "film", "drama"}),
    frozenset({"sports", "fitness", "health", "outdoors"}),
    frozenset({"travel", "outdoors", "cars"}),
    frozenset({"education", "documentary", "science", "culture", "news"}),
    frozenset({"finance", "business", "education"}),
    frozenset({"health", "food", "parenting"}),
)


# The order of a channel's tag shares; one more place behind these holds whatever has another name.
VERTICALS = tuple(sorted({*CATEGORIES, *CHANNEL_VERTICALS}.union(*KINSHIPS)))


def affinity(category: str, others: Sequence[str]) -> Floats:
    """Return how near each other vertical is to a category: 1 the same, 0.6 kin, 0.15 else."""
    return np.array([_nearness(category, other) for other in others], dtype=np.float64)


def _nearness(one: str, other: str) -> float:
    if one == other:
        return SAME
    return NEAR if any(one in kin and other in kin for kin in KINSHIPS) else FAR


def tag_shares(tags: Mapping[str, float]) -> Floats:
    """Return a channel's tags in the order of VERTICALS, those with other names together in the last place."""
    shares = np.zeros(len(VERTICALS) + 1)
    for name, share in tags.items():
        shares[VERTICALS.index(name) if name in VERTICALS else -1] += share
    return shares


def main_tag(shares: Floats) -> str:
    """Return the vertical that a channel [V + 1] has most of, the first by name where several do; "" without any."""
    place = int(np.argmax(shares))
    return VERTICALS[place] if place < len(VERTICALS) and shares[place] > 0 else ""


def main_tags(shares: npt.NDArray[np.floating]) -> npt.NDArray[np.str_]:
    """Return the main tag of each of n channels [n, V + 1]."""
    places = np.argmax(shares, axis=1)
    told = np.take_along_axis(shares, places[:, None], axis=1)[:, 0] > 0
    return np.where(told, np.array([*VERTICALS, ""])[places], "")


def category_nearness(category: str) -> Floats:
    """Return how near each place of ``tag_shares`` is to a category."""
    return np.append(affinity(category, VERTICALS), FAR)
