"""Schemas of the API of channels, snapshots, videos and imports."""

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from marketplace.channels.anomalies import COUNT_MAX
from marketplace.channels.facts import account_handles
from marketplace.channels.facts.audience_vocabulary import INTERESTS, LEVELS
from marketplace.channels.facts.fact_fields import LABEL_MAX, HandleField, LanguageField, PlatformField, RegionField
from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.files.tables.encodings import known_encoding
from marketplace.channels.files.tables.number_grammar import Decimal
from marketplace.channels.models import ChannelStatus, ClaimStatus, ImportMode, ImportStatus
from marketplace.channels.schemas_pacing import PacingRule
from marketplace.channels.schemas_stored import AudienceListsOut, ImportReadingOut, RateLineOut, SnapshotFactsOut
from marketplace.core.http.fields import (
    FlagField,
    IdField,
    RealField,
    StoredDocument,
    TextField,
    TimeField,
    WholeField,
    WholeParam,
    one_of,
)
from marketplace.core.http.load_refusals import refusal
from marketplace.core.http.paging import LIMIT_DEFAULT, LIMIT_MAX, page_query
from marketplace.core.http.shared_schemas import ReasonOut
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS

WORD = r"^[a-z][a-z0-9_.-]{0,39}$"
URL = r"^https?://[^\s<>\"]{3,}$"
SHAPES = ("inlay", "xingtu", "tiktok_one", "youtube", "youtube_studio", "xingtu_audience")
# Nothing is written in the last two: a table of YouTube Studio does not say whose it is, an audience page is a part.
WRITTEN_SHAPES = SHAPES[:4]


def shares(**kwargs: Any) -> fields.Dict:
    return fields.Dict(
        keys=TextField(40, pattern=WORD),
        values=RealField(0, 1),
        validate=validate.Length(max=20),
        metadata={"description": "Share of the channel's videos by vertical, 0-1 each."},
        **kwargs,
    )


