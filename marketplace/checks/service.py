"""Request a check of a video, read its progress and result, and cancel it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.checks import check_references, policy
from marketplace.checks.models import VideoCheck, VideoCheckStatus, VideoCheckStep
from marketplace.checks.states import CHECK_TRANSITIONS
from marketplace.core import db, jobs
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotFound, WrongState
from marketplace.core.http import paging
from marketplace.core.jobs import Job, JobState
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.core.words.state_names import state_name
from marketplace.video_files import service as videos
from marketplace.video_files.models import VideoFile, VideoFileStatus

DECODE, STEP, MERGE = "checks.decode", "checks.step", "checks.merge"
OPEN_MAX = 20
NAMES_MAX, NAME_MAX, MARKETS_MAX = 40, 60, 20
LEASE_S, ATTEMPTS_MAX = 30, 4


@dataclass(frozen=True)
class StepProgress:
    """How far one step is; `total` is None while nobody knows it."""

    name: str
    state: str
    done: int
    total: int | None


@dataclass(frozen=True)
class ShownDuplicate:
    """Another video with the same pictures, as far as the reader may know of it.

    `place` is its position in the stored result. `share` is the share of this video's pictures, 0..1. `seen_first` says
    which of the two the market saw first ("this" or "other"; None in results from before that was recorded).
    """

    place: int
    own: bool
    sha256: str | None
    seen_first: str | None
    share: float
    pictures: int
    mirrored: bool
    pairs: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class ShownCheck:
    """A check as a reader sees it: strangers to the video's side do not learn who requested it.

    `result` lacks the stored `duplicates`; the field of that name holds what the reader may know of them.
    """

    id: UUID
    party_id: UUID
    person_id: UUID | None
    video_id: UUID | None
    bid_id: UUID | None
    deliverable_id: UUID | None
    sha256: str
    names: Sequence[str]
    status: VideoCheckStatus
    repeats: int
    brand_id: UUID | None
    shared_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    version: int
    terms: Mapping[str, Any]
    refusal: Mapping[str, Any] | None
    result: Mapping[str, Any] | None
    corrected: Mapping[str, Any] | None
    steps: Sequence[StepProgress] = ()
    duplicates: Sequence[ShownDuplicate] = ()


def request_check(
    session: Session,
    actor: Actor,
    *,
    video_id: UUID,
    bid_id: UUID | None = None,
    deliverable_id: UUID | None = None,
    names: Sequence[str],
    markets: Sequence[str] = (),
    buying_link: bool | None,
) -> ShownCheck:
    """Request a check of a kept video: for the brand of a bid's brief and against the bid's plan, for what a deal owes
    and against its terms, or for names alone.

    Raises NotFound, WrongState (the video is not complete), InvalidInput (no names, or for two things at once),
    Conflict (too many open checks).
    """
    video = videos.find(session, actor, video_id)
    if video.status != VideoFileStatus.KEPT or video.sha256 is None:
        raise WrongState(
            Bilingual("视频还没有传完，请先传完。", "The video is not whole yet; hand in all of it first."),
            state=str(video.status),
        )
    references = check_references.load(session, actor, bid_id=bid_id, deliverable_id=deliverable_id)
    all_names = _all_names(references.names, names)
    _refuse_too_many(session, references.party_id or video.party_id)
    row = VideoCheck(
        party_id=references.party_id or video.party_id,
        agency_id=actor.party_id if actor.role == Role.AGENCY else references.agency_id,
        person_id=actor.person_id,
        video_id=video.id,
        bid_id=references.bid_id,
        deliverable_id=deliverable_id,
        sha256=video.sha256,
        names=all_names,
        asset_ids=references.asset_ids,
        terms={
            "plan": None,
            "fit": None,
            "past": None,
            "markets": list(markets),
            **references.terms,
            **({} if buying_link is None else {"buying_link": buying_link}),
        },
    )
    session.add(row)
    session.flush()
    job_id = enqueue(session, DECODE, row, key="decode")
    session.add(VideoCheckStep(check_id=row.id, name="decode", key=video.sha256, job_id=job_id))
    session.flush()
    return show(session, actor, row)


def _refuse_too_many(session: Session, party_id: UUID) -> None:
    """Raise Conflict where so many checks of a party are under way already."""
    open_count = sa.select(sa.func.count()).where(
        VideoCheck.party_id == party_id,
        VideoCheck.status.in_([VideoCheckStatus.QUEUED, VideoCheckStatus.RUNNING]),
    )
    if (session.scalar(open_count) or 0) >= OPEN_MAX:
        raise Conflict(
            Bilingual(
                f"您有 {OPEN_MAX} 次检查正在进行；请等其中一次结束，或取消一次。",
                f"{OPEN_MAX} checks of yours are under way; wait for one of them, or cancel one.",
            )
        )


def _all_names(of_brief: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return what to look for, each name once. Raises InvalidInput for no name, or too many."""
    all_names = list(dict.fromkeys([*of_brief, *given]))
    if not all_names:
        raise InvalidInput(
            Bilingual("请说明要找什么。", "Say what to look for."),
            errors=[
                FieldError("/names", Bilingual("请写出品牌，或它对应的报价。", "Name the brand, or the bid it is for."))
            ],
        )
    if len(all_names) > NAMES_MAX:
        raise InvalidInput(
            Bilingual("名称太多。", "Too many names."),
            errors=[
                FieldError(
                    "/names",
                    Bilingual(
                        f"最多 {NAMES_MAX} 个，包括需求自己的名称。", f"At most {NAMES_MAX}, the brief's own included."
                    ),
                )
            ],
        )
    return all_names


