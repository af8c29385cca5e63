"""Handing in a file of channels, and asking what became of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.files import chunks
from marketplace.channels.models import ChannelImport, ImportFault, ImportMode, ImportStatus
from marketplace.channels.states import IMPORT_TRANSITIONS
from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.http import paging
from marketplace.core.jobs import Job, JobState
from marketplace.core.states import apply_transition
from marketplace.identity.models import Party, PartyKind

LEASE_S = 60
ATTEMPTS_MAX = 3
SETTLE_AT_ONCE = 100
STRETCH = 500


class ImportBody(Protocol):
    """A file as it arrives; size and hash speak of what was read."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def pieces(self, size_bytes: int) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class FaultPage:
    """One stretch of a file's faults, by row; rows are never split between pages."""

    data: Sequence[ImportFault]
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
) -> ChannelImport:
    """Store the file in pieces and ask for its import.

    `creator_id` makes every row that creator's; without it a creator's rows are their own, and an agency's or an
    admin's rows name theirs. Raises InvalidInput: an empty file, a creator that the actor does not act for.
    """
    creator_id = _default_creator(session, actor, creator_id)
    if create_creators and actor.role == Role.CREATOR:
        raise InvalidInput(
            "A creator hands in their own channels only.",
            errors=[FieldError("query:/create_creators", "Only agencies and the platform enter creators.")],
        )
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
    )
    session.add(row)
    session.flush()
    chunks.write(session, row.id, body.pieces(chunks.CHUNK_BYTES))
    if body.size_bytes == 0:
        raise InvalidInput("The file is empty.", errors=[FieldError("/", "Send the file itself as the body.")])
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


def _default_creator(session: Session, actor: Actor, creator_id: UUID | None) -> UUID | None:
    if creator_id is None and actor.role != Role.CREATOR:
        return None
    return creator_for(session, actor, creator_id, pointer="query:/creator_id")


def creator_for(session: Session, actor: Actor, creator_id: UUID | None, *, pointer: str) -> UUID:
    """Return the creator whom a channel is entered for. Raises InvalidInput."""
    found = policy.creator_of(actor, creator_id, pointer)
    if actor.sees_all and not session.scalar(
        sa.select(sa.exists().where(Party.id == found, Party.kind == PartyKind.CREATOR))
    ):
        raise InvalidInput("There is no such creator.", errors=[FieldError(pointer, "Not a creator's id.")])
    return found


def find(session: Session, actor: Actor, import_id: UUID) -> ChannelImport:
    return db.get(session, ChannelImport, import_id, policy.imports(actor))


def listed(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None
) -> paging.Page[ChannelImport]:
    query = sa.select(ChannelImport).where(policy.imports(actor))
    if status is not None:
        query = query.where(ChannelImport.status == status)
    return paging.page(session, query, ChannelImport, limit, starting_after)


def faults(session: Session, actor: Actor, import_id: UUID, *, limit: int, starting_after: int) -> FaultPage:
    """Return the faults of the rows after `starting_after`: at least `limit` where there are so many."""
    row = find(session, actor, import_id)
    later = (ImportFault.import_id == row.id, ImportFault.row_number > starting_after)
    last = session.scalar(
        sa.select(ImportFault.row_number).where(*later).order_by(ImportFault.row_number).offset(limit - 1).limit(1)
    )
    upto = (ImportFault.row_number <= last,) if last is not None else ()
    query = (
        sa.select(ImportFault)
        .where(*later, *upto)
        .order_by(ImportFault.row_number, ImportFault.column_name, ImportFault.id)
    )
    data = session.scalars(query).all()
    more = last is not None and session.scalar(
        sa.select(sa.exists().where(ImportFault.import_id == row.id, ImportFault.row_number > last))
    )
    return FaultPage(data, bool(more))


def every_fault(session: Session, actor: Actor, import_id: UUID) -> Iterator[ImportFault]:
    """Yield every kept fault in order of rows, a stretch at a time."""
    after, more = 0, True
    while more:
        page = faults(session, actor, import_id, limit=STRETCH, starting_after=after)
        yield from page.data
        more = page.has_more
        after = page.data[-1].row_number if page.data else 0


def end(session: Session, import_id: UUID, name: str, *, message: str | None = None, **counts: int) -> bool:
    """Make the move `name`, keep the counts and drop the file's bytes; returns False if it had ended before."""
    row = db.lock(session, ChannelImport, import_id)
    if row.status != ImportStatus.RECEIVED:
        return False
    for count, value in counts.items():
        setattr(row, count, value)
    row.message, row.finished_at = message, now()
    chunks.remove(session, row.id)
    told = {"file_name": row.file_name, **counts, **({"message": message} if message else {})}
    apply_transition(session, row, IMPORT_TRANSITIONS, name, SYSTEM, parties=[row.party_id], **told)
    return True


def settle_lost(session: Session) -> int:
    """End the imports whose job was cancelled before it began, or lies among the dead letters."""
    lost = session.execute(
        sa.select(ChannelImport.id, Job.state)
        .join(Job, Job.id == ChannelImport.job_id)
        .where(ChannelImport.status == ImportStatus.RECEIVED, Job.state.in_([JobState.CANCELLED, JobState.DEAD]))
        .limit(SETTLE_AT_ONCE)
    ).all()
    for import_id, state in lost:
        stopped = state == JobState.CANCELLED
        end(session, import_id, "cancelled" if stopped else "failed", message=None if stopped else GIVEN_UP)
    return len(lost)


GIVEN_UP = "多次尝试后仍未完成，请重新上传。 / It did not finish after several tries. Hand the file in again."
