"""Bodies that are files: limits, kinds, keys and digests, through a small room of this test's own."""

import base64
import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from marketplace.app import authenticate
from marketplace.core.actor import Permission
from marketplace.core.config import Config
from marketplace.core.http import openapi
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import RawBody, RawBodySpec
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.server import DatabaseReview, make_server
from tests.make.people import Somebody, somebody

LIMIT = 3000
seen: list[int] = []


class EchoOut(Schema):
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    call = fields.Integer(required=True)


@pytest.fixture(scope="module")
def small(config: Config, app: Flask) -> Flask:
    room = GuardedBlueprint("echo", __name__, tag="market")

    @room.post(
        "/echo",
        allow=SIGNED_IN,
        needs=Permission.READ,
        takes_raw=RawBodySpec(LIMIT, ("image/png", "text/csv")),
        answers=EchoOut,
        status=201,
    )
    def echo(body: RawBody) -> dict[str, Any]:
        pieces = [len(piece) for piece in body.pieces(1024)]
        seen.append(sum(pieces))
        return {"size_bytes": body.size_bytes, "sha256": body.sha256, "call": len(seen)}

    made = make_server(config, authenticate, DatabaseReview())
    openapi.publish(made, [room])
    return made


@pytest.fixture
def echo(small: Flask) -> FlaskClient:
    return small.test_client()


def send(client: FlaskClient, data: bytes, headers: dict[str, str], kind: str = "text/csv") -> Any:
    return client.post("/api/v1/echo", data=data, headers=headers, content_type=kind)


@pytest.fixture
def who(app: Flask) -> Somebody:
    return somebody("creator")


def test_a_file_arrives_in_pieces_with_its_hash(echo: FlaskClient, who: Somebody) -> None:
    data = bytes(range(250)) * 10
    answer = send(echo, data, who.once())
    assert answer.status_code == 201
    assert answer.json["size_bytes"] == 2500
    assert answer.json["sha256"] == hashlib.sha256(data).hexdigest()


def test_one_byte_above_the_limit_is_413_and_the_view_never_runs(echo: FlaskClient, who: Somebody) -> None:
    assert send(echo, b"x" * LIMIT, who.once()).status_code == 201
    before = len(seen)
    answer = send(echo, b"x" * (LIMIT + 1), who.once())
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
    assert len(seen) == before


class Endless(io.RawIOBase):
    """A body without a length."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return len(buffer)


def test_a_body_without_length_is_cut_at_the_limit(echo: FlaskClient, who: Somebody) -> None:
    before = len(seen)
    answer = echo.post(
        "/api/v1/echo",
        headers=who.once(),
        content_type="text/csv",
        environ_overrides={"wsgi.input": Endless(), "wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
    assert len(seen) == before


def test_a_body_shorter_than_it_said_is_refused(echo: FlaskClient, who: Somebody) -> None:
    headers = who.once()
    answer = echo.post(
        "/api/v1/echo",
        headers=headers,
        content_type="text/csv",
        environ_overrides={"wsgi.input": io.BytesIO(b"z" * 60), "wsgi.input_terminated": True, "CONTENT_LENGTH": "100"},
    )
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert send(echo, b"a", headers).status_code == 201


def test_other_media_types_are_415(echo: FlaskClient, who: Somebody) -> None:
    before = len(seen)
    answer = send(echo, b"{}", who.once(), "application/json")
    assert (answer.status_code, len(seen)) == (415, before)
    assert "image/png" in answer.json["detail"]


def test_a_retry_with_the_same_file_is_answered_from_what_was_kept(echo: FlaskClient, who: Somebody) -> None:
    headers = who.once()
    first = send(echo, b"a" * 2000, headers)
    again = send(echo, b"a" * 2000, headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json) == (201, first.json)


def test_the_same_key_with_another_file_of_the_same_length_is_422(echo: FlaskClient, who: Somebody) -> None:
    headers = who.once()
    send(echo, b"a" * 2000, headers)
    before = len(seen)
    answer = send(echo, b"a" * 1999 + b"b", headers)
    assert (answer.status_code, len(seen)) == (422, before)
    assert answer.json["type"].endswith("#idempotency-key-reused")


def test_a_key_is_asked_for(echo: FlaskClient, who: Somebody) -> None:
    assert send(echo, b"a", who.headers).status_code == 400


def digests(data: bytes) -> Iterator[tuple[str, int]]:
    right = base64.b64encode(hashlib.sha256(data).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(data + b"!").digest()).decode()
    yield f"sha-256=:{right}:", 201
    yield f"sha-512=:eA==:, sha-256=:{right}:", 201
    yield f"sha-256=:{wrong}:", 422
    yield f"sha-256=:{'=' * 44}:", 422


def test_a_file_that_is_not_what_its_digest_says_is_refused(echo: FlaskClient, who: Somebody) -> None:
    for header, status in digests(b"content"):
        headers = who.once(**{"Content-Digest": header})
        assert send(echo, b"content", headers).status_code == status, header
        # A refusal keeps nothing under its key.
        assert send(echo, b"content", {**headers, "Content-Digest": ""}).status_code == 201


def test_the_body_is_described_as_a_file(echo: FlaskClient) -> None:
    body = echo.get("/openapi.json").json["paths"]["/api/v1/echo"]["post"]["requestBody"]
    schema = {"type": "string", "format": "binary", "maxLength": LIMIT}
    assert body == {"required": True, "content": {"image/png": {"schema": schema}, "text/csv": {"schema": schema}}}
