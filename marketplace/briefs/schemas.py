"""Schemas of the API of briefs. Limits of length are the platforms' own or wider."""

from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, missing, post_load, validate

from marketplace.briefs import brief_document
from marketplace.briefs.brief_document import DEFAULTS, SCORING_RULES
from marketplace.briefs.closing_time import WINDOW_S_MAX
from marketplace.briefs.models import BriefStatus
from marketplace.briefs.vocabulary import (
    CATEGORIES,
    DELIVERABLE_KINDS,
    GENDERS,
    LENGTH_TIERS,
    MARKETS,
    PLACEMENT_KINDS,
    REGIONS,
    USAGE_CHANNELS,
    VIDEO_S_MAX,
)
from marketplace.channels.facts.audience_vocabulary import INTERESTS, LEVELS, education_levels
from marketplace.channels.facts.fact_fields import InterestField, LevelField, PlatformField, RegionField
from marketplace.core.http.fields import (
    FlagField,
    IdField,
    MoneyField,
    MoneySchema,
    RealField,
    TextField,
    TimeField,
    WholeField,
    one_of,
)
from marketplace.core.http.load_refusals import NO_LINK, TWICE

_PART_OFFERS = "A bid may offer fewer than `deliverables` asks for."
_CLOSING_WINDOW = "Bidding ends at a secret moment within so many seconds after `bids_close_at`."
_LEAST_PROMINENCE = "The prominence (0..100) that a bid's plan must be sure of, its brand named once; null: any."
_LEAST_SECONDS = "The seconds in which the brand must be sure to be seen or named in each video; null: any."
_FIT_WEIGHT = "The share of a bid's value that follows how well the channel's content suits the category."


def _line(longest: int, **kwargs: Any) -> TextField:
    """A text that says something: not blank."""
    return TextField(longest, pattern=r"^\s*\S", **kwargs)


def _optional(most: float, description: str, default: float | None = None) -> RealField:
    """A number that may be left out; without a default it may be null."""
    return RealField(0, most, load_default=default, allow_none=default is None, metadata={"description": description})


def _different(values: list[Any]) -> None:
    if len({repr(value) for value in values}) != len(values):
        raise ValidationError(TWICE)


def _several(
    inner: fields.Field[Any], most: int, least: int = 0, description: str | None = None, **kwargs: Any
) -> fields.List[Any]:
    """A list of different things; without `least` it may be left out."""
    kwargs |= {"required": True} if least else {"load_default": list}
    metadata = {"uniqueItems": True, **({"description": description} if description else {})}
    return fields.List(inner, validate=[validate.Length(min=least, max=most), _different], metadata=metadata, **kwargs)


def _web_link(text: str) -> None:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() or not letter.isprintable() for letter in text):
        raise ValidationError(NO_LINK)


