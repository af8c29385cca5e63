"""Refusals are told in the language that the caller asks for, and in that one alone."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from marketplace.core import db
from marketplace.core.http import problems
from marketplace.core.http.caller_language import language_of
from marketplace.demo import wishes
from tests.make.people import Somebody, mandate, somebody
from tests.test_two_languages import HAN

ZH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


@pytest.fixture
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def told(answer: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a problem and its sentences, of which each must be in the language that the answer names."""
    assert answer.content_type == "application/problem+json", answer.text
    assert "Accept-Language" in answer.headers["Vary"]
    problem: dict[str, Any] = json.loads(answer.data)
    sentences = [problem["title"], problem["detail"], *(error["detail"] for error in problem.get("errors", []))]
    chinese = answer.headers["Content-Language"] == "zh-CN"
    assert all(bool(HAN.search(sentence)) == chinese for sentence in sentences), sentences
    return problem, sentences


def brief() -> dict[str, Any]:
    at = datetime.now(UTC).replace(microsecond=0)
    return wishes.brief(0, at, at + timedelta(hours=2))


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh-CN", "zh"),
        ("zh-Hant-TW, en;q=0.5", "zh"),
        ("en-GB,zh;q=0.9", "en"),
        ("fr, zh;q=0.3", "zh"),
        ("fr", "en"),
        ("*", "en"),
        ("en;q=0.1, zh", "zh"),
        ("zh;q=0", "en"),
        ("%%;q=x", "en"),
    ],
)
def test_the_language_is_the_one_that_is_preferred(accept: str, language: str) -> None:
    assert language_of(accept) == language


@pytest.mark.parametrize("headers", [{}, ZH], ids=["en", "zh"])
def test_what_the_edge_refuses_is_in_one_language(
    client: FlaskClient, brand: Somebody, headers: dict[str, str]
) -> None:
    signed, once = {**brand.headers, **headers}, lambda: {**brand.once(), **headers}
    shown = [
        client.get("/api/v1/nothing", headers=headers),
        client.delete("/api/v1/briefs", headers=signed),
        client.get("/api/v1/briefs", headers=headers),
        client.get("/api/v1/briefs", headers={**headers, "Authorization": "Bearer inl_live_xxxx_yyyy"}),
        client.post("/api/v1/briefs", data="a=1", headers=once()),
        client.post("/api/v1/briefs", data=b"{", content_type="application/json", headers=once()),
        client.post("/api/v1/briefs", data=b"[]", content_type="application/json", headers=once()),
        client.post("/api/v1/briefs", data=b"\xff{}", content_type="application/json", headers=once()),
        client.post("/api/v1/briefs", data=b'{"a": NaN}', content_type="application/json", headers=once()),
        client.post("/api/v1/briefs", data=b'{"a": 1, "a": 2}', content_type="application/json", headers=once()),
        client.post("/api/v1/briefs", data=b'{"a":' * 60, content_type="application/json", headers=once()),
        client.post("/api/v1/briefs", json={}, headers=signed),
        client.post("/api/v1/briefs", json={}, headers=once()),
        client.post("/api/v1/briefs", json={**brief(), "titel": "x"}, headers=once()),
        client.get("/api/v1/briefs?limit=1&limit=2", headers=signed),
        client.get("/api/v1/briefs?limit=0&page=2", headers=signed),
        client.get("/api/v1/briefs/brf_00000000000000000000000000", headers=signed),
        client.get("/api/v1/briefs/bid_00000000000000000000000000", headers=signed),
        client.get("/api/v1/me?x=1", headers=signed),
    ]
    assert [answer.status_code for answer in shown if answer.status_code < 400] == []
    for answer in shown:
        told(answer)
        assert answer.headers["Content-Language"] == ("zh-CN" if headers else "en")


def test_a_title_that_is_no_header_changes_nothing_of_the_type(client: FlaskClient) -> None:
    english, chinese = client.get("/api/v1/briefs"), client.get("/api/v1/briefs", headers=ZH)
    assert told(english)[0]["type"] == told(chinese)[0]["type"] == "/docs/problems#not-signed-in"
    assert told(english)[0]["status"] == told(chinese)[0]["status"] == 401


