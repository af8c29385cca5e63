"""How many views become sales, and how much a sale is worth, by vertical: the prior for prices that follow sales.

What a bidder expects of its own sales is shown and never counted: a claim of few sales would make its price look small.
The figures are wide. Orders per 1,000 views of a placement with a link: 0.2 (0.03-1.5) in China, judged from creators
who sell (0.8, 0.1-6, measured on public lists of 2025-11); 0.2 (0.05-0.6) in the United States (trade reports).
Factors by vertical are judged. Order values: checkouts of online shops in US dollars (Dynamic Yield's benchmark as
published by Oberlo, September 2024); in yuan the same numerals, about a seventh of the value, judged: short-video shops
sell cheap goods. The ranking rests on none of this: it counts the largest cost.
"""

from collections.abc import Mapping

from marketplace.core.money import MINOR_DIGITS

MODEL_VERSION = "outcomes/1"
ORDERS_PER_THOUSAND = 0.2
_FACTORS: Mapping[str, float] = {
    "beauty": 1.3,
    "tech": 1.3,
    "food": 0.65,
    "education": 0.4,
    "local_services": 0.4,
    "finance": 0.4,
    "business": 0.4,
}
_ORDER_VALUES: Mapping[str, float] = {
    "beauty": 71.0,
    "fashion": 196.0,
    "food": 114.0,
    "home": 253.0,
    "jewellery": 436.0,
    "pets": 83.0,
}
_USUAL_ORDER = 94.0  # shops of several brands
# Units of each currency for one of the order values above. Yuan: judged, see above. The others: rough conversion.
_UNITS: Mapping[str, float] = {
    "CNY": 1.0,
    "USD": 1.0,
    "EUR": 0.95,
    "GBP": 0.8,
    "HKD": 7.8,
    "TWD": 32.0,
    "SGD": 1.3,
    "JPY": 150.0,
    "KRW": 1_400.0,
}


def sales_per_view(category: str) -> float:
    """Return the expected orders, or other paid actions, of one view of a placement for goods of a category."""
    return ORDERS_PER_THOUSAND * _FACTORS.get(category, 1.0) / 1000


def order_value_minor(category: str, currency: str) -> float:
    """Return the expected value of an order in minor units; NaN for a currency without a figure."""
    units = _UNITS.get(currency, float("nan"))
    return _ORDER_VALUES.get(category, _USUAL_ORDER) * units * 10.0 ** MINOR_DIGITS.get(currency, 2)
