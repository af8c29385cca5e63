"""Calls that stop a deal, over HTTP, and looks at what they left behind."""

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, jobs
from marketplace.core.clock import now
from marketplace.core.jobs import Job, JobState
from marketplace.deals.models import Deliverable
from marketplace.pacing.models import ExclusivityWindow, PacingBooking
from marketplace.payments.models import Payment
from marketplace.payments.money_invariants import verify
from marketplace.payments.service import shares_settled
from marketplace.stopping import cancelling
from marketplace.stopping.models import DealStop
from tests.deals.look import columns, path, shown
from tests.deliverables import look as work
from tests.make import work as make_work
from tests.make.people import Somebody

WHY = "产品召回，先停一停"


def post(client: FlaskClient, who: Somebody, deal_id: UUID, *where: str, **body: Any) -> Any:
    return client.post(path(deal_id, *where), json=body or None, headers=who.once())


def pause(client: FlaskClient, who: Somebody, deal_id: UUID, reason: str = WHY) -> Any:
    return post(client, who, deal_id, "pause", reason=reason)


def resume(client: FlaskClient, who: Somebody, deal_id: UUID) -> Any:
    return post(client, who, deal_id, "resume")


def stops(client: FlaskClient, who: Somebody, deal_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(path(deal_id, "stops"), headers=who.headers).json["data"]
    return found


def status(client: FlaskClient, who: Somebody, deal_id: UUID) -> str:
    return str(shown(client, who, deal_id)["status"])


def everything(deal_id: UUID) -> list[Any]:
    """All that is stored of a deal and of what follows from it, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        rows = []
        for model in (DealStop, Payment, ExclusivityWindow, PacingBooking):
            query = sa.select(model).where(model.deal_id == deal_id).order_by(model.id)
            rows += [columns(row) for row in session.scalars(query)]
        return [*rows, *work.everything(deal_id)]


def due_days(deal_id: UUID) -> list[Any]:
    with db.transaction() as session:
        query = sa.select(Deliverable.due_on).where(Deliverable.deal_id == deal_id).order_by(Deliverable.position)
        return list(session.scalars(query))


def booked_until(deal_id: UUID) -> list[Any]:
    with db.transaction() as session:
        query = (
            sa.select(PacingBooking.last_on).where(PacingBooking.deal_id == deal_id).order_by(PacingBooking.position)
        )
        return list(session.scalars(query))


def promised_until(deal_id: UUID) -> Any:
    """The last day of a deal's exclusivity; None without."""
    with db.transaction() as session:
        rows = session.scalars(sa.select(ExclusivityWindow).where(ExclusivityWindow.deal_id == deal_id)).all()
        return max((row.ends_on for row in rows), default=None)


def after(**time: float) -> Any:
    return now() + timedelta(**time)


def money(deal_id: UUID) -> list[tuple[str, int, int]]:
    """Of each payment in order: its status, what the maker's side and the platform got, what went back."""
    with db.transaction() as session:
        rows = session.scalars(sa.select(Payment).where(Payment.deal_id == deal_id).order_by(Payment.position)).all()
        shares = shares_settled(session, [row.id for row in rows])
        paid = {id_: one.maker_minor + one.agency_minor + one.fee_minor for id_, one in shares.items()}
        return [(str(row.status), paid.get(row.id, 0), row.returned_minor) for row in rows]


def holds() -> None:
    """Assert that whatever must hold of money does."""
    with db.transaction() as session:
        assert verify(session).faults == []


def clock(worker: ModuleType) -> None:
    """Let the clock come once for requests that nobody answers."""
    make_work.ask(cancelling.DUE, queue=jobs.DEFAULT)
    for _ in range(2):
        with db.transaction() as session:  # jobs wait by the database's clock, which does not travel
            ours = (Job.kind.startswith("stopping."), Job.state == JobState.QUEUED)
            session.execute(sa.update(Job).where(*ours).values(next_at=sa.func.now()))
        make_work.settle(worker)
