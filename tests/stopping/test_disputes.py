"""A dispute keeps the money where it is, hears both sides, and ends by two people's decision in amounts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.clock import now
from tests.deals.look import events
from tests.deliverables import look as work
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import Somebody, seat, somebody
from tests.stopping import look

pytestmark = pytest.mark.usefixtures("own_market")

API = "/api/v1/disputes"
WHY = "成片与方案不符"


def dispute(client: FlaskClient, who: Somebody, owed: Owed, *places: UUID) -> Any:
    named = {"deliverable_ids": [ids.show("dlv", one) for one in places]} if places else {}
    return look.post(client, who, owed.deal_id, "disputes", reason=WHY, **named)


def at(client: FlaskClient, who: Somebody, dispute_id: str, *where: str, **body: Any) -> Any:
    return client.post("/".join([API, dispute_id, *where]), json=body or None, headers=who.once())


def read(client: FlaskClient, who: Somebody, dispute_id: str) -> Any:
    return client.get(f"{API}/{dispute_id}", headers=who.headers)


def admins() -> tuple[Somebody, Somebody]:
    first = somebody("platform")
    return first, somebody("platform", party_id=first.party_id)


def proposal(owed: Owed, outcome: str, *due: int | None) -> dict[str, Any]:
    amounts = [
        {"deliverable_id": ids.show("dlv", id_), "due_minor": minor}
        for id_, minor in zip(owed.ids, due, strict=True)
        if minor is not None
    ]
    return {"outcome": outcome, "amounts": amounts, "reason": "按双方材料裁定"}


def heard(client: FlaskClient, owed: Owed, *places: UUID) -> str:
    """A dispute of the brand's, in which the maker has answered."""
    opened = dispute(client, owed.brand, owed, *places)
    assert opened.status_code == 201, opened.json
    answer = at(client, owed.maker, opened.json["id"], "evidence", body="按方案拍的")
    assert answer.status_code == 201, answer.json
    return str(opened.json["id"])


def decided(client: FlaskClient, owed: Owed, outcome: str, *due: int | None, of: str) -> Any:
    first, second = admins()
    proposed = at(client, first, of, "propose", **proposal(owed, outcome, *due))
    assert proposed.status_code == 200, proposed.json
    return at(client, second, of, "confirm", version=proposed.json["version"])


def test_a_dispute_freezes_the_money_and_is_decided_in_amounts_by_two_people(client: FlaskClient) -> None:
    owed = make.funded(2, price_minor=1_000_001, agency=True)
    draft_id = make.sent_draft(owed)
    opened = dispute(client, owed.brand, owed)
    assert (opened.status_code, opened.json["status"], opened.json["side"]) == (201, "open", "brand"), opened.json
    assert make.deal_status(owed) == "disputed"
    assert [made for made, *_ in look.money(owed.deal_id)] == ["frozen", "frozen"]
    dispute_id = opened.json["id"]
    shown = {"body": "按方案拍的", "draft_id": ids.show("drf", draft_id)}
    assert at(client, owed.maker, dispute_id, "evidence", **shown).status_code == 201
    for who in (owed.brand, owed.creator, owed.maker, somebody("platform")):
        told = read(client, who, dispute_id).json
        assert [(one["side"], one["draft_id"]) for one in told["evidence"]] == [
            ("brand", None),
            ("maker", ids.show("drf", draft_id)),
        ]
    first, second = admins()
    proposed = at(client, first, dispute_id, "propose", **proposal(owed, "cancel", 123_456, 0))
    assert (proposed.status_code, proposed.json["status"]) == (200, "proposed"), proposed.json
    for who in (owed.brand, owed.maker):  # what is only proposed is the platform's own
        told = read(client, who, dispute_id).json
        assert (told["outcome"], told["amounts"], told["decision"]) == (None, [], None)
    same = at(client, first, dispute_id, "confirm", version=proposed.json["version"])
    assert same.status_code == 409
    done = at(client, second, dispute_id, "confirm", version=proposed.json["version"])
    assert (done.status_code, done.json["status"]) == (200, "decided"), done.json
    assert (make.deal_status(owed), [make.status(id_) for id_ in owed.ids]) == ("cancelled", ["cancelled"] * 2)
    assert look.money(owed.deal_id) == [("split", 123_456, 500_001 - 123_456), ("returned", 0, 500_000)]
    for who in (owed.brand, owed.maker):
        told = read(client, who, dispute_id).json
        assert (told["outcome"], told["decision"]) == ("cancel", "按双方材料裁定")
        due = {one["deliverable_id"]: one["due_minor"] for one in told["amounts"]}
        assert due == {ids.show("dlv", owed.id): 123_456, ids.show("dlv", owed.ids[1]): 0}
    kinds = [event.kind for event in events(owed.deal_id)]
    assert kinds[-2:] == ["deals.dispute", "deals.decide_to_cancel"]
    assert client.get(f"{API}?status=decided", headers=owed.brand.headers).json["data"][0]["id"] == dispute_id
    look.holds()


