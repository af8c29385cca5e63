"""Upload a file of channels, and read what became of it and of its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.files import chunks
from marketplace.channels.models import ChannelImport, ImportMode, ImportRowError, ImportStatus
from marketplace.channels.states import IMPORT_TRANSITIONS
from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.http import paging
from marketplace.core.jobs import Job, JobState
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.identity.models import Party, PartyKind

LEASE_S = 60
ATTEMPTS_MAX = 3
SETTLE_BATCH = 100
ERROR_ROWS_BATCH = 500


class ImportBody(Protocol):
    """A file as it arrives; the size and the hash are those of what was read so far."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def pieces(self, size_bytes: int) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class ImportCounts:
    """What an import stored and refused. A row with several errors counts once in `rows_bad`."""

    rows_done: int
    rows_bad: int
    channels_new: int
    snapshots_new: int


@dataclass(frozen=True)
class RowErrorPage:
    """One page of a file's row errors, in order of rows; a row's errors are never split between pages."""

    data: Sequence[ImportRowError]
    has_more: bool


def receive(
    session: Session,
    actor: Actor,
    body: ImportBody,
    *,
    file_name: str,
    shape: str | None,
    mode: str,
    create_creators: bool,
    creator_id: UUID | None,
    **options: str | None,
) -> ChannelImport:
    """Store the file in chunks and enqueue its import.

    With `creator_id`, every row belongs to that creator. Without it, a creator's rows are their own, and the rows of an
    agency or an admin name their creators. `options` are those of `record_stream.ReadingOptions`. Raises InvalidInput
    (an empty file, or a creator that the actor does not act for).
    """
    creator_id = _default_creator(session, actor, creator_id, create_creators)
    assert actor.party_id is not None
    row = ChannelImport(
        party_id=actor.party_id,
        person_id=actor.person_id,
        file_name=file_name,
        shape=shape,
        mode=ImportMode(mode),
        create_creators=create_creators,
        size_bytes=0,
        sha256="",
        options={name: str(value) for name, value in options.items() if value is not None},
    )
    session.add(row)
    session.flush()
    chunks.write(session, row.id, body.pieces(chunks.CHUNK_BYTES))
    if body.size_bytes == 0:
        raise InvalidInput(
            Bilingual("文件是空的。", "The file is empty."),
            errors=[FieldError("/", Bilingual("请把文件本身作为内容发送。", "Send the file itself as the body."))],
        )
    row.size_bytes, row.sha256 = body.size_bytes, body.sha256
    row.job_id = jobs.enqueue(
        session,
        "channels.import",
        queue=jobs.IMPORTS,
        subject_id=row.id,
        party_id=actor.party_id,
        payload={"creator_id": creator_id and str(creator_id)},
        lease_s=LEASE_S,
        max_attempts=ATTEMPTS_MAX,
    )
    return row


def _default_creator(session: Session, actor: Actor, creator_id: UUID | None, create_creators: bool) -> UUID | None:
    if create_creators and actor.role == Role.CREATOR:
        raise InvalidInput(
            Bilingual("创作者只能导入自己的账号。", "A creator hands in their own channels only."),
            errors=[
                FieldError(
                    "query:/create_creators",
                    Bilingual("只有机构和平台可以录入创作者。", "Only agencies and the platform enter creators."),
                )
            ],
        )
    if creator_id is None and actor.role != Role.CREATOR:
        return None
    return require_creator(session, actor, creator_id, pointer="query:/creator_id")


def require_creator(session: Session, actor: Actor, creator_id: UUID | None, *, pointer: str) -> UUID:
    """Return the creator that a channel is entered for. Raises InvalidInput."""
    creator = policy.creator_of(actor, creator_id, pointer)
    if actor.sees_all and not session.scalar(
        sa.select(sa.exists().where(Party.id == creator, Party.kind == PartyKind.CREATOR))
    ):
        raise InvalidInput(
            Bilingual("没有这位创作者。", "There is no such creator."),
            errors=[FieldError(pointer, Bilingual("这不是创作者的 id。", "Not a creator's id."))],
        )
    return creator


