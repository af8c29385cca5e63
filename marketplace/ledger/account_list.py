"""Accounts as their owners read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.actor import Actor
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.ledger.models import AccountPurpose, LedgerAccount
from marketplace.ledger.service import summed


@dataclass(frozen=True)
class ShownAccount:
    """An account with what it holds and what of that no hold has set aside, in the smallest unit of its currency."""

    id: UUID
    purpose: AccountPurpose
    currency: str
    party_id: UUID | None
    reference: str
    balance_minor: int
    available_minor: int
    created_at: datetime


def listing(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> Page[ShownAccount]:
    """Return the accounts of the actor's party, the newest first; all of them for the platform."""
    own = sa.true() if actor.sees_all else LedgerAccount.party_id == actor.party_id
    page = paging.page(session, sa.select(LedgerAccount).where(own), LedgerAccount, limit, starting_after)
    return Page([_shown(session, row) for row in page.data], page.has_more)


def _shown(session: Session, row: LedgerAccount) -> ShownAccount:
    balance = summed(session, row.id) if row.balance_minor is None else row.balance_minor
    available = balance - row.held_minor
    return ShownAccount(
        row.id, row.purpose, row.currency, row.party_id, row.reference, balance, available, row.created_at
    )
