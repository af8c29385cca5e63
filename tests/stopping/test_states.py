"""A dispute, and what stops a deal: each state x call x role over HTTP, as the table says and no other way."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.actor import Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.deals.models import DealStatus
from marketplace.deals.states import DEAL_TRANSITIONS
from marketplace.stopping.disputes.models import Dispute, DisputeStatus
from marketplace.stopping.disputes.states import DISPUTE_TRANSITIONS
from tests.make import owed as make
from tests.make.owed import Owed
from tests.make.people import Somebody, somebody
from tests.make.state_walks import step
from tests.market import undone
from tests.stopping import look, look_quotes

# By the call: the move of the table that it makes.
CALLS = {
    "pause": "pause",
    "resume": "resume",
    "cancel": "ask_to_cancel",
    "agree": "cancel",
    "refuse": "go_on",
    "dispute": "dispute",
}
ROLES = ("brand", "maker", "creator", "admin")


@pytest.mark.parametrize(("name", "status", "role"), list(product(DISPUTE_TRANSITIONS, DisputeStatus, Role)))
def test_a_dispute_moves_only_as_the_table_says(app: Flask, name: str, status: DisputeStatus, role: Role) -> None:
    row = Dispute(deal_id=new_id(), deliverable_ids=[], reason="a", answer_by=now(), status=status)
    step(DISPUTE_TRANSITIONS, row, name, role)


@pytest.fixture(scope="module")
def owed(app: Flask) -> Owed:
    return make.funded(agency=True)


def bring(client: FlaskClient, owed: Owed, status: str, by: Somebody) -> str:
    """Bring the deal into a state, as this side would; returns the hash of what cancelling costs then."""
    quote = look_quotes.quote(client, by, owed.deal_id)["quote_hash"]
    if status == "paused":
        assert look.pause(client, by, owed.deal_id).status_code == 200
    elif status == "cancelling":
        other = owed.brand if by is not owed.brand else owed.maker
        theirs = look_quotes.asked(client, other, owed.deal_id)
        return str(theirs["quote_hash"])
    elif status == "disputed":
        assert look.post(client, by, owed.deal_id, "disputes", reason="不符").status_code == 201
    elif status != "active":  # these have tests of their own
        with db.transaction() as session:
            _set(session, owed.deal_id, status)
    return str(quote)


def _set(session: Any, deal_id: UUID, status: str) -> None:
    turn = "turn = 'maker', answer_by = now()" if status == "offered" else "turn = NULL, answer_by = NULL"
    session.execute(sa.text(f"UPDATE deals SET status = :to, {turn} WHERE id = :id"), {"to": status, "id": deal_id})


def call(client: FlaskClient, owed: Owed, name: str, who: Somebody, quote_hash: str) -> Any:
    deal_id = owed.deal_id
    if name == "dispute":
        return look.post(client, who, deal_id, "disputes", reason="不符")
    if name in ("cancel", "agree"):
        return {"cancel": look_quotes.cancel, "agree": look_quotes.agree}[name](client, who, deal_id, quote_hash)
    return {"pause": look.pause, "resume": look.resume, "refuse": look_quotes.refuse}[name](client, who, deal_id)


@pytest.mark.parametrize(("name", "role"), list(product(CALLS, ROLES)))
def test_a_call_stops_a_deal_from_the_states_of_the_table_alone(
    app: Flask, client: FlaskClient, owed: Owed, name: str, role: str
) -> None:
    rule = DEAL_TRANSITIONS[CALLS[name]]
    people = {"brand": owed.brand, "maker": owed.maker, "creator": owed.creator, "admin": somebody("platform")}
    for status in map(str, DealStatus):
        by = owed.brand if role == "admin" else people[role]
        with undone():
            quote_hash = bring(client, owed, status, by)
            answer = call(client, owed, name, people[role], quote_hash)
            after = make.deal_status(owed)
        if role == "admin":
            assert (answer.status_code, after) == (403, status)
        elif status in {str(one) for one in rule.sources}:
            assert answer.status_code in (200, 201), (status, answer.json)
            assert after == str(rule.target)
        else:
            assert (answer.status_code, answer.json["state"], after) == (409, status, status), answer.json
