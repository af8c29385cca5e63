"""Whatever comes in is answered with a problem, never with a fault of ours, and nothing is kept of it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from marketplace.core.http.fields import TextField
from tests.api.calls import Call, call_of, footprint, names, places, problem, refusal, replaced
from tests.authorization.world import World
from tests.market import undone

OTHER_TYPES: tuple[Any, ...] = (None, True, 7, 7.5, "x", [], {}, [[[7]]], -1)
# JSON texts that no field takes, whatever its type.
POISON = (r'"a\u0000b"', r'"\ud800"', str(10**30), str(-(10**30)), "1e400", "-1e400")
# JSON texts that no body holds, wherever they stand.
NO_JSON = ("NaN", "Infinity", "-Infinity", "1" * 5000, "[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60, "'x'", "01")
MARK = "%here%"
LONG = f'"{"x" * 2_000_000}"'
# Whole bodies that are no JSON object in UTF-8.
BODIES = (
    b"",
    b" ",
    b"null",
    b"true",
    b"7",
    b"[]",
    b'"x"',
    b"{",
    b"{}}",
    b"\xff\xfe{}",
    b"\x00",
    b"{'a': 1}",
    b'{"a": 1,}',
    "{}".encode("utf-16"),
    "{}".encode("utf-32-be"),
    b'{"a": "\xed\xa0\x80"}',
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"[" * 100_000,
)
WORDS = (
    "",
    " ",
    "x",
    "-1",
    "1e400",
    "NaN",
    str(10**30),
    "1.5",
    "True",
    "null",
    "\x00",
    "a\x00b",
    "\u202e",
    "%",
    "[]",
    "{}",
    "'; --",
    "١",
    "\ud7ff",
    "\U0010ffff",
    "x" * 5000,
)
# Of these, what no text may be or hold.
NO_TEXT = ("", "%00", "a%00b", quote("\u202e"), "x" * 5000)
# Percent signs that stand for no letters, or for half of one.
ESCAPES = ("%00", "%ff", "%", "%zz", "%ed%a0%80", "%c0%80")


def assert_refused(answer: TestResponse, told: object) -> None:
    assert 400 <= answer.status_code < 500, (told, answer.status_code, answer.text[:300])
    assert answer.content_type == "application/problem+json", told
    assert problem(answer)["status"] == answer.status_code


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def poisoned(call: Call, way: tuple[str | int, ...], text: str) -> bytes:
    return json.dumps(replaced(call.body, way, MARK)).replace(f'"{MARK}"', text).encode()


@cache
def document_of(app: Flask) -> Any:
    return json.loads(app.test_client().get("/openapi.json").data)


def described(app: Flask, call: Call) -> Any:
    """Return the validator of the body that the API's own description promises."""
    document = document_of(app)
    operation = document["paths"][f"/api/v1{call.path}"][call.method.lower()]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def hostile(call: Call) -> Iterator[tuple[object, bytes]]:
    """Yield bodies that no route takes, each with what a failure shows: whole ones, then ones spoilt in one place."""
    for body in BODIES:
        yield body[:40], body
    for text in NO_JSON:
        yield text[:40], poisoned(call, (next(iter(call.body)),), text)
    for way in places(call.body):
        for text in POISON:
            yield (way, text[:40]), poisoned(call, way, text)
    for name, value in call.body.items():
        yield (name, "long"), poisoned(call, (name,), LONG)
        yield (name, "twice"), encoded(call.body)[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}".encode()


@pytest.mark.parametrize("route", names(lambda endpoint: endpoint.takes), ids=" ".join)
def test_a_hostile_body_is_refused_and_leaves_nothing(app: Flask, shared: World, route: tuple[str, str]) -> None:
    call = call_of(app, shared, *route)
    before = footprint()
    bodies = list(hostile(call))
    for told, body in bodies:
        refused = call.load(app, body)
        # What is well formed but means nothing is refused by the view, if it is not refused before.
        status = call.send(app, body).status_code if refused is None else refused.status
        assert 400 <= status < 500, (told, status)
    # Over HTTP the same is said as a problem: no JSON at all, a number that is none, a text that no field takes.
    for told, body in (bodies[0], bodies[len(BODIES)], bodies[len(BODIES) + len(NO_JSON)]):
        answer = call.send(app, body)
        assert_refused(answer, told)
        assert call.load(app, body) in (None, refusal(answer)), told
    assert footprint() == before


