"""Read series: their episodes, and whose their places are, as far as the reader may know.

A brand sees of another brand's place that it is taken, and of which category: that is what exclusivity and its own
wording turn on. Who the other is and what it pays stays between that brand and the maker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.deals.models import Deal
from marketplace.deals.series import policy, series_slots
from marketplace.deals.series.models import Series, SeriesEpisode
from marketplace.deals.series.series_slots import TakenPlace


@dataclass(frozen=True)
class ShownPlace:
    """A slot of an episode. `deal_id` and `deliverable_id` are None where the reader is no side of that deal."""

    slot: str
    is_taken: bool
    category: str | None
    deal_id: UUID | None
    deliverable_id: UUID | None
    is_yours: bool


@dataclass(frozen=True)
class ShownEpisode:
    row: SeriesEpisode
    places: Sequence[ShownPlace]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@dataclass(frozen=True)
class ShownSeries:
    """A series with its episodes; `closed_categories` are those that some brand's terms share with nobody."""

    row: Series
    episodes: Sequence[ShownEpisode]
    closed_categories: Sequence[str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def find(session: Session, actor: Actor, series_id: UUID) -> ShownSeries:
    """Return a series. Raises NotFound."""
    return _shown(session, actor, [db.get(session, Series, series_id, policy.visible(actor))])[0]


def listing(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> Page[ShownSeries]:
    """Return the series that the actor may see, the newest first."""
    page = paging.page(session, sa.select(Series).where(policy.visible(actor)), Series, limit, starting_after)
    return Page(_shown(session, actor, page.data), page.has_more)


def _shown(session: Session, actor: Actor, rows: Sequence[Series]) -> list[ShownSeries]:
    # As the system: that a place is taken is known to all who see the series, and by whom only to its sides.
    with db.acting_as(session, SYSTEM):
        taken = {row.id: series_slots.taken_places(session, row.id) for row in rows}
        episodes: dict[UUID, list[SeriesEpisode]] = {row.id: [] for row in rows}
        query = sa.select(SeriesEpisode).where(SeriesEpisode.series_id.in_(episodes)).order_by(SeriesEpisode.number)
        for episode in session.scalars(query):
            episodes[episode.series_id].append(episode)
    return [
        ShownSeries(
            row,
            [_episode(actor, row, episode, taken[row.id]) for episode in episodes[row.id]],
            sorted({one.category for one in taken[row.id] if not one.shares_category}),
        )
        for row in rows
    ]


def _episode(actor: Actor, series: Series, row: SeriesEpisode, taken: Sequence[TakenPlace]) -> ShownEpisode:
    by_slot: Mapping[str | None, TakenPlace] = {
        one.deliverable.slot: one for one in taken if one.deliverable.episode_id == row.id
    }
    return ShownEpisode(row, [_place(actor, slot, by_slot.get(slot)) for slot in series.slots])


def _place(actor: Actor, slot: str, taken: TakenPlace | None) -> ShownPlace:
    if taken is None:
        return ShownPlace(slot, False, None, None, None, False)
    if not _is_side(actor, taken.deal):
        return ShownPlace(slot, True, taken.category, None, None, False)
    is_yours = actor.role == Role.BRAND
    return ShownPlace(slot, True, taken.category, taken.deal.id, taken.deliverable.id, is_yours)


def _is_side(actor: Actor, deal: Deal) -> bool:
    return actor.sees_all or actor.party_id in deal.parties
