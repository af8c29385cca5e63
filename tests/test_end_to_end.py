"""The whole walk over HTTP, with a real web server, worker and ringer on real PostgreSQL and Valkey."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import urllib3

from marketplace.core import db
from marketplace.core.actor import EVERYTHING, Actor, Role
from marketplace.demo import offers, wishes, world
from marketplace.demo.walk import DemoMarket, WorldSize, walk
from marketplace.identity import api_keys
from marketplace.identity import service as identity
from marketplace.local.servers import LocalServers
from marketplace.matching.scoring.schemas import BID_PICTURES
from marketplace.matching.selection.schemas import PICTURES
from tests.market import connected
from tests.running_market import running_market
from tests.waiting import until

pytestmark = pytest.mark.process

SIZE = WorldSize(channels=48, agencies=3, briefs=2, bids=24)

AT_WORK = (
    "SELECT (SELECT count(*) FROM events WHERE relayed_at IS NULL)"
    " + (SELECT count(*) FROM jobs WHERE kind LIKE 'matching.%' AND state IN ('queued', 'leased')"
    # What the clock repeats waits longer.
    " AND next_at < now() + interval '5 s')"
)


@pytest.fixture(scope="module")
def url(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running market of its own: three processes on a fresh database."""
    with running_market(servers, tmp_path_factory.mktemp("walk"), "inlay_walk") as running:
        yield running.url


