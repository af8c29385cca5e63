"""The API's description: valid, and complete enough to make a client from."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient

from marketplace.app import create_app
from marketplace.core.http.problems import ProblemSchema
from marketplace.core.lazy_import import lazy_module
from marketplace.intrusiveness.timeline import EXPOSURE_NUMBERS, LIMITS, SHORTHANDS
from tests.api.calls import names
from tests.authorization.world import routes

if TYPE_CHECKING:
    from schemathesis.specs.openapi import definitions
else:
    definitions = lazy_module("schemathesis.specs.openapi.definitions")

NAMES = Path(__file__).with_name("operation_names.csv")
# Answers that are files or streams.
FILES = {
    ("get", "/api/v1/channels/export"),
    ("get", "/api/v1/brand-assets/{asset_id}"),
    ("get", "/api/v1/briefs/{brief_id}/ranking/stream"),
    ("get", "/api/v1/selections/{selection_id}/picture"),
    ("get", "/api/v1/bids/{bid_id}/picture"),
    ("get", "/api/v1/video-checks/labels"),
    ("get", "/api/v1/video-checks/{check_id}/timeline"),
    ("get", "/api/v1/video-checks/{check_id}/pictures"),
    ("get", "/api/v1/drafts/{draft_id}/video"),
    ("get", "/api/v1/videos/{video_id}/content"),
    ("get", "/api/v1/videos/{video_id}/signed"),
    ("get", "/api/v1/channels/{channel_id}/pacing/calendar.ics"),
    ("get", "/api/v1/deals/{deal_id}/contract"),
}
# What is accepted and tells nothing, whoever asks.
EMPTY = {("post", "/api/v1/password-resets")}
OPEN = {
    *("post /sign-up", "post /sessions", "post /invites/accept", "get /brief-options", "get /price-index"),
    *("post /password-resets", "post /password-resets/confirm"),
    "post /payment-provider/notices",
    *("get /event-heads", "get /videos/{video_id}/signed", "put /videos/{video_id}/signed"),
}


def description(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get("/openapi.json").data)
    return found


def operations(client: FlaskClient) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in description(client)["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "put", "delete")
    ]


def test_it_is_openapi_3_1(client: FlaskClient) -> None:
    document = description(client)
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in definitions.OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_every_reference_leads_somewhere(client: FlaskClient) -> None:
    document = description(client)
    found = references(document)
    assert len(found) > 50
    for reference in found:
        inner: Any = document
        for step in reference.removeprefix("#/").split("/"):
            inner = inner[step]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {value["$ref"]}.union() if isinstance(value.get("$ref"), str) else references(list(value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_a_client_can_be_made_from_it(client: FlaskClient) -> None:
    document = description(client)
    described_tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    found = operations(client)
    assert len(found) > 75
    for method, path, operation in found:
        told = f"{method} {path}"
        assert operation.get("summary") or operation.get("description"), told
        assert operation["tags"], told
        assert set(operation["tags"]) <= described_tags, told
        success = [status for status in operation["responses"] if status.startswith("2")]
        assert len(success) == 1, told
        if success != ["204"] and (method, path) not in FILES | EMPTY:
            schema = operation["responses"][success[0]]["content"]["application/json"]["schema"]
            assert schema.get("$ref") or schema.get("type"), told
        open_to_all = operation.get("security", document["security"]) == []
        assert open_to_all == (told.replace("/api/v1", "") in OPEN), told
        refusals = {status for status, answer in operation["responses"].items() if status.startswith(("4", "5"))}
        assert refusals >= {"400", "401", "403", "404", "409", "422", "429", "503"}, told
        for status in refusals:
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}, told
        if "requestBody" in operation:
            assert operation["requestBody"]["required"] is True, told
        for parameter in operation.get("parameters", []):
            assert "schema" in parameter, told
        in_path = {one["name"] for one in all_parameters(document, path, operation) if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), told


def all_parameters(document: dict[str, Any], path: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]


def test_names_of_operations_stay(client: FlaskClient) -> None:
    """Generated clients name their functions after them, so a name that goes breaks whoever calls it."""
    listed = [tuple(line.split(",")) for line in NAMES.read_text().splitlines()]
    served = sorted((method, path, operation["operationId"]) for method, path, operation in operations(client))
    assert served == listed, "Add new operations to the list; tell of a name that changes in CHANGELOG.md."
    for *_, name in listed:
        assert re.fullmatch("[a-z]+([A-Z][a-z]+)+", name), name
    assert [name for name, count in Counter(name for *_, name in listed).items() if count > 1] == []


@pytest.mark.parametrize(("method", "path"), names(lambda endpoint: endpoint.query is not None))
def test_every_parameter_of_a_query_is_described(client: FlaskClient, method: str, path: str) -> None:
    query = routes(client.application)[method, path].query
    assert query is not None
    read = {field.data_key or name: field.required for name, field in query.load_fields.items()}
    document = description(client)
    operation = document["paths"][f"/api/v1{path}"][method.lower()]
    assert {one["name"]: one["required"] for one in operation["parameters"] if one["in"] == "query"} == read


def test_headers_that_a_call_must_have_are_described(client: FlaskClient) -> None:
    for method, path, operation in operations(client):
        endpoint = routes(client.application)[method.upper(), path.removeprefix("/api/v1")]
        described = {
            one["name"] for one in operation.get("parameters", []) if one["in"] == "header" and one["required"]
        }
        assert ("Idempotency-Key" in described) == endpoint.once, path
        assert ("If-Match" in described) == endpoint.if_match, path
    uploads = description(client)["paths"]["/api/v1/video-uploads/{upload_id}"]["patch"]["parameters"]
    assert {one["name"]: one["required"] for one in uploads} == {
        "Tus-Resumable": True,
        "Upload-Offset": True,
        "Upload-Checksum": False,
    }


def test_schemas_are_named_as_types_and_used(client: FlaskClient) -> None:
    document = description(client)
    for name in document["components"]["schemas"]:
        assert re.fullmatch("([A-Z][a-z]+)+", name), name
    used = {reference.rpartition("/")[2] for reference in references(document)}
    assert used == set(document["components"]["schemas"])


def test_objects_tell_their_members_or_that_they_are_free(client: FlaskClient) -> None:
    for name, schema in description(client)["components"]["schemas"].items():
        for told in objects(schema):
            known = told.get("properties") or told.get("additionalProperties")
            assert known or told.get("description", "").startswith("Free-form: "), (name, told)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from objects(one)
    elif isinstance(value, dict):
        if value.get("type") == "object" or value.get("type") == ["object", "null"]:
            yield value
        for one in value.values():
            yield from objects(one)


def test_a_plan_is_described_as_it_is_read(client: FlaskClient) -> None:
    schemas = description(client)["components"]["schemas"]
    exposure, plan = schemas["PlanExposure"], schemas["PlacementPlan"]
    assert exposure["additionalProperties"] is plan["additionalProperties"] is False
    others = {"kind", "cta", "description", "exposures", "source"}
    assert {*exposure["properties"], *plan["properties"]} == {*LIMITS, *others}
    assert schemas["BidIn"]["properties"]["plan"] == {"$ref": "#/components/schemas/PlacementPlan"}
    words_of = {name: [one.word for one in known] for name, known in SHORTHANDS.items()}
    for name in EXPOSURE_NUMBERS:
        number, *words, reference = exposure["properties"][name]["anyOf"]
        assert (number["minimum"], number["maximum"]) == LIMITS[name]
        assert [word["enum"] for word in words] == ([words_of[name]] if name in words_of else [])
        assert reference == {"$ref": "#/components/schemas/PlanRange"}
    assert set(exposure["required"]) == {"kind", "start_s", "seconds"}


def test_date_ranges_have_one_spelling(client: FlaskClient) -> None:
    """Days from `starts_on` to `ends_on`, moments from `starts_at` to `ends_at`, both included."""
    others = set()
    for name, schema in description(client)["components"]["schemas"].items():
        for member, told in schema.get("properties", {}).items():
            is_end = re.fullmatch("(.*_)?(from|to|until|since|first_day|last_day|start|end|starts|ends)", member)
            if told.get("format") in ("date", "date-time") and is_end:
                others.add((name, member))
    assert others == {("BidDeliverableOut", "publish_from"), ("BidDeliverableOut", "publish_to")}


def test_no_two_schemas_share_a_name(client: FlaskClient) -> None:
    names = Counter(name.lower() for name in description(client)["components"]["schemas"])
    assert [name for name, count in names.items() if count > 1] == []


def test_a_client_that_has_it_is_not_sent_it_again(client: FlaskClient) -> None:
    first = client.get("/openapi.json")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = create_app(client.application.extensions["config"]).test_client().get("/openapi.json")
    assert (other.headers["ETag"], other.data) == (first.headers["ETag"], first.data)


def test_what_a_refusal_says_besides_its_sentence_is_described() -> None:
    """Of each error that is raised with more than its sentence, what more it tells is a field of the problem."""
    described = {field.data_key or name for name, field in ProblemSchema().fields.items()}
    raised = (
        node.exc
        for path in (NAMES.parents[2] / "marketplace").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    )
    told = {keyword.arg for call in raised for keyword in call.keywords if keyword.arg}
    # Headers, and what one reader of files tells another.
    assert told - {"headers", "retry_after_s", "of_marks"} <= described
