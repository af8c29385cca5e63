"""What the review queue looks like from outside."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from marketplace.core.http.fields import (
    FlagField,
    IdField,
    RealField,
    StoredDocument,
    TextField,
    TimeField,
    free_form,
    one_of,
)
from marketplace.core.http.load_refusals import refusal
from marketplace.reviews.decisions import MANY
from marketplace.reviews.models import ReviewStatus
from marketplace.reviews.verdicts import VerdictStatus

VERDICTS = ("approve", "hold", "reject", "override", "reopen")


class RiskOut(Schema):
    """A rule that fired. One that `asks` needs a person; the others are notes beside it."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    figure = fields.Float(required=True)
    limit = fields.Float(required=True)
    asks = fields.Boolean(required=True)


class OverrideValuesOut(Schema):
    """What a person puts in place of what was computed; what is left as it was is null or missing."""

    overall = fields.Float(allow_none=True)
    intrusiveness = fields.Float(allow_none=True)
    flags_cleared = fields.Boolean()


class AgreedOverrideOut(OverrideValuesOut):
    """`by` are the ids of the two people who agreed."""

    reason = fields.String()
    decided_at = fields.String(metadata={"format": "date-time"})
    by = fields.List(fields.String())


class ReviewOut(Schema):
    """A thing that needs a person; `seen_fingerprint` names what there is to look at."""

    id = IdField("rvw", required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    about_id = IdField("brf", required=True)
    status = one_of(ReviewStatus, required=True)
    priority = fields.Integer(required=True)
    needs_two = fields.Boolean(required=True)
    risks = fields.List(fields.Nested(RiskOut), required=True)
    seen_fingerprint = fields.String(required=True)
    reason = fields.String(
        allow_none=True, required=True, metadata={"description": "What both sides read of the decision's reasons."}
    )
    override = StoredDocument(
        AgreedOverrideOut,
        allow_none=True,
        required=True,
        metadata={"description": "What two people put in place of the computed values; null until both have agreed."},
    )
    decided_at = TimeField(allow_none=True, required=True)
    version = fields.Integer(required=True)
    created_at = TimeField(required=True)


class ReviewDecisionOut(Schema):
    id = IdField("dcn", required=True)
    person_id = IdField("per", required=True)
    verdict = one_of(VERDICTS, required=True)
    reason = fields.String(required=True)
    override = StoredDocument(OverrideValuesOut, allow_none=True, required=True)
    seen = free_form("the review's event at the time: what the person looked at.", required=True)
    created_at = TimeField(required=True)


class ReviewWithDecisionsOut(ReviewOut):
    """With what there is to look at (`facts`) and what was decided on what, the oldest first."""

    facts = free_form(
        "what the rules looked at; null where it was not kept. Each rule has facts of its own.",
        allow_none=True,
        required=True,
    )
    decisions = fields.List(fields.Nested(ReviewDecisionOut), required=True)


class DecisionIn(Schema):
    """`seen_fingerprint` as it was read: a decision on something else than what there is now is refused."""

    reason = TextField(
        2000,
        shortest=2,  # two Chinese characters are a reason: 重复
        required=True,
        metadata={"description": "Both sides read it, but for that of an approval."},
    )
    seen_fingerprint = TextField(128, load_default=None, allow_none=True)


class OverrideIn(DecisionIn):
    """What the person puts in place of what was computed."""

    overall = RealField(0, 100, load_default=None, allow_none=True)
    intrusiveness = RealField(0, 100, load_default=None, allow_none=True)
    flags_cleared = FlagField(load_default=False)

    @validates_schema
    def _changes_something(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("overall") is None and data.get("intrusiveness") is None and not data.get("flags_cleared"):
            raise ValidationError(
                refusal(
                    "请至少给出 overall、intrusiveness 和 flags_cleared 之一。",
                    "Give at least one of overall, intrusiveness and flags_cleared.",
                )
            )


class SeenReviewIn(Schema):
    id = IdField("rvw", required=True)
    seen_fingerprint = TextField(128, required=True)


def _each_once(reviews: list[dict[str, Any]]) -> None:
    if len({review["id"] for review in reviews}) != len(reviews):
        raise ValidationError(refusal("同一个审核出现了两次。", "Names the same review twice."))


class DecisionsIn(Schema):
    """One verdict and one reason for many reviews, each as it was read."""

    verdict = one_of(("approve", "hold", "reject"), required=True)
    reason = TextField(
        2000,
        shortest=2,  # two Chinese characters are a reason: 重复
        required=True,
        metadata={"description": "Both sides read it if the verdict is to hold or to reject."},
    )
    reviews = fields.List(
        fields.Nested(SeenReviewIn), validate=[validate.Length(min=1, max=MANY), _each_once], required=True
    )


class DecidedReviewOut(Schema):
    id = IdField("rvw", required=True)
    status = one_of(ReviewStatus, required=True)


class DecisionsOut(Schema):
    data = fields.List(fields.Nested(DecidedReviewOut), required=True)


class VerdictRiskOut(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class OverrideOut(Schema):
    """The values that people have put in place of the computed ones; null for a value that stays."""

    overall = fields.Float(allow_none=True, required=True)
    intrusiveness = fields.Float(allow_none=True, required=True)
    flags_cleared = fields.Boolean(required=True)


class VerdictOut(Schema):
    """Where the review of a bid stands, for both sides. `reason` is the reviewer's, if the bid is held or rejected or
    its scores were overridden; `risks` say why a person is needed."""

    status = one_of(VerdictStatus, required=True)
    reason = fields.String(allow_none=True, required=True)
    override = fields.Nested(OverrideOut, allow_none=True, required=True)
    decided_at = TimeField(allow_none=True, required=True)
    risks = fields.List(fields.Nested(VerdictRiskOut), required=True)


class ReviewSummaryOut(Schema):
    by_status = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_risk = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
