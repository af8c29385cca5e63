"""Tell the views that a variable price follows: by a side, by the platform, or by an imported export."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelImport, ChannelVideo
from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, WrongState
from marketplace.core.message import Bilingual
from marketplace.deliverables.results import odd_views, result_refusals, result_state
from marketplace.deliverables.results.models import FigureSource, ResultMeasure, ToldFigure
from marketplace.deliverables.results.result_state import ResultHistory
from marketplace.identity.party_days import day_of
from marketplace.payments import policy as payments_policy

_SOURCES = {Role.BRAND: FigureSource.BRAND, Role.ADMIN: FigureSource.ADMIN}


def tell_views(
    session: Session, actor: Actor, deliverable_id: UUID, *, views: int, counted_on: date, evidence: str
) -> ToldFigure:
    """Tell the views of a video at the end of a day, as a side, or as the platform with its source.

    Raises NotFound, NotAllowed, WrongState, Conflict (it was told already), InvalidInput.
    """
    found = held(session, actor, deliverable_id, ResultMeasure.VIEWS)
    _require_day(found, counted_on, "/counted_on")
    return _add_views(session, actor, found, source_of(actor), views, counted_on, evidence)


def tell_export(session: Session, actor: Actor, deliverable_id: UUID) -> ToldFigure:
    """Tell the views that the newest import of the channel has of a video, which its address names.

    Raises NotFound, NotAllowed, WrongState, and Conflict where no export of the platform has it, or it was told.
    """
    found = held(session, actor, deliverable_id, ResultMeasure.VIEWS)
    with db.acting_as(session, SYSTEM):
        videos = odd_views.channel_videos(session, found)
        if not videos:
            raise Conflict(result_refusals.NOT_IN_EXPORT, rule="not_in_export")
        if any(video.provenance != Provenance.PLATFORM_EXPORT for video in videos):
            raise Conflict(result_refusals.OWN_TABLE, rule="own_table")
        seen = [_seen_in(session, video) for video in videos]
    # Of several channels the day of the oldest file: no more was counted by then.
    counted_on, views = min(one.counted_on for one in seen), sum(video.views for video in videos)
    _require_day(found, counted_on, "")
    evidence, sha256 = ", ".join(one.named for one in seen), seen[0].sha256 if len(seen) == 1 else None
    return _add_views(session, actor, found, FigureSource.PLATFORM_EXPORT, views, counted_on, evidence, sha256)


def held(session: Session, actor: Actor, deliverable_id: UUID, measure: ResultMeasure) -> ResultHistory:
    """Lock the result of a live video of which figures may still be told, and are of this kind."""
    found = result_state.hold(session, actor, deliverable_id)
    if actor.role == Role.ADMIN:
        payments_policy.require_no_side(session, payments_policy.require_person(actor), found.owed.deal.parties)
    if found.row.measure != measure:
        by_views = found.row.measure == ResultMeasure.VIEWS
        refusal = result_refusals.BY_VIEWS if by_views else result_refusals.BY_ORDERS
        raise WrongState(refusal, state=str(found.row.measure))
    if now() >= found.days.end_of(found.days.last_told_on):
        raise WrongState(result_refusals.told_until(found.days.last_told_on), state="over")
    return found


def source_of(actor: Actor) -> FigureSource:
    return _SOURCES.get(actor.role, FigureSource.MAKER)


def _require_day(found: ResultHistory, counted_on: date, pointer: str) -> None:
    days, today = found.days, day_of(found.days.timezone, now())
    if days.published_on <= counted_on <= min(today, days.last_counted_on):
        return
    text = result_refusals.day_not_counted(days.published_on, days.last_counted_on)
    if pointer:
        raise InvalidInput(errors=[FieldError(pointer, text)])
    raise Conflict(
        Bilingual(
            f"导出文件的日期是 {counted_on.isoformat()}：{text.zh}",
            f"The export is of {counted_on.isoformat()}. {text.en}",
        ),
        rule="export_of_other_day",
    )


def _add_views(
    session: Session,
    actor: Actor,
    found: ResultHistory,
    source: FigureSource,
    views: int,
    counted_on: date,
    evidence: str,
    sha256: str | None = None,
) -> ToldFigure:
    same = (source, counted_on, views)
    if any((one.row.source, one.row.counted_on, one.row.views) == same for one in found.told):
        raise Conflict(result_refusals.TOLD_ALREADY, rule="told_already")
    odd = odd_views.why_odd(session, found, views, counted_on)
    figure = add(
        session,
        actor,
        found,
        source=source,
        counted_on=counted_on,
        evidence=evidence,
        sha256=sha256,
        views=views,
        odd=odd,
    )
    tell(session, actor, found, figure, views=views)
    return figure


def add(
    session: Session,
    actor: Actor,
    found: ResultHistory,
    *,
    source: FigureSource,
    counted_on: date,
    evidence: str,
    sha256: str | None,
    views: int | None = None,
    odd: Bilingual | None = None,
) -> ToldFigure:
    """Store a telling after those before it."""
    assert actor.party_id is not None
    row = ToldFigure(
        deliverable_id=found.owed.row.id,
        number=len(found.told) + 1,
        measure=found.row.measure,
        source=source,
        counted_on=counted_on,
        views=views,
        evidence=evidence,
        evidence_sha256=sha256,
        odd=odd,
        party_id=actor.party_id,
        person_id=actor.person_id,
    )
    with db.acting_as(session, SYSTEM):
        session.add(row)
        session.flush()
    return row


def tell(session: Session, actor: Actor, found: ResultHistory, figure: ToldFigure, **data: Any) -> None:
    """Tell those whom the deal names, and note when the clock looks again."""
    said = {
        "figure_id": str(figure.id),
        "deal_id": str(found.owed.deal.id),
        "source": str(figure.source),
        "counted_on": figure.counted_on.isoformat(),
        **data,
    }
    # Under the deliverable's name: of what concerns a deal another agency of the creator reads nothing.
    events.record(
        session, "deliverables.tell_figure", figure.deliverable_id, actor, parties=found.owed.deal.parties, **said
    )
    result_state.settle(session, actor, result_state.history(session, found.owed))


@dataclass(frozen=True)
class _SeenInFile:
    """Of which day a video's figures are, and which file they came in."""

    counted_on: date
    named: str
    sha256: str | None


def _seen_in(session: Session, video: ChannelVideo) -> _SeenInFile:
    of_day = (AudienceSnapshot.channel_id == video.channel_id, AudienceSnapshot.taken_on == video.believed_on)
    query = sa.select(AudienceSnapshot).where(*of_day).order_by(AudienceSnapshot.id.desc())
    # Views that are not believed do not move the day of those that were.
    snapshot = None if video.explained_views is not None else session.scalars(query).first()
    snapshot = snapshot or session.get_one(AudienceSnapshot, session.get_one(Channel, video.channel_id).snapshot_id)
    file = None if snapshot.import_id is None else session.get(ChannelImport, snapshot.import_id)
    is_believed = video.explained_views is None and video.believed_on is not None
    counted_on = video.believed_on if is_believed and video.believed_on else snapshot.taken_on
    named = video.external_id if file is None else f"{video.external_id} ({ids.show('imp', file.id)})"
    return _SeenInFile(counted_on, named, None if file is None else file.sha256)
