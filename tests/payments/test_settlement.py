"""Payments on their way out of escrow: each once, to the fen, with its payouts."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import Conflict, InvalidInput, NotAllowed, WrongState
from marketplace.core.events import Event
from marketplace.core.money import Money
from marketplace.ledger.models import AccountPurpose
from marketplace.payments import claw_backs, payouts, service
from marketplace.payments.models import ClawBack, Payment
from tests.ledger.test_transfers import nothing_is_wrong
from tests.make import people
from tests.payments import make
from tests.payments.make import Paid

pytestmark = pytest.mark.usefixtures("own_market")


def yuan(fen: int) -> Money:
    return Money("CNY", fen)


def release(deal: Paid, number: int = 0, due: int | None = None, *, by: Actor = SYSTEM) -> Payment:
    with db.transaction(by) as session:
        money = None if due is None else yuan(due)
        return service.release(session, by, deal.payments[number], due=money, agency=deal.part)


def stop(deal: Paid, number: int, due: int, by: Actor = SYSTEM) -> Payment:
    with db.transaction(by) as session:
        return service.stop(session, by, deal.payments[number], due=yuan(due), agency=deal.part)


def waiting(who: people.Somebody) -> list[int]:
    return [one.amount_minor for one in make.payouts_of(who) if one.status == "waiting"]


def test_a_release_pays_maker_agency_and_platform_to_the_fen() -> None:
    deal = make.funded((100_001,))
    before = make.balance(AccountPurpose.FEE)
    row = release(deal)
    # 5 % of 1,000.01 is the platform's, 30 % of the rest the agency's.
    shares = make.shares(row.id)
    assert (shares.maker_minor, shares.agency_minor, shares.fee_minor) == (66_501, 28_500, 5_000)
    assert (shares.agency_id, shares.share_basis_points, row.returned_minor) == (deal.agency.party_id, 3_000, 0)
    assert (make.payable(deal.creator), make.payable(deal.agency), make.escrow(deal)) == (66_501, 28_500, 0)
    assert make.balance(AccountPurpose.FEE) == before + 5_000
    assert (waiting(deal.creator), waiting(deal.agency), waiting(deal.brand)) == ([66_501], [28_500], [])
    with pytest.raises(WrongState):
        release(deal)
    nothing_is_wrong()


def test_a_variable_price_returns_what_it_did_not_come_to() -> None:
    deal = make.funded((100_000,))
    row = release(deal, due=40_000)
    assert (str(row.status), make.shares(row.id).maker_minor, row.returned_minor) == ("released", 26_600, 60_000)
    assert (waiting(deal.creator), waiting(deal.brand)) == ([26_600], [60_000])
    nothing_is_wrong()


def test_stopping_costs_exactly_its_quote() -> None:
    deal = make.funded((10_000, 10_000, 10_000, 10_000))
    for number, due in enumerate((0, 1_000, 5_000, 10_000)):
        stop(deal, number, due, deal.brand.actor if due < 10_000 else SYSTEM)
    assert make.statuses(deal) == ["returned", "split", "split", "released"]
    assert make.payable(deal.brand) == 10_000 + 9_000 + 5_000
    assert make.payable(deal.creator) + make.payable(deal.agency) == 16_000 * 95 // 100
    assert make.escrow(deal) == 0
    nothing_is_wrong()


def test_a_dispute_freezes_and_a_decision_ends_it() -> None:
    deal = make.funded((10_000, 10_000, 10_000, 10_000))
    with db.transaction() as session:
        for payment_id in deal.payments:
            service.freeze(session, deal.brand.actor, payment_id)
    for due in (None, 0):
        with pytest.raises(WrongState):
            release(deal, 0, due)
    with db.transaction() as session, pytest.raises(NotAllowed):
        service.decide(session, deal.brand.actor, deal.payments[0], due=yuan(0))
    with db.transaction() as session:
        admin = deal.first.actor
        for number, due in enumerate((0, 4_000, 10_000)):
            service.decide(session, admin, deal.payments[number], due=yuan(due), agency=deal.part)
        service.unfreeze(session, admin, deal.payments[3])
    assert make.statuses(deal) == ["returned", "split", "released", "held"]
    assert (make.escrow(deal), make.payable(deal.brand)) == (10_000, 16_000)
    nothing_is_wrong()


def test_what_cannot_be_due_is_refused_and_nothing_moves() -> None:
    deal = make.funded((10_000,))
    for due in (Money("CNY", 10_001), Money("CNY", -1), Money("USD", 5_000)):
        with db.transaction() as session, pytest.raises(InvalidInput):
            service.release(session, SYSTEM, deal.payments[0], due=due)
    with pytest.raises(NotAllowed):
        release(deal, by=deal.creator.actor)
    sides = service.DealSides(deal.deal_id, deal.brand.party_id, deal.creator.party_id, None, "CNY", 0)
    with db.transaction() as session, pytest.raises(Conflict, match="has its payments"):
        service.plan(session, SYSTEM, sides, payments=[service.PlannedPayment(1, deal.channel_id)])
    assert (make.statuses(deal), make.escrow(deal)) == (["held"], 10_000)


def test_of_fifty_moves_at_once_one_wins() -> None:
    deal = make.funded((10_000,))

    def ask(number: int) -> str:
        try:
            if number % 3 == 0:
                release(deal)
            elif number % 3 == 1:
                stop(deal, 0, 2_500)
            else:
                stop(deal, 0, 0)
        except WrongState:
            return "refused"
        return "done"

    with ThreadPoolExecutor(16) as several:
        answers = list(several.map(ask, range(50)))
    assert (answers.count("done"), answers.count("refused")) == (1, 49)
    paid = make.payable(deal.creator) + make.payable(deal.agency) + make.payable(deal.brand)
    assert paid + make.fee_of(deal.payments[0]) == 10_000
    nothing_is_wrong()


def test_the_brand_reads_no_shares_in_events() -> None:
    deal = make.funded((10_000,))
    release(deal)
    with db.transaction() as session:
        query = sa.select(Event).where(Event.subject_id == deal.payments[0]).order_by(Event.id)
        events = list(session.scalars(query))
    assert [one.kind for one in events] == ["payments.plan", "payments.fund", "payments.release"]
    assert not {"maker_minor", "agency_minor", "fee_minor"} & {name for one in events for name in one.data}


# --- claw-backs ------------------------------------------------------------------------------------------------------


def ask_back(deal: Paid, amount: int) -> UUID:
    with db.transaction(deal.first.actor) as session:
        return claw_backs.ask(session, deal.first.actor, deal.payments[0], amount=yuan(amount), reason="视频被撤下").id


def confirm_back(deal: Paid, claw_back_id: UUID, who: people.Somebody | None = None) -> ClawBack:
    by = (who or deal.second).actor
    with db.transaction(by) as session:
        return claw_backs.confirm(session, by, claw_back_id)


def test_released_money_is_taken_back_by_two_people() -> None:
    deal = make.funded((100_000,))
    release(deal)
    asked = ask_back(deal, 10_000)
    with pytest.raises(Conflict, match="waits to be confirmed"):
        ask_back(deal, 10_000)
    with pytest.raises(Conflict, match="somebody else"):
        confirm_back(deal, asked, deal.first)
    confirm_back(deal, asked)
    with pytest.raises(WrongState):
        confirm_back(deal, asked)
    assert make.statuses(deal) == ["owed"]
    # 66.5 % of it from the maker and 28.5 % from the agency, of what waits for them; 5 % from the platform's fee.
    assert (waiting(deal.creator), waiting(deal.agency), waiting(deal.brand)) == ([59_850], [25_650], [10_000])
    assert make.payable(deal.creator) == 59_850
    nothing_is_wrong()


def test_what_was_paid_out_is_owed_and_taken_from_what_is_earned_next() -> None:
    deal = make.funded((100_000, 20_000))
    release(deal)
    [payout] = make.payouts_of(deal.creator)
    pay_out(deal, payout.id)
    confirm_back(deal, ask_back(deal, 50_000))
    assert make.payable(deal.creator) == 0
    assert make.balance(AccountPurpose.OWED, deal.creator) == -33_250
    assert make.payable(deal.brand) == 50_000
    release(deal, 1)  # 13,300 for the maker, all of which is owed
    assert make.balance(AccountPurpose.OWED, deal.creator) == -19_950
    assert (waiting(deal.creator), waiting(deal.agency)) == ([], [14_250, 5_700])
    nothing_is_wrong()


def test_no_more_is_taken_back_than_was_released() -> None:
    deal = make.funded((100_000,))
    with pytest.raises(WrongState):
        ask_back(deal, 5)
    stop(deal, 0, 40_000)
    for amount in (40_001, 0, -1):
        with pytest.raises(InvalidInput):
            ask_back(deal, amount)
    asked = ask_back(deal, 40_000)
    with db.transaction(deal.second.actor) as session:
        claw_backs.refuse(session, deal.second.actor, asked)
    with pytest.raises(WrongState):
        confirm_back(deal, asked)
    assert (make.statuses(deal), make.payable(deal.brand)) == (["split"], 60_000)


# --- payouts ---------------------------------------------------------------------------------------------------------


def pay_out(deal: Paid, payout_id: UUID, *, withheld: int = 0) -> None:
    with db.transaction(deal.first.actor) as session:
        payouts.send(session, deal.first.actor, payout_id, reference=f"out {payout_id}", withheld_minor=withheld)
    with db.transaction(deal.second.actor) as session:
        payouts.confirm(session, deal.second.actor, payout_id)


def test_a_payout_is_sent_by_one_person_and_confirmed_by_another() -> None:
    deal = make.funded((100_000,))
    release(deal)
    [row] = make.payouts_of(deal.creator)
    cleared, taxed = make.balance(AccountPurpose.CLEARING), make.balance(AccountPurpose.TAX)
    with db.transaction(deal.second.actor) as session, pytest.raises(WrongState):
        payouts.confirm(session, deal.second.actor, row.id)
    with db.transaction(deal.first.actor) as session:
        sent = payouts.send(session, deal.first.actor, row.id, reference=f"out {row.id}", withheld_minor=6_500)
    assert str(sent.status) == "sending"
    with db.transaction(deal.first.actor) as session, pytest.raises(Conflict, match="somebody else"):
        payouts.confirm(session, deal.first.actor, row.id)
    for _ in range(2):  # what is sent is never sent again
        with db.transaction(deal.second.actor) as session, pytest.raises((WrongState, Conflict)):
            payouts.send(session, deal.second.actor, row.id, reference=f"again {row.id}")
    with db.transaction(deal.second.actor) as session:
        assert str(payouts.confirm(session, deal.second.actor, row.id).status) == "paid"
    assert make.payable(deal.creator) == 0
    assert make.balance(AccountPurpose.CLEARING) == cleared + 60_000
    assert make.balance(AccountPurpose.TAX) == taxed + 6_500
    nothing_is_wrong()


def test_what_failed_is_payable_and_sent_once_more_what_is_unknown_is_not() -> None:
    deal = make.funded((100_000,))
    release(deal)
    [row] = make.payouts_of(deal.creator)
    with db.transaction(deal.first.actor) as session:
        payouts.send(session, deal.first.actor, row.id, reference=f"out {row.id}")
        payouts.lose_sight(session, deal.first.actor, row.id)
    with db.transaction(deal.first.actor) as session, pytest.raises(WrongState):
        payouts.send(session, deal.first.actor, row.id, reference=f"again {row.id}")
    with db.transaction(deal.first.actor) as session, pytest.raises(WrongState):
        payouts.again(session, deal.first.actor, row.id)
    with db.transaction(deal.second.actor) as session:
        payouts.fail(session, deal.second.actor, row.id, reason="账号不符")
    for number in range(2):
        with db.transaction(deal.first.actor) as session:
            if number:
                with pytest.raises(WrongState):
                    payouts.again(session, deal.first.actor, row.id)
            else:
                assert payouts.again(session, deal.first.actor, row.id).attempt == 2
    assert [(one.attempt, str(one.status)) for one in make.payouts_of(deal.creator)] == [(1, "failed"), (2, "waiting")]
    pay_out(deal, make.payouts_of(deal.creator)[1].id)
    assert make.payable(deal.creator) == 0
    nothing_is_wrong()


def test_a_paid_payout_that_the_bank_sends_back_is_payable_again() -> None:
    deal = make.funded((100_000,))
    release(deal)
    [row] = make.payouts_of(deal.creator)
    pay_out(deal, row.id, withheld=500)
    taxed = make.balance(AccountPurpose.TAX)
    with db.transaction(deal.first.actor) as session:
        payouts.bounce(session, deal.first.actor, row.id, reason="账户已注销")
    assert (make.payable(deal.creator), make.balance(AccountPurpose.TAX)) == (66_500, taxed - 500)
    with db.transaction(deal.first.actor) as session:
        payouts.again(session, deal.first.actor, row.id)
    assert waiting(deal.creator) == [66_500]
    nothing_is_wrong()


def test_nothing_is_paid_out_to_whom_nobody_has_proven() -> None:
    deal = make.funded((100_000,))
    release(deal, due=50_000)
    with db.transaction() as session:
        session.execute(
            sa.text("UPDATE parties SET verified_at = NULL WHERE id = ANY(:ids)"),
            {"ids": [deal.brand.party_id, deal.agency.party_id]},
        )
        session.execute(sa.text("UPDATE channels SET claim_status = 'claimed' WHERE id = :id"), {"id": deal.channel_id})
    for who in (deal.creator, deal.agency, deal.brand):
        [row] = make.payouts_of(who)
        with db.transaction(deal.first.actor) as session, pytest.raises(Conflict, match=r"not proven|not verified"):
            payouts.send(session, deal.first.actor, row.id, reference=f"out {row.id}")
    make.prove(deal.channel_id, deal.brand.party_id, deal.agency.party_id)
    for who in (deal.creator, deal.agency, deal.brand):
        pay_out(deal, make.payouts_of(who)[0].id)
    nothing_is_wrong()


def test_a_reference_stands_for_one_payout_and_withheld_is_a_part() -> None:
    deal = make.funded((100_000,))
    release(deal)
    [first], [other] = make.payouts_of(deal.creator), make.payouts_of(deal.agency)
    pay_out(deal, first.id)
    for reference, withheld, expected in (
        (f"out {first.id}", 0, Conflict),
        ("another", other.amount_minor, InvalidInput),
        ("another", -1, InvalidInput),
    ):
        with db.transaction(deal.first.actor) as session, pytest.raises(expected):
            payouts.send(session, deal.first.actor, other.id, reference=reference, withheld_minor=withheld)
    assert waiting(deal.agency) == [other.amount_minor]


def test_a_party_reads_its_own_payouts_alone() -> None:
    deal = make.funded((100_000,))
    release(deal)
    for who, count in ((deal.creator, 1), (deal.agency, 1), (deal.brand, 0)):
        with db.transaction(who.actor) as session:
            page = payouts.listing(session, who.actor, limit=100, starting_after=None)
            assert [row.party_id for row in page.data] == [who.party_id] * count
