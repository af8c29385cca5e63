"""Looks at what a call left behind."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.briefs.models import BrandAsset, Brief, BriefVersion
from marketplace.core import db, ids
from marketplace.core.events import Event
from marketplace.core.jobs import Job, JobState

API = "/api/v1/briefs"


def path(brief_id: UUID, *more: str) -> str:
    return "/".join([API, ids.show("brf", brief_id), *more])


def everything(brief_id: UUID) -> dict[str, Any]:
    """All that is stored of a brief, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        brief = session.get_one(Brief, brief_id)
        wordings = session.scalars(
            sa.select(BriefVersion).where(BriefVersion.brief_id == brief_id).order_by(BriefVersion.number)
        )
        return {
            "brief": {column.key: getattr(brief, column.key) for column in sa.inspect(Brief).columns},
            "versions": [(row.id, row.number, row.title, row.budget_minor, row.content) for row in wordings],
            "assets": session.scalars(
                sa.select(BrandAsset.sha256).where(BrandAsset.brief_id == brief_id).order_by(BrandAsset.id)
            ).all(),
            "events": recorded(brief_id),
            "timers": timers(brief_id),
        }


def recorded(brief_id: UUID) -> list[str]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Event.kind).where(Event.subject_id == brief_id).order_by(Event.id)))


def last_event(brief_id: UUID) -> Event:
    with db.transaction() as session:
        found = session.scalar(sa.select(Event).where(Event.subject_id == brief_id).order_by(Event.id.desc()).limit(1))
        assert found is not None
        return found


def timers(brief_id: UUID) -> list[Any]:
    """When the waiting jobs to close the brief are due."""
    with db.transaction() as session:
        return list(
            session.scalars(
                sa.select(Job.next_at).where(Job.dedupe_key == f"briefs.close:{brief_id}", Job.state == JobState.QUEUED)
            )
        )


def count_briefs(brand_id: UUID) -> int:
    with db.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).where(Brief.brand_id == brand_id)) or 0


def pointers(answer: Any) -> list[str]:
    return sorted({fault["pointer"] for fault in answer.json["errors"]})
