"""What a placement plan and its score look like from outside. These schemas describe:
`intrusiveness.timeline.from_dict` reads plans and refuses what is wrong with them."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from marketplace.core.http.fields import ObjectOr, one_of
from marketplace.intrusiveness.timeline import (
    DESCRIPTION_MAX,
    EXPOSURES_MAX,
    LIMITS,
    SHORTHANDS,
    ExposureKind,
    TimelineSource,
)


class PlanRange(Schema):
    """A number that is known to lie within low and high."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)

    class Meta:
        unknown = RAISE


def _number(name: str, description: str, *, required: bool = False, default: Any = None) -> ObjectOr:
    """Describe a number of a timeline: a plain one, a range, or a word where there are words for it."""
    low, high = LIMITS[name]
    words = [shorthand.word for shorthand in SHORTHANDS.get(name, ())]
    others: list[dict[str, Any]] = [{"type": "number", "minimum": low, "maximum": high}]
    if words:
        others.append({"type": "string", "enum": words})
    metadata: dict[str, Any] = {"description": description}
    if default is not None:
        metadata["default"] = default
    return ObjectOr(PlanRange, others, required=required, metadata=metadata)


def _plain(name: str, description: str, *, required: bool = False) -> fields.Float:
    low, high = LIMITS[name]
    checks = validate.Range(min=low, max=high)
    return fields.Float(required=required, validate=checks, metadata={"description": description})


class PlanExposure(Schema):
    """One stretch of time in which the brand can be seen or heard. What is seen needs `area_share` and `centre`."""

    kind = one_of(ExposureKind, required=True)
    start_s = _number("start_s", "Seconds from the start of the video.", required=True)
    seconds = _number("seconds", "How long; `low` may be 0: then it may be left out.", required=True)
    area_share = _number("area_share", "Share of the frame, 0-1.")
    centre = _number("centre", "1 in the middle of the frame, 0 in a corner.")
    saliency = _number("saliency", "How strongly it draws the eye, 0-1; else by its size.")
    clarity = _number("clarity", "How well it can be read or recognised, 0-1; else 0.8 to 1.")
    claims = _number("claims", "Selling points: price, feature, offer, call to action.")
    mentions = _number("mentions", "Times the brand is named.")
    plot = _number("plot", "How far the story needs it, 0-1.")
    cta = fields.Boolean(metadata={"description": "Whether it asks the viewer to do something."})
    description = fields.String(validate=validate.Length(max=DESCRIPTION_MAX), metadata={"description": "For people."})

    class Meta:
        unknown = RAISE


class PlacementPlan(Schema):
    """The exposures that one video would have. Numbers may be ranges, `{low, high}`, and some may be words."""

    duration_s = _plain("duration_s", "Length of the video.", required=True)
    exposures = fields.List(fields.Nested(PlanExposure), validate=validate.Length(max=EXPOSURES_MAX), required=True)
    brands = _number("brands", "Brands shown or named by way of advertising; else 1.")
    loudness_lu = _number("loudness_lu", "Loudness of the placement against the rest of the video, LU; else 0.")
    occlusion_share = _number("occlusion_share", "Share of brand time that covers a face or a subtitle; else 0.")
    source = one_of(TimelineSource)
    sample_step_s = _plain("sample_step_s", "How finely it was measured, in seconds.")

    class Meta:
        unknown = RAISE


class ExposureTimeline(PlacementPlan):
    """The exposures that a video has, as measured or as a person put them right: the same as a plan's."""

    class Meta:
        unknown = RAISE


class TimelineCorrection(PlacementPlan):
    """All exposures that a video has. What is left out beside them stays as it was measured."""

    duration_s = _plain("duration_s", "Length of the video.")

    class Meta:
        unknown = RAISE


class PlanPointsOut(Schema):
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class PlanSpanOut(PlanPointsOut):
    point = fields.Float(required=True)


class PlanFactorOut(PlanSpanOut):
    code = fields.String(required=True)


class ScoredExposureOut(Schema):
    """What one exposure costs alone, and what the plan would save without it."""

    index = fields.Integer(required=True)
    alone = fields.Float(required=True)
    marginal = fields.Float(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class PlanChangeOut(Schema):
    """`action` applies to the `exposures`, by index; empty: to the whole video."""

    action = fields.String(required=True)
    exposures = fields.List(fields.Integer(), required=True)
    value = fields.Float(required=True, allow_none=True)


class PlanWhatIfOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)
    change = fields.Nested(PlanChangeOut, required=True)
    score_after = fields.Nested(PlanPointsOut, required=True)


class FactorReasonOut(Schema):
    code = fields.String(required=True)
    points = fields.Nested(PlanPointsOut, required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    evidence = fields.String(required=True)
    what_if = fields.Nested(PlanWhatIfOut, required=True, allow_none=True)


class PlanVetoOut(Schema):
    code = fields.String(required=True)
    certain = fields.Boolean(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class PlanScoreOut(Schema):
    """What a plan does to viewers, 0-100: as a range, by factor and by exposure, with what to change."""

    model_version = fields.String(required=True)
    score = fields.Nested(PlanSpanOut, required=True)
    band = fields.String(required=True)
    factors = fields.List(fields.Nested(PlanFactorOut), required=True)
    exposures = fields.List(fields.Nested(ScoredExposureOut), required=True)
    reasons = fields.List(fields.Nested(FactorReasonOut), required=True)
    vetoes = fields.List(fields.Nested(PlanVetoOut), required=True)