@pytest.mark.parametrize("route", names(lambda endpoint: endpoint.takes), ids=" ".join)
def test_a_value_of_another_type_is_refused_as_described(app: Flask, shared: World, route: tuple[str, str]) -> None:
    call = call_of(app, shared, *route)
    promised = described(app, call)
    bodies = [replaced(call.body, way, value) for way in places(call.body) for value in OTHER_TYPES]
    bodies += [{name: value for name, value in call.body.items() if name != gone} for gone in call.body]
    wrong = [body for body in bodies if not promised.is_valid(body)]
    before = footprint()
    for place, body in enumerate(wrong):
        refused = call.load(app, encoded(body))
        if refused is None or place in (0, len(wrong) // 2, len(wrong) - 1):
            answer = call.send(app, encoded(body))
            assert_refused(answer, body)
            assert refused in (None, refusal(answer)), body
            refused = refusal(answer)
        assert refused.status == 422, (body, refused)
        assert refused.pointers, body
    assert footprint() == before
    for body in (body for body in bodies if promised.is_valid(body)):
        with undone():  # some of the rest are taken
            assert call.send(app, encoded(body)).status_code < 500, body


@pytest.mark.parametrize("route", names(lambda endpoint: endpoint.query), ids=" ".join)
def test_hostile_parameters_are_refused_by_name(app: Flask, shared: World, route: tuple[str, str]) -> None:
    call = call_of(app, shared, *route)
    assert call.endpoint.query is not None
    known = call.endpoint.query.fields
    first, has_body = next(iter(known)), bool(call.endpoint.takes or call.endpoint.raw)
    before = footprint()
    for query in (f"{first}=1&{first}=1", "no_such=1", "=1", "%00=1", f"{first}[]=1", "id=1"):
        assert_refused(call.send(app, query=query), query)
    for name, field in known.items():
        for text in (*(quote(word) for word in WORDS), *ESCAPES):
            query = f"{name}={text}"
            refused = None if has_body else call.load(app, query=query)
            if not isinstance(field, TextField) or text in NO_TEXT:
                status = call.send(app, query=query).status_code if refused is None else refused.status
                assert status == 422, (name, text)
            elif refused is None:
                answer = call.send(app, query=query)
                if answer.status_code >= 400:
                    assert_refused(answer, (name, text))
                else:
                    assert answer.status_code == call.endpoint.status, (name, text)
            else:
                assert 400 <= refused.status < 500, (name, text)
    if route[0] == "GET":
        assert footprint() == before


@pytest.mark.parametrize("route", names(lambda endpoint: not endpoint.query), ids=" ".join)
def test_a_route_without_parameters_takes_none(app: Flask, shared: World, route: tuple[str, str]) -> None:
    call = call_of(app, shared, *route)
    data = None if call.body is None else encoded(call.body)
    before = footprint()
    for query in ("a=1", "limit=1", "%00=%00"):
        answer = call.send(app, data, query=query)
        assert_refused(answer, query)
    assert footprint() == before


@pytest.mark.parametrize("route", names(lambda endpoint: True), ids=" ".join)
def test_a_path_with_something_else_for_an_id_is_not_there(app: Flask, shared: World, route: tuple[str, str]) -> None:
    call = call_of(app, shared, *route)
    data = None if call.body is None else encoded(call.body)
    before = footprint()
    for part in (part for part in call.address.split("/") if "_" in part):
        prefix, letters = part.split("_")
        others = [
            f"xyz_{letters}",
            f"{part}0",
            part[:-1],
            part.upper(),
            letters,
            f"{prefix}_",
            f"{prefix}_{'z' * 26}",
            f"{prefix}_{'0' * 26}",
            f"{prefix}_7{'z' * 25}",
            f"{part}%00",
            f"%00{part}",
            f"{part}%0a",
            f"{part}%20",
            quote(f"{prefix}_{'界' * 26}"),
            quote(f"{prefix}_{'١' * 26}"),
            "%00",
            "%ff",
            part * 1000,
            "null",
            "-1",
            str(10**30),
        ]
        for other in others:
            answer = call.send(app, data, address=call.address.replace(part, other))
            assert_refused(answer, other[:60])
            assert answer.status_code == 404, (other[:60], answer.text)
    assert footprint() == before
