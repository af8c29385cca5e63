"""The jobs of checking videos: decoding, the steps, the merge; and forgetting frames that nobody uses any more.

What they need is imported at their first job: only workers of the vision queue have it.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.checks import cleanup, service
from marketplace.core import jobs
from marketplace.core.db import transaction
from marketplace.core.errors import DomainError
from marketplace.core.jobs import ClaimedJob
from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    from marketplace.checks.check_steps import Finish

Handler = Callable[[Session, ClaimedJob], dict[str, Any] | None]

BEAT_S = 3.0
KEEP_FRAMES_S = 24 * 3600.0
GAVE_UP = "The check failed several times and was given up; try again, or with another export of the video."


class LeaseBeat:
    """Keeps a job's lease and its progress, also while a library computes for a minute without coming back."""

    def __init__(self, job: ClaimedJob) -> None:
        self._job, self._over = job, threading.Event()
        self._now: tuple[str, int, int] = ("begin", 0, 1)
        self._stopped: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "LeaseBeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def report(self, stage: str, done: int, total: int) -> None:
        """Note how far the work is. Raises JobFenced or JobCancelled once the job is no longer ours to do."""
        if self._stopped is not None:
            raise self._stopped
        self._now = (stage, done, total)

    def _run(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                self._job.progress(*self._now)
            except (jobs.JobFenced, jobs.JobCancelled) as stop:
                self._stopped = stop
                return
            except Exception:  # noqa: S112 - the database is away for a moment; the lease outlasts some beats
                continue


def _working() -> Any:
    return lazy_module("marketplace.checks.check_steps")


def _folder() -> Path:
    # Read when a job needs it: the table of work is also imported where there are no settings.
    return Path(lazy_module("workers.celery_app").config.vision_dir)


def _ahead(job: ClaimedJob, work: Callable[[Callable[[str, int, int], None]], "Finish"]) -> Handler:
    """Do a part of a check; after its last failure the check ends too, in a transaction of its own."""
    try:
        with LeaseBeat(job) as beat:
            finish = work(beat.report)
    except (jobs.JobFenced, jobs.JobCancelled):
        raise
    except Exception as error:
        if job.attempt >= job.max_attempts or isinstance(error, DomainError):
            end(_check(job))
        raise
    return lambda session, _: finish(session)


def end(check_id: UUID) -> None:
    """End a check that cannot be done."""
    with transaction() as session:
        cleanup.fail(session, check_id, GAVE_UP)


def _check(job: ClaimedJob) -> UUID:
    assert job.subject_id is not None
    return job.subject_id


def decode(job: ClaimedJob) -> Handler:
    def work(report: Callable[[str, int, int], None]) -> "Finish":
        # The clock's sweep reaches one machine alone; each that decodes sweeps its own.
        cleanup.sweep(_folder(), KEEP_FRAMES_S)
        finish: Finish = _working().decode(_check(job), _folder(), report)
        return finish

    return _ahead(job, work)


def step(job: ClaimedJob) -> Handler:
    name = str(job.payload["name"])
    return _ahead(job, lambda report: _working().step(_check(job), name, _folder(), report))


def merge(job: ClaimedJob) -> Handler:
    return _ahead(job, lambda report: _working().merge(_check(job), _folder(), report))


def sweep(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Forget old frames, and end checks whose jobs lie among the dead letters."""
    lost = cleanup.settle_lost(session, GAVE_UP)
    return {"settled": lost, "forgotten": cleanup.sweep(_folder(), KEEP_FRAMES_S)}


AHEAD = {service.DECODE: decode, service.STEP: step, service.MERGE: merge}
HANDLERS = {"checks.sweep": sweep}
