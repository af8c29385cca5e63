"""Schemas of the API of series."""

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import NOT_BLANK, IdField, TextField, TimeField, one_of
from marketplace.core.http.paging import page_query
from marketplace.deals.schemas import DealDayField
from marketplace.deals.series.models import EPISODES_MAX, SLOTS_MAX, EpisodeStatus, SeriesStatus

SLOT_MAX = 40
SeriesQuery = page_query("ser")


class EpisodeIn(Schema):
    title = TextField(120, pattern=NOT_BLANK, required=True)
    airs_on = DealDayField(required=True, metadata={"description": "A day of the creator's time zone."})


class SeriesIn(Schema):
    """Every episode has every slot. Brands get their places by the terms of their deals, not here."""

    channel_id = IdField("chn", required=True)
    title = TextField(120, pattern=NOT_BLANK, required=True)
    slots = fields.List(
        TextField(SLOT_MAX, pattern=NOT_BLANK),
        required=True,
        validate=validate.Length(min=1, max=SLOTS_MAX),
        metadata={"description": "Such as: presenting sponsor, product in a scene, end card."},
    )
    episodes = fields.List(fields.Nested(EpisodeIn), required=True, validate=validate.Length(min=1, max=EPISODES_MAX))


class EpisodeMoveIn(EpisodeIn):
    class Meta:
        exclude = ("title",)

    reason = TextField(500, pattern=NOT_BLANK, required=True)


class EpisodeDropIn(Schema):
    reason = TextField(500, pattern=NOT_BLANK, required=True)


class SeriesPlaceOut(Schema):
    """A slot of an episode. Of another brand's place a brand is told the category, and nothing else."""

    slot = fields.String(required=True)
    is_taken = fields.Boolean(required=True)
    category = fields.String(required=True, allow_none=True)
    is_yours = fields.Boolean(required=True)
    deal_id = IdField("dea", required=True, allow_none=True)
    deliverable_id = IdField("dlv", required=True, allow_none=True)


class EpisodeOut(Schema):
    id = IdField("eps", required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    airs_on = fields.Date(required=True)
    status = one_of(EpisodeStatus, required=True)
    places = fields.List(fields.Nested(SeriesPlaceOut), required=True)


class SeriesOut(Schema):
    id = IdField("ser", required=True)
    creator_id = IdField("pty", required=True)
    channel_id = IdField("chn", required=True)
    title = fields.String(required=True)
    slots = fields.List(fields.String(), required=True)
    status = one_of(SeriesStatus, required=True)
    episodes = fields.List(fields.Nested(EpisodeOut), required=True)
    closed_categories = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Categories that a signed brand's terms share with nobody."},
    )
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)
