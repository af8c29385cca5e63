"""Schemas of what a payment provider collects, and of reconciliations."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, TimeField, one_of
from marketplace.payments.provider.models import PayInStatus
from marketplace.payments.provider.payment_provider import LineKind
from marketplace.payments.provider.reconciliation import DifferenceKind


class PayInOut(Schema):
    """What the payment provider collects from a brand for a deal."""

    id = IdField("pin", required=True)
    deal_id = IdField("dea", required=True)
    brand_id = IdField("pty", required=True)
    provider = fields.String(required=True)
    currency = fields.String(required=True)
    amount_minor = fields.Integer(required=True)
    status = one_of(PayInStatus, required=True)
    pay_url = fields.String(
        required=True, allow_none=True, metadata={"description": "Where the brand pays; null: not open yet."}
    )
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class ReportDifferenceOut(Schema):
    """How one line of the provider's report differs from the market."""

    kind = one_of(DifferenceKind, required=True)
    of = one_of(LineKind, required=True)
    key = fields.String(required=True, metadata={"description": "A payout's id, or the provider's reference."})


class ReconciliationOut(Schema):
    """The provider's report held against the market's rows."""

    id = IdField("rcn", required=True)
    provider = fields.String(required=True)
    lines = fields.Integer(required=True, metadata={"description": "How many lines the provider reported."})
    differences = fields.List(fields.Nested(ReportDifferenceOut), required=True)
    finished_at = TimeField(required=True, allow_none=True, metadata={"description": "null: it has not been made yet."})
    created_at = TimeField(required=True)