def test_a_decision_to_go_on_ends_what_it_names_and_gives_the_time_back(client: FlaskClient) -> None:
    owed = make.funded(2)
    days = look.due_days(owed.deal_id)
    dispute_id = heard(client, owed, owed.id)
    assert [made for made, *_ in look.money(owed.deal_id)] == ["frozen", "held"]
    with travel(now() + timedelta(days=5)):
        assert decided(client, owed, "go_on", 0, None, of=dispute_id).status_code == 200
        assert make.deal_status(owed) == "active"
        assert look.due_days(owed.deal_id)[1] == days[1] + timedelta(days=5)
        assert [make.status(id_) for id_ in owed.ids] == ["cancelled", "planned"]
        again = heard(client, owed)  # and it may be disputed again
        assert decided(client, owed, "go_on", None, None, of=again).status_code == 200
        assert [made for made, *_ in look.money(owed.deal_id)] == ["returned", "held"]
    look.holds()


def test_what_was_taken_down_ends_in_a_dispute_that_is_decided(client: FlaskClient) -> None:
    owed = make.funded(price_minor=900_000)
    with travel(make.publish_day()):
        make.live(owed)
        seen = {"seen_at": work.as_text(now()), "reason": "没了"}
        assert work.post(client, owed.brand, "dlv", owed.id, "publication", "report", **seen).status_code == 201
        upheld = {"upheld": True, "reason": "已核实"}
        answer = work.post(client, somebody("platform"), "dlv", owed.id, "publication", "decide", **upheld)
        assert answer.status_code == 200, answer.json
        [found] = client.get(f"{API}?status=open", headers=owed.maker.headers).json["data"]
        assert (found["side"], found["reason"], found["deliverable_ids"]) == (
            None,
            "已核实",
            [ids.show("dlv", owed.id)],
        )
        first, _ = admins()
        early = at(client, first, found["id"], "propose", **proposal(owed, "complete", 450_000))
        assert (early.status_code, early.json["rule"]) == (409, "not_heard")
        with travel(now() + timedelta(days=8)):  # nobody has shown anything, and the time is over
            assert decided(client, owed, "complete", 450_000, of=found["id"]).status_code == 200
    assert (make.deal_status(owed), make.status(owed.id)) == ("completed", "missed")
    assert look.money(owed.deal_id) == [("split", 450_000, 450_000)]
    look.holds()


def test_a_live_video_is_ended_by_a_decision_and_paid_what_it_says(client: FlaskClient) -> None:
    owed = make.funded(price_minor=900_000, agency=True)
    with travel(make.publish_day()):
        make.live(owed)
        dispute_id = heard(client, owed)
        assert decided(client, owed, "complete", 900_000, of=dispute_id).status_code == 200
    assert (make.deal_status(owed), make.status(owed.id)) == ("completed", "done")
    assert look.money(owed.deal_id) == [("released", 900_000, 0)]
    look.holds()


