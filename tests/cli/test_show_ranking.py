"""The ranking in the terminal: every place, and what became of the bid that has it."""

from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from marketplace.bids.models import Bid
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


def test_an_open_bid_shows_which_gate_keeps_it_out(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = look.market()
    _, bid_id = risky(there)
    look.offer(there)
    make.close(there)
    assert "in review" in shown(client, there, monkeypatch)
    make_reviews.decide(somebody("platform"), make_reviews.of(bid_id).id, "reject", reason="重复")
    lines = shown(client, there, monkeypatch, "--why").splitlines()
    assert [ids.show("bid", bid_id) in line for line in lines if "rejected" in line and "bid_" in line] == [True, True]
    assert "审核未过" in shown(client, there, monkeypatch, "--language", "zh")


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
