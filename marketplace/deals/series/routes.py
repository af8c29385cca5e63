"""The API of series: a maker's schedule, which all deals on it share."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deals.series import episode_days, policy, shown_series
from marketplace.deals.series.episode_days import NewEpisode
from marketplace.deals.series.models import Series
from marketplace.deals.series.schemas import (
    EpisodeDropIn,
    EpisodeIn,
    EpisodeMoveIn,
    SeriesIn,
    SeriesOut,
    SeriesQuery,
)
from marketplace.deals.series.shown_series import ShownSeries

blueprint = GuardedBlueprint(
    "series", __name__, tag="deals", description="Series: episodes in which several brands have places"
)

_READS: dict[str, Any] = {"allow": policy.READERS, "needs": Permission.READ}
_KEEPS: dict[str, Any] = {"allow": policy.MAKERS, "needs": Permission.DEALS, "answers": SeriesOut}
_SERIES, _EPISODE = "/series/<id('ser'):series_id>", "/episodes/<id('eps'):episode_id>"


@blueprint.post("/series", **_KEEPS, takes=SeriesIn, status=201)
def create_series(body: dict[str, Any]) -> ShownSeries:
    """Make a schedule of episodes with slots. A deal gets its places in it by its terms: see `series` of a counter."""
    episodes = [NewEpisode(**one) for one in body.pop("episodes")]
    return _told(episode_days.create(session(), actor(), episodes=episodes, **body))


@blueprint.get("/series", **_READS, query=SeriesQuery, answers=page_of(SeriesOut))
def list_series(query: dict[str, Any]) -> Page[ShownSeries]:
    """Your series, and those that your deals name, the newest first."""
    return shown_series.listing(session(), actor(), **query)


@blueprint.get(_SERIES, **_READS, answers=SeriesOut)
def get_series(series_id: UUID) -> ShownSeries:
    """A series: its episodes, their days, and which slots are taken. Brands see each other's category, never who."""
    return shown_series.find(session(), actor(), series_id)


@blueprint.post(f"{_SERIES}/episodes", **_KEEPS, takes=EpisodeIn, status=201)
def add_episode(body: dict[str, Any], series_id: UUID) -> ShownSeries:
    """Add an episode behind the last one."""
    return _told(episode_days.add_episode(session(), actor(), series_id, **body))


@blueprint.post(f"{_SERIES}/close", **_KEEPS)
def close_series(series_id: UUID) -> ShownSeries:
    """Sign no further brand; what is signed stands."""
    return _told(episode_days.close(session(), actor(), series_id))


@blueprint.post(f"{_SERIES}/open-again", **_KEEPS)
def open_series_again(series_id: UUID) -> ShownSeries:
    """Sign brands for a series again."""
    return _told(episode_days.open_again(session(), actor(), series_id))


@blueprint.post(f"{_EPISODE}/move", **_KEEPS, takes=EpisodeMoveIn)
def move_episode(body: dict[str, Any], episode_id: UUID) -> ShownSeries:
    """Move an episode to another day: every deal on it is due then, and each brand is told with your reason. No further
    from the agreed day than every deal's terms let it (`movable_days`)."""
    return _told(episode_days.move(session(), actor(), episode_id, **body))


@blueprint.post(f"{_EPISODE}/drop", **_KEEPS, takes=EpisodeDropIn)
def drop_episode(body: dict[str, Any], episode_id: UUID) -> ShownSeries:
    """Drop an episode in which no brand has a place."""
    return _told(episode_days.drop(session(), actor(), episode_id, **body))


def _told(row: Series) -> ShownSeries:
    return shown_series.find(session(), actor(), row.id)
