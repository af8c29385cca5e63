"""The engine, the sessions, who acts in them, and the one place that commits."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, sessionmaker

from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotFound, PreconditionFailed, Unavailable
from marketplace.core.estimate import strict_json
from marketplace.core.ids import NOUNS_ZH, PREFIXES, new_id, show
from marketplace.core.message import Bilingual

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
APP_ROLE = "inlay_app"  # of whoever is asking
SERVICE_ROLE = "inlay_service"  # of the system itself, whom no policy narrows

# Rows are read after their commit, in answers and in jobs; reloading them would open another transaction.
Sessions: sessionmaker[Session] = sessionmaker(expire_on_commit=False)


def connect(url: str, *, pool_size: int = 8, statement_timeout_ms: int = 15_000) -> sa.Engine:
    """Make the engine and bind the sessions to it. Under overload a request waits 5 s for one, then is a 503."""
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # PostgreSQL's connections are the scarce thing: what waits, waits here
        pool_timeout=5,
        pool_recycle=1800,
        json_serializer=strict_json,
        connect_args={
            "connect_timeout": 5,
            # A host that has gone without a word, as after a power cut, is given up within 25 s and not two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            # A statement, a lock or an idle transaction that hangs would hold its connection, and the pool is small.
            "options": f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
        },
    )
    Sessions.configure(bind=engine)
    return engine


class StoredBilingual(sa.TypeDecorator[Bilingual]):
    """A sentence in both languages as JSON in a column of text. Older releases stored `Chinese / English`, or one."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Bilingual | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else strict_json(value._asdict())

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Bilingual | None:
        if value is None:
            return None
        if value.startswith("{"):
            return Bilingual(**json.loads(value))
        zh, _, en = value.partition(" / ")
        return Bilingual(zh, en or zh)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """A table: a typed constructor, one naming convention; id and time are made in Python, so that they exist before a
    flush and tests can freeze them."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: sa.Text,
        Bilingual: StoredBilingual,
        int: sa.BigInteger,
        float: sa.Double,
        date: sa.Date,
        datetime: sa.DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: ARRAY(sa.Text),
        list[UUID]: ARRAY(sa.Uuid),
        StrEnum: sa.Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=None,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id, sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, sort_order=-1)


Row = TypeVar("Row", bound=Base)

_BECOME = sa.text(
    "SELECT set_config('role', :db_role, true) AS db_role, set_config('app.role', :role, true) AS role,"
    " set_config('app.party', :party, true) AS party, set_config('app.parties', :parties, true) AS parties,"
    " set_config('app.person', :person, true) AS person, clock_timestamp() AS at"
)
_NO_ROLE = (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege)
_ACTOR = "actor"  # the key in Session.info of whoever acts at present


def become(session: Session, actor: Actor | None) -> None:
    """Let row-level security show what this actor may see, until the transaction ends; with None, nothing is seen.

    Only this module and request handling call it: everything else takes a scope that ends by itself, `acting_as`.
    """
    # The settings are local to the transaction, so a pooled connection never carries one caller's scope to the next.
    session.connection()  # the wait for one is no part of the round trip
    asked_s = time.monotonic()
    try:
        told = send(session, _BECOME, _settings(actor)).fetchone()
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, _NO_ROLE):
            # Our own fault and nobody's input, though PostgreSQL calls it a wrong value.
            raise Unavailable(
                Bilingual(
                    "数据库缺少市场需要的内容，要由运行者恢复。",
                    "The database lacks what the market needs; its operator has to restore it.",
                )
            ) from error
        raise
    assert told is not None
    clock.told_by_database(told.at, asked_s, time.monotonic())
    session.info[_ACTOR] = actor


def _settings(actor: Actor | None) -> dict[str, str]:
    if actor is None:
        return {"db_role": "none", "role": "", "party": "", "parties": "{}", "person": ""}
    return {
        "db_role": SERVICE_ROLE if actor.role == Role.SYSTEM else APP_ROLE,
        "role": str(actor.role),
        "party": str(actor.party_id or ""),
        "parties": "{" + ",".join(sorted(str(party) for party in actor.parties)) + "}",
        "person": str(actor.person_id or ""),
    }


@contextmanager
def acting_as(session: Session, actor: Actor) -> Iterator[None]:
    """See and write as another actor within; afterwards, also after an error, as whoever acted before.

    For rows that row-level security hides from the caller. What is read within may leave it only as far as the caller
    may know of it, so keep the block to the query that needs it.
    """
    before: Actor | None = session.info.get(_ACTOR)
    session.flush()  # what is pending was written by whoever acted before, and their policies judge it
    if before == actor:
        yield
        session.flush()
        return
    become(session, actor)
    try:
        yield
        session.flush()
    finally:
        if _can_run(session):
            become(session, before)
        else:
            # A failed statement has ended the transaction, or its savepoint, and its settings go with it.
            session.info[_ACTOR] = before


def _can_run(session: Session) -> bool:
    """Return whether PostgreSQL takes another statement in this transaction."""
    if not session.is_active:
        return False
    try:
        driver: Any = session.connection().connection.driver_connection
    except sa.exc.PendingRollbackError:  # the connection is lost, and what lost it is on its way to the caller
        return False
    return driver.info.transaction_status not in (TransactionStatus.INERROR, TransactionStatus.UNKNOWN)  # lost


@contextmanager
def transaction(actor: Actor = SYSTEM) -> Iterator[Session]:
    """Commit on success, roll back on error.

    For jobs and commands, and for the parts of a request or a job that take too long for one transaction: uploads and
    checks of videos. Other services get the session of their caller. Request handling authenticates as the system and
    then calls `become`: a connection by itself may read nothing."""
    with Sessions() as session, session.begin():
        become(session, actor)
        yield session


# The SQL of taking the lock `:lock_name` if it is free, for a statement that looks something up in the same round trip.
TRY_LOCK = "pg_try_advisory_xact_lock(hashtextextended(:lock_name, 0))"
_TRY_OWN = sa.text("SELECT pg_try_advisory_lock(hashtextextended(:lock_name, 0))")
_OWN = sa.text("SELECT pg_advisory_lock(hashtextextended(:lock_name, 0))")
_TRY_SHARED = sa.text("SELECT pg_try_advisory_xact_lock_shared(hashtextextended(:lock_name, 0))")
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:lock_name, 0))")


def lock_name(session: Session, kind: str, id_: object = "") -> None:
    """Wait for the one lock of this name, and hold it until the transaction ends.

    For work that must not run twice at once and has no row that could be locked instead.
    """
    run(session, _LOCK, {"lock_name": name_of_lock(kind, id_)})


def try_to_share(session: Session, kind: str) -> bool:
    """Share the lock of this name until the transaction ends, and return whether it was free of an owner."""
    return bool(run(session, _TRY_SHARED, {"lock_name": name_of_lock(kind, "")}).scalar_one())


def try_to_own(connection: sa.Connection, kind: str) -> bool:
    """Take the lock of this name for as long as the connection lasts, and return whether it was free."""
    return bool(connection.execute(_TRY_OWN, {"lock_name": name_of_lock(kind, "")}).scalar_one())


def wait_to_own(connection: sa.Connection, kind: str) -> None:
    """Take the lock of this name for as long as the connection lasts, and wait for whoever has it."""
    connection.execute(_OWN, {"lock_name": name_of_lock(kind, "")})


def name_of_lock(kind: str, id_: object) -> str:
    """Return the name that is hashed to PostgreSQL's 64 bits. `kind` keeps one id free for several purposes.

    Two names share a lock once in 2**64; they would wait for each other, and nothing worse.
    """
    return f"{kind}:{id_}"


def run(
    session: Session, statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> sa.CursorResult[Any]:
    """Run a statement on columns, without the session's bookkeeping of objects: nothing is flushed first."""
    return session.connection().execute(statement, values)


