"""Schemas that several features share: a number with its interval, and a message in two languages."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import free_form, one_of
from marketplace.core.words.silences import Silence


class EstimateOut(Schema):
    point = fields.Float(allow_none=True, required=True)
    low = fields.Float(allow_none=True, required=True)
    high = fields.Float(allow_none=True, required=True)


class ReasonOut(Schema):
    """One point told in two languages, with the numbers it is made of (unit, interval, count, source, date)."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    numbers = free_form("what the sentences are made of, by name; each code has numbers of its own.", required=True)


class SilenceOut(Schema):
    """What follows if nobody answers."""

    code = one_of(Silence, required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
