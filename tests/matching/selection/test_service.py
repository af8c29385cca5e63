"""A selection from the asking to each bidder's own line, on real servers and with a real worker's code."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.matching.overlap import duplication
from marketplace.matching.overlap.markets import PEOPLE
from marketplace.matching.selection import load_inputs
from marketplace.matching.selection.schemas import PICTURES
from tests.make import bids as make
from tests.make import overlaps as make_overlaps
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

PRICES = (1_000_000, 1_500_000, 2_500_000, 4_000_000, 6_000_000, 9_000_000)
OPTIONS = (("21-60", make.cny(3_000_000)), ("60+", make.cny(4_500_000)))
Case = tuple[make.Market, list[tuple[Somebody, Any]]]


@pytest.fixture(scope="module")
def closed(own_market: None, worker: ModuleType) -> Case:
    """A closed brief of 200,000 CNY with six scored bids."""
    there = look.market()
    offers = [look.offer(there, amount) for amount in PRICES]
    make.close(there)
    work.settle(worker)
    return there, offers


def post(client: FlaskClient, path: str, who: Somebody, body: Any = None) -> Any:
    return client.post(path, json=body or {}, headers={**who.headers, "Idempotency-Key": str(new_id())})


def selected(client: FlaskClient, worker: ModuleType, there: make.Market, **body: Any) -> Any:
    answer = post(client, look.path(there.brief_id, "selections"), there.brand, body)
    assert answer.status_code == 202, answer.json
    work.settle(worker)
    return client.get(f"/api/v1/selections/{answer.json['id']}", headers=there.brand.headers).json


def test_a_set_is_chosen_with_its_reasons(client: FlaskClient, worker: ModuleType, closed: Case) -> None:
    there, offers = closed
    selection = selected(client, worker, there, budget={"amount_minor": 6_000_000, "currency": "CNY"})
    assert selection["status"] == "done", selection
    result = selection["result"]
    bids = {ids.show("bid", bid.id) for _, bid in offers}
    inside, outside = {one["bid_id"] for one in result["chosen"]}, {one["bid_id"] for one in result["left_out"]}
    assert inside
    assert outside
    assert inside | outside == bids
    assert not inside & outside
    assert result["spend"]["amount_minor"] == sum(one["price"]["amount_minor"] for one in result["chosen"]) <= 6_000_000
    reach = result["reach"]
    assert result["proof"]["effective"] <= result["proof"]["bound"] * (1 + 1e-12)
    assert (selection["value"], selection["bound"]) == (reach["effective"], result["proof"]["bound"])
    assert selection["value"] == result["proof"]["effective"] < reach["careful"]
    assert selection["certificate"] == pytest.approx(selection["value"] / selection["bound"])
    assert reach["low"] <= reach["point"] <= reach["high"]
    assert reach["if_more_shared"] <= reach["careful"] <= reach["if_less_shared"] <= reach["summed"]
    assert max(one["people_alone"] for one in result["chosen"]) <= reach["if_more_shared"]
    [now] = [point for point in result["budget_curve"] if point["factor"] == 1]
    assert (now["effective"], now["careful"]) == (reach["effective"], pytest.approx(reach["careful"]))
    assert sum(one["people_added"] for one in result["chosen"]) == pytest.approx(reach["careful"])
    for before, after in pairwise(result["budget_curve"]):
        assert before["effective"] <= after["effective"]
    for one in (*result["chosen"], *result["left_out"], reach, result["proof"], result["made_of"]):
        assert one["zh"]
        assert one["en"]
    for one in result["left_out"]:
        if one["would_win_at"] is not None:
            assert one["would_win_at"]["amount_minor"] < one["price"]["amount_minor"]


def test_the_limits_of_a_buyer_are_told_and_the_budget_covers_the_handling(
    client: FlaskClient, worker: ModuleType, closed: Case
) -> None:
    there, _ = closed
    selection = selected(client, worker, there, budget=make.cny(6_000_000), prove="never")
    wishes, result = selection["wishes"], selection["result"]
    # 15 % of 60,000 is eleven times 800.
    assert wishes["by_default"] == ["handling_per_deal", "smallest_bid", "largest_share", "bids_max"]
    assert [wishes[name] for name in wishes["by_default"]] == [make.cny(80_000), make.cny(240_000), 0.6, 11]
    told = {one["code"]: (one["money"] or one["number"], one["by_default"]) for one in result["limits"]}
    assert told == {
        "handling_per_deal": (make.cny(80_000), True),
        "smallest_bid": (make.cny(240_000), True),
        "largest_share": (0.6, True),
        "bids_max": (11, True),
        **({"ceiling_per_thousand": (wishes["ceiling_per_thousand"], False)} if "ceiling_per_thousand" in told else {}),
    }
    handling = 80_000 * len(result["chosen"])
    assert result["handling"]["amount_minor"] == handling
    assert result["cost"]["amount_minor"] == result["spend"]["amount_minor"] + handling <= 6_000_000
    assert result["left"]["amount"]["amount_minor"] == 6_000_000 - result["cost"]["amount_minor"]
    assert "CNY" in result["left"]["en"]
    assert "还剩" in result["left"]["zh"]
    large = [one for one in result["left_out"] if one["price"]["amount_minor"] > 3_600_000]
    assert {one["reason"] for one in large} <= {"over_share", "over_budget"}


def test_a_limit_that_costs_much_reach_is_named_with_what_lifts_it(
    client: FlaskClient, worker: ModuleType, closed: Case
) -> None:
    there, _ = closed
    small = {"budget": make.cny(6_000_000), "smallest_bid": make.cny(5_000_000), "largest_share": 1}
    result = post(client, look.path(there.brief_id, "what-if"), there.brand, small).json["outcome"]
    [costly] = [one for one in result["costly"] if one["code"] == "smallest_bid"]
    lifted = post(client, look.path(there.brief_id, "what-if"), there.brand, small | {"smallest_bid": make.cny(0)})
    assert costly["change"] == {"smallest_bid": make.cny(0)}
    reach = lifted.json["outcome"]["reach"]
    assert (reach["effective"], reach["careful"]) == pytest.approx((costly["effective"], costly["careful"]))
    assert (costly["percent_more"] is None) == (result["reach"]["effective"] == 0)
    assert "too_small" in {one["reason"] for one in result["left_out"]}
    changed = post(client, look.path(there.brief_id, "what-if"), there.brand, {**small, **costly["change"]})
    assert changed.status_code == 200, changed.json


def test_what_if_stores_nothing(client: FlaskClient, closed: Case) -> None:
    there, _ = closed
    with db.transaction() as session:
        before = session.scalar(sa.text("SELECT count(*) FROM selections"))
    answer = post(
        client,
        look.path(there.brief_id, "what-if"),
        there.brand,
        {
            "budget": {"amount_minor": 3_000_000, "currency": "CNY"},
            "bids_max": 1,
            "target": [{"ages": {"from": 18, "to": 23}, "genders": ["female"], "regions": ["CN-SH"]}],
        },
    )
    assert answer.status_code == 200, answer.json
    assert len(answer.json["outcome"]["chosen"]) == 1
    whole = post(client, look.path(there.brief_id, "what-if"), there.brand, {"bids_max": 1}).json
    assert answer.json["outcome"]["reach"]["careful"] < whole["outcome"]["reach"]["careful"]
    with db.transaction() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM selections")) == before


def test_the_same_inputs_give_the_same_set_and_it_can_be_verified(
    client: FlaskClient, worker: ModuleType, closed: Case
) -> None:
    there, _ = closed
    one, two = (selected(client, worker, there, bids_max=3, prove="always") for _ in range(2))
    assert one["inputs_hash"] == two["inputs_hash"]
    assert one["result"] == two["result"]
    assert one["result"]["proof"]["how"] in ("proved", "gap")
    for selection in (one, selected(client, worker, there, bids_max=3, prove="never")):
        answer = client.get(f"/api/v1/selections/{selection['id']}/verification", headers=there.brand.headers).json
        assert answer["faults"] == []
        assert (answer["inputs_unchanged"], answer["same_set"], answer["same_value"], answer["keeps_limits"]) == (
            True,
        ) * 4
        assert abs(answer["panel_people"] - answer["value"]) < 5 * answer["panel_error"]
    with db.transaction() as session:
        session.execute(
            sa.text("UPDATE selections SET model_version = 's-0' WHERE id = :id"), {"id": ids.read("sel", one["id"])}
        )
    answer = client.get(f"/api/v1/selections/{one['id']}/verification", headers=there.brand.headers).json
    assert (answer["same_model"], answer["same_value"], answer["faults"]) == (False, True, [])
    with db.transaction() as session:
        session.execute(
            sa.text("UPDATE selections SET value = value * 1.1 WHERE id = :id"), {"id": ids.read("sel", one["id"])}
        )
    answer = client.get(f"/api/v1/selections/{one['id']}/verification", headers=there.brand.headers).json
    assert (answer["same_value"], len(answer["faults"])) == (False, 1)


def test_a_set_is_counted_by_the_overlaps_that_were_measured(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    offers = [look.offer(there, amount) for amount in (1_000_000, 1_100_000, 1_200_000)]
    make.close(there)
    before = selected(client, worker, there, prove="never")["result"]["reach"]
    assert (before["pairs"], before["pairs_measured"]) == (3, 0)
    channels = [bid.channel_id for _, bid in offers]
    admin = somebody("platform")

    def measure(one: int, other: int) -> None:
        sizes = {"people": 400_000, "other_people": 400_000, "value": 0.6}
        make_overlaps.record(admin, channels[one], channels[other], **sizes)
        work.settle(worker)

    measure(0, 1)
    measure(1, 2)
    # What is measured after the close counts from a re-scoring on, and not before.
    assert selected(client, worker, there, prove="never")["result"]["reach"] == before
    make.rescore(there, admin)
    some = selected(client, worker, there, prove="never")["result"]["reach"]
    assert some["pairs_measured"] == 2
    measure(2, 0)
    make.rescore(there, admin)
    selection = selected(client, worker, there, prove="never")
    reach = selection["result"]["reach"]
    assert reach["overlap"]["pairs"] == 3
    assert "3 measured pairs" in reach["en"]
    assert "3 对实测重叠" in reach["zh"]
    assert reach["pairs_measured"] == 3
    assert reach["overlap"]["markets"]["cn"]["within"] > duplication.prior(PEOPLE["cn"]).within
    assert max(one["people_alone"] for one in selection["result"]["chosen"]) < reach["careful"] < before["careful"]
    # All pairs were measured, so what is not known of others makes no difference.
    assert reach["doubt"] == 1
    assert reach["if_more_shared"] == pytest.approx(reach["if_less_shared"])
    checked = client.get(f"/api/v1/selections/{selection['id']}/verification", headers=there.brand.headers).json
    assert checked["same_value"]
    assert checked["faults"] == []


def test_the_law_bars_alcohol_from_channels_for_minors(client: FlaskClient, worker: ModuleType) -> None:
    young = {"13-17": 0.7, "18-23": 0.3}
    product = {"name": "米酒", "category": "alcohol"}
    barred = []
    for ages, brief_changes in ((young, {"product": product}), (young, {}), (None, {"product": product})):
        there, who = look.market(**brief_changes), somebody("creator")
        facts = {} if ages is None else {"ages": ages}
        make.place(there, who, look.channel(who, **facts), **look.plain(1_000_000))
        make.close(there)
        work.settle(worker)
        result = selected(client, worker, there, prove="never")["result"]
        barred.append([one["reason"] for one in result["left_out"]])
    assert barred == [["law_minors"], [], []]


def test_an_accepted_bid_has_no_option_but_its_own_price(client: FlaskClient, worker: ModuleType) -> None:
    """What was accepted was accepted at one price: a set that may take its longer video would change the deal."""
    asked = {"kind": "video", "count": 1, "length_tiers": [tier for tier, _ in OPTIONS], "platform": None}
    there = look.market(deliverables=[asked])
    _, bid = look.offer(there, options=[{"length_tier": tier, "amount": cny} for tier, cny in OPTIONS])
    make.close(there)
    work.settle(worker)

    def prices() -> list[int]:
        with db.transaction() as session:
            brief = session.get_one(Brief, there.brief_id)
            version = session.get_one(BriefVersion, brief.version_id)
            return [int(minor) for minor in load_inputs.load(session, brief, version).options.prices]

    assert prices() == [3_000_000, 4_500_000]
    with db.transaction() as session:
        session.execute(sa.text("UPDATE bids SET status = 'accepted' WHERE id = :id"), {"id": bid.id})
    assert prices() == [3_000_000]


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_sound_svg(client: FlaskClient, worker: ModuleType, closed: Case, name: str) -> None:
    there, _ = closed
    selection = selected(client, worker, there, bids_max=3, prove="never")
    for language in ("zh", "en"):
        url = f"/api/v1/selections/{selection['id']}/picture?name={name}&language={language}&width=360"
        answer = client.get(url, headers=there.brand.headers)
        assert (answer.status_code, answer.content_type) == (200, "image/svg+xml")
        assert ET.fromstring(answer.data).tag.endswith("svg")  # noqa: S314 - our own picture
        assert b"NaN" not in answer.data


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"budget": {"amount_minor": 5, "currency": "EUR"}}, "/budget/currency"),
        ({"bids_min": 4, "bids_max": 2}, "/bids_max"),
        ({"handling_per_deal": {"amount_minor": 5, "currency": "EUR"}}, "/handling_per_deal/currency"),
        ({"smallest_bid": {"amount_minor": -1, "currency": "CNY"}}, "/smallest_bid/amount_minor"),
        ({"largest_share": 1.5}, "/largest_share"),
        ({"must": [ids.show("bid", new_id())]}, "/must/0"),
        ({"never": ["bid_x"]}, "/never/0"),
        ({"intrusiveness_max": 101}, "/intrusiveness_max"),
        ({"caps": {"agency": 0}}, "/caps/agency"),
        ({"caps": {"city": 1}}, "/caps/city"),
        ({"status": "confirmed"}, "/status"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(client: FlaskClient, closed: Case, body: Any, pointer: str) -> None:
    there, _ = closed
    for noun in ("selections", "what-if"):
        answer = post(client, look.path(there.brief_id, noun), there.brand, body)
        assert answer.status_code == 422, answer.json
        assert pointer in [fault["pointer"] for fault in answer.json["errors"]]


def test_limits_that_cannot_be_kept_are_told_and_an_open_brief_has_no_selection(
    client: FlaskClient, worker: ModuleType, closed: Case
) -> None:
    there, _ = closed
    impossible = {"bids_min": 5, "budget": {"amount_minor": 1_000_000, "currency": "CNY"}}
    selection = selected(client, worker, there, **impossible)
    assert selection["status"] == "failed"
    assert "bids" in selection["message"]
    answer = post(client, look.path(there.brief_id, "what-if"), there.brand, impossible)
    assert answer.status_code == 409
    assert "bids" in answer.json["detail"]
    open_ = look.market()
    assert post(client, look.path(open_.brief_id, "selections"), open_.brand).status_code == 409


def test_a_bid_that_is_accepted_outside_the_set_has_not_lost(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    offers = [look.offer(there, amount) for amount in PRICES]
    make.close(there)
    work.settle(worker)
    selection = selected(client, worker, there, budget={"amount_minor": 3_000_000, "currency": "CNY"})
    assert post(client, f"/api/v1/selections/{selection['id']}/confirm", there.brand).json["status"] == "confirmed"
    inside = {one["bid_id"] for one in selection["result"]["chosen"]}
    who, bid = next((who, bid) for who, bid in offers if ids.show("bid", bid.id) not in inside)
    path = f"/api/v1/bids/{ids.show('bid', bid.id)}/outcome"
    lost = client.get(path, headers=who.headers).json
    make.accept(there, bid.id)
    told = client.get(path, headers=who.headers).json
    assert lost["reason"]
    assert (told["chosen"], told["reason"], told["lower_percent_from"], told["lower_percent_to"]) == (
        False,
        *[None] * 3,
    )
    assert "accepted by itself" in told["en"]
    assert "单独接受" in told["zh"]


def test_once_it_is_confirmed_each_bidder_reads_its_own_line_and_no_more(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    offers = [look.offer(there, amount) for amount in PRICES]
    make.close(there)
    work.settle(worker)
    selection = selected(client, worker, there, budget={"amount_minor": 6_000_000, "currency": "CNY"})
    path = f"/api/v1/bids/{ids.show('bid', offers[0][1].id)}/outcome"
    assert client.get(path, headers=offers[0][0].headers).status_code == 404
    assert post(client, f"/api/v1/selections/{selection['id']}/confirm", there.brand).json["status"] == "confirmed"
    inside = {one["bid_id"] for one in selection["result"]["chosen"]}
    for who, bid in offers:
        path = f"/api/v1/bids/{ids.show('bid', bid.id)}/outcome"
        answer = client.get(path, headers=who.headers).json
        assert answer["chosen"] == (ids.show("bid", bid.id) in inside)
        assert set(answer) == {
            "bid_id",
            "selection_id",
            "chosen",
            "reason",
            "lower_percent_from",
            "lower_percent_to",
            "confirmed_at",
            "zh",
            "en",
        }
        if answer["lower_percent_to"] is not None:
            line = next(one for one in selection["result"]["left_out"] if one["bid_id"] == answer["bid_id"])
            lower = 100 * (1 - line["would_win_at"]["amount_minor"] / line["price"]["amount_minor"])
            assert answer["lower_percent_from"] < lower <= answer["lower_percent_to"]
        assert client.get(path, headers=somebody("creator").headers).status_code == 404
    again = post(client, look.path(there.brief_id, "selections"), there.brand)
    assert (again.status_code, "confirmed already" in again.json["detail"]) == (409, True)


def test_admins_see_the_signs_of_arranged_bids(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    words = "第三个镜头里把汽水放在桌上，全程不口播，结尾不带购买链接。"
    offers = [look.offer(there, 1_000_000 + 250_000 * number, message=words) for number in range(5)]
    path, admin = look.path(there.brief_id, "collusion-signals"), somebody("platform")
    assert client.get(path, headers=admin.headers).status_code == 409
    make.close(there)
    answer = client.get(path, headers=admin.headers).json
    assert {signal["code"] for signal in answer["signals"]} == {"same_wording", "ladder"}
    for one in answer["signals"]:
        assert sorted(one["bids"]) == sorted(ids.show("bid", bid.id) for _, bid in offers)
        assert one["zh"]
        assert one["en"]
    assert client.get(path, headers=there.brand.headers).status_code == 403
    work.settle(worker)
