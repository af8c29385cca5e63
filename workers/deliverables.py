"""The jobs of what deals owe: what the clock finds due, each by itself."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.core.jobs import ClaimedJob
from marketplace.deliverables import due_work, extra_rounds, settling, video_drafts
from marketplace.deliverables.results import result_state
from workers.handlers import Handlers


def ask_for_due(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {**due_work.ask_for_due(session), "rounds_lapsed": extra_rounds.lapse_overdue(session)}


def approve_by_silence(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    return {"approved": video_drafts.approve_by_silence(session, job.subject_id)}


def finish(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    return {"finished": settling.finish(session, job.subject_id)}


def mark_late(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    return {"late": due_work.mark_late(session, job.subject_id)}


def look_at_result(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    return {"final": result_state.look(session, job.subject_id)}


HANDLERS: Handlers = {
    due_work.DUE: ask_for_due,
    due_work.SILENCE: approve_by_silence,
    due_work.FINISH: finish,
    due_work.LATE: mark_late,
    due_work.RESULT: look_at_result,
}
