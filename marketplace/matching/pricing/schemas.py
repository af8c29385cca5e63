"""What prices look like from outside."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.bids.pricing_models import PricingModel
from marketplace.briefs.vocabulary import LENGTH_TIERS
from marketplace.core.http.fields import IdField, MoneyField, TextField, TimeField, WholeField, WholeParam, one_of
from marketplace.core.http.load_refusals import refusal
from marketplace.core.http.shared_schemas import ReasonOut
from marketplace.core.money import MINOR_DIGITS
from marketplace.matching.pricing.models import DealSide, DealSource
from marketplace.matching.pricing.price_model import BASES, BOUGHT

TOLD_RIGHTS = (*BOUGHT, "exclusivity")
DAYS_MAX = 365
_VIEWS_MAX = 10_000_000_000


class RightsParam(fields.String):
    """Rights by name, with commas between."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        names = str(value).split(",")
        if strange := sorted(set(names) - set(BOUGHT)):
            raise ValidationError(
                refusal(
                    f"{strange[0][:40]!r} 不在其中：{', '.join(BOUGHT)}。",
                    f"{strange[0][:40]!r} is none of: {', '.join(BOUGHT)}.",
                )
            )
        return sorted(set(names))


class ChannelPriceQuery(Schema):
    length_tier = one_of(LENGTH_TIERS, load_default="21-60")
    rights = RightsParam(load_default=list, metadata={"description": f"Of {', '.join(BOUGHT)}, with commas between."})
    exclusivity_days = WholeParam(0, DAYS_MAX, load_default=0)
    currency = one_of(sorted(MINOR_DIGITS), load_default=None)


class FairPriceOut(Schema):
    """A fair price in minor units for one video. Without an interval there is no number: `count` says why."""

    currency = fields.String(required=True)
    point = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)
    interval = fields.Constant("80%", required=True)
    count = fields.Integer(required=True)
    basis = one_of(BASES, required=True)
    share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Weight of settled deals; the platform's is the rest."}
    )
    fitted_on = fields.Date(required=True, allow_none=True)


class PriceTermOut(Schema):
    """What one thing multiplies a price by, with its 80 % interval and the settled deals it is learnt from."""

    ratio = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    count = fields.Integer(required=True)


class ChannelPriceOut(Schema):
    channel_id = IdField("chn", required=True)
    length_tier = fields.String(required=True)
    rights = fields.List(fields.String(), required=True)
    exclusivity_days = fields.Integer(required=True)
    fair = fields.Nested(FairPriceOut, required=True)
    terms = fields.Dict(keys=fields.String(), values=fields.Nested(PriceTermOut), required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)


class PriceCheckOut(Schema):
    warnings = fields.List(fields.Nested(ReasonOut), required=True)


class DealPriceIn(Schema):
    """What one deliverable (one video) closed at. Without a list price and expected views, those of the channel's
    snapshot of the day count."""

    channel_id = IdField("chn", required=True)
    bid_id = IdField(
        "bid",
        load_default=None,
        allow_none=True,
        metadata={"description": "The accepted bid that the deal came from; it names the brand and the agency."},
    )
    brand_id = IdField("pty", load_default=None, allow_none=True)
    brand_name = TextField(200, load_default=None, allow_none=True)
    deal_price = MoneyField(low=1, required=True)
    list_price = MoneyField(low=1, load_default=None, allow_none=True)
    pricing_model = one_of(PricingModel, load_default="flat")
    length_tier = one_of(LENGTH_TIERS, load_default=None, allow_none=True)
    rights = fields.List(one_of(TOLD_RIGHTS), load_default=list, validate=validate.Length(max=len(TOLD_RIGHTS)))
    exclusivity_days = WholeField(0, DAYS_MAX, load_default=0)
    settled_on = fields.Date(required=True)
    expected_views = WholeField(1, _VIEWS_MAX, load_default=None, allow_none=True)
    evidence = TextField(2000, load_default=None, allow_none=True)


class DealPriceOut(Schema):
    id = IdField("dpr", required=True)
    channel_id = IdField("chn", required=True)
    creator_id = IdField("pty", required=True)
    brand_id = IdField("pty", required=True, allow_none=True)
    agency_id = IdField("pty", required=True, allow_none=True)
    bid_id = IdField("bid", required=True, allow_none=True)
    deliverable_id = IdField(
        "dlv", required=True, allow_none=True, metadata={"description": "What of a deal was settled for it."}
    )
    deal_price = MoneyField(required=True)
    list_price = MoneyField(required=True, allow_none=True)
    pricing_model = fields.String(required=True)
    length_tier = fields.String(required=True, allow_none=True)
    rights = fields.List(fields.String(), required=True)
    exclusivity_days = fields.Integer(required=True)
    settled_on = fields.Date(required=True)
    source = one_of(DealSource, required=True)
    told_by = one_of(DealSide, required=True)
    confirmed_by = one_of(DealSide, required=True, allow_none=True)
    confirmed_at = TimeField(required=True, allow_none=True)
    expected_views = fields.Integer(required=True, allow_none=True)
    evidence = fields.String(required=True, allow_none=True)
    created_at = TimeField(required=True)


class IndexCellOut(Schema):
    """Settled over listed prices of one group of deals. A group that is not named is null: all that no finer cell of
    those months told of. `tier`: 0 under 30,000 followers, 1 under 100,000, 2 under 500,000, 3 from there."""

    id = IdField("pic", required=True)
    first_month = fields.Date(required=True)
    last_month = fields.Date(required=True)
    tier = fields.Integer(required=True, allow_none=True)
    vertical = fields.String(required=True, allow_none=True)
    platform = fields.String(required=True, allow_none=True)
    median = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    interval = fields.Constant("quartiles", required=True)
    deals = fields.Integer(required=True, metadata={"description": "At least so many; told in fives."})
    published_at = TimeField(attribute="created_at", required=True)
