"""The four bids that bought ranks 1 to 4 by words, and their kin, placed over HTTP beside honest bids."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.reviews.models import ReviewStatus
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

BUDGET = 6_000_000
HONEST = (2_000_000, 3_000_000, 4_000_000)
CLAIM = {"actions_per_thousand_views": 0.0001}
BOUGHT: dict[str, dict[str, Any]] = {
    "commission of everything with an order value of one fen": {
        "price": {
            "model": "commission",
            "basis_points": 10_000,
            "order_value": make.cny(1),
            "cap": make.cny(BUDGET),
            **CLAIM,
        }
    },
    "cpa with 0.0001 actions per thousand views": {
        "price": {"model": "cpa", "rate": make.cny(500), "cap": make.cny(BUDGET), **CLAIM}
    },
    "barter declared at one fen": {"price": {"model": "barter", "value": make.cny(1)}},
    "flat one fen": {"price": {"model": "flat", "amount": make.cny(1)}},
    "no exposures": {"plan": {"duration_s": 55, "exposures": [], "brands": 1}},
    "a tenth of a second in the corner": {
        "plan": {
            "duration_s": 55,
            "exposures": [
                {"kind": "logo", "start_s": 40, "seconds": 0.1, "area_share": 0.002, "centre": 0.0, "clarity": 0.9}
            ],
            "brands": 1,
        }
    },
}


def place(client: FlaskClient, there: make.Market, who: Somebody, channel_id: UUID, **changes: Any) -> str:
    """Place a bid over HTTP and return its public id, or "" where the brief refuses its plan."""
    wording = make.document(**look.plain(**changes))
    body = {"channel_id": ids.show("chn", channel_id), **wording}
    answer = client.post(there.offers, json=body, headers=who.once())
    if answer.status_code == 422 and all(error["pointer"].startswith("/plan") for error in answer.json["errors"]):
        return ""
    assert answer.status_code == 201, answer.json
    bid_id: str = answer.json["id"]
    return bid_id


def honest(client: FlaskClient, there: make.Market) -> list[str]:
    people = [somebody("creator") for _ in HONEST]
    return [
        place(client, there, who, look.channel(who), amount_minor=amount)
        for who, amount in zip(people, HONEST, strict=True)
    ]


def ranks(client: FlaskClient, there: make.Market) -> dict[str, Any]:
    return {one["bid_id"]: one for one in look.ranking(client, there)["data"]}


@pytest.mark.parametrize("bought", BOUGHT)
def test_words_buy_no_rank(client: FlaskClient, worker: ModuleType, bought: str) -> None:
    there = look.market(budget=make.cny(BUDGET))
    others = honest(client, there)
    who = somebody("creator")
    bid = place(client, there, who, look.channel(who), **BOUGHT[bought])
    make.close(there)
    work.settle(worker)
    found = ranks(client, there)
    assert [found[other]["rank"] for other in others] == [1, 2, 3]
    # A plan that nobody could notice is refused, or comes last.
    assert found[bid]["rank"] == len(HONEST) + 1 if bid else "plan" in BOUGHT[bought]


SHOWN = {
    "kind": "product",
    "start_s": 20,
    "seconds": 6,
    "area_share": 0.1,
    "centre": 1,
    "saliency": 0.5,
    "clarity": 1,
}
NAMED = {"kind": "speech", "start_s": 1, "seconds": 1, "mentions": 1}
RETOLD: dict[str, list[dict[str, Any]]] = {
    "cut into six": [NAMED, *({**SHOWN, "start_s": 20 + part, "seconds": 1} for part in range(6))],
    "cut into sixty": [NAMED, *({**SHOWN, "start_s": 20 + 0.1 * part, "seconds": 0.1} for part in range(60))],
    "cut into six with gaps": [NAMED, *({**SHOWN, "start_s": 20 + 1.2 * part, "seconds": 1} for part in range(6))],
    "told twice": [NAMED, SHOWN, {**SHOWN, "start_s": 22, "seconds": 4}, NAMED],
    "named again and again": [SHOWN, *({**NAMED, "start_s": 1 + 2 * part, "mentions": 5} for part in range(9))],
    "named in writing": [NAMED, {**SHOWN, "mentions": 50}],
    "left open": [NAMED, {**SHOWN, "seconds": {"low": 6, "high": 30}, "area_share": {"low": 0.1, "high": 1}}],
    "too small to see": [NAMED, SHOWN, {**SHOWN, "start_s": 0, "seconds": 55, "area_share": 0.0001}],
}


def test_the_same_film_told_otherwise_is_noticed_by_no_more(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(budget=make.cny(BUDGET), placement_kinds=["hand_prop", "plot_use", "spoken_mention"])
    plans = {"plainly": [NAMED, SHOWN], **RETOLD}
    bids = {}
    for name, exposures in plans.items():
        who = somebody("creator")
        bids[name] = place(
            client,
            there,
            who,
            look.channel(who),
            amount_minor=HONEST[0],
            plan={"duration_s": 55, "exposures": exposures, "brands": 1},
        )
    make.close(there)
    work.settle(worker)
    found = ranks(client, there)
    shares = {name: found[bid]["parts"]["noticing"] for name, bid in bids.items()}
    for name, (middle, low, _) in shares.items():
        assert middle <= shares["plainly"][0] * 1.005, name
        assert low <= shares["plainly"][1] * 1.005, name
    # Nor does a film disturb less for being told in pieces.
    disturbs = {name: found[bid]["parts"]["intrusiveness"][0] for name, bid in bids.items()}
    for name in ("cut into six", "cut into sixty", "told twice"):
        assert disturbs[name] >= disturbs["plainly"], name


def test_flagged_figures_buy_no_rank_until_a_person_has_cleared_them(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(budget=make.cny(BUDGET))
    others = honest(client, there)
    who = somebody("creator")
    channel = make_channels.channel(who.party_id, language="zh-CN", verticals={"food": 1.0})
    videos = make_channels.videos(*(7_530_000 + 1_009 * number for number in range(6)))
    make_channels.told(who, channel.id, videos=videos, followers=2_297)
    bid = place(client, there, who, channel.id, amount_minor=HONEST[0])
    make.close(there)
    work.settle(worker)
    found = ranks(client, there)
    assert found[bid]["rank"] == len(HONEST) + 1
    assert {"snapshot:views_against_followers", "views_capped"} <= set(found[bid]["flags"])
    assert "views_capped" in look.told(found[bid])
    # Held to its peers, and these are whatever channels the market has.
    assert found[bid]["parts"]["views"][0] < 1_000_000
    for person in make_reviews.admins(2):
        standing = make_reviews.of(ids.read("bid", bid))
        if standing.status != ReviewStatus.APPROVED:
            make_reviews.decide(person, standing.id, "approve")
    work.ask("matching.score", there.brief_id)
    work.settle(worker)
    cleared = ranks(client, there)
    assert cleared[bid]["rank"] == 1
    assert "views_capped" not in cleared[bid]["flags"]
    assert set(others) < set(cleared)


def test_a_claim_of_no_sales_makes_no_bid_free(client: FlaskClient, worker: ModuleType) -> None:
    """With a cap of 50,000 yuan and a claim of no actions a bid scored 100 and was chosen at 0.00."""
    there = look.market(budget=make.cny(BUDGET))
    who = somebody("creator")
    claim = {"actions_per_thousand_views": 0.001}
    price = {"model": "cpa", "rate": make.cny(500), "cap": make.cny(5_000_000), **claim}
    bid = place(client, there, who, look.channel(who), price=price)
    make.close(there)
    work.settle(worker)
    found = ranks(client, there)[bid]
    assert found["parts"]["largest_cost"] == 5_000_000
    answer = client.post(
        look.path(there.brief_id, "what-if"), json={"budget": make.cny(4_999_999)}, headers=there.brand.once()
    )
    assert answer.status_code == 200, answer.json
    assert answer.json["outcome"]["chosen"] == []


def test_the_price_over_the_people_that_are_shown_is_the_cost_that_is_shown(
    client: FlaskClient, worker: ModuleType
) -> None:
    deliverables = [{"kind": "video", "count": 5, "length_tiers": ["21-60"], "platform": None}]
    there = look.market(deliverables=deliverables)
    who = somebody("creator")
    offered = [{"kind": "video", "count": 5, "length_tier": "21-60"}]
    bid = place(client, there, who, look.channel(who), amount_minor=9_000_000, deliverables=offered)
    work.settle(worker)
    parts = look.match(client, who, ids.read("bid", bid))["parts"]
    assert parts["videos"] == 5
    assert parts["per_thousand"][0] == pytest.approx(1000 * 9_000_000 / parts["people"][0], rel=1e-6)
