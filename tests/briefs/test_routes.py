"""Each call of the briefs' API: the good case, who is refused, and that a refusal changes nothing."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.briefs.models import Brief, BriefStatus
from marketplace.briefs.states import BRIEF_TRANSITIONS
from marketplace.core import ids, states
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotAllowed, WrongState
from tests.briefs.look import API, everything, last_event, path, pointers, recorded, timers
from tests.make import briefs as make
from tests.make.people import Somebody, somebody
from tests.market import looking


@pytest.fixture(scope="module")
def brand(app: Flask) -> Somebody:
    return somebody("brand", name="清泉饮料")


@pytest.fixture(scope="module")
def people(app: Flask, brand: Somebody) -> dict[str, Somebody]:
    others = {kind: somebody(kind) for kind in ("creator", "agency", "platform")}
    return {"own": brand, "rival": somebody("brand"), **others}


def match(who: Somebody, version: int) -> dict[str, str]:
    return {**who.headers, "If-Match": f'"{version}"'}


def test_a_brief_is_written_as_a_draft(client: FlaskClient, brand: Somebody) -> None:
    document = make.document()
    answer = client.post(API, json=document, headers=brand.once())
    shown = answer.json
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert {name: shown[name] for name in document} == document
    assert (shown["status"], shown["open_for_bids"], shown["version_number"]) == ("draft", False, 1)
    assert (shown["brand_name"], shown["published_at"], shown["closed_at"]) == ("清泉饮料", None, None)
    assert (shown["scoring_rule"]["quality_low"], shown["scoring_rule"]["quality_high"]) == (0.8, 1.25)
    brief_id = ids.read("brf", shown["id"])
    assert recorded(brief_id) == ["briefs.create"]
    assert last_event(brief_id).party_ids == [brand.party_id]
    assert timers(brief_id) == []


SEEN = {
    "draft": {"own", "platform"},
    "published": {"own", "platform", "creator", "agency"},
    "closed": {"own", "platform", "creator", "agency"},
    "cancelled": {"own", "platform"},
}


@pytest.mark.parametrize("status", list(make.MAKERS))
def test_who_sees_a_brief_its_versions_and_images(
    client: FlaskClient, people: dict[str, Somebody], status: str
) -> None:
    brief = make.MAKERS[status](people["own"], title=f"看得见吗 {status}")
    version = f"versions/{ids.show('brv', brief.version_id)}"
    for name, who in people.items():
        wanted = 200 if name in SEEN[status] else 404
        for more in ((), ("versions",), (version,), ("assets",)):
            assert client.get(path(brief.id, *more), headers=who.headers).status_code == wanted, (name, more)
        listed = client.get(f"{API}?q=看得见吗 {status}&limit=100", headers=who.headers).json["data"]
        assert (ids.show("brf", brief.id) in [one["id"] for one in listed]) == (wanted == 200), name
    assert client.get(path(brief.id)).status_code == 401


def test_a_brief_called_off_after_publishing_stays_readable_but_is_listed_on_request_only(
    client: FlaskClient, people: dict[str, Somebody]
) -> None:
    brief = make.published(people["own"])
    answer = client.post(path(brief.id, "cancel"), json={"reason": "停产"}, headers=people["own"].once())
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    creator = people["creator"].headers
    assert client.get(path(brief.id), headers=creator).status_code == 200
    mine = f"brand_id={ids.show('pty', people['own'].party_id)}&limit=100"
    word = ids.show("brf", brief.id)
    assert word not in [one["id"] for one in client.get(f"{API}?{mine}", headers=creator).json["data"]]
    found = client.get(f"{API}?{mine}&status=cancelled", headers=creator).json["data"]
    assert word in [one["id"] for one in found]


def test_the_list_is_filtered_and_paged(client: FlaskClient, people: dict[str, Somebody]) -> None:
    own = somebody("brand")
    first = make.published(own, title="50%_off 汽水", markets=["CN"])
    second = make.closed(own, title="唇膏", markets=["SG", "US"], product={"name": "x", "category": "beauty"})
    third = make.draft(own, title="唇膏 二")

    def listed(query: str, who: Somebody = own) -> list[str]:
        answer = client.get(f"{API}?{query}", headers=who.headers)
        assert answer.status_code == 200
        return [one["id"] for one in answer.json["data"]]

    a, b, c = (ids.show("brf", brief.id) for brief in (first, second, third))
    assert listed("") == [c, b, a]
    assert listed("status=closed") == [b]
    assert listed("category=beauty") == [b]
    assert listed("market=SG") == [c, b]
    assert listed("q=唇膏") == [c, b]
    assert listed("q=0%25_O") == [a]
    assert listed("q=%25_%25") == []
    assert listed(f"brand_id={ids.show('pty', own.party_id)}", people["creator"]) == [b, a]
    assert listed(f"brand_id={ids.show('pty', own.party_id)}", people["rival"]) == []
    page = client.get(f"{API}?limit=2", headers=own.headers)
    assert (page.json["has_more"], f"starting_after={b}" in page.headers["Link"]) == (True, True)
    assert listed(f"limit=2&starting_after={b}") == [a]


@pytest.mark.parametrize("query", ["status=open", "category=salt", "market=XX", "q=", "brand_id=brf_1", "order=price"])
def test_a_wrong_filter_is_refused(client: FlaskClient, brand: Somebody, query: str) -> None:
    answer = client.get(f"{API}?{query}", headers=brand.headers)
    assert (answer.status_code, pointers(answer)) == (422, [f"query:/{query.split('=')[0]}"])


def test_a_draft_is_changed_in_place(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    change = {"title": "新标题", "tolerance": 20, "ceiling_per_thousand": None}
    answer = client.patch(path(brief.id), json=change, headers=match(brand, 1))
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert {name: answer.json[name] for name in change} == change
    assert (answer.json["version_id"], answer.json["version_number"]) == (ids.show("brv", brief.version_id), 1)
    assert (last_event(brief.id).kind, last_event(brief.id).data["changed"]) == ("briefs.edit", sorted(change))


def test_a_published_brief_gets_a_new_version_and_keeps_the_old(client: FlaskClient, people: dict[str, Any]) -> None:
    brand = people["own"]
    brief = make.published(brand, title="第一版")
    answer = client.patch(
        path(brief.id), json={"title": "第二版", "budget": make.cny(30_000_000)}, headers=match(brand, 2)
    )
    assert (answer.status_code, answer.headers["ETag"], answer.json["version_number"]) == (200, '"3"', 2)
    event = last_event(brief.id)
    data = {"number": 2, "changed": ["budget", "title"], "to_confirm": ["budget", "title"]}
    assert (event.kind, {name: event.data[name] for name in data}) == ("briefs.revise", data)
    assert event.data["values"] == {
        "budget": {"before": make.cny(20_000_000), "after": make.cny(30_000_000)},
        "title": {"before": "第一版", "after": "第二版"},
    }
    assert event.party_ids == [brand.party_id]
    creator = people["creator"].headers
    wordings = client.get(path(brief.id, "versions"), headers=creator).json["data"]
    assert [(one["number"], one["title"], one["budget"]) for one in wordings] == [
        (2, "第二版", make.cny(30_000_000)),
        (1, "第一版", make.cny(20_000_000)),
    ]
    old = client.get(path(brief.id, "versions", wordings[1]["id"]), headers=creator)
    assert (old.status_code, old.json) == (200, wordings[1])
    other = make.published(brand)
    assert client.get(path(other.id, "versions", wordings[1]["id"]), headers=creator).status_code == 404


def test_a_change_that_changes_nothing_makes_no_version(client: FlaskClient, brand: Somebody) -> None:
    brief = make.published(brand, title="原样")
    before = everything(brief.id)
    answer = client.patch(path(brief.id), json={"title": "原样"}, headers=match(brand, 2))
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert everything(brief.id) == before


def test_bids_keep_their_currency(client: FlaskClient, brand: Somebody) -> None:
    brief = make.published(brand)
    before = everything(brief.id)
    dollars = {"amount_minor": 100, "currency": "USD"}
    answer = client.patch(
        path(brief.id),
        json={"budget": dollars, "ceiling_per_thousand": dollars, "product": make.minimal()["product"]},
        headers=match(brand, 2),
    )
    assert (answer.status_code, pointers(answer)) == (422, ["/budget/currency"])
    assert everything(brief.id) == before


def test_a_brief_is_published_with_a_timer(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    answer = client.post(path(brief.id, "publish"), headers=brand.once())
    shown = answer.json
    assert (answer.status_code, shown["status"], shown["open_for_bids"], shown["version"]) == (
        200,
        "published",
        True,
        2,
    )
    assert [make.written(at) for at in timers(brief.id)] == [shown["bids_close_at"]]
    assert recorded(brief.id) == ["briefs.create", "briefs.publish"]
    assert last_event(brief.id).party_ids == [brand.party_id]


def test_bidding_is_closed_by_hand(client: FlaskClient, people: dict[str, Somebody]) -> None:
    for who in ("own", "platform"):
        brief = make.published(people["own"])
        answer = client.post(path(brief.id, "close"), headers=people[who].once())
        assert (answer.status_code, answer.json["status"], answer.json["open_for_bids"]) == (200, "closed", False)
        assert answer.json["closed_at"] is not None
        event = last_event(brief.id)
        assert (event.kind, event.data) == ("briefs.close", {"before": "published", "after": "closed"})


def test_a_brief_is_cancelled_with_a_reason(client: FlaskClient, people: dict[str, Somebody]) -> None:
    for who, maker in (("own", make.draft), ("platform", make.published)):
        brief = maker(people["own"])
        answer = client.post(path(brief.id, "cancel"), json={"reason": "预算取消"}, headers=people[who].once())
        assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
        assert (last_event(brief.id).kind, last_event(brief.id).data["reason"]) == ("briefs.cancel", "预算取消")
    brief = make.draft(people["own"])
    before = everything(brief.id)
    answer = client.post(path(brief.id, "cancel"), json={"reason": " "}, headers=people["own"].once())
    assert (answer.status_code, pointers(answer)) == (422, ["/reason"])
    assert everything(brief.id) == before


CALLS = {"publish": None, "close": None, "cancel": {"reason": "x"}}
SOURCES = {"publish": {"draft"}, "close": {"published"}, "cancel": {"draft", "published", "closed"}}


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize("status", list(make.MAKERS))
def test_a_move_from_a_wrong_state_changes_nothing(
    client: FlaskClient, brand: Somebody, call: str, status: str
) -> None:
    brief = make.MAKERS[status](brand)
    before = everything(brief.id)
    answer = client.post(path(brief.id, call), json=CALLS[call], headers=brand.once())
    if status in SOURCES[call]:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json["state"]) == (409, status)
        assert everything(brief.id) == before


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_a_brief_that_is_over_stays_as_it_is(client: FlaskClient, brand: Somebody, status: str) -> None:
    brief = make.MAKERS[status](brand)
    before = everything(brief.id)
    answer = client.patch(path(brief.id), json={"title": "x"}, headers=match(brand, brief.version))
    assert (answer.status_code, answer.json["state"]) == (409, status)
    assert everything(brief.id) == before


REFUSED = {
    "rival": dict.fromkeys(("change", "publish", "close", "cancel"), 404),
    "creator": dict.fromkeys(("change", "publish", "close", "cancel"), 403),
    "agency": dict.fromkeys(("change", "publish", "close", "cancel"), 403),
    "platform": {"change": 403, "publish": 403},
}


@pytest.mark.parametrize(
    ("name", "call", "status"), [(name, call, code) for name, calls in REFUSED.items() for call, code in calls.items()]
)
def test_others_change_nothing(
    client: FlaskClient, people: dict[str, Somebody], name: str, call: str, status: int
) -> None:
    brief = make.published(people["own"])
    before, who = everything(brief.id), people[name]
    if call == "change":
        answer = client.patch(path(brief.id), json={"title": "x"}, headers=match(who, 2))
    else:
        answer = client.post(path(brief.id, call), json=CALLS[call], headers=who.once())
    assert answer.status_code == status
    assert everything(brief.id) == before


def test_only_brands_write_briefs_and_only_with_the_permission(
    client: FlaskClient, people: dict[str, Somebody]
) -> None:
    for name in ("creator", "agency", "platform"):
        assert client.post(API, json=make.document(), headers=people[name].once()).status_code == 403
    reader = somebody("brand", scopes=frozenset({"read"}))
    assert client.post(API, json=make.document(), headers=reader.once()).status_code == 403
    assert client.get(API, headers=reader.headers).json["data"] == []
    assert client.post(API, json=make.document()).status_code == 401


def test_a_change_needs_the_version_that_was_read(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    assert client.patch(path(brief.id), json={"title": "x"}, headers=brand.headers).status_code == 428
    assert client.patch(path(brief.id), json={"title": "x"}, headers=match(brand, 7)).status_code == 412
    assert everything(brief.id) == before


def test_a_retry_writes_one_brief(client: FlaskClient, app: Flask) -> None:
    brand, document = somebody("brand"), make.document()
    headers = brand.once()
    first, second = (client.post(API, json=document, headers=headers) for _ in range(2))
    assert (first.status_code, second.json) == (201, first.json)
    assert len(client.get(API, headers=brand.headers).json["data"]) == 1


@pytest.mark.parametrize("name", list(BRIEF_TRANSITIONS))
@pytest.mark.parametrize("status", list(BriefStatus))
@pytest.mark.parametrize("role", [Role.BRAND, Role.CREATOR, Role.AGENCY, Role.ADMIN, Role.SYSTEM, Role.NOBODY])
def test_the_table_of_moves(app: Flask, name: str, status: BriefStatus, role: Role) -> None:
    brief = Brief(brand_id=ids.new_id(), bids_close_at=now(), status=status)
    actor = SYSTEM if role == Role.SYSTEM else Actor(role=role, party_id=brief.brand_id)
    with looking() as session:
        if role not in BRIEF_TRANSITIONS[name].roles or status not in BRIEF_TRANSITIONS[name].sources:
            refusal = NotAllowed if role not in BRIEF_TRANSITIONS[name].roles else WrongState
            with pytest.raises(refusal):
                states.apply_transition(session, brief, BRIEF_TRANSITIONS, name, actor, parties=[])
            assert (brief.status, brief.version) == (status, 1)
        else:
            states.apply_transition(session, brief, BRIEF_TRANSITIONS, name, actor, parties=[])
            assert (brief.status, brief.version) == (BRIEF_TRANSITIONS[name].target, 2)
        session.rollback()
