"""The work of a check: one decoding, its steps as jobs of their own, and the merge. Needs the vision extra.

Each part works for up to minutes without a transaction and returns what is to be done in the job's own at its end.

Frame caches lie in a folder of the machine that works and can always be made again from the video; answers, keyframes
and results are kept in the database and the object store.
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
from marketplace.vision.pipeline import BY_NAME, STEPS, Answer, StepWork, WantedBrand, key
from marketplace.vision.scored_timeline import ScoringTerms, terms_of
from marketplace.vision.see import reference_images
from marketplace.vision.see.reference_images import BadReference, ReferenceImage

Report = Callable[[str, int, int], None]
Finish = Callable[[Session], dict[str, Any]]


@dataclass(frozen=True)
class CheckRequest:
    """What a check asks for, read before the work; ``keys`` are those of its steps, once they are known."""

    sha256: str
    party_id: UUID
    brand: WantedBrand
    terms: ScoringTerms
    keys: Mapping[str, str]


def decode(check_id: UUID, folder: Path, report: Report) -> Finish:
    """Decode a check's video; the end asks for the steps that no earlier check has answered."""
    asked = _asked(check_id)
    if asked is None:
        return _nothing
    try:
        _cache(asked.sha256, folder, lambda share: report("decode", round(100 * share), 100))
    except MediaRefused as refused:
        kept = refused  # the name of an exception ends with its block
        return lambda session: _refuse(session, check_id, kept)
    keys = {step.name: key(step, asked.sha256, asked.brand) for step in STEPS}
    return lambda session: _ask_for_steps(session, check_id, keys)


def _nothing(_: Session) -> dict[str, Any]:
    return {"over": True}


def _asked(check_id: UUID) -> CheckRequest | None:
    """Return what a check asks for; None if it is over. A transaction of its own: what follows takes minutes."""
    with db.transaction() as session:
        row = session.get_one(VideoCheck, check_id)
        if row.status not in OPEN:
            return None
        return CheckRequest(row.sha256, row.party_id, _brand(session, row), terms_of(row.terms), _keys(session, row))


def _ask_for_steps(session: Session, check_id: UUID, keys: Mapping[str, str]) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    if row.status not in OPEN:
        return _nothing(session)
    if row.status == VideoCheckStatus.QUEUED:
        apply_transition(session, row, CHECK_TRANSITIONS, "start", SYSTEM, parties=[row.party_id])
    missing = set(keys) - _answered(session, keys)
    for name in keys:
        job_id = service.enqueue(session, service.STEP, row, key=name, name=name) if name in missing else None
        _note_step(session, check_id, name, keys[name], job_id)
    if not missing:
        _ask_to_merge(session, row)
    return {"steps": sorted(missing)}


def _note_step(session: Session, check_id: UUID, name: str, wanted: str, job_id: UUID | None) -> None:
    session.execute(
        insert(VideoCheckStep)
        .values(id=new_id(), created_at=now(), check_id=check_id, name=name, key=wanted, job_id=job_id)
        .on_conflict_do_update(index_elements=["check_id", "name"], set_={"key": wanted, "job_id": job_id})
    )


def _refuse(session: Session, check_id: UUID, refused: MediaRefused) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    told = refused.refusal
    row.refusal = {"code": told.code, "zh": told.zh, "en": told.en, "at_s": refused.at_s}
    row.finished_at = now()
    apply_transition(session, row, CHECK_TRANSITIONS, "refuse", SYSTEM, parties=[row.party_id], code=told.code)
    return {"refused": told.code}


def _answered(session: Session, keys: Mapping[str, str]) -> set[str]:
    """Return which steps have an answer already."""
    found = set(session.scalars(sa.select(VideoStepAnswer.key).where(VideoStepAnswer.key.in_(keys.values()))).all())
    return {name for name, one in keys.items() if one in found}


def _ask_to_merge(session: Session, row: VideoCheck) -> None:
    job_id = service.enqueue(session, service.MERGE, row, key="merge")
    _note_step(session, row.id, "merge", row.sha256, job_id)


def step(check_id: UUID, name: str, folder: Path, report: Report) -> Finish:
    """Do one step; the end keeps its answer, and whoever brings the last answer asks for the merge."""
    asked = _asked(check_id)
    if asked is None:
        return _nothing
    wanted = key(BY_NAME[name], asked.sha256, asked.brand)
    with db.transaction() as session:
        there = bool(_answered(session, {name: wanted}))
    answer: Answer | None = None
    if not there:
        cache = _cache(asked.sha256, folder, lambda share: report("decode", round(100 * share), 100))
        work = StepWork(cache, asked.brand, folder / "models")
        answer = BY_NAME[name].answer(work, lambda done, total: report(name, done, total))
    return lambda session: _keep(session, check_id, name, wanted, answer)


