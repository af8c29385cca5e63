"""What stored documents of channels and imports look like from outside."""

from marshmallow import Schema, fields


class LeftOutRowOut(Schema):
    row = fields.Integer(required=True)
    value = fields.String(required=True)
    reason_zh = fields.String(required=True)
    reason_en = fields.String(required=True)


class ReadingNoteOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ImportReadingOut(Schema):
    """What a file was read as; what does not apply to it is left out. `units` are those of columns of rates, `dates`
    the forms in which days are written."""

    kind = fields.String()
    shape = fields.String()
    encoding = fields.String()
    delimiter = fields.String()
    sheet = fields.String()
    sheets_left_out = fields.List(fields.String())
    header_row = fields.Integer()
    decimal = fields.String()
    decimal_from = fields.String()
    units = fields.Dict(keys=fields.String(), values=fields.String())
    dates = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    columns_renamed = fields.Dict(keys=fields.String(), values=fields.String())
    columns_left_out = fields.List(fields.String())
    rows_left_out = fields.Integer()
    left_out = fields.List(fields.Nested(LeftOutRowOut))
    notes = fields.List(fields.Nested(ReadingNoteOut))


def _list() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Float())


class AudienceListsOut(Schema):
    """Shares of the audience, 0-1, by code; lists that the source does not have are left out."""

    age = _list()
    gender = _list()
    region = _list()
    education = _list()
    interests = _list()


class SnapshotFactsOut(Schema):
    """Figures of the channel; those that the source does not have are left out."""

    growth_30d = fields.Integer()
    engagement_rate = fields.Float()
    completion_rate = fields.Float()
    median_views_30d = fields.Float()
    expected_views = fields.Float()
    suggested_cpm_minor = fields.Integer()


class RateLineOut(Schema):
    length_tier = fields.String(required=True)
    amount_minor = fields.Integer(required=True)
    currency = fields.String(required=True)
