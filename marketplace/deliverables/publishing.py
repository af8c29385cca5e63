"""Publications: the approved video went live, shown to be the same; the brand may report that it was taken down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.checks.models import VideoCheck
from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotFound
from marketplace.core.message import Bilingual
from marketplace.deals import service as deals
from marketplace.deals.models import UNDER_WAY, Deliverable, DeliverableStatus
from marketplace.deals.series.models import SeriesEpisode
from marketplace.deliverables import escrow, milestones, owed_work, video_drafts, work_refusals
from marketplace.deliverables.models import (
    Draft,
    DraftStatus,
    Publication,
    PublicationProof,
    TakedownReport,
    TakedownStatus,
)
from marketplace.deliverables.owed_work import OwedWork
from marketplace.deliverables.results import result_state
from marketplace.deliverables.work_refusals import OtherVideo
from marketplace.identity.party_days import day_of
from marketplace.pacing import signed_promises
from marketplace.payments import service as payments
from marketplace.video_files import service as videos
from marketplace.video_files.models import VideoFile

# A platform encodes a video anew, and may cut a picture at either end; it does not drop a scene.
SAME_SHARE = 0.8
LENGTH_SLACK, LENGTH_SLACK_S = 0.02, 0.5


@dataclass(frozen=True)
class NewPublication:
    """What the maker tells of a publication, and one proof of the two: the file itself, or a check of another one."""

    url: str
    published_at: datetime
    label_seconds: float
    video_id: UUID | None = None
    check_id: UUID | None = None
    channel_id: UUID | None = None  # the deal's own, where None


@dataclass(frozen=True)
class LiveDays:
    """When a video was live in full, and the last day on which it has to stay on any channel."""

    published_at: datetime
    keep_live_until: date


@dataclass(frozen=True)
class _Shown:
    """By what a published video is known to be the approved one."""

    proof: PublicationProof
    sha256: str
    share: float
    video_id: UUID | None = None
    check_id: UUID | None = None


def publish(session: Session, actor: Actor, deliverable_id: UUID, told: NewPublication) -> Publication:
    """Record that the approved video is live on a channel. Its days to stay there begin; with the last channel that the
    terms name the deliverable is live, and the booked days are free.

    Raises NotFound, NotAllowed, WrongState, InvalidInput with a pointer for each fault, Conflict (published there
    already), and OtherVideo where it is not shown to be the approved one.
    """
    owed = owed_work.hold(session, actor, deliverable_id)
    owed_work.require(owed, "publish", actor)
    draft = _approved(session, deliverable_id)
    channel_id = told.channel_id or owed.row.channel_id
    _validate(session, owed, draft, told, channel_id)
    shown = _shown(session, actor, owed, draft, told)
    assert actor.party_id is not None
    row = Publication(
        deliverable_id=deliverable_id,
        draft_id=draft.id,
        channel_id=channel_id,
        platform=owed.platforms[channel_id],
        url=told.url,
        published_at=told.published_at,
        label_seconds=told.label_seconds,
        keep_live_until=day_of(owed.deal.timezone, told.published_at) + timedelta(days=owed.content["keep_live_days"]),
        proof=shown.proof,
        sha256=shown.sha256,
        video_id=shown.video_id,
        check_id=shown.check_id,
        same_share=shown.share,
        party_id=actor.party_id,
        person_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    said = {"url": row.url, "proof": str(row.proof), "keep_live_until": row.keep_live_until.isoformat()}
    if len(of(session, deliverable_id)) < len(owed.platforms):
        owed.row.version += 1
        _tell(session, actor, owed, "publish_on", channel_id=str(channel_id), **said)
        session.flush()
        return row
    with db.acting_as(session, SYSTEM):
        signed_promises.free_video(session, owed.deal.id, owed.row.position)
    result_state.open_result(session, owed)
    owed_work.move(session, actor, owed, "publish", **said)
    milestones.reach(session, owed, "published")
    return row


def listing(session: Session, actor: Actor, deliverable_id: UUID) -> Sequence[Publication]:
    """Return where a deliverable was published, the first one first. Raises NotFound."""
    return of(session, owed_work.find(session, actor, deliverable_id).row.id)


def find(session: Session, actor: Actor, deliverable_id: UUID) -> Publication:
    """Return the publication of a deliverable on its deal's own channel, or else the first one. Raises NotFound."""
    owed = owed_work.find(session, actor, deliverable_id)
    rows = sorted(of(session, owed.row.id), key=lambda row: row.channel_id != owed.row.channel_id)
    if not rows:
        raise NotFound(Bilingual("它还没有发布。", "It is not published yet."))
    return rows[0]


