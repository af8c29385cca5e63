"""The manners of the API, shown on briefs: every refusal is a problem, every success happens once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.app import create_app
from marketplace.briefs.models import Brief
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.demo import wishes
from marketplace.identity.sign_in import authentication
from tests.make.people import Somebody, somebody


@pytest.fixture
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def body(number: int = 0) -> dict[str, Any]:
    at = datetime.now(UTC).replace(microsecond=0)
    return wishes.brief(number, at, at + timedelta(hours=2))


def count(brand: Somebody) -> int:
    with db.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).where(Brief.brand_id == brand.party_id)) or 0


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    assert problem["status"] == status
    assert problem["type"].startswith("/docs/problems#")
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    return problem


def test_flasks_own_errors_are_problems_too(client: FlaskClient, brand: Somebody) -> None:
    is_problem(client.get("/api/v1/nothing"), 404)
    is_problem(client.get("/api/v1/briefs/brf_short", headers=brand.headers), 404)
    answer = client.delete("/api/v1/briefs", headers=brand.headers)
    is_problem(answer, 405)
    assert "GET" in answer.headers["Allow"]
    is_problem(client.post("/api/v1/briefs", data="a=1", headers=brand.once()), 415)
    is_problem(
        client.post("/api/v1/briefs", data=b"x" * 3_000_000, headers=brand.once(), content_type="application/json"), 413
    )


def test_a_fault_of_ours_is_a_500_without_its_insides(config: Config) -> None:
    app = create_app(config)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the secret inside")

    answer = app.test_client().get("/broken")
    assert "secret" not in str(is_problem(answer, 500))


BAD_JSON = [
    ("{", "not the JSON"),
    ('{"a": 1, "a": 2}', "twice"),
    ('{"a": NaN}', "NaN"),
    ("[]", "object"),
    ("null", "object"),
    ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested"),
    ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested"),
    ('{"a": ' + "9" * 5_000 + "}", "JSON"),
    (b'{"a": "\xff"}', "JSON"),
]


@pytest.mark.parametrize(("text", "word"), BAD_JSON, ids=range(len(BAD_JSON)))
def test_json_is_read_strictly(client: FlaskClient, brand: Somebody, text: Any, word: str) -> None:
    answer = client.post("/api/v1/briefs", data=text, content_type="application/json", headers=brand.once())
    assert word in is_problem(answer, 400)["detail"]
    assert count(brand) == 0


BAD_VALUES = [
    ("title", "a\x00b", "/title"),
    ("title", "a\ud800b", "/title"),
    ("title", "a\u202eb", "/title"),
    ("title", 7, "/title"),
    ("title", "", "/title"),
    ("tolerance", "40", "/tolerance"),
    ("tolerance", 1.5, "/tolerance"),
    ("tolerance", True, "/tolerance"),
    ("tolerance", 10**30, "/tolerance"),
    ("budget", {"amount_minor": 10**30, "currency": "CNY"}, "/budget/amount_minor"),
    ("budget", {"amount_minor": 1, "currency": "XXX"}, "/budget/currency"),
    ("keep_live_days", 1e400, "/keep_live_days"),
    ("bids_close_at", "2026-01-01T00:00:00", "/bids_close_at"),
    ("bids_close_at", "9999-12-31T23:59:59-23:59", "/bids_close_at"),
    ("brand_id", "pty_00000000000000000000000000", "/brand_id"),
    ("status", "published", "/status"),
    ("id", 1, "/id"),
]


@pytest.mark.parametrize(("name", "value", "pointer"), BAD_VALUES, ids=range(len(BAD_VALUES)))
def test_a_bad_value_is_named_and_nothing_is_kept(
    client: FlaskClient, brand: Somebody, name: str, value: Any, pointer: str
) -> None:
    text = json.dumps({**body(), name: value}).replace("Infinity", "1e400")
    answer = client.post("/api/v1/briefs", data=text, content_type="application/json", headers=brand.once())
    assert pointer in [fault["pointer"] for fault in is_problem(answer, 422)["errors"]]
    assert count(brand) == 0


def test_a_whole_number_may_be_written_as_201_point_0(client: FlaskClient, brand: Somebody) -> None:
    answer = client.post("/api/v1/briefs", json={**body(), "tolerance": 25.0}, headers=brand.once())
    assert answer.status_code == 201, answer.text
    assert answer.json["tolerance"] == 25


def test_a_post_needs_a_key_and_a_retry_gives_the_same_answer(client: FlaskClient, brand: Somebody) -> None:
    is_problem(client.post("/api/v1/briefs", json=body(), headers=brand.headers), 400)
    headers, asked = brand.once(), body()
    first = client.post("/api/v1/briefs", json=asked, headers=headers)
    again = client.post("/api/v1/briefs", json=asked, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json, again.headers["ETag"]) == (first.json, first.headers["ETag"])
    is_problem(client.post("/api/v1/briefs", json={**asked, "tolerance": 1}, headers=headers), 422)
    assert count(brand) == 1


def test_a_refusal_is_not_kept(client: FlaskClient, brand: Somebody) -> None:
    headers = brand.once()
    is_problem(client.post("/api/v1/briefs", json={}, headers=headers), 422)
    assert client.post("/api/v1/briefs", json=body(), headers=headers).status_code == 201


def test_fifty_at_once_with_one_key_are_one(app: Flask, brand: Somebody) -> None:
    headers, asked = brand.once(), body()

    def post(_: int) -> int:
        return app.test_client().post("/api/v1/briefs", json=asked, headers=headers).status_code

    with ThreadPoolExecutor(50) as pool:
        codes = set(pool.map(post, range(50)))
    assert 201 in codes
    assert codes <= {201, 409}
    assert count(brand) == 1


def test_a_change_needs_the_version_that_was_read(client: FlaskClient, brand: Somebody) -> None:
    made = client.post("/api/v1/briefs", json=body(), headers=brand.once())
    path, tag = f"/api/v1/briefs/{made.json['id']}", made.headers["ETag"]
    is_problem(client.patch(path, json={"tolerance": 9}, headers=brand.headers), 428)
    is_problem(client.patch(path, json={"tolerance": 9}, headers={**brand.headers, "If-Match": '"77"'}), 412)
    is_problem(client.patch(path, json={"tolerance": 9}, headers={**brand.headers, "If-Match": "W/x"}), 412)
    changed = client.patch(path, json={"tolerance": 9}, headers={**brand.headers, "If-Match": tag})
    assert changed.status_code == 200, changed.text
    is_problem(client.patch(path, json={"tolerance": 8}, headers={**brand.headers, "If-Match": tag}), 412)
    read = client.get(path, headers=brand.headers)
    assert (read.json["tolerance"], read.headers["ETag"]) == (9, changed.headers["ETag"])
    unchanged = client.get(path, headers={**brand.headers, "If-None-Match": read.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_pages_go_on_where_the_last_one_ended(client: FlaskClient, brand: Somebody) -> None:
    made = [client.post("/api/v1/briefs", json=body(), headers=brand.once()).json["id"] for _ in range(5)]
    seen, path = [], "/api/v1/briefs?limit=2"
    for _ in range(3):
        answer = client.get(path, headers=brand.headers)
        seen += [one["id"] for one in answer.json["data"]]
        if answer.json["has_more"]:
            path = answer.headers["Link"].split(">")[0].removeprefix("<http://localhost")
    assert seen == made[::-1]
    for query in ("limit=0", "limit=101", "limit=x", "limit=1&limit=2", "nonsense=1", "starting_after=bid_1"):
        is_problem(client.get(f"/api/v1/briefs?{query}", headers=brand.headers), 422)


def test_who_one_is_must_be_said_rightly(client: FlaskClient, brand: Somebody) -> None:
    for header in (
        "",
        "Basic x",
        "Bearer short",
        "Bearer inl_live_000000000000.x" + "y" * 40,
        brand.headers["Authorization"][:-1],
    ):
        answer = client.get("/api/v1/briefs", headers={"Authorization": header} if header else {})
        is_problem(answer, 401)
        assert "WWW-Authenticate" in answer.headers


def test_nobody_uses_up_the_requests_of_a_key_whose_secret_they_do_not_have(
    config: Config, app: Flask, brand: Somebody
) -> None:
    few = create_app(Config(**{**config.__dict__, "rate_limit_per_minute": 5})).test_client()
    known = brand.headers["Authorization"].removeprefix("Bearer ").split(".")[0]
    _, strange, _ = authentication.new_key()
    guess = f"Bearer {known}.{strange.split('.')[1]}"
    refused = [
        few.get("/api/v1/briefs", headers={"Authorization": guess}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
        for _ in range(12)
    ]
    assert {answer.status_code for answer in refused} == {401, 429}
    assert few.get("/api/v1/briefs", headers=brand.headers).status_code == 200


def test_too_many_requests_are_told_when_to_come_back(config: Config, app: Flask, brand: Somebody) -> None:
    few = create_app(Config(**{**config.__dict__, "rate_limit_per_minute": 3}))
    answers = [few.test_client().get("/api/v1/briefs", headers=brand.headers) for _ in range(8)]
    assert answers[0].headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"default";r=2;t=')
    # A minute may begin in between, but not twice.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 2
    is_problem(refused[0], 429)
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60


def test_health_and_metrics(client: FlaskClient) -> None:
    assert client.get("/livez").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "database": "ok", "broker": "ok", "storage": "ok"}
    metrics = client.get("/metrics").text
    assert "inlay_requests_total" in metrics
    assert "inlay_jobs" in metrics


def test_the_description_and_its_page_need_no_other_host(client: FlaskClient) -> None:
    description = client.get("/openapi.json").json
    assert description["openapi"] == "3.1.0"
    page = client.get("/docs").text
    for name in ("/static/docs.js", "/static/docs.css", "/static/vendor/swagger-ui/swagger-ui-bundle.js"):
        assert name in page
        assert client.get(name).status_code == 200
    assert "http" not in page.replace("https://json-schema", "")
    assert 'id="wrong-state"' in client.get("/docs/problems").text
    assert client.get("/static/../core/db.py").status_code == 404
    assert client.get("/static/docs.html/..%2f..%2fcore/db.py").status_code == 404


def test_a_request_id_is_kept_or_made(client: FlaskClient) -> None:
    assert client.get("/livez", headers={"X-Request-Id": "mine-12345678"}).headers["X-Request-Id"] == "mine-12345678"
    assert client.get("/livez", headers={"X-Request-Id": "no good\t"}).headers["X-Request-Id"].startswith("req_")
