"""Acceptance binds and is bound: only open gates let a bid through, in a named option, within the budget."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.models import Channel
from marketplace.core import db, ids
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look
from tests.matching.selection.test_held_back import rule

pytestmark = pytest.mark.usefixtures("own_market")

ODD = {"engagement_rate": 0.9}  # far above the highest of the house's figures: two people have to look


def post(client: FlaskClient, who: Somebody, path: str, body: Any = None) -> Any:
    more = {} if body is None else {"json": body}
    return client.post(f"/api/v1/{path}", headers=who.once(), **more)


def accept(client: FlaskClient, there: make.Market, bid_id: UUID, body: Any = None) -> Any:
    return post(client, there.brand, f"bids/{ids.show('bid', bid_id)}/accept", body)


def gates(answer: Any) -> list[str]:
    assert answer.status_code == 409, answer.json
    assert answer.json["type"].endswith("gates-shut")
    return [gate["code"] for gate in answer.json["gates"]]


def status(client: FlaskClient, who: Somebody, bid_id: UUID) -> str:
    return str(client.get(f"/api/v1/bids/{ids.show('bid', bid_id)}", headers=who.headers).json["status"])


def risky(there: make.Market) -> tuple[Somebody, UUID]:
    who = somebody("creator")
    return who, make.place(there, who, look.channel(who, **ODD), **look.plain()).id


def test_a_calm_bid_is_accepted_without_a_person_and_without_a_body(client: FlaskClient) -> None:
    there = look.market()
    _, bid = look.offer(there)
    make.close(there)
    answer = accept(client, there, bid.id)
    assert (answer.status_code, answer.json["status"], answer.json["accepted_option"]) == (200, "accepted", 0)
    assert answer.json["accepted_cost"] == make.cny(3_000_000)
    assert accept(client, there, bid.id).status_code == 409


def test_a_rejected_and_a_held_bid_are_refused_with_the_reviewers_reason(client: FlaskClient) -> None:
    admin = somebody("platform")
    for verdict, gate in (("hold", "review_held"), ("reject", "review_rejected")):
        there = look.market()
        _, bid_id = risky(there)
        make.close(there)
        assert gates(accept(client, there, bid_id)) == ["review_open"]
        make_reviews.decide(admin, make_reviews.of(bid_id).id, verdict, reason="粉丝为购买所得")
        answer = accept(client, there, bid_id)
        assert gates(answer) == [gate]
        assert "粉丝为购买所得" in answer.json["detail"]
        assert "粉丝为购买所得" in answer.json["gates"][0]["zh"]
        # No word of the brand's sets a person's verdict aside.
        for aside in ({"over_budget": True}, {"despite": ["over_ceiling", "over_tolerance"]}):
            assert gates(accept(client, there, bid_id, aside)) == [gate]
        assert accept(client, there, bid_id, {"despite": [gate]}).status_code == 422
        assert status(client, there.brand, bid_id) == "open"


def test_what_needs_two_people_waits_for_the_second(client: FlaskClient) -> None:
    there = look.market()
    _, bid_id = risky(there)
    make.close(there)
    first, second = make_reviews.admins(2)
    make_reviews.decide(first, make_reviews.of(bid_id).id, "approve")
    assert gates(accept(client, there, bid_id)) == ["review_open"]
    make_reviews.decide(second, make_reviews.of(bid_id).id, "approve")
    assert accept(client, there, bid_id).status_code == 200


def test_a_bid_that_nobody_was_asked_about_is_refused_until_its_brand_asks(client: FlaskClient) -> None:
    there = look.market(tolerance=3)
    _, bid_id = risky(there)
    make.close(there)
    assert "review_needed" in gates(accept(client, there, bid_id))
    assert post(client, there.brand, f"bids/{ids.show('bid', bid_id)}/review").status_code == 200
    assert "review_open" in gates(accept(client, there, bid_id, {"despite": ["over_tolerance"]}))


def test_the_budget_binds_and_only_its_own_word_lifts_it(client: FlaskClient) -> None:
    there = look.market(budget=make.cny(6_000_000))
    bids = [look.offer(there, 2_900_000)[1].id for _ in range(4)]
    make.close(there)
    assert [accept(client, there, bid).status_code for bid in bids[:2]] == [200, 200]
    answer = accept(client, there, bids[2])
    assert gates(answer) == ["over_budget"]
    assert "CNY 2,000.00" in answer.json["gates"][0]["en"]
    assert gates(accept(client, there, bids[2], {"despite": ["over_ceiling"]})) == ["over_budget"]
    assert accept(client, there, bids[2], {"over_budget": True}).status_code == 200


def test_an_option_is_named_and_exists(client: FlaskClient) -> None:
    tiers = ("21-60", "60+")
    there = look.market(deliverables=[{"kind": "video", "count": 1, "length_tiers": [*tiers], "platform": None}])
    options = [
        {"length_tier": "21-60", "amount": make.cny(3_000_000)},
        {"length_tier": "60+", "amount": make.cny(4_500_000)},
    ]
    _, bid = look.offer(there, options=options)
    make.close(there)
    for body in (None, {}, {"option": 2}, {"option": 20}, {"option": -1}, {"option": "1"}, {"choice": 1}):
        assert accept(client, there, bid.id, body).status_code == 422, body
    answer = accept(client, there, bid.id, {"option": 1})
    assert (answer.status_code, answer.json["accepted_option"]) == (200, 1)
    assert answer.json["accepted_cost"] == make.cny(4_500_000)


def test_the_brands_own_limits_are_set_aside_only_by_name(client: FlaskClient) -> None:
    there = look.market(ceiling_per_thousand=make.cny(100))
    _, bid = look.offer(there)
    make.close(there)
    assert gates(accept(client, there, bid.id)) == ["over_ceiling"]
    assert accept(client, there, bid.id, {"despite": ["over_ceiling"]}).status_code == 200


def test_a_promise_elsewhere_and_a_missing_audience_refuse_acceptance(client: FlaskClient) -> None:
    there, other = look.market(), look.market()
    creator, bid = look.offer(there, 1_000_000)
    again = make.place(other, creator, bid.channel_id, **look.plain(1_000_000))
    unknown = make.place(there, **look.plain())
    rule(bid.channel_id, gap_days=15)
    for market in (there, other):
        make.close(market)
    assert gates(accept(client, there, unknown.id)) == ["no_audience_data"]
    assert accept(client, there, bid.id).status_code == 200
    assert gates(accept(client, other, again.id)) == ["pacing_full"]


def test_the_ranking_shows_the_gates_that_acceptance_will_meet(client: FlaskClient) -> None:
    there = look.market(ceiling_per_thousand=make.cny(100))
    look.offer(there)
    risky(there)
    make.place(there, **look.plain())
    make.close(there)
    for line in look.ranking(client, there)["data"]:
        shown = [gate["code"] for gate in line["gates"]]
        assert shown == gates(accept(client, there, ids.read("bid", line["bid_id"])))
        assert all(gate["opens_zh"] and gate["opens_en"] for gate in line["gates"])


def selection(client: FlaskClient, worker: ModuleType, there: make.Market, **wishes: Any) -> Any:
    path = f"briefs/{ids.show('brf', there.brief_id)}/selections"
    answer = post(client, there.brand, path, {"prove": "never", **wishes})
    assert answer.status_code == 202, answer.json
    work.settle(worker)
    return client.get(f"/api/v1/selections/{answer.json['id']}", headers=there.brand.headers).json


def test_confirming_accepts_the_whole_set_in_one_act(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    bids = [look.offer(there, amount)[1].id for amount in (900_000, 1_000_000, 1_100_000)]
    make.close(there)
    chosen = selection(client, worker, there)
    assert len(chosen["result"]["chosen"]) == 3
    answer = post(client, there.brand, f"selections/{chosen['id']}/confirm")
    assert (answer.status_code, answer.json["status"]) == (200, "confirmed")
    assert [status(client, there.brand, bid) for bid in bids] == ["accepted"] * 3


def test_a_stale_selection_is_refused_with_what_has_changed_and_accepts_nothing(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, gone = look.offer(there, 900_000)
    _, kept = look.offer(there, 1_000_000)
    make.close(there)
    chosen = selection(client, worker, there)
    make.decline(there, gone.id)
    answer = post(client, there.brand, f"selections/{chosen['id']}/confirm")
    assert (answer.status_code, ids.show("bid", gone.id) in answer.json["detail"]) == (409, True)
    assert [status(client, there.brand, bid.id) for bid in (gone, kept)] == ["declined", "open"]
    outcome = client.get(f"/api/v1/bids/{ids.show('bid', gone.id)}/outcome", headers=who.headers)
    assert outcome.status_code == 404  # nobody reads "It was chosen" of a bid that was declined


def test_a_selection_made_before_a_rescoring_is_not_confirmed(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    look.offer(there, 900_000)
    make.close(there)
    chosen = selection(client, worker, there)
    make.rescore(there, admin)
    answer = post(client, there.brand, f"selections/{chosen['id']}/confirm")
    assert (answer.status_code, answer.json["state"]) == (409, "rescored")


def test_a_set_with_a_risk_waits_for_its_review_and_is_then_confirmed(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    _, bid_id = risky(there)
    make.close(there)
    chosen = selection(client, worker, there)
    assert [line["bid_id"] for line in chosen["result"]["chosen"]] == [ids.show("bid", bid_id)]
    assert gates(post(client, there.brand, f"selections/{chosen['id']}/confirm")) == ["review_open"]
    for admin in make_reviews.admins(2):
        make_reviews.decide(admin, make_reviews.of(bid_id).id, "approve")
    answer = post(client, there.brand, f"selections/{chosen['id']}/confirm")
    assert answer.json["status"] == "confirmed", answer.json


def test_a_set_over_the_budget_needs_its_own_word(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(budget=make.cny(1_500_000))
    for amount in (900_000, 1_000_000):
        look.offer(there, amount)
    make.close(there)
    chosen = selection(client, worker, there, budget=make.cny(3_000_000))
    assert len(chosen["result"]["chosen"]) == 2
    refused = post(client, there.brand, f"selections/{chosen['id']}/confirm")
    assert (refused.status_code, refused.json["state"]) == (409, "over_budget")
    assert {line["bid_status"] for line in look.ranking(client, there)["data"]} == {"open"}
    answer = post(client, there.brand, f"selections/{chosen['id']}/confirm", {"over_budget": True})
    assert answer.json["status"] == "confirmed", answer.json


def test_after_a_step_back_another_set_takes_the_place_of_the_confirmed_one(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    offers = [look.offer(there, amount) for amount in (900_000, 1_000_000, 1_100_000)]
    make.close(there)
    first = selection(client, worker, there, bids_max=2)
    assert post(client, there.brand, f"selections/{first['id']}/confirm").status_code == 200
    again = post(client, there.brand, f"briefs/{ids.show('brf', there.brief_id)}/selections", {})
    assert again.status_code == 409
    chosen = first["result"]["chosen"][0]["bid_id"]
    who = next(who for who, bid in offers if ids.show("bid", bid.id) == chosen)
    assert post(client, who, f"bids/{chosen}/step-back", {"reason": "档期变了"}).status_code == 200
    told = client.get(f"/api/v1/bids/{chosen}/outcome", headers=who.headers).json
    assert "taken back" in told["en"]
    second = selection(client, worker, there, bids_max=2)
    assert post(client, there.brand, f"selections/{second['id']}/confirm").json["status"] == "confirmed"
    former = client.get(f"/api/v1/selections/{first['id']}", headers=there.brand.headers).json
    assert (former["status"], former["confirmed_at"]) == ("done", None)


def test_two_claimants_of_one_account_are_not_both_chosen_or_accepted(client: FlaskClient, worker: ModuleType) -> None:
    there, owner, impostor = look.market(), somebody("creator"), somebody("creator")
    channels = [look.channel(who) for who in (owner, impostor)]
    with db.transaction() as session:
        claims = sa.update(Channel).where(Channel.id.in_(channels))
        session.execute(claims.values(handle="rc12", account_key="rc12"))
    bids = [
        make.place(there, who, channel_id, **look.plain())
        for who, channel_id in zip((owner, impostor), channels, strict=True)
    ]
    make.close(there)
    assert [line["rival_claims"] for line in look.ranking(client, there)["data"]] == [1, 1]
    assert len(selection(client, worker, there)["result"]["chosen"]) == 1
    assert accept(client, there, bids[1].id).status_code == 200
    assert gates(accept(client, there, bids[0].id)) == ["same_account"]


def test_a_far_too_cheap_option_is_a_matter_for_a_person(client: FlaskClient) -> None:
    tiers = ("21-60", "60+")
    there = look.market(deliverables=[{"kind": "video", "count": 1, "length_tiers": [*tiers], "platform": None}])
    options = [
        {"length_tier": "21-60", "amount": make.cny(3_000_000)},
        {"length_tier": "60+", "amount": make.cny(1)},
    ]
    _, bid = look.offer(there, options=options)
    make.close(there)
    for option in (0, 1):
        assert {"review_open", "price_below_market"} <= set(gates(accept(client, there, bid.id, {"option": option})))


def dearer_option(client: FlaskClient, dear_minor: int, **brief: Any) -> tuple[make.Market, UUID]:
    """A closed brief, and a calm bid of one option at 30,000 and another at this price."""
    tiers = ["21-60", "60+"]
    line = {"kind": "video", "count": 1, "length_tiers": tiers, "platform": None}
    there = look.market(deliverables=[line], **brief)
    options = [{"length_tier": "21-60", "amount": make.cny(3_000_000)}]
    options.append({"length_tier": "60+", "amount": make.cny(dear_minor)})
    _, bid = look.offer(there, options=options)
    make.close(there)
    return there, bid.id


def test_the_ceiling_binds_the_option_that_is_accepted(client: FlaskClient) -> None:
    there, bid_id = dearer_option(client, 9_000_000, ceiling_per_thousand=make.cny(40_000))
    [line] = look.ranking(client, there)["data"]
    assert line["gates"] == [], line
    assert gates(accept(client, there, bid_id, {"option": 1})) == ["over_ceiling"]
    assert accept(client, there, bid_id, {"option": 0}).status_code == 200


def test_a_large_amount_in_any_option_is_a_matter_for_two(client: FlaskClient) -> None:
    there, bid_id = dearer_option(client, 10_000_000, budget=make.cny(90_000_000))
    review = make_reviews.of(bid_id)
    assert "large_amount" in {risk["code"] for risk in review.risks}
    assert gates(accept(client, there, bid_id, {"option": 1})) == ["review_open"]


def test_what_people_approved_counts_as_any_other_bid(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    _, cheap = look.offer(there, 1_000)
    look.offer(there, 3_000_000)
    make.close(there)
    last = look.ranking(client, there)["data"][-1]
    assert (last["bid_id"], "price_below_market" in last["flags"]) == (ids.show("bid", cheap.id), True)
    for admin in make_reviews.admins(2):
        if make_reviews.of(cheap.id).status != "approved":
            make_reviews.decide(admin, make_reviews.of(cheap.id).id, "approve")
    work.settle(worker)
    first = look.ranking(client, there)["data"][0]
    cleared = "price_below_market" not in first["flags"]
    assert (first["bid_id"], cleared, first["gates"]) == (ids.show("bid", cheap.id), True, [])


def test_a_rescoring_keeps_what_two_people_agreed_on(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    _, bid_id = risky(there)
    make.close(there)
    for person in make_reviews.admins(2):
        make_reviews.decide(person, make_reviews.of(bid_id).id, "override", {"intrusiveness": 80.0})
    work.settle(worker)
    make.rescore(there, admin)
    work.settle(worker)
    assert make_reviews.of(bid_id).status == "approved"
    [line] = look.ranking(client, there)["data"]
    assert line["intrusiveness"]["point"] == 80.0