def of(session: Session, deliverable_id: UUID) -> Sequence[Publication]:
    """Return all publications of a deliverable, the first one first."""
    query = sa.select(Publication).where(Publication.deliverable_id == deliverable_id).order_by(Publication.id)
    return session.scalars(query).all()


def live_days(session: Session, deliverable_id: UUID) -> LiveDays:
    """Return the days of a live deliverable: from its last publication, until the last day of all of them."""
    rows = of(session, deliverable_id)
    return LiveDays(max(row.published_at for row in rows), max(row.keep_live_until for row in rows))


def reports(session: Session, deliverable_id: UUID) -> list[TakedownReport]:
    """Return the reports that a deliverable's video was taken down, the first one first."""
    query = sa.select(TakedownReport).where(TakedownReport.deliverable_id == deliverable_id)
    return list(session.scalars(query.order_by(TakedownReport.id)))


def report(
    session: Session,
    actor: Actor,
    deliverable_id: UUID,
    *,
    seen_at: datetime,
    reason: str,
    channel_id: UUID | None = None,
) -> TakedownReport:
    """Report, as the brand, that a live video is not there any more: it is not settled until the platform has looked.
    ``channel_id``: where it is gone; the deal's own channel if None.

    Raises NotFound, WrongState (it is not live), Conflict (one is open already), InvalidInput.
    """
    owed = owed_work.hold(session, actor, deliverable_id, while_=UNDER_WAY)
    owed_work.require_status(owed, DeliverableStatus.LIVE)
    meant = channel_id or owed.row.channel_id
    published = next((row for row in of(session, deliverable_id) if row.channel_id == meant), None)
    if published is None:
        raise InvalidInput(errors=[FieldError("/channel_id", work_refusals.not_named(owed.platforms))])
    if not published.published_at <= seen_at <= now():
        raise InvalidInput(errors=[FieldError("/seen_at", work_refusals.NOT_LIVE_THEN)])
    if open_report(session, deliverable_id) is not None:
        raise Conflict(work_refusals.REPORTED, rule="uq_takedown_reports_one_open")
    assert actor.party_id is not None
    row = TakedownReport(
        deliverable_id=deliverable_id,
        publication_id=published.id,
        seen_at=seen_at,
        reason=reason,
        party_id=actor.party_id,
        person_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    _tell(session, actor, owed, "report_takedown", reason=reason, channel_id=str(meant))
    return row


def decide(session: Session, actor: Actor, deliverable_id: UUID, *, upheld: bool, reason: str) -> TakedownReport:
    """Decide, as the platform, whether a video was taken down: then it is missed, and its deal disputed; else it goes
    on. Raises NotFound, NotAllowed, WrongState, Conflict (no report is open)."""
    owed = owed_work.hold(session, actor, deliverable_id, while_=UNDER_WAY)
    owed_work.require(owed, "miss", actor)
    row = open_report(session, deliverable_id)
    if row is None:
        raise Conflict(work_refusals.NO_REPORT)
    row.status = TakedownStatus.UPHELD if upheld else TakedownStatus.DISMISSED
    row.decision, row.decided_at, row.decided_by = reason, now(), actor.person_id
    session.flush()
    if upheld:
        owed_work.move(session, actor, owed, "miss", reason=reason)
        _freeze(session, actor, owed)
        with db.acting_as(session, SYSTEM):
            deals.apply(session, SYSTEM, owed.deal, "dispute", **deals.event_data(owed.deal))
    else:
        _tell(session, actor, owed, "dismiss_takedown", reason=reason)
    return row


def _freeze(session: Session, actor: Actor, owed: OwedWork) -> None:
    """Keep what is held for a missed video where it is, until its dispute is decided."""
    with db.acting_as(session, SYSTEM):
        for payment_id in escrow.held_for(session, owed.row.id):
            payments.freeze(session, actor, payment_id)


def open_report(session: Session, deliverable_id: UUID) -> TakedownReport | None:
    told = {"deliverable_id": deliverable_id, "status": TakedownStatus.TOLD}
    return session.scalars(sa.select(TakedownReport).filter_by(**told)).one_or_none()


def _tell(session: Session, actor: Actor, owed: OwedWork, name: str, **data: Any) -> None:
    said = {"deal_id": str(owed.deal.id), "position": owed.row.position, **data}
    events.record(session, f"deliverables.{name}", owed.row.id, actor, parties=owed.deal.parties, **said)


def _approved(session: Session, deliverable_id: UUID) -> Draft:
    approved = {"deliverable_id": deliverable_id, "status": DraftStatus.APPROVED}
    return session.scalars(sa.select(Draft).filter_by(**approved)).one()


def _validate(session: Session, owed: OwedWork, draft: Draft, told: NewPublication, channel_id: UUID) -> None:
    errors = []
    first = _first_day(session, owed)
    if channel_id not in owed.platforms:
        errors.append(FieldError("/channel_id", work_refusals.not_named(owed.platforms)))
    elif any(row.channel_id == channel_id for row in of(session, owed.row.id)):
        raise Conflict(work_refusals.PUBLISHED_THERE, rule="published_there")
    assert draft.decided_at is not None, "what is approved was decided on"
    if told.published_at > now():
        errors.append(FieldError("/published_at", work_refusals.IN_FUTURE))
    elif told.published_at < draft.decided_at or day_of(owed.deal.timezone, told.published_at) < first:
        errors.append(FieldError("/published_at", work_refusals.too_early(first)))
    if owed.content["disclosure"]["required"] and told.label_seconds <= 0:
        errors.append(FieldError("/label_seconds", work_refusals.NO_LABEL))
    if (told.video_id is None) == (told.check_id is None):
        errors.append(FieldError("/check_id", work_refusals.ONE_PROOF))
    same = sa.select(Publication.id).join(Deliverable, Deliverable.id == Publication.deliverable_id)
    if session.scalar(same.where(Deliverable.deal_id == owed.deal.id, Publication.url == told.url)) is not None:
        errors.append(FieldError("/url", work_refusals.SAME_ADDRESS))
    if errors:
        raise InvalidInput(errors=errors)


def _first_day(session: Session, owed: OwedWork) -> date:
    """Return the first day on which it may be published; an episode of a series may have moved since it was agreed."""
    if owed.row.episode_id is not None:
        return session.get_one(SeriesEpisode, owed.row.episode_id).airs_on
    return date.fromisoformat(owed.line["publish_starts_on"])


def _shown(session: Session, actor: Actor, owed: OwedWork, draft: Draft, told: NewPublication) -> _Shown:
    if told.video_id is not None:
        # The draft's own is the deal's, whoever of the maker's side handed it in.
        if told.video_id != draft.video_id:
            videos.find(session, actor, told.video_id)
        # Kept as it is until this is committed, and evidence from then on.
        with db.acting_as(session, SYSTEM):
            video = db.lock(session, VideoFile, told.video_id)
        if video.sha256 != draft.sha256:
            raise OtherVideo(work_refusals.NOT_THE_FILE)
        return _Shown(PublicationProof.SAME_FILE, draft.sha256, 1.0, video_id=video.id)
    assert told.check_id is not None
    check = video_drafts.finished_check(session, actor, owed, told.check_id)
    if check.sha256 == draft.sha256:
        return _Shown(PublicationProof.SAME_FILE, draft.sha256, 1.0, video_id=check.video_id)
    share = _same_share(session, draft, check)
    if share < SAME_SHARE:
        raise OtherVideo(work_refusals.other_pictures(share, SAME_SHARE))
    return _Shown(PublicationProof.SAME_PICTURES, check.sha256, share, video_id=check.video_id, check_id=check.id)


def _same_share(session: Session, draft: Draft, check: VideoCheck) -> float:
    """Return the share of pictures that a published video and the approved one have in common, by the repeat search of
    its check; 0 where they differ in length, or it is mirrored.

    The check looked for what it repeats when it was made, and the approved video was known by then.
    """
    result = check.result or {}
    with db.acting_as(session, SYSTEM):
        approved = session.get_one(VideoCheck, draft.check_id).result or {}
    length, wanted = (float(one["video"]["duration_s"]) for one in (result, approved))
    if abs(length - wanted) > LENGTH_SLACK_S + LENGTH_SLACK * wanted:
        return 0.0
    same = [one for one in result["duplicates"] if one["sha256"] == draft.sha256 and not one["mirrored"]]
    return float(same[0]["share"]) if same else 0.0
