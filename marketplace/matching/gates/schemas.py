"""Schemas of gates and of acceptance."""

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import FlagField, WholeField, one_of
from marketplace.matching.gates.bid_gates import BRANDS_OWN, OPTIONS_MAX
from marketplace.matching.gates.messages import GATES


class GateOut(Schema):
    """A gate that keeps a bid out now: why, and what would open it. `brands_own`: the brand may set it aside when it
    accepts, for it is a limit of its own."""

    code = one_of(GATES, required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    opens_zh = fields.String(required=True)
    opens_en = fields.String(required=True)
    brands_own = fields.Boolean(required=True)


class AcceptIn(Schema):
    """What is accepted. The body may be left out for a bid with one price and every gate open."""

    option = WholeField(
        0,
        OPTIONS_MAX,
        load_default=None,
        allow_none=True,
        metadata={"description": "0 is the bid's own price; required where the bid offers several."},
    )
    over_budget = FlagField(
        load_default=False, metadata={"description": "Accept although the brief's budget does not cover it."}
    )
    despite = fields.List(
        one_of(sorted(BRANDS_OWN)),
        load_default=list,
        validate=validate.Length(max=len(BRANDS_OWN)),
        metadata={"uniqueItems": True, "description": "Limits of the brief's own that the brand sets aside."},
    )
