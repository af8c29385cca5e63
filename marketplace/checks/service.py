"""Asking for a check of a video, reading how far it is, stopping it, and putting right what it found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.models import BrandAsset, BriefVersion
from marketplace.checks import policy
from marketplace.checks.models import VideoCheck, VideoCheckStatus, VideoCheckStep
from marketplace.checks.states import CHECK_TRANSITIONS
from marketplace.core import db, jobs
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotFound, WrongState
from marketplace.core.http import paging
from marketplace.core.jobs import Job, JobState
from marketplace.core.states import apply_transition
from marketplace.matching.forecast import past_videos
from marketplace.matching.scoring import service as matching
from marketplace.video_files import service as videos
from marketplace.video_files.models import VideoFile, VideoFileStatus

DECODE, STEP, MERGE = "checks.decode", "checks.step", "checks.merge"
OPEN_MAX = 20
NAMES_MAX, NAME_MAX = 40, 60
LEASE_S, ATTEMPTS_MAX = 30, 4


@dataclass(frozen=True)
class StepShown:
    """How far one step is."""

    name: str
    state: str
    done: int
    total: int | None


@dataclass(frozen=True)
class ShownCheck:
    """A check as a reader sees it; ``own``: whether it is of the reader's side, or the reader the platform's."""

    row: VideoCheck
    own: bool
    steps: Sequence[StepShown] = ()
    duplicates: Sequence[Mapping[str, Any]] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def person_id(self) -> UUID | None:
        return self.row.person_id if self.own else None

    @property
    def result(self) -> dict[str, Any] | None:
        """Return what was found, without what it repeats: `duplicates` tells as much of that as the reader may know."""
        found = self.row.result
        return None if found is None else {name: value for name, value in found.items() if name != "duplicates"}


def ask(
    session: Session,
    actor: Actor,
    *,
    video_id: UUID,
    bid_id: UUID | None,
    names: Sequence[str],
    buying_link: bool | None,
) -> ShownCheck:
    """Ask for a kept video to be looked through: for the brand of a bid's brief and against its plan, or for names.

    Raises NotFound, WrongState (the video is not whole), InvalidInput (no names), Conflict (too many open checks).
    """
    video = videos.find(session, actor, video_id)
    if video.status != VideoFileStatus.KEPT or video.sha256 is None:
        raise WrongState("The video is not whole yet; hand in all of it first.", state=str(video.status))
    wanted, assets, terms = _of_bid(session, actor, bid_id) if bid_id is not None else ([], [], {})
    all_names = list(dict.fromkeys([*wanted, *names]))
    if not all_names:
        raise InvalidInput(
            "Say what to look for.", errors=[FieldError("/names", "Name the brand, or the bid it is for.")]
        )
    if len(all_names) > NAMES_MAX:
        raise InvalidInput(
            "Too many names.", errors=[FieldError("/names", f"At most {NAMES_MAX}, the brief's own included.")]
        )
    open_ones = sa.select(sa.func.count()).where(
        VideoCheck.party_id == video.party_id,
        VideoCheck.status.in_([VideoCheckStatus.QUEUED, VideoCheckStatus.RUNNING]),
    )
    if (session.scalar(open_ones) or 0) >= OPEN_MAX:
        raise Conflict(f"{OPEN_MAX} checks of yours are under way; wait for one of them, or cancel one.")
    row = VideoCheck(
        party_id=video.party_id,
        person_id=actor.person_id,
        video_id=video.id,
        bid_id=bid_id,
        sha256=video.sha256,
        names=all_names,
        asset_ids=assets,
        terms={
            "plan": None,
            "fit": None,
            "past": None,
            **terms,
            **({} if buying_link is None else {"buying_link": buying_link}),
        },
    )
    session.add(row)
    session.flush()
    job_id = enqueue(session, DECODE, row, key="decode")
    session.add(VideoCheckStep(check_id=row.id, name="decode", key=video.sha256, job_id=job_id))
    session.flush()
    return shown(session, actor, row)


def _of_bid(session: Session, actor: Actor, bid_id: UUID) -> tuple[list[str], list[UUID], dict[str, Any]]:
    """Return the names and images of a bid's brief, and the plan it promised."""
    where = bids_policy.visible(actor) if actor.sees_all else bids_policy.own(actor)
    bid = db.get(session, Bid, bid_id, where)
    revision = session.get_one(BidRevision, bid.revision_id)
    brief = session.get_one(BriefVersion, revision.brief_version_id).content
    brand = brief["brand"]
    # The images themselves are the brand's; their ids are all that a check holds.
    assets = session.scalars(
        sa.select(BrandAsset.id).where(BrandAsset.brief_id == bid.brief_id).order_by(BrandAsset.id)
    )
    return (
        [*brand["names"], *(brand["aliases"] or []), *(brand["spoken_forms"] or [])],
        list(assets.all()),
        {
            "plan": revision.plan,
            "fit": _fit(session, actor, bid_id),
            "buying_link": bool(brief["buying_link"]),
            "past": past_videos.past(session, bid.channel_id),
        },
    )


