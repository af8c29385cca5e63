"""Schemas of the pictures of a bid, and of asking for scores."""

from marshmallow import Schema

from marketplace.core.http.fields import IdField, WholeParam, one_of
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


class RescoreOut(Schema):
    job_id = IdField("job", required=True)
