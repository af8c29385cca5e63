"""What people are given to begin with: a brief, and a bid that answers it and would be taken; the same everywhere."""

import json
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from marketplace.bids.example_bid import example_bid
from marketplace.briefs.example_brief import example_brief
from marketplace.cli.main import main
from marketplace.core import jobs
from marketplace.core.clock import now
from tests import pages
from tests.make import work
from tests.make.people import somebody

pytestmark = pytest.mark.usefixtures("own_market")
# A bid of this score costs a quarter less for the people who notice than the brief would pay at most.
DECENT = 57
DATES = ("bids_close_at", "publish_window")


def undated(brief: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in brief.items() if name not in DATES}


def test_the_example_bid_scores_well_and_nothing_keeps_it_from_being_accepted(
    client: FlaskClient, worker: ModuleType
) -> None:
    brand, creator = somebody("brand"), somebody("creator")
    brief = client.post("/api/v1/briefs", json=example_brief(now().date()), headers=brand.once()).json["id"]
    assert client.post(f"/api/v1/briefs/{brief}/publish", headers=brand.once()).status_code == 200
    channels, kind = dict(pages.files("docs/walk.md"))["me.json"], "application/octet-stream"
    url = "/api/v1/imports?file_name=me.json"
    assert client.post(url, data=channels, content_type=kind, headers=creator.once()).status_code == 202
    assert worker.drain(jobs.IMPORTS) == 1
    work.settle(worker)
    [channel] = client.get("/api/v1/channels", headers=creator.headers).json["data"]
    body = {**example_bid(now().date()), "channel_id": channel["id"]}
    placed = client.post(f"/api/v1/briefs/{brief}/bids", json=body, headers=creator.once())
    assert placed.status_code == 201, placed.json
    assert client.post(f"/api/v1/briefs/{brief}/close", headers=brand.once()).status_code == 200
    [line] = client.get(f"/api/v1/briefs/{brief}/ranking", headers=brand.headers).json["data"]
    assert line["overall"] >= DECENT
    assert {gate["code"] for gate in line["gates"]} <= {"review_open", "review_needed"}
    assert line["intrusiveness"]["high"] <= example_brief(now().date())["tolerance"]


def test_documents_commands_and_the_apis_description_have_the_same_examples(client: FlaskClient) -> None:
    on_page = {name: json.loads(text) for name, text in pages.files("docs/walk.md")}
    brief, bid = example_brief(now().date()), example_bid(now().date())
    assert (undated(on_page["brief.json"]), on_page["bid.json"]) == (undated(brief), bid)
    printed = [json.loads(CliRunner().invoke(main, [noun, "example"]).output) for noun in ("briefs", "bids")]
    assert printed == [brief, bid]
    paths = client.get("/openapi.json").json["paths"]
    for path, example in (("/api/v1/briefs", brief), ("/api/v1/briefs/{brief_id}/bids", bid)):
        shown = paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert {**shown, **{name: example[name] for name in DATES if name in example}} == example
