"""A market whose first channels have told of no video."""

from types import ModuleType

import pytest
from flask.testing import FlaskClient

from tests.make import work
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def test_the_model_is_fitted_and_the_bid_scored_from_followers(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who = there.creator
    bid = look.make.place(there, who, look.channel(who, videos=[]), **look.plain())
    work.settle(worker)
    assert {job.state for job in work.of("matching.fit-model")} == {"done"}
    reasons = look.told(look.match(client, who, bid.id))
    assert "views_from_followers" in reasons
    assert look.fresh(there.brief_id) == (1, 1)
