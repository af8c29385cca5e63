"""A travel maker "casts nets": one video on three platforms. Plays add up; people are counted once."""

from datetime import timedelta
from types import ModuleType
from uuid import UUID

from flask.testing import FlaskClient

from marketplace.channels.models import ClaimStatus
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.matching.forecast import features
from tests.deals import look as deals
from tests.deliverables import look
from tests.lives import look as lives
from tests.make import channels as make_channels
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import somebody


def _also(owed: Owed, platform: str) -> UUID:
    row = make_channels.channel(owed.creator.party_id, platform=platform, claim_status=ClaimStatus.PROVEN)
    make_channels.told(owed.creator, row.id)
    return row.id


def test_one_video_on_three_platforms_is_one_deliverable(client: FlaskClient, worker: ModuleType) -> None:
    # The maker bid with one account, and offers to post the same video to two more, for no more money.
    owed = make.agreed(confirmed=False, price_minor=1_500_000)
    others = [_also(owed, platform) for platform in ("bilibili", "xiaohongshu")]
    lines = [{"position": 1, "title": "洱海三日", "also_on": [ids.show("chn", one) for one in others]}]
    assert deals.counter(client, owed.creator, owed.deal_id, deliverables=lines).status_code == 200
    assert deals.confirm(client, owed.brand, owed.deal_id).status_code == 200
    owed = make.with_ids(owed)
    make.fund(owed)

    # Before anything is filmed the brand sees whom it would reach: fewer people than the accounts have together.
    with db.transaction() as session:
        while features.refresh(session):
            pass
    reach = look.get(client, owed.brand, "dlv", owed.id, "reach").json
    assert reach["people"] < reach["summed"] == sum(one["people"] for one in reach["channels"])
    assert [one["platform"] for one in reach["channels"]] == ["douyin", "bilibili", "xiaohongshu"]

    draft_id = make.approved_draft(owed)
    with travel(make.publish_day()):
        for count, channel_id in enumerate((None, *others), start=1):
            where = {} if channel_id is None else {"channel_id": ids.show("chn", channel_id)}
            told = look.publish(client, owed.creator, owed.id, {**make.told(owed, draft_id), **where})
            assert told.status_code == 201, told.json
            assert make.status(owed.id) == ("live" if count == 3 else "approved")
        # One of the three disappears; the maker shows that the platform had only hidden it for an hour.
        gone = {"seen_at": look.as_text(now()), "reason": "打不开", "channel_id": ids.show("chn", others[0])}
        assert look.post(client, owed.brand, "dlv", owed.id, "publication", "report", **gone).status_code == 201
        admin = somebody("platform")
        decided = look.post(client, admin, "dlv", owed.id, "publication", "decide", upheld=False, reason="又能看了")
        assert decided.status_code == 200, decided.json
    with travel(now() + timedelta(days=make.PUBLISHED_AFTER_DAYS + 100)):
        look.clock(worker)
    assert (make.status(owed.id), make.deal_status(owed)) == ("done", "completed")

    # Three publications, one price.
    assert lives.money(client, owed.brand, owed) == {1: ("released", 1_500_000)}
    assert lives.earned(client, owed.creator) == 1_425_000
    lives.the_ledger_adds_up(client)
    lives.nothing_waits(client, owed)
