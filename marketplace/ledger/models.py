"""The ledger's tables: accounts, and transfers of postings from one account to another. None is ever changed."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.core.message import Bilingual


class AccountPurpose(StrEnum):
    """What an account is for. A balance above zero is money that the market owes to whom the account names."""

    CLEARING = "clearing"  # what a payment provider or a bank holds for the market: below zero by as much
    ESCROW = "escrow"  # held for one deal
    PAYABLE = "payable"  # earned, and not paid out yet
    FEE = "fee"  # the platform's own
    OWED = "owed"  # below zero by what a party owes to the market after a claw-back


PURPOSE_NAMES = {
    AccountPurpose.CLEARING: Bilingual("清算", "clearing"),
    AccountPurpose.ESCROW: Bilingual("托管", "escrow"),
    AccountPurpose.PAYABLE: Bilingual("应付", "payable"),
    AccountPurpose.FEE: Bilingual("平台费", "fee"),
    AccountPurpose.OWED: Bilingual("欠款", "owed"),
}
# Many transfers meet in these: a stored balance would be one row that all of them wait for.
SUMMED = frozenset({AccountPurpose.CLEARING, AccountPurpose.FEE})
MAY_BE_NEGATIVE = frozenset({AccountPurpose.CLEARING, AccountPurpose.OWED})


class LedgerAccount(Base):
    """An account of a party, or of the market itself (`party_id` None), in one currency.

    `reference` names what it is for among several of one purpose, such as a deal; the ledger does not read it.
    `balance_minor` in the currency's smallest unit is kept by the database; None where it is the sum of the postings.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        sa.UniqueConstraint("id", "currency"),
        sa.UniqueConstraint("purpose", "currency", "party_id", "reference", postgresql_nulls_not_distinct=True),
        sa.CheckConstraint("may_be_negative OR balance_minor >= 0", name="not_overdrawn"),
    )

    purpose: Mapped[AccountPurpose]
    currency: Mapped[str]
    party_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    reference: Mapped[str]
    may_be_negative: Mapped[bool]
    balance_minor: Mapped[int | None]


class LedgerTransfer(Base):
    """Postings that happened together. `key` names what moved them: it moves once. `content_hash` is the SHA-256 of the
    key and the postings. `reverses_id` is the transfer that this one takes back."""

    __tablename__ = "ledger_transfers"

    key: Mapped[str] = mapped_column(unique=True)
    content_hash: Mapped[bytes]
    reverses_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_transfers.id"), unique=True, default=None)


class LedgerPosting(Base):
    """An amount above zero that went from one account to another of the same currency."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        sa.UniqueConstraint("transfer_id", "position"),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("source_id <> target_id", name="two_accounts"),
        sa.ForeignKeyConstraint(["source_id", "currency"], ["ledger_accounts.id", "ledger_accounts.currency"]),
        sa.ForeignKeyConstraint(["target_id", "currency"], ["ledger_accounts.id", "ledger_accounts.currency"]),
    )

    transfer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_transfers.id"))
    position: Mapped[int]
    source_id: Mapped[UUID] = mapped_column(index=True)
    target_id: Mapped[UUID] = mapped_column(index=True)
    currency: Mapped[str]
    amount_minor: Mapped[int]
