"""The API of pacing: whether a channel has room for one more placement, today and on the days to come."""

from typing import Any
from uuid import UUID

from flask import Response

from marketplace.core import ids
from marketplace.core.actor import Permission, Role
from marketplace.core.clock import now
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.caller_language import caller_language, language_headers
from marketplace.core.http.request_handling import actor, session
from marketplace.pacing import icalendar_file as pacing_ics
from marketplace.pacing import service as pacing
from marketplace.pacing.schemas import PacingCalendarOut, PacingCalendarQuery, PacingOut, PacingQuery
from marketplace.pacing.service import PacingState

blueprint = GuardedBlueprint(
    "pacing", __name__, tag="market", description="Whether a channel has room for one more placement, and when"
)

# Booked placements are other brands' business, so that this is for the channel's own side.
_OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
_PATH = "/channels/<id('chn'):channel_id>/pacing"


@blueprint.get(_PATH, allow=_OWNERS, needs=Permission.READ, query=PacingQuery, answers=PacingOut)
def get_pacing(query: dict[str, Any], channel_id: UUID) -> PacingState:
    """Whether one's own channel has room today by its rule, why not, when next, and how its sponsored videos stand."""
    return pacing.state(session(), actor(), channel_id, **query)


@blueprint.get(
    f"{_PATH}/calendar", allow=_OWNERS, needs=Permission.READ, query=PacingCalendarQuery, answers=PacingCalendarOut
)
def get_pacing_calendar(query: dict[str, Any], channel_id: UUID) -> dict[str, Any]:
    """The coming days, each open or full with the reasons."""
    return {"data": pacing.calendar(session(), actor(), channel_id, **query)[1]}


@blueprint.get(
    f"{_PATH}/calendar.ics",
    allow=_OWNERS,
    needs=Permission.READ,
    query=PacingCalendarQuery,
    media_type=pacing_ics.MEDIA_TYPE,
)
def download_pacing_calendar(query: dict[str, Any], channel_id: UUID) -> Response:
    """The same days as a calendar file (RFC 5545)."""
    name, days = pacing.calendar(session(), actor(), channel_id, **query)
    file = pacing_ics.write(ids.show("chn", channel_id), name, days, now(), caller_language())
    response = Response(file, content_type=f"{pacing_ics.MEDIA_TYPE}; charset=utf-8")
    response.headers.update(language_headers(caller_language()))
    response.headers["Content-Disposition"] = 'attachment; filename="pacing.ics"'
    return response
