"""The close takes a picture: what bids are scored on is recorded, and later facts stand beside it and move nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event as Flag
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db, ids
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def what_if(client: FlaskClient, there: make.Market, **wishes: Any) -> Any:
    answer = client.post(look.path(there.brief_id, "what-if"), json=wishes, headers=there.brand.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def without(ranking: Any, *names: str) -> Any:
    """The ranking without some fields of its lines."""
    return [{name: value for name, value in line.items() if name not in names} for line in ranking["data"]]


def tell_ten_times_more(who: Somebody, channel_id: Any) -> None:
    """Followers five times and views of the same videos ten times what they were at the close."""
    videos = make_channels.videos(*(views * 10 for views in look.HISTORY))
    make_channels.told(who, channel_id, taken_on="2026-11-04", followers=900_000, videos=videos)


def test_figures_told_after_the_close_move_nothing_and_are_shown_beside_it(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, bid = look.offer(there, 4_000_000)
    look.offer(there, 1_000_000)
    make.close(there)
    before, chosen = look.ranking(client, there), what_if(client, there)
    tell_ten_times_more(who, bid.channel_id)
    work.settle(worker)
    after = look.ranking(client, there)
    assert without(after, "since_close") == without(before, "since_close")
    assert what_if(client, there) == chosen
    [line] = [line for line in after["data"] if line["bid_id"] == ids.show("bid", bid.id)]
    since = line["since_close"]
    assert (since["followers"], since["taken_on"]) == (900_000, "2026-11-04")
    assert since["followers_at_close"] < 900_000
    assert "video_rewritten" in since["flags"]
    # Its own side reads the same, and the picture and the fair price stay too.
    assert look.match(client, who, bid.id)["since_close"] == since


def test_a_channel_renamed_after_the_close_keeps_its_name_in_the_ranking(client: FlaskClient) -> None:
    there, admin = look.market(), somebody("platform")
    who, bid = look.offer(there)
    look.offer(there)
    make.close(there)
    before = look.ranking(client, there)
    url = f"/api/v1/channels/{ids.show('chn', bid.channel_id)}"
    version = client.get(url, headers=who.headers).json["version"]
    names = {"handle": f"new{version}handle", "name": "换了名字"}
    answer = client.patch(url, json=names, headers={**who.once(), "If-Match": f'"{version}"'})
    assert (answer.status_code, answer.json["handle"]) == (200, names["handle"])

    after = look.ranking(client, there)

    assert without(after, "since_close") == without(before, "since_close")
    since = {line["bid_id"]: line["since_close"] for line in after["data"]}
    renamed = since.pop(ids.show("bid", bid.id))
    assert list(since.values()) == [None]
    [line] = [line for line in before["data"] if line["bid_id"] == ids.show("bid", bid.id)]
    assert (renamed["handle"], renamed["channel_name"]) == (names["handle"], names["name"])
    assert (renamed["handle_at_close"], renamed["channel_name_at_close"]) == (line["handle"], line["channel_name"])
    assert (renamed["snapshot_id"], renamed["followers"], renamed["flags"]) == (None, None, [])
    assert look.match(client, who, bid.id)["handle"] == line["handle"]
    # Scoring again reads new figures, and keeps who bid.
    make.rescore(there, admin)
    assert [line["handle"] for line in look.ranking(client, there)["data"]] == [
        line["handle"] for line in after["data"]
    ]


def test_only_an_admin_scores_again_with_a_reason_that_both_sides_read(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    who, bid = look.offer(there, 4_000_000)
    look.offer(there, 1_000_000)
    make.close(there)
    before = look.ranking(client, there)
    tell_ten_times_more(who, bid.channel_id)
    work.settle(worker)
    url, body = look.path(there.brief_id, "rescore"), {"reason": "平台确认了新数据"}
    assert client.post(url, json=body, headers=there.brand.once()).status_code == 403
    assert client.post(url, json={}, headers=admin.once()).status_code == 422
    assert look.ranking(client, there)["record"] == before["record"] == 1
    answer = client.post(url, json=body, headers=admin.once())
    assert (answer.status_code, answer.json["number"], answer.json["reason"]) == (201, 2, "平台确认了新数据")
    after = look.ranking(client, there)
    assert after["record"] == 2
    assert {line["since_close"] for line in after["data"]} == {None}
    assert without(after, "since_close") != without(before, "since_close")
    for reader in (who, there.brand):
        query = {"kind": "briefs.rescore", "subject_id": ids.show("brf", there.brief_id)}
        [event] = client.get("/api/v1/events", query_string=query, headers=reader.headers).json["data"]
        assert event["data"]["reason"] == "平台确认了新数据"
    with db.transaction() as session:
        kept = "SELECT count(*) FROM close_records WHERE brief_id = :id"
        assert session.scalar(sa.text(kept), {"id": there.brief_id}) == 2


def test_a_snapshot_of_the_last_moment_counts_though_no_worker_has_seen_it(client: FlaskClient) -> None:
    there, who = look.market(), somebody("creator")
    channel_id = look.channel(who)
    bid = make.place(there, who, channel_id, **look.plain())
    make_channels.told(who, channel_id, taken_on="2026-11-09", followers=61_234, videos=[])
    make.close(there)
    [line] = look.ranking(client, there)["data"]
    assert (line["bid_id"], line["parts"]["taken_on"]) == (ids.show("bid", bid.id), "2026-11-09")
    assert line["rank"] == 1
    assert line["since_close"] is None


def test_a_closed_brief_is_never_not_fresh(client: FlaskClient) -> None:
    there, admin = look.market(), somebody("platform")
    for _ in range(3):
        look.offer(there)
    make.close(there)
    # No worker has run yet.
    ranking = look.ranking(client, there)
    assert (ranking["total"], ranking["fresh"], [line["rank"] for line in ranking["data"]]) == (3, 3, [1, 2, 3])
    assert all(line["fresh"] for line in ranking["data"])
    assert what_if(client, there)["outcome"]["chosen"]
    answer = client.post(look.path(there.brief_id, "score"), headers=admin.once())
    assert (answer.status_code, "fresh" in answer.json["detail"]) == (409, False)


def test_rankings_are_one_total_order_and_ties_fall_by_the_seed_of_the_close(client: FlaskClient) -> None:
    there = look.market()
    bids = []
    for _ in range(6):
        who = somebody("creator")
        bids.append(make.place(there, who, look.channel(who, videos=[]), **look.plain()))
    make.close(there)
    lines = look.ranking(client, there)["data"]
    assert len({line["overall"] for line in lines}) == 1
    assert [line["rank"] for line in lines] == [1, 2, 3, 4, 5, 6]
    # What anybody can work out once the seed is told, and nobody before.
    seed = client.get(look.path(there.brief_id), headers=there.brand.headers).json["close_seed"]
    drawn = {ids.show("bid", bid.id): sha256(f"{seed}:{bid.commitment}".encode()).hexdigest() for bid in bids}
    assert [drawn[line["bid_id"]] for line in lines] == sorted(drawn.values())
    # A choice among equals goes by the same order.
    for most in (1, 2, 3):
        chosen = what_if(client, there, bids_max=most)["outcome"]["chosen"]
        assert sorted(drawn[line["bid_id"]] for line in chosen) == sorted(drawn.values())[:most]


def test_decided_bids_keep_their_place_and_say_what_became_of_them(client: FlaskClient) -> None:
    there = look.market()
    people = [look.offer(there, amount) for amount in (1_000_000, 2_000_000, 3_000_000, 4_000_000)]
    make.close(there)
    before = look.ranking(client, there)["data"]
    make.accept(there, people[0][1].id)
    make.decline(there, people[1][1].id)
    make.withdraw(*people[2][:1], people[2][1].id)
    after = look.ranking(client, there)["data"]
    assert [(line["rank"], line["bid_id"]) for line in after] == [(line["rank"], line["bid_id"]) for line in before]
    status = {line["bid_id"]: line["bid_status"] for line in after}
    assert [status[ids.show("bid", bid.id)] for _, bid in people] == ["accepted", "declined", "withdrawn", "open"]


def test_a_bid_withdrawn_before_the_close_has_no_place(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, gone = look.offer(there, 1_000_000)
    look.offer(there, 2_000_000)
    work.settle(worker)
    make.withdraw(who, gone.id)
    make.close(there)
    assert [line["rank"] for line in look.ranking(client, there)["data"]] == [1]


def test_a_closed_brief_answers_the_same_to_the_bit_while_snapshots_pour_in(
    app: Flask, client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    people = [look.offer(there, amount) for amount in range(1_000_000, 3_000_000, 400_000)]
    make.close(there)
    chosen = what_if(client, there)
    ranking = look.ranking(client, there)
    stop = Flag()

    def pour() -> int:
        told = 0
        while not stop.is_set():
            who, bid = people[told % len(people)]
            day = f"2026-{1 + told // 28 % 9:02d}-{1 + told % 28:02d}"
            make_channels.told(who, bid.channel_id, taken_on=day, followers=50_000 + told, videos=[])
            told += 1
        return told

    with ThreadPoolExecutor(1) as pool:
        pouring = pool.submit(pour)
        try:
            for _ in range(6):
                asked = app.test_client()
                assert what_if(asked, there) == chosen
                assert without(look.ranking(asked, there), "since_close") == without(ranking, "since_close")
                worker.relay()
                worker.drain("scoring")
        finally:
            stop.set()
        assert pouring.result() > 6


def agree(client: FlaskClient, bid_id: Any, override: dict[str, Any]) -> None:
    for admin in make_reviews.admins(2):
        make_reviews.decide(admin, make_reviews.of(bid_id).id, "override", override, reason="植入遮挡了主角的脸")


def test_an_agreed_override_is_what_everything_reads_with_the_computed_value_beside_it(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, other = somebody("creator"), look.offer(there, 3_000_000)[1]
    bid = make.place(there, who, look.channel(who, engagement_rate=0.9), **look.plain(2_000_000))
    make.close(there)
    before = {line["bid_id"]: line for line in look.ranking(client, there)["data"]}[ids.show("bid", bid.id)]
    agree(client, bid.id, {"overall": 5.0, "intrusiveness": 95.0})
    work.settle(worker)
    lines = look.ranking(client, there)["data"]
    line = {one["bid_id"]: one for one in lines}[ids.show("bid", bid.id)]
    assert (line["overall"], line["intrusiveness"]["point"]) == (5.0, 95.0)
    assert line["computed"]["intrusiveness"] == pytest.approx(before["intrusiveness"]["point"], abs=1e-5)
    assert line["review"]["reason"] == "植入遮挡了主角的脸"
    assert [one["rank"] for one in lines] == [1, 2]
    assert lines[0]["bid_id"] == ids.show("bid", other.id)
    assert "over_tolerance" in [gate["code"] for gate in line["gates"]]
    chosen = what_if(client, there, intrusiveness_max=50)["outcome"]["chosen"]
    assert [one["bid_id"] for one in chosen] == [ids.show("bid", other.id)]
    url = f"/api/v1/bids/{ids.show('bid', bid.id)}/accept"
    answer = client.post(url, headers=there.brand.once())
    assert (answer.status_code, answer.json["gates"][0]["code"]) == (409, "over_tolerance")


def test_one_persons_override_binds_nothing(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(), somebody("creator")
    bid = make.place(there, who, look.channel(who, engagement_rate=0.9), **look.plain(2_000_000))
    make.close(there)
    before = look.ranking(client, there)["data"]
    admin = make_reviews.admins(1)[0]
    make_reviews.decide(admin, make_reviews.of(bid.id).id, "override", {"overall": 99.0})
    work.settle(worker)
    assert [line["overall"] for line in look.ranking(client, there)["data"]] == [line["overall"] for line in before]


CASES: dict[str, Callable[[FlaskClient, make.Market], int]] = {
    "ranking": lambda client, there: (
        client.get(look.path(there.brief_id, "ranking"), headers=there.brand.headers).status_code
    ),
    "what-if": lambda client, there: (
        client.post(look.path(there.brief_id, "what-if"), json={}, headers=there.brand.headers).status_code
    ),
    "selections": lambda client, there: (
        client.post(look.path(there.brief_id, "selections"), json={}, headers=there.brand.once()).status_code
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_brief_without_bids_is_answered_too(client: FlaskClient, name: str) -> None:
    there = look.market()
    make.close(there)
    assert CASES[name](client, there) in (200, 202)
