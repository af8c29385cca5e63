"""A closed brief's matches come before the reviewers with what is risky about them."""

import math
from dataclasses import replace
from types import ModuleType
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.estimate import Estimate
from marketplace.core.ids import new_id
from marketplace.matching.scoring import review_queue, scored_bid
from marketplace.matching.scoring.numbers import WIDTH
from marketplace.matching.scoring.scored_bid import ScoredBid
from marketplace.reviews.models import Review, ReviewStatus
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look
from tests.matching.scoring.reviewed_matches import ODD, act, codes, of_bid, queue, risky
from tests.reviews.look import events

pytestmark = pytest.mark.usefixtures("own_market")

WHOLE = {"CN-GD": 0.6, "CN-SH": 0.4}


def test_nobody_reviews_sealed_bids(client: FlaskClient, worker: ModuleType, admins: list[Somebody]) -> None:
    there = look.market()
    who, bid = risky(there)
    work.settle(worker)
    assert (queue(client, admins[0], there), of_bid(client, who, bid.id)) == ([], None)
    make.close(there)
    work.settle(worker)
    assert len(queue(client, admins[0], there)) == 1
    assert of_bid(client, who, bid.id)["status"] == "waiting"


def test_each_match_is_laid_before_the_reviewers_with_its_own_risks(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    known, odd, dear = (somebody("creator") for _ in range(3))
    before = make.market(there.brand, **look.BRIEF)
    earlier = make.place(before, known, look.channel(known), **look.plain())
    make.close(before)
    make.accept(before, earlier.id)
    bids = {
        "known": make.place(there, known, look.channel(known, **ODD), **look.plain()),
        "odd": make.place(there, odd, look.channel(odd, **ODD), **look.plain()),
        "dear": make.place(there, dear, look.channel(dear), **look.plain(10_000_000)),
    }
    make.close(there)
    work.settle(worker)
    found = {review["subject_id"]: review for review in queue(client, admins[0], there)}
    by_name = {name: found[ids.show("bid", bid.id)] for name, bid in bids.items()}
    assert len(found) == 3
    assert "first_time" not in codes(by_name["known"])
    assert {"first_time", "suspicious_figures"} <= codes(by_name["odd"])
    assert {"first_time", "large_amount", "far_over_ceiling"} <= codes(by_name["dear"])
    assert all(review["needs_two"] for review in by_name.values())
    # A list of the top regions alone is short, and not missing.
    assert all("missing_margins" not in codes(review) for review in by_name.values())
    (large,) = [risk for risk in by_name["dear"]["risks"] if risk["code"] == "large_amount"]
    assert (large["figure"], large["asks"]) == (10_000_000, True)
    urgent = [review["priority"] for review in queue(client, admins[0], there)]
    assert urgent == sorted(urgent)


def test_a_calm_bid_passes_by_rule_and_both_sides_read_that(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    who, bid = look.offer(there)
    untold = make.place(there, **look.plain())
    make.close(there)
    work.settle(worker)
    assert queue(client, admins[0], there) == []
    assert queue(client, admins[0], there, status="deferred") == []
    for reader in (who, there.brand, admins[0]):
        shown = of_bid(client, reader, bid.id)
        assert shown.pop("decided_at")
        assert shown == {"status": "passed_by_rule", "reason": None, "override": None, "risks": []}
    assert of_bid(client, there.brand, untold.id)["status"] == "passed_by_rule"
    listed = client.get(there.offers, headers=there.brand.headers).json["data"]
    assert {one["review"]["status"] for one in listed} == {"passed_by_rule"}
    [event] = [event for event in events(bid.id) if event.kind == "bids.pass_review"]
    assert event.party_ids == sorted([who.party_id, there.brand.party_id])


def test_a_person_decides_about_a_channel_for_children(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    children, grown = somebody("creator"), somebody("creator")
    ages = {"13-17": 0.7, "18-23": 0.3}
    bid = make.place(there, children, look.channel(children, ages=ages), **look.plain())
    make.place(there, grown, look.channel(grown), **look.plain())
    make.close(there)
    work.settle(worker)
    [review] = queue(client, admins[0], there)
    assert review["subject_id"] == ids.show("bid", bid.id)
    [risk] = [risk for risk in review["risks"] if risk["code"] == "for_children"]
    assert (risk["asks"], risk["limit"]) == (True, 0.5)
    assert risk["figure"] == pytest.approx(0.7, abs=0.01)
    vetoes = look.match(client, children, bid.id)["plan"]["vetoes"]
    assert [veto["code"] for veto in vetoes] == ["for_children"]


def test_what_a_gate_keeps_out_is_deferred_and_a_brand_may_ask_for_it(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market(tolerance=3)
    who, bid = risky(there)
    ask = f"/api/v1/bids/{ids.show('bid', bid.id)}/review"
    make.close(there)
    work.settle(worker)
    # Over the tolerance: no person is asked about what a gate keeps out.
    assert queue(client, admins[0], there) == []
    assert [one["subject_id"] for one in queue(client, admins[0], there, status="deferred")] == [
        ids.show("bid", bid.id)
    ]
    assert of_bid(client, who, bid.id)["status"] == "deferred"
    other = somebody("brand")
    assert client.post(ask, headers=other.once()).status_code == 404
    assert client.post(ask, headers=who.once()).status_code == 403
    asked = client.post(ask, headers=there.brand.once())
    assert (asked.status_code, asked.json["review"]["status"]) == (200, "waiting")
    assert [one["subject_id"] for one in queue(client, admins[0], there)] == [ids.show("bid", bid.id)]
    again = client.post(ask, headers=there.brand.once())
    assert (again.status_code, again.json["detail"]) == (409, "It waits for a person already.")


@pytest.mark.parametrize("asker", ["brand", "admin"])
def test_a_bid_that_a_rule_let_pass_is_judged_by_a_person_if_its_brand_or_an_admin_asks(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody], asker: str
) -> None:
    there = look.market()
    who, bid = look.offer(there)
    make.close(there)
    work.settle(worker)
    asks = {"brand": there.brand, "admin": admins[0]}[asker]
    asked = client.post(f"/api/v1/bids/{ids.show('bid', bid.id)}/review", headers=asks.once())
    assert (asked.status_code, asked.json["review"]["status"]) == (200, "waiting"), asked.json
    [review] = queue(client, admins[0], there)
    assert {risk["code"] for risk in review["risks"] if risk["asks"]} == {"asked_for"}
    assert client.get(f"/api/v1/reviews/{review['id']}", headers=admins[0].headers).json["facts"]["asked_for"] is True
    # Other figures, which a rule would let pass, do not answer whoever asked.
    seen = review["seen_fingerprint"]
    make_channels.told(who, bid.channel_id, followers=260_000)
    work.settle(worker)
    rescored = client.post(look.path(there.brief_id, "rescore"), json={"reason": "数据更正"}, headers=admins[0].once())
    assert rescored.status_code == 201, rescored.json
    [review] = queue(client, admins[0], there)
    assert review["seen_fingerprint"] != seen
    assert act(client, admins[0], review, "reject").status_code == 200
    for reader in (who, there.brand):
        assert of_bid(client, reader, bid.id)["status"] == "rejected"
    steps = [(event.kind, event.actor_role) for event in events(bid.id) if event.kind.endswith("_review")]
    assert steps == [("bids.pass_review", "system"), ("bids.ask_review", asker), ("bids.reject_review", "admin")]


def test_a_review_is_asked_for_after_the_close_alone_and_while_the_bid_is_open(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market(tolerance=3)
    who, bid = risky(there)
    ask = f"/api/v1/bids/{ids.show('bid', bid.id)}/review"
    assert client.post(ask, headers=there.brand.once()).status_code == 404
    make.close(there)
    make.decline(there, bid.id)
    assert client.post(ask, headers=there.brand.once()).status_code == 409
    work.settle(worker)
    assert of_bid(client, who, bid.id) is None


def test_the_lead_of_the_ranking_is_asked_about_and_what_other_gates_keep_out_is_not(
    worker: ModuleType, client: FlaskClient, admins: list[Somebody]
) -> None:
    there = look.market(tolerance=30)
    bids = [risky(there)[1] for _ in range(3)]
    with db.transaction() as session:
        # An audience that nothing is known of shuts a gate of its own.
        forget = "UPDATE channels SET snapshot_id = NULL WHERE id = :id"
        session.execute(sa.text("DELETE FROM channel_features WHERE channel_id = :id"), {"id": bids[0].channel_id})
        session.execute(sa.text(forget), {"id": bids[0].channel_id})
    make.close(there)
    assert {one["subject_id"] for one in queue(client, admins[0], there)} == {
        ids.show("bid", bid.id) for bid in bids[1:]
    }


def scored(overall: float | None, cost: float | None, *flags: str) -> tuple[UUID, ScoredBid]:
    point = Estimate(overall, overall, overall)
    nothing = scored_bid.scored_bid([math.nan] * WIDTH, 0, overall=point, currency="CNY", source=None, taken_on=None)
    return new_id(), replace(nothing, cost=Estimate(cost, cost, cost), flags=flags)


def test_the_nearly_chosen_cost_twice_the_budget_together_and_are_ten_at_least() -> None:
    near = review_queue.nearly_chosen
    for cost, most in ((100.0, 20), (5_000.0, 10), (1.0, 30)):
        bids = [scored(50.0 - number, cost) for number in range(30)]
        assert near(bids[::-1], 1_000) == {bid_id for bid_id, _ in bids[:most]}


def test_no_person_is_asked_at_the_close_about_what_a_gate_keeps_out_but_for_the_one_that_a_person_opens() -> None:
    good, unpriced, unscored = scored(40.0, 5.0), scored(40.0, None), scored(None, 5.0)
    over, cheap = scored(90.0, 5.0, "over_tolerance"), scored(80.0, 5.0, "price_below_market")
    untold, elsewhere = scored(70.0, 5.0, "no_audience_data"), scored(60.0, 5.0)
    bids = [good, unpriced, unscored, over, cheap, untold, elsewhere]
    near = review_queue.nearly_chosen(bids, 1_000, kept_out=[elsewhere[0]])
    assert near == {good[0], unscored[0], cheap[0]}
    # It has its place by its score, although it is ranked behind the others.
    many = [scored(40.0, 5_000.0) for _ in range(10)]
    assert cheap[0] in review_queue.nearly_chosen([*many, cheap], 1_000)


def test_a_selection_asks_about_the_chosen_and_the_nearest_left_out(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    bids = [risky(there)[1].id for _ in range(9)]
    make.close(there)
    work.settle(worker)
    with db.transaction() as session:
        deferred = sa.update(Review).where(Review.about_id == there.brief_id).values(status=ReviewStatus.DEFERRED)
        session.execute(deferred)
        lines = [{"bid_id": ids.show("bid", bid)} for bid in bids]
        left_out = [{**line, "would_win_at": None if number == 0 else {}} for number, line in enumerate(lines[2:])]
        assert review_queue.ask_about_set(session, {"chosen": lines[:2], "left_out": left_out}) == 7
    asked = {one["subject_id"] for one in queue(client, admins[0], there)}
    assert asked == {ids.show("bid", bid) for bid in (*bids[:2], *bids[3:8])}


def test_a_finished_selection_opens_what_it_chose(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    _, bid = risky(there)
    make.close(there)
    work.settle(worker)
    with db.transaction() as session:
        session.execute(
            sa.update(Review).where(Review.subject_id == bid.id).values(status=ReviewStatus.DEFERRED),
        )
    started = client.post(look.path(there.brief_id, "selections"), json={"prove": "never"}, headers=there.brand.once())
    assert started.status_code == 202, started.json
    work.settle(worker)
    result = client.get(f"/api/v1/selections/{started.json['id']}", headers=there.brand.headers).json["result"]
    named = {line["bid_id"] for line in result["chosen"]}
    assert {one["subject_id"] for one in queue(client, admins[0], there)} == named == {ids.show("bid", bid.id)}


def test_what_is_risky_is_told_of_the_numbers_that_the_ranking_shows(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there, who = look.market(tolerance=3), somebody("creator")
    bid = make.place(there, who, look.channel(who, genders={}, regions=WHOLE, **ODD), **look.plain())
    make.close(there)
    work.settle(worker)
    (match,) = look.ranking(client, there)["data"]
    (laid,) = queue(client, admins[0], there, status="deferred")
    review = client.get(f"/api/v1/reviews/{laid['id']}", headers=admins[0].headers).json
    assert (review["subject_id"], review["seen_fingerprint"]) == (ids.show("bid", bid.id), match["fingerprint"])
    facts = review["facts"]
    assert facts["intrusiveness_low"] == pytest.approx(match["intrusiveness"]["low"])
    assert facts["intrusiveness_high"] == pytest.approx(match["intrusiveness"]["high"])
    cost = look.told(match)["cost"]["numbers"]["cost"]["value"]
    assert (facts["amount_minor"], facts["currency"], facts["tolerance"]) == (cost, "CNY", 3)
    assert facts["margins_missing"] == 1
    assert {"missing_margins", "surely_over_tolerance"} <= codes(review)
