"""Fifty decisions about bids at once: they have one order, and the budget holds."""

from collections import Counter
from types import ModuleType

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db, ids
from tests.bids.test_at_once import at_once
from tests.make import bids as make
from tests.make.people import somebody
from tests.matching import look
from tests.matching.gates.test_acceptance import post, selection, status

pytestmark = pytest.mark.usefixtures("own_market")


def test_fifty_decisions_at_once_keep_one_order_and_the_budget(app: Flask, client: FlaskClient) -> None:
    there = look.market(budget=make.cny(3_500_000))
    offers = [look.offer(there, 1_000_000) for _ in range(10)]
    make.close(there)

    def decide(number: int) -> int:
        who, bid = offers[number % 10]
        shown = ids.show("bid", bid.id)
        verb, actor = [("accept", there.brand), ("decline", there.brand), ("withdraw", who)][number % 3]
        return app.test_client().post(f"/api/v1/bids/{shown}/{verb}", headers=actor.once()).status_code

    answers = at_once(decide)
    assert set(answers) <= {200, 409}
    ended = Counter(status(client, there.brand, bid.id) for _, bid in offers)
    assert ended["accepted"] <= 3  # a fourth would exceed the budget
    assert sum(ended[name] for name in ("accepted", "declined", "withdrawn")) == answers[200]
    for who, bid in offers:
        query = {"subject_id": ids.show("bid", bid.id), "limit": "50"}
        told = client.get("/api/v1/events", query_string=query, headers=who.headers).json["data"]
        decisions = [
            event["kind"] for event in told if event["kind"] in ("bids.accept", "bids.decline", "bids.withdraw")
        ]
        assert len(decisions) <= 1
        expected = {"bids.accept": "accepted", "bids.decline": "declined", "bids.withdraw": "withdrawn"}
        assert status(client, who, bid.id) == (expected[decisions[0]] if decisions else "open")


def test_fifty_of_every_decision_at_once_have_one_order(app: Flask, client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(budget=make.cny(4_500_000)), somebody("platform")
    offers = [look.offer(there, 1_000_000) for _ in range(6)]
    make.close(there)
    chosen = selection(client, worker, there, bids_max=3)
    brief = f"briefs/{ids.show('brf', there.brief_id)}"

    def decide(number: int) -> int:
        who, bid = offers[number % 6]
        bid_path = f"bids/{ids.show('bid', bid.id)}"
        actor, path, body = (
            (there.brand, f"{bid_path}/accept", {}),
            (there.brand, f"{bid_path}/decline", {}),
            (who, f"{bid_path}/withdraw", {}),
            (there.brand, f"selections/{chosen['id']}/confirm", {}),
            (admin, f"{brief}/rescore", {"reason": "补充数据"}),
            (there.brand, f"{bid_path}/step-back", {"reason": "改期"}),
        )[number % 6 if number < 36 else number % 4]
        return int(post(app.test_client(), actor, path, body).status_code)

    answers = at_once(decide)
    assert set(answers) <= {200, 201, 409}
    of_brief = {"id": there.brief_id}
    with db.transaction() as session:
        spent = session.scalar(sa.text("SELECT sum(accepted_cost_minor) FROM bids WHERE brief_id = :id"), of_brief)
        records = session.scalar(sa.text("SELECT count(*) FROM close_records WHERE brief_id = :id"), of_brief)
        rows = session.execute(
            sa.text(
                "SELECT b.status, e.kind, e.data ->> 'before' AS before, e.data ->> 'after' AS after, b.id FROM bids b"
                " JOIN events e ON e.subject_id = b.id AND e.data ? 'before' WHERE b.brief_id = :id ORDER BY b.id, e.id"
            ),
            of_brief,
        ).all()
    assert (spent or 0) <= 4_500_000
    assert records == 1 + answers[201]
    # Each bid's events are a chain from open to what it is now.
    for bid_id in {row.id for row in rows}:
        steps = [row for row in rows if row.id == bid_id]
        assert [row.before for row in steps] == ["open", *(row.after for row in steps[:-1])]
        assert steps[-1].after == steps[-1].status
