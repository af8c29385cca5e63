"""How far a bid was from being chosen, for its own side: in steps too coarse to reveal rivals' prices."""

from dataclasses import dataclass
from itertools import pairwise

# Ends of the steps in per cent of the bid's own price: finer where a small change would have been enough.
STEPS = (0, 5, 10, 20, 30, 40, 50, 65, 80, 100)


@dataclass(frozen=True)
class PriceBand:
    """By how many per cent the price would have had to be lower: more than ``low``, at most ``high``; and its message.

    Both are None if the bid would not have won at any price.
    """

    low: float | None
    high: float | None
    zh: str
    en: str


def band(own_minor: int, wins_at_minor: int | None) -> PriceBand:
    """Return the step that contains the smallest reduction of the price with which the bid would have won.

    Raises ValueError if the winning price is not below the bid's own.
    """
    if wins_at_minor is None:
        return PriceBand(
            None,
            None,
            "价格不是原因：任何价格都不会入选。",
            "Its price is not the reason: at no price would it have been chosen.",
        )
    if not 0 <= wins_at_minor < own_minor:
        raise ValueError("A bid that was left out would have won below its own price only.")
    reduction = 100 * (own_minor - wins_at_minor) / own_minor
    low, high = next((low, high) for low, high in pairwise(STEPS) if reduction <= high)
    return PriceBand(
        float(low),
        float(high),
        f"价格再低 {low}% 至 {high}%，就可能入选。",
        f"At a price {low} to {high} % lower it would have been chosen.",
    )
