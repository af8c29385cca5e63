"""Create briefs as drafts, publish them, revise them by new versions, and close them by the clock or by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import brief_document as contents
from marketplace.briefs import closing_time, policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.briefs.states import BRIEF_TRANSITIONS
from marketplace.core import db, events, jobs, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput, NotAllowed, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.identity.models import Party

OVERDUE = timedelta(minutes=2)
CLOSE = "briefs.close"


@dataclass(frozen=True)
class ShownBrief:
    """A brief with its current version, as it is shown. `version` counts changes, `version_number` versions."""

    id: UUID
    brand_id: UUID
    brand_name: str
    status: BriefStatus
    open_for_bids: bool
    version: int
    version_id: UUID
    version_number: int
    scoring_rule: Mapping[str, Any]
    created_at: datetime
    published_at: datetime | None
    closed_at: datetime | None
    close_commitment: str | None
    close_seed: str | None
    close_version_id: UUID | None
    bidding_ended_at: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True)
class BiddableBrief:
    """A brief that takes bids, in the version that a bid made now is bound to."""

    id: UUID
    brand_id: UUID
    version_id: UUID
    version_number: int
    title: str
    currency: str
    content: Mapping[str, Any]


# Built once, because many bids arrive shortly before a deadline. A bidder's role alone decides which briefs it sees.
_BIDDABLE = {
    role: sa.select(Brief.brand_id, Brief.status, Brief.closes_at, Brief.version_id)
    .where(Brief.id == sa.bindparam("brief_id"), policy.visible(Actor(role=role)))
    .with_for_update(read=True, of=Brief)
    for role in policy.BIDDERS
}
_CURRENT_VERSION = sa.select(
    BriefVersion.number.label("version_number"), BriefVersion.title, BriefVersion.currency, BriefVersion.content
).where(BriefVersion.id == sa.bindparam("version_id"))


def create(session: Session, actor: Actor, *, loaded: Mapping[str, Any]) -> ShownBrief:
    """Create a draft from a whole document. Raises InvalidInput with a pointer for each validation error."""
    if actor.party_id is None:
        raise NotAllowed("A brief belongs to a brand.")
    stored = contents.to_stored(loaded)
    _refuse([*contents.validation_errors(stored), *contents.deadline_errors(stored, now())])
    stored["scoring_rule"] = contents.SCORING_RULE
    columns = contents.version_columns(stored)
    brief = Brief(brand_id=actor.party_id, bids_close_at=columns["bids_close_at"])
    session.add(brief)
    session.flush()
    _add_version(session, brief, columns)
    events.record(session, "briefs.create", brief.id, actor, parties=[brief.brand_id], number=brief.version_number)
    return _show(session, [brief])[0]


def change(session: Session, actor: Actor, brief_id: UUID, *, loaded: Mapping[str, Any], version: int) -> ShownBrief:
    """Replace the given fields: a draft is changed in place, a published brief gets a new version.

    Raises NotFound, PreconditionFailed, WrongState (over, or past its deadline), InvalidInput.
    """
    brief = db.lock(session, Brief, brief_id, policy.own(actor), version=version)
    at = now()
    if not (brief.status == BriefStatus.DRAFT or open_for_bids(brief, at)):
        raise WrongState("Only a draft or a brief that is open for bids can be changed.", state=str(brief.status))
    current = session.get_one(BriefVersion, brief.version_id)
    stored = {**current.content, **contents.to_stored(loaded)}
    changed = contents.changed_fields(current.content, stored)
    if not changed:
        return _show(session, [brief])[0]
    errors = contents.validation_errors(stored)
    if "bids_close_at" in changed:
        errors += contents.deadline_errors(stored, at)
    columns = contents.version_columns(stored)
    if brief.status == BriefStatus.PUBLISHED and columns["currency"] != current.currency:
        errors.append(FieldError("/budget/currency", f"Bids are priced in {current.currency} already."))
    _refuse(errors)
    if brief.status == BriefStatus.DRAFT:
        for name, value in columns.items():
            setattr(current, name, value)
    else:
        brief.version_number += 1
        _add_version(session, brief, columns)
    brief.bids_close_at = columns["bids_close_at"]
    brief.version += 1
    if brief.status == BriefStatus.PUBLISHED and {"bids_close_at", "closing_window_s"} & set(changed):
        _draw_closing_moment(session, brief)
    kind = "briefs.edit" if brief.status == BriefStatus.DRAFT else "briefs.revise"
    events.record(
        session, kind, brief.id, actor, parties=[brief.brand_id], number=brief.version_number, changed=changed
    )
    session.flush()
    return _show(session, [brief])[0]


def publish(session: Session, actor: Actor, brief_id: UUID) -> ShownBrief:
    """Open a draft for bids until its deadline. Raises InvalidInput if its dates are past by now."""
    brief = db.lock(session, Brief, brief_id, policy.own(actor))
    states.apply_transition(
        session,
        brief,
        BRIEF_TRANSITIONS,
        "publish",
        actor,
        parties=[brief.brand_id],
        number=brief.version_number,
        bids_close_at=brief.bids_close_at.isoformat(),
    )
    current = session.get_one(BriefVersion, brief.version_id)
    brief.published_at = now()
    _refuse(
        [*contents.validation_errors(current.content), *contents.deadline_errors(current.content, brief.published_at)]
    )
    current.content = {**current.content, "scoring_rule": contents.SCORING_RULE}
    brief.close_seed = closing_time.new_seed()
    _draw_closing_moment(session, brief)
    session.flush()
    return _show(session, [brief])[0]


def close(session: Session, actor: Actor, brief_id: UUID) -> ShownBrief:
    """Close a brief for bids before its deadline. Called by `matching.closing` alone, which records what was known."""
    brief = db.lock(session, Brief, brief_id, policy.own(actor))
    return _end(session, actor, brief, "close")


def cancel(session: Session, actor: Actor, brief_id: UUID, *, reason: str) -> ShownBrief:
    brief = db.lock(session, Brief, brief_id, policy.own(actor))
    return _end(session, actor, brief, "cancel", reason=reason)


def close_if_due(session: Session, brief_id: UUID) -> bool:
    """Close a published brief whose deadline has passed; if it was moved, enqueue the close again. Idempotent."""
    brief = db.lock(session, Brief, brief_id)
    if brief.status != BriefStatus.PUBLISHED:
        return False
    if now() < _closing_moment(brief):
        _enqueue_close(session, brief)
        return False
    _end(session, SYSTEM, brief, "close")
    return True


def open_for_bids(brief: Brief | sa.Row[Any], at: datetime) -> bool:
    """Return whether a bid may be placed at `at`: not after the closing moment, even if the close job is late."""
    return bool(brief.status == BriefStatus.PUBLISHED and brief.closes_at is not None and at < brief.closes_at)


def _closing_moment(brief: Brief) -> datetime:
    return brief.closes_at or brief.bids_close_at


def _draw_closing_moment(session: Session, brief: Brief) -> None:
    """Set the secret closing moment from the current version's deadline and window, and enqueue the close for it."""
    current = session.get_one(BriefVersion, brief.version_id)
    if brief.close_seed is None:
        brief.close_seed = closing_time.new_seed()
    brief.close_version_id = current.id
    window_s = current.content["closing_window_s"]
    brief.closes_at = closing_time.closing_moment(brief.close_seed, brief.id, current.id, brief.bids_close_at, window_s)
    _enqueue_close(session, brief)


