"""Every money command is killed at each of its statements, and at its commit: nothing of it happened, every invariant
holds, and the next try does it once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.ledger.models import LedgerHold, LedgerHoldEnd, LedgerPosting, LedgerTransfer
from marketplace.payments import claw_backs, payouts, receipts, service
from marketplace.payments.models import ClawBack, Payment, Payout, Receipt
from marketplace.payments.money_invariants import verify
from marketplace.payments.receipts import NewReceipt
from tests.market import owning
from tests.payments import make
from tests.payments.make import Paid

pytestmark = pytest.mark.usefixtures("own_market")

TABLES = (LedgerTransfer, LedgerPosting, LedgerHold, LedgerHoldEnd, Payment, Receipt, Payout, ClawBack)
Command = tuple[Actor, Callable[[Session], object]]


class Killer:
    """Ends the database's process of a connection before its statement of this number, or before its commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: int | None = None
        self.seen = 0
        self._armed = False
        execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

        def counted(cursor: psycopg.Cursor[Any], *args: Any, **kwargs: Any) -> Any:
            self._next(cursor.connection)
            return execute(cursor, *args, **kwargs)

        def committed(connection: psycopg.Connection[Any]) -> None:
            self._next(connection)
            commit(connection)

        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        monkeypatch.setattr(psycopg.Connection, "commit", committed)

    @contextmanager
    def armed(self, at: int | None) -> Iterator[None]:
        self.at, self.seen, self._armed = at, 0, True
        try:
            yield
        finally:
            self._armed = False

    def _next(self, connection: psycopg.Connection[Any]) -> None:
        if not self._armed:
            return
        self.seen += 1
        if self.seen == self.at:
            self._armed = False
            pid = connection.info.backend_pid
            with owning() as session:
                session.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def released(amount: int = 10_000) -> Paid:
    deal = make.funded((amount,))
    with db.transaction() as session:
        service.release(session, SYSTEM, deal.payments[0], agency=deal.part)
    return deal


def sent(*then: str) -> tuple[Paid, UUID]:
    """A deal whose creator's payout was sent, and what became of it."""
    deal = released()
    [row] = make.payouts_of(deal.creator)
    with db.transaction(deal.first.actor) as session:
        payouts.send(session, deal.first.actor, row.id, reference=f"out {row.id}")
    with db.transaction(deal.second.actor) as session:
        if "paid" in then:
            payouts.confirm(session, deal.second.actor, row.id)
        if "failed" in then:
            payouts.fail(session, deal.second.actor, row.id, reason="a")
    return deal, row.id


def record() -> Command:
    deal = make.agreed()
    given = NewReceipt(Money("CNY", 5), new_id().hex, now().date())
    return deal.first.actor, lambda session: receipts.record(session, deal.first.actor, deal.deal_id, given)


def confirm_with_rest() -> Command:
    deal = make.agreed((6_000, 4_000))
    receipt = make.told(deal, 10_500)
    return deal.second.actor, lambda session: receipts.confirm(session, deal.second.actor, receipt.id)


def refuse() -> Command:
    deal = make.agreed()
    receipt = make.told(deal, 10)
    return deal.second.actor, lambda session: receipts.refuse(session, deal.second.actor, receipt.id, reason="a")


def lapse() -> Command:
    deal = make.agreed((6_000, 4_000))
    make.confirmed(deal, make.told(deal, 9_000))
    return SYSTEM, lambda session: receipts.lapse(session, SYSTEM, deal.deal_id)


def of_held(run: Callable[[Session, Paid, UUID], object], *, frozen: bool = False) -> Callable[[], Command]:
    def prepare() -> Command:
        deal = make.funded((10_000,))
        if frozen:
            with db.transaction() as session:
                service.freeze(session, SYSTEM, deal.payments[0])
        return SYSTEM, lambda session: run(session, deal, deal.payments[0])

    return prepare


def decide(session: Session, deal: Paid, payment_id: UUID) -> Payment:
    return service.decide(session, deal.first.actor, payment_id, due=Money("CNY", 3_333), agency=deal.part)


