"""Which accounts of the ledger a payment's money passes through, and the keys under which it moves."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.ledger import service as ledger
from marketplace.ledger.models import AccountPurpose
from marketplace.payments.models import Payment


def key_of(table: str, row_id: UUID, move: str) -> str:
    """Return the key of what a move of a row does in the ledger: it happens once."""
    return f"{table}:{row_id}:{move}"


def escrow(session: Session, payment: Payment) -> UUID:
    """The brand's money for one deal."""
    found = ledger.account(session, AccountPurpose.ESCROW, payment.currency, payment.brand_id, str(payment.deal_id))
    return found.id


def payable(session: Session, currency: str, party_id: UUID) -> UUID:
    """What a party has earned, or got back, and was not paid out."""
    return ledger.account(session, AccountPurpose.PAYABLE, currency, party_id).id


def owed(session: Session, currency: str, party_id: UUID) -> UUID:
    """What a party has to pay back."""
    return ledger.account(session, AccountPurpose.OWED, currency, party_id).id


def clearing(session: Session, currency: str) -> UUID:
    return ledger.account(session, AccountPurpose.CLEARING, currency).id


def fee(session: Session, currency: str) -> UUID:
    return ledger.account(session, AccountPurpose.FEE, currency).id


def tax(session: Session, currency: str) -> UUID:
    return ledger.account(session, AccountPurpose.TAX, currency).id


def lock_debts(session: Session, currency: str, party_ids: Iterable[UUID]) -> None:
    """Let nobody else settle or make debts of these parties until the transaction ends. Before any account is moved."""
    for party_id in sorted(set(party_ids)):
        db.lock_name(session, "payments.debts", f"{currency}:{party_id}")
