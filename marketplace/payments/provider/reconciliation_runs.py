"""Make a reconciliation: take what the provider has told, ask about what is not known, and keep what differs then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.payments import policy
from marketplace.payments.provider import provider_notices, provider_work
from marketplace.payments.provider.models import ProviderReconciliation
from marketplace.payments.provider.payment_provider import LineKind, PaymentProvider
from marketplace.payments.provider.provider_pay_ins import Fund
from marketplace.payments.provider.reconciliation import DifferenceKind, ReportDifference, own_lines, reconcile

RECONCILE = "payments.reconcile"


@dataclass(frozen=True)
class ShownReconciliation:
    """A comparison of a provider's report with the market; None as `finished_at` while it waits for its job."""

    id: UUID
    provider: str
    lines: int
    differences: list[ReportDifference]
    finished_at: datetime | None
    created_at: datetime


def ask(session: Session, actor: Actor, provider: str) -> ProviderReconciliation:
    """Ask for a reconciliation; a job makes it. The actor is a person, or the system."""
    asked_by = None if actor == SYSTEM else policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        row = ProviderReconciliation(provider=provider, asked_by=asked_by)
        session.add(row)
        session.flush()
        jobs.enqueue(session, RECONCILE, queue=jobs.PAYMENTS, subject_id=row.id, lease_s=120)
    return row


def compare(
    provider: PaymentProvider, fund: Fund, beat: Callable[[], None] = lambda: None
) -> tuple[int, list[ReportDifference]]:
    """Return how many lines the provider reports, and how they differ from the market. Raises UnclearAnswer.

    The market goes on meanwhile: what differs from how it stood before the report was read, and from how it stood
    after that as well, is told; what only one of them differs in was on its way.
    """
    provider_notices.take_events(provider)
    provider_work.settle_undecided(provider, fund, beat)
    with db.transaction() as session:
        before = own_lines(session, provider.name)
    reported = []
    for line in provider.report():
        beat()
        reported.append(line)
    with db.transaction() as session:
        after = own_lines(session, provider.name)
    lasting = set(reconcile(after, reported))
    return len(reported), [one for one in reconcile(before, reported) if one in lasting]


def finish(session: Session, row_id: UUID, lines: int, differences: list[ReportDifference]) -> None:
    """Keep what a reconciliation has found."""
    told = [{"kind": str(one.kind), "of": str(one.of), "key": one.key} for one in differences]
    values = {"lines": lines, "differences": told, "finished_at": now()}
    with db.acting_as(session, SYSTEM):
        session.execute(sa.update(ProviderReconciliation).where(ProviderReconciliation.id == row_id).values(**values))


def listing(session: Session, *, limit: int, starting_after: UUID | None) -> Page[ShownReconciliation]:
    """Return the reconciliations, the newest first. For the platform alone."""
    page = paging.page(session, sa.select(ProviderReconciliation), ProviderReconciliation, limit, starting_after)
    return Page([shown(row) for row in page.data], page.has_more)


def find(session: Session, row_id: UUID) -> ShownReconciliation:
    return shown(db.get(session, ProviderReconciliation, row_id))


def shown(row: ProviderReconciliation) -> ShownReconciliation:
    differences = [
        ReportDifference(DifferenceKind(one["kind"]), LineKind(one["of"]), one["key"]) for one in row.differences
    ]
    return ShownReconciliation(row.id, row.provider, row.lines, differences, row.finished_at, row.created_at)
