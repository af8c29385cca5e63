"""Schemas of the API of what deals owe."""

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import (
    NOT_BLANK,
    FlagField,
    IdField,
    RealField,
    TextField,
    TimeField,
    one_of,
)
from marketplace.core.http.paging import page_query
from marketplace.core.http.shared_schemas import SilenceOut
from marketplace.deals.models import DealParty, DealStatus, DeliverableStatus
from marketplace.deals.schemas import DeliverableOut
from marketplace.deals.terms.schemas_terms import DealDeliverableTerms, DealDisclosure, DealPlan
from marketplace.deliverables.draft_verdict import FindingWeight
from marketplace.deliverables.models import DraftStatus, PublicationProof, ScriptStatus, TakedownStatus
from marketplace.matching.overlap.channel_people import PeopleBasis

BODY_MAX, REASON_MAX, CHANGES_MAX, SECONDS_MAX = 20_000, 2_000, 100, 24 * 3_600
# As the other links of the market.
ADDRESS = r"^https?://[^\s<>\"]{3,}$"

DeliverablesQuery = page_query(
    "dlv", status=one_of(DeliverableStatus, load_default=None), deal_id=IdField("dea", load_default=None)
)


class DeliverableTermsOut(DealPlan):
    """What the deal's terms say of it: the plan and limits that its drafts are checked against are part of them."""

    line = fields.Nested(DealDeliverableTerms, required=True)
    disclosure = fields.Nested(DealDisclosure, required=True)
    script_needed = fields.Boolean(required=True)
    keep_live_days = fields.Integer(required=True)
    one_more_round_minor = fields.Integer(required=True, metadata={"description": "What one more round costs."})


class DealOfDeliverableOut(Schema):
    id = IdField("dea", required=True)
    status = one_of(DealStatus, required=True)
    brand_id = IdField("pty", required=True)
    creator_id = IdField("pty", required=True)
    agency_id = IdField("pty", required=True, allow_none=True)
    channel_id = IdField("chn", required=True)
    currency = fields.String(required=True)
    timezone = fields.String(required=True)


class DeliverableWorkOut(DeliverableOut):
    """A deliverable with its terms, whom it waits for, and what their silence does."""

    deal = fields.Nested(DealOfDeliverableOut, required=True)
    terms_id = IdField("dtm", required=True)
    terms = fields.Nested(DeliverableTermsOut, required=True)
    script_rounds_left = fields.Integer(required=True)
    draft_rounds_left = fields.Integer(required=True)
    waits_for = one_of(
        DealParty, required=True, allow_none=True, metadata={"description": "Who makes the next move; null: time."}
    )
    answer_by = TimeField(
        required=True, allow_none=True, metadata={"description": "Until when the brand answers the draft that it has."}
    )
    silence_approves = fields.Boolean(
        required=True, metadata={"description": "Whether the draft is approved if nobody answers by then."}
    )
    silence = fields.Nested(
        SilenceOut,
        required=True,
        allow_none=True,
        metadata={"description": "What their silence does; null where time makes the next move."},
    )
    version = fields.Integer(required=True)


class ScriptIn(Schema):
    body = TextField(BODY_MAX, pattern=NOT_BLANK, required=True, metadata={"description": "The script, in words."})


class ScriptReasonsIn(Schema):
    reasons = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


class ScriptOut(Schema):
    id = IdField("scr", required=True)
    deliverable_id = IdField("dlv", required=True)
    number = fields.Integer(required=True)
    body = fields.String(required=True)
    status = one_of(ScriptStatus, required=True)
    reasons = fields.String(required=True, allow_none=True)
    decided_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)


class DraftIn(Schema):
    """`check_id` is a finished check that was made for this deliverable; the draft is the file that it looked at."""

    check_id = IdField("vck", required=True)
    note = TextField(1000, pattern=NOT_BLANK, load_default=None, allow_none=True)


class ChangeRequestIn(Schema):
    """What is to be changed, from second `at_s` of the draft; with `until_s` until there."""

    at_s = RealField(0, SECONDS_MAX, required=True)
    until_s = RealField(0, SECONDS_MAX, load_default=None, allow_none=True)
    reason = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


class ChangeRequestsIn(Schema):
    changes = fields.List(
        fields.Nested(ChangeRequestIn), required=True, validate=validate.Length(min=1, max=CHANGES_MAX)
    )


class ChangeRequestOut(Schema):
    position = fields.Integer(required=True)
    at_s = fields.Float(required=True)
    until_s = fields.Float(required=True, allow_none=True)
    reason = fields.String(required=True)


