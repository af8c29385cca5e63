"""Calls on results over HTTP, at the moments of a video's life, and looks at the money that followed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.models import ChannelVideo
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.deals.models import Deal
from marketplace.deliverables.models import Publication
from marketplace.deliverables.results.models import DeliverableResult, FigureAnswer, ToldFigure, ToldOrder
from marketplace.identity.party_days import day_of
from marketplace.ledger import verification
from marketplace.payments.models import Payment
from tests.deliverables import look
from tests.make import owed as make
from tests.make.briefs import cny
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import Somebody

API = "/api/v1"
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
UNKNOWN_ID = UUID(int=7)
CPM = {"model": "cpm", "rate": cny(5_000), "floor": cny(100_000), "cap": cny(1_000_000)}
COMMISSION = {"model": "commission", "basis_points": 1_000, "cap": cny(500_000), "minimum": cny(20_000)}


@contextmanager
def day(number: int) -> Iterator[None]:
    """A noon so many days after the publication."""
    with travel(make.publish_day() + timedelta(days=number)):
        yield


def live(price: dict[str, Any], count: int = 1, **more: Any) -> Owed:
    """A deal by this price, whose videos are live since day 0."""
    owed = make.funded(count, price=price, **more)
    with day(0):
        for id_ in owed.ids:
            make.live(owed, id_)
    return owed


def today(owed: Owed) -> str:
    with db.transaction() as session:
        return day_of(session.get_one(Deal, owed.deal_id).timezone, now()).isoformat()


def tell(client: FlaskClient, who: Somebody, owed: Owed, views: int, place: int = 0, **more: Any) -> Any:
    told = {"views": views, "counted_on": today(owed), "evidence": "后台截图", **more}
    return look.post(client, who, "dlv", owed.ids[place], "views", **told)


def tell_export(client: FlaskClient, who: Somebody, owed: Owed) -> Any:
    return look.post(client, who, "dlv", owed.id, "views", "from-export")


def tell_orders(client: FlaskClient, who: Somebody, owed: Owed, data: str, kind: str = "text/csv") -> Any:
    where = look.path("dlv", owed.id, "orders")
    return client.post(f"{where}?name=shop.csv", data=data.encode(), headers={**who.once(), "Content-Type": kind})


def answer(client: FlaskClient, who: Somebody, figure: Any, name: str, **body: Any) -> Any:
    return client.post(f"{API}/figures/{figure['id']}/{name}", json=body or None, headers=who.once())


def result(client: FlaskClient, who: Somebody, owed: Owed, place: int = 0) -> Any:
    shown = look.get(client, who, "dlv", owed.ids[place], "result")
    assert shown.status_code == 200, shown.json
    return shown.json


def settle(worker: ModuleType, number: int = 92) -> None:
    """Let the clock come on a day after the publication, twice: what is final is then settled."""
    with day(number):
        look.clock(worker)
        look.clock(worker)


def paid(owed: Owed) -> list[tuple[str, int, int]]:
    """Of each payment its status, what was due, and what went back; the ledger's invariants hold."""
    with db.transaction() as session:
        assert verification.verify(session).faults == []
        query = sa.select(Payment).where(Payment.deal_id == owed.deal_id).order_by(Payment.position)
        return [
            (str(one.status), one.amount_minor - one.returned_minor, one.returned_minor)
            for one in session.scalars(query)
            if str(one.status) != "held"
        ]


def everything(owed: Owed) -> list[Any]:
    """All that is stored of results, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        of_it = [
            [look.columns(row) for row in look.select(session, model, model.deliverable_id.in_(owed.ids))]
            for model in (DeliverableResult, ToldFigure, ToldOrder)
        ]
        figures = sa.select(ToldFigure.id).where(ToldFigure.deliverable_id.in_(owed.ids))
        answers = look.select(session, FigureAnswer, FigureAnswer.figure_id.in_(figures))
        return [*of_it, [look.columns(row) for row in answers], look.everything(owed.deal_id)]


def external_id(owed: Owed) -> str:
    """The id of the published video as its address has it."""
    with db.transaction() as session:
        published = session.scalars(sa.select(Publication).filter_by(deliverable_id=owed.id)).first()
        return published.url.rpartition("/")[2]


def stored_video(owed: Owed) -> ChannelVideo:
    with db.transaction() as session:
        channel_id = session.get_one(Deal, owed.deal_id).channel_id
        of_it = {"channel_id": channel_id, "external_id": external_id(owed)}
        return session.scalars(sa.select(ChannelVideo).filter_by(**of_it)).one()


def as_day(text: str) -> date:
    return date.fromisoformat(text)