PROPOSALS: dict[str, tuple[Callable[[Owed, Owed], dict[str, Any]], str]] = {
    "more than is held": (lambda o, _: proposal(o, "cancel", 400_001, 0), "/amounts/0/due_minor"),
    "a negative amount": (lambda o, _: proposal(o, "cancel", -1, 0), "/amounts/0/due_minor"),
    "a fraction": (lambda o, _: {**proposal(o, "cancel", 1, 0), **_of(o, 1.5)}, "/amounts/0/due_minor"),
    "an amount is missing": (lambda o, _: proposal(o, "cancel", 1, None), "/amounts"),
    "another deal's": (lambda _, b: {**proposal(b, "go_on", None), **_of(b)}, "/amounts/0/deliverable_id"),
    "nothing goes on": (lambda o, _: proposal(o, "go_on", 0, 0), "/outcome"),
    "no reason": (lambda o, _: {**proposal(o, "cancel", 0, 0), "reason": " "}, "/reason"),
    "no such outcome": (lambda o, _: proposal(o, "maybe", 0, 0), "/outcome"),
}


def _of(owed: Owed, minor: float = 0) -> dict[str, Any]:
    return {"amounts": [{"deliverable_id": ids.show("dlv", owed.id), "due_minor": minor}]}


@pytest.mark.parametrize("name", PROPOSALS)
def test_a_bad_proposal_is_refused_with_its_place_and_changes_nothing(client: FlaskClient, name: str) -> None:
    owed, other = make.funded(2), make.funded()
    dispute_id = heard(client, owed)
    before = look.everything(owed.deal_id)
    body, pointer = PROPOSALS[name]
    answer = at(client, somebody("platform"), dispute_id, "propose", **body(owed, other))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.json
    assert read(client, owed.brand, dispute_id).json["status"] == "open"
    assert look.everything(owed.deal_id) == before


def test_nobody_decides_who_sits_in_a_party_concerned(client: FlaskClient) -> None:
    owed = make.funded()
    dispute_id = heard(client, owed)
    seated, second = admins()
    seat(seated, owed.brand.party_id)
    assert at(client, seated, dispute_id, "propose", **proposal(owed, "cancel", 0)).status_code == 409
    proposed = at(client, second, dispute_id, "propose", **proposal(owed, "cancel", 0))
    assert proposed.status_code == 200, proposed.json
    assert at(client, seated, dispute_id, "confirm", version=proposed.json["version"]).status_code == 409
    stale = at(client, somebody("platform"), dispute_id, "confirm", version=1)
    assert (stale.status_code, stale.json["rule"]) == (409, "newer_version")
    assert at(client, second, dispute_id, "drop-proposal").json["status"] == "open"
    assert [made for made, *_ in look.money(owed.deal_id)] == ["frozen"]


def test_only_the_sides_dispute_and_show_and_only_what_is_of_the_deal(client: FlaskClient) -> None:
    owed, other = make.funded(), make.funded()
    theirs = make.sent_draft(other)
    assert dispute(client, somebody("platform"), owed).status_code == 403
    assert dispute(client, somebody("brand"), owed).status_code == 404
    refused = dispute(client, owed.brand, owed, other.id)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/deliverable_ids/0")
    assert make.deal_status(owed) == "active"
    dispute_id = heard(client, owed)
    assert dispute(client, owed.maker, owed).json["state"] == "disputed"
    wrong = at(client, owed.maker, dispute_id, "evidence", body="看这个", draft_id=ids.show("drf", theirs))
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/draft_id")
    for who in (somebody("brand"), somebody("creator"), other.brand):
        assert read(client, who, dispute_id).status_code == 404
        assert client.get(API, headers=who.headers).json["data"] == []
    work_refused = work.post(client, owed.maker, "dlv", owed.id, "scripts", body="开场。")
    assert (work_refused.status_code, work_refused.json["state"]) == (409, "disputed")
    proposed = at(client, somebody("platform"), dispute_id, "propose", **proposal(owed, "cancel", 0))
    assert proposed.status_code == 200
    closed = at(client, owed.maker, dispute_id, "evidence", body="再看")
    assert (closed.status_code, closed.json["state"]) == (409, "proposed")
