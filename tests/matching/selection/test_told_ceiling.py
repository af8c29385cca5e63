"""The ceiling on what a bid adds is one figure: as it is searched, told, and asked when a set is confirmed."""

import dataclasses

import numpy as np
import pytest

from marketplace.matching.overlap import coverage
from marketplace.matching.selection import messages, outcome, set_verification
from marketplace.matching.selection.broken_wishes import broken_wishes
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver import explain, search
from marketplace.matching.selection.solver.problem import over_ceiling, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from marketplace.matching.selection.telling import told_ceiling
from tests.matching.selection import make, markets


def limited(inputs: SetInputs, times: float = 1.1) -> SelectionLimits:
    """A budget for a third of all bids, and what half of them cost alone, and a little more, as the ceiling."""
    market = inputs.market()
    units, rates = market.everybody()
    dear = float(np.median(1000 * market.prices / coverage.people(rates, units)))
    return SelectionLimits(budget=int(market.prices.sum() / 3), ceiling=round(dear * times))


def confirmed(inputs: SetInputs, limits: SelectionLimits, result: dict[str, object], ceiling: int) -> list[str]:
    """Return what a confirmation of the set would say of a ceiling."""
    ids = {line["bid_id"] for line in result["chosen"]}  # type: ignore[attr-defined]
    bids = [bid._replace(status="accepted" if bid.bid_id in ids else "open") for bid in inputs.bids]
    wishes = {
        "budget": {"amount_minor": limits.budget, "currency": "CNY"},
        "must": [],
        "never": [],
        "bids_min": 0,
        "bids_max": None,
        "caps": {},
        "contacts_per_person_max": None,
        "intrusiveness_max": None,
        "ad_load_max": None,
        "ceiling_per_thousand": {"amount_minor": ceiling, "currency": "CNY"},
    }
    return [one.code for one in broken_wishes(wishes, dataclasses.replace(inputs, bids=bids), [])]


def test_what_is_told_keeps_the_ceiling_and_is_what_a_confirmation_asks() -> None:
    by_the_search_alone = 0
    for seed in range(4):
        inputs = make.some(24, 12, seed, options=1)
        limits = limited(inputs)
        assert limits.ceiling is not None
        alone = search.choose(inputs.market(), limits)
        by_the_search_alone += bool(told_ceiling.over(inputs, limits, alone.options))
        found = outcome.search(inputs, limits)
        result = outcome.describe(inputs, limits, found, choices=2)
        assert result["chosen"]
        dearest = max(line["per_thousand_added"]["amount_minor"] for line in result["chosen"])
        assert dearest <= limits.ceiling
        for line in result["chosen"]:
            lost = line["people_lost_without"]
            assert line["per_thousand_added"]["amount_minor"] == round(1000 * line["price"]["amount_minor"] / lost)
        assert sum(line["people_added"] for line in result["chosen"]) == pytest.approx(result["reach"]["careful"])
        assert result["chosen"][-1]["people_added"] == pytest.approx(result["chosen"][-1]["people_lost_without"])
        assert confirmed(inputs, limits, result, round(limits.ceiling)) == []
        assert "over_added_ceiling" in confirmed(inputs, limits, result, dearest - 1)
        proof = result["proof"]
        assert set_verification.verify(inputs, limits, result, proof["effective"], proof["bound"]).faults == ()
    # Sets that keep the ceiling as it is searched do break it as it is told: else this test could not fail.
    assert by_the_search_alone >= 2


def test_a_member_that_a_bid_would_push_over_the_ceiling_is_named_and_the_bid_itself_is_not() -> None:
    """Any set may be explained; with a single member, a bid that takes its people often stands well itself."""
    named = 0
    market = markets.market(30, 2, 0, two_options=False, barred=(None,) * 30)
    limits = SelectionLimits(budget=int(market.prices.sum()), ceiling=markets.ceiling(market))
    problem = prepare(market, limits)
    for member, row in enumerate(problem.rows.tolist()):
        for line in explain.explain(market, limits, (row,)):
            if line.reason not in ("over_added_ceiling", "member_over_ceiling") or line.row not in problem.rows:
                continue
            number = int(np.flatnonzero(problem.rows == line.row)[0])
            over = over_ceiling(problem, [member, number])
            assert (number in over) == (line.reason == "over_added_ceiling")
            if line.reason == "member_over_ceiling":
                named += 1
                assert line.numbers["member"] == row
                assert line.numbers["stands_at"] > line.numbers["ceiling"] == limits.ceiling
    assert named >= 3


def test_the_proof_says_what_its_bound_leaves_out() -> None:
    inputs = make.some(40, 24, 1, options=1)
    limits = dataclasses.replace(limited(inputs), contacts_per_person=3.0)
    proof = outcome.describe(inputs, limits, outcome.search(inputs, limits), choices=0)["proof"]
    assert proof["certificate"] < 1
    assert "leaves out the ceiling per 1,000 people, the limit on contacts" in proof["en"]
    assert "上界未计入每千人费用上限、人均触达次数上限" in proof["zh"]
    assert "leaves out" not in messages.proof(1.0, "proved", ["ceiling_per_thousand"]).en
    assert "leaves out" not in messages.proof(0.9, "bound").en
