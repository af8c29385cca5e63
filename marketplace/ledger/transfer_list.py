"""Transfers as those read them whose accounts they moved: what changed on each account of their own, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.ledger.models import AccountPurpose, LedgerAccount, LedgerPosting, LedgerTransfer

_CHANGES = sa.text(
    "SELECT p.transfer_id, a.id AS account_id, a.purpose, a.currency,"
    " sum(CASE WHEN p.target_id = a.id THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS change"
    " FROM ledger_postings p JOIN ledger_accounts a ON a.id IN (p.source_id, p.target_id)"
    " WHERE p.transfer_id = ANY(:ids) AND (:everybodys OR a.party_id = :party_id)"
    " GROUP BY p.transfer_id, a.id, a.purpose, a.currency ORDER BY a.id"
)


@dataclass(frozen=True)
class AccountChange:
    """What a transfer changed on an account; above zero for what came in."""

    account_id: UUID
    purpose: AccountPurpose
    currency: str
    change_minor: int


@dataclass(frozen=True)
class ShownLedgerTransfer:
    """A transfer with the key under which it happened, and what it changed for whoever reads it."""

    id: UUID
    key: str
    reverses_id: UUID | None
    created_at: datetime
    changes: Sequence[AccountChange]


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, account_id: UUID | None = None
) -> Page[ShownLedgerTransfer]:
    """Return the transfers on accounts of the actor's party, the newest first; all of them for the platform."""
    own = sa.true() if actor.sees_all else LedgerAccount.party_id == actor.party_id
    if account_id is not None:
        own = sa.and_(own, LedgerAccount.id == account_id)
    touched = sa.exists().where(
        LedgerPosting.transfer_id == LedgerTransfer.id,
        sa.or_(LedgerPosting.source_id == LedgerAccount.id, LedgerPosting.target_id == LedgerAccount.id),
        own,
    )
    # Nobody but the platform reads postings: who else was paid by the same transfer, and how much, is their business.
    with db.acting_as(session, SYSTEM):
        page = paging.page(session, sa.select(LedgerTransfer).where(touched), LedgerTransfer, limit, starting_after)
        changes = _changes(session, actor, [row.id for row in page.data])
    shown = [
        ShownLedgerTransfer(row.id, row.key, row.reverses_id, row.created_at, changes[row.id]) for row in page.data
    ]
    return Page(shown, page.has_more)


def _changes(session: Session, actor: Actor, transfer_ids: Sequence[UUID]) -> dict[UUID, list[AccountChange]]:
    given = {
        "ids": transfer_ids,
        "everybodys": actor.sees_all,
        "party_id": actor.party_id,
    }
    changes: dict[UUID, list[AccountChange]] = {transfer_id: [] for transfer_id in transfer_ids}
    for row in session.execute(_CHANGES, given):
        change = AccountChange(row.account_id, AccountPurpose(row.purpose), row.currency, row.change)
        changes[row.transfer_id].append(change)
    return changes