def send(session: Session, statement: sa.TextClause, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    """Send a statement that is kept straight to the driver, for what every request runs: without SQLAlchemy's work on
    statements and results it takes a quarter of the processor time.

    Values are as the driver takes them; rows are named tuples. Nothing is flushed first. Raises what `run` raises.
    """
    return _send(session, _driver_sql(statement), values)


@cache
def _driver_sql(statement: sa.TextClause) -> str:
    """Return a statement with the driver's placeholders."""
    return str(statement.compile(dialect=psycopg_dialect()))  # type: ignore[no-untyped-call]


def _send(session: Session, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    try:
        sent: psycopg.Cursor[Any] = driver.cursor(row_factory=namedtuple_row).execute(sql, values)
    except psycopg.Error as error:
        if driver.closed:
            # It fails again, and SQLAlchemy drops this connection and those that were lost with it.
            connection.exec_driver_sql(sql, dict(values))
        instance = sa.exc.DBAPIError.instance(sql, dict(values), error, psycopg.Error, dialect=connection.dialect)
        raise cast(sa.exc.DBAPIError, instance) from error
    return sent


def insert(session: Session, row: Base) -> None:
    """Insert a row that this transaction will not change: at once, without the session's bookkeeping."""
    model = type(row)
    run(session, _insert(model), {name: getattr(row, name) for name in model.__table__.columns.keys()})  # noqa: SIM118


def write(session: Session, model: type[Base], **values: Any) -> UUID:
    """Insert a row that this transaction does not read, without making an object of it. Return its id."""
    id_ = new_id()
    told = {"id": id_, "created_at": now(), **values}
    sql, to_stored = _insert_sent(model, tuple(told), session.get_bind().dialect)
    for name, convert in to_stored.items():
        told[name] = convert(told[name])
    _send(session, sql, told)
    return id_


def write_many(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that this transaction does not read, in one statement. Each row has all columns but id and time."""
    run(session, _insert(model), [{"id": new_id(), "created_at": now(), **row} for row in rows])


@cache
def _insert(model: type[Base]) -> sa.Insert:
    """Make a table's statement once: SQLAlchemy caches the compiled SQL with the statement object."""
    return sa.insert(cast(sa.Table, model.__table__))


@cache
def _insert_sent(
    model: type[Base], names: tuple[str, ...], dialect: sa.Dialect
) -> tuple[str, dict[str, Callable[[Any], Any]]]:
    """Return the SQL of an insert of these columns, and how values of some become what the driver takes."""
    columns = [model.__table__.columns[name] for name in names]
    found = {column.name: column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns}
    sql = str(_insert(model).inline().compile(dialect=dialect, column_keys=names))
    return sql, {name: convert for name, convert in found.items() if convert is not None}


def noun(model: type[Base]) -> str:
    name = str(model.__tablename__).replace("_", " ")
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def missing(model: type[Base], id_: UUID) -> NotFound:
    """Return the error for a row that does not exist, or that this reader may not see: the two must look the same."""
    shown = show(PREFIXES[model.__tablename__], id_)
    return NotFound(
        Bilingual(
            f"没有您能看到的{NOUNS_ZH[model.__tablename__]} {shown}。",
            f"There is no {noun(model)} {shown} that you may see.",
        )
    )


def get(session: Session, model: type[Row], id_: UUID, *where: sa.ColumnElement[bool]) -> Row:
    """Load one row that meets the conditions (who may see it). Raises NotFound."""
    row = session.scalar(sa.select(model).where(model.id == id_, *where))
    if row is None:
        raise missing(model, id_)
    return row


def lock(
    session: Session, model: type[Row], id_: UUID, *where: sa.ColumnElement[bool], version: int | None = None
) -> Row:
    """Load a row that the caller will change; others who want to change it wait until this transaction ends.

    `version` is the one that the caller read before (If-Match). Raises NotFound, PreconditionFailed.
    """
    row = session.scalar(
        sa.select(model)
        .where(model.id == id_, *where)
        .with_for_update(of=model)
        # What was loaded before the wait for the lock may be out of date by now.
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise missing(model, id_)
    current = getattr(row, "version", None)
    if version is not None and current != version:
        raise PreconditionFailed(
            Bilingual(
                f"您读到的是第 {version} 版，现在已是第 {current} 版，请重新读取。",
                f"You read version {version}; it is at version {current} now. Read it again.",
            )
        )
    return row
