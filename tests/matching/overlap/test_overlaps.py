"""Measured overlaps over the API: who may tell, read and confirm them, and what is learnt."""

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import ProgrammingError

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput
from marketplace.core.ids import new_id
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap.models import AudienceOverlap
from tests.make import overlaps as make
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def two() -> tuple[Somebody, UUID, UUID]:
    who = somebody("creator")
    return who, look.channel(who), look.channel(somebody("creator"))


def body(one: UUID, other: UUID, **changes: Any) -> dict[str, Any]:
    names = {"channel_id": ids.show("chn", one), "other_channel_id": ids.show("chn", other)}
    return {**make.BODY, **names, **changes}


def listed(client: FlaskClient, who: Somebody) -> list[Any]:
    answer = client.get("/api/v1/overlaps", headers=who.headers)
    assert answer.status_code == 200, answer.json
    found: list[Any] = answer.json["data"]
    return found


def test_an_overlap_is_told_and_read_by_its_own_side_and_the_admins(client: FlaskClient) -> None:
    who, one, other = two()
    answer = client.post("/api/v1/overlaps", json=body(one, other), headers=who.once())
    assert answer.status_code == 201, answer.json
    assert {name: answer.json[name] for name in make.BODY} == make.BODY
    assert answer.json["confirmed_at"] is None
    assert [row["id"] for row in listed(client, who)] == [answer.json["id"]]
    assert answer.json["id"] in [row["id"] for row in listed(client, somebody("platform"))]
    assert listed(client, somebody("creator")) == []
    for by in (ids.show("chn", one), ids.show("chn", other)):
        found = client.get(f"/api/v1/overlaps?channel_id={by}", headers=who.headers).json["data"]
        assert [row["id"] for row in found] == [answer.json["id"]]
    with db.transaction(somebody("creator").actor) as session:
        assert session.scalars(sa.select(AudienceOverlap)).all() == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"value": 1.01}, "/value"),
        ({"value": -0.1}, "/value"),
        ({"people": 0}, "/people"),
        ({"sample": 0}, "/sample"),
        ({"method": "guess"}, "/method"),
        ({"measured_on": (now().date() + timedelta(days=2)).isoformat()}, "/measured_on"),
        ({"measured_on": "1999-01-01"}, "/measured_on"),
        ({"source": ""}, "/source"),
        ({"other_channel_id": ids.show("chn", new_id())}, "/other_channel_id"),
        ({"confirmed_at": "2026-01-01T00:00:00Z"}, "/confirmed_at"),
    ],
)
def test_what_cannot_be_is_refused(client: FlaskClient, changes: dict[str, Any], pointer: str) -> None:
    who, one, other = two()
    answer = client.post("/api/v1/overlaps", json=body(one, other, **changes), headers=who.once())
    assert answer.status_code == 422, answer.json
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]
    assert listed(client, who) == []


def test_a_channel_does_not_overlap_with_itself(client: FlaskClient) -> None:
    who, one, _ = two()
    with pytest.raises(InvalidInput, match="two channels"):
        make.record(who, one, one)


def test_an_admin_alone_lets_it_count_and_nobody_changes_it(client: FlaskClient) -> None:
    who, one, other = two()
    row = make.record(who, one, other)
    assert make.confirm(row).confirmed_at is not None
    with pytest.raises(Conflict):
        make.confirm(row)
    assert make.record(somebody("platform"), one, other).confirmed_at is not None
    with pytest.raises(ProgrammingError), db.transaction(who.actor) as session:
        session.execute(sa.update(AudienceOverlap).where(AudienceOverlap.id == row.id).values(value=0.0))
    with pytest.raises(ProgrammingError), db.transaction(who.actor) as session:
        session.execute(sa.delete(AudienceOverlap).where(AudienceOverlap.id == row.id))


def test_the_workers_learn_from_what_counts_and_from_the_surest_of_each_pair(worker: ModuleType) -> None:
    who, one, other = two()
    work.settle(worker)
    with db.transaction() as session:
        before = overlaps.load_named(session, overlaps.newest_name(session)).duplication
    make.record(who, one, other, value=0.9)
    work.settle(worker)
    with db.transaction() as session:
        assert overlaps.load_named(session, overlaps.newest_name(session)).duplication == before
    admin = somebody("platform")
    sure = make.record(admin, other, one, value=0.5, method="measured_ids", measured_on=now().date() - timedelta(30))
    make.record(admin, one, other, value=0.01, method="tool_estimate")
    work.settle(worker)
    with db.transaction() as session:
        learnt = overlaps.load_named(session, overlaps.newest_name(session))
        [pair] = overlaps.measured_pairs(session, [one, other])
    assert learnt.fitted_on == now().date()
    assert learnt.duplication.measured == before.measured + 1
    assert learnt.duplication.of("cn").within > before.of("cn").within
    assert pair == [str(other), str(one), sure.people, sure.other_people, sure.value]
    make.record(admin, one, other, value=0.02, method="measured_ids")
    work.settle(worker)
    with db.transaction() as session:
        later = overlaps.load_named(session, overlaps.newest_name(session)).duplication
    assert later.of("cn").within < learnt.duplication.of("cn").within
    assert {job.state for job in work.of("matching.fit-overlaps")} == {"done"}
