"""The topics of a channel: the shares of its tags, and how near the verticals are to each other."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from marketplace.briefs.vocabulary import CATEGORIES
from marketplace.channels.records import VERTICALS as CHANNEL_VERTICALS
from marketplace.matching.audience.arrays import Floats

MODEL_VERSION = "tags/1"
SAME, NEAR, FAR = 1.0, 0.6, 0.15

# Verticals whose viewers have the same interests: two verticals in one set are near, all others are far.
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

# The order of a channel's tag shares; one more element after these holds tags with any other name.
VERTICALS = tuple(sorted({*CATEGORIES, *CHANNEL_VERTICALS}.union(*KINSHIPS)))


def affinity(category: str, others: Sequence[str]) -> Floats:
    """Return how near each vertical is to a category: 1 if it is the same, 0.6 if related, 0.15 otherwise."""
    return np.array([_nearness(category, other) for other in others], dtype=np.float64)


def _nearness(first: str, second: str) -> float:
    if first == second:
        return SAME
    return NEAR if any(first in kin and second in kin for kin in KINSHIPS) else FAR


def tag_shares(tags: Mapping[str, float]) -> Floats:
    """Return a channel's tag shares in the order of VERTICALS, those of all other names summed in the last element."""
    shares = np.zeros(len(VERTICALS) + 1)
    for name, share in tags.items():
        shares[VERTICALS.index(name) if name in VERTICALS else -1] += share
    return shares


def main_tag(shares: Floats) -> str:
    """Return the vertical with the largest of a channel's shares [V + 1], the first by name among equals, or ""."""
    index = int(np.argmax(shares))
    return VERTICALS[index] if index < len(VERTICALS) and shares[index] > 0 else ""


def main_tags(shares: npt.NDArray[np.floating]) -> npt.NDArray[np.str_]:
    """Return the main tag of each of n channels [n, V + 1]."""
    indices = np.argmax(shares, axis=1)
    has_tag = np.take_along_axis(shares, indices[:, None], axis=1)[:, 0] > 0
    return np.where(has_tag, np.array([*VERTICALS, ""])[indices], "")


def category_nearness(category: str) -> Floats:
    """Return how near each element of ``tag_shares`` [V + 1] is to a category; other names are far."""
    return np.append(affinity(category, VERTICALS), FAR)
