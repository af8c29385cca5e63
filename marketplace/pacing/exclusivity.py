"""Windows of exclusivity: a channel's side records and removes them, and they keep other brands' briefs out."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels import standing_bids
from marketplace.channels.models import Channel
from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotAllowed
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.identity.models import Party, PartyKind
from marketplace.pacing.models import BRAND, CATEGORY, ONE_HOLDER, ExclusivityWindow

DAYS_MAX = 1_100
_WINDOWS = sa.text(
    "SELECT w.channel_id, lower(w.during) AS starts_on, upper(w.during) AS after_day, w.holder, w.holder_id"
    " FROM exclusivity_windows w WHERE w.channel_id = ANY(:channels) AND w.competitor_key = ANY(:keys)"
    " AND (CAST(:until AS timestamptz) IS NULL OR w.created_at < :until)"
)


@dataclass(frozen=True)
class ShownWindow:
    """A window as the actor may see it. `holder`, `holder_id` and `note` are None where another agency recorded it."""

    id: UUID
    channel_id: UUID
    category: str | None
    brand: str | None
    holder: str | None
    holder_id: UUID | None
    starts_on: date
    ends_on: date
    note: str | None
    created_at: datetime


@dataclass(frozen=True)
class WantedPlacement:
    """What a brief would place: the brand's party, the brand's names, and the category."""

    brand_id: UUID
    names: Sequence[str]
    category: str

    @property
    def keys(self) -> list[str]:
        return [CATEGORY + self.category, *sorted({brand_key(name) for name in self.names})]


def fold(name: str) -> str:
    """Return a brand's name in the form in which names are compared: width, case and spaces make no difference."""
    folded = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    # Removing a space may bring letters together that compose into another one, so folding repeats until it is stable.
    return folded if folded == name else fold(folded)


def brand_key(name: str) -> str:
    """Return the competitor key of a brand's name."""
    return BRAND + fold(name)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return which windows an actor may see: a channel's side its own, admins all. Whom a channel works for is nobody
    else's business."""
    if actor.sees_all:
        return sa.true()
    mine = ExclusivityWindow.creator_id.in_(sorted(actor.parties))
    return mine if actor.role in channels_policy.OWNERS else sa.false()


def _is_rivals(actor: Actor, window: ExclusivityWindow) -> bool:
    return actor.role == Role.AGENCY and window.agency_id not in (None, actor.party_id)


def _shown(actor: Actor, window: ExclusivityWindow) -> ShownWindow:
    hidden = _is_rivals(actor, window)
    return ShownWindow(
        id=window.id,
        channel_id=window.channel_id,
        category=window.category,
        brand=window.brand,
        holder=None if hidden else window.holder,
        holder_id=None if hidden else window.holder_id,
        starts_on=window.starts_on,
        ends_on=window.ends_on,
        note=None if hidden else window.note,
        created_at=window.created_at,
    )


def record(
    session: Session,
    actor: Actor,
    channel_id: UUID,
    *,
    category: str | None,
    brand: str | None,
    starts_on: date,
    ends_on: date,
    holder_id: UUID | None,
    holder: str,
    note: str | None,
) -> ShownWindow:
    """Keep a channel free of a category or a brand for somebody, both days included.

    Raises NotFound (a channel that is not theirs), InvalidInput, Conflict naming the window that is already there, or
    for an agency that another one has a bid standing.
    """
    # An agency waits for whoever is bidding with the channel, and sees what was bid.
    hold = db.lock if actor.role == Role.AGENCY else db.get
    channel = hold(session, Channel, channel_id, channels_policy.own(actor))
    errors = [*_key_errors(category, brand), *_day_errors(starts_on, ends_on)]
    if holder_id is not None and not _is_brand(session, holder_id):
        errors.append(
            FieldError(
                "/holder_id",
                Bilingual(
                    "这里没有这个品牌方。请不要写它，把名称写在 `holder` 里。",
                    "There is no such brand here. Leave it out and write its name in `holder`.",
                ),
            )
        )
    if errors:
        raise InvalidInput(
            Bilingual("这个排他期需要改正；什么都没有改动。", "The window has to be mended; nothing was changed."),
            errors=errors,
        )
    standing_bids.refuse_for_agency(session, actor, channel_id, (starts_on, ends_on))
    window = ExclusivityWindow(
        channel_id=channel.id,
        creator_id=channel.creator_id,
        competitor_key=brand_key(brand) if brand is not None else f"{CATEGORY}{category}",
        during=Range(starts_on, ends_on + timedelta(days=1), bounds="[)"),
        holder_id=holder_id,
        holder=holder,
        note=note,
        agency_id=actor.party_id if actor.role == Role.AGENCY else None,
    )
    try:
        with session.begin_nested():
            session.add(window)
    except sa.exc.IntegrityError as error:
        raise _conflict(session, actor, window) from error
    events.record(session, "exclusivity_windows.new", window.id, actor, parties=[window.creator_id])
    return _shown(actor, window)


