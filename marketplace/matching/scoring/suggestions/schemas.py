"""What suggestions of plans look like from outside."""

from marshmallow import Schema, fields

from marketplace.bids.schemas_plan import PlacementPlan
from marketplace.core.http.fields import IdField, StoredDocument, one_of
from marketplace.core.http.shared_schemas import EstimateOut, ReasonOut
from marketplace.matching.scoring.suggestions.messages import KEEPS
from marketplace.pacing.schemas import ChannelScoreOut


class _StandingOut(Schema):
    """The middle and the ends of what a plan does, 0-100."""

    intrusiveness = fields.Nested(EstimateOut, required=True)
    prominence = fields.Nested(EstimateOut, required=True)


def _noticing() -> fields.Nested:
    text = "The share of viewers, 0-1, who are expected to notice what the plan is sure of, with its 80 % interval."
    return fields.Nested(EstimateOut, required=True, metadata={"description": text})


class SuggestionStepOut(_StandingOut):
    """One change, of the plan as the steps before it left it, and what the plan does after it."""

    action = fields.String(required=True)
    exposures = fields.List(
        fields.Integer(), required=True, metadata={"description": "Which ones, from 0; none is the whole video."}
    )
    value = fields.Float(required=True, allow_none=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class SuggestionOut(_StandingOut):
    """A plan that disturbs less. `kept`: neither end of its prominence lies more than `prominence_kept` points under
    the bid's own, and at least the share `noticing_kept` of those who notice that plan notice this one."""

    id = IdField("sug", required=True)
    kept = fields.Boolean(required=True)
    keeps_tolerance = one_of(KEEPS, required=True)
    noticing = _noticing()
    zh = fields.String(required=True)
    en = fields.String(required=True)
    steps = fields.List(fields.Nested(SuggestionStepOut), required=True)
    plan = StoredDocument(PlacementPlan, required=True)


class BeforeShootingOut(_StandingOut):
    """What the plan asks of this channel's viewers. `keeps_tolerance`: with the whole range (yes), with the middle by
    which bids are judged (likely), with the low end alone (unlikely), or not. `sponsored_views`: how many times the
    views of other videos sponsored ones get, with 80 % ends. `ad_load`: the sponsored share of the newest videos."""

    noticing = _noticing()
    band = fields.String(required=True)
    tolerance = fields.Integer(required=True)
    keeps_tolerance = one_of(KEEPS, required=True)
    fit = fields.Float(required=True, allow_none=True)
    channel = fields.Nested(ChannelScoreOut, required=True)
    ad_load = fields.Float(required=True, allow_none=True)
    sponsored_views = fields.Nested(EstimateOut, required=True)
    sponsored_videos = fields.Integer(required=True)
    other_videos = fields.Integer(required=True)
    source = fields.String(required=True, allow_none=True)
    taken_on = fields.String(required=True, allow_none=True)
    fresh = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={"description": "Whether the scores are on the present inputs; null: not scored yet."},
    )
    reasons = fields.List(fields.Nested(ReasonOut), required=True)


class SuggestionsOut(Schema):
    """Up to six plans, first those that keep prominence and who notice; none is beaten by another on both sides."""

    bid_id = IdField("bid", required=True)
    revision_id = IdField("rev", required=True)
    revision_number = fields.Integer(required=True)
    can_accept = fields.Boolean(required=True)
    before_shooting = fields.Nested(BeforeShootingOut, required=True)
    prominence_kept = fields.Float(required=True, metadata={"description": "Points of 100."})
    noticing_kept = fields.Float(required=True, metadata={"description": "A share of those who notice the bid's plan."})
    suggestions = fields.List(fields.Nested(SuggestionOut), required=True)
    model_version = fields.String(required=True)
