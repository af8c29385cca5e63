"""Schemas of the API of deals."""

from typing import Any

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import (
    NOT_BLANK,
    FlagField,
    IdField,
    MoneyField,
    TextField,
    TimeField,
    WholeField,
    WholeParam,
    one_of,
)
from marketplace.core.http.load_refusals import refusal
from marketplace.core.http.paging import page_query
from marketplace.core.money import BASIS
from marketplace.deals.models import DealParty, DealStatus, DeliverableStatus, SignatureKey
from marketplace.deals.series.models import EPISODES_MAX
from marketplace.deals.series.series_slots import MOVABLE_DAYS
from marketplace.deals.terms.contract import LANGUAGES
from marketplace.deals.terms.schemas_terms import (
    CHANNELS_MAX,
    CONTEST_DAYS_MAX,
    DAYS_MAX,
    DELIVERABLES_MAX,
    EXTRAS_MAX,
    MOVABLE_MAX,
    RESULT_DAYS_MAX,
    ROUNDS_MAX,
    SPLIT_DAYS,
    DealTermsDocument,
)
from marketplace.deals.terms.terms_document import MILESTONES

_FIXED = refusal(
    "这一项由密封报价和需求定下，不能谈；或没有这一项。可谈的：价格（不升）、日期、标题、授权天数、轮数、分期付款、取消费用、样品、分成日、系列位置、新增内容。",
    "The sealed bid and its brief fix this, or there is no such part. To be talked about: price (not above), days,"
    " titles, days of rights, rounds, milestones, cancelling, samples, the day of the split, a place in a series,"
    " extras.",
)


def _hash(**kwargs: Any) -> TextField:
    return TextField(
        64,
        pattern=r"^[0-9a-f]{64}$",
        required=True,
        metadata={"description": "The `content_hash` of the terms that you have read and answer.", **kwargs},
    )


class _DealPart(Schema):
    error_messages = {"unknown": _FIXED}  # noqa: RUF012 - as marshmallow declares it


class DealDayField(fields.Date):
    """A day of the deal's time zone."""

    def __init__(self, **kwargs: Any) -> None:
        words: Any = {"invalid": refusal("这里应当是日期，例如 2026-12-31。", "Must be a day such as 2026-12-31.")}
        super().__init__(format="iso", error_messages=words, **kwargs)


class DealMilestoneChange(_DealPart):
    """A share of a deliverable's own price that is paid before it is settled, in basis points."""

    at = one_of(MILESTONES, required=True)
    share_basis_points = WholeField(1, BASIS, required=True)


class DealDeliverableChange(_DealPart):
    """What changes of one deliverable. Own prices must sum to the price exactly."""

    position = WholeField(1, DELIVERABLES_MAX, required=True)
    title = TextField(120, pattern=NOT_BLANK)
    publish_starts_on = DealDayField()
    due_on = DealDayField()
    price = MoneyField()
    milestones = fields.List(
        fields.Nested(DealMilestoneChange),
        validate=validate.Length(max=len(MILESTONES)),
        metadata={"description": "At a flat price: what is paid before it is settled; together at most all of it."},
    )
    also_on = fields.List(
        IdField("chn"),
        validate=validate.Length(max=CHANNELS_MAX),
        metadata={"description": "Further channels of the creator on which the same video is published."},
    )


class DealRoundsChange(_DealPart):
    script = WholeField(0, ROUNDS_MAX)
    draft = WholeField(0, ROUNDS_MAX)
    one_more = MoneyField()


class DealCancellationChange(_DealPart):
    """Shares of a deliverable's price, in basis points."""

    before_script = WholeField(0, BASIS)
    after_script = WholeField(0, BASIS)
    after_draft = WholeField(0, BASIS)
    after_approval = WholeField(0, BASIS)


class DealSamplesChange(_DealPart):
    provided = FlagField()
    to_return = FlagField()


