"""Each call of the bids' API: the good case, who is refused, and that a refusal changes nothing."""

from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.bids import brief_changes
from marketplace.bids.models import Bid, BidStatus
from marketplace.bids.states import BID_TRANSITIONS
from marketplace.briefs.schemas import BriefChange
from marketplace.channels import service as channels_service
from marketplace.core import db, ids
from marketplace.core.actor import Actor, Role
from marketplace.core.ids import new_id
from marketplace.intrusiveness import plan_score as plans
from marketplace.intrusiveness import timeline
from marketplace.intrusiveness.constants import CODES, MODEL_VERSION, POINTS
from marketplace.intrusiveness.prominence import prominence
from tests.bids.look import API, events, everything, path, pointers, wordings
from tests.make import bids as make
from tests.make import briefs as make_briefs
from tests.make import channels as make_channels
from tests.make.people import Somebody, somebody
from tests.make.state_walks import step


@pytest.fixture(scope="module")
def others(app: Flask) -> dict[str, Somebody]:
    return {kind: somebody(kind) for kind in ("brand", "creator", "agency", "platform")}


def test_a_bid_is_placed(client: FlaskClient) -> None:
    there = make.market()
    body = there.body()
    answer = client.post(there.offers, json=body, headers=there.creator.once())
    shown = answer.json
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert {name: shown[name] for name in body} == body
    assert (shown["status"], shown["revision_number"], shown["revisions_left"], shown["agency_id"]) == (
        "open",
        1,
        2,
        None,
    )
    assert (shown["brief_title"], shown["brief_version_number"], shown["withdrawn_at"]) == (
        "一周四集动画的软植入",
        1,
        None,
    )
    bid_id = ids.read("bid", shown["id"])
    [event] = events(bid_id)
    assert (event.kind, event.party_ids) == ("bids.place", [there.creator.party_id])
    assert event.data == {"brief_id": str(there.brief_id), "channel_id": str(there.channel_id), "number": 1}
    assert client.get(path(bid_id), headers=there.creator.headers).json == shown


def test_what_the_plan_does_is_stored_with_the_wording(app: Flask) -> None:
    there = make.market()
    [stored] = wordings(make.place(there).id)
    planned = timeline.from_dict(make.plan())
    for fit, begin in ((0.0, 0), (1.0, len(CODES))):
        scored = plans.score_plan(planned, fit, what_ifs=False)
        for end, raw in (("low", stored.raw_low), ("high", stored.raw_high)):
            told = [value * most for value, most in zip(raw[begin : begin + len(CODES)], POINTS, strict=True)]
            assert told == pytest.approx([getattr(factor, end) for factor in scored.factors])
    assert (stored.prominence_low, stored.prominence_high) == (prominence(planned).low, prominence(planned).high)
    assert (stored.plan_version, stored.pricing_model, stored.currency) == (MODEL_VERSION, "flat", "CNY")


def test_an_agency_bids_for_its_creator_and_two_agencies_do_not_see_each_other(
    client: FlaskClient, others: dict[str, Somebody]
) -> None:
    there = make.market()
    first, second = make.agency_of(there.creator.party_id), make.agency_of(there.creator.party_id)
    answer = client.post(there.offers, json=there.body(), headers=first.once())
    assert (answer.status_code, answer.json["agency_id"]) == (201, ids.show("pty", first.party_id))
    bid_id = ids.read("bid", answer.json["id"])
    assert events(bid_id)[0].party_ids == sorted([there.creator.party_id, first.party_id])
    before = everything(there.brief_id)
    for who in (second, others["agency"], others["creator"]):
        assert client.get(path(bid_id), headers=who.headers).status_code == 404
        assert client.get(API, headers=who.headers).json["data"] == []
        assert client.post(path(bid_id, "withdraw"), headers=who.once()).status_code == 404
    assert client.post(there.offers, json=there.body(), headers=second.once()).status_code == 409
    assert everything(there.brief_id) == before
    for who in (first, there.creator):
        assert [one["id"] for one in client.get(API, headers=who.headers).json["data"]] == [answer.json["id"]]
    assert client.post(path(bid_id, "withdraw"), headers=there.creator.once()).status_code == 200


