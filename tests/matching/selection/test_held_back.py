"""Bids that their channels' own rules and promises hold back from a selection."""

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from tests.make import bids as make
from tests.make import briefs as make_briefs
from tests.make import pacing as make_pacing
from tests.make import work
from tests.make.people import Somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def rule(channel_id: UUID, **limits: Any) -> None:
    with db.transaction() as session:
        session.execute(
            sa.update(Channel).where(Channel.id == channel_id).values(pacing=make_pacing.rule(**limits), version=2)
        )


def window(who: Somebody, channel_id: UUID, **changes: Any) -> None:
    days = {"starts_on": _day(0), "ends_on": _day(60), **changes}
    with db.transaction(who.actor) as session:
        make_pacing.window(session, who, channel_id, **days)


def _day(after: int) -> str:
    return (now().date() + timedelta(days=after)).isoformat()


def gates(client: FlaskClient, worker: ModuleType, there: make.Market) -> dict[UUID, dict[str, Any]]:
    """What is left out of a closed brief's what-if and of its selection, by bid: the two read the same."""
    make.close(there)
    work.settle(worker)

    def post(what: str) -> Any:
        headers = {**there.brand.headers, "Idempotency-Key": str(new_id())}
        return client.post(look.path(there.brief_id, what), json={}, headers=headers).json

    left_out = post("what-if")["outcome"]["left_out"]
    selection = post("selections")
    work.settle(worker)
    answer = client.get(f"/api/v1/selections/{selection['id']}", headers=there.brand.headers).json
    kept = answer["result"]["left_out"]
    assert {one["bid_id"]: one["reason"] for one in left_out} == {one["bid_id"]: one["reason"] for one in kept}
    return {ids.read("bid", one["bid_id"]): one for one in kept}


def test_a_channel_that_is_full_or_promised_elsewhere_is_left_out(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    offers = [look.offer(there, 1_000_000) for _ in range(7)]
    free, none, spaced, promised, named, before, holder = (bid for _, bid in offers)
    rule(none.channel_id, share_max=0)
    rule(spaced.channel_id, gap_days=10)  # its last videos were not sponsored, so there is room
    who = {bid.id: creator for creator, bid in offers}
    window(who[promised.id], promised.channel_id, holder="别家")
    window(who[named.id], named.channel_id, category=None, brand=" 清 泉 ", holder="别家")
    window(who[before.id], before.channel_id, ends_on=_day(19), holder="别家")  # publication begins on day 20
    window(who[holder.id], holder.channel_id, holder="别名", holder_id=ids.show("pty", there.brand.party_id))
    left = gates(client, worker, there)
    reasons = {bid: one["reason"] for bid, one in left.items()}
    assert reasons.pop(none.id) == "pacing_full"
    assert reasons.pop(promised.id) == reasons.pop(named.id) == "exclusive_elsewhere"
    assert set(reasons.values()) <= {"others_bring_more", "over_budget"}
    for bid in (none, promised):
        assert left[bid.id]["would_win_at"] is None
        assert left[bid.id]["zh"].endswith("。")
        assert left[bid.id]["en"].endswith(".")
    assert free.id not in left


def test_a_series_needs_room_for_all_of_its_videos(client: FlaskClient, worker: ModuleType) -> None:
    deliverables = [{"kind": "series", "count": 4, "length_tiers": ["21-60"], "platform": None}]
    there = look.market(deliverables=deliverables)
    four = [{"kind": "series", "count": 4, "length_tier": "21-60"}]
    # Twenty-one days of publication hold four videos with six days between, and three with eight.
    offers = [look.offer(there, 1_000_000, deliverables=four) for _ in range(3)]
    late = [
        {**four[0], "publish_starts_at": make_briefs.moment(days=30), "publish_ends_at": make_briefs.moment(days=39)}
    ]
    offers.append(look.offer(there, 1_000_000, deliverables=late))
    for (_, bid), days in zip(offers, (6, 8, 0, 6), strict=True):
        rule(bid.channel_id, gap_days=days)
    reasons = {bid: gate["reason"] for bid, gate in gates(client, worker, there).items()}
    full = {bid for bid, reason in reasons.items() if reason == "pacing_full"}
    assert full == {offers[1][1].id, offers[3][1].id}


def test_what_another_brand_has_accepted_takes_the_days(client: FlaskClient, worker: ModuleType) -> None:
    first, second = look.market(), look.market()
    creator, bid = look.offer(first, 1_000_000)
    again = make.place(second, creator, bid.channel_id, **look.plain(1_000_000))
    rule(bid.channel_id, gap_days=15)
    make.close(first)
    make.accept(first, bid.id)
    assert gates(client, worker, second)[again.id]["reason"] == "pacing_full"
    line = client.get(f"/api/v1/bids/{ids.show('bid', again.id)}/match", headers=creator.headers)
    assert line.status_code == 200


def test_the_briefs_own_ceiling_holds_until_the_brand_lifts_it(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(ceiling_per_thousand=make.cny(100))
    _, bid = look.offer(there)
    assert gates(client, worker, there)[bid.id]["reason"] == "over_ceiling"
    url = look.path(there.brief_id, "what-if")
    lifted = client.post(url, json={"lift_ceiling": True}, headers=there.brand.headers)
    assert [line["bid_id"] for line in lifted.json["outcome"]["chosen"]] == [ids.show("bid", bid.id)]
