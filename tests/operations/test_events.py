"""Reading and replaying what happened, and never more than one may."""

import ast
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.ids import PREFIXES, new_id
from tests.make.people import Somebody, somebody
from tests.operations.look import EVENTS, event

ROOT = Path(__file__).resolve().parents[2]


def shown(*made: Any) -> list[str]:
    return [ids.show("evt", one.id) for one in made]


def listed(client: FlaskClient, who: Somebody, **query: Any) -> list[str]:
    answer = client.get(EVENTS, headers=who.headers, query_string=query)
    assert answer.status_code == 200, answer.json
    return [row["id"] for row in answer.json["data"]]


@pytest.fixture
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def test_an_event_tells_what_happened_to_what(client: FlaskClient, brand: Somebody) -> None:
    made = event(brand.party_id, number=1)
    answer = client.get(f"{EVENTS}/{shown(made)[0]}", headers=brand.headers)
    assert answer.status_code == 200
    assert answer.json.pop("created_at").endswith("Z")
    found = {name: value for name, value in answer.json.items() if name != "created_at"}
    assert found == {
        "id": shown(made)[0],
        "kind": "bids.place",
        "subject_id": ids.show("bid", made.subject_id),
        "actor_role": "system",
        "actor_party_id": None,
        "request_id": made.request_id,
        "data": {"number": 1},
        "sealed": False,
    }


@pytest.mark.parametrize(("noun", "prefix"), sorted(PREFIXES.items()))
def test_every_noun_has_its_public_id(client: FlaskClient, brand: Somebody, noun: str, prefix: str) -> None:
    subject_id = new_id()
    made = event(brand.party_id, kind=f"{noun}.new", subject_id=subject_id)
    word = ids.show(prefix, subject_id)
    answer = client.get(EVENTS, headers=brand.headers, query_string={"subject_id": word})
    assert [(row["id"], row["subject_id"]) for row in answer.json["data"]] == [(shown(made)[0], word)]


def _kinds(path: Path) -> list[str]:
    """Return the kinds that a file records under a name written there, through whatever function named so."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and len(node.args) > 1
            and ast.unparse(node.func).endswith(("record", "record_many"))
        ):
            kind = node.args[1].values[0] if isinstance(node.args[1], ast.JoinedStr) else node.args[1]
            if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                found.append(kind.value)
    return found


def test_every_kind_that_is_recorded_begins_with_a_noun() -> None:
    sources = [*ROOT.glob("marketplace/**/*.py"), *ROOT.glob("workers/**/*.py")]
    found = [kind for path in sources for kind in _kinds(path)]
    assert {"reviews.open", "bids.place", "briefs.create"} <= set(found)
    assert [kind for kind in found if kind.partition(".")[0] not in PREFIXES] == []


def test_a_stranger_sees_nothing_of_it(client: FlaskClient, brand: Somebody) -> None:
    made = event(brand.party_id)
    for kind in ("brand", "creator", "agency"):
        stranger = somebody(kind)
        assert client.get(f"{EVENTS}/{shown(made)[0]}", headers=stranger.headers).status_code == 404
        assert listed(client, stranger) == []
        assert listed(client, stranger, order="asc") == []
    assert client.get(f"{EVENTS}/{shown(made)[0]}").status_code == 401
    platform = somebody("platform")
    subject = ids.show("bid", made.subject_id)
    assert listed(client, platform, subject_id=subject) == shown(made)


def test_what_nobody_may_read_is_the_platforms(client: FlaskClient, brand: Somebody) -> None:
    made = event(kind="reviews.open")
    assert client.get(f"{EVENTS}/{shown(made)[0]}", headers=brand.headers).status_code == 404
    assert client.get(f"{EVENTS}/{shown(made)[0]}", headers=somebody("platform").headers).status_code == 200


def test_events_are_narrowed(client: FlaskClient, brand: Somebody) -> None:
    bid_id: UUID = new_id()
    placed = event(brand.party_id, subject_id=bid_id)
    revised = event(brand.party_id, kind="bids.revise", subject_id=bid_id)
    other = event(brand.party_id, kind="briefs.close")
    assert listed(client, brand) == shown(other, revised, placed)
    assert listed(client, brand, kind="bids.revise") == shown(revised)
    assert listed(client, brand, subject_id=ids.show("bid", bid_id)) == shown(revised, placed)
    assert listed(client, brand, subject_id=ids.show("brf", bid_id)) == []
    assert listed(client, brand, subject_id=ids.show("bid", bid_id), kind="bids.place") == shown(placed)
    [since] = shown(placed)
    assert listed(client, brand, since=since) == shown(other, revised)
    assert listed(client, brand, since=since, order="asc") == shown(revised, other)
    assert listed(client, brand, kind="bids") == []


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_hold_every_event_once(client: FlaskClient, brand: Somebody, order: str) -> None:
    made = shown(*(event(brand.party_id) for _ in range(5)))
    found, url = [], f"{EVENTS}?limit=2&order={order}"
    while url:
        answer = client.get(url, headers=brand.headers)
        found.append([row["id"] for row in answer.json["data"]])
        url = answer.headers["Link"].partition(">")[0][1:] if answer.json["has_more"] else ""
    wanted = made if order == "asc" else made[::-1]
    assert found == [wanted[:2], wanted[2:4], wanted[4:]]


def test_a_replay_goes_on_where_it_stopped(client: FlaskClient, brand: Somebody) -> None:
    first = shown(event(brand.party_id))
    assert listed(client, brand, order="asc") == first
    second = shown(event(brand.party_id), event(brand.party_id))
    assert listed(client, brand, order="asc", starting_after=first[0]) == second
    assert listed(client, brand, order="asc", starting_after=second[-1]) == []


@pytest.mark.parametrize(
    "query",
    [
        {"subject_id": "bid_x"},
        {"subject_id": ids.show("zzz", new_id())},
        {"subject_id": str(new_id())},
        {"subject_id": "_" + "0" * 26},
        {"since": ids.show("bid", new_id())},
        {"starting_after": "evt_"},
        {"order": "up"},
        {"kind": ""},
        {"kind": "x" * 81},
        {"kind": "a\x00b"},
        {"limit": "101"},
        {"actor": "me"},
    ],
)
def test_a_bad_filter_is_refused(client: FlaskClient, brand: Somebody, query: dict[str, Any]) -> None:
    answer = client.get(EVENTS, headers=brand.headers, query_string=query)
    [name] = query
    assert (answer.status_code, [fault["pointer"] for fault in answer.json["errors"]]) == (422, [f"query:/{name}"])


def test_reading_needs_the_permission_to_read(client: FlaskClient) -> None:
    who = somebody("brand", scopes=frozenset({"briefs:write"}))
    assert client.get(EVENTS, headers=who.headers).status_code == 403
    assert client.get(f"{EVENTS}/{ids.show('evt', new_id())}", headers=who.headers).status_code == 403
