"""Laying things before the reviewers: once, again with other facts, and after a decision."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from marketplace.core import db
from marketplace.core.ids import new_id
from marketplace.reviews import service
from tests.make import reviews as make
from tests.reviews.look import decisions, events, everything, kinds

pytestmark = pytest.mark.usefixtures("app")


def test_a_thing_is_laid_into_the_queue_with_its_risks_and_facts() -> None:
    about_id, bid_id, sides = new_id(), new_id(), [new_id(), new_id()]
    assert make.put(bid_id, about_id=about_id, parties=[*sides, sides[0]], first_time=True) is True
    review = make.of(bid_id)
    assert (review.subject_kind, review.about_id, review.party_ids) == ("bid", about_id, sorted(sides))
    assert (review.status, review.priority, review.needs_two, review.version) == ("open", 990, False, 1)
    assert [risk["code"] for risk in review.risks] == ["first_time"]
    [event] = events(review.id)
    assert (event.kind, event.actor_role, event.party_ids) == ("reviews.open", "system", [])
    assert event.data == {
        "priority": 990,
        "needs_two": False,
        "risks": review.risks,
        "fingerprint": "a",
        "facts": {**asdict(make.facts(first_time=True)), "snapshot_flags": []},
    }


def test_the_same_fingerprint_changes_nothing() -> None:
    review = make.review()
    before = everything(review.id)
    assert make.put(review.subject_id, **make.SEVERE) is False
    assert everything(review.id) == before


@pytest.mark.parametrize("status", ["open", "held"])
def test_other_facts_of_an_undecided_one_refresh_it(status: str) -> None:
    review = make.standing(status, *make.admins(2))
    side = new_id()
    assert make.put(review.subject_id, "b", parties=[side], **make.SEVERE) is True
    after = make.of(review.subject_id)
    assert (after.status, after.needs_two, after.seen_fingerprint) == (status, True, "b")
    assert (after.version, after.party_ids, after.about_id) == (review.version + 1, [side], review.about_id)
    assert [risk["code"] for risk in after.risks] == ["severe_intrusiveness", "over_tolerance"]
    assert after.priority == 1000 - 10 * (4 + 2)
    assert kinds(review.id)[-1] == "reviews.refresh"
    assert events(review.id)[-1].data["facts"]["intrusiveness_high"] == 70


def test_what_one_of_two_approved_stands_until_its_risks_get_worse() -> None:
    first, second, third = make.admins(3)
    review = make.standing("second", first, second)
    make.put(review.subject_id, "b", **make.SEVERE)
    assert make.of(review.subject_id).status == "second"
    make.put(review.subject_id, "c", **make.SEVERE, first_time=True)
    assert make.of(review.subject_id).status == "open"
    assert kinds(review.id) == ["reviews.open", "reviews.second", "reviews.refresh", "reviews.reopen"]
    make.decide(second, review.id, "approve")
    assert make.of(review.subject_id).status == "second"
    make.decide(third, review.id, "approve")
    assert make.of(review.subject_id).status == "approved"


@pytest.mark.parametrize("status", ["approved", "rejected"])
@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({"first_time": True, "snapshot_age_days": 50}, False),  # the same risk
        ({}, False),  # fewer
        ({"first_time": True, "margins_missing": 1}, True),  # more
        ({"margins_missing": 1}, True),  # another, as urgent as the one before
    ],
)
def test_a_decided_one_is_opened_again_only_where_its_risks_got_worse(
    status: str, changes: dict[str, Any], again: bool
) -> None:
    review = make.standing(status, *make.admins(2), first_time=True)
    assert make.put(review.subject_id, "b", **changes) is True
    after = make.of(review.subject_id)
    assert (after.status, after.seen_fingerprint) == ("open" if again else status, "b")
    assert kinds(review.id)[-1] == ("reviews.reopen" if again else "reviews.refresh")
    assert len(decisions(review.id)) == 1


def test_worse_is_measured_against_what_was_decided_on() -> None:
    review = make.standing("approved", *make.admins(2), first_time=True)
    make.put(review.subject_id, "b")
    make.put(review.subject_id, "c", first_time=True)
    assert make.of(review.subject_id).status == "approved"
    make.put(review.subject_id, "d", first_time=True, snapshot_age_days=None)
    assert make.of(review.subject_id).status == "open"


def test_an_unknown_kind_of_subject_is_refused() -> None:
    bid_id = new_id()
    with pytest.raises(ValueError, match="'deal'"), db.transaction() as session:
        service.put(
            session,
            subject_kind="deal",
            subject_id=bid_id,
            about_id=new_id(),
            parties=[],
            facts=make.facts(),
            fingerprint="a",
        )
    with db.transaction() as session:
        assert (
            service.queue(session, make.admins(1)[0].actor, limit=1, starting_after=None, subject_id=bid_id).data == []
        )


def test_many_at_once_lay_one_review(app: Flask) -> None:
    bid_id, barrier = new_id(), Barrier(12)

    def one(number: int) -> bool:
        barrier.wait()
        return make.put(bid_id, "ab"[number % 2])

    with ThreadPoolExecutor(12) as pool:
        changed = list(pool.map(one, range(12)))
    review = make.of(bid_id)
    told = kinds(review.id)
    assert (told[0], set(told[1:])) == ("reviews.open", {"reviews.refresh"})
    assert sum(changed) == len(told) == review.version
