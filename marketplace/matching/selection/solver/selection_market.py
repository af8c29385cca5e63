"""The market that a selection chooses from and its limits: plain arrays, one row for each option of each bid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.overlap.coverage import PeopleUnits

GROUPS = ("agency", "platform", "niche")


class ReachedPeople(NamedTuple):
    """Everybody whom n options reach, whether they notice or not: units of people and exposure rates [n, U] in them."""

    units: PeopleUnits
    rates: Floats


@dataclass(frozen=True, eq=False)
class SelectionMarket:
    """n options of bids on one brief.

    ``rates`` [n, U]: exposure rates of the careful forecast in each unit (see coverage). ``prices`` [n]: the most that
    the option may cost in minor units, so that a budget is never exceeded. ``bids`` and ``creators`` [n]: numbers; at
    most one option of a bid and of a creator is chosen. ``tie_breakers`` [n]: what orders a bid among equals, with
    the option's index. ``contacts`` [n]: careful views by people of the target, weighted as the units are.
    ``intrusiveness`` (0..100) and ``ad_load`` (0..1) [n], NaN where not known. ``groups``: for each of GROUPS a number
    [n], -1 for none. ``barred`` [n]: the gate that keeps the option out whatever its price, or None. ``reached``: all
    whom the options reach, where the units count people by what they are worth (None: units and rates are all).
    """

    units: PeopleUnits
    rates: Floats
    prices: Ints
    bids: Ints
    creators: Ints
    tie_breakers: tuple[str, ...]
    contacts: Floats
    intrusiveness: Floats
    ad_load: Floats
    groups: Mapping[str, Ints]
    barred: tuple[str | None, ...]
    reached: ReachedPeople | None = None

    def everybody(self) -> ReachedPeople:
        """Return all whom the options reach, by which contacts and the ceiling are counted."""
        return ReachedPeople(self.units, self.rates) if self.reached is None else self.reached

    def __len__(self) -> int:
        return len(self.prices)


@dataclass(frozen=True)
class SelectionLimits:
    """The limits that a set must keep: the budget in minor units, the number of bids (at least, at most), for a kind of
    group the most bids of any one, the bids that must or must never be in (by their numbers), the mean contacts per
    person reached, and for every single bid its intrusiveness and the ad load of its channel.

    ``handling``: what the work on a deal costs the brand, in minor units; the budget has to hold it beside the price.
    ``ceiling``: the most that a bid may cost, without its handling, in minor units per 1,000 people whom the set would
    lose without it. ``smallest`` and ``share``: the least price of a bid, and the largest as a share of the budget.
    Bids that must be in are bound by none of the limits for a single bid.
    """

    budget: int
    least: int = 0
    most: int | None = None
    caps: Mapping[str, int] = field(default_factory=dict)
    must: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    contacts_per_person: float | None = None
    intrusiveness: float | None = None
    ad_load: float | None = None
    handling: int = 0
    ceiling: float | None = None
    smallest: int = 0
    share: float | None = None
