"""A closed brief's matches come before the reviewers with what is risky about them, and are decided by people."""

from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look
from tests.reviews.look import events

pytestmark = pytest.mark.usefixtures("own_market")

# Far above the highest of the house's figures.
ODD = {"engagement_rate": 0.9}
WHOLE = {"CN-GD": 0.6, "CN-SH": 0.4}


@pytest.fixture(scope="module")
def admins(own_market: None) -> list[Somebody]:
    return make_reviews.admins(3)


def queue(client: FlaskClient, admin: Somebody, there: make.Market, **query: str) -> list[Any]:
    query = {"about_id": ids.show("brf", there.brief_id), "limit": "100", **query}
    answer = client.get("/api/v1/reviews", query_string=query, headers=admin.headers)
    assert answer.status_code == 200, answer.json
    return list(answer.json["data"])


def codes(review: dict[str, Any]) -> set[str]:
    return {risk["code"] for risk in review["risks"]}


def act(client: FlaskClient, who: Somebody, review: dict[str, Any], verdict: str) -> Any:
    body = {"reason": "数据来源已核对", "seen_fingerprint": review["seen_fingerprint"]}
    return client.post(f"/api/v1/reviews/{review['id']}/{verdict}", json=body, headers=who.once())


def test_nobody_reviews_sealed_bids(client: FlaskClient, worker: ModuleType, admins: list[Somebody]) -> None:
    there = look.market()
    look.offer(there)
    work.settle(worker)
    assert queue(client, admins[0], there) == []
    make.close(there)
    work.settle(worker)
    assert len(queue(client, admins[0], there)) == 1


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
        "known": make.place(there, known, look.channel(known), **look.plain()),
        "odd": make.place(there, odd, look.channel(odd, **ODD), **look.plain()),
        "dear": make.place(there, dear, look.channel(dear), **look.plain(10_000_000)),
        "untold": make.place(there, **look.plain()),
    }
    make.close(there)
    work.settle(worker)
    found = {review["subject_id"]: review for review in queue(client, admins[0], there)}
    by_name = {name: found[ids.show("bid", bid.id)] for name, bid in bids.items()}
    assert len(found) == 4
    assert "first_time" not in codes(by_name["known"])
    assert {"first_time", "suspicious_figures"} <= codes(by_name["odd"])
    assert {"first_time", "large_amount", "far_over_ceiling"} <= codes(by_name["dear"])
    assert {"first_time", "no_audience_data"} <= codes(by_name["untold"])
    assert {name: review["needs_two"] for name, review in by_name.items()} == {
        "known": False,
        "odd": True,
        "dear": True,
        "untold": False,
    }
    (large,) = [risk for risk in by_name["dear"]["risks"] if risk["code"] == "large_amount"]
    assert large["figure"] == 10_000_000
    urgent = [review["priority"] for review in queue(client, admins[0], there)]
    assert urgent == sorted(urgent)


def test_what_is_risky_is_told_of_the_numbers_that_the_ranking_shows(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there, who = look.market(tolerance=3), somebody("creator")
    bid = make.place(there, who, look.channel(who, genders={}, regions=WHOLE), **look.plain())
    make.close(there)
    work.settle(worker)
    (match,) = look.ranking(client, there)["data"]
    (laid,) = queue(client, admins[0], there)
    review = client.get(f"/api/v1/reviews/{laid['id']}", headers=admins[0].headers).json
    assert (review["subject_id"], review["seen_fingerprint"]) == (ids.show("bid", bid.id), match["fingerprint"])
    facts = review["facts"]
    assert facts["intrusiveness_low"] == pytest.approx(match["intrusiveness"]["low"])
    assert facts["intrusiveness_high"] == pytest.approx(match["intrusiveness"]["high"])
    cost = look.told(match)["cost"]["numbers"]["cost"]["value"]
    assert (facts["amount_minor"], facts["currency"], facts["tolerance"]) == (cost, "CNY", 3)
    assert facts["margins_missing"] == 1
    assert {"missing_margins", "surely_over_tolerance"} <= codes(review)


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
    there = look.market()
    who, bid = look.offer(there)
    make.close(there)
    work.settle(worker)
    (review,) = queue(client, admins[0], there)
    assert act(client, admins[0], review, "approve").json["status"] == "approved"
    make_channels.told(who, bid.channel_id, taken_on="2026-11-08", followers=51_000, videos=[])
    work.settle(worker)
    assert queue(client, admins[0], there) == []
    make_channels.told(who, bid.channel_id, taken_on="2026-11-09", **ODD)
    work.settle(worker)
    (again,) = queue(client, admins[0], there)
    assert (again["id"], again["status"], "suspicious_figures" in codes(again)) == (review["id"], "open", True)


def test_scoring_again_lays_nothing_before_them_again(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there = look.market()
    look.offer(there)
    make.close(there)
    work.settle(worker)
    before = queue(client, admins[0], there)
    work.ask("matching.score", there.brief_id)
    work.settle(worker)
    assert work.of("matching.score", there.brief_id)[-1].result == {"bids": 1, "changed": 0, "reviews": 0}
    assert queue(client, admins[0], there) == before
