"""The price at which a bid is chosen, found by choosing again: the same choice at one price after another.

A choice is a search, and what it takes at one price it may leave at a lower one. So no order is relied on: the price
that is found was asked, and so was the one a hundredth above it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

# A price is settled when the choice takes the bid at it, and not at one that is higher by this part (or a minor unit).
PRECISION_PARTS = 100
# The first step away from an estimate is of this part, and each further one twice as long.
_DOUBLE = 2


@dataclass(frozen=True)
class AskedPrice:
    """The largest price found in minor units at which the choice takes a bid (None: at none), and whether it is
    settled. Where the choices that may be made ran out first, the price is an estimate."""

    price: int | None
    settled: bool


@dataclass(eq=False)
class PriceAsker:
    """Asks a choice whether it takes an option at a price, as often as ``left`` allows for all options together."""

    is_chosen: Callable[[int, int], bool]
    left: int
    known: dict[tuple[int, int], bool] = field(default_factory=dict)

    def price(self, row: int, about: int, floor: int, most: int) -> AskedPrice:
        """Return the price of an option near an estimate, from ``floor`` to ``most``."""
        low = self._lowered(row, min(max(about, floor), most), floor)
        if low is None:
            return AskedPrice(None, True) if self.left > 0 else AskedPrice(about, False)
        while self.left > 0:
            high = self._raised(row, low, most)
            if high is None:
                return AskedPrice(most, True) if self.left > 0 else AskedPrice(low, False)
            low = self._between(row, max(low, self._best(row)), high)
            above = min(low + _step(low), most)
            if above == low or (self.left > 0 and not self._asked(row, above)):
                return AskedPrice(low, True)
            low = above if self.left > 0 else low
        return AskedPrice(low, False)

    def _asked(self, row: int, price: int) -> bool:
        if (row, price) not in self.known:
            self.left -= 1
            self.known[row, price] = self.is_chosen(row, price)
        return self.known[row, price]

    def _best(self, row: int) -> int:
        return max(price for (one, price), chosen in self.known.items() if one == row and chosen)

    def _lowered(self, row: int, price: int, floor: int) -> int | None:
        """Return a price at which the option is chosen, this one or a lower one; None if at none that was asked."""
        step = _step(price)
        while self.left > 0:
            if self._asked(row, price):
                return price
            if price <= floor:
                return None
            price, step = max(floor, price - step), step * _DOUBLE
        return None

    def _raised(self, row: int, price: int, most: int) -> int | None:
        """Return a higher price at which the option is not chosen; None if it is chosen at the most."""
        step = _step(price)
        while self.left > 0:
            if price >= most:
                return None
            price, step = min(most, price + step), step * _DOUBLE
            if not self._asked(row, price):
                return price
        return None

    def _between(self, row: int, low: int, high: int) -> int:
        """Return the largest price below ``high`` at which the option is chosen, by halving."""
        while self.left > 0 and high - low > _step(low):
            middle = (low + high) // 2
            low, high = (middle, high) if self._asked(row, middle) else (low, middle)
        return low


def _step(price: int) -> int:
    return max(1, price // PRECISION_PARTS)
