"""Wordings that were stored by an earlier version of the intrusiveness formula are measured anew, and stay."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.models import BidRevision
from marketplace.core import ids
from marketplace.intrusiveness import notice, timeline
from marketplace.intrusiveness.prominence import prominence_range
from marketplace.matching.scoring import numbers, recompute_scores, scored_bid
from tests.bids.look import wordings
from tests.make import work
from tests.make.people import Somebody
from tests.market import owning
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

_AS_BEFORE = sa.text(
    "UPDATE bid_revisions SET plan_version = 'intrusiveness/1', raw_low = array_fill(0.1::float8, ARRAY[10]),"
    " raw_high = array_fill(0.2::float8, ARRAY[10]), prominence_low = 1, prominence_high = 2 WHERE bid_id = :bid_id"
)

_NOTICED_BEFORE = sa.text(
    "UPDATE bid_revisions SET noticed_version = 'noticing/2', noticed = '{0.9, 0.8, 0.95}' WHERE bid_id = :bid_id"
)


def test_a_wording_of_the_first_version_is_scored_by_todays_formula(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, old = look.offer(there)
    _, new = look.offer(there)
    with owning() as session:  # a market never edits a wording
        session.execute(_AS_BEFORE, {"bid_id": old.id})
    bid, match = scored(client, worker, who, old)
    assert match["parts"]["prominence"] == pytest.approx(list(prominence_range(timeline.from_dict(bid["plan"]))))
    # Both bids have the same plan, so the two wordings weigh alike whenever they were stored.
    stored = [wordings(bid_id)[0] for bid_id in (old.id, new.id)]
    assert stored[0].plan == stored[1].plan
    assert [one.plan_version for one in stored] == ["intrusiveness/1", stored[1].plan_version]
    assert len(stored[0].raw_low) == 10


def test_a_share_of_an_earlier_model_is_kept_and_counts_by_todays(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, old = look.offer(there)
    kept = wordings(old.id)[0]
    assert (kept.noticed_version, kept.noticed) == (notice.MODEL_VERSION, list(notice.notice_share(planned(kept))))
    with owning() as session:  # a market never edits a wording
        session.execute(_NOTICED_BEFORE, {"bid_id": old.id})
    _, match = scored(client, worker, who, old)
    assert match["parts"]["noticing"] == pytest.approx(kept.noticed)
    stored = wordings(old.id)[0]
    assert (stored.noticed_version, stored.noticed) == ("noticing/2", [0.9, 0.8, 0.95])


def scored(client: FlaskClient, worker: ModuleType, who: Somebody, offered: ShownBid) -> tuple[Any, Any]:
    """Return a bid and its match, whose plan scores follow from the plan."""
    work.settle(worker)
    match = look.match(client, who, offered.id)
    bid = client.get(f"/api/v1/bids/{ids.show('bid', offered.id)}", headers=who.headers).json
    assert list(recompute_scores.faults(bid, match)) == []
    return bid, match


def planned(revision: BidRevision) -> timeline.Timeline:
    return timeline.from_dict(revision.plan)


def test_a_match_that_was_decided_by_the_first_version_keeps_the_names_of_its_factors() -> None:
    values: dict[str, Any] = {number.name: np.full((1, len(number.parts)), np.nan) for number in numbers.NUMBERS}
    values["intrusion_first"][0] = 0
    values["intrusion_first"][0, 1] = 4.5
    table = numbers.pack(values)[0]
    # It ends where the table ended when it was stored.
    before = table[: numbers.position("intrusion")]
    for stored in (table, before):
        bid = scored_bid.scored_bid(
            stored.tolist(), 0, overall=scored_bid.NOT_KNOWN, currency="CNY", source=None, taken_on=None
        )
        assert bid.parts()["intrusion"] == {"peak": 4.5}
