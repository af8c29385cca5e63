"""Schemas of the API of the inbox."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import TextField, TimeField, WholeParam, one_of
from marketplace.core.http.paging import LIMIT_DEFAULT, LIMIT_MAX
from marketplace.core.http.shared_schemas import SilenceOut
from marketplace.core.words.duties import DutySide
from marketplace.inbox.duty_table import DUTIES, SUBJECTS
from marketplace.inbox.service import CURSOR


class InboxQuery(Schema):
    limit = WholeParam(1, LIMIT_MAX, load_default=LIMIT_DEFAULT)
    starting_after = TextField(
        60, pattern=CURSOR, load_default=None, metadata={"description": "The last id of the page before."}
    )
    subject = one_of(SUBJECTS, load_default=None, metadata={"description": "Only duties on this kind of thing."})


class DutyCallOut(Schema):
    """A call that answers a duty: the operation of this description, with its id in the path."""

    operation = fields.String(required=True)
    method = fields.String(required=True)
    path = fields.String(required=True)


class DutyOut(Schema):
    """One thing that waits for you."""

    id = fields.String(required=True, metadata={"description": "Its place in the inbox: where a next page starts."})
    code = one_of(tuple(duty.code for duty in DUTIES), required=True)
    subject_kind = one_of(SUBJECTS, required=True)
    subject = fields.String(required=True, metadata={"description": "The id of what waits."})
    about = fields.String(required=True, allow_none=True, metadata={"description": "What it is called."})
    waits_for = one_of(DutySide, required=True)
    answer_by = TimeField(
        required=True,
        allow_none=True,
        attribute="by",
        metadata={"description": "When silence does what `silence` says; null: it has no date."},
    )
    waits_since_at = TimeField(required=True, attribute="since")
    is_overdue = fields.Boolean(required=True)
    zh = fields.String(required=True, attribute="said.zh")
    en = fields.String(required=True, attribute="said.en")
    silence = fields.Nested(SilenceOut, required=True)
    calls = fields.List(fields.Nested(DutyCallOut), required=True)
