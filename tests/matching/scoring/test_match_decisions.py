"""Matches are decided by people: who may, who reads it, and when a decided one comes back."""

from types import ModuleType

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import Somebody, seat, somebody
from tests.matching import look
from tests.matching.scoring.reviewed_matches import ODD, act, closed_with_risk, codes, of_bid, queue, risky
from tests.reviews.look import events

pytestmark = pytest.mark.usefixtures("own_market")


def test_one_person_on_both_sides_brings_a_bid_before_two_others(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    who, bid = look.offer(there)
    seat(who, there.brand.party_id)
    look.offer(there)
    make.close(there)
    work.settle(worker)
    [review] = queue(client, admins[0], there)
    assert (review["subject_id"], review["needs_two"]) == (ids.show("bid", bid.id), True)
    assert "related_parties" in codes(review)


def test_a_decision_is_taken_back_with_a_reason_while_the_bid_is_open(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there, who, bid, review = closed_with_risk(client, worker, admins[0])
    back = f"/api/v1/bids/{ids.show('bid', bid.id)}/review/reopen"
    body = {"reason": "查错了账号"}
    assert client.post(back, json=body, headers=admins[1].once()).status_code == 409  # nothing is decided yet
    assert act(client, admins[0], review, "reject").json["status"] == "rejected"
    assert client.post(back, json=body, headers=there.brand.once()).status_code == 403
    answer = client.post(back, json=body, headers=admins[1].once())
    assert (answer.status_code, answer.json["review"]["status"], answer.json["review"]["reason"]) == (
        200,
        "waiting",
        None,
    )
    shown = client.get(f"/api/v1/reviews/{review['id']}", headers=admins[0].headers).json
    assert [(one["verdict"], one["reason"]) for one in shown["decisions"]] == [
        ("reject", "数据来源已核对"),
        ("reopen", "查错了账号"),
    ]
    heard = events(bid.id)[-1]
    assert (heard.kind, heard.data["reason"], heard.actor_person_id) == ("bids.reopen_review", "查错了账号", None)
    assert heard.party_ids == sorted([who.party_id, there.brand.party_id])
    # Once the bid is over a decision binds nothing.
    [again] = queue(client, admins[0], there)
    assert act(client, admins[0], again, "reject").json["status"] == "rejected"
    make.decline(there, bid.id)
    late = client.post(back, json=body, headers=admins[1].once())
    assert (late.status_code, late.json["state"]) == (409, "declined")


def test_a_withdrawn_bid_leaves_the_queue_and_is_not_decided(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there, who, bid, review = closed_with_risk(client, worker, admins[0])
    make.withdraw(who, bid.id)
    work.settle(worker)
    assert queue(client, admins[0], there) == []
    refused = act(client, admins[0], review, "approve")
    assert (refused.status_code, refused.json["state"]) == (409, "dropped")
    assert of_bid(client, who, bid.id) is None


def test_both_sides_and_the_agency_read_verdict_and_reason_on_the_bid(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    who = somebody("creator")
    agency = make.agency_of(who.party_id)
    bid = make.place(there, agency, look.channel(who, **ODD), **look.plain())
    make.close(there)
    work.settle(worker)
    [review] = queue(client, admins[0], there)
    assert act(client, admins[0], review, "reject").json["status"] == "rejected"
    for reader in (who, agency, there.brand):
        shown = of_bid(client, reader, bid.id)
        assert (shown["status"], shown["reason"]) == ("rejected", "数据来源已核对")
        assert [risk["code"] for risk in shown["risks"]] == ["suspicious_figures"]
    mine = client.get("/api/v1/bids", headers=who.headers).json["data"]
    assert [one["review"]["status"] for one in mine] == ["rejected"]


def test_two_different_people_agree_on_what_they_both_saw(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there, who = look.market(), somebody("creator")
    bid = make.place(there, who, look.channel(who, **ODD), **look.plain())
    make.close(there)
    work.settle(worker)
    (review,) = queue(client, admins[0], there)
    assert act(client, admins[0], review, "approve").json["status"] == "second"
    assert act(client, admins[0], review, "approve").status_code == 409
    # The facts change between the two: what the first person approved is not there any more.
    make_channels.told(who, bid.channel_id, taken_on="2026-11-08", **ODD, followers=51_000)
    make.rescore(there, admins[2])
    work.settle(worker)
    assert act(client, admins[1], review, "approve").status_code == 409
    (again,) = queue(client, admins[0], there)
    assert (again["status"], again["seen_fingerprint"] != review["seen_fingerprint"]) == ("open", True)
    assert again["seen_fingerprint"] == look.ranking(client, there)["data"][0]["fingerprint"]
    assert act(client, admins[0], again, "approve").json["status"] == "second"
    done = act(client, admins[1], again, "approve").json
    assert (done["status"], len({one["person_id"] for one in done["decisions"]})) == ("approved", 2)
    assert [one["seen"]["fingerprint"] for one in done["decisions"]] == [
        review["seen_fingerprint"],
        again["seen_fingerprint"],
        again["seen_fingerprint"],
    ]
    # Each fitting of the model refreshes what is laid before them; what they did stands between.
    told = [event for event in events(ids.read("rvw", review["id"])) if event.kind != "reviews.refresh"]
    assert [event.kind for event in told] == [
        "reviews.open",
        "reviews.second",
        "reviews.reopen",
        "reviews.second",
        "reviews.approve",
    ]
    assert told[-1].data["seen"]["fingerprint"] == again["seen_fingerprint"]
    assert queue(client, admins[0], there) == []


def test_a_decided_match_comes_back_only_where_something_got_worse(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market(budget=make.cny(20_000_000))
    who, bid = look.offer(there, 10_000_000)
    make.close(there)
    work.settle(worker)
    (review,) = queue(client, admins[0], there)
    assert [act(client, admin, review, "approve").json["status"] for admin in admins[:2]] == ["second", "approved"]
    make_channels.told(who, bid.channel_id, taken_on="2026-11-08", followers=51_000, videos=[])
    make.rescore(there, admins[2])
    assert queue(client, admins[0], there) == []
    make_channels.told(who, bid.channel_id, taken_on="2026-11-09", **ODD)
    make.rescore(there, admins[2])
    (again,) = queue(client, admins[0], there)
    assert (again["id"], again["status"], "suspicious_figures" in codes(again)) == (review["id"], "open", True)


def test_scoring_again_lays_nothing_before_them_again(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    risky(there)
    look.offer(there)
    make.close(there)
    work.settle(worker)
    before = queue(client, admins[0], there)
    make.rescore(there, admins[0])
    after = queue(client, admins[0], there)
    # What the reviewers see is refreshed, and asks nothing of them anew.
    assert [(one["id"], one["status"], codes(one)) for one in after] == [
        (one["id"], one["status"], codes(one)) for one in before
    ]