class ChannelIn(Schema):
    """`account_key` is the platform's own id of the account; the handle stands in where it is not known."""

    platform = PlatformField(required=True)
    handle = HandleField(200, required=True)
    name = TextField(200, required=True)
    account_key = TextField(200, load_default=None, allow_none=True)
    creator_id = IdField("pty", load_default=None, allow_none=True)
    verticals = shares(load_default=dict)
    language = LanguageField(load_default=None, allow_none=True)
    region = RegionField(load_default=None, allow_none=True)
    url = TextField(500, pattern=URL, load_default=None, allow_none=True)

    @post_load
    def _normal_key(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """An account key that is only the handle in another spelling is left out, and so is what nobody sees of it."""
        key = data["account_key"]
        if key is not None:
            is_handle = account_handles.normal_handle(key) == data["handle"]
            data["account_key"] = None if is_handle else account_handles.visible_text(key) or None
        return data


class ChannelPatchIn(Schema):
    """What is left out stays as it is. Another handle has to be proven anew."""

    handle = HandleField(200)
    name = TextField(200)
    verticals = shares()
    language = LanguageField(allow_none=True)
    region = RegionField(allow_none=True)
    url = TextField(500, pattern=URL, allow_none=True)
    discoverable = FlagField(metadata={"description": "Whether brands may find it by search."})
    pacing = fields.Nested(
        PacingRule,
        allow_none=True,
        metadata={"description": "How its placements are paced; takes the place of the old rule."},
    )


def _provenance(description: str) -> fields.String:
    return one_of(Provenance, required=True, metadata={"description": description})


class ChannelOut(Schema):
    id = IdField("chn", required=True)
    creator_id = IdField("pty", required=True)
    platform = fields.String(required=True)
    platform_known = fields.Boolean(
        required=True,
        metadata={"description": "False: none of the platforms that the market knows; look at how it is spelt."},
    )
    account_key = fields.String(required=True)
    handle = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)
    verticals = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    status = one_of(ChannelStatus, required=True)
    discoverable = fields.Boolean(required=True)
    pacing = StoredDocument(PacingRule, required=True, allow_none=True)
    claim_status = one_of(
        ClaimStatus,
        required=True,
        metadata={
            "description": "claimed: its creator says that the account is theirs, and nobody has looked. proven: an"
            " admin has seen it. refused: an admin does not believe it, or another creator has proven theirs."
        },
    )
    proven_at = TimeField(required=True, allow_none=True)
    details_provenance = _provenance("Where the verticals and the language come from.")
    snapshot_id = IdField("snp", required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = TimeField(required=True)


ChannelQuery = page_query(
    "chn",
    platform=PlatformField(load_default=None),
    vertical=TextField(40, pattern=WORD, load_default=None),
    q=TextField(100, load_default=None, metadata={"description": "Part of the name or handle."}),
    creator_id=IdField("pty", load_default=None),
)


class EncodingField(TextField):
    """The name of an encoding of text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if known_encoding(name) is None:
            raise ValidationError(
                refusal(
                    "没有这种编码：请写 utf-8、gb18030、big5、shift_jis 或 cp1252 之类。",
                    "No such encoding: write one such as utf-8, gb18030, big5, shift_jis or cp1252.",
                )
            )
        return name


class ImportQuery(Schema):
    """How the file in the body is to be read."""

    file_name = TextField(200, required=True)
    shape = one_of(SHAPES, load_default=None, metadata={"description": "Found out from the file where left out."})
    mode = one_of(ImportMode, load_default=ImportMode.SKIP_BAD_ROWS.value)
    create_creators = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    creator_id = IdField("pty", load_default=None, metadata={"description": "Every row is this creator's."})
    encoding = EncodingField(
        40,
        load_default=None,
        metadata={
            "description": "Such as gb18030, big5, shift_jis or cp1252; found out from the file where left out.",
            "example": "gb18030",
        },
    )
    decimal = one_of(
        Decimal, load_default=None, metadata={"description": "The decimal mark: dot (1.5) or comma (1,5)."}
    )
    shares = one_of(
        ("share", "percent"),
        load_default=None,
        metadata={"description": "What the figures of columns of rates are: shares (0.35) or per cents (35)."},
    )
    taken_on = fields.Date(load_default=None, metadata={"description": "The day of the figures, if the file has none."})
    channel = TextField(
        200,
        load_default=None,
        metadata={"description": "Whose videos a table of YouTube Studio has."},
    )
    subscribers = WholeParam(
        0,
        COUNT_MAX,
        load_default=None,
        metadata={"description": "Of that channel, on the day of the figures; also for an audience page of Xingtu."},
    )


class ImportOut(Schema):
    id = IdField("imp", required=True)
    party_id = IdField("pty", required=True)
    job_id = IdField("job", required=True, allow_none=True)
    status = one_of(ImportStatus, required=True)
    file_name = fields.String(required=True)
    shape = fields.String(required=True, allow_none=True)
    mode = one_of(ImportMode, required=True)
    create_creators = fields.Boolean(required=True)
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    rows_done = fields.Integer(required=True)
    rows_bad = fields.Integer(required=True)
    channels_new = fields.Integer(required=True)
    snapshots_new = fields.Integer(required=True)
    message_zh = fields.String(required=True, allow_none=True)
    message_en = fields.String(required=True, allow_none=True)
    options = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "What was said of the file, by the name of the parameter: its encoding, marks."},
    )
    reading = StoredDocument(ImportReadingOut, required=True, allow_none=True)
    created_at = TimeField(required=True)
    finished_at = TimeField(required=True, allow_none=True)
    version = fields.Integer(required=True)


class RateLineIn(Schema):
    """The listed price of a video of some length."""

    length_tier = TextField(20, required=True)
    amount_minor = WholeField(0, AMOUNT_MAX, required=True)
    currency = one_of(sorted(MINOR_DIGITS), required=True)


class SnapshotVideoIn(Schema):
    external_id = TextField(100, required=True)
    published_at = TimeField(required=True)
    views = WholeField(0, COUNT_MAX, required=True)
    likes = WholeField(0, COUNT_MAX, load_default=None, allow_none=True)
    comments = WholeField(0, COUNT_MAX, load_default=None, allow_none=True)
    shares = WholeField(0, COUNT_MAX, load_default=None, allow_none=True)
    duration_s = RealField(0, 86_400, load_default=None, allow_none=True)
    sponsored = FlagField(load_default=None, allow_none=True)
    title = TextField(300, load_default=None, allow_none=True)


def margin(description: str) -> fields.Dict:
    return fields.Dict(
        keys=TextField(LABEL_MAX),
        values=RealField(0, 1),
        validate=validate.Length(max=300),
        load_default=dict,
        metadata={"description": description},
    )


class SnapshotIn(Schema):
    """Audience facts of one day as its creator reads them from the platform. Rates and shares are 0-1."""

    taken_on = fields.Date(required=True, validate=validate.Range(min=date(2005, 1, 1), max=date(2099, 12, 31)))
    followers = WholeField(0, COUNT_MAX, required=True)
    growth_30d = WholeField(-COUNT_MAX, COUNT_MAX, load_default=None, allow_none=True)
    engagement_rate = RealField(0, 1, load_default=None, allow_none=True)
    completion_rate = RealField(0, 1, load_default=None, allow_none=True)
    median_views_30d = WholeField(0, COUNT_MAX, load_default=None, allow_none=True)
    expected_views = WholeField(0, COUNT_MAX, load_default=None, allow_none=True)
    suggested_cpm_minor = WholeField(0, AMOUNT_MAX, load_default=None, allow_none=True)
    ages = margin(
        "Shares by age band, from any year to any (16-30, 51+). Bands that leave out nobody from 18 on sum to 1."
    )
    genders = margin("Shares by gender; they sum to 1.")
    regions = margin("Shares by province or country, by code or name (CN-GD, 广东, US, USA); the top ones suffice.")
    education = margin(f"Shares by level of education ({', '.join(LEVELS)}, or university); some of them suffice.")
    interests = margin(f"Share of people with each interest ({', '.join(INTERESTS)}); people have several.")
    rate_card = fields.List(fields.Nested(RateLineIn), validate=validate.Length(max=20), load_default=list)
    videos = fields.List(fields.Nested(SnapshotVideoIn), validate=validate.Length(max=200), load_default=list)


class ExportQuery(Schema):
    shape = one_of(WRITTEN_SHAPES, load_default="inlay")


ImportsQuery = page_query("imp", status=one_of(ImportStatus, load_default=None))


class FaultsQuery(Schema):
    """`starting_after` is a row's number: faults of later rows follow."""

    limit = WholeParam(1, LIMIT_MAX, load_default=LIMIT_DEFAULT)
    starting_after = WholeParam(0, 10**15 - 1, load_default=0)
    format = one_of(("json", "csv"), load_default="json")


class ImportFaultOut(Schema):
    """One thing wrong in one row. `row_number` counts as the file's own reader shows it."""

    row_number = fields.Integer(required=True)
    column_name = fields.String(required=True)
    value = fields.String(required=True)
    message_zh = fields.String(required=True)
    message_en = fields.String(required=True)


class ImportFaultPage(Schema):
    data = fields.List(fields.Nested(ImportFaultOut), required=True)
    has_more = fields.Boolean(required=True)


class VideoOut(Schema):
    id = IdField("vid", required=True)
    channel_id = IdField("chn", required=True)
    external_id = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    published_at = TimeField(required=True)
    views = fields.Integer(required=True)
    likes = fields.Integer(required=True, allow_none=True)
    comments = fields.Integer(required=True, allow_none=True)
    shares = fields.Integer(required=True, allow_none=True)
    duration_s = fields.Float(required=True, allow_none=True)
    sponsored = fields.Boolean(required=True, allow_none=True)
    provenance = _provenance("Where the views, likes, comments and shares come from.")
    details_provenance = _provenance("Where the length and the mark as sponsored come from.")
    explained_views = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "What the views count as until a person has looked; null: growth explains them."},
    )


class SnapshotOut(Schema):
    """Dated audience facts. `flags` are what the checks found odd, each told in two languages with its `numbers`.

    Those hold the figure, the usual range, and its source: market (of so many creators), house or chance.
    """

    id = IdField("snp", required=True)
    channel_id = IdField("chn", required=True)
    taken_on = fields.Date(required=True)
    source = fields.String(required=True)
    import_id = IdField("imp", required=True, allow_none=True)
    evidence_hash = fields.String(required=True)
    followers = fields.Integer(required=True)
    facts = StoredDocument(SnapshotFactsOut, required=True)
    margins = StoredDocument(AudienceListsOut, required=True)
    rate_card = StoredDocument(RateLineOut, many=True, required=True)
    provenance = _provenance("Where the followers and the figures come from.")
    lists_provenance = _provenance("Where the audience lists come from.")
    explained_followers = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "What the followers count as until a person has looked; null: growth explains them."},
    )
    flags = StoredDocument(ReasonOut, many=True, required=True)
    created_at = TimeField(required=True)
