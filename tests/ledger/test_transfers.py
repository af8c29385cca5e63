"""Money moves once for each key, never from an account that has too little, and is never changed afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.ids import new_id
from marketplace.ledger.models import AccountPurpose, LedgerAccount, LedgerPosting, LedgerTransfer
from marketplace.ledger.service import KeyUsed, Overdrawn, Posting, account, balance, reverse, transfer
from marketplace.payments.money_invariants import verify
from tests.make.people import Somebody, somebody
from tests.market import owning

pytestmark = pytest.mark.usefixtures("own_market")


def of_market(purpose: AccountPurpose, currency: str = "CNY") -> UUID:
    with db.transaction() as session:
        return account(session, purpose, currency).id


def of_party(purpose: AccountPurpose, who: Somebody | None = None, currency: str = "CNY") -> UUID:
    party_id = (who or somebody("brand")).party_id
    with db.transaction() as session:
        return account(session, purpose, currency, party_id, "deal").id


def move(key: str, *postings: tuple[UUID, UUID, int]) -> UUID:
    with db.transaction() as session:
        return transfer(session, key, [Posting(*one) for one in postings])


def held(*account_ids: UUID) -> list[int]:
    with db.transaction() as session:
        return [balance(session, account_id) for account_id in account_ids]


def funded(amount: int = 10_000) -> tuple[UUID, UUID]:
    """The clearing account, and an escrow account with money in it."""
    clearing, escrow = of_market(AccountPurpose.CLEARING), of_party(AccountPurpose.ESCROW)
    move(f"fund {escrow}", (clearing, escrow, amount))
    return clearing, escrow


def nothing_is_wrong() -> None:
    with db.transaction() as session:
        assert verify(session).faults == []


def test_an_account_is_opened_once() -> None:
    who = somebody("creator")
    with ThreadPoolExecutor(8) as several:
        opened = set(several.map(lambda _: of_party(AccountPurpose.PAYABLE, who), range(16)))
    assert len(opened) == 1
    with db.transaction() as session, pytest.raises(ValueError, match="no currency"):
        account(session, AccountPurpose.FEE, "XXX")


def test_a_price_is_split_among_maker_agency_and_platform() -> None:
    _, escrow = funded(10_000)
    maker, agency = of_party(AccountPurpose.PAYABLE), of_party(AccountPurpose.PAYABLE)
    fee = of_market(AccountPurpose.FEE)
    [before] = held(fee)
    move(f"release {escrow}", (escrow, maker, 7_200), (escrow, agency, 1_800), (escrow, fee, 1_000))
    assert held(escrow, maker, agency, fee) == [0, 7_200, 1_800, before + 1_000]
    nothing_is_wrong()


def test_the_same_key_moves_once_and_stands_for_nothing_else() -> None:
    clearing, escrow = funded(500)
    maker = of_party(AccountPurpose.PAYABLE)
    first = move(f"pay {escrow}", (escrow, maker, 300))
    assert move(f"pay {escrow}", (escrow, maker, 300)) == first
    for other in ((escrow, maker, 200), (maker, escrow, 300), (escrow, clearing, 300)):
        with pytest.raises(KeyUsed):
            move(f"pay {escrow}", other)
    assert held(escrow, maker) == [200, 300]


def test_nothing_leaves_an_account_that_has_too_little() -> None:
    clearing, escrow = funded(500)
    maker, other = of_party(AccountPurpose.PAYABLE), of_party(AccountPurpose.PAYABLE)
    with pytest.raises(Overdrawn) as refused:
        move(f"pay {escrow}", (escrow, maker, 300), (escrow, other, 201))
    assert refused.value.detail.zh
    assert held(escrow, maker, other) == [500, 0, 0]
    # The key was not used up: what failed moved nothing.
    move(f"pay {escrow}", (escrow, maker, 300), (escrow, other, 200))
    # What comes in with the same transfer counts: money may pass through.
    move(f"through {escrow}", (clearing, escrow, 70), (escrow, maker, 70))
    assert held(escrow, maker, other) == [0, 370, 200]
    # Only a claw-back may owe.
    owed = of_party(AccountPurpose.OWED)
    move(f"back {escrow}", (owed, clearing, 50))
    assert held(owed) == [-50]
    nothing_is_wrong()


def test_a_caller_that_catches_the_refusal_goes_on_with_its_transaction() -> None:
    _, escrow = funded(10)
    maker = of_party(AccountPurpose.PAYABLE)
    with db.transaction() as session:
        with pytest.raises(Overdrawn), session.begin_nested():
            transfer(session, f"too much {escrow}", [Posting(escrow, maker, 11)])
        transfer(session, f"enough {escrow}", [Posting(escrow, maker, 10)])
    assert held(escrow, maker) == [0, 10]
    nothing_is_wrong()


def test_what_no_caller_may_ask_is_refused() -> None:
    clearing, escrow = funded()
    dollars = of_party(AccountPurpose.ESCROW, currency="USD")
    asked: list[list[Posting]] = [
        [],
        [Posting(clearing, escrow, 0)],
        [Posting(clearing, escrow, -5)],
        [Posting(clearing, escrow, 1.5)],  # type: ignore[arg-type]
        [Posting(clearing, escrow, True)],
        [Posting(clearing, escrow, 10**13)],
        [Posting(escrow, escrow, 5)],
        [Posting(clearing, dollars, 5)],
        [Posting(clearing, new_id(), 5)],
        [Posting(clearing, escrow, 1)] * 101,
    ]
    for number, postings in enumerate(asked):
        with db.transaction() as session, pytest.raises(ValueError, match=r"posting|amount|currency"):
            transfer(session, f"odd {number}", postings)
    assert held(escrow, dollars) == [10_000, 0]


def test_a_transfer_is_taken_back_once() -> None:
    _, escrow = funded(500)
    maker, fee = of_party(AccountPurpose.PAYABLE), of_market(AccountPurpose.FEE)
    [before] = held(fee)
    paid = move(f"pay {escrow}", (escrow, maker, 400), (escrow, fee, 100))
    with db.transaction() as session:
        back = reverse(session, f"undo {escrow}", paid)
    with db.transaction() as session:
        assert reverse(session, f"undo {escrow}", paid) == back
    with db.transaction() as session, pytest.raises(KeyUsed):
        reverse(session, f"undo once more {escrow}", paid)
    assert held(escrow, maker, fee) == [500, 0, before]
    nothing_is_wrong()


def test_many_at_once_move_what_they_say_and_no_more() -> None:
    """32 clients between ten accounts in both directions, each key asked for twice; some have too little."""
    clearing = of_market(AccountPurpose.CLEARING)
    accounts = [of_party(AccountPurpose.PAYABLE) for _ in range(10)]
    for place, account_id in enumerate(accounts):
        move(f"start {account_id}", (clearing, account_id, 1_000 * place + 1))
    draw = Random(7)
    asked = [(f"{accounts[0]} {number}", *draw.sample(accounts, 2), draw.randint(1, 400)) for number in range(150)]

    def ask(one: tuple[str, UUID, UUID, int]) -> bool:
        try:
            move(one[0], one[1:])
        except Overdrawn:
            return False
        return True

    with ThreadPoolExecutor(16) as several:
        list(several.map(ask, [*asked, *asked]))
    with db.transaction() as session:
        moved = set(session.scalars(sa.select(LedgerTransfer.key)))
    expected = {account_id: 1_000 * place + 1 for place, account_id in enumerate(accounts)}
    for key, source, target, amount in asked:
        if key in moved:
            expected[source] -= amount
            expected[target] += amount
    assert dict(zip(accounts, held(*accounts), strict=True)) == expected
    assert min(expected.values()) >= 0
    nothing_is_wrong()


CHANGES: dict[str, Callable[[UUID, UUID], sa.Executable]] = {
    "an amount": lambda escrow, _: (
        sa.update(LedgerPosting).where(LedgerPosting.target_id == escrow).values(amount_minor=1)
    ),
    "a posting removed": lambda escrow, _: sa.delete(LedgerPosting).where(LedgerPosting.target_id == escrow),
    "a key": lambda escrow, _: (
        sa.update(LedgerTransfer).where(LedgerTransfer.key == f"fund {escrow}").values(key="another")
    ),
    "a balance": lambda escrow, _: (
        sa.update(LedgerAccount).where(LedgerAccount.id == escrow).values(balance_minor=10**9)
    ),
    "an owner": lambda escrow, other: sa.update(LedgerAccount).where(LedgerAccount.id == escrow).values(party_id=other),
    "an account removed": lambda escrow, _: sa.delete(LedgerAccount).where(LedgerAccount.id == escrow),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_what_was_posted(change: str) -> None:
    _, escrow = funded()
    statement = CHANGES[change](escrow, somebody("brand").party_id)
    with db.transaction() as session, pytest.raises(sa.exc.DBAPIError, match="permission denied"):
        session.execute(statement)
    # Nor does the owner of the tables, by mistake.
    with pytest.raises(sa.exc.IntegrityError), owning() as session:
        session.execute(statement)
    assert held(escrow) == [10_000]


def test_a_transfer_without_postings_does_not_last() -> None:
    with pytest.raises(sa.exc.IntegrityError, match="has no postings"), db.transaction() as session:
        session.add(LedgerTransfer(key="empty", content_hash=b""))


def test_a_party_reads_its_own_accounts_and_their_transfers_alone() -> None:
    brand, maker, rival = somebody("brand"), somebody("creator"), somebody("creator")
    clearing = of_market(AccountPurpose.CLEARING)
    escrow, payable = of_party(AccountPurpose.ESCROW, brand), of_party(AccountPurpose.PAYABLE, maker)
    others = of_party(AccountPurpose.PAYABLE, rival)
    move(f"fund {escrow}", (clearing, escrow, 900))
    move(f"pay {escrow}", (escrow, payable, 900))

    def seen(session: Session) -> tuple[set[UUID], int, int]:
        accounts = set(session.scalars(sa.select(LedgerAccount.id)))
        rows = [
            session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (LedgerPosting, LedgerTransfer)
        ]
        return accounts, rows[0] or 0, rows[1] or 0

    def reads(actor: Actor) -> tuple[set[UUID], int, int]:
        with db.transaction(actor) as session:
            return seen(session)

    # Postings tell who else had a part in a transfer: the platform reads them.
    assert reads(brand.actor) == ({escrow}, 0, 2)
    assert reads(maker.actor) == ({payable}, 0, 1)
    assert reads(rival.actor) == ({others}, 0, 0)
    for who in (brand, maker):
        with db.transaction(who.actor) as session, pytest.raises(sa.exc.DBAPIError, match="permission denied"):
            session.execute(
                sa.insert(LedgerTransfer).values(id=new_id(), key="mine", content_hash=b"", created_at=sa.func.now())
            )
