"""Every answer carries the headers that keep a browser from misusing it: pages, the API, refusals and faults alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.core.http.server import HEADERS, HTTPS_HEADERS
from tests.make.people import somebody

# Paths that lead nowhere, and the front page and description beside the routes of the map.
OTHERS = ("/", "/nothing", "/api/v1/nothing", "/docs", "/docs/problems", "/openapi.json", "/readyz", "/metrics")


def paths(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield a method and a path of every route, with made-up values for its parts."""
    for rule in app.url_map.iter_rules():
        values: dict[str, Any] = dict.fromkeys(rule.arguments, "0" * 8)
        for name, converter in rule._converters.items():
            if prefix := getattr(converter, "prefix", None):
                values[name] = f"{prefix}_" + "0" * 26
        built = rule.build(values, append_unknown=False)
        assert built is not None, rule.rule
        yield from ((method, built[1]) for method in sorted(rule.methods or ()))


def lacks(answer: TestResponse, secure: bool) -> set[str]:
    wanted = {*HEADERS, "X-Request-Id", *(HTTPS_HEADERS if secure else ())}
    return {name for name in wanted if name not in answer.headers}


@pytest.mark.parametrize("secure", [True, False])
def test_every_route_answers_with_them_to_anybody(app: Flask, client: FlaskClient, secure: bool) -> None:
    asked = {*paths(app), *(("GET", path) for path in OTHERS), ("BREW", "/api/v1/briefs"), ("DELETE", "/api/v1/briefs")}
    assert len(asked) > 200
    base = "https://market.example.com" if secure else "http://localhost"
    wrong = []
    for method, path in sorted(asked):
        answer = client.open(path, method=method, base_url=base)
        wrong += [f"{method} {path} {answer.status_code}: {name}" for name in sorted(lacks(answer, secure))]
        if not secure and set(HTTPS_HEADERS) & set(answer.headers.keys()):
            wrong.append(f"{method} {path}: tells a client that came without TLS")
        if path.startswith("/api/") and answer.headers.get("Cache-Control") != "no-store":
            wrong.append(f"{method} {path}: may be kept by a cache")
    assert wrong == []


def test_answers_of_every_kind_have_them(client: FlaskClient) -> None:
    base = {"base_url": "https://market.example.com"}
    kinds = {
        200: client.get("/api/v1/briefs", headers=somebody("brand").headers, **base),
        401: client.get("/api/v1/briefs", headers={"Authorization": "Bearer nonsense"}, **base),
        404: client.get("/api/v1/nothing", **base),
        413: client.post("/api/v1/sessions", data=b"{" + b" " * 3_000_000, content_type="application/json", **base),
        415: client.post("/api/v1/sessions", data=b"a", content_type="text/plain", **base),
        422: client.post("/api/v1/sessions", json={}, **base),
    }
    assert {status: answer.status_code for status, answer in kinds.items()} == {status: status for status in kinds}
    assert {status: lacks(answer, secure=True) for status, answer in kinds.items()} == {
        status: set() for status in kinds
    }


def test_a_fault_of_ours_has_them(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> object:
        raise RuntimeError("a fault")

    monkeypatch.setitem(app.extensions, "authenticate", broken)
    answer = client.get("/api/v1/briefs", base_url="https://market.example.com")
    assert answer.status_code == 500
    assert lacks(answer, secure=True) == set()