class _HttpLink(TextField):
    """An http(s) address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        _web_link(text)
        return text


def _stored_time(**kwargs: Any) -> fields.String:
    return fields.String(required=True, metadata={"format": "date-time"}, **kwargs)


class BriefProductIn(Schema):
    name = _line(80, required=True)
    description = _line(2000, load_default=None, allow_none=True)
    category = one_of(CATEGORIES, required=True)
    link = _HttpLink(500, load_default=None, allow_none=True, metadata={"format": "uri"})
    value = MoneyField(load_default=None, allow_none=True, metadata={"description": "What barter of it is worth."})


class BriefProductOut(Schema):
    name = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    category = one_of(CATEGORIES, required=True)
    link = fields.String(required=True, allow_none=True)
    value = fields.Nested(MoneySchema, required=True, allow_none=True)


class BriefBrand(Schema):
    """How the brand is written, nicknamed (Chinese, English, pinyin) and said, for the later check of the video."""

    names = _several(_line(60), 10, 1)
    aliases = _several(_line(60), 20)
    spoken_forms = _several(_line(60), 20)


class BriefAges(Schema):
    """Whole years, both included; `to` null or 99 means everybody older."""

    from_ = WholeField(13, 99, required=True, data_key="from", attribute="from")
    to = WholeField(13, 99, load_default=None, allow_none=True)


class BriefTargetCell(Schema):
    """A part of the audience and what it is worth to the brand. A list left empty means everybody; regions left empty
    mean the brief's markets. Of several interests, people count who have any."""

    ages = fields.Nested(BriefAges, load_default=None, allow_none=True)
    genders = _several(one_of(GENDERS), len(GENDERS))
    regions = _several(RegionField(REGIONS), len(REGIONS))
    education = _several(LevelField(), len(LEVELS))
    interests = _several(InterestField(), len(INTERESTS))
    weight = RealField(0, 1, load_default=1.0)

    @post_load
    def _levels(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """A name of several levels, such as university, is stored as these levels."""
        covered = {level for label in data["education"] for level in range(*education_levels(label) or (0, 0))}
        return {**data, "education": [LEVELS[level] for level in sorted(covered)]}


class BriefDeliverable(Schema):
    kind = one_of(DELIVERABLE_KINDS, required=True)
    count = WholeField(1, 50, required=True)
    length_tiers = _several(one_of(LENGTH_TIERS), len(LENGTH_TIERS))
    platform = PlatformField(load_default=None, allow_none=True)


# Stored as `from` and `to`: earlier versions of a brief are never changed.
class BriefWindowIn(Schema):
    starts_at = TimeField(required=True, attribute="from")
    ends_at = TimeField(required=True, attribute="to")


class BriefWindowOut(Schema):
    starts_at = _stored_time(attribute="from")
    ends_at = _stored_time(attribute="to")


class BriefUsage(Schema):
    days = WholeField(1, 3650, required=True)
    channels = _several(one_of(USAGE_CHANNELS), len(USAGE_CHANNELS), 1)


class BriefWhitelisting(Schema):
    days = WholeField(1, 365, required=True)


class BriefExclusivity(Schema):
    category = one_of(CATEGORIES, required=True)
    days = WholeField(1, 365, required=True)


class BriefRights(Schema):
    """Rights that the brand asks for; a bid prices each apart."""

    usage = fields.Nested(BriefUsage, load_default=None, allow_none=True)
    whitelisting = fields.Nested(BriefWhitelisting, load_default=None, allow_none=True)
    raw_files = FlagField(load_default=False)
    exclusivity = fields.Nested(BriefExclusivity, load_default=None, allow_none=True)
    likeness_for_ai = FlagField(load_default=False)


class BriefDisclosure(Schema):
    required = FlagField(load_default=True)
    text = _line(40, load_default="广告")


class BriefSample(Schema):
    provided = FlagField(load_default=False)
    to_return = FlagField(load_default=False)


class BriefTerms(Schema):
    """What creators ask before they bid: rounds of changes, when money comes, who decides, what may be shown."""

    revision_rounds = WholeField(0, 10, load_default=2)
    payment_days = WholeField(0, 180, load_default=30, metadata={"description": "From publication to payment."})
    scope_changes = _line(500, load_default=None, allow_none=True)
    disputes = _line(500, load_default=None, allow_none=True)
    may_be_shown = FlagField(
        load_default=True, metadata={"description": "The creator may show the work as a reference."}
    )


def _part(schema: type[Schema]) -> fields.Nested:
    return fields.Nested(schema, load_default=lambda: schema().load({}))


class BriefIn(Schema):
    """A whole brief. What may be left out has the value that is shown when it is read back."""

    title = _line(120, required=True)
    product = fields.Nested(BriefProductIn, required=True)
    brand = fields.Nested(BriefBrand, required=True)
    markets = _several(RegionField(MARKETS), 20, 1)
    target = _several(fields.Nested(BriefTargetCell), 20)
    placement_kinds = _several(one_of(PLACEMENT_KINDS), len(PLACEMENT_KINDS), 1)
    tolerance = WholeField(0, 100, load_default=40, metadata={"description": "The highest intrusiveness accepted."})
    budget = MoneyField(low=1, required=True)
    ceiling_per_thousand = MoneyField(low=1, load_default=None, allow_none=True)
    deliverables = _several(
        fields.Nested(BriefDeliverable),
        20,
        1,
        description="What each bid owes, on the channel's platform; `part_offers` says whether it may be fewer.",
    )
    part_offers = FlagField(load_default=False, metadata={"description": _PART_OFFERS})
    least_prominence = _optional(100, _LEAST_PROMINENCE)
    least_seconds = _optional(VIDEO_S_MAX, _LEAST_SECONDS)
    fit_weight = _optional(brief_document.FIT_WEIGHT_MAX, _FIT_WEIGHT, brief_document.FIT_WEIGHT)
    publish_window = fields.Nested(BriefWindowIn, required=True)
    keep_live_days = WholeField(1, 365, load_default=30)
    rights = _part(BriefRights)
    must = _several(_line(300), 20)
    must_not = _several(_line(300), 20)
    disclosure = _part(BriefDisclosure)
    buying_link = FlagField(load_default=False)
    sample = _part(BriefSample)
    terms = _part(BriefTerms)
    questions = _several(_line(300), 5)
    note = _line(2000, load_default=None, allow_none=True)
    bids_close_at = TimeField(required=True)
    closing_window_s = WholeField(0, WINDOW_S_MAX, load_default=600, metadata={"description": _CLOSING_WINDOW})
    bids_lapse_days = WholeField(
        1,
        brief_document.LAPSE_DAYS_MAX,
        load_default=brief_document.LAPSE_DAYS,
        metadata={"description": "So many days after the close every bid lapses that is still open."},
    )


class BriefChange(BriefIn):
    """Any of a brief's fields; each one given takes the place of the old one as a whole."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = False
        field_obj.load_default = missing


class BriefCancelIn(Schema):
    reason = _line(500, required=True)


class ScoringRuleOut(Schema):
    """How every bid on the brief is scored, fixed with the brief."""

    version = one_of(SCORING_RULES, required=True)
    formula = fields.String(required=True)
    quality_low = fields.Float(required=True)
    quality_high = fields.Float(required=True)
    tau = fields.Float(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class _DocumentOut(Schema):
    """The stored document's fields, read from `content`."""

    title = fields.String(required=True)
    product = fields.Nested(BriefProductOut, required=True)
    brand = fields.Nested(BriefBrand, required=True)
    markets = fields.List(fields.String(), required=True)
    target = fields.List(fields.Nested(BriefTargetCell), required=True)
    placement_kinds = fields.List(fields.String(), required=True)
    tolerance = fields.Integer(required=True)
    budget = fields.Nested(MoneySchema, required=True)
    ceiling_per_thousand = fields.Nested(MoneySchema, required=True, allow_none=True)
    deliverables = fields.List(fields.Nested(BriefDeliverable), required=True)
    part_offers = fields.Boolean(required=True)
    least_prominence = fields.Float(required=True, allow_none=True, metadata={"description": _LEAST_PROMINENCE})
    least_seconds = fields.Float(required=True, allow_none=True, metadata={"description": _LEAST_SECONDS})
    fit_weight = fields.Float(required=True, metadata={"description": _FIT_WEIGHT})
    publish_window = fields.Nested(BriefWindowOut, required=True)
    keep_live_days = fields.Integer(required=True)
    rights = fields.Nested(BriefRights, required=True)
    must = fields.List(fields.String(), required=True)
    must_not = fields.List(fields.String(), required=True)
    disclosure = fields.Nested(BriefDisclosure, required=True)
    buying_link = fields.Boolean(required=True)
    sample = fields.Nested(BriefSample, required=True)
    terms = fields.Nested(BriefTerms, required=True)
    questions = fields.List(fields.String(), required=True)
    note = fields.String(required=True, allow_none=True)
    bids_close_at = _stored_time()
    closing_window_s = fields.Integer(required=True)
    bids_lapse_days = fields.Integer(required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        stored = obj.content if attr in obj.content else DEFAULTS  # not merged: a copy for each of fifty fields
        return stored[attr] if attr in stored else super().get_attribute(obj, attr, default)


class BriefOut(_DocumentOut):
    id = IdField("brf", required=True)
    brand_id = IdField("pty", required=True)
    brand_name = fields.String(required=True)
    status = one_of(BriefStatus, required=True)
    open_for_bids = fields.Boolean(required=True)
    version = fields.Integer(required=True)
    version_id = IdField("brv", required=True)
    version_number = fields.Integer(required=True)
    scoring_rule = fields.Nested(ScoringRuleOut, required=True)
    created_at = TimeField(required=True)
    published_at = TimeField(required=True, allow_none=True)
    closed_at = TimeField(required=True, allow_none=True)
    close_commitment = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "SHA-256 of the seed that the end of bidding is drawn by."},
    )
    close_seed = fields.String(required=True, allow_none=True, metadata={"description": "Told after the close."})
    close_version_id = IdField("brv", required=True, allow_none=True)
    bidding_ended_at = TimeField(required=True, allow_none=True, metadata={"description": "Told after the close."})
    cancelled_at = TimeField(required=True, allow_none=True)
    bids_lapse_at = TimeField(
        required=True,
        allow_none=True,
        metadata={"description": "When bids that are still open lapse; known from the close on."},
    )
    notice_ends_at = TimeField(
        required=True,
        allow_none=True,
        metadata={"description": "Bidding ends no sooner: 24 hours after the last change that matters to bids."},
    )


