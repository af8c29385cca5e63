"""What a counter names that has to be looked up, from ids to what the terms say: further channels of the creator, and
places in a series."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel, ChannelStatus
from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.deals.models import Deal
from marketplace.deals.series import series_slots
from marketplace.identity.party_days import day_of

_NOT_THEIRS = Bilingual(
    "必须是这位创作者的另一个在用账号，每个写一次。",
    "Must be another channel of the same creator that is in use, each named once.",
)


@dataclass(frozen=True)
class NamedChanges:
    """The changes of a counter, with what terms say in the place of ids."""

    content: Mapping[str, Any]


def named(session: Session, deal: Deal, changes: Mapping[str, Any]) -> NamedChanges:
    """Return the changes of a counter with what their ids stand for. Raises InvalidInput with a pointer for each id
    that cannot be."""
    found = dict(changes)
    with db.acting_as(session, SYSTEM):
        lines = [dict(line) for line in changes.get("deliverables") or []]
        errors = [error for index, line in enumerate(lines) for error in _channels(session, deal, line, index)]
        if changes.get("series"):
            today = day_of(deal.timezone, now())
            of_series = series_slots.named(session, deal, changes["series"], today)
            found["series"], errors = of_series.content, [*errors, *of_series.errors]
    if errors:
        raise InvalidInput(errors=errors)
    if lines:
        found["deliverables"] = lines
    return NamedChanges(found)


def _channels(session: Session, deal: Deal, line: dict[str, Any], index: int) -> Iterator[FieldError]:
    """Put what the terms say of each channel in the place of its id."""
    asked: Sequence[UUID] | None = line.get("also_on")
    if asked is None:
        return
    theirs = (Channel.id.in_(asked), Channel.creator_id == deal.creator_id, Channel.status == ChannelStatus.ACTIVE)
    rows = {row.id: row for row in session.scalars(sa.select(Channel).where(*theirs))}
    for place, channel_id in enumerate(asked):
        if channel_id not in rows or channel_id == deal.channel_id or channel_id in asked[:place]:
            yield FieldError(f"/changes/deliverables/{index}/also_on/{place}", _NOT_THEIRS)
    line["also_on"] = [channel_named(rows[channel_id]) for channel_id in asked if channel_id in rows]


def channel_named(channel: Channel) -> dict[str, str]:
    """Return what terms say of a channel."""
    return {
        "channel_id": ids.show("chn", channel.id),
        "platform": channel.platform,
        "name": channel.name,
        "handle": channel.handle,
    }
