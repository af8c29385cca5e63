"""What measured overlaps look like from outside."""

import base64
from typing import Any

from marshmallow import Schema, ValidationError, fields

from marketplace.core.http.fields import IdField, RealField, TextField, TimeField, WholeField, one_of
from marketplace.core.http.load_refusals import refusal
from marketplace.matching.overlap import theta_sketch
from marketplace.matching.overlap.models import OverlapMethod, SketchKind

_PEOPLE_MAX = 10_000_000_000
_SKETCH_TEXT_MAX = -(-theta_sketch.BYTES_MOST // 3) * 4


class SketchField(TextField):
    """Bytes in base64."""

    def __init__(self, **kwargs: Any) -> None:
        described = {"description": "The stored bytes in base64.", "format": "byte"}
        super().__init__(_SKETCH_TEXT_MAX, metadata=described, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as error:
            raise ValidationError(refusal("这里应当是 base64。", "Not base64.")) from error


class OverlapFigures(Schema):
    """`value` is the share of the smaller audience that the larger one has too; `people` and `other_people` are the two
    audiences' sizes, `sample` how many people were looked at."""

    value = RealField(0, 1, required=True)
    people = WholeField(1, _PEOPLE_MAX, required=True)
    other_people = WholeField(1, _PEOPLE_MAX, required=True)
    sample = WholeField(1, _PEOPLE_MAX, required=True)
    method = one_of(OverlapMethod, required=True)
    source = TextField(200, required=True)
    measured_on = fields.Date(required=True)


class OverlapIn(OverlapFigures):
    channel_id = IdField("chn", required=True)
    other_channel_id = IdField("chn", required=True)


class SketchIn(Schema):
    """A sketch of a channel's audience, as `inlay overlaps sketch` makes it on one's own machine: no id leaves it."""

    channel_id = IdField("chn", required=True)
    kind = one_of(SketchKind, required=True)
    taken_on = fields.Date(required=True)
    source = TextField(200, required=True)
    sketch = SketchField(required=True)


class SketchOut(Schema):
    """A sketch without its data: the people that it estimates, with the ends of 95 %, as claimed until confirmed."""

    id = IdField("skt", required=True)
    channel_id = IdField("chn", required=True)
    platform = fields.String(required=True)
    kind = one_of(SketchKind, required=True)
    taken_on = fields.Date(required=True)
    source = fields.String(required=True)
    people = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    provenance = fields.Function(
        lambda row: "claimed" if row.confirmed_at is None else "confirmed",
        metadata={"type": "string", "enum": ["claimed", "confirmed"]},
    )
    confirmed_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)


class SaltOut(Schema):
    """What ids are hashed with in this market: to make a sketch, and for nothing else. `hashes` is the most that a
    sketch holds, `people_least` the fewest people that one may be of."""

    salt = fields.String(required=True)
    hashes = fields.Integer(required=True)
    people_least = fields.Integer(required=True)


class OverlapOut(OverlapIn):
    id = IdField("ovl", required=True)
    confirmed_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
