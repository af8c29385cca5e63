"""Schemas of the API of bids."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.bids.models import BidStatus
from marketplace.bids.pricing_models import VARIABLE, PricingModel
from marketplace.bids.schemas_plan import PlacementPlan
from marketplace.briefs.vocabulary import DELIVERABLE_KINDS, LENGTH_TIERS
from marketplace.core.http.fields import (
    IdField,
    MoneyField,
    MoneySchema,
    RealField,
    SentDocument,
    StoredDocument,
    TextField,
    TimeField,
    WholeField,
    one_of,
)
from marketplace.core.http.load_refusals import refusal
from marketplace.reviews.schemas import VerdictOut

VIEWS_MAX = 10**10


def _optional_money(low: int = 0) -> MoneyField:
    return MoneyField(low=low, load_default=None, allow_none=True)


def _different_tiers(options: list[dict[str, Any]]) -> None:
    tiers = [option["length_tier"] for option in options]
    if len(set(tiers)) != len(tiers):
        raise ValidationError(refusal("同一长度报了两次价。", "Prices the same length twice."))


class _PartIn(Schema):
    """The fields of the models that follow what comes of the video."""

    rate = _optional_money(1)
    floor = _optional_money()
    cap = _optional_money(1)
    basis_points = WholeField(1, 10_000, load_default=None, allow_none=True)
    minimum = _optional_money()
    actions_per_thousand_views = RealField(0, 1000, load_default=None, allow_none=True)
    order_value = _optional_money(1)


class BidVariableIn(_PartIn):
    model = one_of(VARIABLE, required=True)


class BidPriceIn(_PartIn):
    """A price: its model and that model's own fields."""

    model = one_of(PricingModel, required=True)
    amount = _optional_money(1)
    value = _optional_money(1)
    fixed = _optional_money(1)
    variable = fields.Nested(BidVariableIn, load_default=None, allow_none=True)


class BidRights(Schema):
    """What each right costs, apart from the price: 0 gives it away, null refuses it.

    Each right that the brief asks for has to be here; the others may be left out.
    """

    usage = MoneyField(allow_none=True)
    whitelisting = MoneyField(allow_none=True)
    raw_files = MoneyField(allow_none=True)
    exclusivity = MoneyField(allow_none=True)
    likeness_for_ai = MoneyField(allow_none=True)


class BidOptionIn(Schema):
    """What takes the place of the price's amount (flat, hybrid), rate (cpm, cpv, cpa) or value at another length."""

    length_tier = one_of(LENGTH_TIERS, required=True)
    amount = MoneyField(low=1, required=True)


class BidDeliverableIn(Schema):
    kind = one_of(DELIVERABLE_KINDS, required=True)
    count = WholeField(1, 50, required=True)
    length_tier = one_of(LENGTH_TIERS, load_default=None, allow_none=True)
    publish_starts_at = TimeField(load_default=None, allow_none=True)
    publish_ends_at = TimeField(load_default=None, allow_none=True)


class BidViews(Schema):
    low = WholeField(0, VIEWS_MAX, required=True)
    high = WholeField(0, VIEWS_MAX, required=True)


class BidForecast(Schema):
    """What the bidder says of the views of one video; scoring forecasts its own."""

    views = fields.Nested(BidViews, required=True)


class BidRevisionIn(Schema):
    """One wording of an offer. The first option is the offer itself; the others price other lengths."""

    price = fields.Nested(BidPriceIn, required=True)
    rights = fields.Nested(BidRights, load_default=dict)
    options = fields.List(
        fields.Nested(BidOptionIn),
        validate=[validate.Length(max=len(LENGTH_TIERS)), _different_tiers],
        load_default=list,
    )
    deliverables = fields.List(fields.Nested(BidDeliverableIn), validate=validate.Length(min=1, max=20), required=True)
    plan = SentDocument(PlacementPlan, required=True)
    production_cost = MoneyField(
        load_default=None,
        allow_none=True,
        metadata={"description": "What making it costs. Shown to the creator's side only."},
    )
    forecast_claim = fields.Nested(BidForecast, load_default=None, allow_none=True)
    message = TextField(2000, pattern=r"^\s*\S", load_default=None, allow_none=True)
    answers = fields.List(
        TextField(1000, pattern=r"^\s*\S"),
        validate=validate.Length(max=5),
        load_default=list,
        metadata={"description": "One to each of the brief's questions, in their order."},
    )


class BriefConfirmIn(Schema):
    brief_version_id = IdField(
        "brv",
        required=True,
        metadata={"description": "The version of the brief that you have read and stand by: its current one."},
    )


class StepBackIn(Schema):
    reason = TextField(500, pattern=r"^\s*\S", required=True)


class BidIn(BidRevisionIn):
    channel_id = IdField("chn", required=True)


def _money_out() -> fields.Nested:
    return fields.Nested(MoneySchema, allow_none=True)


_EARLIER = "In wordings from before these names changed, whose commitments cover them."


def _time_out(**metadata: str) -> fields.String:
    return fields.String(allow_none=True, metadata={"format": "date-time", **metadata})


