"""Once a closed brief is called off, nothing is decided on its bids, also before the job has ended them."""

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.bids import brief_changes
from marketplace.core import db, ids
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody
from tests.matching import look
from tests.matching.scoring.reviewed_matches import act, closed_with_risk, of_bid, queue
from tests.reviews.look import kinds

pytestmark = pytest.mark.usefixtures("own_market")

REASON = {"reason": "数据来源已核对"}


@pytest.fixture(scope="module")
def admins(own_market: None) -> list[Somebody]:
    return make_reviews.admins(2)


def call_off(client: FlaskClient, there: make.Market, by: Somebody) -> None:
    answer = client.post(look.path(there.brief_id, "cancel"), json={"reason": "停产"}, headers=by.once())
    assert answer.status_code == 200, answer.json


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["state"]


@pytest.mark.parametrize("by_admin", [False, True])
def test_what_waits_for_a_person_is_decided_no_more(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody], by_admin: bool
) -> None:
    there, who, bid, review = closed_with_risk(client, worker, admins[0])
    call_off(client, there, admins[1] if by_admin else there.brand)
    assert queue(client, admins[0], there) == []
    for verdict in ("approve", "hold", "reject"):
        assert refusal(act(client, admins[0], review, verdict)) == (409, "dropped")
    many = {**REASON, "verdict": "approve", "reviews": [{name: review[name] for name in ("id", "seen_fingerprint")}]}
    assert client.post("/api/v1/reviews/decisions", json=many, headers=admins[0].once()).status_code == 409
    told = kinds(bid.id)
    work.settle(worker)
    assert kinds(bid.id) == [*told, "bids.void"]
    for reader in (who, there.brand):
        assert of_bid(client, reader, bid.id) is None


def test_nobody_asks_about_a_bid_of_a_brief_that_was_called_off_or_takes_a_decision_on_it_back(
    client: FlaskClient, worker: ModuleType, admins: list[Somebody]
) -> None:
    there, _, decided, review = closed_with_risk(client, worker, admins[0])
    assert act(client, admins[0], review, "reject").status_code == 200
    other = look.market(brand=there.brand)
    _, passed = look.offer(other)
    make.close(other)
    for market in (there, other):
        call_off(client, market, there.brand)
    told = kinds(decided.id), kinds(passed.id)
    back = f"/api/v1/bids/{ids.show('bid', decided.id)}/review/reopen"
    ask = f"/api/v1/bids/{ids.show('bid', passed.id)}/review"
    assert refusal(client.post(back, json=REASON, headers=admins[1].once())) == (409, "cancelled")
    for who in (there.brand, admins[1]):
        assert refusal(client.post(ask, headers=who.once())) == (409, "cancelled")
    assert (kinds(decided.id), kinds(passed.id)) == told


@pytest.mark.parametrize("verb", ["decline", "step-back"])
def test_the_brand_decides_on_no_bid_of_a_brief_that_it_has_called_off(client: FlaskClient, verb: str) -> None:
    there = make.with_audience(make.market())
    bid = make.place(there)
    make.close(there)
    if verb == "step-back":
        make.accept(there, bid.id)
    call_off(client, there, there.brand)
    body = REASON if verb == "step-back" else None
    answer = client.post(f"/api/v1/bids/{ids.show('bid', bid.id)}/{verb}", json=body, headers=there.brand.once())
    assert refusal(answer) == (409, "cancelled")
    assert make.void(there) == 1


@pytest.mark.parametrize("verb", ["approve", "review/reopen"])
def test_a_decision_that_waits_for_the_cancellation_is_refused(
    app: Flask, client: FlaskClient, worker: ModuleType, admins: list[Somebody], verb: str
) -> None:
    there, _, bid, review = closed_with_risk(client, worker, admins[0])
    url = f"/api/v1/reviews/{review['id']}/approve"
    if verb == "review/reopen":
        assert act(client, admins[0], review, "reject").status_code == 200
        url = f"/api/v1/bids/{ids.show('bid', bid.id)}/{verb}"
    with ThreadPoolExecutor(1) as pool:
        with db.transaction(there.brand.actor) as session:
            brief_changes.cancel(session, there.brand.actor, there.brief_id, reason="停产")
            decided = pool.submit(lambda: app.test_client().post(url, json=REASON, headers=admins[1].once()))
            work.until_one_waits()
        assert decided.result(10).status_code == 409
