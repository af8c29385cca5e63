"""Looks into inboxes over HTTP."""

from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient

from tests.make.people import Somebody

API = "/api/v1"


def duties(client: FlaskClient, who: Somebody, **query: Any) -> list[dict[str, Any]]:
    """All that waits for somebody, read page by page."""
    found: list[dict[str, Any]] = []
    while True:
        after = {"starting_after": found[-1]["id"]} if found else {}
        answer = client.get(f"{API}/inbox", query_string={"limit": 50, **query, **after}, headers=who.headers)
        assert answer.status_code == 200, answer.json
        found += answer.json["data"]
        if not answer.json["has_more"]:
            return found


def codes(client: FlaskClient, who: Somebody, about: Sequence[str] | None = None) -> list[str]:
    """What waits for somebody; for those who see everybody's, only what is `about` these ids."""
    return [one["code"] for one in duties(client, who) if about is None or one["subject"] in about]


def one(client: FlaskClient, who: Somebody, code: str, **query: Any) -> dict[str, Any]:
    [found] = [one for one in duties(client, who, **query) if one["code"] == code]
    return found
