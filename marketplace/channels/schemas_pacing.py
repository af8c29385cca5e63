"""Schemas of a channel's pacing rule, as it is sent, stored and shown."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.core.http.fields import RealField, TextField, WholeField, one_of
from marketplace.core.http.load_refusals import refusal

# The sizes of the presets and their evidence are in intrusiveness/constants.py.
RAMPS = ("gentle", "standard")
SERIES_MAX = 20
SERIES_KEY_MAX = 60
_DAYS_MAX = 90


class PacingLimits(Schema):
    """What is left out or null asks nothing."""

    share_max = RealField(
        0,
        1,
        load_default=None,
        allow_none=True,
        metadata={"description": "Sponsored share of any ten videos in a row, in whole videos, rounded down."},
    )
    gap_videos = WholeField(
        0,
        50,
        load_default=None,
        allow_none=True,
        metadata={"description": "Unsponsored videos between two sponsored ones."},
    )
    gap_days = WholeField(
        0,
        _DAYS_MAX,
        load_default=None,
        allow_none=True,
        metadata={"description": "Days from one sponsored video to the next."},
    )
    streak_max = WholeField(
        1, 10, load_default=None, allow_none=True, metadata={"description": "Sponsored videos in a row."}
    )
    cool_down_days = WholeField(
        0,
        _DAYS_MAX,
        load_default=None,
        allow_none=True,
        metadata={"description": "Days without a new one after a sponsored video with half the usual views or fewer."},
    )


class PacingSeries(PacingLimits):
    """Limits of one series. A video belongs to it where its title holds the key."""

    key = TextField(SERIES_KEY_MAX, pattern=r"\S", required=True)


class PacingRamp(Schema):
    """From no placements to some and then few. `videos` (unsponsored ones) and `followers` are where the quiet time
    ends, both together; what is left out or null is the preset's."""

    preset = one_of(RAMPS, required=True)
    videos = WholeField(0, 10_000, load_default=None, allow_none=True)
    followers = WholeField(0, 10_000_000_000, load_default=None, allow_none=True)


def _unique_keys(series: Sequence[dict[str, Any]]) -> None:
    keys = [limits["key"].casefold() for limits in series]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise ValidationError(
                {
                    index: {
                        "key": [
                            refusal("规则里的另一个系列已用了这个键。", "Another series of this rule has this key.")
                        ]
                    }
                }
            )


class PacingRule(PacingLimits):
    """A channel's own limits, a ramp, and limits of its series."""

    ramp = fields.Nested(PacingRamp, load_default=None, allow_none=True)
    series = fields.List(
        fields.Nested(PacingSeries), validate=[validate.Length(max=SERIES_MAX), _unique_keys], load_default=list
    )
