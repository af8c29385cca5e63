"""What a check of a video found, as it is shown. docs/checks.md explains each field.

Results are documents that stay as the release that made them wrote them, so what a later one added may be missing.
"""

from marshmallow import Schema, fields, validate

from marketplace.bids.schemas_plan import ExposureTimeline, PlacementPlan, PlanExposure, PlanScoreOut
from marketplace.core.http.fields import one_of
from marketplace.core.http.shared_schemas import EstimateOut
from marketplace.pacing.schemas import ChannelScoreOut


class VideoCheckTermsOut(Schema):
    """What a video was held against. `past`: length in seconds of the channel's newest videos, and whether each was
    sponsored."""

    plan = fields.Nested(PlacementPlan, required=True, allow_none=True)
    fit = fields.Float(required=True, allow_none=True)
    past = fields.List(fields.List(fields.Raw()), allow_none=True, metadata={"description": "[seconds, sponsored]"})
    buying_link = fields.Boolean(allow_none=True)
    markets = fields.List(fields.String())


class VideoRefusalOut(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    at_s = fields.Float(allow_none=True)


class CheckedVideoOut(Schema):
    sha256 = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    duration_s = fields.Float(required=True)
    fps = fields.Float(required=True)
    sound = fields.Boolean(required=True)
    pictures = fields.Integer(required=True, metadata={"description": "How many were looked at."})
    closed_by = fields.String(metadata={"description": "What isolated its decoding."})


class ReferenceImageOut(Schema):
    name = fields.String(required=True)
    features = fields.Integer(required=True)
    findable = fields.Boolean(required=True)
    from_px = fields.Integer(
        allow_none=True,
        metadata={
            "description": "From which longer side on, in px of a picture whose shorter side has 720, it is found in"
            " most pictures without blur; null: from none. Results from before it was measured do not have it."
        },
    )


class CheckedBrandOut(Schema):
    names = fields.List(fields.String(), required=True)
    references = fields.List(fields.Nested(ReferenceImageOut), required=True)


class SightingOut(Schema):
    """Where something stood in a picture: four corners in shares of its width and height."""

    picture = fields.Integer(required=True)
    at_s = fields.Float(required=True)
    quad = fields.List(
        fields.List(fields.Float(), validate=validate.Length(equal=2)),
        validate=validate.Length(equal=4),
        required=True,
    )


class ExposureEvidenceOut(Schema):
    name = fields.String(required=True)
    by = fields.String(required=True)
    text = fields.String(required=True, allow_none=True)
    keyframes = fields.List(fields.Integer(), required=True)
    places = fields.List(fields.Nested(SightingOut), required=True)


class DisclosureOut(Schema):
    start_s = fields.Float(required=True)
    end_s = fields.Float(required=True)
    text = fields.String(required=True)
    by = fields.String(required=True)


class SpokenSentenceOut(Schema):
    start_s = fields.Float(required=True)
    end_s = fields.Float(required=True)
    text = fields.String(required=True)


class CheckedSpeechOut(Schema):
    by = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    sentences = fields.List(fields.Nested(SpokenSentenceOut), required=True)


class ProminenceOut(EstimateOut):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class VideoScoreOut(PlanScoreOut):
    """The score of what a video shows, for a channel whose fit with the brief is known or null."""

    fit = fields.Float(allow_none=True)
    prominence = fields.Nested(ProminenceOut)
    channel = fields.Nested(ChannelScoreOut, allow_none=True)


class ComparedRowOut(Schema):
    """An exposure of the plan beside one of the video, each by its place or null."""

    planned = fields.Integer(required=True, allow_none=True)
    measured = fields.Integer(required=True, allow_none=True)
    kept = fields.Boolean(required=True)
    off = fields.List(fields.String())
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ComparedLengthOut(Schema):
    planned_s = fields.Float(required=True)
    measured_s = fields.Float(required=True)
    kept = fields.Boolean(required=True)
    off = fields.List(fields.String(), required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class PlanComparisonOut(Schema):
    kept = fields.Boolean(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    length = fields.Nested(ComparedLengthOut)
    rows = fields.List(fields.Nested(ComparedRowOut), required=True)
    model_version = fields.String()


class LookAlikeOut(Schema):
    start_s = fields.Float(required=True)
    end_s = fields.Float(required=True)
    name = fields.String(required=True)
    text = fields.String(required=True)


class NotSeenOut(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class CorrectedResultOut(Schema):
    """A corrected timeline with its score and its comparison with the plan."""

    timeline = fields.Nested(ExposureTimeline, required=True)
    intrusiveness = fields.Nested(VideoScoreOut, required=True)
    plan = fields.Nested(PlanComparisonOut, required=True, allow_none=True)


class VideoResultOut(CorrectedResultOut):
    """What a video shows. `evidence` has an entry for each exposure; `pictures` names the keyframes' files by hash."""

    version = fields.Integer(required=True, metadata={"description": "The shape of this document."})
    steps = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Version of each step."},
    )
    video = fields.Nested(CheckedVideoOut, required=True)
    brand = fields.Nested(CheckedBrandOut, required=True)
    evidence = fields.List(fields.Nested(ExposureEvidenceOut), required=True)
    pictures = fields.Dict(keys=fields.String(), values=fields.String())
    cuts = fields.List(fields.Float(), required=True, metadata={"description": "Seconds."})
    disclosures = fields.List(fields.Nested(DisclosureOut), required=True)
    speech = fields.Nested(CheckedSpeechOut, required=True)
    not_judged = fields.List(
        fields.String(), metadata={"description": "Languages in which a disclosure could not be recognised."}
    )
    look_alikes = fields.List(
        fields.Nested(LookAlikeOut),
        metadata={"description": "Words that are nearly a name of the brand: not counted, for a person to look at."},
    )
    not_seen = fields.List(fields.Nested(NotSeenOut), required=True)


class CorrectionLabelOut(Schema):
    """Whether an exposure was measured right. `measured`: its place as measured; `fields`: in what it differs."""

    label = one_of(("right", "otherwise", "wrong", "missed"), required=True)
    fields_ = fields.List(fields.String(), data_key="fields")
    exposure = fields.Nested(PlanExposure, required=True)
    measured = fields.Integer()