class DraftFindingOut(Schema):
    """What speaks against a draft. A veto keeps everybody from approving it, a doubt keeps silence from it, a note
    nobody."""

    code = fields.String(required=True)
    weight = one_of(FindingWeight, required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class DraftOut(Schema):
    id = IdField("drf", required=True)
    deliverable_id = IdField("dlv", required=True)
    number = fields.Integer(required=True)
    video_id = IdField("vfl", required=True, allow_none=True)
    sha256 = fields.String(required=True)
    check_id = IdField("vck", required=True)
    terms_id = IdField("dtm", required=True)
    note = fields.String(required=True, allow_none=True)
    status = one_of(DraftStatus, required=True)
    answer_by = TimeField(required=True)
    silence_approves = fields.Boolean(required=True)
    by_silence = fields.Boolean(required=True)
    decided_at = TimeField(required=True, allow_none=True)
    is_approvable = fields.Boolean(required=True, metadata={"description": "Whether nothing forbids approving it."})
    findings = fields.List(fields.Nested(DraftFindingOut), required=True)
    changes = fields.List(fields.Nested(ChangeRequestOut), required=True)
    created_at = TimeField(required=True)


class PublicationIn(Schema):
    """Where and when it went live, for how many seconds the label shows, and one proof that it is the approved video:
    `video_id`, the very file, or `check_id`, a check for this deliverable of the file that the platform shows."""

    url = TextField(2000, pattern=ADDRESS, required=True)
    published_at = TimeField(required=True)
    label_seconds = RealField(0, SECONDS_MAX, required=True)
    video_id = IdField("vfl", load_default=None, allow_none=True)
    check_id = IdField("vck", load_default=None, allow_none=True)
    channel_id = IdField(
        "chn",
        load_default=None,
        allow_none=True,
        metadata={"description": "Where, if the terms name several channels; null: the deal's own."},
    )


class TakedownReportIn(Schema):
    channel_id = IdField(
        "chn",
        load_default=None,
        allow_none=True,
        metadata={"description": "Where it is gone; null: on the deal's own channel."},
    )
    seen_at = TimeField(required=True, metadata={"description": "When it was not there."})
    reason = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


class TakedownDecisionIn(Schema):
    upheld = FlagField(required=True)
    reason = TextField(REASON_MAX, pattern=NOT_BLANK, required=True)


class TakedownReportOut(Schema):
    id = IdField("tdr", required=True)
    deliverable_id = IdField("dlv", required=True)
    publication_id = IdField("pub", required=True)
    seen_at = TimeField(required=True)
    reason = fields.String(required=True)
    status = one_of(TakedownStatus, required=True)
    decision = fields.String(required=True, allow_none=True)
    decided_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)


class PublicationOut(Schema):
    id = IdField("pub", required=True)
    deliverable_id = IdField("dlv", required=True)
    draft_id = IdField("drf", required=True)
    channel_id = IdField("chn", required=True)
    platform = fields.String(required=True)
    url = fields.String(required=True)
    published_at = TimeField(required=True)
    label_seconds = fields.Float(required=True)
    last_live_on = fields.Date(
        required=True,
        attribute="keep_live_until",
        metadata={"description": "The last day on which it stays, of the deal's time zone."},
    )
    proof = one_of(PublicationProof, required=True)
    sha256 = fields.String(required=True)
    same_share = fields.Float(required=True, metadata={"description": "Share of the approved pictures, 0..1."})
    reports = fields.List(fields.Nested(TakedownReportOut), required=True)
    created_at = TimeField(required=True)


class ReachedOnOut(Schema):
    channel_id = IdField("chn", required=True)
    platform = fields.String(required=True)
    people = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Who follow it; null: its audience is not known."}
    )
    added = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Whom it adds to the channels before it."}
    )
    publication_id = IdField("pub", required=True, allow_none=True, attribute="publication.id", dump_default=None)
    url = fields.String(required=True, allow_none=True, attribute="publication.url", dump_default=None)


class VideoReachOut(Schema):
    """Plays add up over channels; people do not: `people` counts each of those who follow them once."""

    deliverable_id = IdField("dlv", required=True)
    channels = fields.List(fields.Nested(ReachedOnOut), required=True)
    summed = fields.Integer(required=True, allow_none=True, metadata={"description": "All of them added up."})
    people = fields.Integer(required=True, allow_none=True, metadata={"description": "Each counted once."})
    basis = one_of(PeopleBasis, required=True)
    price_per_thousand_minor = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of its price, for each thousand of `people`."}
    )
