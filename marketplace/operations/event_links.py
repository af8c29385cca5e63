"""The chains of events as they are kept: every event is linked once, in the relay, into the chains it belongs to.

Rows are never changed nor removed, and the newest hash of the market is public: whoever has kept one notices if what
came before it was changed, removed or moved.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.db import Base
from marketplace.core.errors import FieldError, InvalidInput, NotFound
from marketplace.core.events import STREAM_ORDER, Event
from marketplace.core.http.paging import Page
from marketplace.core.ids import show
from marketplace.core.message import Bilingual
from marketplace.operations import policy
from marketplace.operations.event_chain import (
    MARKET,
    START,
    ShownLink,
    chains_of,
    faults,
    head_after,
    leaf_of,
    record_of,
    whole_record_of,
)

_ONE_OF_TWO = Bilingual("主体与需求只能指定其一。", "Name a party or a brief, not both.")
_NO_PARTY = Bilingual("您不代表任何主体：请指定主体或需求。", "You act for no party: name a party or a brief.")
_LOCK = "event_links"
_SALT_BYTES = 16
LINKED_AT_ONCE = 2000
FAULTS_MAX = 100
# An event that no relay has linked after this long was not recorded by the market, or its relay stands still.
LATE = timedelta(hours=2)


class EventLink(Base):
    """The place of an event in one chain. `created_at` is when it was linked."""

    __tablename__ = "event_links"
    __table_args__ = (sa.UniqueConstraint("chain", "position"), sa.Index(None, "event_id", "chain"))

    # The id of a party or a brief, or MARKET. No foreign keys: a link outlives what it is about.
    chain: Mapped[UUID]
    position: Mapped[int]
    event_id: Mapped[UUID]
    leaf: Mapped[bytes]
    head: Mapped[bytes]
    # In the market's chain alone.
    salt: Mapped[bytes | None] = mapped_column(default=None)


@dataclass(frozen=True)
class ReadLink:
    """A link as it is read: `record` is the text whose SHA-256 is `leaf`; None if the event is gone or not shown."""

    id: UUID
    position: int
    event_id: UUID
    leaf: str
    head: str
    record: str | None
    linked_at: datetime


_HEADS = sa.text(
    "SELECT asked.chain, newest.position, newest.head FROM unnest(CAST(:chains AS uuid[])) AS asked (chain),"
    " LATERAL (SELECT position, head FROM event_links WHERE chain = asked.chain ORDER BY position DESC LIMIT 1) newest"
)
_UNLINKED = ~sa.exists().where(EventLink.event_id == Event.id, EventLink.chain == MARKET)


@dataclass(frozen=True)
class ChainHead:
    """The hash after the link at `position`, which holds every link before it."""

    position: int
    head: str
    linked_at: datetime | None


def link(session: Session, events: Sequence[Event]) -> int:
    """Link events that are in no chain yet, in the order of the stream; return how many there were.

    As the system. Until the transaction ends nobody else links, so do it last.
    """
    if not events:
        return 0
    db.lock_name(session, _LOCK)
    known = set(
        session.scalars(
            sa.select(EventLink.event_id).where(
                EventLink.chain == MARKET, EventLink.event_id.in_([event.id for event in events])
            )
        )
    )
    fresh = sorted(
        (event for event in events if event.id not in known), key=lambda event: (event.xid, event.number, event.id)
    )
    chains = sorted({chain for event in fresh for chain in chains_of(event)})
    heads = {row.chain: (row.position, row.head) for row in db.run(session, _HEADS, {"chains": chains})}
    if fresh:
        db.write_many(session, EventLink, list(_rows(fresh, heads)))
    return len(fresh)


def _rows(events: Iterable[Event], heads: dict[UUID, tuple[int, bytes]]) -> Iterator[dict[str, Any]]:
    for event in events:
        leaf = leaf_of(record_of(event))
        for chain in chains_of(event):
            salt = secrets.token_bytes(_SALT_BYTES) if chain == MARKET else None
            own = leaf if salt is None else leaf_of(whole_record_of(event), salt)
            position, head = heads.get(chain, (0, START))
            heads[chain] = position + 1, head_after(head, own)
            yield {
                "chain": chain,
                "position": position + 1,
                "event_id": event.id,
                "leaf": own,
                "head": heads[chain][1],
                "salt": salt,
            }


def link_left(session: Session) -> int:
    """Link at most LINKED_AT_ONCE events that no relay did, such as those from before there were chains; oldest first.

    Return how many there were.
    """
    query = sa.select(Event).where(Event.relayed_at.is_not(None), _UNLINKED)
    return link(session, session.scalars(query.order_by(*STREAM_ORDER).limit(LINKED_AT_ONCE)).all())


def head_of_market(session: Session, position: int | None) -> ChainHead:
    """Return the newest hash of the market's chain, or that at a position; of an empty chain that before all links.

    Raises NotFound.
    """
    query = sa.select(EventLink.position, EventLink.head, EventLink.created_at).where(EventLink.chain == MARKET)
    query = (
        query.order_by(EventLink.position.desc()) if position is None else query.where(EventLink.position == position)
    )
    with db.acting_as(session, SYSTEM):
        row = session.execute(query.limit(1)).first()
    if row is not None:
        return ChainHead(row.position, row.head.hex(), row.created_at)
    if position is None:
        return ChainHead(0, START.hex(), None)
    raise NotFound(Bilingual(f"链中还没有第 {position} 环。", f"No event has the position {position} yet."))


def listed_links(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    party_id: UUID | None,
    brief_id: UUID | None,
) -> Page[ReadLink]:
    """Return the links of a chain from its beginning: of the actor's own party, or of a party or brief that is named.

    A party's chain is read by that party alone: its length and its times would tell an admin who bids while bids are
    sealed. The chain of a brief is open to all once its bids are sealed no more; records are shown of the events that
    the actor may read. Raises NotFound.
    """
    if party_id is not None and brief_id is not None:
        raise InvalidInput(errors=[FieldError("brief_id", _ONE_OF_TWO)])
    chain = brief_id or party_id or actor.party_id
    if chain is None:
        raise InvalidInput(errors=[FieldError("party_id", _NO_PARTY)])
    if brief_id is not None and not policy.is_unsealed(session, brief_id):
        shown = show("brf", brief_id)
        raise NotFound(
            Bilingual(
                f"没有已截止的需求 {shown}；需求的事件链自截止起公开。",
                f"There is no closed brief {shown}; a brief's chain is open from its close on.",
            )
        )
    if brief_id is None and chain != actor.party_id:
        shown = show("pty", chain)
        raise NotFound(
            Bilingual(
                f"没有您可读取其事件链的主体 {shown}；每个主体只能读自己的事件链，"
                "服务器的运营者可用 inlay verify events --database 核验全部。",
                f"There is no party {shown} whose chain you may read: each reads its own alone, and whoever runs the"
                " servers checks them all with `inlay verify events --database`.",
            )
        )
    query = sa.select(EventLink).where(EventLink.chain == chain).order_by(EventLink.position).limit(limit + 1)
    if starting_after is not None:
        place = sa.select(EventLink.position).where(EventLink.id == starting_after, EventLink.chain == chain)
        query = query.where(EventLink.position > sa.func.coalesce(place.scalar_subquery(), 0))
    with db.acting_as(session, SYSTEM):
        rows = session.scalars(query).all()
    page = rows[:limit]
    of_page = sa.select(Event).where(Event.id.in_([row.event_id for row in page]), policy.visible(actor))
    events = {event.id: event for event in session.scalars(of_page)}
    sealed = policy.sealed(session, actor, events.values())
    records = {id_: record_of(event) for id_, event in events.items() if id_ not in sealed}
    return Page([_read(row, records.get(row.event_id)) for row in page], len(rows) > limit)


def _read(row: EventLink, record: str | None) -> ReadLink:
    return ReadLink(row.id, row.position, row.event_id, row.leaf.hex(), row.head.hex(), record, row.created_at)


@dataclass(frozen=True)
class ChainCheck:
    """What was checked: how many events and links there are, and what does not hold."""

    events: int
    links: int
    faults: Sequence[Bilingual]


def check(session: Session) -> ChainCheck:
    """Work every chain out again from the events as they are, in a session that may read everything."""
    found: list[Bilingual] = []
    links = 0
    query = sa.select(EventLink, Event).join(Event, Event.id == EventLink.event_id, isouter=True)
    rows = session.execute(
        query.order_by(EventLink.chain, EventLink.position), execution_options={"yield_per": LINKED_AT_ONCE}
    )
    for chain, of_chain in groupby(rows, lambda row: row[0].chain):
        shown = [_as_it_is(link_row, event) for link_row, event in of_chain]
        links += len(shown)
        zh, en = ("全市场", "the market") if chain == MARKET else (str(chain), str(chain))
        found += [Bilingual(f"{zh}：{fault.zh}", f"{en}: {fault.en}") for fault in faults(shown, every_record=True)]
    late = session.scalars(sa.select(Event.id).where(_UNLINKED, Event.created_at < now() - LATE).limit(FAULTS_MAX))
    for event_id in late:
        name = show("evt", event_id)
        found.append(
            Bilingual(
                f"{name}：不在任何链中，不是由市场记录的", f"{name}: in no chain, so the market did not record it"
            )
        )
    return ChainCheck(session.scalar(sa.select(sa.func.count()).select_from(Event)) or 0, links, found)


def _as_it_is(row: EventLink, event: Event | None) -> ShownLink:
    record = None if event is None else whole_record_of(event) if row.chain == MARKET else record_of(event)
    return ShownLink(row.position, show("evt", row.event_id), row.leaf, row.head, record, row.salt or b"")
