"""Chooses from stored inputs and tells the choice. Pure: the same inputs and limits give the same outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.core.fingerprint import fingerprint
from marketplace.core.money import Money
from marketplace.matching.overlap import coverage, panel, units
from marketplace.matching.selection import band, set_reach
from marketplace.matching.selection import messages as words
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver import curves, exact, explain
from marketplace.matching.selection.solver import problem as problems
from marketplace.matching.selection.solver import search as select
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

_VERSIONS = {"coverage": coverage.MODEL_VERSION, "select": select.MODEL_VERSION, "units": units.MODEL_VERSION}
MODEL_VERSION = "s-" + fingerprint(_VERSIONS)[:12]
# The exact solver pays up to so many options, or where the bound alone leaves too much open; nothing is left to gain
# above the last.
PROVE_OPTIONS, PROVE_BELOW, PROVED_ENOUGH = 1_000, 0.97, 0.999
GAP = 1e-3
PANEL_SEED, PANEL_ERRORS = 20261123, 4.5
PANEL_SIZE = 60_000_000  # persons of all units times creators, at most

Progress = Callable[[str, int, int | None], None]
CannotKeep = problems.CannotKeep


@dataclass(frozen=True)
class FoundSet:
    """A chosen set: rows of the market, its careful people, cost and bound, and how the bound was got."""

    options: tuple[int, ...]
    value: float
    spend: int
    bound: float
    how: str

    @property
    def certificate(self) -> float:
        return min(1.0, self.value / self.bound) if self.bound > 0 else 1.0


def search(inputs: SetInputs, limits: SelectionLimits) -> FoundSet:
    """Return the set that the search finds. Raises CannotKeep where no set keeps the limits."""
    found = select.choose(inputs.market(), limits)
    return FoundSet(found.options, found.value, found.spend, found.bound, "bound")


def worth_proving(inputs: SetInputs, found: FoundSet, wish: str) -> bool:
    """Return whether the exact solver is to follow: always or never, or by size and by what the bound left open."""
    if wish != "auto":
        return wish == "always"
    if found.certificate >= PROVED_ENOUGH:
        return False
    return len(inputs.prices) <= PROVE_OPTIONS or found.certificate < PROVE_BELOW


def prove(inputs: SetInputs, limits: SelectionLimits, time_limit_s: int, progress: Progress) -> FoundSet:
    """Return the exact solver's set and bound. Reports the seconds gone of those it has."""
    market = inputs.market()
    problem = problems.prepare(market, limits)
    start = select.search(problem)

    def report(seconds: float, _: float, __: float) -> bool:
        progress("proving", int(seconds), time_limit_s)
        return True

    found = exact.solve(problem, start, gap=GAP, time_limit_s=time_limit_s, progress=report)
    options = tuple(sorted(problem.rows[list(found.members)].tolist()))
    return FoundSet(options, found.value, problem.spend(found.members), found.bound, found.stopped)


def tell(inputs: SetInputs, limits: SelectionLimits, found: FoundSet) -> dict[str, Any]:
    """Return everything that is shown of a choice, as JSON values."""
    market = inputs.market()
    order = _order(inputs, market, found.options)
    bids = [int(inputs.bid_of[row]) for row in order]
    reached = set_reach.told(inputs, bids)
    curve = curves.budget_curve(market, limits, chosen=found.options)
    return {
        "chosen": _chosen(inputs, order, bids),
        "left_out": _left_out(inputs, market, limits, found.options),
        "reach": reached,
        "spend": _money(inputs, found.spend),
        "budget": _money(inputs, limits.budget),
        "proof": {
            "bound": found.bound,
            "certificate": found.certificate,
            "how": found.how,
            **words.proof(found.certificate, found.how),
        },
        "budget_curve": [
            {
                "factor": point.factor,
                "budget": _money(inputs, point.budget),
                "spend": _money(inputs, point.spend),
                "careful": point.people,
                "bids": point.bids,
            }
            for point in curve
        ],
        "frontier": [
            {"intrusiveness": point.intrusiveness, "careful": point.people, "bids": point.bids}
            for point in curves.frontier(market, limits)
        ],
        "units": len(inputs.weights),
        "made_of": words.made_of(len(inputs), len(inputs.prices), len(inputs.weights), MODEL_VERSION),
    }


def _money(inputs: SetInputs, minor: int) -> dict[str, Any]:
    return {"amount_minor": int(minor), "currency": inputs.currency}


def _order(inputs: SetInputs, market: SelectionMarket, options: Sequence[int]) -> list[int]:
    """Return the chosen rows so that each adds the most to those before it, which is how a curve of them reads."""
    left, sums, order = sorted(options, key=lambda row: market.commitments[row]), np.zeros(len(market.units)), []
    while left:
        gains = coverage.people(sums + market.rates[left], market.units)
        best = left[int(np.argmax(gains))]
        order.append(best)
        sums = sums + market.rates[best]
        left.remove(best)
    return order


