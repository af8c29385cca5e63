"""Looks at what a call left behind."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.bids.models import Bid, BidRevision
from marketplace.core import db, ids
from marketplace.core.events import Event

API = "/api/v1/bids"


def path(bid_id: UUID, *more: str) -> str:
    return "/".join([API, ids.show("bid", bid_id), *more])


def everything(brief_id: UUID) -> list[Any]:
    """All that is stored of a brief's bids, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        bids = session.scalars(sa.select(Bid).where(Bid.brief_id == brief_id).order_by(Bid.id)).all()
        return [
            (
                {column.key: getattr(bid, column.key) for column in sa.inspect(Bid).columns},
                [(row.id, row.number, row.commitment, row.price, row.plan) for row in wordings(bid.id)],
                [event.kind for event in events(bid.id)],
            )
            for bid in bids
        ]


def wordings(bid_id: UUID) -> list[BidRevision]:
    with db.transaction() as session:
        query = sa.select(BidRevision).where(BidRevision.bid_id == bid_id).order_by(BidRevision.number)
        return list(session.scalars(query))


def events(bid_id: UUID) -> list[Event]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Event).where(Event.subject_id == bid_id).order_by(Event.id)))


def pointers(answer: Any) -> list[str]:
    return sorted({fault["pointer"] for fault in answer.json["errors"]})
