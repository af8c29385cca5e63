"""A set tells what keeps each of its members from being accepted now, and confirming it refuses with the same gates."""

from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.matching import look
from tests.matching.gates.test_acceptance import gates, post, risky, selection

pytestmark = pytest.mark.usefixtures("own_market")

TWO = [{"kind": "video", "count": 2, "length_tiers": ["21-60"], "platform": None}]
BOTH = [{"kind": "video", "count": 2, "length_tier": "21-60"}]


def shut(outcome: Any) -> dict[str, list[str]]:
    """The gates of each member by its bid."""
    return {line["bid_id"]: [gate["code"] for gate in line["gates"]] for line in outcome["chosen"]}


def stored(client: FlaskClient, there: make.Market, chosen: Any) -> Any:
    answer = client.get(f"/api/v1/selections/{chosen['id']}", headers=there.brand.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_part_offer_in_a_set_says_so_until_the_brand_takes_it(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(deliverables=TWO, part_offers=True)
    _, whole = look.offer(there, deliverables=BOTH)
    parts = [look.offer(there)[1] for _ in range(2)]
    make.close(there)
    expected = {ids.show("bid", whole.id): [], **{ids.show("bid", part.id): ["part_offer"] for part in parts}}
    tried = post(client, there.brand, f"briefs/{ids.show('brf', there.brief_id)}/what-if", {})
    assert shut(tried.json["outcome"]) == expected
    chosen = selection(client, worker, there)
    assert shut(chosen["result"]) == expected
    path = f"selections/{chosen['id']}/confirm"
    refused = post(client, there.brand, path, {})
    assert gates(refused) == ["part_offer"]
    # All of them at once, so that nobody has to try as many times as there are members.
    assert {one["bid_id"] for one in refused.json["bids"]} == {bid for bid, codes in expected.items() if codes}
    assert "1 more" in refused.json["detail"]
    confirmed = post(client, there.brand, path, {"despite": ["part_offer"]})
    assert confirmed.status_code == 200, confirmed.json
    assert shut(confirmed.json["result"]) == {bid: [] for bid in expected}


def test_a_members_review_opens_its_gate_on_the_set_that_was_chosen_before(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    _, bid_id = risky(there)
    make.close(there)
    chosen = selection(client, worker, there)
    shown = ids.show("bid", bid_id)
    assert shut(chosen["result"]) == {shown: ["review_open"]}
    [line] = chosen["result"]["chosen"]
    assert line["gates"][0]["opens_zh"]
    assert line["gates"][0]["opens_en"]
    for admin in make_reviews.admins(2):
        make_reviews.decide(admin, make_reviews.of(bid_id).id, "approve")
    assert shut(stored(client, there, chosen)["result"]) == {shown: []}
