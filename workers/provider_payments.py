"""The jobs of a market with a payment provider: collecting, paying out, asking; and comparing its reports."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.jobs import ClaimedJob
from marketplace.deals import funding
from marketplace.payments.provider import connection, provider_work, reconciliation_runs
from marketplace.payments.provider.provider_notices import WORK
from marketplace.payments.provider.reconciliation_runs import RECONCILE
from workers.handlers import Handler, Handlers, Prepares
from workers.lease_beat import LeaseBeat
from workers.process import stopping

BEAT_S = 5.0
RING = "payments.ring-provider"
RECONCILE_DAILY = "payments.reconcile-daily"


class _Stopping(Exception):
    """The worker is stopping: another job goes on."""


def ring(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Have the provider's work done in its own queue, where one that is silent keeps nobody else waiting."""
    if connection.current() is None:
        return {"provider": None}
    jobs.enqueue(session, WORK, queue=jobs.PAYMENTS, dedupe_key=WORK)
    return {"provider": connection.required().provider.name}


def reconcile_daily(session: Session, _: ClaimedJob) -> dict[str, Any]:
    found = connection.current()
    if found is not None:
        reconciliation_runs.ask(session, SYSTEM, found.provider.name)
    return {"provider": found and found.provider.name}


def work(job: ClaimedJob) -> Handler:
    provider = connection.required().provider

    def beat() -> None:
        if stopping.is_stopping():
            raise _Stopping

    with LeaseBeat(job, BEAT_S):
        try:
            done = asdict(provider_work.work(provider, funding.take_receipt, beat))
        except _Stopping:
            done = {"more": True}

    def told(session: Session, _: ClaimedJob) -> dict[str, Any]:
        if done["more"]:
            jobs.enqueue(session, WORK, queue=jobs.PAYMENTS, dedupe_key=WORK)
        return done

    return told


def reconcile(job: ClaimedJob) -> Handler:
    provider = connection.required().provider
    with LeaseBeat(job, BEAT_S):
        lines, differences = reconciliation_runs.compare(provider, funding.take_receipt)

    def told(session: Session, done: ClaimedJob) -> dict[str, Any]:
        assert done.subject_id is not None, "of a reconciliation"
        reconciliation_runs.finish(session, done.subject_id, lines, differences)
        return {"lines": lines, "differences": len(differences)}

    return told


HANDLERS: Handlers = {RING: ring, RECONCILE_DAILY: reconcile_daily}
PREPARES: Prepares = {WORK: work, RECONCILE: reconcile}
