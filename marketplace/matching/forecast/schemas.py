"""What readings of published videos look like from outside."""

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import IdField, TextField, TimeField, WholeField
from marketplace.core.http.shared_schemas import EstimateOut, ReasonOut

EXTERNAL_ID, READINGS_MAX = 100, 200
_VIEWS_MAX = 100_000_000_000


class ReadingFigures(Schema):
    """The views of one video at one moment; `external_id` is what the platform calls the video."""

    external_id = TextField(EXTERNAL_ID, required=True)
    published_at = TimeField(required=True)
    taken_at = TimeField(required=True)
    views = WholeField(0, _VIEWS_MAX, required=True)


class ReadingsIn(Schema):
    readings = fields.List(
        fields.Nested(ReadingFigures), required=True, validate=validate.Length(min=1, max=READINGS_MAX)
    )
    source = TextField(100, load_default="typed")


class ReadingOut(ReadingFigures):
    id = IdField("vrd", required=True)
    channel_id = IdField("chn", required=True)
    hours = fields.Float(required=True, metadata={"description": "Since publication."})
    source = fields.String(required=True)
    created_at = TimeField(required=True)


class ReadingsOut(Schema):
    data = fields.List(fields.Nested(ReadingOut), required=True)


class VideoQuery(Schema):
    video = TextField(EXTERNAL_ID, load_default=None, metadata={"description": "The platform's id of the video."})


class VideoForecastOut(Schema):
    """Views at thirty days with 80 % ends. `before`: by the channel's history alone; `early`: by the newest reading
    alone; `forecast`: both by precision. `percentile`: where `early` lies in `before`. `settled_videos`: what growth
    was learnt from; 0 is a prior."""

    channel_id = IdField("chn", required=True)
    external_id = fields.String(required=True)
    published_at = TimeField(required=True)
    taken_at = TimeField(required=True)
    hours = fields.Float(required=True)
    views = fields.Integer(required=True)
    before = fields.Nested(EstimateOut, required=True)
    early = fields.Nested(EstimateOut, required=True)
    forecast = fields.Nested(EstimateOut, required=True)
    percentile = fields.Float(required=True, allow_none=True)
    settled_videos = fields.Integer(required=True)
    source = fields.String(required=True)
    fitted_on = fields.Date(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)


class VideoForecastsOut(Schema):
    data = fields.List(fields.Nested(VideoForecastOut), required=True)
