"""Schemas of the ledger's accounts and of its verification."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, TimeField, one_of
from marketplace.ledger.models import AccountPurpose


class LedgerAccountOut(Schema):
    """Money that the market owes to whom an account names; below zero, what it holds or is owed."""

    id = IdField("acc", required=True)
    purpose = one_of(AccountPurpose, required=True)
    currency = fields.String(required=True)
    party_id = IdField("pty", required=True, allow_none=True, metadata={"description": "null: the market's own."})
    reference = fields.String(required=True)
    balance_minor = fields.Integer(required=True, metadata={"description": "In the currency's smallest unit."})
    created_at = TimeField(required=True)


class CurrencyTotalOut(Schema):
    """What is owed and what is held for it; where nothing is wrong they are equal."""

    currency = fields.String(required=True)
    owed_minor = fields.Integer(required=True)
    held_minor = fields.Integer(required=True)


class LedgerFaultOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class LedgerVerificationOut(Schema):
    """Every balance, hash and currency of the ledger worked out again from its postings."""

    accounts = fields.Integer(required=True)
    transfers = fields.Integer(required=True)
    totals = fields.List(fields.Nested(CurrencyTotalOut), required=True)
    faults = fields.List(fields.Nested(LedgerFaultOut), required=True)
