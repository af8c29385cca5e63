"""The sets that other budgets, a lower intrusiveness or fewer limits would have, told by the figures of the chosen set.

Each has its effective people, which the search maximises and which are compared, and everybody whom it reaches, counted
for its own members.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.matching.selection import buyer_limits, messages
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver import curves
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket
from marketplace.matching.selection.telling import set_reach


@dataclass(frozen=True)
class ComparedSet:
    """A set that others are compared with: its rows of the market, its effective people, and the limits that it was
    searched with."""

    inputs: SetInputs
    market: SelectionMarket
    limits: SelectionLimits
    options: tuple[int, ...]
    effective: float

    def _careful(self, options: Sequence[int]) -> float:
        """Return everybody whom some rows reach, each once, by the careful forecast."""
        bids = sorted({int(self.inputs.options.bid_of[row]) for row in options})
        return set_reach.ToldReach(self.inputs, bids).union.people

    def budget_curve(self, most_at: Callable[[int], int | None] | None) -> list[dict[str, Any]]:
        """Return the sets of other budgets; ``most_at`` gives the largest number of bids at each."""
        points = curves.budget_curve(self.market, self.limits, chosen=self.options, most_at=most_at)
        return [
            {
                "factor": point.factor,
                "budget": self.inputs.money(point.budget),
                "spend": self.inputs.money(point.spend),
                "effective": point.people,
                "careful": self._careful(point.options),
                "bids": len(point.options),
            }
            for point in points
        ]

    def frontier(self) -> list[dict[str, Any]]:
        """Return the sets within lower limits on intrusiveness."""
        return [
            {
                "intrusiveness": point.intrusiveness,
                "effective": point.people,
                "careful": self._careful(point.options),
                "bids": len(point.options),
            }
            for point in curves.frontier(self.market, self.limits)
        ]

    def costly(self) -> list[dict[str, Any]]:
        """Return the limits that cost many effective people, with the set without each."""
        lines = []
        for one in buyer_limits.costly(self.market, self.limits, self.options, self.effective, self.inputs.currency):
            percent = 100 * (one.value / self.effective - 1) if self.effective > 0 else None
            lines.append(
                {
                    "code": one.code,
                    "change": one.change,
                    "effective": one.value,
                    "careful": self._careful(one.options),
                    "percent_more": percent,
                    **messages.costly(one.code, one.value, percent, json.dumps(one.change))._asdict(),
                }
            )
        return lines
