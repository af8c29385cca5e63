"""What measured overlaps look like from outside."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, RealField, TextField, TimeField, WholeField, one_of
from marketplace.matching.overlap.models import OverlapMethod

_PEOPLE_MAX = 10_000_000_000


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


class OverlapOut(OverlapIn):
    id = IdField("ovl", required=True)
    confirmed_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
