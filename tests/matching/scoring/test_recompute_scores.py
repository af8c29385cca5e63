"""A match's plan scores follow from the bid's plan and the stored fit."""

import copy
from types import ModuleType

from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.matching.scoring import recompute_scores
from tests.make import work
from tests.matching import look


def test_stored_plan_scores_follow_from_the_plan(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, offered = look.offer(there)
    work.settle(worker)
    match = look.match(client, who, offered.id)
    bid = client.get(f"/api/v1/bids/{ids.show('bid', offered.id)}", headers=who.headers).json
    assert recompute_scores.same_version(match)
    assert match["parts"]["fit"] is not None
    assert list(recompute_scores.faults(bid, match)) == []
    for spoil in ("point", "high"):
        spoilt = copy.deepcopy(match)
        spoilt["intrusiveness"][spoil] += 0.5
        assert [one.split(":")[0] for one in recompute_scores.faults(bid, spoilt)] == [f"/intrusiveness/{spoil}"]
    other = {**bid, "plan": {**bid["plan"], "brands": 4}}
    assert any(one.startswith("/intrusiveness") for one in recompute_scores.faults(other, match))
