"""Amounts of money: integers of the currency's smallest unit, never floats, never mixed."""

from dataclasses import dataclass

BASIS = 10_000
AMOUNT_MAX = 10**12

# ISO 4217 minor digits of the currencies that Inlay trades in.
MINOR_DIGITS = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "SGD": 2, "JPY": 0, "KRW": 0}


@dataclass(frozen=True, order=True)
class Money:
    """An amount in the currency's smallest unit (fen, cents)."""

    currency: str
    amount: int

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.currency, self.amount + other.amount)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.currency, self.amount - other.amount)

    def share(self, basis_points: int) -> "Money":
        """Return this share of the amount, rounded down; the caller keeps the rest."""
        return Money(self.currency, self.amount * basis_points // BASIS)

    def show(self) -> str:
        """Return the amount in major units with the code in front: 'CNY 1,234.50'."""
        digits = MINOR_DIGITS[self.currency]
        return f"{self.currency} {self.amount / 10**digits:,.{digits}f}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} is not {other.currency}")


def show_minor(currency: str, minor: float) -> str:
    """Return an amount that need not be whole, such as an expected cost in minor units, as `Money.show` does."""
    return Money(currency, round(minor)).show()
