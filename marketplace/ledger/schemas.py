"""Schemas of the ledger's accounts and of its verification."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, TimeField, one_of
from marketplace.ledger.invariants import Invariant
from marketplace.ledger.models import AccountPurpose


class LedgerAccountOut(Schema):
    """Money that the market owes to whom an account names; below zero, what it holds or is owed."""

    id = IdField("acc", required=True)
    purpose = one_of(AccountPurpose, required=True)
    currency = fields.String(required=True)
    party_id = IdField("pty", required=True, allow_none=True, metadata={"description": "null: the market's own."})
    reference = fields.String(required=True)
    balance_minor = fields.Integer(required=True, metadata={"description": "In the currency's smallest unit."})
    available_minor = fields.Integer(
        required=True, metadata={"description": "What of the balance no hold has set aside."}
    )
    created_at = TimeField(required=True)


class CurrencyTotalOut(Schema):
    """What is owed and what is held for it; where nothing is wrong they are equal."""

    currency = fields.String(required=True)
    owed_minor = fields.Integer(required=True)
    held_minor = fields.Integer(required=True)


class SentenceOut(Schema):
    """The same sentence in Chinese and in English."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class InvariantOut(Schema):
    """What must hold at any moment, and how often it does not."""

    name = one_of(Invariant, required=True)
    said = fields.Nested(SentenceOut, required=True)
    faults = fields.Integer(required=True)


class AccountChangeOut(Schema):
    """What a transfer changed on an account of yours; above zero for what came in."""

    account_id = IdField("acc", required=True)
    purpose = one_of(AccountPurpose, required=True)
    currency = fields.String(required=True)
    change_minor = fields.Integer(required=True)


class LedgerTransferOut(Schema):
    """Money that moved together, once under its key."""

    id = IdField("trf", required=True)
    key = fields.String(required=True)
    reverses_id = IdField("trf", required=True, allow_none=True)
    created_at = TimeField(required=True)
    changes = fields.List(fields.Nested(AccountChangeOut), required=True)


class LedgerFaultOut(Schema):
    invariant = one_of(Invariant, required=True)
    detail = fields.Nested(SentenceOut, required=True)


class LedgerVerificationOut(Schema):
    """Every balance, hash, hold and currency of the ledger worked out again from its postings."""

    accounts = fields.Integer(required=True)
    transfers = fields.Integer(required=True)
    holds = fields.Integer(required=True)
    totals = fields.List(fields.Nested(CurrencyTotalOut), required=True)
    invariants = fields.List(fields.Nested(InvariantOut), required=True)
    faults = fields.List(fields.Nested(LedgerFaultOut), required=True)
