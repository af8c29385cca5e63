"""What is held cannot be spent twice, and each hold ends once, however many ask at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.ledger import holds
from marketplace.ledger.holds import HoldEnded
from marketplace.ledger.models import AccountPurpose, LedgerAccount, LedgerHold, LedgerHoldEnd
from marketplace.ledger.service import KeyUsed, Overdrawn, Posting, available
from marketplace.ledger.verification import verify
from tests.ledger.test_transfers import funded, held, move, nothing_is_wrong, of_market, of_party
from tests.make.people import somebody
from tests.market import owning

pytestmark = pytest.mark.usefixtures("own_market")


def place(key: str, account_id: UUID, amount: int, hours: float | None = None) -> UUID:
    expires_at = None if hours is None else now() + timedelta(hours=hours)
    with db.transaction() as session:
        return holds.place(session, key, account_id, amount, expires_at=expires_at)


def post(key: str, hold_id: UUID, *postings: tuple[UUID, UUID, int]) -> UUID:
    with db.transaction() as session:
        return holds.post(session, key, hold_id, [Posting(*one) for one in postings])


def void(key: str, hold_id: UUID) -> None:
    with db.transaction() as session:
        holds.void(session, key, hold_id)


def left(account_id: UUID) -> int:
    with db.transaction() as session:
        return available(session, account_id)


def test_what_is_held_is_not_spent_otherwise() -> None:
    clearing, escrow = funded(1_000)
    maker = of_party(AccountPurpose.PAYABLE)
    hold = place(f"hold {escrow}", escrow, 700)
    assert (held(escrow), left(escrow)) == ([1_000], 300)
    with pytest.raises(Overdrawn) as refused:
        move(f"spend {escrow}", (escrow, maker, 301))
    assert refused.value.detail.zh
    with pytest.raises(Overdrawn):
        place(f"hold more {escrow}", escrow, 301)
    move(f"spend {escrow}", (escrow, maker, 300))
    # Posting moves what was held, or a part: what is left of it is free again.
    post(f"post {escrow}", hold, (escrow, maker, 450), (escrow, clearing, 50))
    assert (held(escrow, maker), left(escrow)) == ([200, 750], 200)
    nothing_is_wrong()


def test_the_same_key_places_and_ends_once() -> None:
    _, escrow = funded(1_000)
    maker = of_party(AccountPurpose.PAYABLE)
    hold = place(f"hold {escrow}", escrow, 700)
    assert place(f"hold {escrow}", escrow, 700) == hold
    with pytest.raises(KeyUsed):
        place(f"hold {escrow}", escrow, 600)
    first = post(f"post {escrow}", hold, (escrow, maker, 700))
    assert post(f"post {escrow}", hold, (escrow, maker, 700)) == first
    with pytest.raises(HoldEnded) as refused:
        post(f"post {escrow}", hold, (escrow, maker, 699))
    assert "posted" in refused.value.detail.en
    with pytest.raises(HoldEnded):
        void(f"void {escrow}", hold)
    other = place(f"other {escrow}", escrow, 300)
    void(f"void {escrow}", other)
    void(f"void {escrow}", other)
    with pytest.raises(HoldEnded):
        void(f"void again {escrow}", other)
    third = place(f"third {escrow}", escrow, 100)
    for used in (f"void {escrow}", f"post {escrow}", f"fund {escrow}"):  # of another hold, or of a transfer without one
        with pytest.raises(KeyUsed):
            post(used, third, (escrow, maker, 100))
    assert (held(escrow, maker), left(escrow)) == ([300, 700], 200)
    nothing_is_wrong()


def test_a_hold_expires_once_its_time_is_over(client: object) -> None:
    _, escrow = funded(1_000)
    maker = of_party(AccountPurpose.PAYABLE)
    stays = place(f"stays {escrow}", escrow, 100, hours=1)
    with db.transaction() as session, pytest.raises(ValueError, match="when its time is over"):
        holds.expire(session, f"early {escrow}", stays)
    over = place(f"over {escrow}", escrow, 600, hours=-1)
    for late in (partial(post, f"late {escrow}", over, (escrow, maker, 1)), partial(void, f"late {escrow}", over)):
        with pytest.raises(HoldEnded, match="expired"):
            late()
    with db.transaction() as session:
        assert holds.expire_due(session) == 1
        assert holds.expire_due(session) == 0
    assert left(escrow) == 900
    nothing_is_wrong()


def test_what_no_caller_may_ask_of_a_hold_is_refused() -> None:
    clearing, escrow = funded(1_000)
    maker = of_party(AccountPurpose.PAYABLE)
    for amount in (0, -1, 1.5, True, 10**13):
        with pytest.raises(ValueError, match="no amount"):
            place(f"odd {escrow}", escrow, amount)  # type: ignore[arg-type]
    # Clearing has no balance to hold from, and what may be below zero has no limit to guard.
    for account_id in (clearing, of_party(AccountPurpose.OWED)):
        with pytest.raises(Overdrawn):
            place(f"odd {account_id}", account_id, 1)
    hold = place(f"hold {escrow}", escrow, 500)
    with pytest.raises(Overdrawn):
        post(f"post {escrow}", hold, (escrow, maker, 501))
    with pytest.raises(ValueError, match="leaves its account"):
        post(f"post {escrow}", hold, (clearing, maker, 5))
    assert (held(escrow, maker), left(escrow)) == ([1_000, 0], 500)
    nothing_is_wrong()


def test_of_fifty_at_once_one_ends_the_hold() -> None:
    clearing, escrow = funded(1_000)
    maker, other = of_party(AccountPurpose.PAYABLE), of_party(AccountPurpose.PAYABLE)
    hold = place(f"hold {escrow}", escrow, 1_000)
    draw = Random(11)

    def ask(number: int) -> str:
        ways: list[Callable[[], object]] = [
            partial(post, f"post {hold} {number}", hold, (escrow, draw.choice([maker, other]), 1_000)),
            partial(post, f"split {hold} {number}", hold, (escrow, maker, 400), (escrow, clearing, 600)),
            partial(void, f"void {hold} {number}", hold),
        ]
        try:
            ways[number % 3]()
        except HoldEnded:
            return "refused"
        return "done"

    with ThreadPoolExecutor(16) as several:
        answers = list(several.map(ask, range(50)))
    assert (answers.count("done"), answers.count("refused")) == (1, 49)
    nothing_is_wrong()


def test_many_holds_at_once_never_take_more_than_there_is() -> None:
    """Holds placed, posted both ways and voided between a few accounts: no dead-lock, and nothing below its holds."""
    clearing = of_market(AccountPurpose.CLEARING)
    accounts = [of_party(AccountPurpose.ESCROW) for _ in range(5)]
    for account_id in accounts:
        move(f"start {account_id}", (clearing, account_id, 5_000))

    def work(seed: int) -> None:
        draw = Random(seed)
        for number in range(12):
            source, target = draw.sample(accounts, 2)
            amount = draw.randint(1, 2_500)
            try:
                hold = place(f"{source} {seed} {number}", source, amount)
                if draw.random() < 0.6:
                    post(f"{hold}:post", hold, (source, target, draw.randint(1, amount)))
                elif draw.random() < 0.5:
                    void(f"{hold}:void", hold)
            except Overdrawn:
                pass

    with ThreadPoolExecutor(8) as several:
        list(several.map(work, range(16)))
    assert sum(held(*accounts)) == 25_000
    with db.transaction() as session:
        ended = session.scalar(sa.select(sa.func.count()).select_from(LedgerHoldEnd))
        assert ended, "some were posted or voided"
    nothing_is_wrong()


@pytest.mark.parametrize("table", [LedgerHold, LedgerHoldEnd])
def test_nobody_changes_a_hold(table: type[LedgerHold] | type[LedgerHoldEnd]) -> None:
    _, escrow = funded()
    void(f"void {escrow}", place(f"hold {escrow}", escrow, 10))
    for statement in (sa.update(table).values(key="another"), sa.delete(table)):
        with db.transaction() as session, pytest.raises(sa.exc.DBAPIError, match="permission denied"):
            session.execute(statement)
        with pytest.raises(sa.exc.IntegrityError), owning() as session:
            session.execute(statement)
    with pytest.raises(sa.exc.IntegrityError), owning() as session:
        session.execute(sa.update(LedgerAccount).where(LedgerAccount.id == escrow).values(held_minor=1))


TAMPERINGS: dict[str, tuple[Callable[[UUID], sa.Executable], str]] = {
    "what a hold holds": (
        lambda hold: sa.update(LedgerHold).where(LedgerHold.id == hold).values(amount_minor=1),
        "I4",
    ),
    "how a hold ended": (
        lambda hold: (
            sa.update(LedgerHoldEnd).where(LedgerHoldEnd.hold_id == hold).values(how="voided", transfer_id=None)
        ),
        "I4",
    ),
    "that a hold ended": (lambda hold: sa.delete(LedgerHoldEnd).where(LedgerHoldEnd.hold_id == hold), "I7"),
    "what an account says is held": (
        lambda hold: sa.update(LedgerAccount).where(LedgerAccount.balance_minor > 9_000).values(held_minor=3),
        "I7",
    ),
    "a guard": (lambda _: sa.text("ALTER TABLE ledger_postings DISABLE TRIGGER keep_balances"), "I4"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_hold_that_was_tampered_with_is_found(tampering: str) -> None:
    statement, invariant = TAMPERINGS[tampering]
    _, escrow = funded()
    hold = place(f"hold {escrow}", escrow, 900)
    post(f"post {escrow}", hold, (escrow, of_party(AccountPurpose.PAYABLE), 900))
    with owning() as session:
        assert verify(session).faults == []
        if tampering != "a guard":
            for table in ("ledger_accounts", "ledger_holds", "ledger_hold_ends"):
                session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(statement(hold))
        if tampering != "a guard":
            for table in ("ledger_accounts", "ledger_holds", "ledger_hold_ends"):
                session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        found = verify(session)
        session.rollback()
    assert invariant in {str(fault.invariant) for fault in found.faults}, found.faults
    assert {str(one.name): one.faults > 0 for one in found.invariants}[invariant]


def test_a_party_reads_the_holds_of_its_own_accounts_alone() -> None:
    brand, rival = somebody("brand"), somebody("brand")
    clearing, escrow = of_market(AccountPurpose.CLEARING), of_party(AccountPurpose.ESCROW, brand)
    move(f"fund {escrow}", (clearing, escrow, 900))
    void(f"void {escrow}", place(f"hold {escrow}", escrow, 10))

    def count(session: Session) -> list[int | None]:
        return [session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (LedgerHold, LedgerHoldEnd)]

    with db.transaction(brand.actor) as session:
        assert count(session) == [1, 1]
    with db.transaction(rival.actor) as session:
        assert count(session) == [0, 0]
