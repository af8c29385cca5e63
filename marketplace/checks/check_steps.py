"""The work of a check: decode once, run each step as its own job, then merge. Needs the vision extra.

Each part works for up to minutes outside any transaction, and returns a function that stores its outcome in the
transaction that also completes the job.

Frame caches live in a folder of the worker's machine and can always be rebuilt from the video; answers, keyframes and
results are stored in the database and the object store.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.briefs.models import BrandAsset
from marketplace.checks import duplicates, service
from marketplace.checks.cleanup import OPEN
from marketplace.checks.duplicates import Repetition
from marketplace.checks.models import VideoCheck, VideoCheckStatus, VideoCheckStep, VideoStepAnswer
from marketplace.checks.states import CHECK_TRANSITIONS
from marketplace.core import db, events, storage
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.states import apply_transition
from marketplace.vision import keyframes
from marketplace.vision.check_result import check as merge_answers
from marketplace.vision.decode import media
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.decode.limits import MediaRefused
from marketplace.vision.marks import reference_images
from marketplace.vision.marks.reference_images import BadReference, ReferenceImage
from marketplace.vision.pipeline import BY_NAME, STEPS, Answer, StepWork, WantedBrand
from marketplace.vision.pipeline import key as answer_key
from marketplace.vision.scored_timeline import ScoringTerms, terms_of

Report = Callable[[str, int, int], None]
Finish = Callable[[Session], dict[str, Any]]


@dataclass(frozen=True)
class CheckRequest:
    """What a check requests, read before the work. `keys` are its steps' answer keys by step, empty before decoding."""

    sha256: str
    party_id: UUID
    brand: WantedBrand
    terms: ScoringTerms
    keys: Mapping[str, str]


def decode(check_id: UUID, folder: Path, report: Report) -> Finish:
    """Decode a check's video; the returned function enqueues the steps that no earlier check has answered."""
    request = _load_request(check_id)
    if request is None:
        return _over
    try:
        _cache(request.sha256, folder, lambda share: report("decode", round(100 * share), 100))
    except MediaRefused as error:
        refused = error  # Python unbinds the exception's name at the end of its block
        return lambda session: _refuse(session, check_id, refused)
    keys = {step.name: answer_key(step, request.sha256, request.brand) for step in STEPS}
    return lambda session: _enqueue_steps(session, check_id, keys)


def _over(_: Session) -> dict[str, Any]:
    return {"over": True}


def _load_request(check_id: UUID) -> CheckRequest | None:
    """Return what a check requests, or None if it is over. Reads in its own transaction: the work takes minutes."""
    with db.transaction() as session:
        row = session.get_one(VideoCheck, check_id)
        if row.status not in OPEN:
            return None
        return CheckRequest(row.sha256, row.party_id, _brand(session, row), terms_of(row.terms), _keys(session, row))


def _enqueue_steps(session: Session, check_id: UUID, keys: Mapping[str, str]) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    if row.status not in OPEN:
        return _over(session)
    if row.status == VideoCheckStatus.QUEUED:
        apply_transition(session, row, CHECK_TRANSITIONS, "start", SYSTEM, parties=[row.party_id])
    missing = set(keys) - _answered_steps(session, keys)
    for name in keys:
        job_id = service.enqueue(session, service.STEP, row, key=name, name=name) if name in missing else None
        _save_step(session, check_id, name, keys[name], job_id)
    if not missing:
        _enqueue_merge(session, row)
    return {"steps": sorted(missing)}


def _save_step(session: Session, check_id: UUID, name: str, key: str, job_id: UUID | None) -> None:
    session.execute(
        insert(VideoCheckStep)
        .values(id=new_id(), created_at=now(), check_id=check_id, name=name, key=key, job_id=job_id)
        .on_conflict_do_update(index_elements=["check_id", "name"], set_={"key": key, "job_id": job_id})
    )


def _refuse(session: Session, check_id: UUID, refused: MediaRefused) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    refusal = refused.refusal
    row.refusal = {"code": refusal.code, "zh": refusal.zh, "en": refusal.en, "at_s": refused.at_s}
    row.finished_at = now()
    apply_transition(session, row, CHECK_TRANSITIONS, "refuse", SYSTEM, parties=[row.party_id], code=refusal.code)
    return {"refused": refusal.code}


def _answered_steps(session: Session, keys: Mapping[str, str]) -> set[str]:
    """Return the names of the steps that have an answer already."""
    answered = set(session.scalars(sa.select(VideoStepAnswer.key).where(VideoStepAnswer.key.in_(keys.values()))).all())
    return {name for name, key in keys.items() if key in answered}


def _enqueue_merge(session: Session, row: VideoCheck) -> None:
    job_id = service.enqueue(session, service.MERGE, row, key="merge")
    _save_step(session, row.id, "merge", row.sha256, job_id)


def step(check_id: UUID, name: str, folder: Path, report: Report) -> Finish:
    """Do one step; the returned function stores its answer and, with the last answer, enqueues the merge."""
    request = _load_request(check_id)
    if request is None:
        return _over
    key = answer_key(BY_NAME[name], request.sha256, request.brand)
    with db.transaction() as session:
        answered = bool(_answered_steps(session, {name: key}))
    answer: Answer | None = None
    if not answered:
        cache = _cache(request.sha256, folder, lambda share: report("decode", round(100 * share), 100))
        work = StepWork(cache, request.brand, folder / "models")
        answer = BY_NAME[name].answer(work, lambda done, total: report(name, done, total))
    return lambda session: _store_answer(session, check_id, name, key, answer)


