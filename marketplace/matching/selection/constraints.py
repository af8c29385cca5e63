"""The constraints of a selection, as they are stored with it and as the optimiser takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.core import ids
from marketplace.core.errors import FieldError
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.matching.selection import buyer_limits
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver.problem import CannotKeep
from marketplace.matching.selection.solver.selection_market import GROUPS, SelectionLimits

# The limits that every set has: a request that names none of them has the default.
BUYERS = ("handling_per_deal", "smallest_bid", "largest_share", "bids_max")
_MONEY = ("budget", "handling_per_deal", "smallest_bid")


def document(
    loaded: Mapping[str, Any], currency: str, budget_minor: int, ceiling_minor: int | None = None
) -> dict[str, Any]:
    """Return the wishes as JSON values for storage, with the brief's budget if they name none, and the defaults of the
    limits that they leave open, whose names are in `by_default`. ``ceiling_minor``: the brief's own."""
    amount = budget_minor if loaded["budget"] is None else loaded["budget"].amount
    by_default = [name for name in BUYERS if loaded[name] is None]
    given = {name: _stored_value(loaded[name]) for name in BUYERS if loaded[name] is not None}
    stored = {
        name: loaded[name]
        for name in (
            "bids_min",
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
    limits = {**buyer_limits.defaults(Money(currency, amount), loaded), **given}
    ceiling = None if loaded["lift_ceiling"] or ceiling_minor is None else ceiling_minor
    return {
        "budget": _money(currency, amount),
        "must": [ids.show("bid", bid) for bid in loaded["must"]],
        "never": [ids.show("bid", bid) for bid in loaded["never"]],
        **{name: _money(currency, value) if name in _MONEY else value for name, value in limits.items()},
        "ceiling_per_thousand": None if ceiling is None else _money(currency, ceiling),
        "by_default": by_default,
        **stored,
    }


def _stored_value(value: Any) -> Any:
    return value.amount if isinstance(value, Money) else value


def _money(currency: str, minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": currency}


def validation_errors(loaded: Mapping[str, Any], currency: str, known: Sequence[str]) -> list[FieldError]:
    """Return the errors of wishes that contradict themselves or name a bid that cannot be chosen on this brief.

    ``known`` are the public ids of the bids that can.
    """
    errors = []
    bids_max = loaded["bids_max"]
    for name in _MONEY:
        if loaded[name] is not None and loaded[name].currency != currency:
            errors.append(
                FieldError(
                    f"/{name}/currency",
                    Bilingual(f"必须用需求的货币 {currency}。", f"Must be the brief's currency, {currency}."),
                )
            )
    if bids_max is not None and bids_max < loaded["bids_min"]:
        errors.append(FieldError("/bids_max", Bilingual("不能小于 `bids_min`。", "Must not be less than `bids_min`.")))
    known_bids = set(known)
    for name in ("must", "never"):
        for index, bid in enumerate(loaded[name]):
            if ids.show("bid", bid) not in known_bids:
                errors.append(
                    FieldError(
                        f"/{name}/{index}",
                        Bilingual("这个需求没有可以选的这个报价。", "This brief has no such bid to choose."),
                    )
                )
    for index, bid in enumerate(loaded["never"]):
        if bid in loaded["must"]:
            errors.append(
                FieldError(f"/never/{index}", Bilingual("`must` 里有同一个报价。", "The same bid is in `must`."))
            )
    return errors


def rows_of(inputs: SetInputs) -> dict[str, int]:
    """Return the row of each bid by its public id."""
    return {bid.bid_id: row for row, bid in enumerate(inputs.bids)}


def limits(wishes: Mapping[str, Any], inputs: SetInputs) -> SelectionLimits:
    """Return the stored wishes as limits. Accepted bids are in every set, because the budget pays for them.

    Wishes of older releases have no limits of a buyer, and none is read into them. Raises CannotKeep if a bid that must
    be in the set stands no more.
    """
    row_of = rows_of(inputs)
    accepted = {row for row, bid in enumerate(inputs.bids) if bid.status == "accepted"}
    gone = [bid for bid in wishes["must"] if bid not in row_of]
    if gone:
        raise CannotKeep(
            f"有个必选的报价已不在：{', '.join(gone)}。",
            f"A bid that must be in the set stands no more: {', '.join(gone)}.",
        )
    caps, must = wishes["caps"], frozenset({row_of[bid] for bid in wishes["must"]} | accepted)
    most = wishes["bids_max"]
    if "bids_max" in wishes.get("by_default", ()):
        # A default gives way to what the brand has said.
        most = max(most, len(must), wishes["bids_min"])
    return SelectionLimits(
        budget=wishes["budget"]["amount_minor"],
        least=wishes["bids_min"],
        most=most,
        caps={name: caps[name] for name in GROUPS if caps.get(name) is not None},
        must=must,
        never=frozenset(row_of[bid] for bid in wishes["never"] if bid in row_of),
        contacts_per_person=wishes["contacts_per_person_max"],
        intrusiveness=wishes["intrusiveness_max"],
        ad_load=wishes["ad_load_max"],
        handling=_minor(wishes, "handling_per_deal"),
        ceiling=_minor(wishes, "ceiling_per_thousand") or None,
        smallest=_minor(wishes, "smallest_bid"),
        share=wishes.get("largest_share"),
    )


def _minor(wishes: Mapping[str, Any], name: str) -> int:
    """Return the minor units of an amount that wishes of older releases do not have; 0 without one."""
    amount = wishes.get(name)
    return 0 if amount is None else int(amount["amount_minor"])


def budget(wishes: Mapping[str, Any]) -> Money:
    return Money(wishes["budget"]["currency"], wishes["budget"]["amount_minor"])
