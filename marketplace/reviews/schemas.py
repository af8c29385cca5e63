"""What the review queue looks like from outside."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from marketplace.core.http.fields import FlagField, IdField, RealField, TextField, TimeField, one_of
from marketplace.reviews.models import ReviewStatus

VERDICTS = ("approve", "hold", "reject", "override")


class RiskOut(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    figure = fields.Float(required=True)
    limit = fields.Float(required=True)


class ReviewOut(Schema):
    """A thing that waits for a person; `seen_fingerprint` names what there is to look at."""

    id = IdField("rvw", required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    about_id = IdField("brf", required=True)
    status = one_of(ReviewStatus, required=True)
    priority = fields.Integer(required=True)
    needs_two = fields.Boolean(required=True)
    risks = fields.List(fields.Nested(RiskOut), required=True)
    seen_fingerprint = fields.String(required=True)
    version = fields.Integer(required=True)
    created_at = TimeField(required=True)


class ReviewDecisionOut(Schema):
    id = IdField("dcn", required=True)
    person_id = IdField("per", required=True)
    verdict = one_of(VERDICTS, required=True)
    reason = fields.String(required=True)
    override = fields.Dict(allow_none=True, required=True)
    seen = fields.Dict(required=True)
    created_at = TimeField(required=True)


class ReviewWithDecisionsOut(ReviewOut):
    """With what there is to look at (`facts`) and what was decided on what, the oldest first."""

    facts = fields.Dict(allow_none=True, required=True)
    decisions = fields.List(fields.Nested(ReviewDecisionOut), required=True)


class DecisionIn(Schema):
    """`seen_fingerprint` as it was read: a decision on something else than what there is now is refused."""

    reason = TextField(2000, shortest=3, required=True)
    seen_fingerprint = TextField(128, load_default=None, allow_none=True)


class OverrideIn(DecisionIn):
    """What the person puts in place of what was computed."""

    overall = RealField(0, 100, load_default=None, allow_none=True)
    intrusiveness = RealField(0, 100, load_default=None, allow_none=True)
    flags_cleared = FlagField(load_default=False)

    @validates_schema
    def _changes_something(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("overall") is None and data.get("intrusiveness") is None and not data.get("flags_cleared"):
            raise ValidationError("Give at least one of overall, intrusiveness and flags_cleared.")


class ReviewSummaryOut(Schema):
    by_status = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_risk = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
