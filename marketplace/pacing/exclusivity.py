"""Windows of exclusivity: told by a channel's side, taken back by it, and held against briefs."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db, events, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict, FieldError, InvalidInput
from marketplace.core.http import paging
from marketplace.identity.models import Party, PartyKind
from marketplace.pacing.models import BRAND, CATEGORY, ONE_HOLDER, ExclusivityWindow

DAYS_MAX = 1_100
_AGAINST = sa.text(
    "SELECT w.channel_id, lower(w.during) AS first_day, upper(w.during) AS after_day, w.holder, w.holder_id"
    " FROM exclusivity_windows w WHERE w.channel_id = ANY(:channels) AND w.competitor_key = ANY(:keys)"
)


@dataclass(frozen=True)
class WantedPlacement:
    """What a brief would place: whose brand it is, the brand's names, and the category."""

    brand_id: UUID
    names: Sequence[str]
    category: str

    @property
    def keys(self) -> list[str]:
        return [CATEGORY + self.category, *sorted({brand_key(name) for name in self.names})]


def fold(name: str) -> str:
    """Return a brand's name as it is compared: width, case and spaces do not tell brands apart."""
    folded = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    # Letters that a space held apart may join, so that a second pass finds more to do.
    return folded if folded == name else fold(folded)


def brand_key(name: str) -> str:
    """Return the competitor key of a brand's name."""
    return BRAND + fold(name)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """A window is for the side of its channel and the admins: whom a channel works for is nobody else's to read."""
    if actor.sees_all:
        return sa.true()
    mine = ExclusivityWindow.creator_id.in_(sorted(actor.parties))
    return mine if actor.role in channels_policy.OWNERS else sa.false()


def record(
    session: Session,
    actor: Actor,
    channel_id: UUID,
    *,
    category: str | None,
    brand: str | None,
    first_day: date,
    last_day: date,
    holder_id: UUID | None,
    **told: Any,
) -> ExclusivityWindow:
    """Keep a channel free of a category or a brand for somebody, both days included.

    Raises NotFound (a channel that is not theirs), InvalidInput, Conflict naming the window that is there already.
    """
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    faults = [*_key_faults(category, brand), *_day_faults(first_day, last_day)]
    if holder_id is not None and not _is_brand(session, holder_id):
        faults.append(
            FieldError("/holder_id", "There is no such brand here. Leave it out and write its name in `holder`.")
        )
    if faults:
        raise InvalidInput("The window has to be mended; nothing was changed.", errors=faults)
    row = ExclusivityWindow(
        channel_id=channel.id,
        creator_id=channel.creator_id,
        competitor_key=brand_key(brand) if brand is not None else f"{CATEGORY}{category}",
        during=Range(first_day, last_day + timedelta(days=1), bounds="[)"),
        holder_id=holder_id,
        **told,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except sa.exc.IntegrityError as error:
        raise _conflict(session, row) from error
    events.record(session, "exclusivity_windows.new", row.id, actor, parties=[row.creator_id])
    return row


def _key_faults(category: str | None, brand: str | None) -> Iterable[FieldError]:
    if (category is None) == (brand is None):
        yield FieldError("/category", "Give either `category` or `brand`: what the channel is kept free of.")
    elif brand is not None and not fold(brand):
        yield FieldError("/brand", "Has no letters.")


def _day_faults(first_day: date, last_day: date) -> Iterable[FieldError]:
    if last_day < first_day:
        yield FieldError("/last_day", "Must not be earlier than `first_day`.")
    elif (last_day - first_day).days >= DAYS_MAX:
        yield FieldError("/last_day", f"Must be within {DAYS_MAX} days of `first_day`.")


def _is_brand(session: Session, party_id: UUID) -> bool:
    found = session.scalar(sa.select(Party.kind).where(Party.id == party_id))
    return found == PartyKind.BRAND


def _conflict(session: Session, row: ExclusivityWindow) -> Conflict:
    """Return the refusal with the first window that shares a day with the row."""
    there = session.scalars(
        sa.select(ExclusivityWindow)
        .where(
            ExclusivityWindow.channel_id == row.channel_id,
            ExclusivityWindow.competitor_key == row.competitor_key,
            ExclusivityWindow.during.overlaps(row.during),
        )
        .order_by(ExclusivityWindow.during)
        .limit(1)
    ).first()
    if there is None:
        # Whoever held it took it back in this very moment.
        return Conflict("Another window was in the way just now. Send it again.", rule=ONE_HOLDER)
    name = ids.show("exw", there.id)
    return Conflict(
        f"{there.competitor_key} is promised to {there.holder} from {there.first_day} to {there.last_day} by the window"
        f" {name}. Choose other days, or take that window back first.",
        rule=ONE_HOLDER,
        clashes_with=name,
    )


def listed(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None
) -> paging.Page[ExclusivityWindow]:
    """Return a channel's windows, the last told first. Raises NotFound for a channel that is not theirs."""
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    query = sa.select(ExclusivityWindow).where(ExclusivityWindow.channel_id == channel.id, visible(actor))
    return paging.page(session, query, ExclusivityWindow, limit, starting_after)


def remove(session: Session, actor: Actor, channel_id: UUID, window_id: UUID) -> None:
    """Take a window back. Raises NotFound."""
    creator_id = session.scalar(
        sa.delete(ExclusivityWindow)
        .where(ExclusivityWindow.id == window_id, ExclusivityWindow.channel_id == channel_id, visible(actor))
        .returning(ExclusivityWindow.creator_id)
    )
    if creator_id is None:
        raise db.missing(ExclusivityWindow, window_id)
    events.record(session, "exclusivity_windows.remove", window_id, actor, parties=[creator_id])


def against(session: Session, wanted: WantedPlacement, channels: Mapping[UUID, tuple[date, date]]) -> set[UUID]:
    """Return which channels are promised to another brand, over the wanted category or brand, on any of the days (from
    the first to the last) given with each. Who asks must be one who sees all windows."""
    own = {fold(name) for name in wanted.names}
    found = set()
    for row in session.execute(_AGAINST, {"channels": sorted(channels), "keys": wanted.keys}):
        first, last = channels[row.channel_id]
        # A holder that takes no part here is known by its name alone.
        theirs = fold(row.holder) in own if row.holder_id is None else row.holder_id == wanted.brand_id
        if not theirs and row.first_day <= last and first < row.after_day:
            found.add(row.channel_id)
    return found
