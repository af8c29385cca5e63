"""Each call of the reviews' API: the good case, who is refused, and that a refusal changes nothing."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.errors import NotAllowed
from marketplace.core.ids import new_id
from marketplace.reviews import decisions as review_decisions
from marketplace.reviews import service
from marketplace.reviews.decisions import WantedDecision
from marketplace.reviews.models import ReviewStatus
from marketplace.reviews.risk import CODES
from tests.make import reviews as make
from tests.make.people import Somebody, seat, somebody
from tests.reviews.look import API, decisions, events, everything, path

VERDICTS = ("approve", "hold", "reject", "override")
BODY: dict[str, Any] = {"reason": "数据已核对"}
OVERRIDE: dict[str, Any] = {**BODY, "intrusiveness": 20.5}


@pytest.fixture(scope="module")
def people(app: Flask) -> list[Somebody]:
    return make.admins(3)


def body_of(verdict: str, **more: Any) -> dict[str, Any]:
    return {**(OVERRIDE if verdict == "override" else BODY), **more}


def test_a_review_shows_what_there_is_to_look_at(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.review(first_time=True, snapshot_flags=("spike",), below_market=False)
    answer = client.get(path(review.id), headers=people[0].headers)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    shown = answer.json
    assert shown.pop("created_at").endswith("Z")
    facts = shown.pop("facts")
    assert (facts["snapshot_flags"], facts["first_time"], facts["amount_minor"]) == (["spike"], True, 8_000_000)
    assert [risk.pop("zh") for risk in shown["risks"]] == ["受众数据有 1 处可疑：spike", "该主体尚无成交记录"]
    assert shown == {
        "id": ids.show("rvw", review.id),
        "subject_kind": "bid",
        "subject_id": ids.show("bid", review.subject_id),
        "about_id": ids.show("brf", review.about_id),
        "status": "open",
        "priority": 950,
        "needs_two": True,
        "seen_fingerprint": "a",
        "reason": None,
        "override": None,
        "decided_at": None,
        "version": 1,
        "decisions": [],
        "risks": [
            {
                "code": "suspicious_figures",
                "figure": 1.0,
                "limit": 0.0,
                "asks": True,
                "en": "1 suspicious figures in the audience data: spike",
            },
            {
                "code": "first_time",
                "figure": 0.0,
                "limit": 1.0,
                "asks": False,
                "en": "This party has no accepted bid yet",
            },
        ],
    }


def test_a_decision_keeps_what_was_seen(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.review(first_time=True)
    body = {**BODY, "seen_fingerprint": "a"}
    answer = client.post(path(review.id, "approve"), json=body, headers=people[0].once())
    assert (answer.status_code, answer.json["status"], answer.headers["ETag"]) == (200, "approved", '"2"')
    [shown] = answer.json["decisions"]
    [stored] = decisions(review.id)
    seen = {
        "fingerprint": "a",
        "version": 1,
        "priority": 960,
        "needs_two": False,
        "risks": review.risks,
        "facts": answer.json["facts"],
    }
    assert stored.seen == shown["seen"] == seen
    assert (shown["person_id"], shown["verdict"], shown["reason"], shown["override"]) == (
        ids.show("per", people[0].person_id),
        "approve",
        "数据已核对",
        None,
    )
    event = events(review.id)[-1]
    assert (event.kind, event.actor_person_id, event.party_ids) == ("reviews.approve", people[0].person_id, [])
    assert event.data == {"verdict": "approve", "override": None, "seen": seen, "before": "open", "after": "approved"}
    make.put(review.subject_id, "b", first_time=True, percentile=60)
    again = client.get(path(review.id), headers=people[0].headers).json
    assert (again["facts"]["percentile"], again["decisions"]) == (60, [shown])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_retry_is_one_decision(client: FlaskClient, people: list[Somebody], verdict: str) -> None:
    review, headers = make.review(), people[0].once()
    first, second = (client.post(path(review.id, verdict), json=body_of(verdict), headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, second.json) == (200, 200, first.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(decisions(review.id)) == 1


def test_an_override_is_agreed_on_by_two(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.review()
    url = path(review.id, "override")
    first = client.post(url, json=OVERRIDE, headers=people[0].once())
    assert (first.status_code, first.json["status"]) == (200, "second")
    values = {"overall": None, "intrusiveness": 20.5, "flags_cleared": False}
    assert first.json["decisions"][0]["override"] == values
    same = client.post(url, json={**OVERRIDE, "reason": "同意这样改"}, headers=people[1].once())
    assert (same.status_code, same.json["status"]) == (200, "approved")
    assert events(review.id)[-1].data["override"] == values


def test_an_approval_agrees_to_the_override_that_waits(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.review()
    make.decide(people[0], review.id, "override", {"overall": 70.0})
    answer = client.post(path(review.id, "approve"), json=BODY, headers=people[1].once())
    assert (answer.status_code, answer.json["status"]) == (200, "approved")
    assert events(review.id)[-1].data["override"] == {"overall": 70.0}


def test_other_values_wait_for_somebody_else_to_agree_to_them(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.review(**make.SEVERE)
    make.decide(people[0], review.id, "approve")
    other = client.post(path(review.id, "override"), json=OVERRIDE, headers=people[1].once())
    assert (other.status_code, other.json["status"]) == (200, "second")
    before = everything(review.id)
    again = client.post(path(review.id, "approve"), json=BODY, headers=people[1].once())
    assert again.status_code == 409
    assert everything(review.id) == before
    agreed = client.post(path(review.id, "approve"), json=BODY, headers=people[0].once())
    assert (agreed.status_code, agreed.json["status"]) == (200, "approved")
    assert events(review.id)[-1].data["override"]["intrusiveness"] == 20.5


@pytest.mark.parametrize("verdict", ["approve", "override"])
def test_nobody_is_two_people(client: FlaskClient, people: list[Somebody], verdict: str) -> None:
    review = make.standing("second", *people[:2])
    before = everything(review.id)
    elsewhere = somebody("platform")
    seat(people[0], elsewhere.party_id)
    answer = client.post(path(review.id, verdict), json=body_of(verdict), headers=people[0].once())
    assert answer.status_code == 409
    assert answer.json["detail"] == "You have approved this already; a second person has to agree."
    assert everything(review.id) == before


def test_an_approval_before_a_hold_does_not_count_twice(client: FlaskClient, people: list[Somebody]) -> None:
    review = make.standing("second", *people[:2])
    make.decide(people[1], review.id, "hold")
    make.decide(people[1], review.id, "approve")
    assert make.of(review.subject_id).status == "second"
    answer = client.post(path(review.id, "approve"), json=BODY, headers=people[1].once())
    assert answer.status_code == 409
    assert client.post(path(review.id, "approve"), json=BODY, headers=people[0].once()).json["status"] == "approved"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_what_changed_since_it_was_looked_at_is_not_decided(
    client: FlaskClient, people: list[Somebody], verdict: str
) -> None:
    review = make.review()
    make.put(review.subject_id, "b", first_time=True)
    before = everything(review.id)
    answer = client.post(
        path(review.id, verdict), json=body_of(verdict, seen_fingerprint="a"), headers=people[0].once()
    )
    assert answer.status_code == 409
    assert answer.json["detail"] == "It changed since you looked: read it again before you decide."
    assert everything(review.id) == before


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("kind", ["brand", "creator", "agency"])
def test_nobody_decides_on_a_side_of_their_own(client: FlaskClient, kind: str, verdict: str) -> None:
    side, [admin] = somebody(kind), make.admins(1)
    seat(admin, side.party_id)
    review = make.review(parties=[new_id(), side.party_id])
    before = everything(review.id)
    answer = client.post(path(review.id, verdict), json=body_of(verdict), headers=admin.once())
    assert (answer.status_code, answer.json["detail"][:29]) == (409, "You are a member of a side of")
    assert everything(review.id) == before


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("kind", ["brand", "creator", "agency"])
def test_only_the_platform_decides_and_reads(client: FlaskClient, kind: str, verdict: str) -> None:
    who = somebody(kind)
    review = make.review(parties=[who.party_id])
    before = everything(review.id)
    assert client.post(path(review.id, verdict), json=body_of(verdict), headers=who.once()).status_code == 403
    for url in (API, f"{API}/summary", path(review.id)):
        assert client.get(url, headers=who.headers).status_code == 403
    assert everything(review.id) == before
    with db.transaction(who.actor) as session:
        page = service.queue(session, who.actor, limit=100, starting_after=None)
        assert (page.data, service.summary(session, who.actor).by_status["open"]) == ([], 0)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_reading_is_not_deciding(client: FlaskClient, verdict: str) -> None:
    reader = somebody("platform", scopes=frozenset({"read"}))
    review = make.review()
    before = everything(review.id)
    assert client.get(path(review.id), headers=reader.headers).status_code == 200
    assert client.post(path(review.id, verdict), json=body_of(verdict), headers=reader.once()).status_code == 403
    assert client.post(path(review.id, verdict), json=body_of(verdict)).status_code == 401
    assert everything(review.id) == before


def test_the_machine_decides_nothing(app: Flask) -> None:
    review = make.review()
    before = everything(review.id)
    with pytest.raises(NotAllowed), db.transaction() as session:
        review_decisions.decide(session, SYSTEM, review.id, WantedDecision("approve", "auto", None))
    assert everything(review.id) == before


@pytest.mark.parametrize(
    ("verdict", "body", "pointer"),
    [
        *((verdict, {**body_of(verdict), "reason": "a"}, "/reason") for verdict in VERDICTS),
        ("approve", {}, "/reason"),
        ("approve", {"reason": "x" * 2001}, "/reason"),
        ("hold", {"reason": "nul\x00l"}, "/reason"),
        ("reject", {**BODY, "seen_fingerprint": "x" * 129}, "/seen_fingerprint"),
        ("reject", {**BODY, "overall": 5}, "/overall"),
        ("override", BODY, "/"),
        ("override", {**BODY, "overall": None, "flags_cleared": False}, "/"),
        ("override", {**BODY, "overall": 100.5}, "/overall"),
        ("override", {**BODY, "intrusiveness": -1}, "/intrusiveness"),
        ("override", {**BODY, "flags_cleared": "yes"}, "/flags_cleared"),
    ],
)
def test_a_bad_body_is_refused_with_the_place(
    client: FlaskClient, people: list[Somebody], verdict: str, body: dict[str, Any], pointer: str
) -> None:
    review = make.review()
    before = everything(review.id)
    answer = client.post(path(review.id, verdict), json=body, headers=people[0].once())
    assert (answer.status_code, [fault["pointer"] for fault in answer.json["errors"]]) == (422, [pointer])
    assert everything(review.id) == before


@pytest.mark.parametrize("verdict", VERDICTS)
def test_what_is_not_there_is_not_decided(client: FlaskClient, people: list[Somebody], verdict: str) -> None:
    who = people[0]
    assert client.post(path(new_id(), verdict), json=body_of(verdict), headers=who.once()).status_code == 404
    assert client.get(path(new_id()), headers=who.headers).status_code == 404
    assert client.get(f"{API}/{ids.show('bid', new_id())}", headers=who.headers).status_code == 404


def listed(client: FlaskClient, who: Somebody, **query: Any) -> list[str]:
    answer = client.get(API, headers=who.headers, query_string=query)
    assert answer.status_code == 200
    return [row["id"] for row in answer.json["data"]]


def test_the_queue_is_worked_by_urgency_then_age(client: FlaskClient, people: list[Somebody]) -> None:
    brief_id = new_id()
    about = ids.show("brf", brief_id)
    changes: list[dict[str, Any]] = [{}, make.SEVERE, {"first_time": True}, {}, make.SEVERE]
    made = [make.review(brief_id, **one) for one in changes]
    order = [ids.show("rvw", made[number].id) for number in (1, 4, 2, 0, 3)]
    assert listed(client, people[0], about_id=about) == order
    pages, url = [], f"{API}?about_id={about}&limit=2"
    while url:
        answer = client.get(url, headers=people[0].headers)
        pages.append([row["id"] for row in answer.json["data"]])
        url = answer.headers["Link"].partition(">")[0][1:] if answer.json["has_more"] else ""
    assert pages == [order[:2], order[2:4], order[4:]]


def test_the_queue_is_narrowed(client: FlaskClient, people: list[Somebody]) -> None:
    brief_id = new_id()
    about = ids.show("brf", brief_id)
    made = {
        status: make.standing(status, *people[:2], about_id=brief_id)
        for status in ("open", "held", "second", "approved", "rejected")
    }
    shown = {status: ids.show("rvw", review.id) for status, review in made.items()}
    assert listed(client, people[0], about_id=about) == [shown["second"], shown["open"], shown["held"]]
    for status, review in made.items():
        bid = ids.show("bid", review.subject_id)
        assert listed(client, people[0], about_id=about, status=status) == [shown[status]]
        assert listed(client, people[0], subject_id=bid) == [shown[status]]
        assert listed(client, people[0], subject_id=bid, about_id=ids.show("brf", new_id())) == []
    assert listed(client, people[0], about_id=about, risk="severe_intrusiveness") == [shown["second"]]
    assert listed(client, people[0], about_id=about, risk="first_time") == []


@pytest.mark.parametrize(
    "query",
    [
        {"status": "done"},
        {"about_id": ids.show("bid", new_id())},
        {"subject_id": "x"},
        {"risk": "none"},
        {"limit": 0},
        {"limit": 101},
        {"other": 1},
    ],
)
def test_a_bad_filter_is_refused(client: FlaskClient, people: list[Somebody], query: dict[str, Any]) -> None:
    answer = client.get(API, headers=people[0].headers, query_string=query)
    [name] = query
    assert (answer.status_code, [fault["pointer"] for fault in answer.json["errors"]]) == (422, [f"query:/{name}"])


def test_the_summary_counts_by_status_and_undecided_ones_by_risk(client: FlaskClient, people: list[Somebody]) -> None:
    def counts() -> tuple[dict[str, int], dict[str, int]]:
        found = client.get(f"{API}/summary", headers=people[0].headers).json
        return found["by_status"], found["by_risk"]

    statuses, risks = counts()
    assert set(statuses) == set(map(str, ReviewStatus))
    assert set(risks) == set(CODES)
    make.review(first_time=True, margins_missing=2)
    make.review(is_near=False, margins_missing=3)
    make.standing("held", *people[:2], first_time=True)
    make.standing("approved", *people[:2], first_time=True)
    make.standing("second", *people[:2])
    after, risks_after = counts()
    grown = {name: after[name] - statuses[name] for name in after}
    assert grown == {
        **dict.fromkeys(grown, 0),
        "deferred": 1,
        "open": 1,
        "held": 1,
        "second": 1,
        "approved": 1,
    }
    more = {code: risks_after[code] - risks[code] for code in CODES if risks_after[code] != risks[code]}
    assert more == {
        "price_below_market": 2,
        "first_time": 2,
        "missing_margins": 1,
        "severe_intrusiveness": 1,
        "over_tolerance": 1,
    }
