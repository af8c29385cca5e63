"""The ranking in the terminal: every place, and what became of the bid that has it."""

from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from marketplace.bids.models import Bid, BidStatus
from marketplace.cli import show_ranking
from marketplace.cli.client import ApiClient
from marketplace.cli.main import main
from marketplace.core import db, ids
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.make.people import somebody
from tests.matching import look
from tests.matching.gates.test_acceptance import risky

pytestmark = pytest.mark.usefixtures("own_market")


def shown(client: FlaskClient, there: make.Market, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What the command prints for the brief's brand."""

    def call(_: ApiClient, method: str, path: str, query: Any = None) -> Any:
        return client.open(f"/api/v1{path}", method=method, headers=there.brand.headers, query_string=query).json

    monkeypatch.setattr(ApiClient, "call", call)
    done = CliRunner(env={"COLUMNS": "240"}).invoke(main, ["ranking", ids.show("brf", there.brief_id), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_bid_that_is_not_open_shows_its_status(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = look.market()
    bids = [look.offer(there, amount) for amount in (900_000, 1_000_000, 1_100_000)]
    make.close(there)
    assert "status" not in shown(client, there, monkeypatch)
    make.accept(there, bids[0][1].id)
    make.withdraw(*_of(bids[1]))
    heading, *lines = shown(client, there, monkeypatch).splitlines()
    assert "status" in heading
    assert sorted(word for line in lines for word in ("accepted", "withdrawn") if word in line) == [
        "accepted",
        "withdrawn",
    ]
    why = shown(client, there, monkeypatch, "--why")
    assert "(accepted)" in why
    assert "(withdrawn)" in why


def test_a_bid_that_is_too_small_for_a_set_says_so(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = look.market()
    who, small = look.offer(there, 239_999)
    look.offer(there, 240_000)
    tiers = (("21-60", 200_000), ("60+", 300_000))
    options = [{"length_tier": tier, "amount": make.cny(amount)} for tier, amount in tiers]
    asked = {"kind": "video", "count": 1, "length_tiers": ["21-60", "60+"], "platform": None}
    of_two = look.market(deliverables=[asked])
    look.offer(of_two, 200_000, options=options)
    for market in (there, of_two):
        make.close(market)
    rows = {row["bid_id"]: row for row in look.ranking(client, there)["data"]}
    assert [bid for bid, row in rows.items() if row["too_small"]] == [ids.show("bid", small.id)]
    for told in (rows[ids.show("bid", small.id)], look.match(client, who, small.id)):
        reason = look.told(told)["too_small"]
        assert told["too_small"]
        assert ("CNY 2,399.99" in reason["zh"], "CNY 2,400.00" in reason["zh"]) == (True, True)
        assert ("CNY 2,399.99" in reason["en"], "CNY 2,400.00" in reason["en"]) == (True, True)
    # Its longer video is large enough.
    assert [row["too_small"] for row in look.ranking(client, of_two)["data"]] == [False]
    assert shown(client, there, monkeypatch).count("too small") == 1
    for language, word in (("en", "Too small"), ("zh", "金额太小")):
        url = f"/api/v1/bids/{ids.show('bid', small.id)}/picture?name=price&language={language}&width=1600"
        assert word in client.get(url, headers=there.brand.headers).text
    # What was accepted stays in every set.
    with db.transaction() as session:
        session.get_one(Bid, small.id).status = BidStatus.ACCEPTED
    assert not any(row["too_small"] for row in look.ranking(client, there)["data"])


def test_an_open_bid_shows_which_gate_keeps_it_out(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = look.market()
    _, bid_id = risky(there)
    look.offer(there)
    make.close(there)
    assert "in review" in shown(client, there, monkeypatch)
    make_reviews.decide(somebody("platform"), make_reviews.of(bid_id).id, "reject", reason="重复")
    lines = shown(client, there, monkeypatch, "--why").splitlines()
    assert [ids.show("bid", bid_id) in line for line in lines if "rejected" in line and "bid_" in line] == [True, True]
    assert "审核驳回" in shown(client, there, monkeypatch, "--language", "zh")


def _of(offer: Any) -> Any:
    who, bid = offer
    return who, bid.id


def test_bids_of_a_brief_called_off_are_void_before_the_job_says_so(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = look.market()
    _, bid = look.offer(there)
    make.close(there)
    make.cancel(there)
    with db.transaction() as session:
        assert session.get_one(Bid, bid.id).status == "open"
    assert "void" in shown(client, there, monkeypatch)


def test_as_many_places_are_shown_as_were_asked_for(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = look.market()
    for amount in range(900_000, 900_005):
        look.offer(there, amount)
    make.place(there, **look.plain())  # of a channel without any facts, whose fit is known in part at most
    make.close(there)
    monkeypatch.setattr(show_ranking, "PAGE", 2)
    for most in (1, 3, 6, 50):
        lines = shown(client, there, monkeypatch, "--limit", str(most)).splitlines()[1:]
        assert [line.split()[1] for line in lines] == [str(rank) for rank in range(1, min(most, 6) + 1)]