def test_an_agency_acts_on_what_its_creator_placed_in_person(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    agency = make.agency_of(there.creator.party_id)
    assert client.get(path(bid.id), headers=agency.headers).json["production_cost"] is not None
    assert client.post(path(bid.id, "withdraw"), headers=agency.once()).json["status"] == "withdrawn"


def test_a_mandate_that_is_over_gives_no_channel_and_changes_nothing(client: FlaskClient) -> None:
    there = make.market()
    lapsed = make.agency_of(there.creator.party_id, to_days=-1)
    answer = client.post(there.offers, json=there.body(), headers=lapsed.once())
    assert (answer.status_code, ids.show("chn", there.channel_id) in answer.json["detail"]) == (404, True)
    assert everything(there.brief_id) == []


def test_an_agency_reads_what_it_placed_after_its_mandate_but_changes_it_no_more(client: FlaskClient) -> None:
    there = make.market()
    agency = make.agency_of(there.creator.party_id, to_days=0)
    bid = make.place(there, by=agency)
    gone = Somebody(
        agency.party_id, agency.person_id, agency.key_id, agency.headers, Actor(Role.AGENCY, agency.party_id)
    )
    before = everything(there.brief_id)
    for call in (lambda: make.withdraw(gone, bid.id), lambda: make.revise(gone, bid.id)):
        with pytest.raises(Exception, match="Your mandate of this creator does not run now"):
            call()
    assert everything(there.brief_id) == before


def test_a_channel_has_one_open_bid_on_a_brief(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    before = everything(there.brief_id)
    answer = client.post(there.offers, json=there.body(), headers=there.creator.once())
    shown = ids.show("bid", bid.id)
    assert (answer.status_code, answer.json["clashes_with"]) == (409, shown)
    assert answer.json["detail"].endswith(f"To change it, revise it: POST /bids/{shown}/revisions.")
    assert everything(there.brief_id) == before
    make.withdraw(there.creator, bid.id)
    assert client.post(there.offers, json=there.body(), headers=there.creator.once()).status_code == 201
    other = make.channel(there.creator.party_id)
    body = {**there.body(), "channel_id": ids.show("chn", other)}
    assert client.post(there.offers, json=body, headers=there.creator.once()).status_code == 201


def test_another_agency_of_the_creator_is_not_told_which_bid_stands_in_its_way(client: FlaskClient) -> None:
    there = make.market()
    first, second = make.agency_of(there.creator.party_id), make.agency_of(there.creator.party_id)
    bid = make.place(there, by=first)
    answer = client.post(there.offers, json=there.body(), headers=second.once())
    assert (answer.status_code, "clashes_with" in answer.json) == (409, False)
    assert ids.show("bid", bid.id) not in answer.text
    told = client.post(there.offers, json=there.body(), headers=there.creator.once())
    assert told.json["clashes_with"] == ids.show("bid", bid.id)


@pytest.mark.parametrize("state", ["draft", "closed", "cancelled"])
def test_a_brief_that_is_not_open_takes_no_bids(client: FlaskClient, others: dict[str, Somebody], state: str) -> None:
    creator = others["creator"]
    there = make.Market(
        others["brand"], creator, make_briefs.MAKERS[state](others["brand"]).id, make.channel(creator.party_id)
    )
    answer = client.post(there.offers, json=there.body(), headers=creator.once())
    assert answer.status_code == (409 if state == "closed" else 404)
    assert everything(there.brief_id) == []


def test_an_archived_or_foreign_channel_bids_on_nothing(client: FlaskClient, others: dict[str, Somebody]) -> None:
    there = make.market()
    with db.transaction(there.creator.actor) as session:
        channels_service.archive(session, there.creator.actor, there.channel_id)
    assert client.post(there.offers, json=there.body(), headers=there.creator.once()).status_code == 409
    assert client.post(there.offers, json=there.body(), headers=others["creator"].once()).status_code == 404
    nowhere = {**there.body(), "channel_id": ids.show("chn", new_id())}
    assert client.post(there.offers, json=nowhere, headers=there.creator.once()).status_code == 404
    assert everything(there.brief_id) == []


def test_two_revisions_are_bound_to_the_brief_as_it_then_is_and_a_third_is_refused(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    change = BriefChange().load({"title": " 一周四集动画的软植入"})
    with db.transaction(there.brand.actor) as session:
        brief_changes.change(session, there.brand.actor, there.brief_id, loaded=change, version=2)
    for number, left in ((2, 1), (3, 0)):
        price = {"model": "flat", "amount": make.cny(8_000_000 - number)}
        body = make.document(price=price, options=[])
        answer = client.post(path(bid.id, "revisions"), json=body, headers=there.creator.once())
        assert answer.status_code == 201
        assert {name: answer.json[name] for name in body} == body
        shown = [answer.json[name] for name in ("revision_number", "revisions_left", "version", "brief_version_number")]
        assert shown == [number, left, number, 2]
    before = everything(there.brief_id)
    answer = client.post(path(bid.id, "revisions"), json=make.document(), headers=there.creator.once())
    assert (answer.status_code, everything(there.brief_id)) == (409, before)
    assert [event.kind for event in events(bid.id)] == ["bids.place", "bids.revise", "bids.revise"]
    assert events(bid.id)[-1].party_ids == [there.creator.party_id]
    answer = client.get(path(bid.id, "revisions"), headers=there.creator.headers)
    assert [(one["number"], one["brief_version_number"]) for one in answer.json["data"]] == [(3, 2), (2, 2), (1, 1)]
    page = client.get(path(bid.id, "revisions") + "?limit=2", headers=there.creator.headers)
    more = client.get(page.headers["Link"].split(">")[0].removeprefix("<"), headers=there.creator.headers)
    assert ([one["number"] for one in more.json["data"]], more.json["has_more"]) == ([1], False)


def test_a_closed_brief_takes_no_revision_but_lets_go(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    make.close(there)
    before = everything(there.brief_id)
    answer = client.post(path(bid.id, "revisions"), json=make.document(), headers=there.creator.once())
    assert (answer.status_code, everything(there.brief_id)) == (409, before)
    answer = client.post(path(bid.id, "withdraw"), headers=there.creator.once())
    assert (answer.status_code, answer.json["status"], answer.json["withdrawn_at"] is None) == (200, "withdrawn", False)
    assert events(bid.id)[-1].party_ids == sorted([there.creator.party_id, there.brand.party_id])


@pytest.mark.parametrize(("name", "status"), [("accept", "accepted"), ("decline", "declined")])
def test_the_brand_decides_after_the_close(client: FlaskClient, name: str, status: str) -> None:
    there = make.with_audience(make.market())
    agency = make.agency_of(there.creator.party_id)
    bid = make.place(there, by=agency)
    second_channel = make.channel(there.creator.party_id)
    make_channels.told(there.creator, second_channel)
    second = make.place(there, channel_id=second_channel)
    make.close(there)
    # The bids have several options, so an acceptance names one; each is over what the brief has for a thousand people.
    accepts = {"json": make.ACCEPTS}
    for one in (bid, second):
        answer = client.post(path(one.id, name), headers=there.brand.once(), **(accepts if name == "accept" else {}))
        assert (answer.status_code, answer.json["status"], answer.json["version"]) == (200, status, 2)
        assert answer.json["production_cost"] is None
    parties = [there.creator.party_id, there.brand.party_id, agency.party_id]
    assert (events(bid.id)[-1].kind, events(bid.id)[-1].party_ids) == (f"bids.{name}", sorted(parties))


@pytest.mark.parametrize("status", ["withdrawn", "accepted", "declined", "void"])
def test_what_is_over_stays_so(client: FlaskClient, status: str) -> None:
    there, bid = make.standing(status)
    before = everything(there.brief_id)
    seen = status != "void"
    for name, who in (("withdraw", there.creator), ("accept", there.brand), ("decline", there.brand)):
        answer = client.post(path(bid.id, name), headers=who.once())
        assert answer.status_code == (409 if who is there.creator or seen else 404), name
    answer = client.post(path(bid.id, "revisions"), json=make.document(), headers=there.creator.once())
    assert (answer.status_code, everything(there.brief_id)) == (409, before)


REFUSED = [
    ("accept", "owner", 404),
    ("accept", "brand", 404),
    ("accept", "creator", 403),
    ("accept", "platform", 403),
    ("decline", "brand", 404),
    ("decline", "agency", 403),
    ("withdraw", "brand", 403),
    ("withdraw", "creator", 404),
    ("withdraw", "platform", 403),
    ("revisions", "creator", 404),
    ("revisions", "agency", 404),
    ("revisions", "owner", 403),
    ("revisions", "nobody", 401),
    ("withdraw", "nobody", 401),
]


@pytest.mark.parametrize(("name", "who", "status"), REFUSED)
def test_who_may_not_change_a_bid(
    client: FlaskClient, others: dict[str, Somebody], name: str, who: str, status: int
) -> None:
    there = make.market()
    bid = make.place(there)
    before = everything(there.brief_id)
    people = {**others, "owner": there.brand}
    headers = people[who].once() if who != "nobody" else {"Idempotency-Key": "x"}
    body: dict[str, Any] = {"json": make.document()} if name == "revisions" else {}
    assert client.post(path(bid.id, name), headers=headers, **body).status_code == status
    assert everything(there.brief_id) == before


def test_who_may_not_bid(client: FlaskClient, others: dict[str, Somebody]) -> None:
    there = make.market()
    readers = somebody("creator", scopes=frozenset({"read"}), party_id=there.creator.party_id)
    for who in (there.brand, others["platform"], readers):
        assert client.post(there.offers, json=there.body(), headers=who.once()).status_code == 403
    assert client.post(there.offers, json=there.body(), headers=there.creator.headers).status_code == 400
    assert everything(there.brief_id) == []


def test_the_list_is_filtered_and_paged(client: FlaskClient) -> None:
    creator = somebody("creator")
    first, second = make.market(creator=creator), make.market(creator=creator)
    bids = [make.place(first), make.place(second), make.place(second, channel_id=first.channel_id)]
    make.withdraw(creator, bids[1].id)
    a, b, c = (ids.show("bid", bid.id) for bid in bids)

    def listed(query: str) -> list[str]:
        return [one["id"] for one in client.get(f"{API}?{query}", headers=creator.headers).json["data"]]

    assert listed("") == [c, b, a]
    assert listed("status=withdrawn") == [b]
    assert listed(f"brief_id={ids.show('brf', second.brief_id)}") == [c, b]
    assert listed("limit=1") == [c]
    assert listed(f"limit=2&starting_after={c}") == [b, a]
    for query in ("status=gone", "brief_id=bid_1", "price=1"):
        answer = client.get(f"{API}?{query}", headers=creator.headers)
        assert (answer.status_code, pointers(answer)) == (422, [f"query:/{query.split('=')[0]}"])
    assert client.get(API, headers=first.brand.headers).status_code == 403


@pytest.mark.parametrize(("name", "status", "role"), list(product(BID_TRANSITIONS, BidStatus, Role)))
def test_a_bid_moves_only_as_the_table_says(app: Flask, name: str, status: BidStatus, role: Role) -> None:
    ids_of = ("brief_id", "brand_id", "channel_id", "creator_id", "brief_version_id")
    bid = Bid(**{id_: new_id() for id_ in ids_of}, status=status)
    step(BID_TRANSITIONS, bid, name, role)
