"""Chooses from stored inputs and tells the choice. Pure: the same inputs and limits give the same outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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
    return len(inputs.options.prices) <= PROVE_OPTIONS or found.certificate < PROVE_BELOW


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


def describe(inputs: SetInputs, limits: SelectionLimits, found: FoundSet) -> dict[str, Any]:
    """Return everything that is shown of a choice, as JSON values."""
    market = inputs.market()
    order = _order(inputs, market, found.options)
    bids = [int(inputs.options.bid_of[row]) for row in order]
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
            **words.proof(found.certificate, found.how)._asdict(),
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
        "made_of": words.made_of(len(inputs), len(inputs.options.prices), len(inputs.weights), MODEL_VERSION)._asdict(),
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
        price = int(inputs.options.prices[row])
        per_thousand = _money(inputs, round(1000 * price / added[place])) if added[place] >= 1 else None
        found.append(
            {
                **_named(inputs, row, bid),
                "people_alone": alone[place],
                "people_added": added[place],
                "people_lost_without": lost[place],
                "per_thousand_added": per_thousand,
                **words.chosen(added[place], alone[place], lost[place])._asdict(),
            }
        )
    return found


def _named(inputs: SetInputs, row: int, bid: int) -> dict[str, Any]:
    return {
        "bid_id": inputs.bids[bid].bid_id,
        "channel_name": inputs.bids[bid].channel_name,
        "option": int(inputs.options.place[row]),
        "price": _money(inputs, inputs.options.prices[row]),
    }


def _left_out(
    inputs: SetInputs, market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Return why each bid is out, once for each: of a bid's options the one that was nearest to being in."""
    chosen = {int(inputs.options.bid_of[row]) for row in options}
    nearest: dict[int, explain.LeftOut] = {}
    for one in explain.explain(market, limits, options):
        bid = int(inputs.options.bid_of[one.row])
        if bid not in chosen and (bid not in nearest or _gap(inputs, one) < _gap(inputs, nearest[bid])):
            nearest[bid] = one
    found = []
    for bid, one in sorted(nearest.items(), key=lambda item: (_gap(inputs, item[1]), inputs.bids[item[0]].commitment)):
        wins_at = None if one.wins_at is None else Money(inputs.currency, one.wins_at)
        numbers = dict(one.numbers)
        if "budget" in numbers:
            numbers["budget"] = Money(inputs.currency, numbers["budget"]).show()
        found.append(
            {
                **_named(inputs, one.row, bid),
                "reason": one.reason,
                "would_win_at": None if one.wins_at is None else _money(inputs, one.wins_at),
                **words.left_out(one.reason, numbers, wins_at)._asdict(),
            }
        )
    return found


def _gap(inputs: SetInputs, one: explain.LeftOut) -> float:
    """Return by which share of its price a row would have had to be cheaper; infinite where no price would do."""
    price = int(inputs.options.prices[one.row])
    return float("inf") if one.wins_at is None or price <= 0 else 1 - one.wins_at / price


@dataclass(frozen=True)
class Verification:
    """A stored set held against its limits, its own value, a choice made again and a panel that counts its people.

    `same_model` is false where an older release chose it; `panel_error` is the panel's standard error; `faults` say in
    words what does not hold.
    """

    same_model: bool
    same_set: bool
    same_value: bool
    keeps_limits: bool
    value: float
    bound: float
    panel_people: float
    panel_error: float
    faults: tuple[str, ...]
    inputs_unchanged: bool = True


def verify(
    inputs: SetInputs,
    limits: SelectionLimits,
    result: dict[str, Any],
    value: float,
    model_version: str | None = MODEL_VERSION,
) -> Verification:
    """Choose again and compare. A set that another model chose is no fault where this one would choose otherwise."""
    same_model = model_version == MODEL_VERSION
    problem = problems.prepare(inputs.market(), limits)
    bid_of, option_of, _ = inputs.options
    row_of = {
        (inputs.bids[bid].bid_id, int(option)): row
        for row, (bid, option) in enumerate(zip(bid_of, option_of, strict=True))
    }
    stored = tuple(sorted(row_of[line["bid_id"], line["option"]] for line in result["chosen"]))
    position = {row: index for index, row in enumerate(problem.rows.tolist())}
    chosen_again = search(inputs, limits)
    members = [position[row] for row in stored if row in position]
    keeps = len(members) == len(stored) and problems.keeps(problem, members)
    persons = PANEL_SIZE // max(1, len(members) * len(problem.units))
    persons = min(max(persons, panel.PERSONS_LEAST), panel.PERSONS_MOST)
    counted = panel.count(panel.draw(problem.rates[members], problem.units, PANEL_SEED, persons))
    real = problem.value(members)
    same_set = stored == chosen_again.options
    faults = {
        "The set does not keep the limits.": not keeps,
        "The set's people are not those that were stored.": real != value,
        "Choosing again finds a set that reaches more.": (
            same_model and real < chosen_again.value * (1 - problems.SAME)
        ),
        "Choosing again gives another set.": same_model and result["proof"]["how"] == "bound" and not same_set,
        "The panel counts other people than the closed form.": (
            abs(counted.people - real) > PANEL_ERRORS * counted.error + 1e-6 * real
        ),
    }
    return Verification(
        same_model=same_model,
        same_set=same_set,
        same_value=real == value,
        keeps_limits=keeps,
        value=real,
        bound=result["proof"]["bound"],
        panel_people=counted.people,
        panel_error=counted.error,
        faults=tuple(text for text, holds in faults.items() if holds),
    )


class OutcomeLine(NamedTuple):
    """How one bid fared: chosen, or why not, and by how many per cent its price would have had to be lower."""

    chosen: bool
    reason: str | None
    lower_percent_from: float | None
    lower_percent_to: float | None
    zh: str
    en: str


def line_of_bid(result: dict[str, Any], bid: str) -> OutcomeLine:
    """Return how one bid fared, as its own side may know it: chosen, or why not and how far, in a band."""
    if any(line["bid_id"] == bid for line in result["chosen"]):
        return OutcomeLine(True, None, None, None, "已入选。", "It was chosen.")
    line = next((line for line in result["left_out"] if line["bid_id"] == bid), None)
    if line is None:
        withdrawn = ("选择时该报价已撤回。", "The bid was withdrawn when the choice was made.")
        return OutcomeLine(False, None, None, None, *withdrawn)
    wins_at = line["would_win_at"] and line["would_win_at"]["amount_minor"]
    price_band = band.band(line["price"]["amount_minor"], wins_at)
    zh, en = words.for_bidder(line["reason"])
    return OutcomeLine(
        False, line["reason"], price_band.low, price_band.high, f"{zh}{price_band.zh}", f"{en} {price_band.en}"
    )
