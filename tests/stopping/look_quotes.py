"""Quotes and cancellations over HTTP."""

from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from tests.deals.look import path
from tests.make.people import Somebody
from tests.stopping import look

LEAVES = "这一季不做了"


def asked_for(client: FlaskClient, who: Somebody, deal_id: UUID, **query: str) -> Any:
    return client.get(path(deal_id, "cancellation-quote"), query_string=query, headers=who.headers)


def quote(client: FlaskClient, who: Somebody, deal_id: UUID, **query: str) -> dict[str, Any]:
    answer = asked_for(client, who, deal_id, **query)
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def cancel(client: FlaskClient, who: Somebody, deal_id: UUID, quote_hash: str) -> Any:
    return look.post(client, who, deal_id, "cancel", quote_hash=quote_hash, reason=LEAVES)


def asked(client: FlaskClient, who: Somebody, deal_id: UUID, **query: str) -> dict[str, Any]:
    """The quote by which a side has just asked to cancel."""
    found = quote(client, who, deal_id, **query)
    answer = cancel(client, who, deal_id, found["quote_hash"])
    assert answer.status_code == 200, answer.json
    return found


def agree(client: FlaskClient, who: Somebody, deal_id: UUID, quote_hash: str) -> Any:
    return look.post(client, who, deal_id, "cancellation", "agree", quote_hash=quote_hash)


def refuse(client: FlaskClient, who: Somebody, deal_id: UUID) -> Any:
    return look.post(client, who, deal_id, "cancellation", "refuse", reason="已经拍好了")


def take_back(client: FlaskClient, who: Somebody, deal_id: UUID) -> Any:
    return look.post(client, who, deal_id, "cancellation", "take-back")
