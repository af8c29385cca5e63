"""What the API says of what still stands of a confirmed set."""

from marshmallow import Schema, fields

from marketplace.bids.models import BidStatus
from marketplace.core.http.fields import MoneySchema, one_of


class GoneMemberOut(Schema):
    """A member of the set that is accepted no more, and what it is instead."""

    bid_id = fields.String(required=True)
    channel_name = fields.String(required=True)
    status = one_of(BidStatus, required=True)


class StandingSetOut(Schema):
    """What stands of a confirmed set now; `result` tells what was confirmed. `spend` is what was accepted, `effective`
    and `careful` are as in the result's `reach`, of the members that stand."""

    bids = fields.List(fields.String(), required=True)
    gone = fields.List(fields.Nested(GoneMemberOut), required=True)
    spend = fields.Nested(MoneySchema, required=True)
    effective = fields.Float(required=True)
    careful = fields.Float(required=True)
