"""A stored choice made again, and its people counted by a synthetic panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.matching.overlap import panel
from marketplace.matching.selection import outcome
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver import problem as problems
from marketplace.matching.selection.solver.problem import SelectionProblem
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from marketplace.matching.selection.telling import set_reach, told_ceiling

# The people told may differ by so much between processors; the search's number may not.
SAME_TOLD = 1e-9
PANEL_SEED, PANEL_ERRORS = 20261123, 4.5
PANEL_SIZE = 60_000_000  # persons in all units times bids, at most


@dataclass(frozen=True)
class Verification:
    """A stored set compared with its limits, its stored value, a new choice and a panel that counts its people.

    `value` and `bound` are effective people. `same_model` is false if an older release chose the set;
    `panel_error` is the panel's standard error in people; `faults` state in words what does not hold.
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
    bound: float,
    model_version: str | None = outcome.MODEL_VERSION,
) -> Verification:
    """Choose again and compare with a stored result, with its effective people (``value``) and with the people told.
    It is no fault if another model chose a different set, or told it otherwise."""
    same_model = model_version == outcome.MODEL_VERSION
    problem = problems.prepare(inputs.market(), limits)
    bid_of, option_of, _ = inputs.options
    row_of = {
        (inputs.bids[bid].bid_id, int(option)): row
        for row, (bid, option) in enumerate(zip(bid_of, option_of, strict=True))
    }
    stored = tuple(sorted(row_of[line["bid_id"], line["option"]] for line in result["chosen"]))
    position = {row: index for index, row in enumerate(problem.rows.tolist())}
    chosen_again = outcome.search(inputs, limits)
    members = [position[row] for row in stored if row in position]
    keeps_limits = len(members) == len(stored) and _keeps(inputs, limits, problem, members)
    persons = PANEL_SIZE // max(1, len(members) * len(problem.units))
    persons = min(max(persons, panel.PERSONS_LEAST), panel.PERSONS_MOST)
    panel_count = panel.count(panel.draw(problem.rates[members], problem.units, PANEL_SEED, persons))
    people = problem.value(members)
    same_set = stored == chosen_again.options
    told, told_before = result["reach"]["careful"], _told(inputs, result)
    same_told = not same_model or abs(told - told_before) <= SAME_TOLD * max(told, told_before)
    # An older release counted in multiples of the effective people, so the last digits may differ.
    same_people = people == value if same_model else abs(people - value) <= SAME_TOLD * max(people, value)
    same_value = same_people and same_told
    faults = {
        "The set does not keep the limits.": not keeps_limits,
        "The set's people are not those that were stored.": not same_value,
        "Choosing again finds a set that reaches more.": (
            same_model and people < chosen_again.value * (1 - problems.SAME)
        ),
        "Choosing again gives another set.": same_model and result["proof"]["how"] == "bound" and not same_set,
        "The panel counts other people than the closed form.": (
            abs(panel_count.people - people) > PANEL_ERRORS * panel_count.error + 1e-6 * people
        ),
    }
    return Verification(
        same_model=same_model,
        same_set=same_set,
        same_value=same_value,
        keeps_limits=keeps_limits,
        value=people,
        bound=bound,
        panel_people=panel_count.people,
        panel_error=panel_count.error,
        faults=tuple(text for text, holds in faults.items() if holds),
    )


def _keeps(inputs: SetInputs, limits: SelectionLimits, problem: SelectionProblem, members: Sequence[int]) -> bool:
    """Return whether a set keeps its limits, the ceiling by the people that are told."""
    rows = problem.rows[list(members)].tolist()
    return not set(problems.broken(problem, members)) - {"ceiling"} and not told_ceiling.over(inputs, limits, rows)


def _told(inputs: SetInputs, result: dict[str, Any]) -> float:
    """Return the people whom a stored set reaches, each once."""
    place = {bid.bid_id: number for number, bid in enumerate(inputs.bids)}
    return set_reach.ToldReach(inputs, [place[line["bid_id"]] for line in result["chosen"]]).union.people