class DealPlaceChange(_DealPart):
    """Which item has which slot of which episode, by their numbers."""

    position = WholeField(1, DELIVERABLES_MAX, required=True)
    episode = WholeField(1, EPISODES_MAX, required=True)
    slot = TextField(40, pattern=NOT_BLANK, required=True)


class DealSeriesChange(_DealPart):
    """Places in a series of the deal's channel. An item with a place is published on its episode's day."""

    series_id = IdField("ser", required=True)
    places = fields.List(
        fields.Nested(DealPlaceChange), required=True, validate=validate.Length(min=1, max=DELIVERABLES_MAX)
    )
    category_shared = FlagField(
        load_default=False, metadata={"description": "Whether another brand of the category may be in the series."}
    )
    movable_days = WholeField(
        0,
        MOVABLE_MAX,
        load_default=MOVABLE_DAYS,
        metadata={"description": "How far the maker may move an episode from its agreed day without asking."},
    )


class DealResultDaysChange(_DealPart):
    """Of a variable price: after how many days figures are final, and for how many each may be contested."""

    final_days = WholeField(1, RESULT_DAYS_MAX)
    contest_days = WholeField(1, CONTEST_DAYS_MAX)


class DealExtraIn(_DealPart):
    """Scope that the bid did not have, with a price of its own; `deliverable` is the position that it is due with."""

    name = TextField(200, pattern=NOT_BLANK, required=True)
    price = MoneyField(low=1, required=True)
    deliverable = WholeField(1, DELIVERABLES_MAX, load_default=1)


class DealChanges(_DealPart):
    """What a counter changes; what is left out stays. `extras` takes the place of all extras."""

    price = MoneyField(metadata={"description": "For the same scope: never above the sealed bid's price."})
    deliverables = fields.List(
        fields.Nested(DealDeliverableChange), validate=validate.Length(min=1, max=DELIVERABLES_MAX)
    )
    usage_days = WholeField(1, DAYS_MAX)
    whitelisting_days = WholeField(1, 365)
    exclusivity_days = WholeField(1, 365)
    script_needed = FlagField()
    rounds = fields.Nested(DealRoundsChange)
    keep_live_days = WholeField(1, 365)
    payment_days = WholeField(0, 180)
    may_be_shown = FlagField()
    cancellation = fields.Nested(DealCancellationChange)
    split_day = one_of(SPLIT_DAYS)
    samples = fields.Nested(DealSamplesChange)
    series = fields.Nested(DealSeriesChange, allow_none=True, metadata={"description": "null: in no series."})
    results = fields.Nested(DealResultDaysChange)
    extras = fields.List(fields.Nested(DealExtraIn), validate=validate.Length(max=EXTRAS_MAX))


class DealCounterIn(Schema):
    content_hash = _hash()
    changes = fields.Nested(DealChanges, required=True)
    note = TextField(1000, pattern=NOT_BLANK, load_default=None, allow_none=True)


class DealConfirmIn(Schema):
    content_hash = _hash()
    signed_name = TextField(
        120,
        pattern=NOT_BLANK,
        required=True,
        metadata={"description": "Your name, typed by yourself: it stands under the contract."},
    )


class DealReasonIn(Schema):
    """The body may be left out."""

    reason = TextField(500, pattern=NOT_BLANK, load_default=None, allow_none=True)


DealsQuery = page_query(
    "dea",
    status=one_of(DealStatus, load_default=None),
    brief_id=IdField("brf", load_default=None),
    bid_id=IdField("bid", load_default=None),
)


class ContractQuery(Schema):
    language = one_of(LANGUAGES, load_default="both")
    number = WholeParam(
        1, 100, load_default=None, metadata={"description": "The version of the terms; the present one by default."}
    )


class DealSignatureOut(Schema):
    """That a side confirmed a version: `typed_name` is null where it did so by accepting the bid or by proposing."""

    side = one_of(DealParty, required=True)
    terms_number = fields.Integer(required=True)
    content_hash = fields.String(required=True)
    typed_name = fields.String(required=True, allow_none=True)
    party_name = fields.String(required=True)
    key_kind = one_of(SignatureKey, required=True)
    key_id = IdField("key", required=True, allow_none=True)
    signed_at = TimeField(required=True)


