"""The work of a check: one decoding, its steps as jobs of their own, and the merge. Needs the vision extra.

Frame caches lie in a folder of the machine that works and can always be made again from the video; answers, keyframes
and results are kept in the database and the object store.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.briefs.models import BrandAsset
from marketplace.checks import duplicates, service
from marketplace.checks.correcting import terms_of
from marketplace.checks.models import VideoCheck, VideoCheckStatus, VideoCheckStep, VideoStepAnswer
from marketplace.checks.states import CHECK_MOVES
from marketplace.checks.sweeping import OPEN
from marketplace.core import db, storage
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.states import move
from marketplace.vision import media, pictures, references
from marketplace.vision.frames import FrameCache
from marketplace.vision.limits import MediaRefused
from marketplace.vision.pipeline import BY_NAME, STEPS, Brand, Work, key
from marketplace.vision.references import BadReference, Reference
from marketplace.vision.result import check as merge_answers

Report = Callable[[str, int, int], None]


def decode(session: Session, check_id: UUID, folder: Path, report: Report) -> dict[str, Any]:
    """Decode a check's video and ask for the steps that no earlier check has answered."""
    row = session.get_one(VideoCheck, check_id)
    if row.status not in OPEN:
        return {"status": str(row.status)}
    brand = _brand(session, row)
    sha256 = row.sha256
    try:
        _cache(sha256, folder, lambda share: report("decode", round(100 * share), 100))
    except MediaRefused as refused:
        return _refuse(session, check_id, refused)
    row = db.lock(session, VideoCheck, check_id)
    if row.status not in OPEN:
        return {"status": str(row.status)}
    if row.status == VideoCheckStatus.QUEUED:
        move(session, row, CHECK_MOVES, "start", SYSTEM, parties=[row.party_id])
    keys = {step.name: key(step, sha256, brand) for step in STEPS}
    missing = set(keys) - _answered(session, keys)
    for name in keys:
        job_id = service.enqueue(session, service.STEP, row, key=name, name=name) if name in missing else None
        session.execute(
            insert(VideoCheckStep)
            .values(id=new_id(), created_at=now(), check_id=check_id, name=name, key=keys[name], job_id=job_id)
            .on_conflict_do_update(index_elements=["check_id", "name"], set_={"key": keys[name], "job_id": job_id})
        )
    if not missing:
        _ask_to_merge(session, row)
    return {"steps": sorted(missing)}


def _refuse(session: Session, check_id: UUID, refused: MediaRefused) -> dict[str, Any]:
    row = db.lock(session, VideoCheck, check_id)
    told = refused.refusal
    row.refusal = {"code": told.code, "zh": told.zh, "en": told.en, "at_s": refused.at_s}
    row.finished_at = now()
    move(session, row, CHECK_MOVES, "refuse", SYSTEM, parties=[row.party_id], code=told.code)
    return {"refused": told.code}


def _answered(session: Session, keys: Mapping[str, str]) -> set[str]:
    """Return which steps have an answer already."""
    found = set(session.scalars(sa.select(VideoStepAnswer.key).where(VideoStepAnswer.key.in_(keys.values()))).all())
    return {name for name, one in keys.items() if one in found}


def _ask_to_merge(session: Session, row: VideoCheck) -> None:
    job_id = service.enqueue(session, service.MERGE, row, key="merge")
    session.execute(
        insert(VideoCheckStep)
        .values(id=new_id(), created_at=now(), check_id=row.id, name="merge", key=row.sha256, job_id=job_id)
        .on_conflict_do_update(index_elements=["check_id", "name"], set_={"job_id": job_id})
    )


def step(session: Session, check_id: UUID, name: str, folder: Path, report: Report) -> dict[str, Any]:
    """Do one step and keep its answer; whoever brings the last answer asks for the merge."""
    row = session.get_one(VideoCheck, check_id)
    if row.status not in OPEN:
        return {"status": str(row.status)}
    brand, sha256 = _brand(session, row), row.sha256
    wanted = key(BY_NAME[name], sha256, brand)
    there = wanted in set(session.scalars(sa.select(VideoStepAnswer.key).where(VideoStepAnswer.key == wanted)).all())
    if not there:
        cache = _cache(sha256, folder, lambda share: report("decode", round(100 * share), 100))
        work = Work(cache, brand, folder / "models")
        answer = BY_NAME[name].run(work, lambda done, total: report(name, done, total))
        session.execute(
            insert(VideoStepAnswer)
            .values(id=new_id(), created_at=now(), key=wanted, sha256=sha256, name=name, answer=answer)
            .on_conflict_do_nothing(index_elements=["key"])
        )
    # Steps that end together wait for each other here, so that one of them sees all answers.
    row = db.lock(session, VideoCheck, check_id)
    keys = _keys(session, row)
    if row.status == VideoCheckStatus.RUNNING and len(_answered(session, keys)) == len(keys):
        _ask_to_merge(session, row)
    return {"kept": wanted[:12], "again": there}


def _keys(session: Session, row: VideoCheck) -> dict[str, str]:
    found = session.execute(
        sa.select(VideoCheckStep.name, VideoCheckStep.key).where(
            VideoCheckStep.check_id == row.id, VideoCheckStep.name.in_(BY_NAME)
        )
    ).all()
    return {str(name): str(one) for name, one in found}


def merge(session: Session, check_id: UUID, folder: Path, report: Report) -> dict[str, Any]:
    """Put the answers together: the result, its keyframes, and what it repeats."""
    row = session.get_one(VideoCheck, check_id)
    if row.status != VideoCheckStatus.RUNNING:
        return {"status": str(row.status)}
    brand, terms, sha256 = _brand(session, row), terms_of(row), row.sha256
    keys = _keys(session, row)
    found = session.execute(
        sa.select(VideoStepAnswer.key, VideoStepAnswer.answer).where(VideoStepAnswer.key.in_(keys.values()))
    ).all()
    answers = {name: next(answer for one, answer in found if one == wanted) for name, wanted in keys.items()}
    cache = _cache(sha256, folder, lambda share: report("decode", round(100 * share), 100))
    result = merge_answers(cache, brand, answers, terms).result
    result["pictures"] = {
        str(at): storage.opened().put([pictures.jpeg(pictures.keyframe(cache, result, at))]).sha256
        for at in pictures.keyframes(result)
    }
    result["duplicates"] = duplicates.of_check(
        session, sha256, answers["hashes"], cache, lambda other: other_cache(other, folder)
    )
    row = db.lock(session, VideoCheck, check_id)
    row.result, row.finished_at = result, now()
    move(
        session, row, CHECK_MOVES, "finish", SYSTEM, parties=[row.party_id],
        score=result["intrusiveness"]["score"]["point"], duplicates=len(result["duplicates"]),
    )  # fmt: skip
    return {"exposures": len(result["evidence"])}


def _brand(session: Session, row: VideoCheck) -> Brand:
    """Return what to look for; an image that cannot be read is left out, as one that is not findable is."""
    found: list[Reference] = []
    if row.asset_ids:
        assets = session.scalars(sa.select(BrandAsset).where(BrandAsset.id.in_(row.asset_ids)).order_by(BrandAsset.id))
        for one in assets:
            try:
                found.append(references.prepare(one.name, one.data))
            except BadReference:
                continue
    return Brand(tuple(row.names), tuple(found))


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
