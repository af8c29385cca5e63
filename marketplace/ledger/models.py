"""The ledger's tables: accounts, transfers of postings from one account to another, and holds. None is ever changed."""

from datetime import datetime
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
    PAYABLE = "payable"  # earned or returned, and not paid out yet
    FEE = "fee"  # the platform's own
    OWED = "owed"  # below zero by what a party owes to the market after a claw-back
    TAX = "tax"  # withheld from payouts for the tax office


PURPOSE_NAMES = {
    AccountPurpose.CLEARING: Bilingual("清算", "clearing"),
    AccountPurpose.ESCROW: Bilingual("托管", "escrow"),
    AccountPurpose.PAYABLE: Bilingual("应付", "payable"),
    AccountPurpose.FEE: Bilingual("平台费", "fee"),
    AccountPurpose.OWED: Bilingual("欠款", "owed"),
    AccountPurpose.TAX: Bilingual("代扣税款", "tax withheld"),
}
# Many transfers meet in these: a stored balance would be one row that all of them wait for.
SUMMED = frozenset({AccountPurpose.CLEARING, AccountPurpose.FEE, AccountPurpose.TAX})
MAY_BE_NEGATIVE = frozenset({AccountPurpose.CLEARING, AccountPurpose.OWED})


class HoldEnding(StrEnum):
    """How a hold ends, once."""

    POSTED = "posted"  # by a transfer of what it held, or of a part; the rest is free
    VOIDED = "voided"
    EXPIRED = "expired"


class LedgerAccount(Base):
    """An account of a party, or of the market itself (`party_id` None), in one currency.

    `reference` names what it is for among several of one purpose, such as a deal; the ledger does not read it.
    `balance_minor` in the currency's smallest unit is kept by the database; None where it is the sum of the postings.
    `held_minor` of it is set aside by holds, and kept by the database too.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        sa.UniqueConstraint("id", "currency"),
        sa.UniqueConstraint("purpose", "currency", "party_id", "reference", postgresql_nulls_not_distinct=True),
        sa.CheckConstraint("may_be_negative OR balance_minor >= held_minor", name="not_overdrawn"),
        sa.CheckConstraint(
            "held_minor = 0 OR (held_minor > 0 AND balance_minor IS NOT NULL AND NOT may_be_negative)", name="may_hold"
        ),
    )

    purpose: Mapped[AccountPurpose]
    currency: Mapped[str]
    party_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    reference: Mapped[str]
    may_be_negative: Mapped[bool]
    balance_minor: Mapped[int | None]
    held_minor: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))


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


class LedgerHold(Base):
    """An amount of an account that is set aside, under a key, until the hold ends. `content_hash` is the SHA-256 of it.

    From `expires_at` on it can only expire; None: it stays until it is posted or voided.
    """

    __tablename__ = "ledger_holds"
    __table_args__ = (sa.CheckConstraint("amount_minor > 0", name="positive"),)

    key: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_accounts.id"), index=True)
    amount_minor: Mapped[int]
    content_hash: Mapped[bytes]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)


class LedgerHoldEnd(Base):
    """That a hold ended, under which key, and by which transfer if it was posted."""

    __tablename__ = "ledger_hold_ends"
    __table_args__ = (
        sa.CheckConstraint("(how = 'posted') = (transfer_id IS NOT NULL)", name="posted_by_a_transfer"),
        sa.ForeignKeyConstraint(["transfer_id"], ["ledger_transfers.id"], deferrable=True, initially="DEFERRED"),
    )

    key: Mapped[str] = mapped_column(unique=True)
    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), unique=True)
    how: Mapped[HoldEnding]
    content_hash: Mapped[bytes]
    transfer_id: Mapped[UUID | None] = mapped_column(unique=True, default=None)
