"""Signs of collusion as the API shows them."""

from marshmallow import Schema, fields

from marketplace.core import ids
from marketplace.core.http.fields import IdField, free_form, one_of
from marketplace.matching.selection.schemas import SaidOut

_BID = {"pattern": ids.pattern("bid")}


class SignalOut(SaidOut):
    code = one_of(("shared_people", "same_wording", "ladder", "one_agency"), required=True)
    bids = fields.List(fields.String(metadata=_BID), required=True)
    numbers = free_form("what the signal is made of; each code has numbers of its own.", required=True)


class SignalsOut(Schema):
    """Signs that bidders did not bid each for itself. They ask for a look and prove nothing."""

    brief_id = IdField("brf", required=True)
    bids = fields.Integer(required=True)
    signals = fields.List(fields.Nested(SignalOut), required=True)