def _chosen(inputs: SetInputs, order: Sequence[int], bids: Sequence[int]) -> list[dict[str, Any]]:
    alone, added, lost = (part.tolist() for part in set_reach.steps(inputs, bids))
    found = []
    for place, (row, bid) in enumerate(zip(order, bids, strict=True)):
        price = int(inputs.prices[row])
        per_thousand = _money(inputs, round(1000 * price / added[place])) if added[place] >= 1 else None
        found.append(
            {
                **_named(inputs, row, bid),
                "people_alone": alone[place],
                "people_added": added[place],
                "people_lost_without": lost[place],
                "per_thousand_added": per_thousand,
                **words.chosen(added[place], alone[place], lost[place]),
            }
        )
    return found


def _named(inputs: SetInputs, row: int, bid: int) -> dict[str, Any]:
    return {
        "bid_id": inputs.bids[bid],
        "channel_name": inputs.names[bid],
        "option": int(inputs.place[row]),
        "price": _money(inputs, inputs.prices[row]),
    }


def _left_out(
    inputs: SetInputs, market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Return why each bid is out, once for each: of a bid's options the one that was nearest to being in."""
    chosen = {int(inputs.bid_of[row]) for row in options}
    nearest: dict[int, explain.LeftOut] = {}
    for one in explain.explain(market, limits, options):
        bid = int(inputs.bid_of[one.row])
        if bid not in chosen and (bid not in nearest or _gap(inputs, one) < _gap(inputs, nearest[bid])):
            nearest[bid] = one
    found = []
    for bid, one in sorted(nearest.items(), key=lambda item: (_gap(inputs, item[1]), inputs.commitments[item[0]])):
        wins_at = None if one.wins_at is None else Money(inputs.currency, one.wins_at)
        numbers = dict(one.numbers)
        if "budget" in numbers:
            numbers["budget"] = Money(inputs.currency, numbers["budget"]).show()
        found.append(
            {
                **_named(inputs, one.row, bid),
                "reason": one.reason,
                "would_win_at": None if one.wins_at is None else _money(inputs, one.wins_at),
                **words.left_out(one.reason, numbers, wins_at),
            }
        )
    return found


def _gap(inputs: SetInputs, one: explain.LeftOut) -> float:
    """Return by which share of its price a row would have had to be cheaper; infinite where no price would do."""
    price = int(inputs.prices[one.row])
    return float("inf") if one.wins_at is None or price <= 0 else 1 - one.wins_at / price


def verify(
    inputs: SetInputs,
    limits: SelectionLimits,
    result: dict[str, Any],
    value: float,
    model_version: str | None = MODEL_VERSION,
) -> dict[str, Any]:
    """Choose again, hold the stored set against the limits and its own value, and count its people by a panel. A set
    that another model chose is no fault where this one would choose otherwise."""
    same_model = model_version == MODEL_VERSION
    market = inputs.market()
    problem = problems.prepare(market, limits)
    row_of = {
        (inputs.bids[bid], int(place)): row
        for row, (bid, place) in enumerate(zip(inputs.bid_of, inputs.place, strict=True))
    }
    stored = tuple(sorted(row_of[one["bid_id"], one["option"]] for one in result["chosen"]))
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    again = search(inputs, limits)
    members = [place[row] for row in stored if row in place]
    keeps = len(members) == len(stored) and problems.keeps(problem, members)
    persons = PANEL_SIZE // max(1, len(members) * len(problem.units))
    persons = min(max(persons, panel.PERSONS_LEAST), panel.PERSONS_MOST)
    counted = panel.count(panel.draw(problem.rates[members], problem.units, PANEL_SEED, persons))
    real = problem.value(members)
    same_set = stored == again.options
    faults = []
    if not keeps:
        faults.append("The set does not keep the limits.")
    if real != value:
        faults.append("The set's people are not those that were stored.")
    if same_model and real < again.value * (1 - problems.SAME):
        faults.append("Choosing again finds a set that reaches more.")
    if same_model and result["proof"]["how"] == "bound" and not same_set:
        faults.append("Choosing again gives another set.")
    if abs(counted.people - real) > PANEL_ERRORS * counted.error + 1e-6 * real:
        faults.append("The panel counts other people than the closed form.")
    return {
        "same_model": same_model,
        "same_set": same_set,
        "same_value": real == value,
        "keeps_limits": keeps,
        "value": real,
        "bound": result["proof"]["bound"],
        "panel_people": counted.people,
        "panel_error": counted.error,
        "faults": faults,
    }


def fared(result: dict[str, Any], bid: str) -> dict[str, Any]:
    """Return how one bid fared, as its own side may know it: chosen, or why not and how far, in a band."""
    if any(one["bid_id"] == bid for one in result["chosen"]):
        said = {"zh": "已入选。", "en": "It was chosen."}
        return {"chosen": True, "reason": None, "lower_percent_from": None, "lower_percent_to": None, **said}
    one = next((one for one in result["left_out"] if one["bid_id"] == bid), None)
    if one is None:
        said = {"zh": "选择时该报价已撤回。", "en": "The bid was withdrawn when the choice was made."}
        return {"chosen": False, "reason": None, "lower_percent_from": None, "lower_percent_to": None, **said}
    wins_at = one["would_win_at"] and one["would_win_at"]["amount_minor"]
    told = band.band(one["price"]["amount_minor"], wins_at)
    zh, en = words.for_bidder(one["reason"])
    return {
        "chosen": False,
        "reason": one["reason"],
        "lower_percent_from": told.low,
        "lower_percent_to": told.high,
        "zh": f"{zh}{told.zh}",
        "en": f"{en} {told.en}",
    }
