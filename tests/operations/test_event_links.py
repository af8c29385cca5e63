"""Events are linked into chains, once and without gaps, and what is done to them afterwards is found."""

import json
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.operations import event_chain, event_links
from marketplace.operations.event_chain import MARKET, START, ShownLink, head_after, leaf_of
from marketplace.operations.event_links import EventLink
from tests.make import briefs as make_briefs
from tests.make.people import Somebody, somebody
from tests.market import owning

LINKS, HEADS = "/api/v1/event-links", "/api/v1/event-heads"


@pytest.fixture
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def recorded(*parties: Somebody, count: int = 1, **data: Any) -> list[UUID]:
    with db.transaction() as session:
        return [
            events.record(
                session, "channels.change", new_id(), SYSTEM, parties=[who.party_id for who in parties], n=n, **data
            )
            for n in range(count)
        ]


def relay_all(worker: ModuleType) -> None:
    while worker.relay():
        pass


def links_of(client: FlaskClient, who: Somebody, limit: int = 3, **query: str) -> list[dict[str, Any]]:
    """Read a chain page by page."""
    read: list[dict[str, Any]] = []
    while True:
        cursor = {"starting_after": read[-1]["id"]} if read else {}
        answer = client.get(LINKS, headers=who.headers, query_string={"limit": str(limit), **cursor, **query})
        assert answer.status_code == 200, answer.json
        read += answer.json["data"]
        if not answer.json["has_more"]:
            return read


def shown(rows: list[dict[str, Any]]) -> list[ShownLink]:
    return [
        ShownLink(
            row["position"], row["event_id"], bytes.fromhex(row["leaf"]), bytes.fromhex(row["head"]), row["record"]
        )
        for row in rows
    ]


def said(rows: list[dict[str, Any]], *, every_record: bool = True) -> list[str]:
    return [fault.en for fault in event_chain.faults(shown(rows), every_record=every_record)]


def as_owner(statement: str, **values: Any) -> None:
    with owning() as session:
        assert session.execute(sa.text(statement), values).rowcount == 1  # type: ignore[attr-defined]


def test_a_party_works_its_chain_out_by_itself(client: FlaskClient, worker: ModuleType, brand: Somebody) -> None:
    other = somebody("creator")
    made = [*recorded(brand, count=4), *recorded(brand, other)]
    recorded(other)
    relay_all(worker)
    rows = links_of(client, brand)
    assert [row["event_id"] for row in rows][-5:] == [ids.show("evt", one) for one in made]
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert said(rows) == []
    head = START
    for row in rows:
        head = head_after(head, leaf_of(row["record"]))
    assert head.hex() == rows[-1]["head"]
    told = json.loads(rows[-5]["record"])
    event = client.get(f"/api/v1/events/{rows[-5]['event_id']}", headers=brand.headers).json
    assert (told["kind"], told["data"], told["actor_role"]) == (event["kind"], event["data"], event["actor_role"])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE events SET data = '{\"n\": 7}' WHERE id = :id", "the event is not as it was recorded"),
        ("UPDATE events SET kind = 'bids.place' WHERE id = :id", "the event is not as it was recorded"),
        ("UPDATE events SET created_at = created_at - interval '1 s' WHERE id = :id", "not as it was recorded"),
        ("UPDATE events SET actor_role = 'admin' WHERE id = :id", "not as it was recorded"),
        ("DELETE FROM events WHERE id = :id", "its event is gone"),
        ("DELETE FROM event_links WHERE event_id = :id AND chain = :chain", "link 2 is missing; the next is 3"),
        (
            "UPDATE event_links SET leaf = sha256('x') WHERE event_id = :id AND chain = :chain",
            "its head does not follow from the one before",
        ),
        (
            "UPDATE event_links SET head = sha256('x') WHERE event_id = :id AND chain = :chain",
            "link 3",
        ),
    ],
)
def test_what_is_done_to_an_event_is_found(
    client: FlaskClient, worker: ModuleType, brand: Somebody, statement: str, found: str
) -> None:
    made = recorded(brand, count=3)
    relay_all(worker)
    assert said(links_of(client, brand)) == []
    values: dict[str, Any] = {"id": made[1]} | ({"chain": brand.party_id} if ":chain" in statement else {})
    as_owner(statement, **values)
    assert found in " ".join(said(links_of(client, brand)))


def test_a_chain_that_was_written_anew_has_another_end(
    client: FlaskClient, worker: ModuleType, brand: Somebody
) -> None:
    """Whoever owns the database can work every hash out again, but not those that others have kept."""
    made = recorded(brand, count=3)
    relay_all(worker)
    kept = links_of(client, brand)[-1]["head"]
    as_owner("UPDATE events SET data = '{\"n\": 7}' WHERE id = :id", id=made[1])
    with owning() as session:
        head = START
        query = sa.select(EventLink).where(EventLink.chain == brand.party_id).order_by(EventLink.position)
        for link in session.scalars(query):
            leaf = leaf_of(event_chain.record_of(session.get_one(Event, link.event_id)))
            head = head_after(head, leaf)
            link.leaf, link.head = leaf, head
    rows = links_of(client, brand)
    assert said(rows) == []
    assert rows[-1]["head"] != kept


