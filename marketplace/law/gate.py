"""Legal rules that bar a channel from a brief, as data: each with the country where it applies and its source.

Only rules that can be checked from stored facts are here: a brief's category and markets, and a channel's audience.
Rules on wording and images belong to the review of scripts and drafts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.matching.audience.arrays import Bools, Floats

MODEL_VERSION = "law/1"


@dataclass(frozen=True)
class LawRule:
    """Bars categories in a country from channels with more than ``minors_most`` (0..1) of the audience under 18."""

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
    """Return which channels [n] may not advertise a category in these markets, from the share of each audience that is
    under 18 [n] (NaN: unknown, which bars no channel)."""
    countries = {market.partition("-")[0] for market in markets}
    is_barred: Bools = minors > 1.0
    for rule in RULES:
        if rule.country in countries and category in rule.categories:
            is_barred = is_barred | (minors > rule.minors_most)
    return is_barred
