"""The jobs of checking videos: decoding, the steps, the merge. Only workers of the vision queue import this module."""

import threading
from collections.abc import Callable
from uuid import UUID

from marketplace.checks import check_steps, cleanup, service
from marketplace.checks.check_steps import Finish, Report
from marketplace.core import jobs
from marketplace.core.db import transaction
from marketplace.core.errors import DomainError
from marketplace.core.jobs import ClaimedJob
from workers.check_cleanup import GAVE_UP, KEEP_FRAMES_S
from workers.handlers import Handler, Prepares
from workers.vision_folder import vision_folder

BEAT_S = 3.0  # the lease is far longer, so several beats may be missed


class LeaseBeat:
    """Keeps a job's lease and its progress, also while a library computes for a minute without returning."""

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
        """Note the progress of the work. Raises JobFenced or JobCancelled once the job is no longer ours to do."""
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


def _prepare(job: ClaimedJob, work: Callable[[Report], Finish]) -> Handler:
    """Do a part of a check; after its last failure the check ends too, in a separate transaction."""
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
    def work(report: Report) -> Finish:
        # The clock's sweep reaches one machine alone; each that decodes sweeps its own.
        cleanup.sweep(vision_folder(), KEEP_FRAMES_S)
        return check_steps.decode(_check(job), vision_folder(), report)

    return _prepare(job, work)


def step(job: ClaimedJob) -> Handler:
    name = str(job.payload["name"])
    return _prepare(job, lambda report: check_steps.step(_check(job), name, vision_folder(), report))


def merge(job: ClaimedJob) -> Handler:
    return _prepare(job, lambda report: check_steps.merge(_check(job), vision_folder(), report))


PREPARES: Prepares = {service.DECODE: decode, service.STEP: step, service.MERGE: merge}
