"""Schemas of closing and re-scoring."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, TextField, TimeField


class BriefRescoreIn(Schema):
    """Why the bids of a closed brief are scored again, for both sides to read."""

    reason = TextField(500, pattern=r"^\s*\S", required=True)


class CloseRecordOut(Schema):
    """What a closed brief's bids are scored on: the record's number (1: made by the close) and its models."""

    brief_id = IdField("brf", required=True)
    number = fields.Integer(required=True)
    created_at = TimeField(required=True)
    forecast_model = fields.String(required=True, allow_none=True)
    price_model = fields.String(required=True, allow_none=True)
    overlap_model = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
