"""A bid answers its brief, or is refused with a pointer and the figure."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.bids.models import BidRevision
from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.intrusiveness import timeline
from marketplace.intrusiveness.notice import sure_seconds
from marketplace.intrusiveness.prominence import prominence_range
from tests.bids.look import everything, path, pointers, wordings
from tests.bids.test_document import put
from tests.make import bids as make
from tests.make.briefs import cny
from tests.market import owning

VIDEO: dict[str, Any] = {"kind": "video", "count": 2, "length_tiers": ["21-60"], "platform": None}
PLAN = make.plan()


def place(client: FlaskClient, there: make.Market, **changes: Any) -> Any:
    return client.post(there.offers, json=there.body(**changes), headers=there.creator.once())


def videos(count: int, tier: str | None = "21-60") -> dict[str, Any]:
    return {"deliverables": [{"kind": "video", "count": count, "length_tier": tier}], "options": []}


def refusals(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.json
    return {error["pointer"]: error["detail"] for error in answer.json["errors"]}


@pytest.mark.parametrize("count", [50, 1, 3])
def test_another_number_of_videos_than_asked_is_refused_with_both_numbers(client: FlaskClient, count: int) -> None:
    there = make.market(deliverables=[VIDEO])
    part = " and takes no part offers" if count < 2 else ""
    assert refusals(place(client, there, **videos(count))) == {
        "/deliverables/0/count": f"The brief asks for 2 of kind video{part}; this offers {count}."
    }
    assert everything(there.brief_id) == []
    assert place(client, there, **videos(2)).status_code == 201


def test_fewer_videos_are_a_part_offer_where_the_brief_takes_them_and_the_bid_says_so(client: FlaskClient) -> None:
    there = make.market(deliverables=[VIDEO], part_offers=True)
    placed = place(client, there, **videos(1))
    assert (placed.status_code, placed.json["answers_in_part"]) == (201, True)
    assert refusals(place(client, there, **videos(3))).keys() == {"/deliverables/0/count"}
    url = f"/api/v1/bids/{placed.json['id']}/revisions"
    whole = client.post(url, json=make.document(**videos(2)), headers=there.creator.once())
    assert (whole.status_code, whole.json["answers_in_part"]) == (201, False)


def test_a_kind_that_is_left_out_is_missed(client: FlaskClient) -> None:
    there = make.market()
    series = [{"kind": "series", "count": 4, "length_tier": "21-60"}]
    assert refusals(place(client, there, deliverables=series)) == {
        "/deliverables": "The brief asks for 2 of kind image and takes no part offers; this offers 0."
    }


@pytest.mark.parametrize("platform", ["youtube", "douyin"])
def test_a_channel_of_another_platform_is_refused(client: FlaskClient, platform: str) -> None:
    there = make.market(deliverables=[{**VIDEO, "platform": "tiktok"}])
    move(there, platform)
    assert refusals(place(client, there, **videos(2))) == {
        "/deliverables": f"The brief asks for tiktok; this channel is on {platform}."
    }
    move(there, "tiktok")
    assert place(client, there, **videos(2)).status_code == 201


def move(there: make.Market, platform: str) -> None:
    with db.transaction() as session:
        session.get_one(Channel, there.channel_id).platform = platform


def test_each_platform_owes_what_is_asked_of_it(client: FlaskClient) -> None:
    lines = [{**VIDEO, "platform": "tiktok"}, {**VIDEO, "platform": "douyin", "count": 1}]
    there = make.market(deliverables=lines)
    assert refusals(place(client, there, **videos(2))).keys() == {"/deliverables/0/count"}
    assert place(client, there, **videos(1)).status_code == 201


@pytest.mark.parametrize(
    ("seconds", "tier", "code"),
    [(900, "21-60", 422), (61, "21-60", 422), (60, "21-60", 201), (55, None, 201), (900, None, 422), (20, None, 422)],
)
def test_the_planned_video_is_as_long_as_the_one_that_is_offered(
    client: FlaskClient, seconds: int, tier: str | None, code: int
) -> None:
    there = make.market(deliverables=[VIDEO])
    exposures = [{**PLAN["exposures"][1], "start_s": 5}]
    answer = place(client, there, **videos(2, tier), plan={"duration_s": seconds, "exposures": exposures})
    assert answer.status_code == code, answer.json
    if code == 422:
        assert refusals(answer) == {
            "/plan/duration_s": f"The bid offers a video of 21-60 s; this plan has {seconds} s."
        }


def test_every_option_has_a_length_that_is_asked_for_and_a_price_within_the_budget(client: FlaskClient) -> None:
    there = make.market(deliverables=[{**VIDEO, "length_tiers": ["21-60", "60+"]}])
    options = [
        {"length_tier": "21-60", "amount": cny(8_000_000)},
        {"length_tier": "1-20", "amount": cny(7_000_000)},
        {"length_tier": "60+", "amount": cny(18_700_001)},
    ]
    deliverables = videos(2)["deliverables"]
    assert refusals(place(client, there, deliverables=deliverables, options=options)) == {
        "/options/1/length_tier": "The brief asks for: 21-60, 60+.",
        "/options/2/amount": "The brief's whole budget is CNY 200,000.00; with its rights this costs up to"
        " CNY 200,000.01.",
    }
    fine = [options[0], {"length_tier": "60+", "amount": cny(18_700_000)}]
    assert place(client, there, deliverables=deliverables, options=fine).status_code == 201


def test_lengths_are_held_to_the_lines_that_ask_for_them(client: FlaskClient) -> None:
    lines = [{**VIDEO, "length_tiers": ["21-60"]}, {**VIDEO, "length_tiers": ["60+"], "count": 1}]
    there = make.market(deliverables=lines)

    def offered(short: int, long: int) -> Any:
        both = [("21-60", short), ("60+", long)]
        deliverables = [{"kind": "video", "count": count, "length_tier": tier} for tier, count in both]
        return place(client, there, deliverables=deliverables, options=[])

    assert refusals(offered(1, 2)) == {"/deliverables/1/count": "The brief asks for 1 of 60+ s; this offers 2."}
    assert offered(2, 1).status_code == 201


def test_a_right_that_is_asked_for_is_priced_given_away_or_refused(client: FlaskClient) -> None:
    there = make.market(rights={"raw_files": True, "likeness_for_ai": True})
    detail = "The brief asks for this right: price it, give it away with 0, or refuse it with null."
    assert refusals(place(client, there, rights={"raw_files": None})) == {"/rights/likeness_for_ai": detail}
    body = {name: value for name, value in there.body().items() if name != "rights"}
    left_out = client.post(there.offers, json=body, headers=there.creator.once())
    assert refusals(left_out) == {"/rights/raw_files": detail, "/rights/likeness_for_ai": detail}
    placed = place(client, there, rights={"raw_files": None, "likeness_for_ai": cny(70_000)})
    assert (placed.status_code, placed.json["rights"]["likeness_for_ai"]) == (201, cny(70_000))
    (stored,) = wordings(ids.read("bid", placed.json["id"]))
    assert stored.terms[0] == 8_070_000


def test_a_cap_or_a_right_over_the_budget_is_refused_with_both_amounts(client: FlaskClient) -> None:
    there = make.market(budget=cny(6_000_000))
    capped = {"model": "cpm", "rate": cny(4_000), "cap": cny(60_000_000)}
    found = refusals(place(client, there, price=capped, options=[]))
    assert found == {
        "/price/cap": "The brief's whole budget is CNY 60,000.00; with its rights this costs up to CNY 613,000.00."
    }
    free = {"usage": None, "whitelisting": None, "raw_files": None, "exclusivity": cny(100_000_000)}
    flat = {"model": "flat", "amount": cny(1)}
    found = refusals(place(client, there, price=flat, options=[], rights=free))
    assert found == {"/rights/exclusivity": "The brief's whole budget is CNY 60,000.00."}


BARTER = {"price": {"model": "barter", "value": cny(1)}, "options": []}


def test_barter_counts_at_what_the_brief_says_that_the_product_is_worth(client: FlaskClient) -> None:
    there = make.market()
    placed = place(client, there, **BARTER)
    assert placed.status_code == 201
    (stored,) = wordings(ids.read("bid", placed.json["id"]))
    assert stored.terms[0] == 4_900 + 300_000 + 1_000_000
    assert stored.option_costs == [stored.terms[0]]


def test_barter_is_refused_where_the_brief_does_not_say_what_the_product_is_worth(client: FlaskClient) -> None:
    there = make.market(product={"name": "气泡水", "category": "food"})
    assert refusals(place(client, there, **BARTER)) == {
        "/price/model": "Barter counts at the brief's `product.value`, and this brief names none: ask for money."
    }


def test_barter_with_its_rights_is_held_against_the_budget_like_any_price(client: FlaskClient) -> None:
    product = {"name": "气泡水", "category": "food", "value": cny(500_000)}
    there = make.market(budget=cny(6_000_000), product=product)
    refused = {"raw_files": None, "exclusivity": None}
    dear = {"usage": cny(6_000_000), "whitelisting": cny(6_000_000), **refused}
    assert refusals(place(client, there, **BARTER, rights=dear)) == {
        "/rights": "The brief's whole budget is CNY 60,000.00; with its rights this costs up to CNY 125,000.00."
    }
    most = {"usage": cny(5_500_000), "whitelisting": cny(0), **refused}
    one_fen_more = {**most, "whitelisting": cny(1)}
    assert place(client, there, **BARTER, rights=one_fen_more).status_code == 422
    # What the bidder declares for other lengths counts nowhere.
    lengths = [{"length_tier": tier, "amount": cny(amount)} for tier, amount in (("21-60", 1), ("60+", 99_000_000))]
    assert place(client, there, price=BARTER["price"], options=lengths, rights=most).status_code == 201


def test_a_product_that_is_worth_more_than_the_budget_may_be_advertised_and_not_bartered(client: FlaskClient) -> None:
    product = {"name": "气泡水", "category": "food", "value": cny(9_000_000)}
    there = make.market(budget=cny(6_000_000), product=product)
    assert refusals(place(client, there, **BARTER)) == {
        "/price/model": (
            "Barter counts at the brief's `product.value`, CNY 90,000.00, which its whole budget of CNY 60,000.00 would"
            " not pay: ask for money."
        )
    }
    assert place(client, there, price={"model": "flat", "amount": cny(1)}, options=[]).status_code == 201


def only(**exposure: Any) -> dict[str, Any]:
    return {"duration_s": 55, "exposures": [{**PLAN["exposures"][1], **exposure}]}


def test_a_tenth_of_a_second_in_a_corner_is_refused_where_the_brief_asks_for_more(client: FlaskClient) -> None:
    there = make.market(least_prominence=10, least_seconds=2)
    blink = only(start_s=1, seconds=0.1, area_share="corner-bug", centre="corner")
    sure, _ = prominence_range(timeline.from_dict(blink))
    answer = place(client, there, plan=blink)
    assert answer.status_code == 422
    assert [error["detail"] for error in answer.json["errors"]] == [
        f"The brief asks for a prominence of 10 of 100 at the least; this plan is sure of {sure:.1f} only.",
        "The brief asks for 2 s of exposure at the least; this plan is sure of 0.0 s only.",
    ]
    assert place(client, there, plan=only(start_s=1, seconds=6, area_share=0.2, centre=1)).status_code == 201


@pytest.mark.parametrize(
    ("stretches", "seconds"),
    [
        ([(0, 3)], 3),
        ([(0, 3), (2, 3)], 5),
        ([(0, 10), (2, 3)], 10),
        ([(20, 5), (0, 3)], 8),
        ([(50, {"low": 5, "high": 9})], 5),
        ([(0, {"low": 1, "high": 9})], 1),
        # Both may be the same two seconds.
        ([({"low": 0, "high": 4}, 3), (4, 2)], 3),
        ([(10, 1)] * 5, 1),
    ],
)
def test_seconds_of_exposure_are_sure_ones_and_overlaps_count_once(stretches: Any, seconds: float) -> None:
    shape = {"kind": "logo", "area_share": 0.1, "centre": 1}
    exposures = [{**shape, "start_s": start, "seconds": lasts} for start, lasts in stretches]
    assert sure_seconds(timeline.from_dict({"duration_s": 55, "exposures": exposures})) == pytest.approx(seconds)


def test_repeating_the_name_buys_neither_seconds_nor_prominence(client: FlaskClient) -> None:
    there = make.market(least_prominence=40, least_seconds=8, placement_kinds=["spoken_mention", "hand_prop"])
    spoken = {"kind": "speech", "start_s": 3, "seconds": 1, "mentions": 1}
    again = [{**spoken, "start_s": start} for start in range(3, 9)]
    answer = place(client, there, plan={"duration_s": 55, "exposures": [*again, *[spoken] * 9]})
    assert [error["detail"] for error in answer.json["errors"]] == [
        "The brief asks for a prominence of 40 of 100 at the least; this plan is sure of 34.3 only (naming the brand"
        " again adds nothing).",
        "The brief asks for 8 s of exposure at the least; this plan is sure of 6.0 s only.",
    ]
    shown = {**only(start_s=20, seconds=8, area_share=0.1, centre=1, clarity=1)["exposures"][0], "kind": "product"}
    assert place(client, there, plan={"duration_s": 55, "exposures": [shown]}).status_code == 201


def test_a_brief_may_not_ask_for_more_seconds_than_its_videos_have(client: FlaskClient) -> None:
    there = make.market()
    headers = {**there.brand.headers, "If-Match": '"2"'}
    change = {"deliverables": [VIDEO], "least_seconds": 61}
    answer = client.patch(f"/api/v1/briefs/{ids.show('brf', there.brief_id)}", json=change, headers=headers)
    assert (answer.status_code, pointers(answer)) == (422, ["/least_seconds"])


def test_a_speech_that_names_nobody_is_noticed_by_nobody(client: FlaskClient) -> None:
    there = make.market(placement_kinds=["spoken_mention"])
    spoken = {"kind": "speech", "start_s": 1, "seconds": 3}
    silent = place(client, there, plan={"duration_s": 55, "exposures": [spoken]})
    assert refusals(silent).keys() == {"/plan/exposures"}
    named = place(client, there, plan={"duration_s": 55, "exposures": [{**spoken, "mentions": 1}]})
    assert named.status_code == 201


def test_what_was_stored_before_these_rules_stays_readable(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    with owning() as session:  # wordings may not be changed by anyone who acts
        row = session.get_one(BidRevision, bid.revision_id)
        rights = {name: amount for name, amount in row.price["rights"].items() if name != "likeness_for_ai"}
        row.price = {"model": "commission", "basis_points": 500, "rights": rights}
        row.deliverables = [{**row.deliverables[0], "count": 50}]
        row.plan = {"duration_s": 900, "exposures": []}
    answer = client.get(path(bid.id), headers=there.creator.headers)
    assert answer.status_code == 200
    assert (answer.json["price"], answer.json["plan"]["exposures"]) == (
        {"model": "commission", "basis_points": 500},
        [],
    )
    assert "likeness_for_ai" not in answer.json["rights"]
    body = put(there.body(), "/message", "新")
    del body["channel_id"]
    assert client.post(path(bid.id, "revisions"), json=body, headers=there.creator.once()).status_code == 201
