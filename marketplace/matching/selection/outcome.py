"""Chooses a set from stored inputs and describes the choice. Pure: the same inputs and limits give the same outcome."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from marketplace.bids import option_lengths
from marketplace.core.estimate import known_or_null
from marketplace.core.fingerprint import fingerprint
from marketplace.core.money import Money, show_minor
from marketplace.matching.overlap import coverage, lift_law, set_union, units
from marketplace.matching.selection import band, buyer_limits, messages
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver import chosen_again, exact, explain
from marketplace.matching.selection.solver import problem as problems
from marketplace.matching.selection.solver import search as solver_search
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket
from marketplace.matching.selection.telling import for_bidders, set_reach, told_ceiling
from marketplace.matching.selection.telling.other_sets import ComparedSet

_VERSIONS = {
    "ceiling": told_ceiling.MODEL_VERSION,
    "coverage": coverage.MODEL_VERSION,
    "lift": lift_law.MODEL_VERSION,
    "options": option_lengths.MODEL_VERSION,
    "reach": set_reach.MODEL_VERSION,
    "select": solver_search.MODEL_VERSION,
    "union": set_union.MODEL_VERSION,
    "units": units.MODEL_VERSION,
}
MODEL_VERSION = "s-" + fingerprint(_VERSIONS)[:12]
# The exact solver is worth its time for at most this many options, or if the certificate by the bound alone is below
# the second number; above the third nothing is left to gain.
PROVE_OPTIONS, PROVE_BELOW, PROVED_ENOUGH = 1_000, 0.97, 0.999
GAP = 1e-3
# So many choices are made again for the winning prices of the bids that are out, those nearest to being chosen first;
# two to four settle one. More are made for a set that is stored, and where one bid's price is asked for.
CHOICES_MOST, CHOICES_STORED, CHOICES_OF_ONE = 20, 80, 60

Progress = Callable[[str, int, int | None], None]
CannotKeep = problems.CannotKeep


@dataclass(frozen=True)
class FoundSet:
    """A chosen set: rows of the market, its effective people, which the search maximises, its cost in minor units, the
    bound on the effective people of any set, and how the bound was found: "bound", or how the exact solver stopped."""

    options: tuple[int, ...]
    value: float
    spend: int
    bound: float
    how: str

    @property
    def certificate(self) -> float:
        return min(1.0, self.value / self.bound) if self.bound > 0 else 1.0


def search(inputs: SetInputs, limits: SelectionLimits) -> FoundSet:
    """Return the set that the search finds. Raises CannotKeep if no set keeps the limits."""
    return _searched(inputs, inputs.market(), limits)


def _searched(inputs: SetInputs, market: SelectionMarket, limits: SelectionLimits) -> FoundSet:
    bounds = list[float]()

    def look(asked: SelectionLimits) -> tuple[int, ...]:
        chosen = solver_search.choose(market, asked)
        bounds.append(chosen.bound)
        return chosen.options

    options, _ = told_ceiling.kept(inputs, limits, look)
    return _found(market, limits, options, bounds[0], "bound")


def _found(
    market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...], bound: float, how: str
) -> FoundSet:
    """Return rows of the market as a set with its value, its price and a bound on any set."""
    problem = problems.prepare(market, limits)
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    members = [place[row] for row in options]
    value = problem.value(members)
    return FoundSet(options, value, problem.price(members), max(bound, value), how)


def worth_proving(inputs: SetInputs, found_set: FoundSet, wish: str) -> bool:
    """Return whether to run the exact solver. The wish is "always", "never", or "auto": by the number of options and by
    how much the bound leaves open."""
    if wish != "auto":
        return wish == "always"
    if found_set.certificate >= PROVED_ENOUGH:
        return False
    return len(inputs.options.prices) <= PROVE_OPTIONS or found_set.certificate < PROVE_BELOW


def prove(inputs: SetInputs, limits: SelectionLimits, time_limit_s: int, progress: Progress) -> FoundSet:
    """Return the exact solver's set and bound. Reports the seconds elapsed of the time limit as progress."""
    market, known = inputs.market(), search(inputs, limits)
    asked = told_ceiling.searched(inputs, limits, known.options)
    problem = problems.prepare(market, asked)
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    start = tuple(sorted(place[row] for row in known.options))

    def report(seconds: float, _: float, __: float) -> bool:
        progress("proving", int(seconds), time_limit_s)
        return True

    result = exact.solve(problem, start, gap=GAP, time_limit_s=time_limit_s, progress=report)
    options = tuple(sorted(problem.rows[list(result.members)].tolist()))
    if told_ceiling.over(inputs, limits, options):
        return known
    return FoundSet(options, result.value, problem.price(result.members), result.bound, result.stopped)