def _fit(session: Session, actor: Actor, bid_id: UUID) -> float | None:
    try:
        return matching.match_of_bid(session, actor, bid_id).scored.fit
    except NotFound:  # not scored yet: nothing is relieved
        return None


def enqueue(session: Session, kind: str, row: VideoCheck, *, key: str, **payload: Any) -> UUID:
    """Ask for a job of a check; the same one that waits already is joined."""
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


def read(session: Session, actor: Actor, check_id: UUID) -> ShownCheck:
    return shown(session, actor, find(session, actor, check_id))


def listed(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None,
    bid_id: UUID | None,
    video_id: UUID | None,
    repeats: bool,
) -> paging.Page[ShownCheck]:
    """Return checks, the newest first; with ``repeats``, those alone that repeat other parties' videos."""
    query = sa.select(VideoCheck).where(policy.visible(actor))
    for column, value in ((VideoCheck.status, status), (VideoCheck.bid_id, bid_id), (VideoCheck.video_id, video_id)):
        if value is not None:
            query = query.where(column == value)
    if repeats:
        query = query.where(VideoCheck.repeats > 0)
    found = paging.page(session, query, VideoCheck, limit, starting_after)
    return paging.Page([ShownCheck(row, _own(actor, row)) for row in found.data], found.has_more)


def _own(actor: Actor, row: VideoCheck) -> bool:
    return actor.sees_all or row.party_id in actor.parties


def shown(session: Session, actor: Actor, row: VideoCheck) -> ShownCheck:
    """Return a check with its steps' progress and, of what it repeats, as much as the actor may know."""
    found = session.execute(
        sa.select(VideoCheckStep.name, Job.state, Job.done, Job.total)
        .outerjoin(Job, Job.id == VideoCheckStep.job_id)
        .where(VideoCheckStep.check_id == row.id)
        .order_by(VideoCheckStep.id)
    ).all()
    # A step without a job was answered by an earlier check of the same video.
    steps = [StepShown(name, str(state or JobState.DONE), done or 0, total) for name, state, done, total in found]
    return ShownCheck(row, _own(actor, row), steps, list(_duplicates(session, actor, row)))


def _duplicates(session: Session, actor: Actor, row: VideoCheck) -> Iterable[dict[str, Any]]:
    told = (row.result or {}).get("duplicates", [])
    if not told:
        return
    hashes = [one["sha256"] for one in told]
    theirs = session.execute(
        sa.select(VideoFile.sha256, VideoFile.party_id, VideoFile.created_at).where(VideoFile.sha256.in_(hashes))
    ).all()
    for place, one in enumerate(told):
        # The very same file is told of for the sake of the other party that handed it in.
        own = one["sha256"] != row.sha256 and any(
            sha256 == one["sha256"] and party_id in actor.parties for sha256, party_id, _ in theirs
        )
        yield {
            "place": place,
            "own": own,
            # Whose it is and how its hash reads is told to the platform, and to the party itself, alone.
            "sha256": one["sha256"] if own or actor.sees_all else None,
            "seen_first": one.get("seen_first"),
            **{name: one[name] for name in ("share", "pictures", "mirrored", "pairs")},
        }


def picture(session: Session, actor: Actor, row: VideoCheck, *, of: str, number: int) -> str:
    """Return the hash of a keyframe, or of the picture of `this` or the `other` video of a repetition. Raises NotFound,
    WrongState (no result yet)."""
    result = require_result(row)
    if of == "keyframe":
        kept = result["pictures"].get(str(number))
        if kept is None:
            raise NotFound("There is no such keyframe; the result's `pictures` names those there are.")
        return str(kept)
    for one in _duplicates(session, actor, row):
        if one["place"] == number and (of == "this" or one["own"] or actor.sees_all):
            frame = result["duplicates"][number][f"{of}_frame"]
            if frame is not None:
                return str(frame)
    raise NotFound("There is no such picture that you may see.")


def cancel(session: Session, actor: Actor, check_id: UUID) -> ShownCheck:
    """Stop a check that is under way; what its steps have answered stays for the next one. Raises WrongState."""
    row = db.lock(session, VideoCheck, check_id, policy.own(actor))
    apply_transition(session, row, CHECK_TRANSITIONS, "cancel", actor, parties=[row.party_id])
    row.finished_at = now()
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
    return shown(session, actor, row)


def require_result(row: VideoCheck) -> dict[str, Any]:
    """Return what a check found. Raises WrongState where there is nothing yet."""
    if row.result is None:
        raise WrongState(f"The check is {row.status}: there is no result to look at.", state=str(row.status))
    return row.result
