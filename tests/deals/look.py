"""Deals of accepted bids, answered over HTTP, and looks at what a call left behind."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids.models import Bid
from marketplace.core import db, ids
from marketplace.core.events import Event
from marketplace.deals.models import Deal, DealSignature, DealTerms, Deliverable
from marketplace.pacing.models import ExclusivityWindow, PacingBooking
from tests.make.offered_deals import hash_of
from tests.make.people import Somebody

API = "/api/v1/deals"


def path(deal_id: UUID, *more: str) -> str:
    return "/".join([API, ids.show("dea", deal_id), *more])


def shown(client: FlaskClient, who: Somebody, deal_id: UUID) -> dict[str, Any]:
    answer = client.get(path(deal_id), headers=who.headers)
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def terms(client: FlaskClient, who: Somebody, deal_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(path(deal_id, "terms"), headers=who.headers).json["data"]
    return found


def counter(client: FlaskClient, who: Somebody, deal_id: UUID, **changes: Any) -> Any:
    """Counter the present terms."""
    body = {"content_hash": hash_of(deal_id), "changes": changes}
    return client.post(path(deal_id, "counter"), json=body, headers=who.once())


def confirm(client: FlaskClient, who: Somebody, deal_id: UUID, content_hash: str | None = None) -> Any:
    body = {"content_hash": content_hash or hash_of(deal_id), "signed_name": "林小满"}
    return client.post(path(deal_id, "confirm"), json=body, headers=who.once())


def leave(client: FlaskClient, who: Somebody, deal_id: UUID, how: str, reason: str = "档期变了") -> Any:
    return client.post(path(deal_id, how), json={"reason": reason}, headers=who.once())


def everything(deal_id: UUID) -> list[Any]:
    """All that is stored of a deal and of what follows from it, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        deal = session.get_one(Deal, deal_id)
        rows: list[Any] = [columns(deal), columns(session.get_one(Bid, deal.bid_id))]
        for model in (DealTerms, DealSignature, Deliverable, ExclusivityWindow, PacingBooking):
            query = sa.select(model).where(model.deal_id == deal_id).order_by(model.id)
            rows += [columns(row) for row in session.scalars(query)]
        return [*rows, [event.kind for event in events(deal_id)]]


def columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in sa.inspect(type(row)).columns}


def events(deal_id: UUID) -> list[Event]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Event).where(Event.subject_id == deal_id).order_by(Event.number)))
