"""A bid before shooting: what is told of its plan, what could take its place, and that accepting is a revision."""

import math
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from marketplace.bids import commitment
from marketplace.briefs import service as briefs_service
from marketplace.briefs.schemas import BriefChange
from marketplace.cli.client import ApiClient
from marketplace.cli.main import main
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.intrusiveness import frontier, timeline
from marketplace.intrusiveness.notice import notice_share, sure_seconds
from marketplace.intrusiveness.plan_score import score_range
from marketplace.matching.ranking import service as ranking_service
from marketplace.matching.scoring.suggestions import messages as suggestion_messages
from marketplace.matching.scoring.suggestions import plan_suggestions
from tests.bids.look import events, everything, path, wordings
from tests.make import bids as make
from tests.make import work
from tests.make.people import Somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

# A bid that is read out in the middle, and too much of it.
LOUD = make.plan(
    exposures=[
        {"kind": "product", "start_s": 3, "seconds": {"low": 6, "high": 9}, "area_share": 0.04, "centre": "centre"},
        {"kind": "product", "start_s": 30, "seconds": 5, "area_share": "in-hand", "centre": "off-centre"},
    ],
    loudness_lu={"low": 1, "high": 3},
)


def read(client: FlaskClient, who: Somebody, bid_id: UUID) -> Any:
    answer = client.get(path(bid_id, "suggestions"), headers=who.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def take(client: FlaskClient, who: Somebody, bid_id: UUID, suggestion: str, **more: str) -> Any:
    return client.post(path(bid_id, "suggestions", suggestion, "accept"), headers={**who.once(), **more})


def reasons(told: Any) -> dict[str, Any]:
    return {reason["code"]: reason for reason in told["before_shooting"]["reasons"]}


def test_before_it_is_scored_the_plan_alone_speaks(client: FlaskClient) -> None:
    there = look.market(tolerance=90)
    who, bid = look.offer(there, plan=LOUD)
    told = read(client, who, bid.id)
    before, plan = told["before_shooting"], timeline.from_dict(LOUD)
    low, high = score_range(plan, math.nan)
    assert (before["intrusiveness"]["low"], before["intrusiveness"]["high"]) == (round(low, 2), round(high, 2))
    assert (before["fit"], before["fresh"], before["ad_load"], before["sponsored_views"]["point"]) == (None,) * 4
    assert (before["tolerance"], before["keeps_tolerance"]) == (90, "yes")
    assert set(reasons(told)) == {"tolerance_yes", "prominence", "noticing", "channel_after", "not_scored"}
    assert tuple(before["noticing"].values()) == notice_share(plan)
    assert (told["can_accept"], told["revision_number"], told["prominence_kept"]) == (True, 1, 1)
    found = frontier.frontier(plan, math.nan)
    assert [one["plan"] for one in told["suggestions"]] == [timeline.to_dict(one.plan) for one in found.points]
    assert told["suggestions"][0]["kept"] is True


def test_no_plan_is_suggested_that_the_brief_would_refuse_for_showing_too_little(client: FlaskClient) -> None:
    told = {}
    for least in (None, 6):
        there = look.market(tolerance=90, least_seconds=least)
        who, bid = look.offer(there, plan=LOUD)
        told[least] = {str(one["plan"]) for one in read(client, who, bid.id)["suggestions"]}
    assert told[6] < told[None]
    plan = timeline.from_dict(LOUD)
    enough = {str(timeline.to_dict(one.plan)) for one in frontier.frontier(plan, math.nan).points if seconds(one) >= 6}
    assert told[6] == enough


def seconds(point: frontier.PlanOption) -> float:
    return sure_seconds(point.plan)


def test_once_it_is_scored_the_channel_speaks_too(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(tolerance=5)
    who, bid = look.offer(there, plan=LOUD)
    work.settle(worker)
    told, match = read(client, who, bid.id), look.match(client, who, bid.id)
    before = told["before_shooting"]
    assert (before["fit"], before["fresh"]) == (match["parts"]["fit"], True)
    for end in ("point", "low", "high"):
        assert before["intrusiveness"][end] == pytest.approx(match["intrusiveness"][end], abs=0.01)
    assert before["keeps_tolerance"] == "no"
    # None of the channel's videos says whether it is sponsored.
    assert (before["sponsored_videos"], before["other_videos"], before["ad_load"]) == (0, 0, None)
    said = reasons(told)
    assert set(said) == {
        "tolerance_no",
        "prominence",
        "noticing",
        "channel_after",
        "fit",
        "backlash",
        "sponsored_views_unknown",
        "ad_load_unknown",
    }
    # The chance is told beside that of an unsponsored video, here from judgement alone.
    shown = match["backlash"]
    assert shown["known_from"] == "vertical"
    assert shown["unsponsored"] <= shown["low"] <= shown["chance"] <= shown["high"] < 1
    assert said["backlash"]["en"] == shown["en"]
    assert "judgement alone" in shown["en"]
    assert said["fit"] == look.told(match)["fit"]
    assert "全部超过需求上限 5" in said["tolerance_no"]["zh"]


def test_what_the_channels_sponsored_videos_tell_is_told(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    with db.transaction() as session:
        marks = "UPDATE videos SET sponsored = (views > 900000) WHERE channel_id = :id"
        session.execute(sa.text(marks), {"id": bid.channel_id})
    work.settle(worker)
    before = read(client, who, bid.id)["before_shooting"]
    assert (before["sponsored_videos"], before["other_videos"]) == (3, 3)
    assert before["ad_load"] == 0.5
    gap = before["sponsored_views"]
    assert gap["point"] > 1
    assert gap["low"] < gap["point"] < gap["high"]
    assert look.match(client, who, bid.id)["parts"]["fit_parts"]["sponsors"] == 0.875  # of typed marks
    said = reasons({"before_shooting": before})
    assert "50%" in said["ad_load"]["en"]
    assert said["sponsored_views"]["numbers"]["sponsored"]["interval"] == "80%"
    score = before["channel"]
    assert (score["videos"], score["sponsored"]) == (6, 3)
    for name in ("before", "after", "unsponsored"):
        assert score[name]["low"] < score[name]["point"] < score[name]["high"]
    assert score["after"]["point"] > score["unsponsored"]["point"]
    assert said["channel_after"]["numbers"]["after"]["value"] == score["after"]["point"]


def test_accepting_one_is_a_revision_to_its_plan_and_nothing_else(client: FlaskClient, worker: ModuleType) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    work.settle(worker)
    before = client.get(path(bid.id), headers=there.creator.headers).json
    [*_, chosen] = read(client, there.creator, bid.id)["suggestions"]
    answer = take(client, there.creator, bid.id, chosen["id"])
    after = answer.json
    assert (answer.status_code, after["revision_number"], after["revisions_left"]) == (201, 2, 1)
    assert after["plan"] == chosen["plan"]
    changed = {
        "plan",
        "revision_id",
        "revision_number",
        "revisions_left",
        "revised_at",
        "version",
        "commitment",
        "salt",
    }
    assert {name for name in before if before[name] != after[name]} == changed
    assert after["production_cost"]["amount_minor"] == make.PRODUCTION_COST_MINOR
    offer = commitment.offer_of(
        after, brief_id=there.brief_id, brief_version_id=bid.brief_version_id, channel_id=there.channel_id, number=2
    )
    assert commitment.verify(offer, after["salt"], after["commitment"])
    assert [(event.kind, event.data["number"]) for event in events(bid.id)] == [("bids.place", 1), ("bids.revise", 2)]
    work.settle(worker)
    scored = look.match(client, there.creator, bid.id)
    for end in ("point", "low", "high"):
        assert scored["intrusiveness"][end] == pytest.approx(chosen["intrusiveness"][end], abs=0.01)


def test_a_retry_with_the_same_key_makes_no_second_revision(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    one = read(client, there.creator, bid.id)["suggestions"][0]["id"]
    key = {"Idempotency-Key": new_id().hex}
    first, second = (take(client, there.creator, bid.id, one, **key) for _ in range(2))
    assert (first.status_code, second.status_code, second.json) == (201, 201, first.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(wordings(bid.id)) == 2
    without = client.post(path(bid.id, "suggestions", one, "accept"), headers=there.creator.headers)
    assert without.status_code == 400


def test_what_was_suggested_for_another_wording_is_refused(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    old = read(client, there.creator, bid.id)["suggestions"][0]["id"]
    make.revise(there.creator, bid.id, plan=LOUD)
    assert old not in [one["id"] for one in read(client, there.creator, bid.id)["suggestions"]]
    before = everything(there.brief_id)
    answer = take(client, there.creator, bid.id, old)
    assert (answer.status_code, answer.json["rule"]) == (409, plan_suggestions.STALE)
    assert "Read the bid's suggestions again" in answer.json["detail"]
    other = make.place(make.market(), plan=LOUD)
    for unknown in (new_id(), plan_suggestions.id_of(other.revision_id, LOUD)):
        answer = take(client, there.creator, bid.id, ids.show("sug", unknown))
        assert (answer.status_code, ids.show("sug", unknown) in answer.json["detail"]) == (404, True)
    assert everything(there.brief_id) == before


@pytest.mark.parametrize("over", ["closed", "withdrawn", "no revision left"])
def test_a_bid_that_takes_no_revision_takes_no_suggestion(client: FlaskClient, over: str) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    if over == "no revision left":
        for _ in range(2):
            make.revise(there.creator, bid.id, plan=LOUD)
    if over == "closed":
        make.close(there)
    told = read(client, there.creator, bid.id)
    if over == "withdrawn":
        make.withdraw(there.creator, bid.id)
    before = everything(there.brief_id)
    again = read(client, there.creator, bid.id)
    assert (again["can_accept"], again["suggestions"]) == (False, told["suggestions"])
    answer = take(client, there.creator, bid.id, told["suggestions"][0]["id"])
    assert (answer.status_code, answer.json.get("rule")) == (409, None)
    assert everything(there.brief_id) == before


def test_the_brief_as_it_now_is_decides_whether_the_wording_will_do(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    with db.transaction(there.brand.actor) as session:
        change = BriefChange().load({"questions": ["一", "二"]})
        briefs_service.change(session, there.brand.actor, there.brief_id, loaded=change, version=2)
    before = everything(there.brief_id)
    answer = take(client, there.creator, bid.id, read(client, there.creator, bid.id)["suggestions"][0]["id"])
    assert (answer.status_code, [one["pointer"] for one in answer.json["errors"]]) == (422, ["/answers"])
    assert everything(there.brief_id) == before


def test_only_the_bidders_side_reads_and_takes_them(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    one = read(client, there.creator, bid.id)["suggestions"][0]["id"]
    make.close(there)
    assert client.get(path(bid.id, "suggestions"), headers=there.brand.headers).status_code == 403
    lapsed = make.agency_of(there.creator.party_id, to_days=-1)
    assert client.get(path(bid.id, "suggestions"), headers=lapsed.headers).status_code == 404
    assert take(client, lapsed, bid.id, one).status_code == 404


def test_the_command_tells_them_and_takes_one(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = make.market()
    bid = make.place(there, plan=LOUD)
    found = read(client, there.creator, bid.id)

    def call(_: ApiClient, method: str, where: str) -> Any:
        answer = client.open(f"/api/v1{where}", method=method, headers=there.creator.once())
        return answer.json

    monkeypatch.setattr(ApiClient, "call", call)
    shown = CliRunner().invoke(main, ["suggestions", ids.show("bid", bid.id)])
    assert shown.exit_code == 0, shown.output
    told = [one["en"] for one in (*found["before_shooting"]["reasons"], *found["suggestions"][0]["steps"])]
    assert all(line in shown.output for line in told)
    chosen = found["suggestions"][0]["id"]
    assert f"[{chosen}]" in shown.output
    taken = CliRunner().invoke(main, ["suggestions", ids.show("bid", bid.id), "--take", chosen])
    assert "has its wording 2; 1 left" in taken.output
    assert wordings(bid.id)[1].plan == found["suggestions"][0]["plan"]


@pytest.mark.parametrize(
    ("tolerance", "word"), [(41, "yes"), (40, "yes"), (39, "likely"), (30, "likely"), (29, "unlikely"), (19, "no")]
)
def test_how_far_a_range_keeps_to_a_tolerance(app: Flask, tolerance: float, word: str) -> None:
    assert plan_suggestions.keeps(frontier.PlanStanding((20, 40), (0, 0)), tolerance) == word
    assert word in suggestion_messages.KEEPS


def test_a_plan_of_many_exposures_is_worked_out_while_no_transaction_is_open(
    client: FlaskClient, worker: ModuleType
) -> None:
    one = {"kind": "product", "seconds": {"low": 1, "high": 3}, "area_share": "in-hand", "centre": "edge"}
    many = [{**one, "start_s": {"low": 0.2 * at, "high": 0.2 * at + 4}} for at in range(timeline.EXPOSURES_MAX)]
    there = look.market(tolerance=100)
    who, bid = look.offer(there, plan=make.plan(exposures=many))
    work.settle(worker)
    with db.transaction(who.actor) as session:
        asked = ranking_service.planned_match(session, who.actor, bid.id)
        assert asked.match.plan is None
    told = look.match(client, who, bid.id)["plan"]
    assert [row["index"] for row in told["exposures"]] == list(range(timeline.EXPOSURES_MAX))
    found = ranking_service.with_plan_score(asked).plan
    assert found is not None
    assert (found["score"], found["reasons"]) == (told["score"], told["reasons"])
