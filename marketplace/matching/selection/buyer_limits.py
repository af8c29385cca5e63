"""What a buyer limits in every set: what a bid adds for its price, the work on a deal, and the sizes of bids and set.

Each has a default, which the result tells with its value, and where one costs much reach the result offers to lift it.
The defaults are judgements, from what coordination of creators costs and what they ask: 14 hours of coordination a
creator at second hand, 15 to 25 creators usual and at most 50 preferred, list prices from 1,000 yuan up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from marketplace.core.money import Money
from marketplace.matching.pricing import deal_handling
from marketplace.matching.selection.schemas import BIDS_MAX
from marketplace.matching.selection.solver import search as solver_search
from marketplace.matching.selection.solver.problem import CannotKeep, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

LARGEST_SHARE = 0.6
# Handling takes no more than this share of the budget, where a set has no fewer than BIDS_FEW bids.
HANDLING_SHARE = 0.15
BIDS_FEW, BIDS_MANY = 2, 50
# A limit that costs more than this share of the reach is named in the result.
COSTLY = 0.05
SEEDS = 16


@dataclass(frozen=True)
class CostlyLimit:
    """A limit, what a request says to lift it, and the set without it: its rows of the market and its value."""

    code: str
    change: Mapping[str, Any]
    options: tuple[int, ...]
    value: float


def defaults(budget: Money, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits that apply where ``given`` has None: handling_per_deal and smallest_bid in minor units,
    largest_share, and bids_max."""
    handling = given["handling_per_deal"]
    if handling is None:
        handling = deal_handling.usual(budget.currency)
    return {
        "handling_per_deal": handling.amount,
        "smallest_bid": deal_handling.smallest_useful(handling).amount,
        "largest_share": LARGEST_SHARE,
        "bids_max": bids_most(budget.amount, handling.amount),
    }


def bids_most(budget: int, handling: int) -> int:
    """Return the most bids of a set for which handling takes its usual share of the budget at most."""
    if handling == 0:
        return BIDS_MANY
    # In whole numbers: a product of fractions could fall below a whole number that it is.
    return max(BIDS_FEW, min(BIDS_MANY, round(HANDLING_SHARE * 100) * budget // (100 * handling)))


def most_at(limits: SelectionLimits) -> Callable[[int], int]:
    """Return how many bids a set may have at another budget, where their number is the default."""
    least = max(limits.least, len(limits.must))
    return lambda budget: max(least, bids_most(budget, limits.handling))


def costly(
    market: SelectionMarket, limits: SelectionLimits, options: Sequence[int], value: float, currency: str
) -> list[CostlyLimit]:
    """Return the limits without which a set is worth COSTLY more than the chosen ``options``, each lifted alone, the
    costliest first. All other limits hold, the budget and the handling among them."""
    found = []
    for code, change, lifted_market, lifted in _lifted(market, limits, len(options), currency):
        try:
            problem = prepare(lifted_market, lifted)
            place = {row: number for number, row in enumerate(problem.rows.tolist())}
            start = tuple(sorted(place[row] for row in options))
            members = solver_search.search(problem, seeds=SEEDS, also=[start])
        except CannotKeep:
            continue
        if problem.value(members) > value * (1 + COSTLY):
            rows = tuple(sorted(problem.rows[list(members)].tolist()))
            found.append(CostlyLimit(code, change, rows, problem.value(members)))
    return sorted(found, key=lambda one: (-one.value, one.code))


def _nothing(currency: str) -> dict[str, Any]:
    return {"amount_minor": 0, "currency": currency}


def _lifted(
    market: SelectionMarket, limits: SelectionLimits, size: int, currency: str
) -> Iterator[tuple[str, dict[str, Any], SelectionMarket, SelectionLimits]]:
    """Yield each limit that is set and may bind, how to lift it, and the market and limits without it."""
    if limits.ceiling is not None:
        # The gate asks of a bid alone what the limit asks of it within the set: both go.
        barred = tuple(None if gate == "over_ceiling" else gate for gate in market.barred)
        yield (
            "ceiling_per_thousand",
            {"lift_ceiling": True},
            replace(market, barred=barred),
            replace(limits, ceiling=None),
        )
    if limits.smallest > 0:
        yield "smallest_bid", {"smallest_bid": _nothing(currency)}, market, replace(limits, smallest=0)
    if limits.share is not None and limits.share < 1:
        yield "largest_share", {"largest_share": 1}, market, replace(limits, share=None)
    if limits.most is not None and size >= limits.most:
        yield "bids_max", {"bids_max": BIDS_MAX}, market, replace(limits, most=None)
    for name in limits.caps:
        caps = {group: cap for group, cap in limits.caps.items() if group != name}
        yield f"caps_{name}", {"caps": {name: None}}, market, replace(limits, caps=caps)
    if limits.contacts_per_person is not None:
        change = {"contacts_per_person_max": None}
        yield "contacts_per_person_max", change, market, replace(limits, contacts_per_person=None)
    if limits.intrusiveness is not None:
        yield "intrusiveness_max", {"intrusiveness_max": None}, market, replace(limits, intrusiveness=None)
    if limits.ad_load is not None:
        yield "ad_load_max", {"ad_load_max": None}, market, replace(limits, ad_load=None)
