"""Matches that people have to look at, read and decided as the reviewers and both sides do."""

from types import ModuleType
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from marketplace.bids.bid_queries import ShownBid
from marketplace.core import ids
from tests.make import bids as make
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

# Far above the highest of the house's figures.
ODD = {"engagement_rate": 0.9}


def queue(client: FlaskClient, admin: Somebody, there: make.Market, **query: str) -> list[Any]:
    query = {"about_id": ids.show("brf", there.brief_id), "limit": "100", **query}
    answer = client.get("/api/v1/reviews", query_string=query, headers=admin.headers)
    assert answer.status_code == 200, answer.json
    return list(answer.json["data"])


def codes(review: dict[str, Any]) -> set[str]:
    return {risk["code"] for risk in review["risks"]}


def closed_with_risk(
    client: FlaskClient, worker: ModuleType, admin: Somebody
) -> tuple[make.Market, Somebody, ShownBid, dict[str, Any]]:
    """A closed brief with one risky bid: the market, the bidder, the bid and its review."""
    there = look.market()
    who, bid = risky(there)
    make.close(there)
    work.settle(worker)
    [review] = queue(client, admin, there)
    return there, who, bid, review


def act(client: FlaskClient, who: Somebody, review: dict[str, Any], verdict: str) -> Any:
    body = {"reason": "数据来源已核对", "seen_fingerprint": review["seen_fingerprint"]}
    return client.post(f"/api/v1/reviews/{review['id']}/{verdict}", json=body, headers=who.once())


def of_bid(client: FlaskClient, who: Somebody, bid_id: UUID) -> Any:
    answer = client.get(f"/api/v1/bids/{ids.show('bid', bid_id)}", headers=who.headers)
    assert answer.status_code == 200, answer.json
    return answer.json["review"]


def risky(there: make.Market, amount_minor: int = 3_000_000) -> tuple[Somebody, ShownBid]:
    """A bid of a channel whose figures two people have to look at."""
    who = somebody("creator")
    return who, make.place(there, who, look.channel(who, **ODD), **look.plain(amount_minor))
