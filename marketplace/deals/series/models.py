"""A maker's schedule of episodes, in which several brands may have their places."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base

EPISODES_MAX, SLOTS_MAX = 400, 20


class SeriesStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # no further brand is signed


class EpisodeStatus(StrEnum):
    PLANNED = "planned"
    DROPPED = "dropped"


class Series(Base):
    """Episodes that a channel will publish. Each has every one of the `slots`, such as "presenting sponsor": a slot of
    an episode is one brand's. Days are days of the creator's time zone."""

    __tablename__ = "series"

    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    title: Mapped[str]
    slots: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    status: Mapped[SeriesStatus] = mapped_column(default=SeriesStatus.OPEN)
    version: Mapped[int] = mapped_column(default=1)


class SeriesEpisode(Base):
    """One episode; `number` counts from 1. It is published on the day `airs_on`, which every deal on it shares."""

    __tablename__ = "series_episodes"
    __table_args__ = (sa.UniqueConstraint("series_id", "number"),)

    series_id: Mapped[UUID] = mapped_column(sa.ForeignKey("series.id"))
    number: Mapped[int]
    title: Mapped[str]
    airs_on: Mapped[date]
    status: Mapped[EpisodeStatus] = mapped_column(default=EpisodeStatus.PLANNED)
    version: Mapped[int] = mapped_column(default=1)
