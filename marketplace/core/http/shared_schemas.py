"""Schemas that several features share: a number with its interval, and a message in two languages."""

from marshmallow import Schema, fields


class EstimateOut(Schema):
    point = fields.Float(allow_none=True, required=True)
    low = fields.Float(allow_none=True, required=True)
    high = fields.Float(allow_none=True, required=True)


class ReasonOut(Schema):
    """One point told in two languages, with the numbers it is made of (unit, interval, count, source, date)."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    numbers = fields.Dict(keys=fields.String(), required=True)
