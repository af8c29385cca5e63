"""The top comedy show: its rate card says 200,000 RMB an episode, and sometimes 50,000 are paid.

The show bids its card, answers the brand's offer with less, and closes at 50,000. What later bids learn is what was
paid, and not what the card said.
"""

from datetime import timedelta
from types import ModuleType

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.matching.pricing.models import DealPrice
from tests.deals import look as deals
from tests.deliverables import look
from tests.lives import look as lives
from tests.make import bids as make_bids
from tests.make import offered_deals
from tests.make import owed as make
from tests.make import reviews as make_reviews
from tests.make.briefs import cny
from tests.make.moments import travel
from tests.make.owed import Owed

API = "/api/v1"
CARD, LESS, PAID = 20_000_000, 8_000_000, 5_000_000  # fen


def _accepted(client: FlaskClient) -> Owed:
    """A bid at the rate card that people have looked at, for it is far above what such videos cost, and the brand takes
    all the same."""
    lines = [{"kind": "video", "count": 1}]
    asked = {"deliverables": lines, "rights": {}, "least_prominence": None, "budget": cny(30_000_000)}
    there = make_bids.with_audience(make_bids.market(**asked))
    price = {"model": "flat", "amount": cny(CARD)}
    bid = make_bids.place(there, options=[], deliverables=lines, rights=make.RIGHTS, price=price)
    make_bids.close(there)
    where = f"{API}/bids/{ids.show('bid', bid.id)}/review"
    asked_for = client.post(where, json={"reason": "价格高"}, headers=there.brand.once())
    assert asked_for.status_code in (200, 201), asked_for.json
    for admin in make_reviews.admins(2):
        if make_reviews.of(bid.id).status != "approved":
            path = f"{API}/reviews/{ids.show('rvw', make_reviews.of(bid.id).id)}/approve"
            said = client.post(path, json={"reason": "数据已核对"}, headers=admin.once())
            assert said.status_code == 200, said.json
    make_bids.accept(there, bid.id)
    deal_id = offered_deals.deal_of(bid.id)
    return Owed(there.brand, there.creator, there.creator, deal_id, bid.id, [])


def test_a_card_of_200_000_closes_at_50_000(client: FlaskClient, worker: ModuleType) -> None:
    owed = _accepted(client)
    assert deals.shown(client, owed.brand, owed.deal_id)["price_minor"] == CARD

    # The show would do it for less, with the label sooner; the brand has a smaller budget left; the show agrees.
    assert deals.counter(client, owed.creator, owed.deal_id, price=cny(LESS)).status_code == 200
    assert deals.counter(client, owed.brand, owed.deal_id, price=cny(PAID), keep_live_days=30).status_code == 200
    # Back above the sealed card nobody goes.
    raised = deals.counter(client, owed.creator, owed.deal_id, price=cny(CARD + 1))
    assert (raised.status_code, raised.json["errors"][0]["pointer"]) == (422, "/changes/price/amount_minor")
    assert deals.confirm(client, owed.creator, owed.deal_id).status_code == 200
    owed = make.with_ids(owed)
    make.fund(owed)

    with travel(make.publish_day()):
        make.live(owed)
    with travel(now() + timedelta(days=make.PUBLISHED_AFTER_DAYS + 40)):
        look.clock(worker)

    assert make.deal_status(owed) == "completed"
    assert lives.money(client, owed.brand, owed) == {1: ("released", PAID)}
    assert lives.earned(client, owed.creator) == PAID * 95 // 100
    with db.transaction() as session:
        taught = session.scalars(sa.select(DealPrice.deal_minor).where(DealPrice.deliverable_id == owed.id)).all()
    assert taught == [PAID]
    lives.the_ledger_adds_up(client)
    lives.nothing_waits(client, owed)