def describe(
    inputs: SetInputs,
    limits: SelectionLimits,
    found_set: FoundSet,
    by_default: Collection[str] = (),
    *,
    choices: int | None = None,
) -> dict[str, Any]:
    """Return everything that is shown about a choice, as JSON values. ``by_default``: the limits that nobody named;
    ``choices``: how many are made again for winning prices (else CHOICES_MOST)."""
    market = inputs.market()
    order = _order(market, found_set.options)
    bids = [int(inputs.options.bid_of[row]) for row in order]
    told = set_reach.ToldReach(inputs, bids, order)
    reached = set_reach.describe(inputs, told, found_set.value)
    asked = told_ceiling.searched(inputs, limits, found_set.options)
    compared = ComparedSet(inputs, market, asked, found_set.options, found_set.value)
    most_at = buyer_limits.most_at(limits) if "bids_max" in by_default else None
    known = _Known(inputs, market, limits, found_set.options, told.part)
    left_out = _left_out(known, CHOICES_MOST if choices is None else choices)
    shown = {
        "chosen": _chosen(inputs, order, told),
        "left_out": left_out,
        "reach": reached,
        **_costs(inputs, limits, found_set, [line["reason"] for line in left_out]),
        "limits": _limits(inputs.currency, limits, by_default),
        "costly": compared.costly(),
        "proof": {
            "effective": found_set.value,
            "bound": found_set.bound,
            "certificate": found_set.certificate,
            "how": found_set.how,
            **messages.proof(found_set.certificate, found_set.how, _unbound(limits))._asdict(),
        },
        "budget_curve": compared.budget_curve(most_at),
        "frontier": compared.frontier(),
        "units": len(inputs.weights),
        "made_of": messages.made_of(
            len(inputs), len(inputs.options.prices), len(inputs.weights), MODEL_VERSION
        )._asdict(),
    }
    return {name: known_or_null(part) for name, part in shown.items()}


def _unbound(limits: SelectionLimits) -> list[str]:
    """Return the codes of the limits that are set and that the bound leaves out."""
    codes = {
        "ceiling_per_thousand": limits.ceiling is not None,
        "contacts_per_person_max": limits.contacts_per_person is not None,
        "bids_min": limits.least > 0,
        **{f"caps_{name}": True for name in limits.caps},
    }
    return [code for code, is_set in codes.items() if is_set]


def _costs(inputs: SetInputs, limits: SelectionLimits, found_set: FoundSet, reasons: Sequence[str]) -> dict[str, Any]:
    """Return what the set costs with its handling, and what the budget has left. ``reasons``: of the bids left out."""
    handling = limits.handling * len(found_set.options)
    left = limits.budget - found_set.spend - handling
    amounts = {"left": left, "spend": found_set.spend, "handling": handling}
    said = messages.budget_left({name: Money(inputs.currency, minor) for name, minor in amounts.items()}, reasons)
    return {
        "spend": inputs.money(found_set.spend),
        "handling": inputs.money(handling),
        "cost": inputs.money(found_set.spend + handling),
        "budget": inputs.money(limits.budget),
        "left": {"amount": inputs.money(left), **said._asdict()},
    }


def _limits(currency: str, limits: SelectionLimits, by_default: Collection[str]) -> list[dict[str, Any]]:
    """Return the limits of a buyer that the set keeps, each with its value."""
    amounts = {
        "handling_per_deal": limits.handling or None,
        "ceiling_per_thousand": limits.ceiling,
        "smallest_bid": limits.smallest or None,
    }
    lines = [
        (code, None, int(minor), show_minor(currency, minor)) for code, minor in amounts.items() if minor is not None
    ]
    shares = [] if limits.share is None else [("largest_share", limits.share, None, f"{limits.share:.0%}")]
    numbers = [] if limits.most is None else [("bids_max", float(limits.most), None, str(limits.most))]
    return [
        {
            "code": code,
            "number": number,
            "money": None if minor is None else {"amount_minor": minor, "currency": currency},
            "by_default": code in by_default,
            **messages.limit(code, text, code in by_default)._asdict(),
        }
        for code, number, minor, text in (*lines, *shares, *numbers)
    ]


