"""Schemas of payments, receipts, payouts, claw-backs and statements."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import NOT_BLANK, IdField, MoneyField, TextField, TimeField, WholeField, one_of
from marketplace.core.money import AMOUNT_MAX
from marketplace.ledger.models import AccountPurpose
from marketplace.payments.models import ClawBackStatus, PaymentStatus, PayoutStatus, ReceiptStatus

MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
STATEMENT_FORMATS = ("json", "csv", "xlsx")


class PaymentSharesOut(Schema):
    """Who got how much of what was due, in the currency's smallest unit."""

    maker_minor = fields.Integer(required=True)
    agency_minor = fields.Integer(required=True)
    fee_minor = fields.Integer(required=True)
    agency_id = IdField("pty", required=True, allow_none=True)
    agency_share_basis_points = fields.Integer(required=True)


class PaymentOut(Schema):
    """What a brand pays for one deliverable, or for a milestone of it."""

    id = IdField("pay", required=True)
    deal_id = IdField("dea", required=True)
    position = fields.Integer(required=True)
    deliverable_id = IdField("dlv", required=True, allow_none=True)
    milestone = fields.String(required=True, allow_none=True)
    amount = MoneyField(required=True)
    status = one_of(PaymentStatus, required=True)
    fee_basis_points = fields.Integer(
        required=True, metadata={"description": "The platform's share of what the maker's side gets."}
    )
    returned_minor = fields.Integer(required=True, metadata={"description": "What of it is the brand's again."})
    clawed_minor = fields.Integer(required=True, metadata={"description": "What was taken back of what was released."})
    shares = fields.Nested(
        PaymentSharesOut,
        required=True,
        allow_none=True,
        metadata={"description": "null: it is not released yet, or you have none of them."},
    )
    moved_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class ReceiptIn(Schema):
    """Money that came in for a deal, as the bank's statement says."""

    amount = MoneyField(low=1, required=True)
    reference = TextField(100, required=True, pattern=NOT_BLANK, metadata={"description": "The bank's own; once."})
    received_on = fields.Date(required=True)


class ReceiptOut(Schema):
    id = IdField("rcp", required=True)
    deal_id = IdField("dea", required=True)
    brand_id = IdField("pty", required=True)
    provider = fields.String(required=True)
    reference = fields.String(required=True)
    amount = MoneyField(required=True)
    received_on = fields.Date(required=True)
    status = one_of(ReceiptStatus, required=True)
    decided_at = TimeField(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class ConfirmedReceiptOut(Schema):
    """A confirmed receipt, and what it did for its deal."""

    receipt = fields.Nested(ReceiptOut, required=True)
    funded = fields.Boolean(required=True, metadata={"description": "The whole is there, and the deal is active."})
    remainder_minor = fields.Integer(required=True, metadata={"description": "What is still to come."})


class MoneyReasonIn(Schema):
    """Why, for whoever reads it later."""

    reason = TextField(500, required=True, pattern=NOT_BLANK)


class PayoutSentIn(Schema):
    """How a payout was sent by bank."""

    reference = TextField(100, required=True, pattern=NOT_BLANK, metadata={"description": "The bank's own; once."})
    withheld_minor = WholeField(
        0, AMOUNT_MAX, load_default=0, metadata={"description": "What of it was withheld as tax, and not sent."}
    )


class PayoutOut(Schema):
    """Money on its way to a party, of one payment, receipt or claw-back."""

    id = IdField("pyo", required=True)
    party_id = IdField("pty", required=True)
    payment_id = IdField("pay", required=True, allow_none=True)
    receipt_id = IdField("rcp", required=True, allow_none=True)
    claw_back_id = IdField("clw", required=True, allow_none=True)
    amount = MoneyField(required=True)
    withheld_minor = fields.Integer(required=True)
    status = one_of(PayoutStatus, required=True)
    attempt = fields.Integer(required=True)
    provider = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    sent_at = TimeField(required=True, allow_none=True)
    decided_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class ClawBackIn(Schema):
    """How much of a released payment is to be paid back, and why."""

    amount = MoneyField(low=1, required=True)
    reason = TextField(500, required=True, pattern=NOT_BLANK)


class ClawBackOut(Schema):
    id = IdField("clw", required=True)
    payment_id = IdField("pay", required=True)
    amount_minor = fields.Integer(required=True)
    reason = fields.String(required=True)
    status = one_of(ClawBackStatus, required=True)
    decided_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class StatementQuery(Schema):
    month = TextField(7, required=True, pattern=MONTH, metadata={"description": "Such as 2026-11: the party's own."})
    party_id = IdField(
        "pty", load_default=None, metadata={"description": "For the platform: whose. Others read their own."}
    )
    format = one_of(STATEMENT_FORMATS, load_default="json")


class StatementLineOut(Schema):
    """One movement on one account of the party; amounts are above zero for what came in."""

    at = TimeField(required=True)
    purpose = one_of(AccountPurpose, required=True)
    currency = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "The payment, receipt, payout or claw-back."})
    move = fields.String(required=True)
    change_minor = fields.Integer(required=True)
    withheld_minor = fields.Integer(required=True, metadata={"description": "What of it went to the tax office."})
    sent_minor = fields.Integer(required=True, metadata={"description": "What of it left for the party's bank."})


class StatementTotalOut(Schema):
    """An account of the party over the month."""

    purpose = one_of(AccountPurpose, required=True)
    currency = fields.String(required=True)
    opening_minor = fields.Integer(required=True)
    change_minor = fields.Integer(required=True)
    closing_minor = fields.Integer(required=True)
    withheld_minor = fields.Integer(required=True)


class StatementOut(Schema):
    party_id = IdField("pty", required=True)
    month = fields.String(required=True)
    timezone = fields.String(required=True)
    lines = fields.List(fields.Nested(StatementLineOut), required=True)
    totals = fields.List(fields.Nested(StatementTotalOut), required=True)
