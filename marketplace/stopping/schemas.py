"""Schemas of the API of stopping a deal."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import NOT_BLANK, IdField, TextField, TimeField, one_of
from marketplace.deals.models import DealParty
from marketplace.stopping.models import StopKind, StopOutcome

REASON_MAX = 2_000


class DealStopIn(Schema):
    """Why: both sides read it."""

    reason = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


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
    outcome = one_of(StopOutcome, required=True, allow_none=True)
    ended_at = TimeField(required=True, allow_none=True)
    ended_side = one_of(DealParty, required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True, metadata={"description": "What the other side said."})
