"""The jobs of checking videos: decoding, the steps, the merge. Only workers of the vision queue import this module."""

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
from workers.lease_beat import LeaseBeat
from workers.process.vision_folder import vision_folder

BEAT_S = 3.0


def _prepare(job: ClaimedJob, work: Callable[[Report], Finish]) -> Handler:
    """Do a part of a check; after its last failure the check ends too, in a separate transaction."""
    try:
        with LeaseBeat(job, BEAT_S) as beat:
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