@pytest.mark.parametrize(
    ("change", "pointer", "en", "zh"),
    [
        ({"budget": 60000}, "/budget", "Write money as an object", "金额写成对象"),
        ({"title": "  "}, "/title", "May not be blank.", "不能只有空白。"),
        ({"titel": "x"}, "/titel", "Did you mean title?", "是不是想写 title？"),
        ({"qqq": 1}, "/qqq", "there are: title, ", "可用的有：title, "),
        ({"bids_close_at": "2026-12-01T08:00:00"}, "/bids_close_at", "a time with its offset", "带时区的时间"),
        ({"tolerance": 101}, "/tolerance", "less than or equal to 100", "不大于 100"),
        ({"target": 5}, "/target", "Must be a list", "列表"),
        (
            {"budget": {"amount_minor": 1, "currency": "CNX"}},
            "/budget/currency",
            "Did you mean CNY?",
            "是不是想写 CNY？",
        ),
    ],
)
def test_a_refused_value_is_told_with_what_would_be_taken(
    client: FlaskClient, brand: Somebody, change: dict[str, Any], pointer: str, en: str, zh: str
) -> None:
    for headers, words in (({}, en), (ZH, zh)):
        answer = client.post("/api/v1/briefs", json={**brief(), **change}, headers={**brand.once(), **headers})
        assert answer.status_code == 422
        found = {error["pointer"]: error["detail"] for error in told(answer)[0]["errors"]}
        assert words in found[pointer], found


@pytest.mark.parametrize(
    ("sent", "en", "zh"),
    [
        (b'{\n "title": x\n}', "line 2, character 11: Expecting value", "第 2 行第 11 个字符处，应当是一个值"),
        (b'{"title": \xe9}', "byte 11 is not UTF-8", "第 11 个字节不是 UTF-8"),
    ],
)
def test_bad_json_is_told_with_its_place(client: FlaskClient, brand: Somebody, sent: bytes, en: str, zh: str) -> None:
    for headers, words in (({}, en), (ZH, zh)):
        answer = client.post(
            "/api/v1/briefs", data=sent, content_type="application/json", headers={**brand.once(), **headers}
        )
        assert answer.status_code == 400
        assert words in told(answer)[0]["detail"]


def test_json_with_a_byte_order_mark_is_taken(client: FlaskClient, brand: Somebody) -> None:
    sent = b"\xef\xbb\xbf" + json.dumps(brief()).encode()
    answer = client.post("/api/v1/briefs", data=sent, content_type="application/json", headers=brand.once())
    assert answer.status_code == 201, answer.text


def test_an_id_of_another_noun_is_told_from_a_path_that_leads_nowhere(client: FlaskClient, brand: Somebody) -> None:
    other = "bid_" + "0" * 26
    for headers, words in (
        ({}, f"an id that begins with brf_ here, not {other}"),
        (ZH, f"以 brf_ 开头，而不是 {other}"),
    ):
        assert (
            words in told(client.get(f"/api/v1/briefs/{other}/bids", headers={**brand.headers, **headers}))[0]["detail"]
        )
    assert "26 letters" in told(client.get("/api/v1/briefs/brf_short", headers=brand.headers))[0]["detail"]
    assert "look at the path" in told(client.get("/api/v1/nothing", headers=brand.headers))[0]["detail"]


@pytest.mark.parametrize(
    ("statement", "status", "rule"),
    [
        (
            "INSERT INTO memberships (id, party_id, person_id, permissions, created_at)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{}', now())",
            409,
            "fk_memberships_",
        ),
        ("UPDATE parties SET timezone = 'Nowhere/At_all'", 422, ""),
        ("UPDATE parties SET name = NULL", 422, "not_null"),
        ("UPDATE mandates SET share_basis_points = 10001", 422, "ck_mandates_share_range"),
    ],
)
def test_what_a_rule_of_the_database_refuses_is_no_fault_of_ours(
    app: Flask, brand: Somebody, statement: str, status: int, rule: str
) -> None:
    mandate(somebody("agency"), somebody("creator").party_id)
    with pytest.raises(DBAPIError) as refused, db.transaction() as session:
        session.execute(sa.text(statement))
    known = problems.translate(refused.value)
    assert known is not None
    assert (known.status, str(known.more.get("rule", "")).startswith(rule)) == (status, True)
    assert HAN.search(known.detail.zh)
    assert not HAN.search(known.detail.en)


def _stop(setting: str, work: str) -> None:
    with db.transaction() as session:
        session.execute(sa.text(f"SET LOCAL {setting} = '20ms'"))
        session.execute(sa.text(work))
        time.sleep(1)  # work that holds a connection and asks nothing of it
        session.execute(sa.text("SELECT 1"))


@pytest.mark.parametrize(
    ("setting", "work"),
    [("idle_in_transaction_session_timeout", "SELECT 1"), ("statement_timeout", "SELECT pg_sleep(5)")],
)
def test_what_was_stopped_for_taking_too_long_is_told_as_that(app: Flask, setting: str, work: str) -> None:
    with pytest.raises(DBAPIError) as stopped:
        _stop(setting, work)
    known = problems.translate(stopped.value)
    assert known is not None
    assert (known.status, known.headers["Retry-After"]) == (503, "10")
    assert "took too long" in known.detail.en
    assert "计算时间太长" in known.detail.zh