def find(session: Session, actor: Actor, import_id: UUID) -> ChannelImport:
    return db.get(session, ChannelImport, import_id, policy.imports(actor))


def list_imports(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None
) -> paging.Page[ChannelImport]:
    query = sa.select(ChannelImport).where(policy.imports(actor))
    if status is not None:
        query = query.where(ChannelImport.status == status)
    return paging.page(session, query, ChannelImport, limit, starting_after)


def list_row_errors(
    session: Session, actor: Actor, import_id: UUID, *, limit: int, starting_after: int
) -> RowErrorPage:
    """Return the errors of the rows after `starting_after`: at least `limit` errors, if there are that many."""
    row = find(session, actor, import_id)
    later = (ImportRowError.import_id == row.id, ImportRowError.row_number > starting_after)
    last_row = session.scalar(
        sa.select(ImportRowError.row_number)
        .where(*later)
        .order_by(ImportRowError.row_number)
        .offset(limit - 1)
        .limit(1)
    )
    up_to_last = (ImportRowError.row_number <= last_row,) if last_row is not None else ()
    query = (
        sa.select(ImportRowError)
        .where(*later, *up_to_last)
        .order_by(ImportRowError.row_number, ImportRowError.column_name, ImportRowError.id)
    )
    data = session.scalars(query).all()
    more = last_row is not None and session.scalar(
        sa.select(sa.exists().where(ImportRowError.import_id == row.id, ImportRowError.row_number > last_row))
    )
    return RowErrorPage(data, bool(more))


def iter_row_errors(session: Session, actor: Actor, import_id: UUID) -> Iterator[ImportRowError]:
    """Yield every stored row error in order of rows, reading them in batches."""
    after, more = 0, True
    while more:
        page = list_row_errors(session, actor, import_id, limit=ERROR_ROWS_BATCH, starting_after=after)
        yield from page.data
        more = page.has_more
        after = page.data[-1].row_number if page.data else 0


def end_import(
    session: Session,
    import_id: UUID,
    name: str,
    *,
    message: Bilingual | None = None,
    counts: ImportCounts | None = None,
    reading: Mapping[str, Any] | None = None,
) -> bool:
    """Make the transition `name`, store the counts and delete the file's bytes; False if it had ended before."""
    row = db.lock(session, ChannelImport, import_id)
    if row.status != ImportStatus.RECEIVED:
        return False
    columns = {} if counts is None else asdict(counts)
    for column, count in columns.items():
        setattr(row, column, count)
    if message is not None:
        row.message_zh, row.message_en = message
    row.finished_at, row.reading = now(), None if reading is None else dict(reading)
    chunks.remove(session, row.id)
    details = {
        "file_name": row.file_name,
        **columns,
        **({"message_zh": message.zh, "message_en": message.en} if message else {}),
    }
    apply_transition(session, row, IMPORT_TRANSITIONS, name, SYSTEM, parties=[row.party_id], **details)
    return True


def settle_lost(session: Session) -> int:
    """End the imports whose job was cancelled before it began, or is dead; returns how many."""
    lost = session.execute(
        sa.select(ChannelImport.id, Job.state)
        .join(Job, Job.id == ChannelImport.job_id)
        .where(ChannelImport.status == ImportStatus.RECEIVED, Job.state.in_([JobState.CANCELLED, JobState.DEAD]))
        .limit(SETTLE_BATCH)
    ).all()
    for import_id, state in lost:
        cancelled = state == JobState.CANCELLED
        end_import(session, import_id, "cancelled" if cancelled else "failed", message=None if cancelled else GIVEN_UP)
    return len(lost)


GIVEN_UP = Bilingual(
    "多次尝试后仍未完成，请重新上传。", "It did not finish after several tries. Hand the file in again."
)