def _store_answer(session: Session, check_id: UUID, name: str, key: str, answer: Answer | None) -> dict[str, Any]:
    # The lock makes steps that end together wait for each other, so that the last one sees all answers.
    row = db.lock(session, VideoCheck, check_id)
    if answer is not None:
        session.execute(
            insert(VideoStepAnswer)
            .values(id=new_id(), created_at=now(), key=key, sha256=row.sha256, name=name, answer=answer)
            .on_conflict_do_nothing(index_elements=["key"])
        )
    keys = _keys(session, row)
    if row.status == VideoCheckStatus.RUNNING and len(_answered_steps(session, keys)) == len(keys):
        _enqueue_merge(session, row)
    return {"worked_out": answer is not None}


def _keys(session: Session, row: VideoCheck) -> dict[str, str]:
    rows = session.execute(
        sa.select(VideoCheckStep.name, VideoCheckStep.key).where(
            VideoCheckStep.check_id == row.id, VideoCheckStep.name.in_(BY_NAME)
        )
    ).all()
    return {str(name): str(key) for name, key in rows}


def merge(check_id: UUID, folder: Path, report: Report) -> Finish:
    """Merge the answers into the result, with its keyframes and the videos that it repeats."""
    request = _load_request(check_id)
    if request is None:
        return _over
    with db.transaction() as session:
        rows = session.execute(
            sa.select(VideoStepAnswer.key, VideoStepAnswer.answer).where(VideoStepAnswer.key.in_(request.keys.values()))
        ).all()
    by_key = {key: answer for key, answer in rows}  # noqa: C416 - rows, not pairs
    answers = {name: by_key[key] for name, key in request.keys.items()}
    cache = _cache(request.sha256, folder, lambda share: report("decode", round(100 * share), 100))
    result = merge_answers(cache, request.brand, answers, request.terms).result
    result["pictures"] = {
        str(number): storage.opened().put([keyframes.jpeg(keyframes.keyframe(cache, result, number))]).sha256
        for number in keyframes.keyframes(result)
    }
    hashes = duplicates.read_hashes(answers["hashes"])
    with db.transaction() as session:
        # Committed before the search: of two copies checked at once, the one that searches later finds the other.
        duplicates.remember(session, request.sha256, hashes)
    with db.transaction() as session:
        repeated = duplicates.find_repeated(session, request.sha256, hashes)
        orders = duplicates.seen_orders(session, request.sha256, request.party_id, repeated)
        same = duplicates.same_file(session, request.sha256, request.party_id)
    if same is not None and hashes:
        repeated.insert(0, Repetition(request.sha256, duplicates.match_with_itself(hashes)))
        orders[request.sha256] = same
    described = duplicates.describe(repeated, orders, hashes, cache, lambda other: other_cache(other, folder))
    result["duplicates"] = [video.as_json() for video in described]
    return lambda session: _finish(session, check_id, result)


def _finish(session: Session, check_id: UUID, result: dict[str, Any]) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    if row.status not in OPEN:
        return _over(session)
    row.result, row.finished_at = result, now()
    foreign = [duplicate for duplicate in result["duplicates"] if duplicate["foreign"]]
    row.repeats = len(foreign)
    apply_transition(
        session,
        row,
        CHECK_TRANSITIONS,
        "finish",
        SYSTEM,
        parties=[row.party_id],
        score=result["intrusiveness"]["score"]["point"],
        duplicates=len(result["duplicates"]),
    )
    if foreign:
        # Only the platform receives this event: no party may learn whose the other videos are.
        events.record(
            session,
            "video_checks.repeat",
            row.id,
            SYSTEM,
            parties=[],
            videos=len(foreign),
            share=max(duplicate["share"] for duplicate in foreign),
        )
    return {"exposures": len(result["evidence"])}


def _brand(session: Session, row: VideoCheck) -> WantedBrand:
    """Return what to look for; an image that cannot be read is left out, as is one without findable features."""
    images: list[ReferenceImage] = []
    if row.asset_ids:
        assets = session.scalars(sa.select(BrandAsset).where(BrandAsset.id.in_(row.asset_ids)).order_by(BrandAsset.id))
        for asset in assets:
            try:
                images.append(reference_images.prepare(asset.name, asset.data))
            except BadReference:
                continue
    return WantedBrand(tuple(row.names), tuple(images), markets=tuple(row.terms.get("markets") or ()))


def _cache(sha256: str, folder: Path, report: Callable[[float], None]) -> FrameCache:
    home = folder / "videos" / sha256 / "frames"
    if (home / "info.json").exists():
        home.touch()  # marks it as in use, so that the sweep leaves it
        return FrameCache(home)
    with storage.opened().local_path(storage.key_of(sha256)) as path:
        return media.decode(path, home, report)


def other_cache(sha256: str, folder: Path) -> FrameCache | None:
    """Return the frames of another checked video, or None if its file is gone."""
    try:
        return _cache(sha256, folder, lambda share: None)
    except (FileNotFoundError, MediaRefused):
        return None