def enqueue(session: Session, kind: str, row: VideoCheck, *, key: str, **payload: Any) -> UUID:
    """Enqueue a job of a check; joins the same job where it is queued already."""
    return jobs.enqueue(
        session,
        kind,
        queue=jobs.VISION,
        subject_id=row.id,
        party_id=row.party_id,
        dedupe_key=f"{kind}:{row.id}:{key}",
        payload=payload,
        lease_s=LEASE_S,
        max_attempts=ATTEMPTS_MAX,
    )


def find(session: Session, actor: Actor, check_id: UUID) -> VideoCheck:
    return db.get(session, VideoCheck, check_id, policy.visible(actor))


def read_check(session: Session, actor: Actor, check_id: UUID) -> ShownCheck:
    return show(session, actor, find(session, actor, check_id))


def list_checks(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None,
    bid_id: UUID | None,
    video_id: UUID | None,
    repeats: bool,
    deliverable_id: UUID | None = None,
) -> paging.Page[ShownCheck]:
    """Return checks, newest first; with `repeats`, only those whose video repeats another party's."""
    query = sa.select(VideoCheck).where(policy.visible(actor))
    wanted = {
        VideoCheck.status: status,
        VideoCheck.bid_id: bid_id,
        VideoCheck.deliverable_id: deliverable_id,
        VideoCheck.video_id: video_id,
    }
    query = paging.only(query, wanted)
    if repeats:
        query = query.where(VideoCheck.repeats > 0)
    page = paging.page(session, query, VideoCheck, limit, starting_after)
    return paging.Page([_shown(actor, row) for row in page.data], page.has_more)


def show(session: Session, actor: Actor, row: VideoCheck) -> ShownCheck:
    """Return a check with the progress of its steps and, of its duplicates, as much as the actor may know."""
    steps = session.execute(
        sa.select(VideoCheckStep.name, Job.state, Job.done, Job.total)
        .outerjoin(Job, Job.id == VideoCheckStep.job_id)
        .where(VideoCheckStep.check_id == row.id)
        .order_by(VideoCheckStep.id)
    ).all()
    # A step without a job was answered by an earlier check of the same video.
    progress = [StepProgress(name, str(state or JobState.DONE), done or 0, total) for name, state, done, total in steps]
    return _shown(actor, row, progress, list(_duplicates(session, actor, row)))


