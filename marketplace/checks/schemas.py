"""Schemas of the API of video checks."""

from marshmallow import Schema, fields, validate

from marketplace.bids.schemas_plan import ExposureTimeline, TimelineCorrection
from marketplace.briefs.vocabulary import MARKETS
from marketplace.channels.facts.fact_fields import RegionField
from marketplace.checks.corrections import NOTE_MAX
from marketplace.checks.labels import CORRECTIONS_MAX
from marketplace.checks.models import VideoCheckStatus
from marketplace.checks.schemas_result import (
    CorrectedResultOut,
    CorrectionLabelOut,
    VideoCheckTermsOut,
    VideoRefusalOut,
    VideoResultOut,
)
from marketplace.checks.service import MARKETS_MAX, NAME_MAX, NAMES_MAX
from marketplace.core.http.fields import (
    FlagField,
    IdField,
    SentDocument,
    StoredDocument,
    TextField,
    TimeField,
    WholeParam,
    one_of,
)
from marketplace.core.http.paging import page_query
from marketplace.core.jobs import JobState
from marketplace.drawing.sheet import NARROWEST, WIDEST, WIDTH

SVG, JPEG, JSONL = "image/svg+xml", "image/jpeg", "application/jsonl"


class VideoCheckIn(Schema):
    """With `bid_id`, the brand's names and images come from the bid's brief, and the plan from the bid; with
    `deliverable_id` from the brief and the terms of its deal. A draft is sent with a check of the second kind."""

    video_id = IdField("vfl", required=True)
    bid_id = IdField("bid", load_default=None, allow_none=True)
    deliverable_id = IdField("dlv", load_default=None, allow_none=True)
    names = fields.List(
        TextField(NAME_MAX),
        load_default=list,
        validate=validate.Length(max=NAMES_MAX),
        metadata={"description": "How the brand is written, nicknamed and said, besides the brief's own names."},
    )
    markets = fields.List(
        RegionField(MARKETS),
        load_default=list,
        validate=validate.Length(max=MARKETS_MAX),
        metadata={
            "description": "What the video is for, where no bid tells: decides which languages are listened for."
        },
    )
    buying_link = FlagField(load_default=None, allow_none=True)


VideoChecksQuery = page_query(
    "vck",
    status=one_of(VideoCheckStatus, load_default=None),
    bid_id=IdField("bid", load_default=None),
    deliverable_id=IdField("dlv", load_default=None),
    video_id=IdField("vfl", load_default=None),
    repeats=fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Only checks whose video repeats one of another party's."},
    ),
)


class VideoCheckStepOut(Schema):
    name = fields.String(required=True)
    state = one_of(JobState, required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)


class VideoCheckPairOut(Schema):
    """Two pictures that are the same: when in each of the videos, and how many of 256 bits apart."""

    at_s = fields.Float(required=True)
    other_s = fields.Float(required=True)
    bits = fields.Integer(required=True)


class VideoCheckDuplicateOut(Schema):
    """Another video with the same pictures; `own` where it is a video of the reader's. `seen_first`: which of the two
    the market saw first, this or the other."""

    place = fields.Integer(required=True)
    own = fields.Boolean(required=True)
    sha256 = fields.String(required=True, allow_none=True)
    seen_first = fields.String(required=True, allow_none=True)
    share = fields.Float(required=True, metadata={"description": "Share of this video's pictures, 0..1."})
    pictures = fields.Integer(required=True)
    mirrored = fields.Boolean(required=True)
    pairs = fields.List(fields.Nested(VideoCheckPairOut), required=True)


class VideoCheckSummaryOut(Schema):
    id = IdField("vck", required=True)
    party_id = IdField("pty", required=True)
    person_id = IdField("per", required=True, allow_none=True)
    video_id = IdField("vfl", required=True, allow_none=True)
    bid_id = IdField("bid", required=True, allow_none=True)
    deliverable_id = IdField("dlv", required=True, allow_none=True)
    sha256 = fields.String(required=True)
    names = fields.List(fields.String(), required=True)
    status = one_of(VideoCheckStatus, required=True)
    repeats = fields.Integer(
        required=True, metadata={"description": "Videos of other parties that have the same pictures."}
    )
    brand_id = IdField("pty", required=True, allow_none=True)
    shared_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    finished_at = TimeField(required=True, allow_none=True)


class VideoCheckOut(VideoCheckSummaryOut):
    """A check: how far each step is and, once it is done, the result. `corrected` is the newest correction, scored;
    `terms` is what it was held against, from which and the timeline every score can be worked out again. A brand with
    which it was shared since `shared_at` sees no steps and not who asked."""

    version = fields.Integer(required=True)
    terms = StoredDocument(VideoCheckTermsOut, required=True)
    refusal = StoredDocument(VideoRefusalOut, required=True, allow_none=True)
    steps = fields.List(fields.Nested(VideoCheckStepOut), required=True)
    duplicates = fields.List(fields.Nested(VideoCheckDuplicateOut), required=True)
    result = StoredDocument(VideoResultOut, required=True, allow_none=True)
    corrected = StoredDocument(CorrectedResultOut, required=True, allow_none=True)


class VideoCheckPictureQuery(Schema):
    language = one_of(("zh", "en"), load_default="zh")
    width = WholeParam(NARROWEST, WIDEST, load_default=WIDTH)
    of = one_of(("measured", "corrected"), load_default="measured")


class VideoCheckFrameQuery(Schema):
    of = one_of(("keyframe", "this", "other"), load_default="keyframe")
    number = WholeParam(
        0, 100_000, required=True, metadata={"description": "A name of `pictures`, or a repetition's place."}
    )


class VideoCorrectionIn(Schema):
    """The whole timeline as it really is; its shape is a plan's, its numbers plain or intervals."""

    timeline = SentDocument(TimelineCorrection, required=True)
    note = TextField(NOTE_MAX, load_default=None, allow_none=True)


class VideoCorrectionOut(Schema):
    id = IdField("vcr", required=True)
    check_id = IdField("vck", required=True)
    person_id = IdField("per", required=True, allow_none=True)
    timeline = StoredDocument(ExposureTimeline, required=True)
    labels = StoredDocument(CorrectionLabelOut, many=True, required=True)
    note = fields.String(required=True, allow_none=True)
    created_at = TimeField(required=True)


VideoCorrectionsQuery = page_query("vcr")


class VideoCheckLabelsQuery(Schema):
    limit = WholeParam(
        1, CORRECTIONS_MAX, load_default=CORRECTIONS_MAX, metadata={"description": "Corrected checks at most."}
    )
    starting_after = IdField(
        "vcr", load_default=None, metadata={"description": "The `correction_id` of the last line of the page before."}
    )
