"""What a channel's pacing looks like from outside."""

from marshmallow import Schema, fields

from marketplace.channels.schemas_pacing import SERIES_KEY_MAX
from marketplace.core.http.fields import IdField, TextField, WholeParam
from marketplace.core.http.shared_schemas import EstimateOut

DAYS_MAX = 180
_SERIES = {"description": "Key of a series of the rule: its limits are held against it too."}


class ChannelScoreOut(Schema):
    """The channel's own score, 0-100: before a video, after it, and after an unsponsored one in its place. Published
    sponsored videos, whose timelines are not known, are taken to be usual ones, which makes it a range."""

    videos = fields.Integer(required=True)
    sponsored = fields.Integer(required=True)
    before = fields.Nested(EstimateOut, required=True)
    after = fields.Nested(EstimateOut, required=True, allow_none=True)
    unsponsored = fields.Nested(EstimateOut, required=True, allow_none=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    model_version = fields.String(required=True)


class PacingQuery(Schema):
    series = TextField(SERIES_KEY_MAX, load_default=None, metadata=_SERIES)


class PacingCalendarQuery(PacingQuery):
    days = WholeParam(1, DAYS_MAX, load_default=30)


class PacingReasonOut(Schema):
    """Why a day is full. `series` is null for limits of the whole channel."""

    code = fields.String(required=True)
    series = fields.String(required=True, allow_none=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class PacingFiguresOut(Schema):
    """The spacing up to today: of the last ten videos, those in a row up to the last, and since the last sponsored one.

    `pace_days` is how many days an unsponsored video takes, from which the coming ones are expected; `stage` is the
    ramp's: none, some or few."""

    videos = fields.Integer(required=True)
    sponsored = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)
    streak = fields.Integer(required=True)
    videos_since = fields.Integer(required=True, allow_none=True)
    days_since = fields.Integer(required=True, allow_none=True)
    booked = fields.Integer(required=True)
    pace_days = fields.Float(required=True, allow_none=True)
    stage = fields.String(required=True, allow_none=True)


class PacingAdSecondsOut(Schema):
    """Ad-equivalent seconds that the plans of the booked videos ask of viewers, all together, at the least and most."""

    videos = fields.Integer(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class GroupToleranceOut(Schema):
    """The same of all channels of a vertical or an audience segment: their mean, with 80 % ends, and how many there
    are that have both kinds of videos."""

    name = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    channels = fields.Integer(required=True)
    views_ratio = fields.Float(required=True)
    views_ratio_low = fields.Float(required=True)
    views_ratio_high = fields.Float(required=True)


class AdToleranceOut(Schema):
    """Sponsored videos against the channel's other ones: `gap` in log views and the ratio of views, with 80 % ends.
    `vertical` and `segment` are null where fewer than five channels tell of them."""

    gap = fields.Float(required=True)
    gap_low = fields.Float(required=True)
    gap_high = fields.Float(required=True)
    views_ratio = fields.Float(required=True)
    views_ratio_low = fields.Float(required=True)
    views_ratio_high = fields.Float(required=True)
    videos = fields.Integer(required=True)
    other_videos = fields.Integer(required=True)
    vertical = fields.Nested(GroupToleranceOut, required=True, allow_none=True)
    segment = fields.Nested(GroupToleranceOut, required=True, allow_none=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class PacingOut(Schema):
    """Whether one more placement may stand today (`open`), or why not, and the next day on which it may: null where
    there is none within a year. `ruled`: whether the channel has a rule; without one every day is open."""

    channel_id = IdField("chn", required=True)
    as_of = fields.Date(required=True)
    series = fields.String(required=True, allow_none=True)
    ruled = fields.Boolean(required=True)
    open = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(PacingReasonOut), required=True)
    next_open = fields.Date(required=True, allow_none=True)
    figures = fields.Nested(PacingFiguresOut, required=True)
    ad_seconds = fields.Nested(PacingAdSecondsOut, required=True)
    channel = fields.Nested(ChannelScoreOut, required=True)
    tolerance = fields.Nested(AdToleranceOut, required=True, allow_none=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    model_version = fields.String(required=True)


class PacingDayOut(Schema):
    day = fields.Date(required=True)
    open = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(PacingReasonOut), required=True)


class PacingCalendarOut(Schema):
    """The coming days from today on, each taken alone: one more placement on it and on no other."""

    data = fields.List(fields.Nested(PacingDayOut), required=True)