def _order(market: SelectionMarket, options: Sequence[int]) -> list[int]:
    """Return the chosen rows in the order of greatest gain: each adds the most people to those before it."""
    # Sorted by what breaks ties, so that equal gains are broken the same way in every run.
    remaining = sorted(options, key=lambda row: market.tie_breakers[row])
    sums, order = np.zeros(len(market.units)), []
    while remaining:
        gains = coverage.people(sums + market.rates[remaining], market.units)
        best = remaining[int(np.argmax(gains))]
        order.append(best)
        sums = sums + market.rates[best]
        remaining.remove(best)
    return order


def _chosen(inputs: SetInputs, order: Sequence[int], told: set_reach.ToldReach) -> list[dict[str, Any]]:
    people_alone, people_added, people_lost = (
        part.tolist() for part in (told.union.alone(), told.added(), told.lost())
    )
    lines, intrusiveness = [], inputs.intrusiveness_of_options()
    for position, (row, bid) in enumerate(zip(order, told.bids, strict=True)):
        price = int(inputs.options.prices[row])
        per_thousand = inputs.money(round(1000 * price / people_lost[position])) if people_lost[position] >= 1 else None
        lines.append(
            {
                **_named(inputs, row, bid),
                "people_alone": people_alone[position],
                "people_added": people_added[position],
                "people_lost_without": people_lost[position],
                "per_thousand_added": per_thousand,
                "intrusiveness": known_or_null(float(intrusiveness[row])),
                **messages.chosen(people_added[position], people_alone[position], people_lost[position])._asdict(),
            }
        )
    return lines


def _named(inputs: SetInputs, row: int, bid: int) -> dict[str, Any]:
    return {
        "bid_id": inputs.bids[bid].bid_id,
        "channel_name": inputs.bids[bid].channel_name,
        "option": int(inputs.options.option[row]),
        "price": inputs.money(inputs.options.prices[row]),
    }


def left_out_bid(inputs: SetInputs, limits: SelectionLimits, bid: str) -> dict[str, Any] | None:
    """Return why a bid is out of the set that is chosen, with the price at which the same choice would take it; None
    where it is chosen, or not among the bids. Raises CannotKeep."""
    found_set = search(inputs, limits)
    reach = told_ceiling.told(inputs, found_set.options)
    lines = _left_out(_Known(inputs, inputs.market(), limits, found_set.options, reach.part), CHOICES_OF_ONE, bid)
    return lines[0] if lines else None


class _Known(NamedTuple):
    """A chosen set: its rows of the market, and the people told for each one that is searched."""

    inputs: SetInputs
    market: SelectionMarket
    limits: SelectionLimits
    options: tuple[int, ...]
    part: float


def _left_out(known: _Known, choices: int, only: str | None = None) -> list[dict[str, Any]]:
    """Return why each bid is out (or one bid alone), one line for each: that of its option that was nearest to being
    chosen. No more than so many choices are made again for their winning prices."""
    inputs, market, limits, options, part = known
    chosen = {int(inputs.options.bid_of[row]) for row in options}
    nearest: dict[int, explain.LeftOut] = {}
    for left_out in explain.explain(market, limits, options, part):
        bid = int(inputs.options.bid_of[left_out.row])
        if bid not in chosen and (bid not in nearest or _gap(inputs, left_out) < _gap(inputs, nearest[bid])):
            nearest[bid] = left_out
    ordered = sorted(nearest.items(), key=lambda item: (_gap(inputs, item[1]), inputs.bids[item[0]].tie_breaker))
    ordered = [(bid, line) for bid, line in ordered if only in (None, inputs.bids[bid].bid_id)]
    prices = _asked_prices(known, choices, [left_out for _, left_out in ordered])
    lines = []
    for bid, left_out in ordered:
        price, settled = prices.get(left_out.row, (None, True))
        wins_at = None if price is None else Money(inputs.currency, price)
        numbers = messages.shown_figures(_with_name(inputs, left_out.numbers), inputs.currency)
        lines.append(
            {
                **_named(inputs, left_out.row, bid),
                "reason": left_out.reason,
                "would_win_at": None if price is None else inputs.money(price),
                "would_win_settled": settled,
                **messages.left_out(left_out.reason, numbers, wins_at, settled)._asdict(),
            }
        )
    return lines


