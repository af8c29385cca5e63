"""Rules of law that bar a channel from a brief, as data: each with the country where it holds and its source.

Only rules that follow from stored facts are here: a brief's category and markets, and a channel's audience. Rules on
wording and images are for the review of scripts and drafts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.matching.audience.arrays import Bools, Floats

MODEL_VERSION = "law/1"


@dataclass(frozen=True)
class LawRule:
    """Bar these categories in a country from channels of whose audience more than ``minors_most`` is under 18."""

    code: str
    country: str
    categories: frozenset[str]
    minors_most: float
    source: str


# The law names no figure: a medium is taken to be "aimed at minors" when most of its viewers are under 18.
RULES = (
    LawRule(
        "minors",
        "CN",
        frozenset({"alcohol", "beauty", "health"}),
        0.5,
        "Advertising Law of the PRC, art. 40 (medical, drugs, health food, devices, cosmetics, alcohol, beauty)",
    ),
)


def barred(category: str, markets: Iterable[str], minors: Floats) -> Bools:
    """Return which channels [n] may not carry a category in these markets, from the parts of their audiences that are
    under 18 [n] (NaN: not told, which bars nobody)."""
    here = {market.partition("-")[0] for market in markets}
    found: Bools = minors > 1.0
    for rule in RULES:
        if rule.country in here and category in rule.categories:
            found = found | (minors > rule.minors_most)
    return found