def lock_for_bidding(session: Session, actor: Actor, brief_id: UUID) -> BiddableBrief:
    """Return a brief that takes bids, in its current version, locked open until the caller's transaction ends.

    Bidders share the lock; a close, a cancel or a revision waits for them. Raises NotFound, WrongState.
    """
    row = db.run(session, _BIDDABLE[actor.role], {"brief_id": brief_id}).one_or_none()
    if row is None:
        raise db.missing(Brief, brief_id)
    if not open_for_bids(row, now()):
        raise WrongState("This brief takes no bids: it is not published or its deadline is past.", state=row.status)
    # A separate statement, so that it sees a version that was committed while this one waited for the lock.
    version = db.run(session, _CURRENT_VERSION, {"version_id": row.version_id}).one()
    return BiddableBrief(brief_id, row.brand_id, row.version_id, **version._mapping)


def find(session: Session, actor: Actor, brief_id: UUID) -> ShownBrief:
    return _show(session, [db.get(session, Brief, brief_id, policy.visible(actor))])[0]


def list_briefs(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    category: str | None = None,
    market: str | None = None,
    q: str | None = None,
    brand_id: UUID | None = None,
) -> Page[ShownBrief]:
    """Return briefs, newest first. Bidders see cancelled ones only when they filter by that status."""
    query = sa.select(Brief).join(BriefVersion, BriefVersion.id == Brief.version_id).where(policy.visible(actor))
    if status is not None:
        query = query.where(Brief.status == BriefStatus(status))
    elif actor.role in policy.BIDDERS:
        query = query.where(Brief.status.in_([BriefStatus.PUBLISHED, BriefStatus.CLOSED]))
    if category is not None:
        query = query.where(BriefVersion.category == category)
    if market is not None:
        query = query.where(BriefVersion.content["markets"].contains([market]))
    if q is not None:
        query = query.where(BriefVersion.title.icontains(q, autoescape=True))
    if brand_id is not None:
        query = query.where(Brief.brand_id == brand_id)
    page = paging.page(session, query, Brief, limit, starting_after)
    return Page(_show(session, page.data), page.has_more)


