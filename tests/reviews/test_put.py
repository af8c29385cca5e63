"""Laying things before the reviewers: once, again with other facts, and after a decision."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.ids import new_id
from marketplace.reviews import review_entry, service, verdicts
from tests.make import reviews as make
from tests.reviews.look import decisions, events, everything, heard, kinds

pytestmark = pytest.mark.usefixtures("app")


def test_a_thing_is_laid_into_the_queue_with_its_risks_and_facts() -> None:
    about_id, bid_id, sides = new_id(), new_id(), [new_id(), new_id()]
    assert make.put(bid_id, about_id=about_id, parties=[*sides, sides[0]], first_time=True) is True
    review = make.of(bid_id)
    assert (review.subject_kind, review.about_id, review.party_ids) == ("bid", about_id, sorted(sides))
    assert (review.status, review.priority, review.needs_two, review.version) == ("open", 960, False, 1)
    assert [(risk["code"], risk["asks"]) for risk in review.risks] == [
        ("price_below_market", True),
        ("first_time", False),
    ]
    [event] = events(review.id)
    assert (event.kind, event.actor_role, event.party_ids) == ("reviews.open", "system", [])
    assert event.data == {
        "priority": 960,
        "needs_two": False,
        "risks": review.risks,
        "fingerprint": "a",
        "facts": {**asdict(make.facts(first_time=True, **make.RISKY)), "snapshot_flags": []},
    }
    assert heard(bid_id) == [("bids.ask_review", sorted(sides), {"brief_id": str(about_id)})]


def test_what_has_notes_alone_passes_by_rule_once_with_an_event_that_both_sides_read() -> None:
    about_id, bid_id, sides = new_id(), new_id(), [new_id(), new_id()]
    notes: dict[str, Any] = {"about_id": about_id, "parties": sides, "below_market": False, "first_time": True}
    assert make.put(bid_id, "a", **notes, margins_missing=2, over_ceiling=9.0) is True
    assert make.put(bid_id, "b", **notes) is False
    assert heard(bid_id) == [
        ("bids.pass_review", sorted(sides), {"brief_id": str(about_id), "fingerprint": "a"}),
    ]
    with db.transaction() as session:
        assert service.queue(session, SYSTEM, limit=1, starting_after=None, subject_id=bid_id).data == []
        assert verdicts.verdicts(session, [bid_id])[bid_id].status == "passed_by_rule"


def test_what_is_far_from_being_chosen_waits_without_being_work_for_anybody() -> None:
    bid_id, about_id = new_id(), new_id()
    assert make.put(bid_id, about_id=about_id, is_near=False) is True
    review = make.of(bid_id)
    assert (review.status, kinds(review.id)) == ("deferred", ["reviews.defer"])
    with db.transaction() as session:
        assert service.queue(session, SYSTEM, limit=100, starting_after=None, about_id=about_id).data == []
        assert service.find(session, SYSTEM, review.id).facts is not None
    # Nothing else is new about it, but now it is near.
    assert make.put(bid_id, about_id=about_id, is_near=False) is False
    assert make.put(bid_id, about_id=about_id, is_near=True) is True
    assert make.put(bid_id, about_id=about_id, is_near=False) is False
    assert (make.of(bid_id).status, kinds(review.id)) == ("open", ["reviews.defer", "reviews.ask"])
    assert [kind for kind, *_ in heard(bid_id)] == ["bids.defer_review", "bids.ask_review"]


def test_a_deferred_one_is_asked_about_once_it_is_chosen() -> None:
    far, open_, calm = new_id(), new_id(), new_id()
    make.put(far, is_near=False)
    make.put(open_)
    make.put(calm, below_market=False)
    with db.transaction() as session:
        assert review_entry.ask(session, [far, open_, calm, new_id()]) == 1
        assert review_entry.ask(session, [far]) == 0
    assert make.of(far).status == "open"


@pytest.mark.parametrize("status", ["open", "deferred"])
def test_what_nobody_has_touched_passes_once_its_risk_is_gone_and_comes_back_with_it(status: str) -> None:
    review = make.standing(status, *make.admins(2))
    make.put(review.subject_id, "b", below_market=False, first_time=True)
    after = make.of(review.subject_id)
    assert (after.status, after.priority, kinds(review.id)[-1]) == ("passed", 990, "reviews.pass")
    assert heard(review.subject_id)[-1][0] == "bids.pass_review"
    make.put(review.subject_id, "c", is_near=False)
    assert (make.of(review.subject_id).status, kinds(review.id)[-1]) == ("deferred", "reviews.defer")
    make.put(review.subject_id, "d", below_market=False)
    make.put(review.subject_id, "e", is_near=True)
    assert kinds(review.id)[-3:] == ["reviews.pass", "reviews.defer", "reviews.ask"]


def test_what_a_person_has_touched_is_ended_by_a_person() -> None:
    first, second = make.admins(2)
    review = make.standing("approved", first, second)
    make.put(review.subject_id, "b", shared_people=1)
    assert make.of(review.subject_id).status == "open"
    make.put(review.subject_id, "c", below_market=False)
    assert (make.of(review.subject_id).status, kinds(review.id)[-1]) == ("open", "reviews.refresh")
    held = make.standing("held", first, second)
    make.put(held.subject_id, "b", below_market=False)
    assert make.of(held.subject_id).status == "held"


def test_a_thousand_bids_take_few_statements() -> None:
    about_id = new_id()
    subjects = [
        make.subject(new_id(), about_id=about_id, parties=[new_id()], below_market=number % 20 == 0, is_near=False)
        for number in range(1_000)
    ]
    count = [0]
    with db.transaction() as session:
        engine = session.get_bind()

        def counts(*_: Any) -> None:
            count[0] += 1

        sa.event.listen(engine, "before_cursor_execute", counts)
        try:
            assert review_entry.put(session, "bid", subjects) == 1_000
        finally:
            sa.event.remove(engine, "before_cursor_execute", counts)
        assert count[0] <= 10
        found = verdicts.verdicts(session, [subject.subject_id for subject in subjects])
    assert Counter(verdict.status for verdict in found.values()) == {"passed_by_rule": 950, "deferred": 50}


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
    make.put(review.subject_id, "c", **make.SEVERE, shared_people=1)
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
        ({"snapshot_age_days": 50}, False),  # the same risk
        ({"below_market": False}, False),  # fewer
        ({"first_time": True, "margins_missing": 1}, False),  # notes
        ({"shared_people": 1}, True),  # more
        ({"below_market": False, "amount_minor": 10_000_000}, True),  # another, as urgent as the one before
    ],
)
def test_a_decided_one_is_opened_again_only_where_its_risks_got_worse(
    status: str, changes: dict[str, Any], again: bool
) -> None:
    review = make.standing(status, *make.admins(2))
    assert make.put(review.subject_id, "b", **changes) is True
    after = make.of(review.subject_id)
    assert (after.status, after.seen_fingerprint) == ("open" if again else status, "b")
    assert kinds(review.id)[-1] == ("reviews.reopen" if again else "reviews.refresh")
    assert len(decisions(review.id)) == 1


def test_worse_is_measured_against_what_was_decided_on() -> None:
    review = make.standing("approved", *make.admins(2))
    make.put(review.subject_id, "b", below_market=False)
    make.put(review.subject_id, "c")
    assert make.of(review.subject_id).status == "approved"
    make.put(review.subject_id, "d", shared_people=1)
    assert make.of(review.subject_id).status == "open"


def test_an_unknown_kind_of_subject_is_refused() -> None:
    bid_id = new_id()
    with pytest.raises(ValueError, match="'deal'"), db.transaction() as session:
        review_entry.put(session, "deal", [make.subject(bid_id)])
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
