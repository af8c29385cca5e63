"""Mistakes that people make, sent over HTTP to a market that runs, and the answers that docs/mistakes.md shows.

Where an answer is another one than the page shows, the failure prints the rows as they should be.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import urllib3
from click.testing import CliRunner

from marketplace.cli.main import main
from marketplace.core.ids import new_id
from marketplace.local.servers import LocalServers
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs
from tests.running_market import RunningMarket, running_market
from tests.test_two_languages import HAN

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "docs" / "mistakes.md"
PASSWORD = "correct horse battery"
JSON = "application/json"
NO_ID = "0" * 26


class Answer(NamedTuple):
    status: int
    headers: Any
    body: Any


class Market:
    """A market with a brand's published brief and a creator's channel that bids on it, all made over HTTP."""

    def __init__(self, url: str) -> None:
        self.url, self.pool = url, urllib3.PoolManager()
        self.keys: dict[str, str] = {}
        for kind in ("brand", "creator"):
            self.keys[kind] = self._account(kind)
        channel = {"platform": "douyin", "handle": "mistakes", "name": "误操作", "verticals": {"food": 1.0}}
        made = {"chn": self.make("creator", "/channels", channel)}
        made["brf"] = self.make("brand", "/briefs", make_briefs.minimal())
        made["old"] = self.make("brand", "/briefs", make_briefs.minimal())
        for name in ("brf", "old"):
            assert self.send("brand", "POST", f"/briefs/{made[name]}/publish").status == 200
        made["bid"] = self.make("creator", f"/briefs/{made['brf']}/bids", self.bid(made["chn"]))
        assert self.send("brand", "POST", f"/briefs/{made['old']}/cancel", {"reason": "x"}).status == 200
        self.made = made

    def bid(self, channel: str, **changes: Any) -> dict[str, Any]:
        brief = {"price": {"model": "flat", "amount": make_briefs.cny(1_000_000)}, "plan": make_bids.plan()}
        return {**brief, "deliverables": [{"kind": "video", "count": 1}], "channel_id": channel, **changes}

    def send(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Idempotency-Key": str(new_id()), **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent.setdefault("Content-Type", JSON)
        if who in self.keys:
            sent["Authorization"] = f"Bearer {self.keys[who]}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        answer = self.pool.request(method, f"{self.url}/api/v1{path}", body=data, headers=sent, retries=False)
        return Answer(answer.status, answer.headers, json.loads(answer.data) if answer.data else None)

    def _account(self, kind: str) -> str:
        known = {"email": f"{kind}@mistakes.example", "password": PASSWORD}
        party = {"kind": kind, "name": kind}
        done = self.send("", "POST", "/sign-up", {**known, "name": kind, "party": party})
        assert done.status == 201, done.body
        return str(self.send("", "POST", "/sessions", known).body["token"])

    def make(self, who: str, path: str, body: Any) -> str:
        made = self.send(who, "POST", path, body)
        assert made.status == 201, made.body
        return str(made.body["id"])


class Mistake(NamedTuple):
    """What somebody does wrong: in words, and as a request, in which {brf} and the like are ids of the market."""

    words: str
    who: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] | None = None


def brief(**changes: Any) -> dict[str, Any]:
    return {**make_briefs.minimal(), **changes}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in make_briefs.minimal().items() if key != name}


def channel(**changes: Any) -> dict[str, Any]:
    return {"platform": "douyin", "handle": "other", "name": "other", **changes}


NEW = {"email": "a@mistakes.example", "password": PASSWORD, "name": "A", "party": {"kind": "brand", "name": "A"}}
FILE = {"Content-Type": "application/octet-stream"}
DOLLARS = {"model": "flat", "amount": {"amount_minor": 9, "currency": "USD"}}
LGO = make_bids.plan(exposures=[{**make_bids.plan()["exposures"][0], "kind": "lgo"}])
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 99
IMPORTS, CHANNELS = ("creator", "POST", "/imports?file_name=a.csv"), ("creator", "POST", "/channels")
CHANGE = ("brand", "PATCH", "/briefs/{brf}", {"title": "x"})
BRIEFS, BIDS = ("brand", "POST", "/briefs"), ("creator", "POST", "/briefs/{brf}/bids")
MISTAKES = [
    Mistake("no key", "", "GET", "/briefs"),
    Mistake("a key with letters missing", "", "GET", "/briefs", None, {"Authorization": "Bearer inl_abc"}),
    Mistake("a wrong password", "", "POST", "/sessions", {"email": "brand@mistakes.example", "password": "x" * 9}),
    Mistake("a password that is guessed first", "", "POST", "/sign-up", {**NEW, "password": "password123"}),
    Mistake("an e-mail address without @", "", "POST", "/sign-up", {**NEW, "email": "a.example"}),
    Mistake("a creator posts a brief", "creator", "POST", "/briefs", make_briefs.minimal()),
    Mistake("a path that leads nowhere", "brand", "GET", "/breifs"),
    Mistake("an id of a bid where a brief's belongs", "brand", "GET", "/briefs/{bid}"),
    Mistake("an id with letters missing", "brand", "GET", "/briefs/brf_0123"),
    Mistake("an id of nothing", "brand", "GET", f"/briefs/brf_{NO_ID}"),
    Mistake("DELETE where there is none", "brand", "DELETE", "/briefs"),
    Mistake("a parameter that does not exist", "brand", "GET", "/briefs?limt=5"),
    Mistake("a parameter twice", "brand", "GET", "/briefs?limit=5&limit=6"),
    Mistake("a page of 500", "brand", "GET", "/briefs?limit=500"),
    Mistake("a form instead of JSON", *BRIEFS, b"title=x", {"Content-Type": "application/x-www-form-urlencoded"}),
    Mistake("JSON with single quotes", *BRIEFS, b"{\n  'title': 'x'\n}"),
    Mistake("JSON in GBK", *BRIEFS, '{"title": "青柠"}'.encode("gbk")),
    Mistake("a name twice in JSON", *BRIEFS, b'{"title": "x", "title": "y"}'),
    Mistake("a list instead of an object", *BRIEFS, b"[]"),
    Mistake("no Idempotency-Key", *BRIEFS, make_briefs.minimal(), {"Idempotency-Key": ""}),
    Mistake("a field with a typing error", *BRIEFS, brief(titel="x")),
    Mistake("a required field left out", *BRIEFS, without("budget")),
    Mistake("`budget: 60000`", *BRIEFS, brief(budget=60000)),
    Mistake("a currency with a typing error", *BRIEFS, brief(budget={"amount_minor": 6_000_000, "currency": "CNX"})),
    Mistake("a title of blanks", *BRIEFS, brief(title="   ")),
    Mistake("a time without a zone", *BRIEFS, brief(bids_close_at="2027-01-01T08:00:00")),
    Mistake("a deadline that is past", *BRIEFS, brief(bids_close_at="2020-01-01T08:00:00Z")),
    Mistake("a tolerance of 101", *BRIEFS, brief(tolerance=101)),
    Mistake("a number as text", *BRIEFS, brief(tolerance="20")),
    Mistake("a kind of placement with a typing error", *BRIEFS, brief(placement_kinds=["hand_porp"])),
    Mistake("one market instead of a list", *BRIEFS, brief(markets="CN")),
    Mistake("a change without If-Match", *CHANGE),
    Mistake(
        "a change of a version that is old", "brand", "PATCH", "/briefs/{brf}", {"title": "x"}, {"If-Match": '"1"'}
    ),
    Mistake("publishing twice", "brand", "POST", "/briefs/{brf}/publish"),
    Mistake("a second bid of one channel", *BIDS, {}),
    Mistake("a bid on a brief that was called off", "creator", "POST", "/briefs/{old}/bids", {}),
    Mistake(
        "a bid in another currency",
        *BIDS,
        {"price": DOLLARS},
    ),
    Mistake("more videos than are asked for", *BIDS, {"deliverables": [{"kind": "video", "count": 50}]}),
    Mistake("a plan without exposures", *BIDS, {"plan": {"duration_s": 55, "exposures": [], "brands": 1}}),
    Mistake(
        "a plan with an unknown kind of exposure",
        *BIDS,
        {"plan": LGO},
    ),
    Mistake("accepting a bid before the close", "brand", "POST", "/bids/{bid}/accept", {}),
    Mistake(
        "a handle that one has entered already",
        "creator",
        "POST",
        "/channels",
        {"platform": "douyin", "handle": "@mistakes", "name": "again"},
    ),
    Mistake(
        "a platform in capitals",
        "creator",
        "POST",
        "/channels",
        {"platform": "Douyin", "handle": "other", "name": "other"},
    ),
    Mistake("an empty file", *IMPORTS, b"", FILE),
    Mistake("a picture as a video", "creator", "POST", "/videos?name=a.png", PICTURE, FILE),
]


@pytest.fixture(scope="module")
def market(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with running_market(servers, tmp_path_factory.mktemp("mistakes"), "inlay_mistakes") as running:
        yield Market(RunningMarket(*running).url)


def answered(market: Market, mistake: Mistake, language: str) -> tuple[int, str]:
    """Return the status, and the sentence that says what to do: of the first error, else of the whole."""
    body = mistake.body
    if mistake.path.endswith("/bids") and isinstance(body, dict):
        body = market.bid(market.made["chn"], **body)
    headers = {"Accept_Language": language, **(mistake.headers or {})}
    answer = market.send(mistake.who, mistake.method, mistake.path.format(**market.made), body, **headers)
    assert answer.headers["Content-Type"] == "application/problem+json", (mistake.words, answer)
    assert answer.headers["Content-Language"] == language, mistake.words
    errors = answer.body.get("errors")
    said = f"`{errors[0]['pointer']}` {errors[0]['detail']}" if errors else answer.body["detail"]
    assert bool(HAN.search(answer.body["title"] + said)) == (language == "zh-CN"), (mistake.words, said)
    return answer.status, re.sub(r"\b([a-z]{3})_[0-9a-z]{26}\b", r"\1_...", said).replace("|", r"\|")


@pytest.mark.parametrize(("language", "colon"), [("zh", "："), ("en", ": ")])
def test_the_command_says_the_same_in_the_language_that_it_is_asked_for(
    market: Market, tmp_path: Path, language: str, colon: str
) -> None:
    file = tmp_path / "brief.json"
    file.write_text(json.dumps(brief(titel="x", budget=60000)))
    env = {"INLAY_URL": market.url, "INLAY_KEY": market.keys["brand"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    words = ("--language", language, "briefs", "create", "--file", str(file))
    done = CliRunner(env=env).invoke(main, words)
    accept = {"zh": "zh-CN", "en": "en"}[language]
    answer = market.send("brand", "POST", "/briefs", brief(titel="x", budget=60000), Accept_Language=accept).body
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"inlay: {answer['title']}{colon}{answer['detail']}",
        *(f"  {error['pointer']}{colon}{error['detail']}" for error in answer["errors"]),
    ]
    assert all(bool(HAN.search(line)) == (language == "zh") for line in done.stderr.splitlines())


def test_a_selection_that_fails_tells_each_reader_why_in_their_language(market: Market, tmp_path: Path) -> None:
    closed = market.make("brand", "/briefs", make_briefs.minimal())
    for act in ("publish", "close"):
        assert market.send("brand", "POST", f"/briefs/{closed}/{act}").status == 200
    env = {"INLAY_URL": market.url, "INLAY_KEY": market.keys["brand"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    zh = "组合至少要有 2 个报价，而只有 0 位创作者的报价可选。"
    en = "The set has to have 2 bids, and only 0 creators' bids may be chosen."
    for language, sentence in (("zh", zh), ("en", en)):
        words = ("--language", language, "select", closed, "--min-bids", "2")
        done = CliRunner(env=env).invoke(main, words)
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, f"inlay: {sentence}")


def test_each_mistake_is_answered_as_the_page_says(market: Market) -> None:
    rows = []
    for mistake in MISTAKES:
        (status, en), (other, zh) = (answered(market, mistake, language) for language in ("en", "zh-CN"))
        assert 400 <= status == other < 500, mistake.words
        rows.append(f"| {mistake.words} | {status} | {en} | {zh} |")
    page = PAGE.read_text()
    told = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| mistake")]
    assert told == rows, "\n".join(rows)