def _shown(
    actor: Actor, row: VideoCheck, steps: Sequence[StepProgress] = (), duplicates: Sequence[ShownDuplicate] = ()
) -> ShownCheck:
    own = actor.sees_all or row.party_id in actor.parties or row.agency_id == actor.party_id
    stored = row.result
    return ShownCheck(
        id=row.id,
        party_id=row.party_id,
        person_id=row.person_id if own else None,
        video_id=row.video_id,
        bid_id=row.bid_id,
        deliverable_id=row.deliverable_id,
        sha256=row.sha256,
        names=row.names,
        status=row.status,
        repeats=row.repeats,
        brand_id=row.brand_id,
        shared_at=row.shared_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        version=row.version,
        terms=row.terms,
        refusal=row.refusal,
        result=None if stored is None else {name: value for name, value in stored.items() if name != "duplicates"},
        corrected=row.corrected,
        steps=steps,
        duplicates=duplicates,
    )


def _duplicates(session: Session, actor: Actor, row: VideoCheck) -> Iterator[ShownDuplicate]:
    stored = (row.result or {}).get("duplicates", [])
    if not stored:
        return
    hashes = [duplicate["sha256"] for duplicate in stored]
    files = session.execute(sa.select(VideoFile.sha256, VideoFile.party_id).where(VideoFile.sha256.in_(hashes))).all()
    for place, duplicate in enumerate(stored):
        # The very same file is listed because another party uploaded it too, so it never counts as the reader's own.
        own = duplicate["sha256"] != row.sha256 and any(
            sha256 == duplicate["sha256"] and party_id in actor.parties for sha256, party_id in files
        )
        yield ShownDuplicate(
            place=place,
            own=own,
            # Only the platform and the other video's own party learn its hash.
            sha256=duplicate["sha256"] if own or actor.sees_all else None,
            seen_first=duplicate.get("seen_first"),
            share=duplicate["share"],
            pictures=duplicate["pictures"],
            mirrored=duplicate["mirrored"],
            pairs=duplicate["pairs"],
        )


def find_picture(session: Session, actor: Actor, row: VideoCheck, *, of: str, number: int) -> str:
    """Return the SHA-256 under which a picture is stored: a keyframe, or `this` or the `other` frame of a duplicate.

    `number` is a keyframe's name or a duplicate's place. Raises NotFound, WrongState (no result yet).
    """
    result = require_result(row)
    if of == "keyframe":
        keyframe = result["pictures"].get(str(number))
        if keyframe is None:
            raise NotFound(
                Bilingual(
                    "没有这张关键帧；结果的 `pictures` 列出了有哪些。",
                    "There is no such keyframe; the result's `pictures` names those there are.",
                )
            )
        return str(keyframe)
    for duplicate in _duplicates(session, actor, row):
        if duplicate.place == number and (of == "this" or duplicate.own or actor.sees_all):
            frame = result["duplicates"][number][f"{of}_frame"]
            if frame is not None:
                return str(frame)
    raise NotFound(Bilingual("没有您能看到的这张图片。", "There is no such picture that you may see."))


def cancel(session: Session, actor: Actor, check_id: UUID) -> ShownCheck:
    """Cancel an open check; the answers of its finished steps stay for the next check. Raises WrongState."""
    row = db.lock(session, VideoCheck, check_id, policy.own(actor))
    apply_transition(session, row, CHECK_TRANSITIONS, "cancel", actor, parties=[row.party_id])
    row.finished_at = now()
    # A running job stops at its next report of progress; a queued one never begins.
    session.execute(
        sa.update(Job)
        .where(Job.subject_id == row.id, Job.state == JobState.LEASED)
        .values(cancel_asked=True)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Job)
        .where(Job.subject_id == row.id, Job.state == JobState.QUEUED)
        .values(state=JobState.CANCELLED, finished_at=now(), last_error="cancelled on request")
        .execution_options(synchronize_session=False)
    )
    return show(session, actor, row)


def require_result(row: VideoCheck) -> dict[str, Any]:
    """Return a check's result. Raises WrongState while there is none."""
    if row.result is None:
        name = state_name(row.status)
        raise WrongState(
            Bilingual(
                f"检查的状态是“{name.zh}”，还没有结果可看。",
                f"The check is {name.en}: there is no result to look at.",
            ),
            state=str(row.status),
        )
    return row.result
