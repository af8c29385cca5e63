"""What rankings and their reviews once got wrong."""

from types import ModuleType

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids import service
from marketplace.bids.pricing_models import RIGHTS
from marketplace.briefs.models import Brief
from marketplace.core import db, ids
from marketplace.core.clock import now
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def test_calling_a_brief_off_unseals_nothing(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    look.offer(there)
    work.settle(worker)
    make.cancel(there)
    assert look.ranking(client, there)["data"] == []


def test_a_closed_brief_that_is_called_off_keeps_its_ranking_and_says_why_nothing_can_be_accepted(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    _, best = look.offer(there, 1_000_000)
    look.offer(there, 4_000_000)
    make.close(there)
    work.settle(worker)
    make.accept(there, best.id)
    before = look.ranking(client, there)
    make.cancel(there)
    # Before the job that marks the bids, and after it.
    for settle in (lambda: None, lambda: work.settle(worker)):
        settle()
        after = look.ranking(client, there)
        assert (after["sealed"], after["total"], after["record"]) == (False, 2, 1)
        assert [(line["bid_id"], line["rank"]) for line in after["data"]] == [
            (line["bid_id"], line["rank"]) for line in before["data"]
        ]
        assert all("void" in {gate["code"] for gate in line["gates"]} for line in after["data"])
    assert {line["bid_status"] for line in after["data"]} == {"void"}


@pytest.mark.parametrize("is_called_off", [False, True])
def test_whoever_may_read_a_bid_reads_its_channel_and_all_counts_agree(
    client: FlaskClient, is_called_off: bool
) -> None:
    there, rival = look.market(), somebody("brand")
    gone, _ = look.offer(there), look.offer(there)
    make.withdraw(gone[0], gone[1].id)
    left = [look.offer(there) for _ in range(4)]
    count_path = look.path(there.brief_id, "bids", "count")
    assert client.get(count_path, headers=there.brand.headers).json == {"count": 5}
    make.close(there)
    make.withdraw(left[0][0], left[0][1].id)
    make.accept(there, left[1][1].id)
    make.decline(there, left[2][1].id)
    if is_called_off:
        make.cancel(there)
        with db.transaction() as session:
            service.void_for_brief(session, there.brief_id)
    else:
        with db.transaction() as session:
            session.execute(sa.update(Brief).where(Brief.id == there.brief_id).values(bids_lapse_at=now()))
            service.lapse_overdue(session)

    assert client.get(count_path, headers=there.brand.headers).json == {"count": 5}
    assert look.ranking(client, there)["total"] == 5
    bids = client.get(look.path(there.brief_id, "bids"), headers=there.brand.headers).json["data"]
    assert len(bids) == 5
    for bid in bids:
        channel = f"/api/v1/channels/{bid['channel_id']}"
        for path in (channel, f"{channel}/audience-snapshots", f"{channel}/videos"):
            assert client.get(path, headers=there.brand.headers).status_code == 200, bid["status"]
            assert client.get(path, headers=rival.headers).status_code == 404
    unseen = f"/api/v1/channels/{ids.show('chn', gone[1].channel_id)}"
    assert client.get(unseen, headers=there.brand.headers).status_code == 404


def test_a_sealed_match_tells_nothing_of_the_other_bids(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    for _ in range(3):
        look.offer(there)
    work.settle(worker)
    told = look.told(look.match(client, who, bid.id))
    assert not {"price_percentile", "too_few_comparables"} & set(told)


def test_a_decided_bid_does_not_keep_a_ranking_stale_for_ever(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    make.close(there)
    work.settle(worker)
    make.accept(there, bid.id)
    make_channels.told(who, bid.channel_id, taken_on="2026-11-09")
    work.settle(worker)
    assert look.fresh(there.brief_id) == (1, 1)


def test_pages_lose_no_match_where_a_bid_was_decided(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    _, cheap = look.offer(there, 1_000_000)
    _, dear = look.offer(there, 5_000_000)
    make.close(there)
    work.settle(worker)
    make.accept(there, cheap.id)
    work.ask("matching.score", there.brief_id)
    work.settle(worker)
    first = look.ranking(client, there, limit=1)["data"]
    second = look.ranking(client, there, limit=1, starting_after=first[0]["id"])["data"]
    assert {one["bid_id"] for one in first + second} == {ids.show("bid", bid.id) for bid in (cheap, dear)}


def test_a_flat_price_is_known_whatever_the_audience_is(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    bid = make.place(there, **look.plain(3_000_000, rights=dict.fromkeys(RIGHTS)))
    work.settle(worker)
    found = look.match(client, there.creator, bid.id)
    assert "cost_unknown" not in look.told(found)
    assert look.told(found)["cost"]["numbers"]["cost"]["value"] == 3_000_000


def test_scores_of_an_outdated_model_are_not_fresh(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    look.offer(there)
    work.settle(worker)
    look.channel(somebody("creator"), videos=make_channels.videos(50, 9_000_000, 3, 80_000, 1, 700))
    worker.relay()
    work.do_next(worker, "matching.features")
    work.do_next(worker, "matching.fit-model")
    assert work.of("matching.fit-model")[-1].result == {"changed": True}
    assert look.fresh(there.brief_id) == (1, 0)


def test_reviewers_are_not_asked_about_a_withdrawn_bid(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    who, bid = look.offer(there)
    make.close(there)
    work.settle(worker)
    make.withdraw(who, bid.id)
    work.settle(worker)
    waiting = client.get("/api/v1/reviews?status=open&limit=100", headers=admin.headers).json["data"]
    assert ids.show("bid", bid.id) not in {review["subject_id"] for review in waiting}


def test_a_short_list_is_not_a_missing_one(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(), somebody("platform")
    _, bid = look.offer(there)
    make.close(there)
    work.settle(worker)
    url = f"/api/v1/reviews?subject_id={ids.show('bid', bid.id)}"
    # Nothing is risky about it, so that a rule lets it pass and nobody is asked.
    assert client.get(url, headers=admin.headers).json["data"] == []


def test_an_approval_outlives_what_strangers_tell(client: FlaskClient, worker: ModuleType) -> None:
    there, admin, who = look.market(), somebody("platform"), somebody("creator")
    bid = make.place(there, who, look.channel(who, engagement_rate=0.9), **look.plain())
    make.close(there)
    work.settle(worker)
    url = f"/api/v1/reviews?subject_id={ids.show('bid', bid.id)}"
    (review,) = client.get(url, headers=admin.headers).json["data"]
    approve = f"/api/v1/reviews/{review['id']}/approve"
    client.post(approve, json={"reason": "数据来源已核对"}, headers=admin.once())
    look.channel(somebody("creator"), videos=make_channels.videos(5_000, 9_000_000, 700))
    work.settle(worker)
    assert [one["status"] for one in client.get(url, headers=admin.headers).json["data"]] == ["second"]
