"""Schemas of the API of disputes."""

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import NOT_BLANK, IdField, TextField, TimeField, WholeField, one_of
from marketplace.core.http.paging import page_query
from marketplace.core.money import AMOUNT_MAX
from marketplace.deals.models import DealParty
from marketplace.deals.terms.schemas_terms import DELIVERABLES_MAX
from marketplace.stopping.disputes.models import DisputeOutcome, DisputeStatus

TEXT_MAX = 5_000


class DisputeIn(Schema):
    """Why, and of what: all that is not over by default. The other side reads it."""

    reason = TextField(TEXT_MAX, pattern=NOT_BLANK, required=True)
    deliverable_ids = fields.List(
        IdField("dlv"), load_default=None, allow_none=True, validate=validate.Length(min=1, max=DELIVERABLES_MAX)
    )


class DisputeEvidenceIn(Schema):
    """Words, and what of the deal they are about."""

    body = TextField(TEXT_MAX, pattern=NOT_BLANK, required=True)
    script_id = IdField("scr", load_default=None, allow_none=True)
    draft_id = IdField("drf", load_default=None, allow_none=True)
    check_id = IdField("vck", load_default=None, allow_none=True)
    publication_id = IdField("pub", load_default=None, allow_none=True)


class DecidedAmountIn(Schema):
    """What of a deliverable is due to the maker's side; the rest of what is held for it is returned."""

    deliverable_id = IdField("dlv", required=True)
    due_minor = WholeField(0, AMOUNT_MAX, required=True)


class DisputeProposalIn(Schema):
    """To cancel or complete, all that is not over needs its amount; to go on, what ends by the decision, and what was
    taken down."""

    outcome = one_of(DisputeOutcome, required=True)
    amounts = fields.List(fields.Nested(DecidedAmountIn), required=True, validate=validate.Length(max=DELIVERABLES_MAX))
    reason = TextField(TEXT_MAX, pattern=NOT_BLANK, required=True)


class DisputeConfirmIn(Schema):
    version = WholeField(1, 2**31, required=True, metadata={"description": "Of the dispute as you have read it."})


class DecidedAmountOut(Schema):
    deliverable_id = IdField("dlv", required=True)
    due_minor = fields.Integer(required=True)


class DisputeEvidenceOut(Schema):
    id = IdField("dev", required=True)
    side = one_of(DealParty, required=True)
    body = fields.String(required=True)
    script_id = IdField("scr", required=True, allow_none=True)
    draft_id = IdField("drf", required=True, allow_none=True)
    check_id = IdField("vck", required=True, allow_none=True)
    publication_id = IdField("pub", required=True, allow_none=True)
    created_at = TimeField(required=True)


class DisputeOut(Schema):
    """A dispute. What is proposed is shown to the platform, and to both sides once it is decided."""

    id = IdField("dsp", required=True)
    deal_id = IdField("dea", required=True)
    status = one_of(DisputeStatus, required=True)
    side = one_of(DealParty, required=True, allow_none=True, metadata={"description": "Whose; null: the market's."})
    reason = fields.String(required=True)
    deliverable_ids = fields.List(IdField("dlv"), required=True)
    answer_by = TimeField(required=True, metadata={"description": "Until when both sides are heard."})
    evidence = fields.List(fields.Nested(DisputeEvidenceOut), required=True)
    outcome = one_of(DisputeOutcome, required=True, allow_none=True)
    amounts = fields.List(fields.Nested(DecidedAmountOut), required=True)
    decision = fields.String(required=True, allow_none=True, metadata={"description": "The reasons of it."})
    decided_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


DisputesQuery = page_query(
    "dsp", status=one_of(DisputeStatus, load_default=None), deal_id=IdField("dea", load_default=None)
)
