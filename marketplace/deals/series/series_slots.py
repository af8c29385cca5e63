"""The places of a deal in a series: what terms say of them, and what is looked at when they are signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.errors import Conflict, FieldError, WrongState
from marketplace.deals.models import Deal, DealStatus, DealTerms, Deliverable, DeliverableStatus
from marketplace.deals.series import series_refusals
from marketplace.deals.series.models import EpisodeStatus, Series, SeriesEpisode, SeriesStatus

# How far a maker may move an episode without asking, where the terms say nothing else.
MOVABLE_DAYS = 14
_GONE = (DealStatus.LAPSED, DealStatus.CANCELLED)


@dataclass(frozen=True)
class TakenPlace:
    """A slot of an episode that a deal has: whose, of which category, and whether its terms share that category."""

    deal: Deal
    deliverable: Deliverable
    category: str
    shares_category: bool


@dataclass(frozen=True)
class NamedSeries:
    """What terms say of a series that a counter names, and of its places; or what is wrong with it."""

    content: Mapping[str, Any]
    errors: Sequence[FieldError] = ()


def named(session: Session, deal: Deal, asked: Mapping[str, Any], today: date) -> NamedSeries:
    """Return what terms say of a series that a counter names. The session must see all rows."""
    at, series = "/changes/series", session.get(Series, asked["series_id"])
    if series is None or series.creator_id != deal.creator_id or series.channel_id != deal.channel_id:
        return NamedSeries({}, [FieldError(f"{at}/series_id", series_refusals.ANOTHER_CHANNEL)])
    episodes = {row.number: row for row in session.scalars(sa.select(SeriesEpisode).filter_by(series_id=series.id))}
    places: list[dict[str, Any]] = []
    errors: list[FieldError] = []
    seen: set[tuple[Any, Any]] = set()
    for index, place in enumerate(asked["places"]):
        where, episode = f"{at}/places/{index}", episodes.get(place["episode"])
        marks = {("item", place["position"]), (place["episode"], place["slot"])}
        if seen & marks:
            errors.append(FieldError(where, series_refusals.TWICE))
        seen |= marks
        if place["slot"] not in series.slots:
            errors.append(FieldError(f"{where}/slot", series_refusals.NO_SLOT))
        if episode is None or episode.status != EpisodeStatus.PLANNED or episode.airs_on < today:
            errors.append(FieldError(f"{where}/episode", series_refusals.NO_EPISODE))
            continue
        places.append({"position": place["position"], "slot": place["slot"], **_episode(episode)})
    terms = {
        "series_id": ids.show("ser", series.id),
        "title": series.title,
        "category_shared": asked["category_shared"],
        "movable_days": asked["movable_days"],
    }
    return NamedSeries({"series": terms, "places": places}, errors)


def _episode(row: SeriesEpisode) -> dict[str, Any]:
    return {
        "episode_id": ids.show("eps", row.id),
        "number": row.number,
        "title": row.title,
        "airs_on": row.airs_on.isoformat(),
    }


def series_of(content: Mapping[str, Any]) -> UUID | None:
    """Return the series that a version of terms names."""
    return ids.read("ser", content["series"]["series_id"]) if content.get("series") else None


def place_of(line: Mapping[str, Any]) -> tuple[UUID | None, str | None]:
    """Return the episode and the slot of a deliverable of the terms, if it has them."""
    found = line.get("episode")
    return (None, None) if found is None else (ids.read("eps", found["episode_id"]), found["slot"])


def require_free(session: Session, deal: Deal, content: Mapping[str, Any]) -> None:
    """Keep a series as it is, and refuse terms whose places in it cannot be signed. The session must see all rows.

    Raises WrongState (the series takes nobody), Conflict (an episode moved, a slot is taken, another brand of the
    category is there). Who the other brand is, nobody is told: its category has to be.
    """
    series_id = series_of(content)
    if series_id is None:
        return
    series = db.lock(session, Series, series_id)
    if series.status != SeriesStatus.OPEN:
        raise WrongState(series_refusals.CLOSED, state=str(series.status))
    _require_episodes(session, content)
    taken = taken_places(session, series_id)
    slots = {(one.deliverable.episode_id, one.deliverable.slot) for one in taken}
    for line in content["deliverables"]:
        if place_of(line) in slots and line.get("episode"):
            number, slot = line["episode"]["number"], line["episode"]["slot"]
            raise Conflict(series_refusals.slot_taken(number, slot), rule="slot_taken")
    category = content["product"]["category"]
    rivals = [one for one in taken if one.category == category and one.deal.brand_id != deal.brand_id]
    if any(not one.shares_category for one in rivals):
        raise Conflict(series_refusals.category_taken(category), rule="series_category")
    if rivals and not content["series"]["category_shared"]:
        raise Conflict(series_refusals.MINE_PROMISES, rule="series_category")


def _require_episodes(session: Session, content: Mapping[str, Any]) -> None:
    for line in content["deliverables"]:
        episode_id, _ = place_of(line)
        if episode_id is None:
            continue
        episode = session.get_one(SeriesEpisode, episode_id)
        if episode.status != EpisodeStatus.PLANNED:
            raise WrongState(series_refusals.NO_EPISODE, state=str(episode.status))
        if episode.airs_on.isoformat() != line["due_on"]:
            raise Conflict(series_refusals.moved(episode.number, episode.airs_on), rule="episode_moved")


def taken_places(session: Session, series_id: UUID) -> Sequence[TakenPlace]:
    """Return the places of a series that deals have, in the order of their deals. The session must see all rows."""
    query = (
        sa.select(Deal, Deliverable, DealTerms.content)
        .join(Deliverable, Deliverable.deal_id == Deal.id)
        .join(DealTerms, DealTerms.id == Deal.terms_id)
        .join(SeriesEpisode, SeriesEpisode.id == Deliverable.episode_id)
        .where(SeriesEpisode.series_id == series_id, Deal.status.not_in(_GONE))
        .where(Deliverable.status != DeliverableStatus.CANCELLED)
        .order_by(Deal.id, Deliverable.position)
    )
    return [
        TakenPlace(deal, row, content["product"]["category"], content["series"]["category_shared"])
        for deal, row, content in session.execute(query)
    ]


def shared_with(session: Session, deliverable: Deliverable) -> Sequence[UUID]:
    """Return the deliverables of the same episode, this one among them: one video is shown to all of their brands."""
    if deliverable.episode_id is None:
        return [deliverable.id]
    return session.scalars(sa.select(Deliverable.id).where(Deliverable.episode_id == deliverable.episode_id)).all()


def booked_already(session: Session, episode_id: UUID | None) -> bool:
    """Return whether another deal's video of an episode has its day: it is the same video."""
    if episode_id is None:
        return False
    living = (Deliverable.episode_id == episode_id, Deliverable.status != DeliverableStatus.CANCELLED)
    return bool(session.scalar(sa.select(sa.exists().where(*living))))
