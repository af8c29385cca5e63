"""The core's own jobs: probes, which show operators and fault runs that work is done once; forgetting what is over its
time; linking events into chains; holds of money whose time is over."""

import time
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.jobs import ClaimedJob, JobProbe
from marketplace.ledger import holds
from marketplace.operations import event_links, retention
from workers.handlers import Handler, Handlers, Prepares
from workers.lease_beat import LeaseBeat
from workers.process import stopping

LINK_LEFT = "core.link-left-events"
FORGET_OLD = "core.forget-old"
EXPIRE_HOLDS = "ledger.expire-holds"


def probe(session: Session, job: ClaimedJob) -> None:
    """Leave one mark: what operators and fault runs count.

    `sleep_s` (10 at most) makes the first attempt last, or the first `sleep_tries` of them.
    """
    if job.attempt <= int(job.payload.get("sleep_tries", 1)):
        time.sleep(min(10.0, float(job.payload.get("sleep_s", 0))))
    session.add(JobProbe(job_id=job.id))


def forget_old(job: ClaimedJob) -> Handler:
    """Forget what is over its time, in transactions of its own, and go on in another job if that takes long."""
    with LeaseBeat(job, 3.0):
        forgotten = retention.forget(stopping.is_stopping)

    def told(session: Session, _: ClaimedJob) -> dict[str, Any]:
        if forgotten.more:
            jobs.enqueue(session, FORGET_OLD, dedupe_key=f"more:{FORGET_OLD}")
        return {"forgotten": forgotten.rows}

    return told


def link_left_events(session: Session, _: ClaimedJob) -> dict[str, Any]:
    linked = event_links.link_left(session)
    if linked == event_links.LINKED_AT_ONCE:
        # In several transactions, so that the relay never waits long for its turn.
        jobs.enqueue(session, LINK_LEFT, dedupe_key=f"more:{LINK_LEFT}")
    return {"linked": linked}


def expire_holds(session: Session, _: ClaimedJob) -> dict[str, Any]:
    expired = holds.expire_due(session)
    if expired == holds.EXPIRED_AT_ONCE:
        jobs.enqueue(session, EXPIRE_HOLDS, dedupe_key=f"more:{EXPIRE_HOLDS}")
    return {"expired": expired}


HANDLERS: Handlers = {
    "core.probe": probe,
    EXPIRE_HOLDS: expire_holds,
    LINK_LEFT: link_left_events,
}
# The second name is that of earlier releases, whose job may still wait.
PREPARES: Prepares = {FORGET_OLD: forget_old, "core.forget-old-keys": forget_old}
