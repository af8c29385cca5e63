"""One video on several platforms: one deliverable, live when it is on all of them; people are counted once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.channels.models import ClaimStatus
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.deals.models import Deal
from marketplace.matching.forecast import features
from tests.deals import look as deals
from tests.deliverables import look
from tests.make import channels as make_channels
from tests.make import overlaps as make_overlaps
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import somebody

PLATFORMS = ("bilibili", "xiaohongshu")


@dataclass(frozen=True)
class Spread:
    """A deal of one video, with the channels on which it is published, the deal's own first."""

    owed: Owed
    channels: list[UUID]


@pytest.fixture
def spread(client: FlaskClient) -> Iterator[Spread]:
    owed = make.agreed(confirmed=False)
    with db.transaction() as session:
        own = session.get_one(Deal, owed.deal_id).channel_id
    others = [_channel(owed, platform) for platform in PLATFORMS]
    lines = [{"position": 1, "also_on": [ids.show("chn", one) for one in others]}]
    assert deals.counter(client, owed.creator, owed.deal_id, deliverables=lines).status_code == 200
    assert deals.confirm(client, owed.brand, owed.deal_id).status_code == 200
    owed = make.with_ids(owed)
    make.fund(owed)
    with travel(make.publish_day()):
        yield Spread(owed, [own, *others])


def _channel(owed: Owed, platform: str) -> UUID:
    row = make_channels.channel(owed.creator.party_id, platform=platform, claim_status=ClaimStatus.PROVEN)
    make_channels.told(owed.creator, row.id)
    return row.id


def _publish(client: FlaskClient, spread: Spread, draft_id: UUID, channel_id: UUID | None) -> Any:
    where = {} if channel_id is None else {"channel_id": ids.show("chn", channel_id)}
    return look.publish(client, spread.owed.maker, spread.owed.id, {**make.told(spread.owed, draft_id), **where})


def test_the_terms_name_the_channels_in_words_and_in_the_contract(client: FlaskClient, spread: Spread) -> None:
    owed = spread.owed
    second = deals.terms(client, owed.brand, owed.deal_id)[1]
    assert [one["platform"] for one in second["content"]["deliverables"][0]["also_on"]] == list(PLATFORMS)
    [change] = second["changes"]
    assert "第 1 项的其他账号：无 →" in change["zh"]
    assert "(bilibili)" in change["en"]
    page = client.get(deals.path(owed.deal_id, "contract"), headers=owed.brand.headers).text
    assert "it is live when it is live on all of them" in page


def test_it_is_live_when_it_is_on_all_channels_and_paid_when_the_last_days_are_over(
    client: FlaskClient, worker: ModuleType, spread: Spread
) -> None:
    owed = spread.owed
    draft_id = make.approved_draft(owed)
    assert _publish(client, spread, draft_id, spread.channels[1]).status_code == 201
    assert make.status(owed.id) == "approved"
    again = _publish(client, spread, draft_id, spread.channels[1])
    assert (again.status_code, "on this channel already" in again.json["detail"]) == (409, True)
    assert _publish(client, spread, draft_id, None).json["platform"] == "douyin"
    assert make.status(owed.id) == "approved"
    with travel(now() + timedelta(days=5)):
        last = _publish(client, spread, draft_id, spread.channels[2])
        assert (last.status_code, make.status(owed.id)) == (201, "live")
    shown = look.get(client, owed.brand, "dlv", owed.id, "publications").json["data"]
    assert [one["platform"] for one in shown] == ["bilibili", "douyin", "xiaohongshu"]
    assert look.get(client, owed.brand, "dlv", owed.id, "publication").json["platform"] == "douyin"
    with travel(now() + timedelta(days=91)):  # the first two have stayed, the last one has not yet
        look.clock(worker)
        assert make.status(owed.id) == "live"
    with travel(now() + timedelta(days=97)):
        look.clock(worker)
        assert (make.status(owed.id), make.deal_status(owed)) == ("done", "completed")


def test_a_channel_that_the_terms_do_not_name_is_refused(client: FlaskClient, spread: Spread) -> None:
    owed = spread.owed
    draft_id = make.approved_draft(owed)
    before = look.everything(owed.deal_id)
    answer = _publish(client, spread, draft_id, _channel(owed, "weibo"))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/channel_id")
    assert ids.show("chn", spread.channels[2]) in answer.json["errors"][0]["detail"]
    assert look.everything(owed.deal_id) == before


def test_one_of_them_taken_down_is_reported_by_its_channel(
    client: FlaskClient, worker: ModuleType, spread: Spread
) -> None:
    owed = spread.owed
    draft_id = make.approved_draft(owed)
    for channel_id in spread.channels:
        assert _publish(client, spread, draft_id, channel_id).status_code == 201
    body = {"seen_at": look.as_text(now()), "reason": "404", "channel_id": ids.show("chn", spread.channels[2])}
    told = look.post(client, owed.brand, "dlv", owed.id, "publication", "report", **body)
    assert told.status_code == 201, told.json
    shown = look.get(client, owed.creator, "dlv", owed.id, "publications").json["data"]
    assert [len(one["reports"]) for one in shown] == [0, 0, 1]
    assert told.json["publication_id"] == shown[2]["id"]
    with travel(now() + timedelta(days=97)):
        look.clock(worker)
        assert make.status(owed.id) == "live"  # until the platform has looked
    admin = somebody("platform")
    decided = look.post(client, admin, "dlv", owed.id, "publication", "decide", upheld=True, reason="gone")
    assert decided.status_code == 200, decided.json
    assert (make.status(owed.id), make.deal_status(owed)) == ("missed", "disputed")


def test_only_other_channels_of_the_creator_are_named(client: FlaskClient) -> None:
    owed = make.agreed(confirmed=False)
    with db.transaction() as session:
        own = session.get_one(Deal, owed.deal_id).channel_id
    theirs, rivals = _channel(owed, "bilibili"), make_channels.channel(somebody("creator").party_id).id
    before = deals.everything(owed.deal_id)
    named = [ids.show("chn", one) for one in (theirs, own, rivals, new_id(), theirs)]
    answer = deals.counter(client, owed.creator, owed.deal_id, deliverables=[{"position": 1, "also_on": named}])
    assert answer.status_code == 422
    assert [one["pointer"][-1] for one in answer.json["errors"]] == ["1", "2", "3", "4"]
    assert deals.everything(owed.deal_id) == before


def test_people_of_several_channels_are_counted_once(client: FlaskClient, spread: Spread) -> None:
    owed = spread.owed
    with db.transaction() as session:
        while features.refresh(session):
            pass
    told = look.get(client, owed.brand, "dlv", owed.id, "reach").json
    people = [one["people"] for one in told["channels"]]
    assert (told["summed"], told["basis"]) == (sum(people), "model")
    assert max(people) <= told["people"] < told["summed"]
    assert sum(one["added"] for one in told["channels"]) == pytest.approx(told["people"], abs=3)
    # Whom a measured pair shares nearly all of, the second adds nearly nobody.
    first, second = spread.channels[:2]
    sizes = {"people": people[0], "other_people": people[1], "value": 0.95}
    make_overlaps.confirm(make_overlaps.record(owed.creator, first, second, **sizes))
    fewer = look.get(client, owed.brand, "dlv", owed.id, "reach").json
    assert fewer["people"] < told["people"]
    assert (
        client.get(look.path("dlv", owed.id, "reach"), headers=somebody("brand").headers).status_code,
        told["price_per_thousand_minor"],
    ) == (404, round(800_000 * 1000 / told["people"]))