def _asked_prices(known: _Known, choices: int, lines: Sequence[explain.LeftOut]) -> dict[int, tuple[int | None, bool]]:
    """Return for each row with an estimate the price at which the same choice takes it, and whether that is settled;
    no price where it is not.

    The bids that were nearest to being chosen are asked first, because only so many choices are made.
    """
    inputs, market, limits, _, _ = known

    def is_chosen(row: int, price: int) -> bool:
        prices = market.prices.copy()
        prices[row] = price
        there = replace(inputs, options=inputs.options._replace(prices=prices))
        try:
            return row in _searched(there, replace(market, prices=prices), limits).options
        except CannotKeep:
            return False

    asker = chosen_again.PriceAsker(is_chosen, choices)
    found: dict[int, tuple[int | None, bool]] = {}
    for line in lines:
        if line.wins_at is None:
            continue
        asked = chosen_again.AskedPrice(line.wins_at, False)
        if asker.left > 0:
            asked = asker.price(line.row, line.wins_at, limits.smallest, line.most)
        found[line.row] = (asked.price, True) if asked.settled else (None, False)
    return found


def _with_name(inputs: SetInputs, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of a reason with the name of the channel of the member that they are about."""
    if "member" not in numbers:
        return dict(numbers)
    return {**numbers, "member": inputs.bids[int(inputs.options.bid_of[numbers["member"]])].channel_name}


def _gap(inputs: SetInputs, left_out: explain.LeftOut) -> float:
    """Return the share of its price by which a row would have had to be cheaper; infinite if no price would win."""
    price = int(inputs.options.prices[left_out.row])
    return float("inf") if left_out.wins_at is None or price <= 0 else 1 - left_out.wins_at / price


class OutcomeLine(NamedTuple):
    """The outcome for one bid: chosen, or why not, and by how many per cent its price would have had to be lower."""

    chosen: bool
    reason: str | None
    lower_percent_from: float | None
    lower_percent_to: float | None
    zh: str
    en: str


ACCEPTED_BY_ITSELF = OutcomeLine(
    False,
    None,
    None,
    None,
    "不在确认的组合中，但已被单独接受。",
    "It was accepted by itself, outside the confirmed set.",
)


def outcome_line(result: dict[str, Any], bid: str) -> OutcomeLine:
    """Return the outcome for one bid as its own side may know it: chosen, or why not and how far off, in a band."""
    if any(line["bid_id"] == bid for line in result["chosen"]):
        return OutcomeLine(True, None, None, None, "已入选。", "It was chosen.")
    line = next((line for line in result["left_out"] if line["bid_id"] == bid), None)
    if line is None:
        withdrawn = ("选择时该报价已撤回。", "The bid was withdrawn when the choice was made.")
        return OutcomeLine(False, None, None, None, *withdrawn)
    wins_at = line["would_win_at"] and line["would_win_at"]["amount_minor"]
    zh, en = for_bidders.for_bidder(line["reason"])
    if wins_at is None and not line.get("would_win_settled", True):
        return OutcomeLine(False, line["reason"], None, None, zh, en)
    if line["reason"] in for_bidders.OF_PRICE or (wins_at is None and line["reason"] in for_bidders.OF_NO_PRICE):
        # It is the price, though no price was looked for at which a set with the bid would have been chosen.
        return OutcomeLine(False, line["reason"], None, None, zh, en)
    price_band = band.band(line["price"]["amount_minor"], wins_at)
    return OutcomeLine(
        False, line["reason"], price_band.low, price_band.high, f"{zh}{price_band.zh}", f"{en} {price_band.en}"
    )
