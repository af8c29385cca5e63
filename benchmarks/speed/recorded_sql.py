"""The statements of one request, and a bare Flask application that sends them again with fresh ids."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

import psycopg

from marketplace.core import db
from marketplace.core.ids import new_id

Recorded = list[tuple[str, Any]]


@dataclass(frozen=True)
class RecordedCall:
    """The statements of a call; the ids after `began` were made by it, and `named` are those that its request gave."""

    statements: Recorded
    began: UUID
    named: Mapping[str, UUID] = field(default_factory=dict)

    def send(self, connection: Any, **ids: UUID) -> list[list[str]]:
        """Send the statements for other ids than those of the recorded request. Return the last rows."""
        given = {self.named[name]: id_ for name, id_ in ids.items()}
        return replay(
            connection,
            self.statements,
            lambda value: given.get(value) or (new_id() if value > self.began else value),
        )


class _Listening(psycopg.Cursor[Any]):
    """A cursor that notes what it sends, whoever asks it to."""

    found: ClassVar[Recorded] = []

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        self.found.append((query, params))
        return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        rows = list(params_seq)
        self.found.extend((query, params) for params in rows)
        super().executemany(query, rows, **options)


def record(database_url: str, work: Callable[[], object]) -> Recorded:
    """Return every statement of one call. The engine that was listened to is not the one that is measured."""
    measured = db.Sessions.kw["bind"]
    listened = db.connect(database_url, pool_size=1)
    try:
        work()
        with listened.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.cursor_factory = _Listening
        _Listening.found.clear()
        work()
        return list(_Listening.found)
    finally:
        listened.dispose()
        db.Sessions.configure(bind=measured)


def uuids(recorded: Recorded) -> Iterator[UUID]:
    for _, parameters in recorded:
        for value in (parameters or {}).values():
            if isinstance(value, UUID):
                yield value


def replay(connection: Any, recorded: Recorded, fresh: Callable[[UUID], UUID]) -> list[list[str]]:
    """Send the statements in one transaction, with ids that `fresh` makes of the recorded ones. Return the last rows."""
    known: dict[UUID, UUID] = {}
    salt = new_id().hex
    rows: list[Any] = []
    with connection.transaction(), connection.cursor() as cursor:
        for statement, parameters in recorded:
            values = {name: _fresh(value, known, fresh, salt, name) for name, value in (parameters or {}).items()}
            cursor.execute(statement, values)
            if cursor.description:
                rows = cursor.fetchall()
    return [[str(value) for value in row] for row in rows]


def _fresh(value: Any, known: dict[UUID, UUID], fresh: Callable[[UUID], UUID], salt: str, name: str) -> Any:
    if isinstance(value, UUID):
        if value not in known:
            known[value] = fresh(value)
        return known[value]
    if name in ("key", "commitment", "salt"):
        return f"{salt}{name}"
    return value
