"""The work of a choice and of its description is bounded, whatever its limits are: counted, not timed."""

import dataclasses
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core.ids import new_id
from marketplace.matching.overlap import coverage
from marketplace.matching.selection import outcome, service
from marketplace.matching.selection.solver import enumeration
from marketplace.matching.selection.solver.problem import prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.make import bids as make_bids
from tests.make import work
from tests.matching import look
from tests.matching.selection import make

# A second counts the people of eight million units; a request may wait for some seconds.
UNITS_MOST = 25_000_000
PLAIN = make.some(26, 40, 0, options=1)


def wide() -> SelectionLimits:
    """A budget for half of all bids, of which the ceiling on what a bid adds keeps out most: sets of it are many."""
    market = PLAIN.market()
    units, rates = market.everybody()
    dear = np.quantile(1000 * market.prices / coverage.people(rates, units), 0.5)
    return SelectionLimits(budget=int(market.prices.sum() * 0.5), ceiling=float(dear) * 1.3, most=50)


def counted(monkeypatch: pytest.MonkeyPatch, limits: SelectionLimits) -> int:
    """Return of how many units the people are counted for a choice with everything that is shown of it."""
    counts = [0]

    def counting(sums: Any, shapes: Any) -> Any:
        counts[0] += np.size(sums)
        # By numpy's own power, which is as right but for the last digits, and a tenth of the work: here only the counts
        # are looked at.
        return 1 - np.power(1 + sums / shapes, -shapes)

    monkeypatch.setattr(coverage, "reached", counting)
    # The choices that are made again are a number of choices; here the work of everything else is counted.
    monkeypatch.setattr(outcome, "CHOICES_MOST", 0)
    outcome.describe(PLAIN, limits, outcome.search(PLAIN, limits), ("bids_max",))
    return counts[0]


@pytest.mark.parametrize(
    "changes",
    [
        *({"intrusiveness": most} for most in (33.3, 53.3)),
        {"ad_load": 0.417},
        {"contacts_per_person": 3.33},
        {"share": 0.333},
        {"smallest": 12_345, "handling": 4_115},
        {"most": 13},
        {"ceiling": 5_271.7},
    ],
    ids=str,
)
def test_no_limit_makes_the_work_run_away(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    assert counted(monkeypatch, dataclasses.replace(wide(), **changes)) <= UNITS_MOST


@pytest.mark.parametrize("counts", [20_000, 200_000])
def test_a_walk_over_all_sets_ends_when_it_has_counted_enough(counts: int) -> None:
    problem = prepare(PLAIN.market(), dataclasses.replace(wide(), intrusiveness=45.3))
    assert len(problem) <= enumeration.OPTIONS_MOST
    once = len(problem) * len(problem.units)
    tree = enumeration._SetTree(problem, None, -1.0, counts, None)
    tree.walked()
    assert tree.left <= 0, "the walk ended by itself: the market is too easy for this test"
    assert tree.left >= -4 * once


def test_a_what_if_computes_while_no_transaction_is_open(
    client: FlaskClient, worker: ModuleType, own_market: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that waits for a computation is ended by the server, and the request fails for it."""
    there = look.market()
    for amount in (1_000_000, 2_500_000, 4_000_000):
        look.offer(there, amount)
    make_bids.close(there)
    work.settle(worker)
    open_transactions: list[int] = []
    watch, choose = sa.create_engine(service.db.Sessions.kw["bind"].url), outcome.search

    def watching(*arguments: Any) -> Any:
        with watch.connect() as connection:
            asked = sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state = 'idle in transaction'"
            )
            open_transactions.append(connection.scalar(asked))
        return choose(*arguments)

    monkeypatch.setattr(outcome, "search", watching)
    headers = {**there.brand.headers, "Idempotency-Key": str(new_id())}
    asked = client.post(look.path(there.brief_id, "what-if"), json={"intrusiveness_max": 33.3}, headers=headers)
    assert asked.status_code == 200, asked.json
    stored = client.post(look.path(there.brief_id, "selections"), json={"intrusiveness_max": 33.3}, headers=headers)
    assert stored.status_code == 202, stored.json
    work.settle(worker)
    done = client.get(f"/api/v1/selections/{stored.json['id']}", headers=there.brand.headers).json
    assert done["status"] == "done", done["message"]
    watch.dispose()
    assert open_transactions == [0, 0]
