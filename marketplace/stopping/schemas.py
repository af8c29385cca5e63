"""Schemas of the API of stopping a deal."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import NOT_BLANK, IdField, TextField, TimeField, one_of
from marketplace.deals.models import DealParty
from marketplace.stopping.models import StopKind, StopOutcome
from marketplace.stopping.quotes import CancellationScope, CancellationStage, CostRule

REASON_MAX = 2_000


class DealStopIn(Schema):
    """Why: both sides read it."""

    reason = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


def _hash(description: str) -> TextField:
    return TextField(64, pattern=r"^[0-9a-f]{64}$", required=True, metadata={"description": description})


class CancellationQuoteQuery(Schema):
    side = one_of(DealParty, load_default=None, metadata={"description": "Who would cancel: your own side by default."})
    scope = one_of(
        CancellationScope,
        load_default=CancellationScope.ALL,
        metadata={"description": "All that is not live, or what is late beyond the days that the maker has."},
    )


class CancelIn(Schema):
    """By which quote, and why; the other side reads both."""

    quote_hash = _hash("The `quote_hash` of the quote that you have read.")
    reason = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


class CancelAgreeIn(Schema):
    quote_hash = _hash("The `quote_hash` of the quote that the request goes by.")


class QuoteLineOut(Schema):
    """What cancelling one deliverable costs. Of `due_minor` the platform has its fee and the maker's side the rest."""

    deliverable_id = fields.String(required=True)
    position = fields.Integer(required=True)
    title = fields.String(required=True, allow_none=True)
    stage = one_of(CancellationStage, required=True)
    rule = one_of(CostRule, required=True, metadata={"description": "Why it costs that."})
    share_basis_points = fields.Integer(required=True)
    held_minor = fields.Integer(required=True, metadata={"description": "What is in escrow for it."})
    due_minor = fields.Integer(required=True)
    fee_basis_points = fields.Integer(required=True, metadata={"description": "The platform's share of what is due."})
    returned_minor = fields.Integer(required=True, metadata={"description": "What the brand has back."})


class QuoteContentOut(Schema):
    schema = fields.String(required=True)
    deal_id = fields.String(required=True)
    terms_hash = fields.String(required=True)
    side = one_of(DealParty, required=True, metadata={"description": "Who would cancel."})
    scope = one_of(CancellationScope, required=True)
    currency = fields.String(required=True)
    lines = fields.List(fields.Nested(QuoteLineOut), required=True)
    live = fields.List(
        fields.Integer(), required=True, metadata={"description": "Positions that are published: settled as agreed."}
    )
    due_minor = fields.Integer(required=True)
    returned_minor = fields.Integer(required=True)
    silence_cancels = fields.Boolean(
        required=True, metadata={"description": "What 72 hours without an answer do: cancel, or leave it as it was."}
    )
    exclusive_until = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "When the channel's exclusivity then ends; null: at once."},
    )


class CancellationQuoteOut(Schema):
    """`quote_hash` is the SHA-256 of `content` in canonical JSON (RFC 8785): name it to cancel at just these costs."""

    id = IdField("cqt", required=True)
    quote_hash = fields.String(required=True, attribute="content_hash")
    content = fields.Nested(QuoteContentOut, required=True)
    created_at = TimeField(required=True, metadata={"description": "When it was first shown."})


class DealStopOut(Schema):
    """A pause of a deal, or a request to cancel it; `outcome` is null while it lasts."""

    id = IdField("stp", required=True)
    deal_id = IdField("dea", required=True)
    kind = one_of(StopKind, required=True)
    side = one_of(DealParty, required=True, allow_none=True, metadata={"description": "Whose; null: the market's."})
    reason = fields.String(required=True)
    began_at = TimeField(required=True)
    answer_by = TimeField(
        required=True, allow_none=True, metadata={"description": "Until when the other side answers a request."}
    )
    quote_id = IdField("cqt", required=True, allow_none=True)
    outcome = one_of(StopOutcome, required=True, allow_none=True)
    ended_at = TimeField(required=True, allow_none=True)
    ended_side = one_of(DealParty, required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True, metadata={"description": "What the other side said."})
