"""The rule of two people while many decide at once."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.reviews import review_entry, verdicts
from tests.make import reviews as make
from tests.make.people import Somebody
from tests.reviews.look import API, decisions, events, kinds, path


def at_once(app: Flask, calls: Sequence[tuple[Somebody, str]]) -> list[int]:
    barrier = Barrier(len(calls))

    def one(call: tuple[Somebody, str]) -> int:
        who, url = call
        barrier.wait()
        return app.test_client().post(url, json={"reason": "数据已核对"}, headers=who.once()).status_code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def test_two_approve_at_once_and_both_count(app: Flask) -> None:
    two = make.admins(2)
    for _ in range(5):
        review = make.review(**make.SEVERE)
        assert at_once(app, [(who, path(review.id, "approve")) for who in two]) == [200, 200]
        assert make.of(review.subject_id).status == "approved"
        assert {one.person_id for one in decisions(review.id)} == {who.person_id for who in two}
        assert kinds(review.id) == ["reviews.open", "reviews.second", "reviews.approve"]


@pytest.mark.parametrize("changes", [make.SEVERE, {}], ids=["two", "one"])
def test_one_person_many_times_is_one_decision(app: Flask, changes: dict[str, Any]) -> None:
    [who] = make.admins(1)
    review = make.review(**changes)
    assert Counter(at_once(app, [(who, path(review.id, "approve"))] * 10)) == {200: 1, 409: 9}
    after = make.of(review.subject_id)
    assert (after.status, after.version) == ("second" if changes else "approved", 2)
    assert len(decisions(review.id)) == 1


def test_ten_people_are_two_decisions(app: Flask) -> None:
    review = make.review(**make.SEVERE)
    codes = at_once(app, [(who, path(review.id, "approve")) for who in make.admins(10)])
    assert Counter(codes) == {200: 2, 409: 8}
    assert [decision.verdict for decision in decisions(review.id)] == ["approve", "approve"]
    assert make.of(review.subject_id).status == "approved"


def test_approved_or_rejected_never_both(app: Flask) -> None:
    review = make.review()
    calls = [(who, path(review.id, ("approve", "reject")[n % 2])) for n, who in enumerate(make.admins(8))]
    assert Counter(at_once(app, calls)) == {200: 1, 409: 7}
    [decision] = decisions(review.id)
    assert make.of(review.subject_id).status == {"approve": "approved", "reject": "rejected"}[decision.verdict]


def test_fifty_at_once_leave_one_order_and_a_trail_that_tells_it(app: Flask) -> None:
    admins, bid_id = make.admins(6), new_id()
    make.put(bid_id, is_near=False)
    review, barrier = make.of(bid_id), Barrier(50)

    def post(number: int) -> int:
        who, verdict = admins[number % 6], ("approve", "hold", "reject", "override")[number % 4]
        body = {"reason": "数据已核对", **({"overall": number % 3} if verdict == "override" else {})}
        return app.test_client().post(path(review.id, verdict), json=body, headers=who.once()).status_code

    def drop() -> None:
        with db.transaction() as session:
            review_entry.drop(session, [bid_id])

    def ask() -> None:
        with db.transaction() as session:
            review_entry.ask(session, [bid_id])

    others: list[Callable[[], Any]] = [ask, lambda: make.put(bid_id, "b", shared_people=1), drop]

    def one(number: int) -> int:
        barrier.wait()
        if number % 10 == 9:
            others[number // 10 % 3]()
            return 200
        return post(number)

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(one, range(50))) <= {200, 409}
    # Recorded while the review was locked, so that their times are in the order of the steps.
    after, trail = make.of(bid_id), events(review.id)
    moves = [event for event in trail if "after" in event.data]
    # Each step begins where the last one ended, and the last one is what stands.
    for earlier, later in pairwise(moves):
        assert later.data["before"] == earlier.data["after"]
    assert (moves[0].data["before"], moves[-1].data["after"]) == ("deferred", after.status)
    assert after.version == len(trail)
    seen = [decision.seen["version"] for decision in decisions(review.id)]
    assert len(set(seen)) == len(seen)
    if after.override is not None:
        assert (after.status, len(set(after.override["by"]))) == ("approved", 2)


def test_two_decide_the_same_many_in_opposite_orders(app: Flask) -> None:
    two = make.admins(2)
    reviews = [make.review() for _ in range(20)]
    bodies = []
    for verdict, order in (("approve", reviews), ("reject", reviews[::-1])):
        seen = [{"id": ids.show("rvw", one.id), "seen_fingerprint": "a"} for one in order]
        bodies.append({"verdict": verdict, "reason": "数据已核对", "reviews": seen})
    barrier = Barrier(2)

    def one(number: int) -> int:
        barrier.wait()
        headers = two[number].once()
        return app.test_client().post(f"{API}/decisions", json=bodies[number], headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(one, range(2)))
    assert sorted(codes) == [200, 409]
    verdict = ("approved", "rejected")[codes.index(200)]
    assert {make.of(review.subject_id).status for review in reviews} == {verdict}


def test_a_decision_waits_for_whoever_has_read_the_verdict_to_act_on_it(app: Flask) -> None:
    [who] = make.admins(1)
    review = make.standing("approved", who, who)
    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as session:
            assert verdicts.locked_verdicts(session, [review.subject_id])[review.subject_id].lets_pass
            worse = pool.submit(make.put, review.subject_id, "b", shared_people=1)
            assert not wait([worse], timeout=0.5).done
        assert worse.result(timeout=10)
    assert make.of(review.subject_id).status == "open"
