"""The page at `/`: two languages, JSON for programs, nothing from elsewhere, nothing of who is in the market."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.core.actor import Role
from tests.make import people

ROOT = Path(__file__).resolve().parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def shown(client: FlaskClient, *, query: str = "", **headers: str) -> TestResponse:
    return client.get(f"/{query}", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("query", "asked", "language", "word"),
    [
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN", "侵扰度"),
        ("", "zh-Hans-CN", "zh-CN", "侵扰度"),
        ("", "en-GB,en;q=0.9,zh;q=0.1", "en", "intrusiveness"),
        ("", "de", "en", "intrusiveness"),
        ("", "", "en", "intrusiveness"),
        ("?language=zh", "en", "zh-CN", "侵扰度"),
        ("?language=en", "zh", "en", "intrusiveness"),
        ("?language=../license", "zh", "zh-CN", "侵扰度"),
    ],
)
def test_a_browser_is_shown_a_page_in_its_language(
    client: FlaskClient, query: str, asked: str, language: str, word: str
) -> None:
    answer = shown(client, query=query, Accept=BROWSER, Accept_Language=asked)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert word in answer.text
    assert {"Accept", "Accept-Language"} <= set(answer.vary)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_and_all_that_it_leads_to_are_here(client: FlaskClient, language: str) -> None:
    page = shown(client, query=f"?language={language}", Accept=BROWSER).text
    targets = set(re.findall(r'(?:href|src)="([^"]*)"', page)) - {"data:,"}
    assert {"/docs", "/openapi.json", "/livez", "/readyz", "/docs/problems", "/static/license.txt"} <= targets
    assert {"en": "/?language=zh", "zh": "/?language=en"}[language] in targets
    for target in targets:
        assert client.get(target).status_code == 200, target
    # As the Content-Security-Policy demands, which lets in no style and no script that stands in a page.
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|https?:", page)
    assert "url(" not in client.get("/static/front.css").text


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/json, text/html;q=0.5"])
def test_a_program_is_told_the_same_as_json(client: FlaskClient, accept: str) -> None:
    answer = shown(client, **({"Accept": accept} if accept else {}))
    assert answer.mimetype == "application/json"
    told = answer.get_json()
    assert set(told["description"]) == {"zh", "en"}
    for name, target in told["links"].items():
        assert client.get(target).status_code == (404 if name == "api" else 200), target


def test_it_is_the_same_for_everybody(client: FlaskClient) -> None:
    brand = people.somebody(Role.BRAND)
    for accept in (BROWSER, "application/json"):
        before = shown(client, Accept=accept)
        signed_in = shown(client, Accept=accept, **brand.headers)
        assert (signed_in.data, signed_in.headers["ETag"]) == (before.data, before.headers["ETag"])
        again = shown(client, Accept=accept, If_None_Match=before.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
        assert client.head("/", headers={"Accept": accept}).status_code == 200
    assert client.post("/").status_code == 405


def test_the_licence_that_is_served_is_the_projects() -> None:
    assert (ROOT / "marketplace/static/license.txt").read_bytes() == (ROOT / "LICENSE").read_bytes()
