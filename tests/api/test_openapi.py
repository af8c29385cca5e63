"""The API's description: complete, and kept to by the application under generated calls."""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.core.ids import new_id
from tests.make.people import somebody

CASES = 3
KEPT_TO = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# Ends the session that asks or waits for a minute: called elsewhere.
LEFT_OUT = {("GET", "/api/v1/briefs/{brief_id}/ranking/stream")}


def description(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json
    return found


def operations(client: FlaskClient) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in description(client)["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "put", "delete")
    ]


def test_a_client_can_be_made_from_it(client: FlaskClient) -> None:
    found = operations(client)
    assert len(found) > 75
    for method, path, operation in found:
        told = f"{method} {path}"
        assert operation.get("summary") or operation.get("description"), told
        success = [status for status in operation["responses"] if status.startswith("2")]
        assert len(success) == 1, told
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert "application/problem+json" in answer["content"], told
        if method == "post" and "requestBody" in operation:
            assert operation["requestBody"]["required"] is True, told
        for parameter in operation.get("parameters", []):
            assert "schema" in parameter, told


def test_no_two_schemas_share_a_name(client: FlaskClient) -> None:
    names = Counter(name.lower() for name in description(client)["components"]["schemas"])
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("kind", ["brand", "creator", "platform"])
def test_generated_calls_are_answered_as_described(app: Flask, kind: str) -> None:
    run(app, kind, CASES)


def run(app: Flask, kind: str, cases: int) -> int:
    """Call every operation `cases` times as somebody of the kind; returns how many calls there were."""
    who = somebody(kind)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    count = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue

        @settings(
            max_examples=cases, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            nonlocal count
            count += 1
            case.headers = {**dict(case.headers or {}), **who.headers, "Idempotency-Key": new_id().hex}
            case.call_and_validate(checks=list(KEPT_TO))

        call()
    return count
