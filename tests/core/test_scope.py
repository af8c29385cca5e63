"""Who acts in a transaction: another actor's scope ends with its block, also after an error, and names are locked."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job
from tests.market import owning

_SCOPE = sa.text(
    "SELECT current_user AS db_role, current_setting('app.role', true) AS role,"
    " current_setting('app.parties', true) AS parties"
)


def scope(session: Session) -> tuple[str, str, str]:
    return tuple(session.execute(_SCOPE).one())  # type: ignore[return-value]


@pytest.fixture
def brand(app: Flask) -> Actor:
    return Actor(role=Role.BRAND, party_id=new_id())


def test_the_scope_ends_with_the_block(brand: Actor) -> None:
    with db.transaction(brand) as session:
        before = scope(session)
        with db.acting_as(session, SYSTEM):
            assert scope(session) == (db.SERVICE_ROLE, "system", "{}")
        assert scope(session) == before == (db.APP_ROLE, "brand", f"{{{brand.party_id}}}")


def test_the_scope_comes_back_after_an_error(brand: Actor) -> None:
    with db.transaction(brand) as session:
        before = scope(session)
        with pytest.raises(RuntimeError), db.acting_as(session, SYSTEM):
            raise RuntimeError
        assert scope(session) == before


def test_scopes_nest(brand: Actor) -> None:
    creator = Actor(role=Role.CREATOR, party_id=new_id())
    with db.transaction(brand) as session, db.acting_as(session, SYSTEM):
        with db.acting_as(session, creator):
            assert scope(session)[1] == "creator"
        assert scope(session)[1] == "system"


def test_a_connection_that_is_lost_within_says_so_and_nothing_else(brand: Actor) -> None:
    """Not that the transaction cannot go on: whoever asked learns that the database was away, which is a 503."""

    def lose() -> None:
        with db.transaction(brand) as session, db.acting_as(session, SYSTEM):
            pid = session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            with owning() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            session.execute(sa.text("SELECT 1"))

    with pytest.raises(OperationalError, match="terminat"):
        lose()


def test_a_connection_by_itself_reads_nothing(app: Flask) -> None:
    with db.Sessions() as session, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        session.execute(sa.text("SELECT count(*) FROM briefs"))


def test_the_scope_comes_back_after_a_savepoint_that_failed_within(brand: Actor) -> None:
    def twice(session: Session) -> None:
        job_id = new_id()
        session.execute(sa.insert(Job), [{"id": job_id, "kind": "core.probe"}] * 2)

    with db.transaction(brand) as session:
        before = scope(session)
        with pytest.raises(IntegrityError), session.begin_nested(), db.acting_as(session, SYSTEM):
            twice(session)
        assert scope(session) == before
        with db.acting_as(session, SYSTEM):
            with pytest.raises(IntegrityError), session.begin_nested():
                twice(session)
            assert scope(session)[1] == "system"
        assert scope(session) == before


def test_a_failed_statement_is_what_the_caller_sees(brand: Actor) -> None:
    """Restoring the scope in an aborted transaction would hide the error behind another."""
    with pytest.raises(sa.exc.DataError), db.transaction(brand) as session, db.acting_as(session, SYSTEM):
        session.execute(sa.text("SELECT 1 / 0"))


def test_rows_of_a_block_are_written_in_it(brand: Actor) -> None:
    """A row of somebody else's that was only added would be refused when it is flushed under the narrower scope."""
    with db.transaction(brand) as session:
        with db.acting_as(session, SYSTEM):
            job = Job(kind="core.probe", party_id=new_id())
            session.add(job)
        assert not session.new
        assert session.scalar(sa.select(sa.func.count()).where(Job.id == job.id)) == 0, "others' jobs are hidden"
        session.rollback()


def test_a_name_is_locked_for_one_transaction_at_a_time(app: Flask) -> None:
    order, began = [], threading.Event()
    subject = new_id()

    def second() -> None:
        with db.transaction() as session:
            began.set()
            db.lock_name(session, "test", subject)
            order.append("second")

    waiting = threading.Thread(target=second)
    with db.transaction() as session:
        db.lock_name(session, "test", subject)
        waiting.start()
        assert began.wait(5)
        with db.transaction() as other:
            db.lock_name(other, "test", new_id())
            db.lock_name(other, "another purpose", subject)
        waiting.join(0.2)
        order.append("first")
    waiting.join(5)
    assert order == ["first", "second"]