def _keep(session: Session, check_id: UUID, name: str, wanted: str, answer: Answer | None) -> dict[str, Any]:
    # Steps that end together wait for each other here, so that one of them sees all answers.
    row = db.lock(session, VideoCheck, check_id)
    if answer is not None:
        session.execute(
            insert(VideoStepAnswer)
            .values(id=new_id(), created_at=now(), key=wanted, sha256=row.sha256, name=name, answer=answer)
            .on_conflict_do_nothing(index_elements=["key"])
        )
    keys = _keys(session, row)
    if row.status == VideoCheckStatus.RUNNING and len(_answered(session, keys)) == len(keys):
        _ask_to_merge(session, row)
    return {"worked_out": answer is not None}


def _keys(session: Session, row: VideoCheck) -> dict[str, str]:
    found = session.execute(
        sa.select(VideoCheckStep.name, VideoCheckStep.key).where(
            VideoCheckStep.check_id == row.id, VideoCheckStep.name.in_(BY_NAME)
        )
    ).all()
    return {str(name): str(one) for name, one in found}


def merge(check_id: UUID, folder: Path, report: Report) -> Finish:
    """Put the answers together: the result, its keyframes, and what it repeats."""
    asked = _asked(check_id)
    if asked is None:
        return _nothing
    with db.transaction() as session:
        found = session.execute(
            sa.select(VideoStepAnswer.key, VideoStepAnswer.answer).where(VideoStepAnswer.key.in_(asked.keys.values()))
        ).all()
    by_key = {wanted: answer for wanted, answer in found}  # noqa: C416 - rows, not pairs
    answers = {name: by_key[wanted] for name, wanted in asked.keys.items()}
    cache = _cache(asked.sha256, folder, lambda share: report("decode", round(100 * share), 100))
    result = merge_answers(cache, asked.brand, answers, asked.terms).result
    result["pictures"] = {
        str(at): storage.opened().put([keyframes.jpeg(keyframes.keyframe(cache, result, at))]).sha256
        for at in keyframes.keyframes(result)
    }
    hashed = duplicates.hashes_of(answers["hashes"])
    with db.transaction() as session:
        # Before looking: of two copies that are checked at once, the later to look finds the other.
        duplicates.remember(session, asked.sha256, hashed)
    with db.transaction() as session:
        repeated = duplicates.seen_before(session, asked.sha256, hashed)
        when = duplicates.seen(session, asked.sha256, asked.party_id, repeated)
        same = duplicates.same_file(session, asked.sha256, asked.party_id)
    if same is not None and hashed:
        repeated.insert(0, (asked.sha256, duplicates.as_itself(hashed)))
        when[asked.sha256] = same
    result["duplicates"] = duplicates.told(repeated, when, hashed, cache, lambda other: other_cache(other, folder))
    return lambda session: _finish(session, check_id, result)


def _finish(session: Session, check_id: UUID, result: dict[str, Any]) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    if row.status not in OPEN:
        return _nothing(session)
    row.result, row.finished_at = result, now()
    others = [one for one in result["duplicates"] if one["foreign"]]
    row.repeats = len(others)
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
    if others:
        # The platform's own business: whose the other videos are is told to nobody else.
        events.record(
            session,
            "video_checks.repeat",
            row.id,
            SYSTEM,
            parties=[],
            videos=len(others),
            share=max(one["share"] for one in others),
        )
    return {"exposures": len(result["evidence"])}


def _brand(session: Session, row: VideoCheck) -> WantedBrand:
    """Return what to look for; an image that cannot be read is left out, as one that is not findable is."""
    found: list[ReferenceImage] = []
    if row.asset_ids:
        assets = session.scalars(sa.select(BrandAsset).where(BrandAsset.id.in_(row.asset_ids)).order_by(BrandAsset.id))
        for one in assets:
            try:
                found.append(reference_images.prepare(one.name, one.data))
            except BadReference:
                continue
    return WantedBrand(tuple(row.names), tuple(found))


def _cache(sha256: str, folder: Path, report: Callable[[float], None]) -> FrameCache:
    home = folder / "videos" / sha256 / "frames"
    if (home / "info.json").exists():
        home.touch()  # in use: the sweep leaves it
        return FrameCache(home)
    with storage.opened().local_path(storage.key_of(sha256)) as path:
        return media.decode(path, home, report)


def other_cache(sha256: str, folder: Path) -> FrameCache | None:
    """Return the frames of another video the market has seen, or None where its file is gone."""
    try:
        return _cache(sha256, folder, lambda share: None)
    except (FileNotFoundError, MediaRefused):
        return None
