"""What events and jobs look like from outside."""

from typing import Any

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, TimeField, WholeParam, free_form, one_of
from marketplace.core.ids import PREFIXES, show
from marketplace.core.jobs import JobState


class EventOut(Schema):
    """Something that happened. `subject_id` is the public id of the thing, by the noun of `kind`; ids in `data` are
    public ones too. While the bid that it is about is `sealed` from admins, nobody is named who acted."""

    id = IdField("evt", required=True)
    kind = fields.String(required=True)
    subject_id = fields.Method("_subject", required=True)
    actor_role = fields.String(allow_none=True, required=True)
    actor_party_id = IdField("pty", allow_none=True, required=True)
    request_id = fields.String(allow_none=True, required=True)
    data = free_form("what is told of it; each kind of event has members of its own.", required=True)
    sealed = fields.Boolean(
        required=True,
        metadata={"description": "For admins, of a bid whose brief was not closed: `data` names the brief alone."},
    )
    created_at = TimeField(required=True)

    def _subject(self, event: Any) -> str:
        prefix = PREFIXES.get(event.kind.split(".")[0])
        return show(prefix, event.subject_id) if prefix else str(event.subject_id)


_HASH = {"pattern": "^[0-9a-f]{64}$"}


class EventLinkOut(Schema):
    """The place of an event in a chain. `head` is the SHA-256 of the head before (32 zero bytes before the first) and
    of `leaf`, as bytes; `leaf` that of `record`, which is null if the event is gone or you may not read it."""

    id = IdField("evl", required=True)
    position = fields.Integer(required=True)
    event_id = IdField("evt", required=True)
    leaf = fields.String(required=True, metadata=_HASH)
    head = fields.String(required=True, metadata=_HASH)
    record = fields.String(allow_none=True, required=True)
    linked_at = TimeField(required=True)


class EventHeadQuery(Schema):
    position = WholeParam(
        1, 10**15, load_default=None, metadata={"description": "The position of a hash that you have kept."}
    )


class EventHeadOut(Schema):
    """The hash after the link at `position` of the chain of all events of the market: keep it, and nobody can change,
    remove or move an event up to there without your noticing. Position 0, of 64 zeros, is that of an empty chain."""

    position = fields.Integer(required=True)
    head = fields.String(required=True, metadata=_HASH)
    linked_at = TimeField(required=True, allow_none=True)


class JobProblemOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class JobOut(Schema):
    """Work under way: its stage, how much is done of how much, and how it ended.

    `problem` says in a sentence why it is not done; `last_error`, the raw error, is for the platform alone.
    """

    id = IdField("job", required=True)
    kind = fields.String(required=True)
    queue = fields.String(required=True)
    state = one_of(JobState, required=True)
    stage = fields.String(allow_none=True, required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(allow_none=True, required=True)
    attempt = fields.Integer(required=True)
    max_attempts = fields.Integer(required=True)
    problem = fields.Nested(JobProblemOut, allow_none=True, required=True)
    last_error = fields.String(allow_none=True, required=True)
    cancel_asked = fields.Boolean(required=True)
    created_at = TimeField(required=True)
    next_at = TimeField(
        required=True, allow_none=True, metadata={"description": "null where that is nobody's to know."}
    )
    started_at = TimeField(allow_none=True, required=True)
    finished_at = TimeField(allow_none=True, required=True)