class BriefVersionOut(_DocumentOut):
    """One wording of a brief; bids stay bound to the one they answered."""

    id = IdField("brv", required=True)
    brief_id = IdField("brf", required=True)
    number = fields.Integer(required=True)
    created_at = TimeField(required=True)


class BrandAssetQuery(Schema):
    name = _line(120, required=True)


class BrandAssetOut(Schema):
    id = IdField("ast", required=True)
    brief_id = IdField("brf", required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    created_at = TimeField(required=True)


class BriefNameOut(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


def _names() -> fields.List[Any]:
    return fields.List(fields.Nested(BriefNameOut), required=True)


class BriefOptionsOut(Schema):
    """Every code that a brief may use, with its names."""

    categories = _names()
    placement_kinds = _names()
    deliverable_kinds = _names()
    usage_channels = _names()
    length_tiers = fields.List(fields.String(), required=True)
    genders = fields.List(fields.String(), required=True)
    education = _names()
    interests = _names()
    age_starts = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Where bands of the platforms begin. Any age is accepted; others widen the bounds."},
    )
    age_ends = fields.List(fields.Integer(), required=True)
    markets = fields.List(fields.String(), required=True)
    regions = fields.List(fields.String(), required=True)
    region_names = _names()
    scoring_rule = fields.Nested(ScoringRuleOut, required=True)
