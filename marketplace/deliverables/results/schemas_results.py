"""Schemas of the API of results: what a video whose price follows views or sales has come to."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import (
    NOT_BLANK,
    FlagField,
    IdField,
    SaidField,
    TextField,
    TimeField,
    WholeField,
    one_of,
)
from marketplace.core.http.paging import page_query
from marketplace.deals.models import DealParty
from marketplace.deals.schemas import DealDayField
from marketplace.deliverables.results.figure_history import FigureStatus, ResultWaits
from marketplace.deliverables.results.models import FigureAnswerKind, FigureSource, ResultMeasure

VIEWS_MAX = 10**11
WORDS_MAX = 2_000
EVIDENCE_MAX = 500


def _views(**kwargs: object) -> WholeField:
    return WholeField(0, VIEWS_MAX, **kwargs)


class ToldViewsIn(Schema):
    """The views of a video at the end of a day of the deal's time zone, and by what: a page, a screenshot's place."""

    views = _views(required=True)
    counted_on = DealDayField(required=True)
    evidence = TextField(EVIDENCE_MAX, pattern=NOT_BLANK, required=True)


class OrderFileQuery(Schema):
    name = TextField(
        EVIDENCE_MAX,
        pattern=NOT_BLANK,
        load_default="orders",
        metadata={"description": "The file's name, or where it comes from, such as the shop."},
    )


class FigureContestIn(Schema):
    """Why it is not right, and for views what they are instead."""

    reason = TextField(WORDS_MAX, pattern=NOT_BLANK, required=True)
    views = _views(load_default=None, allow_none=True)


class FigureDecisionIn(Schema):
    """`views` decides on views, `counts` whether a file of orders counts."""

    reason = TextField(WORDS_MAX, pattern=NOT_BLANK, required=True)
    views = _views(load_default=None, allow_none=True)
    counts = FlagField(load_default=None, allow_none=True)


class FigureAnswerOut(Schema):
    kind = one_of(FigureAnswerKind, required=True)
    side = one_of(DealParty, required=True, allow_none=True, metadata={"description": "null: the platform."})
    views = fields.Integer(required=True, allow_none=True)
    counts = fields.Boolean(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    created_at = TimeField(required=True)


class ToldFigureOut(Schema):
    """One telling of views or of a file of orders, with who told it, by what, and what was said to it."""

    id = IdField("tfg", required=True)
    deliverable_id = IdField("dlv", required=True)
    number = fields.Integer(required=True)
    measure = one_of(ResultMeasure, required=True)
    source = one_of(FigureSource, required=True)
    status = one_of(FigureStatus, required=True)
    counted_on = fields.Date(required=True)
    views = fields.Integer(required=True, allow_none=True)
    orders = fields.Integer(required=True, allow_none=True, metadata={"description": "Orders that this file added."})
    sales_minor = fields.Integer(
        required=True, allow_none=True, metadata={"description": "What they sold, less what this file says came back."}
    )
    evidence = fields.String(required=True)
    evidence_sha256 = fields.String(required=True, allow_none=True)
    odd = SaidField(
        required=True,
        allow_none=True,
        metadata={"description": "Why it does not follow from the channel's growth; silence does not let it stand."},
    )
    answer_by = TimeField(required=True, metadata={"description": "Until when it may be contested."})
    answers = fields.List(fields.Nested(FigureAnswerOut), required=True)
    created_at = TimeField(required=True)


class ResultFiguresOut(Schema):
    views = fields.Integer(required=True, allow_none=True)
    actions = fields.Integer(required=True, allow_none=True, metadata={"description": "Orders, less those sent back."})
    sales_minor = fields.Integer(required=True, allow_none=True)


class DuePriceOut(Schema):
    """What is due by the figures that stand so far, between what is due in any case and the most, extras included."""

    due_minor = fields.Integer(required=True)
    least_minor = fields.Integer(required=True)
    most_minor = fields.Integer(required=True)


class DeliverableResultOut(Schema):
    """What a published video with a variable price has come to: final, or for whom it waits, and what silence does."""

    deliverable_id = IdField("dlv", required=True)
    measure = one_of(ResultMeasure, required=True)
    currency = fields.String(required=True)
    final_on = fields.Date(required=True, metadata={"description": "The day whose figures count."})
    last_told_on = fields.Date(required=True, metadata={"description": "The last day on which figures are told."})
    contest_days = fields.Integer(required=True)
    final_at = TimeField(required=True, allow_none=True)
    standing = fields.Nested(
        ResultFiguresOut, required=True, attribute="end.figures", metadata={"description": "What stands so far."}
    )
    due = fields.Nested(DuePriceOut, required=True)
    waits_for = one_of(ResultWaits, required=True, allow_none=True)
    answer_by = TimeField(
        required=True, allow_none=True, attribute="until", metadata={"description": "Until when it waits."}
    )
    silence = SaidField(required=True)
    figures = fields.List(fields.Nested(ToldFigureOut), required=True)


class ToldOrderOut(Schema):
    id = IdField("tor", required=True)
    order_id = fields.String(required=True)
    ordered_at = TimeField(required=True)
    amount_minor = fields.Integer(required=True)
    returned_order_id = fields.String(
        required=True, allow_none=True, metadata={"description": "Of which order this came back; null: an order."}
    )


ToldOrdersQuery = page_query("tor")
