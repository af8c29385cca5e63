"""THE table of work: which function does which kind of job."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core.http import idempotency
from marketplace.core.jobs import ClaimedJob, JobProbe
from workers import bids, briefs, channels, checks, matching, selections, videos

Handler = Callable[[Session, ClaimedJob], dict[str, Any] | None]


def probe(session: Session, job: ClaimedJob) -> None:
    """Leave one mark: what operators and fault runs count.

    `sleep_s` (10 at most) makes the first attempt last, or the first `sleep_tries` of them.
    """
    if job.attempt <= int(job.payload.get("sleep_tries", 1)):
        time.sleep(min(10.0, float(job.payload.get("sleep_s", 0))))
    session.add(JobProbe(job_id=job.id))


def forget_old_keys(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"forgotten": idempotency.forget_old(session)}


# What takes minutes is done before the job's transaction begins, and says what is to be done in it.
AHEAD: Mapping[str, Callable[[ClaimedJob], Handler]] = {**checks.AHEAD}
HANDLERS: Mapping[str, Handler] = {
    "core.probe": probe,
    "core.forget-old-keys": forget_old_keys,
    **briefs.HANDLERS,
    **bids.HANDLERS,
    **channels.HANDLERS,
    **checks.HANDLERS,
    **matching.HANDLERS,
    **selections.HANDLERS,
    **videos.HANDLERS,
}