class BidVariableOut(Schema):
    """A price's model with that model's fields; the others are not there."""

    model = one_of(PricingModel, required=True)
    rate = _money_out()
    floor = _money_out()
    cap = _money_out()
    basis_points = fields.Integer()
    minimum = _money_out()
    actions_per_thousand_views = fields.Float(allow_none=True)
    order_value = _money_out()


class BidPriceOut(BidVariableOut):
    amount = _money_out()
    value = _money_out()
    fixed = _money_out()
    variable = fields.Nested(BidVariableOut)


class BidRightsOut(Schema):
    usage = fields.Nested(MoneySchema, required=True, allow_none=True)
    whitelisting = fields.Nested(MoneySchema, required=True, allow_none=True)
    raw_files = fields.Nested(MoneySchema, required=True, allow_none=True)
    exclusivity = fields.Nested(MoneySchema, required=True, allow_none=True)
    # Wordings from before it could be priced lack it, and their commitments cover what was there.
    likeness_for_ai = fields.Nested(MoneySchema, allow_none=True)


class BidOptionOut(Schema):
    length_tier = fields.String(required=True)
    amount = fields.Nested(MoneySchema, required=True)


class BidDeliverableOut(Schema):
    kind = fields.String(required=True)
    count = fields.Integer(required=True)
    length_tier = fields.String(required=True, allow_none=True)
    publish_starts_at = _time_out()
    publish_ends_at = _time_out()
    publish_from = _time_out(description=_EARLIER)
    publish_to = _time_out(description=_EARLIER)


class _WordingOut(Schema):
    price = StoredDocument(BidPriceOut, required=True)
    rights = StoredDocument(BidRightsOut, required=True)
    options = StoredDocument(BidOptionOut, many=True, required=True)
    deliverables = StoredDocument(BidDeliverableOut, many=True, required=True)
    plan = StoredDocument(PlacementPlan, required=True)
    production_cost = StoredDocument(
        MoneySchema, required=True, allow_none=True, metadata={"description": "null for all but the creator's side."}
    )
    forecast_claim = StoredDocument(BidForecast, required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    answers = fields.List(fields.String(), required=True)
    commitment = fields.String(
        required=True,
        metadata={"description": "SHA-256 of the offer's canonical JSON (RFC 8785) and the salt, in hex."},
    )
    salt = fields.String(required=True)


class BidOut(_WordingOut):
    """A bid in the wording that counts."""

    id = IdField("bid", required=True)
    brief_id = IdField("brf", required=True)
    brief_title = fields.String(required=True)
    brief_version_id = IdField(
        "brv",
        required=True,
        metadata={"description": "The version of the brief that the wording answered; the commitment is bound to it."},
    )
    brief_version_number = fields.Integer(required=True)
    stands_by_version_id = IdField(
        "brv",
        required=True,
        metadata={
            "description": "The version that the bidder stands by: answered, confirmed, or not changed in what matters."
        },
    )
    stands_by_current_version = fields.Boolean(
        required=True, metadata={"description": "Where false, the bid is not ranked until its side confirms the brief."}
    )
    answers_in_part = fields.Boolean(
        required=True, metadata={"description": "It offers fewer than the brief asks for."}
    )
    brand_id = IdField("pty", required=True)
    channel_id = IdField("chn", required=True)
    channel_name = fields.String(required=True)
    channel_proven = fields.Boolean(
        required=True,
        metadata={"description": "Whether an admin has seen that the channel is the creator's; else it is claimed."},
    )
    creator_id = IdField("pty", required=True)
    agency_id = IdField("pty", required=True, allow_none=True)
    status = one_of(BidStatus, required=True)
    version = fields.Integer(required=True)
    revision_id = IdField("rev", required=True)
    revision_number = fields.Integer(required=True)
    revisions_left = fields.Integer(required=True)
    created_at = TimeField(required=True)
    revised_at = TimeField(required=True)
    withdrawn_at = TimeField(required=True, allow_none=True)
    review = fields.Nested(
        VerdictOut, required=True, allow_none=True, metadata={"description": "null before the brief has closed."}
    )
    accepted_option = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Which of its prices was accepted; 0 is its own."}
    )
    accepted_cost = fields.Nested(
        MoneySchema,
        required=True,
        allow_none=True,
        metadata={"description": "The most that the accepted option can cost."},
    )
    lapses_at = TimeField(
        required=True,
        allow_none=True,
        metadata={"description": "When the bid lapses if it is still open; known from the brief's close on."},
    )


class BidRevisionOut(_WordingOut):
    id = IdField("rev", required=True)
    bid_id = IdField("bid", required=True)
    number = fields.Integer(required=True)
    brief_version_id = IdField("brv", required=True)
    brief_version_number = fields.Integer(required=True)
    created_at = TimeField(required=True)


class BidCountOut(Schema):
    count = fields.Integer(required=True)


class BidCommitmentOut(Schema):
    """That an offer was made at a time, and nothing of whose or what."""

    id = IdField("rev", required=True)
    commitment = fields.String(required=True)
    created_at = TimeField(required=True)
