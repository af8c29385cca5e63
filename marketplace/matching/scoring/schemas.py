"""What a ranking looks like from outside."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, TimeField, WholeParam, one_of
from marketplace.core.http.shared_schemas import EstimateOut, ReasonOut
from marketplace.drawing.sheet import NARROWEST, WIDEST, WIDTH

LANGUAGES = ("zh", "en")
BID_PICTURES = ("price", "peers", "reach")
SVG = "image/svg+xml"


class PictureLooks(Schema):
    language = one_of(LANGUAGES, load_default="zh")
    width = WholeParam(NARROWEST, WIDEST, load_default=WIDTH)


class BidPictureQuery(PictureLooks):
    """`price`: the price of one video beside the fair one; `peers`: the price per thousand people of the target among
    the brief's bids; `reach`: the forecast of people."""

    name = one_of(BID_PICTURES, load_default="price")


class MatchOut(Schema):
    """A bid with its scores. `overall` is 0-100 and depends on no other bid; `parts` are the numbers behind it."""

    id = IdField("mtc", required=True)
    bid_id = IdField("bid", required=True)
    channel_id = IdField("chn", required=True)
    channel_name = fields.String(required=True)
    handle = fields.String(required=True)
    platform = fields.String(required=True)
    creator_id = IdField("pty", required=True)
    agency_id = IdField("pty", allow_none=True, required=True)
    bid_status = fields.String(required=True)
    rank = fields.Integer(allow_none=True, required=True)
    overall = fields.Float(allow_none=True, required=True)
    overall_low = fields.Float(allow_none=True, required=True)
    overall_high = fields.Float(allow_none=True, required=True)
    intrusiveness = fields.Nested(EstimateOut, required=True)
    flags = fields.List(fields.String(), required=True)
    fresh = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    parts = fields.Dict(keys=fields.String(), required=True)
    fingerprint = fields.String(required=True)
    model_version = fields.String(required=True)
    scored_at = TimeField(required=True)


class BidMatchOut(MatchOut):
    """A match with its placement plan's score: factors, exposures, reasons with evidence and what to change."""

    plan = fields.Dict(keys=fields.String(), required=True)


class RankingOut(Schema):
    """A brief's ranking. While bids are sealed `data` is empty and only the counts are told."""

    brief_id = IdField("brf", required=True)
    sealed = fields.Boolean(required=True)
    total = fields.Integer(required=True)
    fresh = fields.Integer(required=True)
    data = fields.List(fields.Nested(MatchOut), required=True)
    warnings = fields.List(
        fields.Nested(ReasonOut), required=True, metadata={"description": "Of all bids together, on the first page."}
    )
    has_more = fields.Boolean(required=True)


class RescoreOut(Schema):
    job_id = IdField("job", required=True)
