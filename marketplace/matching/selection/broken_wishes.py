"""Whether a set still keeps the wishes that it was chosen by: with the values as they are read now, and with every bid
that its brief has accepted beside it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from marketplace.core.message import Bilingual
from marketplace.core.money import show_minor
from marketplace.matching.selection import constraints, messages
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver import explain, problem
from marketplace.matching.selection.solver.problem import SelectionProblem
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from marketplace.matching.selection.telling import told_ceiling


@dataclass(frozen=True)
class BrokenWish:
    """A wish that does not hold: its code, the bid that it is about (None: the whole set), and its message."""

    code: str
    bid_id: str | None
    zh: str
    en: str


def broken_wishes(
    wishes: Mapping[str, Any], inputs: SetInputs, settled: Collection[str], *, budget_binds: bool = True
) -> list[BrokenWish]:
    """Return the wishes that the accepted bids of the inputs do not keep.

    ``settled`` are the members of the set that were accepted before it is confirmed: as in a choice, what a single bid
    must not exceed binds them no more, and they count for the rest. ``budget_binds``: whether its budget is checked.
    """
    # Gates are asked where bids are accepted, and some of them may be set aside there.
    inputs = replace(inputs, bids=[bid._replace(gate="") for bid in inputs.bids])
    market, limits = inputs.market(), _limits(wishes, inputs, settled)
    rows = [row for row, bid in enumerate(inputs.options.bid_of.tolist()) if inputs.bids[bid].status == "accepted"]
    if not budget_binds:
        cost = int(market.prices[rows].sum()) + limits.handling * len(rows)
        limits = replace(limits, budget=max(limits.budget, cost))
    held = {row: code for row, code in problem.held_back(market, limits).items() if row in rows}
    # Bids that must be in a set are never held back, so all of them are counted together here.
    whole = problem.unchecked(market, replace(limits, must=frozenset(market.bids[rows].tolist())))
    named = [place for place in whole.must if int(whole.bids[place]) in limits.must]
    whole = replace(whole, budget=max(limits.budget, whole.cost(named)))
    over = told_ceiling.over(inputs, limits, rows)
    adds_little = {row: "over_added_ceiling" for row in over if row not in held}
    return [*_of_bids(inputs, limits, held | adds_little), *_of_set(inputs.currency, whole)]


def _limits(wishes: Mapping[str, Any], inputs: SetInputs, settled: Collection[str]) -> SelectionLimits:
    row_of = constraints.rows_of(inputs)
    named = {row_of[bid] for bid in (*wishes["must"], *settled)}
    return replace(constraints.limits(wishes, inputs), must=frozenset(named))


def _of_bids(inputs: SetInputs, limits: SelectionLimits, held: Mapping[int, str]) -> Iterator[BrokenWish]:
    for row, code in held.items():
        bid = inputs.bids[int(inputs.options.bid_of[row])]
        numbers = messages.shown_figures(explain.figures(limits, code), inputs.currency)
        text = messages.left_out(code, numbers, None)
        yield BrokenWish(code, bid.bid_id, f"{bid.channel_name}：{text.zh}", f"{bid.bid_id}: {text.en}")


def _of_set(currency: str, whole: SelectionProblem) -> Iterator[BrokenWish]:
    members: Sequence[int] = whole.must
    limits = whole.limits
    figures = {
        "bids": len(members),
        "least": limits.least,
        "most": limits.most,
        "limit": limits.contacts_per_person,
        "spend": show_minor(currency, whole.cost(members)),
        "budget": show_minor(currency, limits.budget),
    }
    for code in problem.broken(whole, members):
        if code == "ceiling":
            continue  # asked of each bid, by the people that are told
        text: Bilingual = messages.broken(code, {**figures, "cap": limits.caps.get(code)})
        yield BrokenWish(code, None, text.zh, text.en)
