"""The arithmetic of the chains of events: what is hashed of an event, and how each hash holds all before it.

It needs neither a database nor the market, so that whoever has read a chain can check it by themselves.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from marketplace.core.message import Bilingual

# The chain of all events of a market; every other chain has the id of its party or brief.
MARKET = UUID(int=0)
START = bytes(32)


class RecordedEvent(Protocol):
    """What of an event is hashed. `party_ids` and `actor_person_id` stand in the market's chain alone."""

    @property
    def id(self) -> UUID: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject_id(self) -> UUID: ...
    @property
    def party_ids(self) -> list[UUID]: ...
    @property
    def actor_role(self) -> str: ...
    @property
    def actor_party_id(self) -> UUID | None: ...
    @property
    def actor_person_id(self) -> UUID | None: ...
    @property
    def request_id(self) -> str | None: ...
    @property
    def data(self) -> dict[str, Any]: ...


def record_of(event: RecordedEvent) -> str:
    """Return what readers of an event may know of it, as the JSON text whose hash is its leaf."""
    return _canonical(_shown(event))


def whole_record_of(event: RecordedEvent) -> str:
    """Return the same with who acted and who may read it."""
    hidden = {"party_ids": sorted(map(str, event.party_ids)), "actor_person_id": _id(event.actor_person_id)}
    return _canonical(_shown(event) | hidden)


def chains_of(event: RecordedEvent) -> list[UUID]:
    """Return the chains that an event belongs to: the market's, those of its parties, that of its brief."""
    found = [MARKET, *sorted(set(event.party_ids))]
    brief = event.subject_id if event.kind.startswith("briefs.") else event.data.get("brief_id")
    if brief is not None:
        found.append(UUID(str(brief)))
    return found


def _shown(event: RecordedEvent) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "created_at": event.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": event.kind,
        "subject_id": str(event.subject_id),
        "actor_role": event.actor_role,
        "actor_party_id": _id(event.actor_party_id),
        "request_id": event.request_id,
        "data": event.data,
    }


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def leaf_of(record: str, salt: bytes = b"") -> bytes:
    """Return the SHA-256 of a record. A salt keeps what is hidden from whoever tries every guess."""
    return hashlib.sha256(salt + record.encode()).digest()


def head_after(head: bytes, leaf: bytes) -> bytes:
    """Return the head of a chain to which one more leaf was added: SHA-256 of the head before and the leaf."""
    return hashlib.sha256(head + leaf).digest()


@dataclass(frozen=True)
class ShownLink:
    """One link of a chain; `record` is that of its event as it is now, None if there is none or it is not shown."""

    position: int
    event_id: str
    leaf: bytes
    head: bytes
    record: str | None
    salt: bytes = b""


def faults(links: Iterable[ShownLink], *, every_record: bool) -> Iterator[Bilingual]:
    """Yield a sentence for each link, in order of position from 1, that does not follow from those before it.

    With `every_record` a link without its event's record is a fault too.
    """
    head, expected = START, 1
    for link in links:
        if link.position != expected:
            yield Bilingual(
                f"第 {expected} 环缺失，其后是第 {link.position} 环",
                f"link {expected} is missing; the next is {link.position}",
            )
        elif head_after(head, link.leaf) != link.head:
            yield Bilingual(
                f"第 {link.position} 环（{link.event_id}）：链的哈希与之前的不符",
                f"link {link.position} ({link.event_id}): its head does not follow from the one before",
            )
        head, expected = link.head, link.position + 1
        if link.record is None:
            if every_record:
                yield Bilingual(
                    f"第 {link.position} 环（{link.event_id}）：事件已不存在",
                    f"link {link.position} ({link.event_id}): its event is gone",
                )
        elif leaf_of(link.record, link.salt) != link.leaf:
            yield Bilingual(
                f"第 {link.position} 环（{link.event_id}）：事件与记录时不同",
                f"link {link.position} ({link.event_id}): the event is not as it was recorded",
            )
