"""Whom a video reaches that is published on several channels: people of each, and of all counted once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.deliverables import owed_work, publishing
from marketplace.deliverables.models import Publication
from marketplace.deliverables.owed_work import OwedWork
from marketplace.matching.overlap import channel_people
from marketplace.matching.overlap.channel_people import ChannelPeople, CountedPeople


@dataclass(frozen=True)
class ReachedOn:
    """One of the channels that the terms name, with its people, and its publication where there is one."""

    channel: ChannelPeople
    platform: str
    publication: Publication | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel, name)


@dataclass(frozen=True)
class VideoReach:
    owed: OwedWork
    counted: CountedPeople
    published: Mapping[UUID, Publication]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.counted, name)

    @property
    def deliverable_id(self) -> UUID:
        return self.owed.row.id

    @property
    def channels(self) -> list[ReachedOn]:
        platforms = self.owed.platforms
        return [
            ReachedOn(one, platforms[one.channel_id], self.published.get(one.channel_id))
            for one in self.counted.channels
        ]

    @property
    def price_per_thousand_minor(self) -> int | None:
        """What the video costs for each thousand people who are counted once."""
        people = self.counted.people
        return round(self.owed.row.price_minor * 1000 / people) if people else None


def of_deliverable(session: Session, actor: Actor, deliverable_id: UUID) -> VideoReach:
    """Return whom a deliverable's video reaches on the channels that its terms name. Raises NotFound."""
    owed = owed_work.find(session, actor, deliverable_id)
    published = {row.channel_id: row for row in publishing.of(session, deliverable_id)}
    # As the system: what pairs of audiences share is known of more channels than either side sees.
    with db.acting_as(session, SYSTEM):
        counted = channel_people.count(session, list(owed.platforms))
    return VideoReach(owed, counted, published)
