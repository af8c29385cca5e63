"""What discovery asks and answers."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.briefs.vocabulary import CATEGORIES, MARKETS, PLACEMENT_KINDS
from marketplace.channels.anomalies import COUNT_MAX
from marketplace.channels.facts.fact_fields import LanguageField, PlatformField, RegionField
from marketplace.channels.models import ClaimStatus
from marketplace.channels.schemas import WORD
from marketplace.core.http.fields import IdField, MoneyField, TextField, TimeField, WholeParam, one_of
from marketplace.core.http.load_refusals import refusal
from marketplace.core.http.shared_schemas import EstimateOut, ReasonOut
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS
from marketplace.matching.discovery.service import LIMIT_MAX
from marketplace.matching.gates.schemas import GateOut
from marketplace.matching.pricing.asking_price import BASES

LIMIT_DEFAULT, DAYS_MAX = 20, 3650


def _described(text: str) -> dict[str, str]:
    return {"description": text}


def _at_most(most: int, text: str) -> WholeParam:
    return WholeParam(0, most, load_default=None, metadata=_described(text))


class ShareParam(fields.Float):
    """A query parameter that is a share: decimal digits alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=0, max=1), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9](\.[0-9]{1,9})?", value):
            raise ValidationError(refusal("这里应当是份额，例如 0.25。", "Not a share such as 0.25."))
        return float(value)


class DiscoverQuery(Schema):
    limit = WholeParam(1, LIMIT_MAX, load_default=LIMIT_DEFAULT)
    platform = PlatformField(load_default=None)
    vertical = TextField(40, pattern=WORD, load_default=None)
    region = RegionField(load_default=None)
    language = LanguageField(load_default=None)
    followers_min = _at_most(COUNT_MAX, "Least followers.")
    followers_max = _at_most(COUNT_MAX, "Most followers.")
    ad_load_max = ShareParam(load_default=None, metadata=_described("Most of its videos that are sponsored, 0-1."))
    price_max = _at_most(AMOUNT_MAX, "Highest likely price of one video, minor units of the brief's currency.")
    reach_min = _at_most(COUNT_MAX, "Least expected on-target people of one video.")
    reach_max = _at_most(COUNT_MAX, "Most expected on-target people of one video.")
    represented = fields.Boolean(
        load_default=None, truthy={"true"}, falsy={"false"}, metadata=_described("Whether an agency (MCN) acts for it.")
    )
    told_within_days = _at_most(DAYS_MAX, "Its last audience snapshot is not older.")


class OpenBriefsQuery(Schema):
    limit = WholeParam(1, LIMIT_MAX, load_default=LIMIT_DEFAULT)
    category = one_of(CATEGORIES, load_default=None)
    market = one_of(MARKETS, load_default=None)
    budget_min = _at_most(AMOUNT_MAX, "Least budget, minor units of each brief's own currency.")
    currency = one_of(sorted(MINOR_DIGITS), load_default=None)
    placement_kind = one_of(PLACEMENT_KINDS, load_default=None)
    closing_before = TimeField(load_default=None)


def _estimate(**kwargs: Any) -> fields.Nested:
    return fields.Nested(EstimateOut, required=True, **kwargs)


class _CandidateFigures(Schema):
    """As if the channel had bid its likely price for one video, without a placement plan."""

    overall = _estimate(metadata=_described("Points of 100 by the brief's scoring rule; no other channel moves it."))
    views = _estimate()
    share = _estimate()
    people = _estimate(metadata=_described("Expected on-target people of one video."))
    price = _estimate(metadata=_described("Likely price of one video, minor units."))
    price_basis = one_of(BASES, required=True)
    price_count = fields.Integer(required=True)
    currency = fields.String(required=True)
    per_thousand = _estimate(metadata=_described("Minor units per 1,000 on-target people."))
    fit = fields.Float(required=True, allow_none=True)
    ad_load = fields.Float(required=True, allow_none=True)
    flags = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)


class FoundChannelOut(_CandidateFigures):
    channel_id = IdField("chn", required=True)
    channel_name = fields.String(required=True)
    handle = fields.String(required=True)
    platform = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    verticals = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    followers = fields.Integer(required=True)
    taken_on = fields.Date(required=True)
    source = fields.String(required=True)
    creator_id = IdField("pty", required=True)
    represented = fields.Boolean(required=True)
    claim_status = one_of(
        ClaimStatus,
        required=True,
        metadata={"description": "proven: an admin has seen that it is its creator's; claimed: nobody has looked."},
    )
    gates = fields.List(
        fields.Nested(GateOut), required=True, metadata={"description": "What would keep a bid of it out now."}
    )


class DiscoverOut(Schema):
    """The best channels for the brief, out of so many `channels`; from the close on without those that bid."""

    brief_id = IdField("brf", required=True)
    channels = fields.Integer(required=True)
    data = fields.List(fields.Nested(FoundChannelOut), required=True)


class OpenBriefOut(_CandidateFigures):
    brief_id = IdField("brf", required=True)
    title = fields.String(required=True)
    category = fields.String(required=True)
    markets = fields.List(fields.String(), required=True)
    placement_kinds = fields.List(fields.String(), required=True)
    budget = MoneyField(required=True)
    bids_close_at = TimeField(required=True)
    days_left = fields.Float(required=True)
    ceiling_per_thousand = fields.Float(required=True)
    ceiling_is_the_briefs = fields.Boolean(required=True)
    worth_at_ceiling = fields.Float(
        required=True, metadata=_described("What the ceiling allows for the expected on-target people, minor units.")
    )


class OpenBriefsOut(Schema):
    """The open briefs that suit the channel best, out of so many `briefs` that the filters let through."""

    channel_id = IdField("chn", required=True)
    briefs = fields.Integer(required=True)
    data = fields.List(fields.Nested(OpenBriefOut), required=True)
