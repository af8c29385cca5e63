"""The API of published videos' views over time, and of the forecasts made from them."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.fields import TextField
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.forecast import readings
from marketplace.matching.forecast.models import VideoReading
from marketplace.matching.forecast.schemas import (
    EXTERNAL_ID,
    ReadingOut,
    ReadingsIn,
    ReadingsOut,
    VideoForecastsOut,
    VideoQuery,
)

blueprint = GuardedBlueprint(
    "readings", __name__, tag="market", description="Views of published videos over time, and the forecast made of them"
)


@blueprint.post(
    "/channels/<id('chn'):channel_id>/video-readings",
    allow=(Role.CREATOR, Role.AGENCY, Role.ADMIN),
    needs=Permission.CHANNELS,
    takes=ReadingsIn,
    answers=ReadingsOut,
    status=201,
)
def report_video_readings(body: dict[str, Any], channel_id: UUID) -> dict[str, Any]:
    """Tell how many views videos of one's own channel had at which moment. Answers all readings of these videos."""
    return {"data": readings.record(session(), actor(), channel_id, body["readings"], body["source"])}


@blueprint.get(
    "/channels/<id('chn'):channel_id>/video-readings",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("vrd", video=TextField(EXTERNAL_ID, load_default=None)),
    answers=page_of(ReadingOut),
)
def list_video_readings(query: dict[str, Any], channel_id: UUID) -> Page[VideoReading]:
    """A channel's readings, the newest first."""
    return readings.listed(session(), actor(), channel_id, **query)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/video-forecasts",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=VideoQuery,
    answers=VideoForecastsOut,
)
def list_video_forecasts(query: dict[str, Any], channel_id: UUID) -> dict[str, Any]:
    """What the newest published videos with readings will have at thirty days: before publication, by their views so
    far, and by both."""
    return {"data": readings.video_forecasts(session(), actor(), channel_id, **query)}