def _key_errors(category: str | None, brand: str | None) -> Iterable[FieldError]:
    if (category is None) == (brand is None):
        yield FieldError(
            "/category",
            Bilingual(
                "请写 `category` 或 `brand` 之一：这个账号要避开什么。",
                "Give either `category` or `brand`: what the channel is kept free of.",
            ),
        )
    elif brand is not None and not fold(brand):
        yield FieldError("/brand", Bilingual("里面没有文字。", "Has no letters."))


def _day_errors(starts_on: date, ends_on: date) -> Iterable[FieldError]:
    if ends_on < starts_on:
        yield FieldError("/ends_on", Bilingual("不能早于 `starts_on`。", "Must not be earlier than `starts_on`."))
    elif (ends_on - starts_on).days >= DAYS_MAX:
        yield FieldError(
            "/ends_on",
            Bilingual(
                f"必须在 `starts_on` 之后 {DAYS_MAX} 天以内。", f"Must be within {DAYS_MAX} days of `starts_on`."
            ),
        )


def _is_brand(session: Session, party_id: UUID) -> bool:
    return session.scalar(sa.select(Party.kind).where(Party.id == party_id)) == PartyKind.BRAND


def _conflict(session: Session, actor: Actor, window: ExclusivityWindow) -> Conflict:
    """Return the refusal with the first window that shares a day with a new one."""
    query = (
        sa.select(ExclusivityWindow)
        .where(
            ExclusivityWindow.channel_id == window.channel_id,
            ExclusivityWindow.competitor_key == window.competitor_key,
            ExclusivityWindow.during.overlaps(window.during),
        )
        .order_by(ExclusivityWindow.during)
        .limit(1)
    )
    # As the system, here and below: another agency's window is hidden from this one, which may know its days.
    with db.acting_as(session, SYSTEM):
        holding = session.scalars(query).first()
    if holding is None:
        # It was removed between the refusal by the database and this query.
        return Conflict(
            Bilingual(
                "刚才有另一个排他期挡住了，请重新发送。", "Another window was in the way just now. Send it again."
            ),
            rule=ONE_HOLDER,
        )
    holding_id = ids.show("exw", holding.id)
    to_zh, to_en = ("有约", "") if _is_rivals(actor, holding) else (f"承诺给 {holding.holder}", f" to {holding.holder}")
    return Conflict(
        Bilingual(
            f"{holding.competitor_key} 从 {holding.starts_on} 到 {holding.ends_on} 已{to_zh}（排他期 {holding_id}）。"
            "请换些日期，或先收回那个排他期。",
            f"{holding.competitor_key} is promised{to_en} from {holding.starts_on} to {holding.ends_on} by"
            f" the window {holding_id}. Choose other days, or take that window back first.",
        ),
        rule=ONE_HOLDER,
        clashes_with=holding_id,
    )


def listed(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None
) -> paging.Page[ShownWindow]:
    """Return a channel's windows, the newest first. Raises NotFound for a channel that is not theirs."""
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    query = sa.select(ExclusivityWindow).where(ExclusivityWindow.channel_id == channel.id, visible(actor))
    with db.acting_as(session, SYSTEM):
        page = paging.page(session, query, ExclusivityWindow, limit, starting_after)
    return paging.Page([_shown(actor, window) for window in page.data], page.has_more)


def remove(session: Session, actor: Actor, channel_id: UUID, window_id: UUID) -> None:
    """Remove a window. Raises NotFound, and NotAllowed for what another agency of the creator promised."""
    of_channel = ExclusivityWindow.channel_id == channel_id
    with db.acting_as(session, SYSTEM):
        window = db.get(session, ExclusivityWindow, window_id, of_channel, visible(actor))
    if _is_rivals(actor, window):
        raise NotAllowed(
            Bilingual(
                "这个排他期由创作者收回，或由记录它的人收回。",
                "The creator takes this window back, or whoever recorded it.",
            )
        )
    # Of several who remove it at once, one does.
    removed = sa.delete(ExclusivityWindow).where(ExclusivityWindow.id == window_id).returning(ExclusivityWindow.id)
    if session.scalar(removed) is None:
        raise db.missing(ExclusivityWindow, window_id)
    agency = [window.agency_id] if window.agency_id else []
    events.record(session, "exclusivity_windows.remove", window_id, actor, parties=[window.creator_id, *agency])


def promised_elsewhere(
    session: Session, wanted: WantedPlacement, days: Mapping[UUID, tuple[date, date]], until: datetime | None = None
) -> set[UUID]:
    """Return the channels that are promised to another brand for the wanted category or brand.

    ``days``: for each channel the first and the last day that it would publish on. ``until``: only what was promised
    before. The session must be allowed to see all windows.
    """
    wanted_names = {fold(name) for name in wanted.names}
    promised = set()
    for row in session.execute(_WINDOWS, {"channels": sorted(days), "keys": wanted.keys, "until": until}):
        first, last = days[row.channel_id]
        # A holder without an account here is known by its name only.
        held_by_brand = fold(row.holder) in wanted_names if row.holder_id is None else row.holder_id == wanted.brand_id
        if not held_by_brand and row.starts_on <= last and first < row.after_day:
            promised.add(row.channel_id)
    return promised
