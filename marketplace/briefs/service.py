"""Create briefs as drafts, publish them, revise them by new versions, and close them by the clock or by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import brief_document as contents
from marketplace.briefs import brief_refusals, change_rules, close_draws, policy
from marketplace.briefs.change_rules import NOTICE, ChangeWeight
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion, CloseDraw
from marketplace.briefs.states import BRIEF_TRANSITIONS
from marketplace.channels.facts import text_search
from marketplace.core import db, events, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import MEND_ERRORS, FieldError, InvalidInput, NotAllowed, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.identity.models import Party

OVERDUE = timedelta(minutes=2)


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
    cancelled_at: datetime | None
    bids_lapse_at: datetime | None
    notice_ends_at: datetime | None
    content: Mapping[str, Any]


class CurrentVersion(NamedTuple):
    """A brief's current version, and whether the brief takes bids at present."""

    version: BriefVersion
    takes_bids: bool


@dataclass(frozen=True)
class BriefChanged:
    """A brief after a change, the version that it had before, and the changed fields that bids have to confirm."""

    brief: ShownBrief
    version_before: UUID
    to_confirm: Sequence[str]


# A brief as it is read by far most often: all of it in one statement, which is built once.
_WITH_VERSION = (
    sa.select(
        Brief,
        BriefVersion,
        sa.func.brief_takes_bids(Brief.id, sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        Party.name,
    )
    .join(BriefVersion, BriefVersion.id == Brief.version_id)
    .join(Party, Party.id == Brief.brand_id)
)


def create(session: Session, actor: Actor, *, loaded: Mapping[str, Any]) -> ShownBrief:
    """Create a draft from a whole document. Raises InvalidInput with a pointer for each validation error."""
    if actor.party_id is None:
        raise NotAllowed(brief_refusals.OF_A_BRAND)
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


def change(
    session: Session,
    actor: Actor,
    brief_id: UUID,
    *,
    loaded: Mapping[str, Any],
    version: int | None,
    bidders: Iterable[UUID] = (),
    beside: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> BriefChanged:
    """Replace the given fields: a draft is changed in place, a published brief gets a new version.

    A change that matters (see briefs.change_rules) leaves `NOTICE` until bidding ends; the `bidders` may read of it.
    ``beside`` has what changes beside the document, by its name there, before and after.
    Raises NotFound, PreconditionFailed, WrongState (over, or past its deadline), InvalidInput.
    """
    brief = db.lock(session, Brief, brief_id, policy.own(actor), version=version)
    at = now()
    published = close_draws.takes_bids(session, brief.id, at)
    if not (brief.status == BriefStatus.DRAFT or published):
        raise WrongState(
            brief_refusals.NOT_CHANGEABLE,
            state=str(brief.status),
        )
    current = session.get_one(BriefVersion, brief.version_id)
    before = contents.with_defaults(current.content)
    after = {**before, **contents.to_stored(loaded)}
    weights = change_rules.weigh(before, after, contents.changed_fields(before, after), beside)
    to_confirm = change_rules.of_weight(weights, ChangeWeight.CONFIRMED)
    moved = bool(published and to_confirm and contents.parse_time(after["bids_close_at"]) < at + NOTICE)
    if moved:
        after.update(contents.to_stored({"bids_close_at": at + NOTICE}))
    changed = sorted({*contents.changed_fields(before, after), *beside})
    if not changed:
        return BriefChanged(_show(session, [brief])[0], current.id, [])
    columns = contents.version_columns(after)
    if errors := _change_errors(brief, current, after, changed, at):
        raise InvalidInput(
            brief_refusals.moved_deadline(after["bids_close_at"]) if moved else MEND_ERRORS, errors=errors
        )
    if not published:
        for name, value in columns.items():
            setattr(current, name, value)
    else:
        brief.version_number += 1
        brief.changed_at = at if to_confirm else brief.changed_at
        _add_version(session, brief, columns)
    brief.bids_close_at = columns["bids_close_at"]
    brief.version += 1
    if published and {"bids_close_at", "closing_window_s"} & set(changed):
        close_draws.draw(session, brief)
    data: dict[str, Any] = {"number": brief.version_number, "changed": changed}
    if published:
        data |= {"to_confirm": to_confirm, "version_id": str(brief.version_id)}
        data |= {"values": {**_both_values(before, after), **beside}}
    told = bidders if change_rules.of_weight(weights, ChangeWeight.CONFIRMED, ChangeWeight.TOLD) else ()
    kind = "briefs.revise" if published else "briefs.edit"
    events.record(session, kind, brief.id, actor, parties=[brief.brand_id, *told], **data)
    session.flush()
    return BriefChanged(_show(session, [brief])[0], current.id, to_confirm if published else [])


def _both_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    changed = contents.changed_fields(before, after)
    return {name: {"before": before.get(name), "after": after[name]} for name in changed}


def _change_errors(
    brief: Brief, current: BriefVersion, after: Mapping[str, Any], changed: Sequence[str], at: datetime
) -> list[FieldError]:
    errors = contents.validation_errors(after)
    if "bids_close_at" in changed:
        errors += contents.deadline_errors(after, at)
    if brief.status == BriefStatus.PUBLISHED and after["budget"]["currency"] != current.currency:
        errors.append(
            FieldError(
                "/budget/currency",
                brief_refusals.priced_already(current.currency),
            )
        )
    ends = notice_ends(brief)
    if ends is not None and contents.parse_time(after["bids_close_at"]) < ends:
        errors.append(
            FieldError(
                "/bids_close_at",
                brief_refusals.deadline_in_notice(ends),
            )
        )
    return errors


def notice_ends(brief: Brief) -> datetime | None:
    """Return the end of the time that bidders have after the last change that matters."""
    return brief.changed_at and brief.changed_at + NOTICE


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
    close_draws.draw(session, brief)
    session.flush()
    return _show(session, [brief])[0]


def close(session: Session, actor: Actor, brief_id: UUID) -> ShownBrief:
    """Close a brief for bids before its deadline. Raises WrongState while bidders have time to answer a change.

    Called by `matching.closing` alone, which records what was known.
    """
    brief = db.lock(session, Brief, brief_id, policy.own(actor))
    ends = notice_ends(brief)
    if brief.status == BriefStatus.PUBLISHED and ends is not None and now() < ends:
        raise WrongState(
            brief_refusals.close_in_notice(ends),
            state=str(brief.status),
        )
    return _end(session, actor, brief, "close")


def cancel(session: Session, actor: Actor, brief_id: UUID, *, reason: str, bidders: Iterable[UUID] = ()) -> ShownBrief:
    """Call a brief off, also after its close. The `bidders` may read the reason."""
    brief = db.lock(session, Brief, brief_id, policy.own(actor))
    return _end(session, actor, brief, "cancel", bidders=bidders, reason=reason)


def close_if_due(session: Session, brief_id: UUID) -> bool:
    """Close a published brief whose deadline has passed; if it was moved, enqueue the close again. Idempotent."""
    brief = db.lock(session, Brief, brief_id)
    if brief.status != BriefStatus.PUBLISHED:
        return False
    draw = session.get(CloseDraw, brief.id)
    if draw is not None and now() < draw.closes_at:
        close_draws.enqueue_close(session, brief, draw.closes_at)
        return False
    _end(session, SYSTEM, brief, "close")
    return True


def find(session: Session, actor: Actor, brief_id: UUID) -> ShownBrief:
    query = _WITH_VERSION.where(Brief.id == brief_id, policy.visible(actor))
    row = session.execute(query, {"at": now()}).one_or_none()
    if row is None:
        raise db.missing(Brief, brief_id)
    brief, version, takes_bids, brand_name = row
    return _shown(brief, {version.id: CurrentVersion(version, takes_bids)}, brand_name)


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
        query = query.where(text_search.contains(q, BriefVersion.title))
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
    query = sa.select(Brief, CloseDraw.closes_at).join(CloseDraw, CloseDraw.id == Brief.id)
    late = CloseDraw.closes_at < now() - OVERDUE
    overdue = session.execute(query.where(Brief.status == BriefStatus.PUBLISHED, late)).all()
    for brief, closes_at in overdue:
        close_draws.enqueue_close(session, brief, closes_at)
    return len(overdue)


def _end(
    session: Session, actor: Actor, brief: Brief, name: str, *, bidders: Iterable[UUID] = (), **data: Any
) -> ShownBrief:
    parties = [brief.brand_id, *bidders]
    states.apply_transition(session, brief, BRIEF_TRANSITIONS, name, actor, parties=parties, **data)
    at = now()
    close_draws.tell(session, brief)
    brief.closed_at = brief.closed_at or at
    if name == "cancel":
        brief.cancelled_at = at
    else:
        current = session.get_one(BriefVersion, brief.version_id)
        brief.bids_lapse_at = at + timedelta(days=contents.with_defaults(current.content)["bids_lapse_days"])
    session.flush()
    return _show(session, [brief])[0]


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise InvalidInput(errors=errors)


def _show(session: Session, briefs: Sequence[Brief]) -> list[ShownBrief]:
    at = now()
    takes = sa.func.brief_takes_bids(BriefVersion.brief_id, at)
    current = sa.select(BriefVersion, takes).where(BriefVersion.id.in_([brief.version_id for brief in briefs]))
    found = {row[0].id: CurrentVersion(*row) for row in session.execute(current)}
    brands = sa.select(Party.id, Party.name).where(Party.id.in_({brief.brand_id for brief in briefs}))
    names = {row.id: row.name for row in session.execute(brands)}
    return [_shown(brief, found, names[brief.brand_id]) for brief in briefs]


def _shown(brief: Brief, found: Mapping[UUID, CurrentVersion], brand_name: str) -> ShownBrief:
    if brief.version_id is None:
        raise RuntimeError(f"The brief {brief.id} has no wording.")
    current = found[brief.version_id]
    content = contents.with_defaults(current.version.content)
    rule = contents.SCORING_RULES[content.pop("scoring_rule")]
    over = brief.status in (BriefStatus.CLOSED, BriefStatus.CANCELLED)
    return ShownBrief(
        id=brief.id,
        brand_id=brief.brand_id,
        brand_name=brand_name,
        status=brief.status,
        open_for_bids=current.takes_bids,
        version=brief.version,
        version_id=brief.version_id,
        version_number=brief.version_number,
        scoring_rule=rule,
        created_at=brief.created_at,
        published_at=brief.published_at,
        closed_at=brief.closed_at,
        close_commitment=brief.close_commitment,
        close_seed=brief.close_seed if over else None,
        close_version_id=brief.close_version_id if over else None,
        bidding_ended_at=brief.closed_at and min(brief.closed_at, brief.closes_at or brief.bids_close_at),
        cancelled_at=brief.cancelled_at,
        bids_lapse_at=brief.bids_lapse_at,
        notice_ends_at=notice_ends(brief),
        content=content,
    )