def test_relays_at_once_link_every_event_once(worker: ModuleType, brand: Somebody) -> None:
    made = {one for _ in range(20) for one in recorded(brand, count=10)}
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(worker.relay, 7) for _ in range(60)]:
            done.result()
    relay_all(worker)
    with db.transaction() as session:
        query = sa.select(EventLink.position, EventLink.event_id).where(EventLink.chain == brand.party_id)
        rows = session.execute(query.order_by(EventLink.position)).all()
        in_market = sa.select(sa.func.count()).where(EventLink.chain == MARKET, EventLink.event_id.in_(made))
        assert session.scalar(in_market) == len(made)
    assert [row.position for row in rows] == list(range(1, len(made) + 1))
    assert {row.event_id for row in rows} == made


def test_events_of_before_are_linked_later(worker: ModuleType, brand: Somebody) -> None:
    made = recorded(brand, count=5)
    with db.transaction() as session:
        session.execute(sa.update(Event).where(Event.id.in_(made)).values(relayed_at=sa.func.now()))
    with db.transaction() as session:
        while event_links.link_left(session):
            pass
    with db.transaction() as session:
        query = sa.select(EventLink.event_id).where(EventLink.chain == brand.party_id).order_by(EventLink.position)
        assert list(session.scalars(query)) == made


def test_links_stay_as_they_were_written(worker: ModuleType, brand: Somebody) -> None:
    recorded(brand)
    relay_all(worker)
    for statement in (sa.delete(EventLink), sa.update(EventLink).values(position=1)):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), db.transaction() as session:
            session.execute(statement.where(EventLink.chain == brand.party_id))


def test_whose_chain_one_may_read(client: FlaskClient, worker: ModuleType, brand: Somebody) -> None:
    rivals = somebody("brand"), somebody("platform")
    recorded(brand)
    relay_all(worker)
    party = ids.show("pty", brand.party_id)
    assert len(links_of(client, brand, party_id=party)) == 1
    for rival in rivals:
        assert client.get(LINKS, headers=rival.headers, query_string={"party_id": party}).status_code == 404
        assert links_of(client, rival) == []
    both = {"party_id": party, "brief_id": ids.show("brf", new_id())}
    assert client.get(LINKS, headers=brand.headers, query_string=both).status_code == 422
    # The rows themselves are closed to rivals, whatever a query forgets.
    with db.transaction(rivals[0].actor) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(EventLink)) == 0


def test_the_chain_of_a_brief_is_open_from_its_close_on(
    client: FlaskClient, worker: ModuleType, brand: Somebody
) -> None:
    stranger, query = somebody("creator"), {"brief_id": ids.show("brf", make_briefs.published(brand).id)}
    relay_all(worker)
    assert client.get(LINKS, headers=brand.headers, query_string=query).status_code == 404
    query = {"brief_id": ids.show("brf", make_briefs.closed(brand).id)}
    relay_all(worker)
    own, others = links_of(client, brand, **query), links_of(client, stranger, **query)
    assert [row["head"] for row in own] == [row["head"] for row in others]
    assert len(own) >= 3
    assert said(own, every_record=False) == said(others, every_record=False) == []
    assert all(row["record"] for row in own)
    assert not any(row["record"] for row in others)


def test_anybody_may_keep_the_hash_of_all_events(client: FlaskClient, worker: ModuleType, brand: Somebody) -> None:
    made = recorded(brand)
    relay_all(worker)
    newest = client.get(HEADS).json
    recorded(brand)
    relay_all(worker)
    again = client.get(HEADS, query_string={"position": newest["position"]}).json
    assert again == newest
    assert client.get(HEADS).json["position"] > newest["position"]
    assert client.get(HEADS, query_string={"position": 10**9}).status_code == 404
    # Who was named in the event is in this hash alone, with a salt, so that nobody finds it by trying.
    with db.transaction() as session:
        in_market = sa.select(EventLink).where(EventLink.event_id == made[0], EventLink.chain == MARKET)
        link = session.scalars(in_market).one()
        event = session.get_one(Event, made[0])
        assert link.leaf == leaf_of(event_chain.whole_record_of(event), link.salt or b"")
        assert link.leaf != leaf_of(event_chain.whole_record_of(event))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE events SET party_ids = '{}' WHERE id = :id", "the market: link"),
        ("UPDATE events SET actor_person_id = gen_random_uuid() WHERE id = :id", "the market: link"),
        ("DELETE FROM events WHERE id = :id", "its event is gone"),
    ],
)
def test_the_operator_finds_what_readers_cannot(
    worker: ModuleType, brand: Somebody, session: Session, statement: str, found: str
) -> None:
    (made,) = recorded(brand)
    relay_all(worker)
    name = ids.show("evt", made)
    assert not [fault for fault in event_links.check(session).faults if name in fault.en]
    as_owner(statement, id=made)
    session.expire_all()
    with db.transaction() as fresh:
        told = [fault.en for fault in event_links.check(fresh).faults if name in fault.en]
    assert any(found in line for line in told), told
