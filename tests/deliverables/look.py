"""Calls on what deals owe over HTTP, and looks at what they left behind."""

from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids, jobs
from marketplace.core.events import Event
from marketplace.core.jobs import Job, JobState
from marketplace.deals.models import Deal, Deliverable
from marketplace.deliverables import due_work
from marketplace.deliverables.models import ChangeRequest, Draft, Publication, Script, TakedownReport
from tests.deals.look import columns
from tests.make import work
from tests.make.briefs import written
from tests.make.people import Somebody

API = "/api/v1"


def path(prefix: str, id_: UUID, *more: str) -> str:
    noun = {"dlv": "deliverables", "scr": "scripts", "drf": "drafts"}[prefix]
    return "/".join([API, noun, ids.show(prefix, id_), *more])


def get(client: FlaskClient, who: Somebody, *where: Any) -> Any:
    return client.get(path(*where), headers=who.headers)


def post(client: FlaskClient, who: Somebody, *where: Any, **body: Any) -> Any:
    return client.post(path(*where), json=body or None, headers=who.once())


def send_draft(client: FlaskClient, who: Somebody, deliverable_id: UUID, check_id: UUID, **more: Any) -> Any:
    return post(client, who, "dlv", deliverable_id, "drafts", check_id=ids.show("vck", check_id), **more)


def approve(client: FlaskClient, who: Somebody, draft_id: UUID) -> Any:
    return post(client, who, "drf", draft_id, "approve")


def request_changes(client: FlaskClient, who: Somebody, draft_id: UUID, *at_s: float) -> Any:
    changes = [{"at_s": at, "reason": "标识再小一些"} for at in at_s or (2.0,)]
    return post(client, who, "drf", draft_id, "request-changes", changes=changes)


def publish(client: FlaskClient, who: Somebody, deliverable_id: UUID, told: dict[str, Any]) -> Any:
    body = {
        **told,
        "published_at": as_text(told["published_at"]),
        **{name: ids.show(prefix, told[name]) for name, prefix in _PROOFS.items() if told.get(name)},
    }
    return post(client, who, "dlv", deliverable_id, "publication", **body)


_PROOFS = {"video_id": "vfl", "check_id": "vck"}


def as_text(at: Any) -> Any:
    return written(at) if isinstance(at, datetime) else at


def everything(deal_id: UUID) -> list[Any]:
    """All that is stored of the work on a deal, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        owed = select(session, Deliverable, Deliverable.deal_id == deal_id)
        rows = [session.get_one(Deal, deal_id), *owed]
        here = [row.id for row in owed]
        for model in (Script, Draft, Publication, TakedownReport):
            rows += select(session, model, model.deliverable_id.in_(here))
        drafts = sa.select(Draft.id).where(Draft.deliverable_id.in_(here))
        rows += select(session, ChangeRequest, ChangeRequest.draft_id.in_(drafts))
        count = session.scalar(sa.select(sa.func.count()).where(Event.subject_id.in_([deal_id, *here])))
        return [*(columns(row) for row in rows), count]


def clock(worker: ModuleType) -> None:
    """Let the clock come once, and all that it asks for be done, at whatever moment a test has travelled to."""
    work.ask(due_work.DUE, queue=jobs.DEFAULT)
    for _ in range(2):  # what is due is looked for, and then done
        with db.transaction() as session:  # jobs wait by the database's clock, which does not travel
            ours = (Job.kind.startswith("deliverables."), Job.state == JobState.QUEUED)
            session.execute(sa.update(Job).where(*ours).values(next_at=sa.func.now()))
        work.settle(worker)


def select(session: Any, model: Any, where: Any) -> list[Any]:
    return list(session.scalars(sa.select(model).where(where).order_by(model.id)))


def events(deliverable_id: UUID) -> list[Event]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Event).where(Event.subject_id == deliverable_id).order_by(Event.number)))