class DeliverableOut(Schema):
    """One video or post that a deal owes, from the time when both sides have confirmed the terms."""

    id = IdField("dlv", required=True)
    position = fields.Integer(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    status = one_of(DeliverableStatus, required=True)
    price_minor = fields.Integer(required=True, metadata={"description": "With what its extras cost."})
    due_on = fields.Date(required=True)
    episode_id = IdField("eps", required=True, allow_none=True, metadata={"description": "Its episode of a series."})
    slot = fields.String(required=True, allow_none=True)
    script_rounds_used = fields.Integer(required=True)
    draft_rounds_used = fields.Integer(required=True)
    late_at = TimeField(
        required=True,
        allow_none=True,
        attribute="late_since",
        metadata={"description": "Since when it is late."},
    )


class DealNamesOut(Schema):
    brief_title = fields.String(required=True)
    brand_name = fields.String(required=True)
    creator_name = fields.String(required=True)
    agency_name = fields.String(required=True, allow_none=True)
    channel_name = fields.String(required=True)


class DealOut(Schema):
    """A deal in its present terms."""

    id = IdField("dea", required=True)
    status = one_of(DealStatus, required=True)
    your_side = one_of(DealParty, required=True, allow_none=True, metadata={"description": "null for admins."})
    turn = one_of(DealParty, required=True, allow_none=True, metadata={"description": "Who has to answer the terms."})
    answer_by = TimeField(required=True, allow_none=True, metadata={"description": "Unanswered by then, it lapses."})
    brand_counters_left = fields.Integer(required=True)
    maker_counters_left = fields.Integer(required=True)
    bid_id = IdField("bid", required=True)
    brief_id = IdField("brf", required=True)
    brand_id = IdField("pty", required=True)
    creator_id = IdField("pty", required=True)
    agency_id = IdField("pty", required=True, allow_none=True)
    channel_id = IdField("chn", required=True)
    names = fields.Nested(DealNamesOut, required=True)
    series_id = IdField("ser", required=True, allow_none=True)
    currency = fields.String(required=True)
    timezone = fields.String(required=True, metadata={"description": "Whose days the deal's days are."})
    price_minor = fields.Integer(required=True, metadata={"description": "For what the bid offered, at the most."})
    total_minor = fields.Integer(required=True, metadata={"description": "The price and all extras."})
    terms_id = IdField("dtm", required=True)
    terms_number = fields.Integer(required=True)
    content_hash = fields.String(required=True, metadata={"description": "Of the present terms: confirm this one."})
    signatures = fields.List(
        fields.Nested(DealSignatureOut), required=True, metadata={"description": "Of the present terms."}
    )
    deliverables = fields.List(fields.Nested(DeliverableOut), required=True)
    agreed_at = TimeField(required=True, allow_none=True)
    fund_by = TimeField(required=True, allow_none=True, metadata={"description": "Not paid in by then, it lapses."})
    stopped_at = TimeField(
        required=True, allow_none=True, metadata={"description": "Since when the work stands still."}
    )
    ended_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class TermsChangeOut(Schema):
    """One difference from the version before: a JSON pointer into the terms, both values, and both in words."""

    pointer = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class DealTermsOut(Schema):
    id = IdField("dtm", required=True)
    number = fields.Integer(required=True)
    content = fields.Nested(DealTermsDocument, required=True)
    content_hash = fields.String(
        required=True, metadata={"description": "SHA-256 of `content` in canonical JSON (RFC 8785), in hex."}
    )
    proposed_side = one_of(DealParty, required=True)
    note = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Nested(TermsChangeOut), required=True)
    signatures = fields.List(fields.Nested(DealSignatureOut), required=True)
    created_at = TimeField(required=True)
