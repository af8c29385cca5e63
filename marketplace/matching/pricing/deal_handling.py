"""The work on a deal, which the brand has and nobody is paid for, and the smallest deal that is worth it, as they count
where nobody names them."""

from marketplace.core.money import MINOR_DIGITS, Money

# The work on one deal in units of each currency: 800 yuan, 300 dollars or euros, and others near to these.
HANDLING = {
    "CNY": 800,
    "USD": 300,
    "EUR": 300,
    "GBP": 250,
    "HKD": 2_400,
    "TWD": 9_500,
    "SGD": 400,
    "JPY": 45_000,
    "KRW": 420_000,
}
# A bid smaller than three times the work on it is not worth that work.
SMALLEST_IN_HANDLINGS = 3


def usual(currency: str) -> Money:
    """Return what the work on one deal costs where a brand does not say it."""
    return Money(currency, HANDLING[currency] * 10 ** MINOR_DIGITS[currency])


def smallest_useful(handling: Money) -> Money:
    """Return the smallest bid that is worth the work on a deal."""
    return Money(handling.currency, SMALLEST_IN_HANDLINGS * handling.amount)