def list_versions(
    session: Session, actor: Actor, brief_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[BriefVersion]:
    db.get(session, Brief, brief_id, policy.visible(actor))
    query = sa.select(BriefVersion).where(BriefVersion.brief_id == brief_id)
    return paging.page(session, query, BriefVersion, limit, starting_after)


def find_version(session: Session, actor: Actor, brief_id: UUID, version_id: UUID) -> BriefVersion:
    db.get(session, Brief, brief_id, policy.visible(actor))
    return db.get(session, BriefVersion, version_id, BriefVersion.brief_id == brief_id)


def _add_version(session: Session, brief: Brief, columns: dict[str, Any]) -> None:
    version = BriefVersion(brief_id=brief.id, number=brief.version_number, **columns)
    session.add(version)
    session.flush()
    brief.version_id = version.id


def enqueue_overdue_closes(session: Session) -> int:
    """Enqueue the close of briefs that are overdue by OVERDUE, for their own jobs are dead; returns how many."""
    overdue = session.scalars(
        sa.select(Brief).where(
            Brief.status == BriefStatus.PUBLISHED,
            sa.func.coalesce(Brief.closes_at, Brief.bids_close_at) < now() - OVERDUE,
        )
    ).all()
    for brief in overdue:
        _enqueue_close(session, brief)
    return len(overdue)


def _enqueue_close(session: Session, brief: Brief) -> None:
    jobs.enqueue(
        session,
        CLOSE,
        subject_id=brief.id,
        party_id=brief.brand_id,
        dedupe_key=f"{CLOSE}:{brief.id}",
        at=_closing_moment(brief),
        payload={"secret_time": True},
    )


def _end(session: Session, actor: Actor, brief: Brief, name: str, **data: Any) -> ShownBrief:
    states.apply_transition(session, brief, BRIEF_TRANSITIONS, name, actor, parties=[brief.brand_id], **data)
    brief.closed_at = now()
    session.flush()
    return _show(session, [brief])[0]


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise InvalidInput(errors=errors)


def _show(session: Session, briefs: Sequence[Brief]) -> list[ShownBrief]:
    versions_by_id = {
        version.id: version
        for version in session.scalars(
            sa.select(BriefVersion).where(BriefVersion.id.in_([brief.version_id for brief in briefs]))
        )
    }
    brands = sa.select(Party.id, Party.name).where(Party.id.in_({brief.brand_id for brief in briefs}))
    names = {row.id: row.name for row in session.execute(brands)}
    at = now()
    return [_shown(brief, versions_by_id, names[brief.brand_id], at) for brief in briefs]


def _shown(brief: Brief, versions_by_id: Mapping[UUID, BriefVersion], brand_name: str, at: datetime) -> ShownBrief:
    if brief.version_id is None:
        raise RuntimeError(f"The brief {brief.id} has no wording.")
    content = dict(versions_by_id[brief.version_id].content)
    rule = contents.SCORING_RULES[content.pop("scoring_rule")]
    over = brief.status in (BriefStatus.CLOSED, BriefStatus.CANCELLED)
    return ShownBrief(
        id=brief.id,
        brand_id=brief.brand_id,
        brand_name=brand_name,
        status=brief.status,
        open_for_bids=open_for_bids(brief, at),
        version=brief.version,
        version_id=brief.version_id,
        version_number=brief.version_number,
        scoring_rule=rule,
        created_at=brief.created_at,
        published_at=brief.published_at,
        closed_at=brief.closed_at,
        close_commitment=brief.close_seed and closing_time.seed_commitment(brief.close_seed),
        close_seed=brief.close_seed if over else None,
        close_version_id=brief.close_version_id if over else None,
        bidding_ended_at=(brief.closed_at and min(brief.closed_at, _closing_moment(brief))) if over else None,
        content=content,
    )
