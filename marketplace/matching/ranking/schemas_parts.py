"""What the numbers behind a match look like from outside: made of the table in which they are stored."""

from typing import Any

from marshmallow import Schema, fields, validate

from marketplace.core.http.fields import StoredDocument
from marketplace.core.http.shared_schemas import EstimateOut
from marketplace.matching.pricing.price_model import BASES
from marketplace.matching.scoring.numbers import BY_NAME, FIRST_FACTORS, NUMBERS, MatchNumber, NumberKind


def _table(name: str, members: tuple[str, ...], *, always: bool) -> type[Schema]:
    known: dict[str, Any] = {member: fields.Float(required=always, allow_none=always) for member in members}
    return Schema.from_dict(known, name=f"Match{name.title().replace('_', '')}Out")


def _member(number: MatchNumber) -> Any:
    metadata = {"description": f"null: {number.missing}."}
    if number.kind is NumberKind.SINGLE:
        return fields.Float(required=True, allow_none=True, metadata=metadata)
    if number.kind in (NumberKind.SPAN, NumberKind.RANGE):
        count = validate.Length(equal=len(number.parts))
        told = {"description": f"{', '.join(number.parts)}. {metadata['description']}"}
        return fields.List(fields.Float(allow_none=True), required=True, validate=count, metadata=told)
    always = number.kind is NumberKind.NAMED
    return StoredDocument(_table(number.name, number.parts, always=always), required=True, metadata=metadata)


class ShownFairPrice(EstimateOut):
    """A fair price of one video in minor units, with its interval; without one there is no number."""

    count = fields.Integer(required=True)
    basis = fields.String(required=True, validate=validate.OneOf(BASES))
    interval = fields.String(required=True)
    unit = fields.String(required=True)
    share_of_deals = fields.Float(required=True, allow_none=True)
    date = fields.Date(required=True, allow_none=True)


_OTHERWISE = ("intrusion", "intrusion_first", "backlash")
_SHOWN = {number.name: _member(number) for number in NUMBERS if number.name not in _OTHERWISE}
# Other bids are hidden while a brief is open, and so is what is told of them.
_RELATIVE = ("percentile", "comparables")


class _PartsOut(Schema):
    fair_price = StoredDocument(ShownFairPrice)
    currency = fields.String(required=True)
    peers = fields.String()
    audience_flags = fields.List(fields.String(), required=True)
    source = fields.String(required=True, allow_none=True)
    taken_on = fields.Date(required=True, allow_none=True)
    videos_used = fields.Integer(required=True)
    ceiling_is_the_briefs = fields.Boolean(required=True)


MatchPartsOut = _PartsOut.from_dict(
    {
        **_SHOWN,
        **{name: fields.Float(allow_none=True) for name in _RELATIVE},
        "intrusion": StoredDocument(
            _table("intrusion", tuple(dict.fromkeys((*BY_NAME["intrusion"].parts, *FIRST_FACTORS))), always=False),
            required=True,
            metadata={"description": "Points by factor; those of 0 are left out."},
        ),
        "videos_used": fields.Integer(required=True),
        "ceiling_is_the_briefs": fields.Boolean(required=True),
    },
    name="MatchPartsOut",
)
