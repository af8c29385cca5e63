"""From an acceptance to terms that both sides have confirmed, over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.deals.terms.terms_document import hash_of as document_hash
from tests.bids.look import path as bid_path
from tests.bids.look import pointers
from tests.deals import look
from tests.deals.look import confirm, counter, everything, leave, shown, terms
from tests.make import bids as make
from tests.make import moments
from tests.make.briefs import cny
from tests.make.offered_deals import deal_of, hash_of, offered
from tests.make.people import somebody

SEALED = 9_300_000  # of the usual bid: 80,000 and its rights


def test_an_acceptance_offers_a_deal_in_the_terms_of_the_bid_and_the_maker_is_asked(client: FlaskClient) -> None:
    deal = offered()
    for who, side in ((deal.brand, "brand"), (deal.creator, "maker")):
        found = shown(client, who, deal.deal_id)
        assert (found["status"], found["turn"], found["your_side"], found["terms_number"]) == (
            "offered",
            "maker",
            side,
            1,
        )
        assert (found["price_minor"], found["total_minor"], found["currency"]) == (SEALED, SEALED, "CNY")
        assert [(one["side"], one["typed_name"], one["key_kind"]) for one in found["signatures"]] == [
            ("brand", None, "api_key")
        ]
        assert found["deliverables"] == []
    left = datetime.fromisoformat(found["answer_by"]) - now()
    assert timedelta(hours=71) < left <= timedelta(hours=72)
    [version] = terms(client, deal.creator, deal.deal_id)
    assert version["content_hash"] == document_hash(version["content"]) == found["content_hash"]
    assert version["content"]["bid"]["bid_id"] == ids.show("bid", deal.bid_id)
    assert sum(line["price_minor"] for line in version["content"]["deliverables"]) == SEALED
    # The usual plan is above its brief's tolerance, and the brand has set that aside: the plan is its own limit.
    assert version["content"]["plans"][0]["limits"]["intrusiveness_max"] >= 35
    [event] = look.events(deal.deal_id)
    assert (event.kind, event.party_ids) == (
        "deals.offer",
        sorted([deal.brand.party_id, deal.creator.party_id]),
    )
    assert str(SEALED) not in str(event.data)


def test_an_option_becomes_terms_with_its_own_price(client: FlaskClient) -> None:
    deal = offered(option=1)
    [version] = terms(client, deal.brand, deal.deal_id)
    assert (version["content"]["price_minor"], version["content"]["bid"]["option"]) == (SEALED + 500_000, 1)
    assert {line["length_tier"] for line in version["content"]["deliverables"][:4]} == {"60+"}


def test_both_confirm_one_version_and_it_is_agreed(client: FlaskClient) -> None:
    deal = offered()
    answer = confirm(client, deal.creator, deal.deal_id)
    assert answer.status_code == 200, answer.json
    found = answer.json
    assert (found["status"], found["turn"], found["answer_by"]) == ("agreed", None, None)
    left = datetime.fromisoformat(found["fund_by"]) - datetime.fromisoformat(found["agreed_at"])
    assert left == timedelta(days=7)
    assert [(one["side"], one["typed_name"]) for one in found["signatures"]] == [("brand", None), ("maker", "林小满")]
    assert {one["content_hash"] for one in found["signatures"]} == {found["content_hash"]}
    owed = found["deliverables"]
    assert [one["position"] for one in owed] == [1, 2, 3, 4, 5, 6]
    assert {one["status"] for one in owed} == {"planned"}
    assert sum(one["price_minor"] for one in owed) == SEALED
    assert [event.kind for event in look.events(deal.deal_id)] == ["deals.offer", "deals.confirm"]
    # What both have confirmed is neither answered again nor stepped back from.
    before = everything(deal.deal_id)
    for who in (deal.creator, deal.brand):
        assert confirm(client, who, deal.deal_id).status_code == 409
        assert counter(client, who, deal.deal_id, keep_live_days=1).status_code == 409
        assert leave(client, who, deal.deal_id, "withdraw").status_code == 409
        answer = client.post(bid_path(deal.bid_id, "step-back"), json={"reason": "x"}, headers=who.once())
        assert (answer.status_code, answer.json["state"]) == (409, "agreed")
    assert everything(deal.deal_id) == before


def test_a_counter_passes_the_turn_and_tells_what_differs(client: FlaskClient) -> None:
    deal = offered()
    new_day = (now().date() + timedelta(days=60)).isoformat()
    answer = counter(
        client,
        deal.creator,
        deal.deal_id,
        price=cny(SEALED - 1),
        deliverables=[{"position": 2, "due_on": new_day, "title": "第二集"}],
        usage_days=90,
        rounds={"draft": 3, "one_more": cny(50_000)},
        cancellation={"after_script": 2_000},
        extras=[{"name": "花絮剪辑", "price": cny(200_000), "deliverable": 2}],
    )
    assert answer.status_code == 200, answer.json
    found = answer.json
    assert (found["status"], found["turn"], found["terms_number"]) == ("offered", "brand", 2)
    assert (found["brand_counters_left"], found["maker_counters_left"]) == (3, 2)
    assert (found["price_minor"], found["total_minor"]) == (SEALED - 1, SEALED - 1 + 200_000)
    first, second = terms(client, deal.brand, deal.deal_id)
    assert first["changes"] == []
    told = {change["pointer"]: (change["before"], change["after"]) for change in second["changes"]}
    assert told["/price_minor"] == (SEALED, SEALED - 1)
    assert told["/deliverables/1/due_on"] == (first["content"]["deliverables"][1]["due_on"], new_day)
    assert told["/deliverables/1/title"] == (None, "第二集")
    assert told["/rights/usage/days"] == (180, 90)
    assert told["/rounds/one_more_minor"] == (155_000, 50_000)
    assert told["/extras/0"] == (None, {"name": "花絮剪辑", "price_minor": 200_000, "deliverable": 2})
    words = {change["pointer"]: (change["zh"], change["en"]) for change in second["changes"]}
    assert words["/price_minor"] == (
        "价格：CNY 93,000.00 → CNY 92,999.99",
        "price: CNY 93,000.00 → CNY 92,999.99",
    )
    assert words["/cancellation/after_script"][1] == "cost of cancelling after the script: 10 % → 20 %"
    assert words["/extras/0"][0] == "新增内容 1：无 → 花絮剪辑, CNY 2,000.00"
    assert sum(line["price_minor"] for line in second["content"]["deliverables"]) == SEALED - 1
    # Whoever proposes has confirmed; the other side confirms, and both have.
    agreed = confirm(client, deal.brand, deal.deal_id).json
    assert [one["side"] for one in agreed["signatures"]] == ["maker", "brand"]
    assert agreed["deliverables"][1]["title"] == "第二集"
    assert agreed["deliverables"][1]["due_on"] == new_day
    assert sum(one["price_minor"] for one in agreed["deliverables"]) == SEALED - 1 + 200_000
    bid = client.get(bid_path(deal.bid_id), headers=deal.brand.headers).json
    assert bid["accepted_cost"] == cny(SEALED - 1 + 200_000)


def test_each_side_counters_three_times(client: FlaskClient) -> None:
    deal = offered()
    for days in (10, 11, 12, 13, 14, 15):
        who = (deal.creator, deal.brand)[days % 2]
        assert counter(client, who, deal.deal_id, keep_live_days=days).status_code == 200
    before = everything(deal.deal_id)
    answer = counter(client, deal.creator, deal.deal_id, keep_live_days=16)
    assert (answer.status_code, answer.json["rule"]) == (409, "counters_used")
    assert everything(deal.deal_id) == before
    assert [version["number"] for version in terms(client, deal.brand, deal.deal_id)] == [1, 2, 3, 4, 5, 6, 7]
    assert confirm(client, deal.creator, deal.deal_id).json["status"] == "agreed"


def test_a_counter_never_raises_the_sealed_price_for_the_same_scope(client: FlaskClient) -> None:
    deal = offered()
    before = everything(deal.deal_id)
    answer = counter(client, deal.creator, deal.deal_id, price=cny(SEALED + 1))
    assert (answer.status_code, pointers(answer)) == (422, ["/changes/price/amount_minor"])
    assert "CNY 93,000.00" in answer.json["errors"][0]["detail"]
    assert "CNY 93,000.01" in answer.json["errors"][0]["detail"]
    assert everything(deal.deal_id) == before
    # It may go down, and up again as far as the sealed bid's.
    assert counter(client, deal.creator, deal.deal_id, price=cny(SEALED - 100)).status_code == 200
    assert counter(client, deal.brand, deal.deal_id, price=cny(SEALED + 100)).status_code == 422
    assert counter(client, deal.brand, deal.deal_id, price=cny(SEALED)).json["price_minor"] == SEALED


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"price": cny(-1)}, ["/changes/price/amount_minor"]),
    ({"price": {"amount_minor": 1.5, "currency": "CNY"}}, ["/changes/price/amount_minor"]),
    ({"price": {"amount_minor": 100, "currency": "USD"}}, ["/changes/price/currency"]),
    ({"price": 100}, ["/changes/price"]),
    (
        {"extras": [{"name": "x", "price": {"amount_minor": 1, "currency": "EUR"}}]},
        ["/changes/extras/0/price/currency"],
    ),
    ({"extras": [{"name": "x", "price": cny(0)}]}, ["/changes/extras/0/price/amount_minor"]),
    ({"extras": [{"name": "x", "price": cny(5), "deliverable": 7}]}, ["/changes/extras/0/deliverable"]),
    ({"deliverables": [{"position": 7}]}, ["/changes/deliverables/0/position"]),
    ({"deliverables": [{"position": 1}, {"position": 1}]}, ["/changes/deliverables/1/position"]),
    ({"deliverables": [{"position": 1, "price": cny(5)}]}, ["/changes/deliverables"]),
    ({"deliverables": [{"position": 1, "due_on": "2020-01-01"}]}, ["/changes/deliverables/0/due_on"]),
    (
        {"deliverables": [{"position": 1, "publish_starts_on": "2099-01-01"}]},
        ["/changes/deliverables/0/publish_starts_on"],
    ),
    ({"cancellation": {"after_draft": 900}}, ["/changes/cancellation"]),
    ({"cancellation": {"after_draft": 10_001}}, ["/changes/cancellation/after_draft"]),
    # The sealed bid and its brief fix these.
    ({"plans": []}, ["/changes/plans"]),
    ({"currency": "USD"}, ["/changes/currency"]),
    ({"fee_basis_points": 0}, ["/changes/fee_basis_points"]),
    ({"disclosure": {"required": False}}, ["/changes/disclosure"]),
    ({"deliverables": [{"position": 1, "kind": "image"}]}, ["/changes/deliverables/0/kind"]),
    ({"keep_live_days": 90}, ["/changes"]),
    ({}, ["/changes"]),
]


def test_what_a_counter_may_not_change_is_refused_where_it_stands(client: FlaskClient) -> None:
    deal = offered()
    before = everything(deal.deal_id)
    for changes, where in REFUSED:
        answer = counter(client, deal.creator, deal.deal_id, **changes)
        assert (answer.status_code, pointers(answer)) == (422, where), (changes, answer.json)
        chinese = client.post(
            look.path(deal.deal_id, "counter"),
            json={"content_hash": hash_of(deal.deal_id), "changes": changes},
            headers=deal.creator.once(**{"Accept-Language": "zh-CN"}),
        )
        assert not chinese.json["errors"][0]["detail"].isascii()
    assert everything(deal.deal_id) == before


def test_a_right_that_was_not_given_has_no_days(client: FlaskClient) -> None:
    rights = {"usage": cny(300_000), "whitelisting": None, "raw_files": None, "exclusivity": None}
    deal = offered(rights=rights)
    answer = counter(client, deal.creator, deal.deal_id, exclusivity_days=5)
    assert (answer.status_code, pointers(answer)) == (422, ["/changes/exclusivity_days"])


def test_an_old_hash_is_refused_with_what_differs(client: FlaskClient) -> None:
    deal = offered()
    old = hash_of(deal.deal_id)
    assert counter(client, deal.creator, deal.deal_id, keep_live_days=30).status_code == 200
    before = everything(deal.deal_id)
    answer = confirm(client, deal.brand, deal.deal_id, content_hash=old)
    assert (answer.status_code, answer.json["type"].rpartition("#")[2]) == (409, "stale-terms")
    assert answer.json["content_hash"] == hash_of(deal.deal_id)
    assert [(one["pointer"], one["before"], one["after"]) for one in answer.json["changes"]] == [
        ("/keep_live_days", 90, 30)
    ]
    unknown = confirm(client, deal.brand, deal.deal_id, content_hash="0" * 64)
    assert (unknown.status_code, unknown.json["changes"]) == (409, [])
    assert confirm(client, deal.brand, deal.deal_id, content_hash="x").status_code == 422
    # Nor is an old version countered.
    body = {"content_hash": old, "changes": {"keep_live_days": 5}}
    assert client.post(look.path(deal.deal_id, "counter"), json=body, headers=deal.brand.once()).status_code == 409
    assert everything(deal.deal_id) == before


def test_it_is_one_sides_turn(client: FlaskClient) -> None:
    deal = offered()
    before = everything(deal.deal_id)
    for answer in (
        confirm(client, deal.brand, deal.deal_id),
        counter(client, deal.brand, deal.deal_id, keep_live_days=9),
        leave(client, deal.brand, deal.deal_id, "decline"),
        leave(client, deal.creator, deal.deal_id, "withdraw"),
    ):
        assert (answer.status_code, answer.json["state"]) == (409, "maker")
    assert everything(deal.deal_id) == before


@pytest.mark.parametrize(("who", "how"), [("creator", "decline"), ("brand", "withdraw")])
def test_a_deal_that_a_side_leaves_lapses_and_the_bid_is_open_again(client: FlaskClient, who: str, how: str) -> None:
    deal = offered()
    answer = leave(client, getattr(deal, who), deal.deal_id, how)
    assert (answer.status_code, answer.json["status"], answer.json["turn"]) == (200, "lapsed", None)
    bid = client.get(bid_path(deal.bid_id), headers=deal.creator.headers).json
    assert (bid["status"], bid["accepted_option"], bid["accepted_cost"]) == ("open", None, None)
    last = look.events(deal.deal_id)[-1]
    assert (last.kind, last.data["reason"]) == (f"deals.{how}", "档期变了")
    # Accepted again, it has another deal; the first one stays as it ended.
    again = client.post(bid_path(deal.bid_id, "accept"), json=make.ACCEPTS, headers=deal.brand.once())
    assert again.json["status"] == "accepted"
    second = deal_of(deal.bid_id)
    assert second != deal.deal_id
    listed = client.get(f"{look.API}?bid_id={ids.show('bid', deal.bid_id)}", headers=deal.brand.headers).json["data"]
    assert [(one["id"], one["status"]) for one in listed] == [
        (ids.show("dea", second), "offered"),
        (ids.show("dea", deal.deal_id), "lapsed"),
    ]


@pytest.mark.parametrize(
    ("who", "bid_status", "move"), [("brand", "open", "withdraw"), ("creator", "withdrawn", "decline")]
)
def test_stepping_back_from_the_bid_ends_its_deal_in_one_act(
    client: FlaskClient, who: str, bid_status: str, move: str
) -> None:
    deal = offered()
    answer = client.post(bid_path(deal.bid_id, "step-back"), json={"reason": "停产"}, headers=getattr(deal, who).once())
    assert (answer.status_code, answer.json["status"]) == (200, bid_status)
    assert shown(client, deal.creator, deal.deal_id)["status"] == "lapsed"
    last = look.events(deal.deal_id)[-1]
    assert (last.kind, last.data["reason"]) == (f"deals.{move}", "停产")


def test_nobody_answers_when_the_time_is_over_even_if_the_job_is_late(client: FlaskClient) -> None:
    deal = offered()
    before = everything(deal.deal_id)
    with moments.travel(now() + timedelta(hours=72)):
        for answer in (
            confirm(client, deal.creator, deal.deal_id),
            counter(client, deal.creator, deal.deal_id, keep_live_days=8),
        ):
            assert (answer.status_code, answer.json["state"]) == (409, "lapsed")
    assert everything(deal.deal_id) == before


def test_an_option_that_does_not_exist_offers_nothing(client: FlaskClient) -> None:
    there, bid = make.standing("open")
    answer = client.post(bid_path(bid.id, "accept"), json={**make.ACCEPTS, "option": 7}, headers=there.brand.once())
    assert (answer.status_code, pointers(answer)) == (422, ["/option"])
    assert client.get(look.API, headers=there.brand.headers).json["data"] == []


def test_strangers_see_no_deal(client: FlaskClient) -> None:
    deal = offered()
    for who in (somebody("brand"), somebody("creator"), somebody("agency")):
        assert client.get(look.path(deal.deal_id), headers=who.headers).status_code == 404
        assert client.get(look.path(deal.deal_id, "terms"), headers=who.headers).status_code == 404
        assert client.get(look.API, headers=who.headers).json["data"] == []
        assert confirm(client, who, deal.deal_id).status_code == 404
    admin = somebody("platform")
    assert shown(client, admin, deal.deal_id)["your_side"] is None
    assert confirm(client, admin, deal.deal_id).status_code == 403
