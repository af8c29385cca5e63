"""What windows of exclusivity look like from outside."""

from datetime import date

from marshmallow import Schema, fields, validate

from marketplace.briefs.vocabulary import CATEGORIES
from marketplace.core.http.fields import IdField, TextField, TimeField, one_of

_DAYS = validate.Range(min=date(2005, 1, 1), max=date(2099, 12, 31))


class ExclusivityIn(Schema):
    """What a channel keeps free of: either a `category` or one competing `brand`, for `holder`, both days included."""

    category = one_of(CATEGORIES, load_default=None, allow_none=True)
    brand = TextField(60, load_default=None, allow_none=True, metadata={"description": "The competitor's name."})
    holder = TextField(60, required=True, metadata={"description": "The brand that it was promised to."})
    holder_id = IdField("pty", load_default=None, allow_none=True)
    starts_on = fields.Date(required=True, validate=_DAYS)
    ends_on = fields.Date(required=True, validate=_DAYS)
    note = TextField(300, load_default=None, allow_none=True)


class ExclusivityOut(Schema):
    """`brand` as it is compared: without differences of case, width and spaces. Of a window that another agency of the
    creator recorded, an agency reads what the channel keeps free of and when, but not for whom: `holder` is null."""

    id = IdField("exw", required=True)
    channel_id = IdField("chn", required=True)
    category = fields.String(required=True, allow_none=True)
    brand = fields.String(required=True, allow_none=True)
    holder = fields.String(required=True, allow_none=True)
    holder_id = IdField("pty", required=True, allow_none=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    note = fields.String(required=True, allow_none=True)
    created_at = TimeField(required=True)