@pytest.fixture(scope="module")
def market(url: str, servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> DemoMarket:
    return walk(url, tmp_path_factory.mktemp("exports"), SIZE, 7, lambda _: None)


def rows(servers: LocalServers, query: str) -> Any:
    dsn = servers.owner_url.replace("+psycopg", "").replace("/inlay?", "/inlay_walk?")
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


def settled(market: DemoMarket, brief: dict[str, Any], token: str) -> Any:
    """Return a brief's ranking when all of it is fresh: the model is fitted again a second after the last import, and
    whatever was scored before that is scored once more."""
    deadline = time.monotonic() + 120
    while True:
        page = market.caller("GET", f"/briefs/{brief['id']}/ranking", token, query={"limit": 100})
        if page["fresh"] == page["total"] or time.monotonic() > deadline:
            return page
        time.sleep(0.2)


def test_every_bid_has_one_match_and_a_place(market: DemoMarket, servers: LocalServers) -> None:
    assert market.bids == SIZE.bids
    assert rows(servers, "SELECT count(*), count(DISTINCT id) FROM matches") == [(SIZE.bids, SIZE.bids)]
    for brief, brand in zip(market.briefs, market.brands, strict=True):
        page = settled(market, brief, brand.token)
        assert page["fresh"] == page["total"] == len(page["data"]) == SIZE.bids // SIZE.briefs
        assert [match["rank"] for match in page["data"]] == list(range(1, page["total"] + 1))
        for match in page["data"]:
            assert match["fresh"] is True
            assert (
                match["overall"] is None
                or 0 <= match["overall_low"] <= match["overall"] <= match["overall_high"] <= 100
            )
            assert {"zh", "en", "code", "numbers"} <= match["reasons"][0].keys()


def test_channels_came_from_all_four_shapes(market: DemoMarket, servers: LocalServers) -> None:
    found = dict(rows(servers, "SELECT source, count(*) FROM audience_snapshots GROUP BY source"))
    assert set(found) == {"inlay", "tiktok_one", "xingtu", "youtube"}
    assert sum(found.values()) == SIZE.channels
    assert rows(servers, "SELECT count(*) FROM videos") == [(SIZE.channels * 10,)]


def test_a_bidder_sees_why_and_what_to_change(market: DemoMarket) -> None:
    brief, brand = market.briefs[0], market.brands[0]
    top = market.caller("GET", f"/briefs/{brief['id']}/ranking", brand.token, query={"limit": 1})["data"][0]
    seen = market.caller("GET", f"/bids/{top['bid_id']}/match", brand.token)
    assert seen["plan"]["reasons"]
    for reason in seen["plan"]["reasons"]:
        assert reason["zh"]
        assert reason["en"]
        assert reason["evidence"]


def admin_key(servers: LocalServers, name: str) -> str:
    """The key of another administrator."""
    with connected(servers.database_url.replace("/inlay?", "/inlay_walk?"), 2), db.transaction() as session:
        seat = identity.make_platform_admin(session, f"{name}@walk.example", "Ada", "a long enough password")
        who = Actor(role=Role.ADMIN, party_id=seat.party.id, person_id=seat.person.id)
        made = api_keys.create(session, who, name=name, scopes=sorted(EVERYTHING), expires_at=None)
    assert made.secret is not None
    return made.secret


def test_the_queue_is_worked_by_two_people(market: DemoMarket, servers: LocalServers, url: str) -> None:
    admins = [admin_key(servers, f"a{number}") for number in range(2)]
    until(lambda: len(assessed(market)) == SIZE.bids)
    # A person is asked only where one is needed: nothing is wrong with any of these, and what is large is not near.
    assert set(assessed(market)) <= {"passed_by_rule", "deferred"}
    assert assessed(market).count("deferred") <= SIZE.bids / 10
    assert market.caller("GET", "/reviews", admins[0])["data"] == []

    brief_id = large_bids(market)
    # Until the last fitting is followed by its scores, a review may change while somebody reads it.
    until(lambda: rows(servers, AT_WORK) == [(0,)])
    # What a gate keeps out waits for nobody until its brand asks.
    deferred = market.caller("GET", "/reviews", admins[0], query={"status": "deferred"})["data"]
    for review in deferred:
        if review["about_id"] != brief_id:
            continue
        asked = market.caller("POST", f"/bids/{review['subject_id']}/review", market.brands[0].token)
        assert asked["review"]["status"] == "waiting"
    queue = market.caller("GET", "/reviews", admins[0])["data"]
    assert len(queue) == 3
    assert [one["priority"] for one in queue] == sorted(one["priority"] for one in queue)
    review = queue[0]
    assert (review["about_id"], review["needs_two"]) == (brief_id, True)
    body = {"reason": "checked the sources", "seen_fingerprint": review["seen_fingerprint"]}
    first = market.caller("POST", f"/reviews/{review['id']}/override", admins[0], {**body, "overall": 50})
    assert (first["status"], first["override"]) == ("second", None)
    second = market.caller("POST", f"/reviews/{review['id']}/approve", admins[1], body)
    assert (second["status"], second["override"]["overall"]) == ("approved", 50)
    assert [one["verdict"] for one in second["decisions"]] == ["override", "approve"]
    shown = market.caller("GET", f"/bids/{review['subject_id']}", market.brands[0].token)["review"]
    assert (shown["status"], shown["reason"], shown["override"]["overall"]) == ("approved", "checked the sources", 50)

    # The others are decided with one reason, by one command of each of the two.
    risks = ("--risk", "large_amount", "--risk", "asked_for")
    words = ("reviews", "decide", *risks, "--verdict", "approve", "--reason", "prices are as usual")
    for admin, status in zip(admins, ("second", "approved"), strict=True):
        done = inlay(url, admin, "--json", *words, "--yes")
        assert done.returncode == 0, done.stderr
        decided = json.loads(done.stdout)
        assert {one["id"]: one["status"] for one in decided} == {one["id"]: status for one in queue[1:]}
    again = inlay(url, admins[0], *words, "--yes")
    assert (again.returncode, again.stdout.strip()) == (0, "(none)")


def assessed(market: DemoMarket) -> list[str]:
    """Return the verdict on each bid of the walk that has one, as its brand reads it."""
    pages = [
        market.caller("GET", f"/briefs/{brief['id']}/bids", brand.token, query={"limit": 100})["data"]
        for brief, brand in zip(market.briefs, market.brands, strict=True)
    ]
    return [bid["review"]["status"] for page in pages for bid in page if bid["review"] is not None]


def large_bids(market: DemoMarket) -> str:
    """Close a brief with three bids of CNY 150,000, and return its id."""
    at, brand = datetime.now(UTC).replace(microsecond=0), market.brands[0]
    wish = {**wishes.brief(0, at, at + timedelta(hours=1)), "budget": {"amount_minor": 40_000_000, "currency": "CNY"}}
    draft = market.caller("POST", "/briefs", brand.token, wish)
    brief = market.caller("POST", f"/briefs/{draft['id']}/publish", brand.token)
    rng = np.random.default_rng(7)
    for channel in world.channels(7, at.date(), SIZE.channels, SIZE.agencies)[:3]:
        body = offers.bid(rng, channel, brief, market.channel_ids[channel.number])
        body["price"] = {"model": "flat", "amount": {"amount_minor": 15_000_000, "currency": "CNY"}}
        market.caller("POST", f"/briefs/{brief['id']}/bids", market.owners[channel.number].token, body)
    market.caller("POST", f"/briefs/{brief['id']}/close", brand.token)
    return str(brief["id"])


def test_progress_can_be_followed_as_a_stream(market: DemoMarket, url: str) -> None:
    brief, brand = market.briefs[0], market.brands[0]
    headers = {"Authorization": f"Bearer {brand.token}"}
    answer = urllib3.request("GET", f"{url}/api/v1/briefs/{brief['id']}/ranking/stream", headers=headers, timeout=30)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    total = SIZE.bids // SIZE.briefs
    assert answer.data.decode().strip().splitlines()[-1] == f'data: {{"total": {total}, "fresh": {total}}}'


def test_nothing_private_reached_the_log(market: DemoMarket, tmp_path_factory: pytest.TempPathFactory) -> None:
    logs = sorted(Path(tmp_path_factory.getbasetemp()).glob("walk*/log"))
    text = logs[0].read_text()
    assert "http.request" in text
    for secret in (market.brands[0].token, market.brands[0].email, "production_cost", "correct horse"):
        assert secret not in text


def inlay(url: str, key: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "marketplace.cli.main", "--url", url, *words]
    env = {"PATH": "/usr/bin:/bin", "INLAY_KEY": key, "COLUMNS": "200"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_chooses_a_set_and_draws_it(market: DemoMarket, url: str, tmp_path: Path) -> None:
    brief, brand = market.briefs[0], market.brands[0]
    settled(market, brief, brand.token)
    done = inlay(
        url, brand.token, "--json", "select", brief["id"], "--max-bids", "3", "--lift-ceiling", "--out", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "done"
    assert 1 <= len(found["result"]["chosen"]) <= 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.svg" for name in PICTURES)
    bid = found["result"]["chosen"][0]["bid_id"]
    drawn = inlay(url, brand.token, "pictures", bid, "--out", str(tmp_path / "bid"), "--language", "en")
    assert drawn.returncode == 0, drawn.stderr
    assert sorted(path.name for path in (tmp_path / "bid").iterdir()) == sorted(f"{one}.svg" for one in BID_PICTURES)
    assert inlay(url, brand.token, "pictures", brief["id"], "--out", str(tmp_path)).returncode == 2
    told = inlay(url, brand.token, "what-if", brief["id"], "--budget", "1000", "--language", "zh")
    assert told.returncode == 0, told.stderr
    assert "CNY 1,000.00" in told.stdout
    for amount in ("ten", "inf", "0.001"):
        refused = inlay(url, brand.token, "select", brief["id"], "--budget", amount)
        assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (2, 1)


def test_a_channel_is_proven_by_commands(market: DemoMarket, url: str, servers: LocalServers) -> None:
    number, owner = next(iter(market.owners.items()))
    channel, admin = market.channel_ids[number], admin_key(servers, "claims")
    asked = inlay(url, owner.token, "--json", "claims", "ask", channel)
    assert asked.returncode == 0, asked.stderr
    code = json.loads(asked.stdout)["code"]
    waiting = json.loads(inlay(url, admin, "--json", "claims", "list").stdout)
    assert [one["proofs"][0]["code"] for one in waiting if one["id"] == channel] == [code]
    assert "claimed" in inlay(url, admin, "claims", "list").stdout
    seen = ("--reason", "the code is there", "--evidence", "the profile, today")
    assert inlay(url, owner.token, "claims", "prove", channel, *seen).returncode == 1  # for administrators
    assert inlay(url, admin, "claims", "prove", channel, *seen).returncode == 0
    assert json.loads(inlay(url, owner.token, "--json", "channels", "show", channel).stdout)["claim_status"] == "proven"
    listed = inlay(url, owner.token, "claims", "proofs", channel)
    assert "accepted" in listed.stdout, listed.stderr


def test_the_bids_of_a_closed_brief_can_be_verified_and_a_changed_one_is_found(
    market: DemoMarket, url: str, tmp_path: Path
) -> None:
    brief, brand = market.briefs[0], market.brands[0]
    kept = tmp_path / "bids.json"
    done = inlay(url, brand.token, "--json", "verify", "bids", brief["id"], "--save", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["bids"] == SIZE.bids // SIZE.briefs == told["commitments"]
    found = json.loads(kept.read_text())
    for change, words in (
        (lambda held: held["bids"][0]["price"]["amount"].update(amount_minor=1), "not what was committed to"),
        (lambda held: held["commitments"].pop(), "not in the public list"),
        (lambda held: held["brief"].update(close_seed="0" * 64), "the seed is not the one"),
        (lambda held: held["commitments"][0].update(created_at="2099-01-01T00:00:00Z"), "after bidding ended"),
    ):
        held = json.loads(json.dumps(found))
        held["bids"].sort(key=lambda bid: bid["price"]["model"] != "flat")
        change(held)
        kept.write_text(json.dumps(held))
        checked = inlay(url, "", "verify", "bids", "--file", str(kept))
        assert checked.returncode == 1, checked.stdout
        assert words in checked.stdout


def test_stored_scores_are_worked_out_again_from_the_outside(market: DemoMarket, url: str, tmp_path: Path) -> None:
    brief, brand = market.briefs[0], market.brands[0]
    settled(market, brief, brand.token)
    done = inlay(url, brand.token, "--json", "verify", "scores")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["bids"] >= SIZE.bids // SIZE.briefs
    assert (told["checks"], told["earlier"], told["faults"]) == (0, 0, [])
    refused = inlay(url, brand.token, "verify", "scores", "--bid", "bid_0")
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (1, 1)
