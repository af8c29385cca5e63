"""The core's own jobs: probes, which show operators and fault runs that work is done once, and forgetting old keys."""

import time
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core.http import idempotency
from marketplace.core.jobs import ClaimedJob, JobProbe
from workers.handlers import Handlers


def probe(session: Session, job: ClaimedJob) -> None:
    """Leave one mark: what operators and fault runs count.

    `sleep_s` (10 at most) makes the first attempt last, or the first `sleep_tries` of them.
    """
    if job.attempt <= int(job.payload.get("sleep_tries", 1)):
        time.sleep(min(10.0, float(job.payload.get("sleep_s", 0))))
    session.add(JobProbe(job_id=job.id))


def forget_old_keys(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"forgotten": idempotency.forget_old(session)}


HANDLERS: Handlers = {"core.probe": probe, "core.forget-old-keys": forget_old_keys}
