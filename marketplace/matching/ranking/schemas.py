"""Schemas of the ranking."""

from marshmallow import Schema, fields

from marketplace.bids.schemas_plan import PlanScoreOut
from marketplace.core.http.fields import IdField, StoredDocument, TimeField, one_of
from marketplace.core.http.shared_schemas import EstimateOut, ReasonOut
from marketplace.matching.gates.schemas import GateOut
from marketplace.matching.ranking.schemas_parts import MatchPartsOut
from marketplace.reviews.schemas import VerdictOut


class LaterFactsOut(Schema):
    """What a channel is called now, and its newest audience snapshot, beside the names and figures at the close.

    `snapshot_id`, `taken_on` and the later figures are null where no newer snapshot was told.
    """

    handle = fields.String(required=True)
    handle_at_close = fields.String(required=True)
    channel_name = fields.String(required=True)
    channel_name_at_close = fields.String(required=True)
    snapshot_id = IdField("snp", required=True, allow_none=True)
    taken_on = fields.Date(required=True, allow_none=True)
    followers = fields.Integer(required=True, allow_none=True)
    followers_at_close = fields.Integer(required=True, allow_none=True)
    median_views = fields.Float(required=True, allow_none=True)
    median_views_at_close = fields.Float(required=True, allow_none=True)
    flags = fields.List(fields.String(), required=True)


class ComputedOut(Schema):
    """The computed values of a match that reviewers have overridden."""

    overall = fields.Float(required=True, allow_none=True)
    intrusiveness = fields.Float(required=True, allow_none=True)


class BacklashOut(Schema):
    """The chance, 0..1, that the video gets under half of the channel's usual views, with its 80 % ends, beside that of
    an unsponsored video. `known_from`: the channel's own sponsored videos, others of the market, or its vertical."""

    chance = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    unsponsored = fields.Float(required=True)
    known_from = one_of(("channel", "market", "vertical"), required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class MatchOut(Schema):
    """A bid with its scores. `overall` is 0-100 and depends on no other bid; `parts` are the numbers behind it."""

    id = IdField("mtc", required=True)
    bid_id = IdField("bid", required=True)
    channel_id = IdField("chn", required=True)
    channel_name = fields.String(required=True)
    handle = fields.String(required=True)
    platform = fields.String(required=True)
    channel_proven = fields.Boolean(
        required=True, metadata={"description": "Whether the bidder has shown that the channel is its own."}
    )
    rival_claims = fields.Integer(required=True, metadata={"description": "How many others claim the same account."})
    rights_refused = fields.List(
        fields.String(), required=True, metadata={"description": "Rights that the brief asks for and the bid refuses."}
    )
    creator_id = IdField("pty", required=True)
    agency_id = IdField("pty", allow_none=True, required=True)
    bid_status = fields.String(required=True)
    rank = fields.Integer(allow_none=True, required=True)
    overall = fields.Float(allow_none=True, required=True)
    overall_low = fields.Float(allow_none=True, required=True)
    overall_high = fields.Float(allow_none=True, required=True)
    intrusiveness = fields.Nested(EstimateOut, required=True)
    backlash = fields.Nested(
        BacklashOut,
        required=True,
        allow_none=True,
        metadata={"description": "How viewers may take it; it moves no rank. Null where it was not worked out."},
    )
    flags = fields.List(fields.String(), required=True)
    fresh = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    parts = StoredDocument(MatchPartsOut, required=True)
    fingerprint = fields.String(required=True)
    model_version = fields.String(required=True)
    scored_at = TimeField(required=True)
    gates = fields.List(
        fields.Nested(GateOut),
        required=True,
        metadata={"description": "The gates that keep the bid out now; empty: it may be accepted."},
    )
    review = fields.Nested(
        VerdictOut,
        required=True,
        allow_none=True,
        metadata={"description": "What the reviewers decided, as both sides may read it; null before the close."},
    )
    computed = fields.Nested(
        ComputedOut,
        required=True,
        allow_none=True,
        metadata={"description": "What was computed, where reviewers have put another value in its place."},
    )
    too_small = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether all its prices are below three times the work on a deal: a selection that names no"
            " `smallest_bid` leaves it out."
        },
    )
    since_close = fields.Nested(
        LaterFactsOut,
        required=True,
        allow_none=True,
        metadata={"description": "The channel's newer facts and names, which move nothing; null where there are none."},
    )


class BidMatchOut(MatchOut):
    """A match with its placement plan's score: factors, exposures, reasons with evidence and what to change."""

    plan = StoredDocument(PlanScoreOut, required=True)


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
    record = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "1: scored at the close. Each re-scoring by an admin, with its reason, adds one."},
    )
    has_more = fields.Boolean(required=True)
