"""Drafts of what a deal owes: sent with a finished check, answered by the brand, approved by its silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.checks import policy as checks_policy
from marketplace.checks import sharing
from marketplace.checks.models import VideoCheck, VideoCheckStatus
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, WrongState
from marketplace.deals.models import DealStatus, Deliverable, DeliverableStatus
from marketplace.deals.series import series_slots
from marketplace.deliverables import milestones, owed_work, policy, work_refusals
from marketplace.deliverables.draft_verdict import DraftVerdict, judge
from marketplace.deliverables.models import ChangeRequest, Draft, DraftStatus
from marketplace.deliverables.owed_work import OwedWork
from marketplace.deliverables.work_refusals import DraftBlocked
from marketplace.video_files.models import VideoFile, VideoFileStatus

SILENCE = timedelta(days=14)
# A video of the maker's own that is delivered twice has at least this share of its pictures in common.
DELIVERED_SHARE = 0.5
# Of these videos somebody outside of the deal has had one checked; or one was handed in for another deliverable.
_OF_OTHERS = sa.text(
    "SELECT EXISTS (SELECT FROM video_checks WHERE sha256 = ANY(:strangers) AND party_id <> ALL(:own))"
    " OR EXISTS (SELECT FROM deal_drafts WHERE sha256 = ANY(:delivered) AND deliverable_id <> ALL(:same)"
    " AND status <> 'changes_asked')"
)


@dataclass(frozen=True)
class AskedChange:
    """What the brand asks to be changed: at which second, until which (None: that moment), and why."""

    at_s: float
    reason: str
    until_s: float | None = None


def send(session: Session, actor: Actor, deliverable_id: UUID, *, check_id: UUID, note: str | None = None) -> Draft:
    """Send the video of a finished check that was made for this deliverable; from now on the brand reads the check.

    Raises NotFound, NotAllowed, WrongState (also: a script is asked for first, the check is not done) and Conflict (the
    check is of something else, the file is gone, or is the one in which changes were asked for).
    """
    owed = owed_work.hold(session, actor, deliverable_id)
    owed_work.require(owed, "send_draft", actor)
    if owed.content["script_needed"] and owed.row.status == DeliverableStatus.PLANNED:
        raise WrongState(work_refusals.SCRIPT_FIRST, state=str(owed.row.status))
    if owed.line["kind"] == "image":
        raise WrongState(work_refusals.NO_VIDEO, state=str(owed.row.status))
    check = finished_check(session, actor, owed, check_id)
    before = owed_work.newest(session, Draft, deliverable_id)
    _refuse_sent_before(session, owed, check.sha256)
    assert actor.party_id is not None
    row = Draft(
        deliverable_id=deliverable_id,
        number=1 if before is None else before.number + 1,
        video_id=check.video_id,
        sha256=check.sha256,
        check_id=check.id,
        terms_id=owed.row.terms_id,
        party_id=actor.party_id,
        person_id=actor.person_id,
        answer_by=now() + SILENCE,
        silence_approves=_judged(session, owed, check).silence_approves,
        note=note,
    )
    session.add(row)
    session.flush()
    sharing.submit(session, actor, check, owed.deal.brand_id)
    owed_work.move(session, actor, owed, "send_draft", number=row.number, sha256=row.sha256)
    return row


def finished_check(session: Session, actor: Actor, owed: OwedWork, check_id: UUID) -> VideoCheck:
    """Lock a check that may be handed in for a deliverable, and keep its video as it is.

    Raises NotFound, WrongState (it is not done), Conflict (it is of something else, or its file is gone).
    """
    check = db.lock(session, VideoCheck, check_id, checks_policy.own(actor))
    if check.deliverable_id != owed.row.id:
        raise Conflict(work_refusals.CHECKED_FOR_ANOTHER, rule="checked_for_another")
    if check.status != VideoCheckStatus.DONE:
        raise WrongState(work_refusals.UNCHECKED, state=str(check.status))
    kept = (VideoFile.id == check.video_id, VideoFile.sha256 == check.sha256, VideoFile.status == VideoFileStatus.KEPT)
    with db.acting_as(session, SYSTEM):
        found = session.scalar(sa.select(VideoFile.id).where(*kept).with_for_update(key_share=True, read=True))
    if found is None:
        raise Conflict(work_refusals.OTHER_FILE, rule="other_file")
    return check


def approve(session: Session, actor: Actor, draft_id: UUID) -> Draft:
    """Approve the newest draft. Raises NotFound, NotAllowed, WrongState, Conflict, and DraftBlocked with what its check
    says against it."""
    row, owed = _held(session, actor, draft_id, "approve")
    verdict = verdict_of(session, owed, row)
    if verdict.vetoes:
        findings = [{"code": one.code, "zh": one.zh, "en": one.en} for one in verdict.vetoes]
        raise DraftBlocked(work_refusals.ASK_FOR_CHANGES, findings=findings)
    _approve(session, actor, owed, row)
    return row


def approve_by_silence(session: Session, draft_id: UUID) -> bool:
    """Approve a draft that the brand has not answered in time, and return whether it was. Nothing that speaks against
    it is passed over, and a deal that is not active does not move. A second run finds nothing to do."""
    owed = owed_work.lock(session, session.get_one(Draft, draft_id).deliverable_id)
    row = db.lock(session, Draft, draft_id)
    due = row.status == DraftStatus.SENT and row.silence_approves and row.answer_by <= now()
    if not due or owed.deal.status != DealStatus.ACTIVE or owed.row.status != DeliverableStatus.DRAFT_SENT:
        return False
    try:
        is_clear = verdict_of(session, owed, row).silence_approves
    except DraftBlocked:
        is_clear = False
    if not is_clear:
        row.silence_approves = False
        session.flush()
        return False
    row.by_silence = True
    _approve(session, SYSTEM, owed, row)
    return True


def request_changes(session: Session, actor: Actor, draft_id: UUID, *, changes: Sequence[AskedChange]) -> Draft:
    """Ask for changes of the newest draft, each with its time stamp and reason, which uses one of the agreed rounds.

    Raises as `approve` does but for vetoes, InvalidInput (a time beyond its end), and RoundsUsed with the price of one
    more.
    """
    row, owed = _held(session, actor, draft_id, "ask_for_changes")
    _refuse_beyond_end(session, row, changes)
    owed_work.use_round(session, owed, "draft")
    _decide(row, actor, DraftStatus.CHANGES_ASKED)
    session.add_all(
        ChangeRequest(draft_id=row.id, position=number, at_s=one.at_s, until_s=one.until_s, reason=one.reason)
        for number, one in enumerate(changes, start=1)
    )
    said = {"number": row.number, "round": owed.row.draft_rounds_used, "changes": len(changes)}
    owed_work.move(session, actor, owed, "ask_for_changes", **said)
    return row


def find(session: Session, actor: Actor, draft_id: UUID) -> Draft:
    seen = sa.exists().where(Deliverable.id == Draft.deliverable_id, policy.visible(actor))
    return db.get(session, Draft, draft_id, seen)


def video_of(session: Session, actor: Actor, draft_id: UUID) -> VideoFile:
    """Return the file of a draft, which whom the deal names may read. Raises NotFound, Conflict (it is gone)."""
    row = find(session, actor, draft_id)
    with db.acting_as(session, SYSTEM):
        video = None if row.video_id is None else session.get(VideoFile, row.video_id)
    if video is None or video.status != VideoFileStatus.KEPT:
        raise Conflict(work_refusals.OTHER_FILE, rule="other_file")
    return video


def verdict_of(session: Session, owed: OwedWork, row: Draft) -> DraftVerdict:
    """Return what speaks against a draft by its check. Raises DraftBlocked where the check is not of its file."""
    with db.acting_as(session, SYSTEM):
        check = session.get_one(VideoCheck, row.check_id)
    is_of_it = check.status == VideoCheckStatus.DONE and check.deliverable_id == row.deliverable_id
    if not is_of_it or check.sha256 != row.sha256 or check.result is None:
        raise DraftBlocked(
            work_refusals.ASK_FOR_CHANGES, findings=[{"code": "unchecked", **_both(work_refusals.UNCHECKED)}]
        )
    return _judged(session, owed, check)


def _both(said: Any) -> dict[str, str]:
    return {"zh": said.zh, "en": said.en}


def _judged(session: Session, owed: OwedWork, check: VideoCheck) -> DraftVerdict:
    assert check.result is not None, "a finished check has a result"
    return judge(
        check.result,
        limits=owed.limits,
        disclosure=owed.content["disclosure"],
        repeats=_repeats(session, owed, check),
    )


def _repeats(session: Session, owed: OwedWork, check: VideoCheck) -> bool:
    """Return whether a video is somebody else's, or was handed in for another deliverable. Files of the two sides of
    the deal are no strangers': the maker's agency may have had the same one checked."""
    found = (check.result or {})["duplicates"]
    strangers = [one["sha256"] for one in found if one["foreign"] and one["seen_first"] == "other"]
    own = [one["sha256"] for one in found if one["share"] >= DELIVERED_SHARE]
    asked = {
        "strangers": strangers,
        "own": owed.deal.parties,
        "delivered": [check.sha256, *own],
    }
    with db.acting_as(session, SYSTEM):
        # An episode of a series is one video, which each of its brands approves by its own check.
        same = list(series_slots.shared_with(session, owed.row))
        return bool(session.scalar(_OF_OTHERS, {**asked, "same": same}))


def _refuse_sent_before(session: Session, owed: OwedWork, sha256: str) -> None:
    same = sa.select(Draft.number).where(Draft.deliverable_id == owed.row.id, Draft.sha256 == sha256)
    number = session.scalar(same.order_by(Draft.number).limit(1))
    if number is not None:
        raise Conflict(work_refusals.sent_before(number), rule="sent_before")


def _refuse_beyond_end(session: Session, row: Draft, changes: Sequence[AskedChange]) -> None:
    with db.acting_as(session, SYSTEM):
        result = session.get_one(VideoCheck, row.check_id).result
    end_s = float((result or {})["video"]["duration_s"])
    errors = [
        FieldError(f"/changes/{index}/{name}", work_refusals.beyond_end(end_s))
        for index, one in enumerate(changes)
        for name, at_s in (("at_s", one.at_s), ("until_s", one.until_s))
        if at_s is not None and at_s > end_s
    ]
    if errors:
        raise InvalidInput(errors=errors)


def _held(session: Session, actor: Actor, draft_id: UUID, name: str) -> tuple[Draft, OwedWork]:
    row = find(session, actor, draft_id)
    owed = owed_work.hold(session, actor, row.deliverable_id)
    row = db.lock(session, Draft, draft_id)
    owed_work.require(owed, name, actor)
    if row.status != DraftStatus.SENT:
        raise Conflict(work_refusals.NOT_NEWEST)
    return row, owed


def _approve(session: Session, actor: Actor, owed: OwedWork, row: Draft) -> None:
    _decide(row, actor, DraftStatus.APPROVED)
    said = {"number": row.number, "sha256": row.sha256, "by_silence": row.by_silence}
    owed_work.move(session, actor, owed, "approve", **said)
    milestones.reach(session, owed, "draft_approved")


def _decide(row: Draft, actor: Actor, status: DraftStatus) -> None:
    row.status, row.decided_at, row.decided_by = status, now(), actor.person_id
