"""Rules of law that keep a channel out of a brief's set, as data: each with where it holds and its source.

Only what follows from facts that are kept here: a brief's category and markets, and a channel's audience. Rules on the
wording and the picture are for the review of scripts and drafts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.matching.audience.arrays import Bools, Floats

MODEL_VERSION = "law/1"


@dataclass(frozen=True)
class LawRule:
    """No placement of these categories, in a country, with channels whose audience is under age by more than a part."""

    code: str
    country: str
    categories: frozenset[str]
    minors_most: float
    source: str


# A medium "aimed at minors" is one with more viewers under 18 than not: the law names no figure.
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
