"""The core's own jobs: probes, which show operators and fault runs that work is done once; forgetting old keys; linking
events into chains."""

import time
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.http import idempotency
from marketplace.core.jobs import ClaimedJob, JobProbe
from marketplace.operations import event_links
from workers.handlers import Handlers

LINK_LEFT = "core.link-left-events"


def probe(session: Session, job: ClaimedJob) -> None:
    """Leave one mark: what operators and fault runs count.

    `sleep_s` (10 at most) makes the first attempt last, or the first `sleep_tries` of them.
    """
    if job.attempt <= int(job.payload.get("sleep_tries", 1)):
        time.sleep(min(10.0, float(job.payload.get("sleep_s", 0))))
    session.add(JobProbe(job_id=job.id))


def forget_old_keys(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"forgotten": idempotency.forget_old(session)}


def link_left_events(session: Session, _: ClaimedJob) -> dict[str, Any]:
    linked = event_links.link_left(session)
    if linked == event_links.LINKED_AT_ONCE:
        # In several transactions, so that the relay never waits long for its turn.
        jobs.enqueue(session, LINK_LEFT, dedupe_key=f"more:{LINK_LEFT}")
    return {"linked": linked}


HANDLERS: Handlers = {
    "core.probe": probe,
    "core.forget-old-keys": forget_old_keys,
    LINK_LEFT: link_left_events,
}
