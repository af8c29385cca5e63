"""What a signed deal promises of a channel: days of exclusivity, and the days of its videos. Written by the system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from marketplace.core import events
from marketplace.core.actor import Actor
from marketplace.pacing.models import CATEGORY, ExclusivityWindow, PacingBooking

# Of the days asked for, those that are not promised to the same brand already.
_NOT_YET = sa.text(
    "SELECT unnest(datemultirange(daterange(:first, :last, '[]')) - coalesce((SELECT range_agg(w.during)"
    " FROM exclusivity_windows w WHERE w.channel_id = :channel AND w.competitor_key = :key AND w.holder_id = :holder),"
    " '{}'::datemultirange)) AS during"
)


@dataclass(frozen=True)
class PromisingDeal:
    """Whose promise it is: a deal of a bid, its channel's side, and the brand that it is made to."""

    deal_id: UUID
    bid_id: UUID
    channel_id: UUID
    creator_id: UUID
    agency_id: UUID | None
    brand_id: UUID
    brand_name: str

    @property
    def channel_side(self) -> list[UUID]:
        return [self.creator_id, *([self.agency_id] if self.agency_id else [])]


@dataclass(frozen=True)
class BookedVideo:
    """A video that a deal owes, by its position there, between two days, with its plan."""

    position: int
    first: date
    last: date
    plan: Mapping[str, Any]
    episode_id: UUID | None = None


def promise_category(
    session: Session, actor: Actor, deal: PromisingDeal, category: str, first: date, last: date
) -> bool:
    """Keep a channel free of a category for a deal's brand, both days included, and return whether it could be: False
    where one of the days is promised to another brand. What is promised to the same brand already stays as it is."""
    key = f"{CATEGORY}{category}"
    asked = {"first": first, "last": last, "channel": deal.channel_id, "key": key, "holder": deal.brand_id}
    missing: Sequence[Range[date]] = session.scalars(_NOT_YET, asked).all()
    made = [
        ExclusivityWindow(
            channel_id=deal.channel_id,
            creator_id=deal.creator_id,
            competitor_key=key,
            during=during,
            holder=deal.brand_name,
            holder_id=deal.brand_id,
            agency_id=deal.agency_id,
            deal_id=deal.deal_id,
        )
        for during in missing
    ]
    try:
        with session.begin_nested():
            session.add_all(made)
    except sa.exc.IntegrityError:
        return False
    for window in made:
        events.record(session, "exclusivity_windows.new", window.id, actor, parties=deal.channel_side)
    return True


def book(session: Session, deal: PromisingDeal, videos: Sequence[BookedVideo]) -> None:
    """Book the days of a deal's videos. From now on they count in the place of what its bid had promised."""
    session.add_all(
        PacingBooking(
            channel_id=deal.channel_id,
            creator_id=deal.creator_id,
            agency_id=deal.agency_id,
            bid_id=deal.bid_id,
            deal_id=deal.deal_id,
            position=video.position,
            first_on=video.first,
            last_on=video.last,
            plan=dict(video.plan),
            episode_id=video.episode_id,
        )
        for video in videos
    )
    session.flush()


def take_out(session: Session, videos: Sequence[tuple[UUID, int]]) -> list[PacingBooking]:
    """Take the bookings of these videos out, each named by its deal and position, and return them for `put_back`."""
    key = sa.tuple_(PacingBooking.deal_id, PacingBooking.position)
    rows = list(session.scalars(sa.select(PacingBooking).where(key.in_(videos)).order_by(PacingBooking.id)))
    for row in rows:
        session.delete(row)
    session.flush()
    for row in rows:
        sa.orm.make_transient(row)
    return rows


def put_back(session: Session, rows: Sequence[PacingBooking], day: date) -> None:
    """Book videos that were taken out again, on another day."""
    for row in rows:
        row.first_on = row.last_on = day
    session.add_all(rows)
    session.flush()


def free_video(session: Session, deal_id: UUID, position: int) -> None:
    """Free the days of one video of a deal: it is published, or not owed any more. Does nothing a second time."""
    booked = (PacingBooking.deal_id == deal_id, PacingBooking.position == position)
    session.execute(sa.delete(PacingBooking).where(*booked))


def postpone(session: Session, deal_id: UUID, by: timedelta) -> None:
    """Let the booked days of a deal's videos end so much later, in whole days; they begin as before."""
    booked = sa.update(PacingBooking).where(PacingBooking.deal_id == deal_id)
    session.execute(booked.values(last_on=PacingBooking.last_on + by.days))


def end_on(session: Session, actor: Actor, deal: PromisingDeal, until: date | None) -> None:
    """Let what a deal promised end on a day, and at once without one; its booked days are free. Windows are never
    changed: a longer one is removed, and a shorter one written."""
    if until is None:
        free(session, actor, deal)
        return
    session.execute(sa.delete(PacingBooking).where(PacingBooking.deal_id == deal.deal_id))
    longer = sa.select(ExclusivityWindow).where(
        ExclusivityWindow.deal_id == deal.deal_id, sa.func.upper(ExclusivityWindow.during) > until + timedelta(days=1)
    )
    for window in session.scalars(longer).all():
        category, starts_on = window.category, window.starts_on
        session.delete(window)
        session.flush()
        events.record(session, "exclusivity_windows.remove", window.id, actor, parties=deal.channel_side)
        if category is not None and starts_on <= until:
            promise_category(session, actor, deal, category, starts_on, until)


def free(session: Session, actor: Actor, deal: PromisingDeal) -> None:
    """Take back all that a deal promised of its channel. Does nothing a second time."""
    session.execute(sa.delete(PacingBooking).where(PacingBooking.deal_id == deal.deal_id))
    of_deal = sa.delete(ExclusivityWindow).where(ExclusivityWindow.deal_id == deal.deal_id)
    for window_id in session.scalars(of_deal.returning(ExclusivityWindow.id)).all():
        events.record(session, "exclusivity_windows.remove", window_id, actor, parties=deal.channel_side)
