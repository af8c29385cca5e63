"""The constraints of a selection, as they are stored with it and as the optimiser takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.core import ids
from marketplace.core.errors import FieldError
from marketplace.core.money import Money
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver.problem import CannotKeep
from marketplace.matching.selection.solver.selection_market import GROUPS, SelectionLimits


def document(loaded: Mapping[str, Any], currency: str, budget_minor: int) -> dict[str, Any]:
    """Return the wishes as JSON values for storage, with the brief's budget if they name none."""
    budget = loaded["budget"]
    amount = budget_minor if budget is None else budget.amount
    stored = {
        name: loaded[name]
        for name in (
            "bids_min",
            "bids_max",
            "caps",
            "contacts_per_person_max",
            "intrusiveness_max",
            "ad_load_max",
            "lift_ceiling",
            "prove",
            "time_limit_s",
        )
        if name in loaded
    }
    return {
        "budget": {"amount_minor": amount, "currency": currency},
        "must": [ids.show("bid", bid) for bid in loaded["must"]],
        "never": [ids.show("bid", bid) for bid in loaded["never"]],
        **stored,
    }


def validation_errors(loaded: Mapping[str, Any], currency: str, known: Sequence[str]) -> list[FieldError]:
    """Return the errors of wishes that contradict themselves or name a bid that cannot be chosen on this brief.

    ``known`` are the public ids of the bids that can.
    """
    errors = []
    budget, bids_max = loaded["budget"], loaded["bids_max"]
    if budget is not None and budget.currency != currency:
        errors.append(FieldError("/budget/currency", f"Must be the brief's currency, {currency}."))
    if bids_max is not None and bids_max < loaded["bids_min"]:
        errors.append(FieldError("/bids_max", "Must not be less than `bids_min`."))
    known_bids = set(known)
    for name in ("must", "never"):
        for index, bid in enumerate(loaded[name]):
            if ids.show("bid", bid) not in known_bids:
                errors.append(FieldError(f"/{name}/{index}", "This brief has no such bid to choose."))
    for index, bid in enumerate(loaded["never"]):
        if bid in loaded["must"]:
            errors.append(FieldError(f"/never/{index}", "The same bid is in `must`."))
    return errors


def rows_of(inputs: SetInputs) -> dict[str, int]:
    """Return the row of each bid by its public id."""
    return {bid.bid_id: row for row, bid in enumerate(inputs.bids)}


def limits(wishes: Mapping[str, Any], inputs: SetInputs) -> SelectionLimits:
    """Return the stored wishes as limits. Accepted bids are in every set, because the budget pays for them.

    Raises CannotKeep if a bid that must be in the set stands no more.
    """
    row_of = rows_of(inputs)
    accepted = {row for row, bid in enumerate(inputs.bids) if bid.status == "accepted"}
    gone = [bid for bid in wishes["must"] if bid not in row_of]
    if gone:
        raise CannotKeep(f"A bid that must be in the set stands no more: {', '.join(gone)}.")
    caps = wishes["caps"]
    return SelectionLimits(
        budget=wishes["budget"]["amount_minor"],
        least=wishes["bids_min"],
        most=wishes["bids_max"],
        caps={name: caps[name] for name in GROUPS if caps.get(name) is not None},
        must=frozenset({row_of[bid] for bid in wishes["must"]} | accepted),
        never=frozenset(row_of[bid] for bid in wishes["never"] if bid in row_of),
        contacts_per_person=wishes["contacts_per_person_max"],
        intrusiveness=wishes["intrusiveness_max"],
        ad_load=wishes["ad_load_max"],
    )


def budget(wishes: Mapping[str, Any]) -> Money:
    return Money(wishes["budget"]["currency"], wishes["budget"]["amount_minor"])
