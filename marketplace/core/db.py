"""The engine, the session and the one place that commits."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, sessionmaker

from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import NotFound, PreconditionFailed
from marketplace.core.ids import PREFIXES, new_id, show

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
APP_ROLE = "inlay_app"

Sessions: sessionmaker[Session] = sessionmaker(expire_on_commit=False)


def connect(url: str, *, pool_size: int = 8, statement_timeout_ms: int = 15_000) -> sa.Engine:
    """Make the engine and bind the sessions to it. Overload waits 5 s for a connection, then answers 503."""
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
        },
    )
    Sessions.configure(bind=engine)
    return engine


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """A table: typed constructor, id and time made in Python, one naming convention."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: sa.Text,
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
    "SELECT set_config('role', :db_role, true), set_config('app.role', :role, true),"
    " set_config('app.parties', :parties, true)"
)


def become(session: Session, actor: Actor) -> None:
    """From here to the end of the transaction, row-level security shows what this actor may see."""
    parties = "{" + ",".join(sorted(str(party) for party in actor.parties)) + "}"
    run(session, _BECOME, {"db_role": APP_ROLE, "role": str(actor.role), "parties": parties})


@contextmanager
def unscoped() -> Iterator[Session]:
    """A transaction before anyone is known: the web edge looks the actor up in it, then calls `become`."""
    with Sessions() as session, session.begin():
        yield session


@contextmanager
def transaction(actor: Actor = SYSTEM) -> Iterator[Session]:
    """Commit on success, roll back on error. Only the web edge, jobs and commands call this."""
    with unscoped() as session:
        become(session, actor)
        yield session


def run(
    session: Session, statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> sa.CursorResult[Any]:
    """Run a statement on columns, past the session's bookkeeping of objects: nothing is flushed first."""
    return session.connection().execute(statement, values)


def insert(session: Session, row: Base) -> None:
    """Write a row that this transaction will not change: at once, without the session's bookkeeping."""
    model = type(row)
    run(session, _insert(model), {name: getattr(row, name) for name in model.__table__.columns.keys()})  # noqa: SIM118


def write(session: Session, model: type[Base], **values: Any) -> UUID:
    """Write a row that nobody looks at in this transaction, without making an object of it; returns its id."""
    id_ = new_id()
    run(session, _insert(model), {"id": id_, "created_at": now(), **values})
    return id_


@cache
def _insert(model: type[Base]) -> sa.Insert:
    """Built once for each table: SQLAlchemy remembers what it compiled with the statement that it compiled."""
    return sa.insert(cast(sa.Table, model.__table__))


def noun(model: type[Base]) -> str:
    name = str(model.__tablename__).replace("_", " ")
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def missing(model: type[Base], id_: UUID) -> NotFound:
    """Return the refusal for a row that is not there, or not there for this reader: the two read the same."""
    return NotFound(f"There is no {noun(model)} {show(PREFIXES[model.__tablename__], id_)} that you may see.")


def get(session: Session, model: type[Row], id_: UUID, *where: sa.ColumnElement[bool]) -> Row:
    """Load one row that meets the conditions (who may see it). Raises NotFound."""
    row = session.scalar(sa.select(model).where(model.id == id_, *where))
    if row is None:
        raise missing(model, id_)
    return row


def lock(
    session: Session, model: type[Row], id_: UUID, *where: sa.ColumnElement[bool], version: int | None = None
) -> Row:
    """Load a row that the caller will change; others who want to change it wait.

    `version` is what the caller read before (If-Match). Raises NotFound, PreconditionFailed.
    """
    row = session.scalar(
        sa.select(model)
        .where(model.id == id_, *where)
        .with_for_update(of=model)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise missing(model, id_)
    found = getattr(row, "version", None)
    if version is not None and found != version:
        raise PreconditionFailed(f"You read version {version}; it is at version {found} now. Read it again.")
    return row