def send() -> Command:
    deal = released()
    [row] = make.payouts_of(deal.creator)
    return deal.first.actor, lambda session: payouts.send(
        session, deal.first.actor, row.id, reference=f"out {row.id}", withheld_minor=5
    )


def of_sent(run: Callable[[Session, Actor, UUID], object], *then: str) -> Callable[[], Command]:
    def prepare() -> Command:
        deal, payout_id = sent(*then)
        return deal.second.actor, lambda session: run(session, deal.second.actor, payout_id)

    return prepare


def ask_back() -> Command:
    deal = released()
    return deal.first.actor, lambda session: claw_backs.ask(
        session, deal.first.actor, deal.payments[0], amount=Money("CNY", 500), reason="a"
    )


def claw_back() -> Command:
    deal, _ = sent("paid")  # the creator was paid, and owes; of the agency's share what waits is taken
    with db.transaction(deal.first.actor) as session:
        row = claw_backs.ask(session, deal.first.actor, deal.payments[0], amount=Money("CNY", 7_777), reason="a")
    return deal.second.actor, lambda session: claw_backs.confirm(session, deal.second.actor, row.id)


COMMANDS: dict[str, Callable[[], Command]] = {
    "record a receipt": record,
    "confirm a receipt of more than is owed": confirm_with_rest,
    "refuse a receipt": refuse,
    "lapse": lapse,
    "release": of_held(lambda session, deal, id_: service.release(session, SYSTEM, id_, agency=deal.part)),
    "stop": of_held(lambda session, deal, id_: service.stop(session, SYSTEM, id_, due=Money("CNY", 1_000))),
    "give back": of_held(lambda session, deal, id_: service.stop(session, SYSTEM, id_, due=Money("CNY", 0))),
    "freeze": of_held(lambda session, deal, id_: service.freeze(session, SYSTEM, id_)),
    "unfreeze": of_held(lambda session, deal, id_: service.unfreeze(session, SYSTEM, id_), frozen=True),
    "decide": of_held(decide, frozen=True),
    "send a payout": send,
    "confirm a payout": of_sent(lambda session, by, id_: payouts.confirm(session, by, id_)),
    "fail a payout": of_sent(lambda session, by, id_: payouts.fail(session, by, id_, reason="a")),
    "lose sight of a payout": of_sent(lambda session, by, id_: payouts.lose_sight(session, by, id_)),
    "bounce a payout": of_sent(lambda session, by, id_: payouts.bounce(session, by, id_, reason="a"), "paid"),
    "send a payout once more": of_sent(lambda session, by, id_: payouts.again(session, by, id_), "failed"),
    "ask for a claw-back": ask_back,
    "confirm a claw-back": claw_back,
}


def rows() -> list[int]:
    with db.transaction() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in TABLES]


def versions() -> list[Any]:
    with db.transaction() as session:
        return [
            session.execute(sa.select(table.id, table.status, table.version).order_by(table.id)).all()
            for table in (Payment, Receipt, Payout, ClawBack)
        ]


def run(command: Command) -> None:
    actor, work = command
    with db.transaction(actor) as session:
        work(session)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_killed_at_any_statement_has_done_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    killer, command = Killer(monkeypatch), COMMANDS[name]()
    before, boundary, killed = (rows(), versions()), 1, True
    while killed:
        with killer.armed(boundary):
            try:
                run(command)
                killed = False
            except sa.exc.OperationalError:  # which the API answers with 503
                killed = True
        if killed:
            assert (rows(), versions()) == before, f"killed at statement {boundary}"
            with db.transaction() as session:
                assert verify(session).faults == [], f"killed at statement {boundary}"
            boundary += 1
    assert boundary > 5, "it was killed at each of its statements"
    # The last try was let live: it did all of it, once.
    assert killer.seen == boundary - 1
    assert (rows(), versions()) != before
    with db.transaction() as session:
        assert verify(session).faults == []
