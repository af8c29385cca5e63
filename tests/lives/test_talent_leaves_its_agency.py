"""An agency has trained its talent for months, and the talent leaves for a bigger house between two episodes.

What was published while the mandate ran is split with the agency that made the deal; what comes out afterwards goes by
the rule that was frozen when the brand paid in. The bigger house has no share of a deal that it did not make.
"""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core.clock import now
from tests.deals import look as deals
from tests.deliverables import look
from tests.lives import look as lives
from tests.make import bids as make_bids
from tests.make import owed as make
from tests.make import people
from tests.make import series as make_series
from tests.make.moments import travel
from tests.make.people import Somebody, somebody

API = "/api/v1"
PRICE, SHARE = 1_000_000, 285_000  # of an episode: 95 % are the maker's side's, 30 % of that the agency's


def _leaves(client: FlaskClient, talent: Somebody) -> None:
    """The talent ends the mandate of the agency that trained it."""
    mandates = client.get(f"{API}/mandates?status=active", headers=talent.headers).json["data"]
    today = people.home_day().isoformat()
    for one in mandates:
        ended = client.post(f"{API}/mandates/{one['id']}/end", json={"ends_on": today}, headers=talent.once())
        assert ended.status_code == 200, ended.json


@pytest.mark.parametrize(("rule", "third"), [("publication", 0), ("agreement", SHARE)])
def test_episode_one_is_split_with_the_old_agency_and_episode_three_by_the_frozen_rule(
    client: FlaskClient, worker: ModuleType, rule: str, third: int
) -> None:
    talent = somebody("creator")
    house = make_bids.agency_of(talent.party_id)
    series = make_series.made(client, talent, episodes=3)
    terms: dict[str, Any] = {"split_day": rule}
    owed = make_series.signed(
        client, series, "冠名", episodes=(1, 2, 3), by=house, price_minor=3 * PRICE, changes=terms
    )
    make.fund(owed)
    drafts = [make.approved_draft(owed, one) for one in owed.ids]

    with travel(make.publish_day()):  # episode 1 comes out with the agency
        assert look.publish(client, house, owed.ids[0], make.told(owed, drafts[0])).status_code == 201
    with travel(make.publish_day() + timedelta(days=1)):
        _leaves(client, talent)
    with travel(make.publish_day() + timedelta(days=3)):
        bigger = somebody("agency")
        people.mandate(bigger, talent.party_id, from_days=0)
        # The old agency acts no more, and the bigger house sees nothing; the talent goes on by itself.
        refused = look.publish(client, house, owed.ids[1], make.told(owed, drafts[1]))
        assert refused.status_code == 403, refused.json
        assert client.get(deals.path(owed.deal_id), headers=bigger.headers).status_code == 404
        assert look.publish(client, talent, owed.ids[1], make.told(owed, drafts[1])).status_code == 201
    with travel(make.publish_day() + timedelta(days=4)):
        assert look.publish(client, talent, owed.ids[2], make.told(owed, drafts[2])).status_code == 201
    with travel(now() + timedelta(days=make.PUBLISHED_AFTER_DAYS + 110)):
        look.clock(worker)

    assert make.deal_status(owed) == "completed"
    assert set(lives.money(client, owed.brand, owed).values()) == {("released", PRICE)}
    kept = lives.earned(client, house)
    assert kept == SHARE + 2 * third
    assert lives.earned(client, talent) == 3 * 950_000 - kept
    assert lives.earned(client, bigger) == 0
    lives.the_ledger_adds_up(client)
    lives.nothing_waits(client, owed)
