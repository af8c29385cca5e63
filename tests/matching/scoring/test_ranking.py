"""Who reads a brief's ranking and when: sealed before the close, by pages after it, followed as a stream."""

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import ids
from tests.make import bids as make
from tests.make import work
from tests.make.people import Somebody, mandate, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


@pytest.fixture(scope="module")
def scored(own_market: None, worker: ModuleType) -> tuple[make.Market, list[tuple[Somebody, Any]]]:
    """A closed brief with five scored bids, the cheapest first."""
    there = look.market()
    offers = [look.offer(there, amount) for amount in range(1_000_000, 6_000_000, 1_000_000)]
    make.close(there)
    work.settle(worker)
    return there, offers


Scored = tuple[make.Market, list[tuple[Somebody, Any]]]


def test_before_the_close_counts_alone_are_told(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    for settled in (0, 1):
        for reader in (there.brand, somebody("platform")):
            told = client.get(look.path(there.brief_id, "ranking"), headers=reader.headers).json
            assert told == {
                "brief_id": ids.show("brf", there.brief_id),
                "sealed": True,
                "total": 1,
                "fresh": settled,
                "data": [],
                "has_more": False,
                "record": None,
                "warnings": [],
            }
            match = f"/api/v1/bids/{ids.show('bid', bid.id)}/match"
            assert client.get(match, headers=reader.headers).status_code == 404
        work.settle(worker)
    make.close(there)
    told = look.ranking(client, there)
    assert (told["sealed"], [one["bid_id"] for one in told["data"]]) == (False, [ids.show("bid", bid.id)])
    assert told["data"][0]["creator_id"] == ids.show("pty", who.party_id)


def test_a_bidder_reads_its_own_match_while_bids_are_sealed_but_no_place(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, bid = look.offer(there)
    rival, _ = look.offer(there, 1_000_000)
    url = f"/api/v1/bids/{ids.show('bid', bid.id)}/match"
    waiting = client.get(url, headers=who.headers)
    assert (waiting.status_code, "not been scored yet" in waiting.json["detail"]) == (404, True)
    work.settle(worker)
    agency = somebody("agency")
    mandate(agency, who.party_id)
    for reader in (who, agency):
        found = look.match(client, reader, bid.id)
        assert (found["rank"], found["overall"] > 0, found["bid_status"]) == (None, True, "open")
        assert not {"percentile", "comparables"} & set(found["parts"])
    assert client.get(url, headers=rival.headers).status_code == 404
    make.close(there)
    assert look.match(client, who, bid.id)["rank"] == 2


def test_pages_hold_every_match_once_and_in_order(client: FlaskClient, scored: Scored) -> None:
    there, offers = scored
    seen, more, after = [], True, None
    while more:
        page = look.ranking(client, there, limit=2, **({"starting_after": after} if after else {}))
        assert (page["total"], page["fresh"]) == (5, 5)
        seen += [(one["rank"], one["bid_id"]) for one in page["data"]]
        more, after = page["has_more"], page["data"][-1]["id"]
        assert len(page["data"]) == (2 if more else 1)
    assert seen == [(place, ids.show("bid", bid.id)) for place, (_, bid) in enumerate(offers, 1)]


def test_a_page_after_what_is_in_another_ranking_is_not_found(
    client: FlaskClient, worker: ModuleType, scored: Scored
) -> None:
    there = look.market()
    look.offer(there)
    make.close(there)
    work.settle(worker)
    (other,) = look.ranking(client, there)["data"]
    url = look.path(scored[0].brief_id, "ranking")
    answer = client.get(url, query_string={"starting_after": other["id"]}, headers=scored[0].brand.headers)
    assert answer.status_code == 404
    assert "start again from the first page" in answer.json["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "starting_after=bid_1", "order=price"])
def test_a_bad_query_is_refused(client: FlaskClient, scored: Scored, query: str) -> None:
    url = look.path(scored[0].brief_id, "ranking")
    assert client.get(f"{url}?{query}", headers=scored[0].brand.headers).status_code == 422


@pytest.mark.parametrize("page", ["ranking", "ranking/stream"])
def test_only_the_brand_and_the_platform_read_it(client: FlaskClient, scored: Scored, page: str) -> None:
    there, offers = scored
    url = look.path(there.brief_id, page)
    agency = somebody("agency")
    mandate(agency, offers[0][0].party_id)
    codes = {
        name: client.get(url, headers=who.headers if who else {}).status_code
        for name, who in {
            "brand": there.brand,
            "platform": somebody("platform"),
            "bidder": offers[0][0],
            "agency": agency,
            "other brand": somebody("brand"),
            "nobody": None,
        }.items()
    }
    assert codes == {"brand": 200, "platform": 200, "bidder": 403, "agency": 403, "other brand": 404, "nobody": 401}


def test_strangers_ask_for_no_scores(client: FlaskClient, scored: Scored) -> None:
    there, offers = scored
    before = len(work.of("matching.score", there.brief_id))
    url = look.path(there.brief_id, "score")
    assert client.post(url, headers=somebody("brand").once()).status_code == 404
    assert client.post(url, headers=offers[0][0].once()).status_code == 403
    assert len(work.of("matching.score", there.brief_id)) == before


def lines(text: str) -> list[dict[str, int]]:
    events = text.split("\n\n")
    assert events.pop() == ""
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_a_stream_of_what_is_fresh_ends_at_once(client: FlaskClient, scored: Scored) -> None:
    there, _ = scored
    answer = client.get(look.path(there.brief_id, "ranking/stream"), headers=there.brand.headers)
    assert answer.content_type.startswith("text/event-stream")
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert lines(answer.text) == [{"total": 5, "fresh": 5}]


def test_a_stream_of_no_bids_ends_at_once(client: FlaskClient) -> None:
    there = look.market()
    answer = client.get(look.path(there.brief_id, "ranking/stream"), headers=there.brand.headers)
    assert lines(answer.text) == [{"total": 0, "fresh": 0}]


def test_a_stream_tells_of_the_scoring_and_ends_with_it(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    look.offer(there)
    answer = client.get(look.path(there.brief_id, "ranking/stream"), headers=there.brand.headers)
    told: Iterator[str] = (str(piece, "utf-8") for piece in answer.iter_encoded())
    assert next(told) == 'data: {"total": 1, "fresh": 0}\n\n'
    work.settle(worker)
    assert list(told) == ['data: {"total": 1, "fresh": 1}\n\n']


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_stream_that_is_left_makes_room_for_another(app: Flask, method: str) -> None:
    there = look.market()
    make.place(there, **look.plain())
    url = look.path(there.brief_id, "ranking/stream")
    for _ in range(5):
        answer = app.test_client().open(url, method=method, headers=there.brand.headers)
        assert answer.status_code == 200
        answer.close()


def test_streams_are_few_and_the_next_one_is_asked_to_come_back(app: Flask, worker: ModuleType) -> None:
    there = look.market()
    make.place(there, **look.plain())
    url = look.path(there.brief_id, "ranking/stream")
    standing = [app.test_client().get(url, headers=there.brand.headers) for _ in range(2)]
    full = app.test_client().get(url, headers=there.brand.headers)
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
    for answer in standing:
        answer.close()
    work.settle(worker)
    assert app.test_client().get(url, headers=there.brand.headers).status_code == 200
