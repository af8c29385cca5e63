"""No column of a room can be set through a body that does not name it as a field."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, fields

from marketplace import models
from marketplace.core.db import Base
from marketplace.core.http.fields import SentDocument
from tests.api.calls import Refusal, call_of, footprint, names, refusal, replaced
from tests.authorization.world import World
from tests.make import owed as make_owed
from tests.make.moments import travel
from tests.market import undone

assert models.metadata.tables

# Columns that decide whose a thing is or what became of it, tried on every route besides its own room's.
DECISIVE = {"id", "created_at", "party_id", "person_id", "status", "version", "permissions", "role", "kind", "is_admin"}


def columns(room: str) -> set[str]:
    """Return the names of all columns of a room's tables (a room is the package of its models)."""
    tables = [mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__.split(".")[1] == room]
    return {column.name for table in tables for column in table.columns} | DECISIVE


def openings(
    schema: Schema, body: Any, way: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], set[str]]]:
    """Yield every object inside a body that has a schema, with the names that it does know."""
    yield way, {field.data_key or name for name, field in schema.fields.items()}
    for name, field in schema.fields.items():
        key = field.data_key or name
        inner = field.inner if isinstance(field, fields.List) else field
        value = body.get(key)
        # What has a reader of its own is refused by that, later than the rest.
        if not isinstance(inner, fields.Nested) or isinstance(inner, SentDocument) or not value:
            continue
        if isinstance(value, list):
            yield from openings(inner.schema, value[0], (*way, key, 0))
        else:
            yield from openings(inner.schema, value, (*way, key))


def added(body: Any, way: tuple[str | int, ...], name: str) -> Any:
    return replaced(body, (*way, name), 1)


OF_A_DAY = ("/publication", "/publication/report", "/publication/decide", "/views")


@pytest.mark.parametrize("route", names(lambda endpoint: endpoint.takes), ids=" ".join)
def test_a_column_that_is_no_field_is_refused_by_name(app: Flask, shared: World, route: tuple[str, str]) -> None:
    call = call_of(app, shared, *route)
    assert call.endpoint.takes is not None
    room = type(call.endpoint.takes).__module__.split(".")[1]
    before = footprint()
    tried = 0
    for way, known in openings(call.endpoint.takes, call.body):
        for name in sorted((columns(room) if way == () else DECISIVE) - known):
            data = json.dumps(added(call.body, way, name)).encode()
            pointer = "".join(f"/{step}" for step in (*way, name))
            assert call.load(app, data) == Refusal(422, [pointer])
            if tried % 20 == 0:
                assert refusal(call.send(app, data)) == Refusal(422, [pointer])
            tried += 1
    assert tried >= len(DECISIVE) - 3
    assert footprint() == before
    # What is said of a publication, and after it, is held against the days that the deal agreed.
    with undone(), travel(make_owed.publish_day()) if route[1].endswith(OF_A_DAY) else nullcontext():
        answer = call.send(app, json.dumps(call.body).encode())
    assert answer.status_code not in (400, 422), "the body alone is well formed"
