"""The rule of two people while many decide at once."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from tests.make import reviews as make
from tests.make.people import Somebody
from tests.reviews.look import decisions, kinds, path


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
