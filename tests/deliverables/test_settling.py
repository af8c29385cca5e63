"""The end of what a deal owes: released to the fen, its price learnt, its deal completed; late videos are marked."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.deliverables import settling
from marketplace.identity.models import Mandate
from marketplace.ledger import verification
from marketplace.matching.pricing import market_deals, price_learning
from marketplace.matching.pricing.models import DealPrice, DealSource
from marketplace.payments.models import Payment, Payout
from tests.deliverables import look
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.payments import make as make_payments


def settle(worker: ModuleType, owed: Owed, *places: int) -> None:
    """Publish these videos of a deal, and let their days live go by."""
    with travel(make.publish_day()):
        for place in places or range(len(owed.ids)):
            make.live(owed, owed.ids[place])
        with travel(now() + timedelta(days=92)):
            look.clock(worker)


def payments(owed: Owed) -> list[Payment]:
    with db.transaction() as session:
        query = sa.select(Payment).where(Payment.deal_id == owed.deal_id).order_by(Payment.position)
        return list(session.scalars(query))


def prices(owed: Owed) -> list[DealPrice]:
    with db.transaction() as session:
        settled = (DealPrice.bid_id == owed.bid_id, DealPrice.deliverable_id.is_not(None))
        return list(session.scalars(sa.select(DealPrice).where(*settled).order_by(DealPrice.id)))


def payouts(owed: Owed) -> dict[Any, int]:
    with db.transaction() as session:
        query = sa.select(Payout.party_id, sa.func.sum(Payout.amount_minor)).join(
            Payment, Payment.id == Payout.payment_id
        )
        return dict(session.execute(query.where(Payment.deal_id == owed.deal_id).group_by(Payout.party_id)).all())


@pytest.mark.parametrize("price_minor", [800_001, 999_999])
def test_a_settled_video_pays_maker_agency_and_platform_to_the_fen(
    app: Any, worker: ModuleType, price_minor: int
) -> None:
    owed = make.funded(agency=True, price_minor=price_minor)
    settle(worker, owed)
    assert (make.status(owed.id), make.deal_status(owed)) == ("done", "completed")
    [paid] = payments(owed)
    assert str(paid.status) == "released"
    shares = make_payments.shares(paid.id)
    assert shares.maker_minor + shares.agency_minor + shares.fee_minor == price_minor
    # Five per cent to the platform, and three tenths of the rest to the agency by its mandate.
    assert (shares.fee_minor, shares.agency_minor) == (round(price_minor * 0.05), round(price_minor * 0.95 * 0.3))
    assert payouts(owed) == {owed.creator.party_id: shares.maker_minor, owed.maker.party_id: shares.agency_minor}
    with db.transaction() as session:
        assert not verification.verify(session).faults


def test_an_agency_whose_mandate_had_ended_when_it_was_published_has_no_share(app: Any, worker: ModuleType) -> None:
    owed = make.funded(agency=True)
    draft_id = make.approved_draft(owed)
    with db.transaction() as session:
        ends = sa.update(Mandate).where(Mandate.agency_id == owed.maker.party_id)
        session.execute(ends.values(ends_on=now().date() + timedelta(days=5)))
    with travel(make.publish_day()):
        client = app.test_client()
        told = make.told(owed, draft_id)
        assert look.publish(client, owed.maker, owed.id, told).status_code == 403
        assert look.publish(client, owed.creator, owed.id, told).status_code == 201
        with travel(now() + timedelta(days=92)):
            look.clock(worker)
    [paid] = payments(owed)
    shares = make_payments.shares(paid.id)
    assert (str(paid.status), shares.agency_id, shares.agency_minor) == ("released", None, 0)
    assert payouts(owed) == {owed.creator.party_id: shares.maker_minor}


def test_two_equal_videos_settled_on_one_day_teach_two_prices_in_the_place_of_the_acceptance(
    app: Any, worker: ModuleType
) -> None:
    owed = make.funded(2)
    with db.transaction() as session:
        market_deals.follow_acceptance(session, owed.bid_id)
        before = taught(session, owed)
    assert before == [(DealSource.MARKET, 400_000)]
    settle(worker, owed)
    found = prices(owed)
    assert [(row.deal_minor, row.currency, str(row.source)) for row in found] == [(400_000, "CNY", "platform_deal")] * 2
    assert {row.deliverable_id for row in found} == set(owed.ids)
    assert len({row.settled_on for row in found}) == 1
    with db.transaction() as session:
        assert taught(session, owed) == [(DealSource.PLATFORM, 400_000)] * 2
    with db.transaction() as session:  # once, also if it is asked for again
        assert [settling.finish(session, id_) for id_ in owed.ids] == [False, False]
    assert len(prices(owed)) == 2


def taught(session: Any, owed: Owed) -> list[tuple[DealSource, int]]:
    """What of a deal counts where the market learns its prices."""
    counting = sa.text(
        "SELECT d.source, d.deal_minor FROM deal_prices d"
        f" WHERE d.bid_id = :bid AND {price_learning.COUNTING} ORDER BY d.id"
    )
    return [(DealSource(row.source), row.deal_minor) for row in session.execute(counting, {"bid": owed.bid_id})]


def test_a_deal_is_completed_with_the_last_of_what_it_owes(client: FlaskClient, worker: ModuleType) -> None:
    owed = make.funded(2)
    settle(worker, owed, 0)
    assert (make.status(owed.ids[0]), make.deal_status(owed)) == ("done", "active")
    assert [str(one.status) for one in payments(owed)] == ["released", "held"]
    settle(worker, owed, 1)
    assert (make.status(owed.ids[1]), make.deal_status(owed)) == ("done", "completed")
    shown = look.get(client, owed.brand, "dlv", owed.ids[1]).json
    assert (shown["waits_for"], shown["deal"]["status"]) == (None, "completed")


def test_a_video_is_not_settled_on_the_last_day_that_it_has_to_stay(app: Any, worker: ModuleType) -> None:
    owed = make.funded()
    with travel(make.publish_day()):
        make.live(owed)
        with travel(now() + timedelta(days=90)):
            look.clock(worker)
        assert make.status(owed.id) == "live"
        with travel(now() + timedelta(days=91)):
            look.clock(worker)
    assert make.status(owed.id) == "done"


def test_a_video_that_is_not_live_on_its_day_is_marked_late_once_and_goes_on(
    client: FlaskClient, worker: ModuleType
) -> None:
    owed = make.funded()
    make.sent_draft(owed)
    with travel(now() + timedelta(days=38)):  # the window ends after 40 days, and the bid promised it within
        look.clock(worker)
        due = look.get(client, owed.brand, "dlv", owed.id).json
    assert due["late_at"] is None
    with travel(now() + timedelta(days=41)):
        look.clock(worker)
        look.clock(worker)
    shown = look.get(client, owed.brand, "dlv", owed.id).json
    assert shown["late_at"] is not None
    assert [event.kind for event in look.events(owed.id)].count("deliverables.late") == 1
