"""A celebrity with tens of millions of followers: an endorsement in the millions, told as a series of four videos.

The category is the brand's alone in the series, the agency that holds the mandate has its part of each video, and every
video is settled by itself when its days are over.
"""

from datetime import timedelta
from types import ModuleType
from typing import Any

from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.clock import now
from tests.deals import look as deals
from tests.deliverables import look
from tests.lives import look as lives
from tests.make import bids as make_bids
from tests.make import owed as make
from tests.make import series as make_series
from tests.make.briefs import cny
from tests.make.moments import travel
from tests.make.people import somebody

API = "/api/v1"
PRICE = 4_000_004  # of four videos, in fen: not to be divided by four and by 10,000 without a rest


def test_an_endorsement_is_paid_video_by_video(client: FlaskClient, worker: ModuleType) -> None:
    star = somebody("creator")
    house = make_bids.agency_of(star.party_id)
    series = make_series.made(client, star, episodes=4)
    asked: dict[str, Any] = {"budget": cny(30_000_000)}
    owed = make_series.signed(
        client, series, "冠名", episodes=(1, 2, 3, 4), by=house, price_minor=PRICE, category="beauty", **asked
    )
    assert "beauty" in series.shown(client, owed.brand).json["closed_categories"]

    # A rival of the category is not let in, whatever it pays; a car is.
    rival = make_series.offered(series, category="beauty", count=1, price_minor=2_000_000)
    assert make_series.counter(client, rival, series, "片尾", (1,)).status_code == 200
    assert deals.confirm(client, rival.brand, rival.deal_id).status_code == 409
    assert deals.leave(client, rival.brand, rival.deal_id, "decline").status_code == 200

    # Nothing is made before the money is there.
    early = look.post(client, house, "dlv", owed.ids[0], "scripts", body="镜头前护肤")
    assert early.status_code == 409, early.json
    make.fund(owed)
    assert client.get(f"{API}/series/{ids.show('ser', series.id)}", headers=house.headers).status_code == 200

    drafts = [make.approved_draft(owed, one) for one in owed.ids]
    for number, (one, draft_id) in enumerate(zip(owed.ids, drafts, strict=True)):
        with travel(make.publish_day() + timedelta(days=2 * number)):
            assert look.publish(client, house, one, make.told(owed, draft_id)).status_code == 201
    # The first two are settled while the last ones still have to stay.
    with travel(make.publish_day() + timedelta(days=94)):
        look.clock(worker)
        assert [make.status(one) for one in owed.ids] == ["done", "done", "live", "live"]
        assert make.deal_status(owed) == "active"
    with travel(now() + timedelta(days=make.PUBLISHED_AFTER_DAYS + 110)):
        look.clock(worker)
    assert make.deal_status(owed) == "completed"

    # All of it to the fen: the platform has 5 % of each, the house 30 % of the rest.
    paid = [amount for _, amount in lives.money(client, owed.brand, owed).values()]
    assert paid == [1_000_001] * 4
    assert lives.earned(client, house) == 4 * 285_000
    assert lives.earned(client, star) == 4 * (1_000_001 - 50_000 - 285_000)
    lives.the_ledger_adds_up(client)
    lives.nothing_waits(client, owed)
