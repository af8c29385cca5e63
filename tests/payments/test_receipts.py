"""Money that comes in: two people, the whole before anything is held, less waits, more goes back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.ledger.models import AccountPurpose
from marketplace.payments import receipts
from marketplace.payments.models import Receipt
from marketplace.payments.receipts import NewReceipt
from tests.ledger.test_transfers import nothing_is_wrong
from tests.make import people
from tests.payments import make

pytestmark = pytest.mark.usefixtures("own_market")


def test_the_whole_is_held_when_another_person_has_confirmed_it() -> None:
    deal = make.agreed((60_000, 40_001))
    before = make.balance(AccountPurpose.CLEARING)
    receipt = make.told(deal, 100_001)
    assert (make.statuses(deal), make.escrow(deal)) == (["planned", "planned"], 0)
    with db.transaction(deal.first.actor) as session, pytest.raises(Conflict, match="somebody else"):
        receipts.confirm(session, deal.first.actor, receipt.id)
    done = make.confirmed(deal, receipt)
    assert (done.funded, done.remainder_minor, str(done.receipt.status)) == (True, 0, "confirmed")
    assert (make.statuses(deal), make.escrow(deal)) == (["held", "held"], 100_001)
    assert make.balance(AccountPurpose.CLEARING) == before - 100_001
    with pytest.raises(WrongState):
        make.confirmed(deal, receipt)
    nothing_is_wrong()


def test_less_waits_and_tells_what_is_missing() -> None:
    deal = make.agreed((60_000, 40_000))
    done = make.confirmed(deal, make.told(deal, 99_999))
    assert (done.funded, done.remainder_minor) == (False, 1)
    assert (make.statuses(deal), make.escrow(deal)) == (["planned", "planned"], 99_999)
    done = make.confirmed(deal, make.told(deal, 1))
    assert (done.funded, make.statuses(deal)) == (True, ["held", "held"])
    assert make.payouts_of(deal.brand) == []
    nothing_is_wrong()


def test_what_is_more_or_late_stays_the_brands_and_goes_back() -> None:
    deal = make.agreed((50_000,))
    assert make.confirmed(deal, make.told(deal, 50_700)).funded
    assert (make.escrow(deal), make.payable(deal.brand)) == (50_000, 700)
    late = make.confirmed(deal, make.told(deal, 30))
    assert (late.funded, make.escrow(deal), make.payable(deal.brand)) == (False, 50_000, 730)
    assert [(one.amount_minor, str(one.status)) for one in make.payouts_of(deal.brand)] == [
        (700, "waiting"),
        (30, "waiting"),
    ]
    nothing_is_wrong()


def test_a_deal_that_lapses_returns_what_came_in_for_it() -> None:
    deal = make.agreed((50_000,))
    for amount in (10_000, 5_000):
        make.confirmed(deal, make.told(deal, amount))
    for _ in range(2):
        with db.transaction() as session:
            receipts.lapse(session, deal.brand.actor, deal.deal_id)
    assert (make.statuses(deal), make.escrow(deal), make.payable(deal.brand)) == (["lapsed"], 0, 15_000)
    assert sorted(one.amount_minor for one in make.payouts_of(deal.brand)) == [5_000, 10_000]
    late = make.confirmed(deal, make.told(deal, 50_000))
    assert (late.funded, make.statuses(deal), make.payable(deal.brand)) == (False, ["lapsed"], 65_000)
    nothing_is_wrong()


def test_a_reference_counts_once() -> None:
    deal, other = make.agreed(), make.agreed()
    first = make.told(deal, 5, reference=f"once {deal.deal_id}")
    for again in (deal, other):
        with pytest.raises(Conflict, match="recorded before"):
            make.told(again, 5, reference=f"once {deal.deal_id}")
    with db.transaction(deal.second.actor) as session:
        refused = receipts.refuse(session, deal.second.actor, first.id, reason="打错了")
    assert (str(refused.status), refused.reason) == ("refused", "打错了")
    make.told(other, 5, reference=f"once {deal.deal_id}")
    with pytest.raises(WrongState):
        make.confirmed(deal, first)


def test_what_cannot_be_recorded_is_refused_and_nothing_changes() -> None:
    deal = make.agreed()
    given = NewReceipt(Money("CNY", 5), f"odd {new_id().hex}", now().date())
    with pytest.raises(InvalidInput, match="send the USD back"):
        make.told(deal, 5, currency="USD")
    with db.transaction() as session, pytest.raises(NotFound, match="nothing to pay"):
        receipts.record(session, deal.second.actor, new_id(), given)
    nobody = Actor(Role.ADMIN, deal.first.party_id)
    with db.transaction() as session, pytest.raises(NotAllowed):
        receipts.record(session, nobody, deal.deal_id, given)
    people.seat(deal.first, deal.brand.party_id)  # one of the platform's people who sits at the brand's side too
    with pytest.raises(Conflict, match="You sit in a party"):
        make.told(deal, 5)
    with db.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Receipt).filter_by(deal_id=deal.deal_id)) == 0


def test_of_many_receipts_confirmed_at_once_the_deal_is_funded_once() -> None:
    deal = make.agreed((1_000, 1_000))
    told = [make.told(deal, 500) for _ in range(6)]
    asked = [*told, *told]

    def confirm(receipt: Receipt) -> bool | None:
        try:
            return make.confirmed(deal, receipt).funded
        except WrongState:
            return None

    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(confirm, asked))
    assert (answers.count(True), answers.count(None)) == (1, 6)
    assert (make.statuses(deal), make.escrow(deal), make.payable(deal.brand)) == (["held", "held"], 2_000, 1_000)
    nothing_is_wrong()


def test_a_receipt_is_read_by_its_brand_and_the_platform() -> None:
    deal = make.agreed()
    receipt = make.told(deal, 5)
    for who, reads in ((deal.brand, True), (deal.first, True), (deal.creator, False), (deal.agency, False)):
        with db.transaction(who.actor) as session:
            page = receipts.listing(session, who.actor, limit=100, starting_after=None, deal_id=deal.deal_id)
            assert [row.id for row in page.data] == ([receipt.id] if reads else [])
