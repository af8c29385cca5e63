"""Events: what happened, written in the same transaction as the change.

One row serves three purposes: the audit trail, what integrators read and replay, and what must follow (the workers'
table of reactions). Rows are never changed, except for the time at which they were relayed to the reactions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from marketplace.core import db, jobs
from marketplace.core.actor import Actor, Role
from marketplace.core.context import request_id
from marketplace.core.db import Base


class Event(Base):
    """What happened to which subject, by whom, and which parties may read it."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_waiting", "id", postgresql_where=sa.text("relayed_at IS NULL")),
        sa.Index("ix_events_party_ids", "party_ids", postgresql_using="gin"),
        sa.Index("ix_events_stream", "xid", "number", "id"),
        sa.Index("ix_events_subject_id", "subject_id", "xid"),
    )

    # No foreign keys: an event outlives what it is about.
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    party_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    actor_role: Mapped[str]
    actor_party_id: Mapped[UUID | None]
    actor_person_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    relayed_at: Mapped[datetime | None] = mapped_column(default=None)
    # The transaction that recorded it, which PostgreSQL fills in (0: from before the column); or a later one: that of
    # the last event of its subject, for whoever waits for a lock may have begun before the one that held it. Never an
    # earlier one, so that what is below the oldest open transaction is an order to which nothing is added later.
    xid: Mapped[int] = mapped_column(
        init=False, server_default=sa.text("((pg_current_xact_id())::text)::bigint"), sort_order=1
    )
    # Drawn as it is recorded, when its subject is locked (0: from before the column). A trigger fills both in.
    number: Mapped[int] = mapped_column(init=False, server_default=sa.text("0"), sort_order=2)


# Below it are the events to which no transaction can add an earlier one any more: whatever is open has a later number,
# and so has all that it records.
SETTLED = Event.xid < sa.literal_column("((pg_snapshot_xmin(pg_current_snapshot()))::text)::bigint", sa.BigInteger)
STREAM_ORDER = (Event.xid, Event.number, Event.id)


def place_of(event_id: UUID) -> sa.Tuple:
    """Return an event's place in the stream, to compare with STREAM_ORDER.

    Found whoever reads, for a cursor outlives the right to read its event. An unknown event stands before all that
    were recorded since transactions are, so that whoever goes on from it misses nothing.
    """
    cursor = sa.literal(event_id, sa.Uuid)
    return sa.tuple_(sa.func.event_xid(cursor), sa.func.event_number(cursor), cursor)


def record(
    session: Session, kind: str, subject_id: UUID, actor: Actor, *, parties: Iterable[UUID], **data: Any
) -> UUID:
    """Record that `kind` (`<table>.<transition>`) happened. Return the event's id.

    `parties` may read it, so `data` must hold nothing that one of them may not see. An agency that acts is one of
    them: what it does for a creator is its own business, and not that of another agency of the creator.
    """
    readers = set(parties)
    if actor.role == Role.AGENCY and actor.party_id is not None:
        readers.add(actor.party_id)
    event_id = db.write(
        session,
        Event,
        kind=kind,
        subject_id=subject_id,
        party_ids=sorted(readers),
        actor_role=str(actor.role),
        actor_party_id=actor.party_id,
        actor_person_id=actor.person_id,
        request_id=request_id(),
        data=data,
    )
    jobs.ring_after_commit(session, jobs.DEFAULT)
    return event_id


@dataclass(frozen=True)
class NewEvent:
    """One of many events of a kind: its subject, who may read it, and what it says."""

    subject_id: UUID
    parties: Sequence[UUID] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def record_many(session: Session, kind: str, actor: Actor, events: Sequence[NewEvent]) -> None:
    """Record that `kind` happened to many subjects at once, in one statement. The rules of `record` hold for each."""
    if not events:
        return
    common = {
        "kind": kind,
        "actor_role": str(actor.role),
        "actor_party_id": actor.party_id,
        "actor_person_id": actor.person_id,
        "request_id": request_id(),
        "relayed_at": None,
    }
    rows = [
        {"subject_id": event.subject_id, "party_ids": sorted(set(event.parties)), "data": dict(event.data), **common}
        for event in events
    ]
    db.write_many(session, Event, rows)
    jobs.ring_after_commit(session, jobs.DEFAULT)
