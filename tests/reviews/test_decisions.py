"""Many reviews decided for one reason: all or none, each with its own second person."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.ids import new_id
from marketplace.reviews.decisions import MANY
from marketplace.reviews.models import Review
from tests.make import reviews as make
from tests.make.people import Somebody, seat, somebody
from tests.reviews.look import API, decisions, everything, heard, kinds


def body(reviews: list[Review], verdict: str = "approve") -> dict[str, Any]:
    seen = [{"id": ids.show("rvw", one.id), "seen_fingerprint": one.seen_fingerprint} for one in reviews]
    return {"verdict": verdict, "reason": "同一来源，均已核对", "reviews": seen}


def send(client: FlaskClient, who: Somebody, sent: dict[str, Any]) -> Any:
    return client.post(f"{API}/decisions", json=sent, headers=who.once())


@pytest.mark.parametrize(("verdict", "status"), [("approve", "approved"), ("hold", "held"), ("reject", "rejected")])
def test_many_are_decided_for_one_reason(client: FlaskClient, verdict: str, status: str) -> None:
    [who] = make.admins(1)
    reviews = [make.review() for _ in range(4)]
    answer = send(client, who, body(reviews, verdict))
    assert answer.status_code == 200, answer.json
    assert answer.json == {"data": [{"id": ids.show("rvw", one.id), "status": status} for one in reviews]}
    for review in reviews:
        [decision] = decisions(review.id)
        assert (decision.verdict, decision.reason, decision.seen["fingerprint"]) == (
            verdict,
            "同一来源，均已核对",
            "a",
        )
        assert kinds(review.id)[-1] == f"reviews.{verdict}"
        assert heard(review.subject_id)[-1][0] == f"bids.{verdict}_review"


def test_each_still_needs_its_second_person(client: FlaskClient) -> None:
    first, second = make.admins(2)
    reviews = [make.review(**make.SEVERE) for _ in range(3)] + [make.review()]
    answer = send(client, first, body(reviews))
    assert [one["status"] for one in answer.json["data"]] == ["second"] * 3 + ["approved"]
    before = [everything(one.id) for one in reviews]
    again = send(client, first, body(reviews[:3]))
    assert again.status_code == 409
    assert {error["detail"] for error in again.json["errors"]} == {
        "You have approved this already; a second person has to agree."
    }
    assert [everything(one.id) for one in reviews] == before
    assert [one["status"] for one in send(client, second, body(reviews[:3])).json["data"]] == ["approved"] * 3


def test_none_is_decided_if_one_cannot_be_and_each_reason_is_named(client: FlaskClient) -> None:
    who, other = make.admins(2)
    side = somebody("brand")
    seat(who, side.party_id)
    changed, decided = make.review(), make.standing("approved", who, other)
    own, overridden, fine = make.review(parties=[side.party_id]), make.review(), make.review()
    make.decide(other, overridden.id, "override", {"overall": 5.0})
    sent = body([fine, changed, decided, own, overridden])
    sent["reviews"].append({"id": ids.show("rvw", new_id()), "seen_fingerprint": "a"})
    make.put(changed.subject_id, "b")
    reviews = [fine, changed, decided, own, overridden]
    before = [everything(one.id) for one in reviews]
    answer = send(client, who, sent)
    assert answer.status_code == 409
    assert answer.json["detail"].startswith("Nothing was decided.")
    found = {error["pointer"]: error["detail"] for error in answer.json["errors"]}
    assert {pointer: detail.split(".")[0].split(":")[0][:32] for pointer, detail in found.items()} == {
        "/reviews/1": "It changed since you looked",
        "/reviews/2": "Cannot approve while it is appro",
        "/reviews/3": "You are a member of a side of th",
        "/reviews/4": "An override waits for somebody t",
        "/reviews/5": "There is no review " + sent["reviews"][5]["id"][:13],
    }
    assert [everything(one.id) for one in reviews] == before


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reviews": []}, "/reviews"),
        ({"reviews": [{"id": "x", "seen_fingerprint": "a"}]}, "/reviews/0/id"),
        ({"reviews": [{"id": ids.show("rvw", new_id())}]}, "/reviews/0/seen_fingerprint"),
        ({"reviews": [{"id": ids.show("rvw", new_id()), "seen_fingerprint": "a"}] * 2}, "/reviews"),
        (
            {"reviews": [{"id": ids.show("rvw", new_id()), "seen_fingerprint": "a"} for _ in range(MANY + 1)]},
            "/reviews",
        ),
        ({"verdict": "override"}, "/verdict"),
        ({"reason": "a"}, "/reason"),
        ({"overall": 5}, "/overall"),
    ],
)
def test_a_bad_body_is_refused_with_the_place(client: FlaskClient, changes: dict[str, Any], pointer: str) -> None:
    [who] = make.admins(1)
    answer = send(client, who, {**body([make.review()]), **changes})
    assert (answer.status_code, [error["pointer"] for error in answer.json["errors"]]) == (422, [pointer])


def test_a_whole_page_is_decided_at_once(client: FlaskClient) -> None:
    [who] = make.admins(1)
    reviews = [make.review() for _ in range(60)]
    assert {one["status"] for one in send(client, who, body(reviews)).json["data"]} == {"approved"}
