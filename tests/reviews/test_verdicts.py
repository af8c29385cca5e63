"""What stands on a review for its sides and for whoever computes with it: verdict, reason, override."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.reviews import verdicts
from marketplace.reviews.verdicts import ReviewVerdict
from tests.make import reviews as make
from tests.make.people import Somebody, somebody
from tests.reviews.look import events, heard, path

VALUES = {"overall": 5.0, "intrusiveness": 95.0, "flags_cleared": False}


@pytest.fixture(scope="module")
def people(app: object) -> list[Somebody]:
    return make.admins(3)


def verdict_of(subject_id: Any, actor: Any = None) -> ReviewVerdict | None:
    with db.transaction(*([actor] if actor else [])) as session:
        return verdicts.verdicts(session, [subject_id]).get(subject_id)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("deferred", "deferred"),
        ("open", "waiting"),
        ("second", "waiting"),
        ("held", "held"),
        ("approved", "approved"),
        ("rejected", "rejected"),
        ("passed", "passed_by_rule"),
        ("dropped", None),
    ],
)
def test_every_state_has_its_verdict_for_the_sides(people: list[Somebody], status: str, shown: str | None) -> None:
    brand = somebody("brand")
    review = make.standing(status, *people[:2], parties=[brand.party_id])
    verdict = verdict_of(review.subject_id, brand.actor)
    assert (None if verdict is None else verdict.status) == shown
    if verdict is not None:
        bound = shown in ("held", "rejected")
        assert verdict.reason == ("数据已核对" if bound else None)
        assert (verdict.decided_at is not None) == (bound or shown in ("approved", "passed_by_rule"))
        assert verdict.lets_pass == (shown in ("approved", "passed_by_rule"))


def test_a_stranger_reads_no_verdict_and_what_was_never_assessed_has_none(people: list[Somebody]) -> None:
    brand, stranger = somebody("brand"), somebody("brand")
    held = make.standing("held", *people[:2], parties=[brand.party_id])
    calm = new_id()
    make.put(calm, parties=[brand.party_id], below_market=False)
    for subject_id in (held.subject_id, calm):
        assert verdict_of(subject_id, brand.actor) is not None
        assert verdict_of(subject_id, stranger.actor) is None
    assert verdict_of(new_id()) is None


def test_sides_read_why_a_person_is_needed_and_no_note(people: list[Somebody]) -> None:
    review = make.review(first_time=True, percentile=2)
    verdict = verdict_of(review.subject_id)
    assert verdict is not None
    assert verdict.risks == [
        {
            "code": "price_below_market",
            "zh": "报价远低于同类成交价",
            "en": "The price is far below what such placements settle at",
        }
    ]


def test_an_override_binds_only_once_a_second_person_has_agreed(client: FlaskClient, people: list[Somebody]) -> None:
    brief_id, sides = new_id(), [new_id(), new_id()]
    review = make.review(brief_id, parties=sides)
    body = {"reason": "画面遮挡了主角", "overall": 5, "intrusiveness": 95}
    first = client.post(path(review.id, "override"), json=body, headers=people[0].once())
    assert (first.json["status"], first.json["override"], first.json["reason"]) == ("second", None, None)
    waiting = verdict_of(review.subject_id)
    assert waiting is not None
    assert (waiting.status, waiting.override, make.of(review.subject_id).override) == ("waiting", None, None)
    # Neither does the same person's agreement make it bind, nor a detour.
    for verdict in ("override", "approve"):
        alone = client.post(
            path(review.id, verdict),
            json={**body} if verdict == "override" else {"reason": "同意这样改"},
            headers=people[0].once(),
        )
        assert alone.status_code == 409
    second = client.post(path(review.id, "approve"), json={"reason": "同意这样改"}, headers=people[1].once())
    stored = make.of(review.subject_id)
    assert stored.override is not None
    assert stored.decided_at is not None
    assert stored.override == {
        **VALUES,
        "reason": "画面遮挡了主角",
        "decided_at": stored.decided_at.isoformat(),
        "by": [str(who.person_id) for who in people[:2]],
    }
    assert second.json["override"]["by"] == [ids.show("per", who.person_id) for who in people[:2]]
    agreed = verdict_of(review.subject_id)
    assert agreed is not None
    assert (agreed.status, agreed.override, agreed.reason) == ("approved", VALUES, "画面遮挡了主角")
    kind, parties, data = heard(review.subject_id)[-1]
    assert (kind, parties) == ("bids.approve_review", sorted(sides))
    assert data == {"brief_id": str(brief_id), "reason": "画面遮挡了主角", "override": VALUES}


def test_a_detour_over_a_hold_makes_no_override_bind(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.review()
    make.decide(people[0], review.id, "override", VALUES)
    make.decide(people[0], review.id, "hold")
    make.decide(people[0], review.id, "approve")
    stored = make.of(review.subject_id)
    assert (stored.status, stored.override, stored.reason) == ("approved", None, None)


def test_worse_facts_withdraw_an_override_and_both_sides_hear_of_it(people: list[Somebody]) -> None:
    sides = [new_id(), new_id()]
    review = make.review(parties=sides)
    make.decide(people[0], review.id, "override", VALUES, "画面遮挡了主角")
    make.decide(people[1], review.id, "approve")
    make.put(review.subject_id, "b", about_id=review.about_id, parties=sides, shared_people=1)
    stored = make.of(review.subject_id)
    assert (stored.status, stored.override, stored.reason, stored.decided_at) == ("open", None, None, None)
    assert heard(review.subject_id)[-1] == (
        "bids.reopen_review",
        sorted(sides),
        {"brief_id": str(review.about_id), "withdrawn_override": VALUES},
    )


@pytest.mark.parametrize("verdict", ["hold", "reject", "approve"])
def test_both_sides_hear_of_a_verdict_and_nobody_is_named(
    client: FlaskClient, people: list[Somebody], verdict: str
) -> None:
    brand, creator = somebody("brand"), somebody("creator")
    review = make.review(parties=[brand.party_id, creator.party_id])
    client.post(path(review.id, verdict), json={"reason": "账号不是本人的"}, headers=people[0].once())
    reason = "账号不是本人的" if verdict in ("hold", "reject") else None
    for who in (brand, creator):
        query = {"kind": f"bids.{verdict}_review", "subject_id": ids.show("bid", review.subject_id)}
        answer = client.get("/api/v1/events", query_string=query, headers=who.headers)
        [event] = answer.json["data"]
        assert set(event["data"]) == {"brief_id", "reason", "override"}
        assert (event["data"]["reason"], event["data"]["override"]) == (reason, None)
        assert (event["actor_role"], event["actor_party_id"]) == ("admin", None)
        assert str(people[0].person_id) not in answer.text
        internal = {"kind": f"reviews.{verdict}"}
        assert client.get("/api/v1/events", query_string=internal, headers=who.headers).json["data"] == []
    assert events(review.subject_id)[-1].actor_person_id is None


def test_one_query_answers_for_many(people: list[Somebody]) -> None:
    held, calm, unknown = make.standing("held", *people[:2]).subject_id, new_id(), new_id()
    make.put(calm, below_market=False)
    with db.transaction() as session:
        found = verdicts.locked_verdicts(session, [held, calm, unknown])
        assert verdicts.verdicts(session, []) == {}
    assert {name: str(verdict.status) for name, verdict in found.items()} == {held: "held", calm: "passed_by_rule"}
