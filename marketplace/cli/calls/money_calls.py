"""The commands for money: what is owed, came in, is paid out, and the accounts behind it."""

from typing import Any

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column
from marketplace.cli.shown import summaries
from marketplace.core.money import AMOUNT_MAX, Money
from marketplace.ledger.models import PURPOSE_NAMES, AccountPurpose


def _purpose(row: dict[str, Any]) -> str:
    """Return what an account is for, in the language of the command."""
    name = PURPOSE_NAMES[AccountPurpose(row["purpose"])]
    return summaries.in_words(name.zh, name.en)


def _changes(row: dict[str, Any]) -> str:
    return ", ".join(Money(one["currency"], one["change_minor"]).show() for one in row["changes"])


_ACCOUNT = (
    Column("id", "id"),
    Column("purpose", _purpose),
    Column("balance", lambda row: Money(row["currency"], row["balance_minor"]).show()),
    Column("available", lambda row: Money(row["currency"], row["available_minor"]).show()),
    Column("party", lambda row: row["party_id"] or "-"),
    Column("reference", "reference"),
)
_TRANSFER = (Column("id", "id"), Column("at", "created_at"), Column("changes", _changes), Column("key", "key"))
_PAYMENT = (
    Column("id", "id"),
    Column("status", "status"),
    Column("amount", "amount"),
    Column("milestone", lambda row: row["milestone"] or "-"),
    Column("returned", lambda row: Money(row["amount"]["currency"], row["returned_minor"]).show()),
    Column("moved", "moved_at"),
    Column("of deal", "deal_id"),
)
_RECEIPT = (
    Column("id", "id"),
    Column("status", "status"),
    Column("amount", "amount"),
    Column("received on", "received_on"),
    Column("reference", "reference"),
    Column("of deal", "deal_id"),
)
_PAYOUT = (
    Column("id", "id"),
    Column("status", "status"),
    Column("amount", "amount"),
    Column("attempt", "attempt"),
    Column("sent", "sent_at"),
    Column("reference", "reference"),
    Column("party", "party_id"),
)
_PAY_IN = (
    Column("id", "id"),
    Column("status", "status"),
    Column("amount", lambda row: Money(row["currency"], row["amount_minor"]).show()),
    Column("pay at", "pay_url"),
    Column("of deal", "deal_id"),
)
_RECONCILIATION = (
    Column("id", "id"),
    Column("asked", "created_at"),
    Column("finished", "finished_at"),
    Column("lines", "lines"),
    Column("differences", lambda row: len(row["differences"])),
)
_CLAW_BACK = (
    Column("id", "id"),
    Column("status", "status"),
    Column("reason", "reason", 12),
    Column("asked", "created_at"),
    Column("payment", "payment_id"),
)
_DEAL_PRICE = (
    Column("id", "id"),
    Column("deal", "deal_price"),
    Column("list", "list_price"),
    Column("settled on", "settled_on"),
    Column("told by", "told_by"),
    Column("confirmed by", "confirmed_by"),
    Column("channel", "channel_id"),
)
_WITHHELD = {"withheld_minor": WholeNumber(0, AMOUNT_MAX)}


def _of_payout(verb: str, help_: str, *fields: str, **more: Any) -> ApiCommand:
    body = "fields" if fields or more else ""
    return ApiCommand("payouts", verb, "POST", f"/payouts/{{payout}}/{verb}", help_, fields=fields, body=body, **more)


CALLS = (
    ApiCommand("accounts", "list", "GET", "/ledger/accounts", "List your accounts of money.", _ACCOUNT),
    ApiCommand(
        "accounts",
        "transfers",
        "GET",
        "/ledger/transfers",
        "List what moved on your accounts.",
        _TRANSFER,
        ("account_id",),
    ),
    ApiCommand(
        "accounts",
        "statement",
        "GET",
        "/statements",
        "Write a month's statement to a file: json, csv or xlsx.",
        filters=("month", "party_id", "format"),
        file=True,
        example="inlay accounts statement --month 2026-11 --format xlsx --out november.xlsx",
    ),
    ApiCommand("payments", "list", "GET", "/payments", "List the payments of deals.", _PAYMENT, ("status", "deal_id")),
    ApiCommand("payments", "show", "GET", "/payments/{payment}", "Show a payment."),
    ApiCommand("payments", "pay-ins", "GET", "/pay-ins", "List what the provider collects.", _PAY_IN, ("deal_id",)),
    ApiCommand(
        "payments",
        "reconcile",
        "POST",
        "/reconciliations",
        "Compare the provider's report with the market (admins).",
    ),
    ApiCommand(
        "payments",
        "reconciliations",
        "GET",
        "/reconciliations",
        "List the comparisons with the provider (admins).",
        _RECONCILIATION,
    ),
    ApiCommand(
        "payments",
        "differences",
        "GET",
        "/reconciliations/{reconciliation}",
        "Show one comparison with the provider (admins).",
    ),
    ApiCommand("receipts", "list", "GET", "/receipts", "List what came in.", _RECEIPT, ("status", "deal_id")),
    ApiCommand(
        "receipts",
        "record",
        "POST",
        "/deals/{deal}/receipts",
        "Record what came in for a deal (admins).",
        body="file",
    ),
    ApiCommand(
        "receipts",
        "confirm",
        "POST",
        "/receipts/{receipt}/confirm",
        "Confirm what came in, as a second person (admins).",
    ),
    ApiCommand(
        "receipts",
        "refuse",
        "POST",
        "/receipts/{receipt}/refuse",
        "Strike a receipt that is wrong (admins).",
        fields=("reason",),
        body="fields",
    ),
    ApiCommand("payouts", "list", "GET", "/payouts", "List what is paid out.", _PAYOUT, ("status",)),
    _of_payout(
        "send",
        "Record that a payout was sent by bank (admins).",
        "reference",
        optional=("withheld_minor",),
        numbers=_WITHHELD,
    ),
    _of_payout("confirm", "Confirm that a payout arrived, as a second person (admins)."),
    _of_payout("fail", "Tell that a payout failed, as a second person (admins).", "reason"),
    _of_payout("lose-sight", "Tell that nobody knows if a payout arrived (admins)."),
    _of_payout("bounce", "Tell that the bank sent a payout back (admins).", "reason"),
    _of_payout("again", "Put the money of a failed payout on its way once more."),
    ApiCommand(
        "claw-backs",
        "ask",
        "POST",
        "/payments/{payment}/claw-back",
        "Ask for released money to be paid back (admins).",
        body="file",
    ),
    ApiCommand(
        "claw-backs",
        "list",
        "GET",
        "/claw-backs",
        "List what was asked to be paid back (admins).",
        _CLAW_BACK,
        ("status",),
    ),
    ApiCommand(
        "claw-backs",
        "confirm",
        "POST",
        "/claw-backs/{claw_back}/confirm",
        "Confirm a claw-back, as a second person (admins).",
    ),
    ApiCommand(
        "claw-backs",
        "refuse",
        "POST",
        "/claw-backs/{claw_back}/refuse",
        "Drop a claw-back that was asked for (admins).",
    ),
    ApiCommand("deal-prices", "list", "GET", "/deal-prices", "List what your own deals closed at.", _DEAL_PRICE),
    ApiCommand("deal-prices", "tell", "POST", "/deal-prices", "Tell what a deal closed at.", body="file"),
    ApiCommand(
        "deal-prices", "confirm", "POST", "/deal-prices/{deal_price}/confirm", "Confirm what the other side told."
    ),
)
