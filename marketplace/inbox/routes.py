"""The API of the inbox: what waits for whoever asks."""

from typing import Any

from marketplace.core.actor import Permission
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.inbox import service
from marketplace.inbox.open_duty import OpenDuty
from marketplace.inbox.schemas import DutyOut, InboxQuery

blueprint = GuardedBlueprint(
    "inbox", __name__, tag="deals", description="What waits for you, by when, and what silence does"
)


@blueprint.get("/inbox", allow=SIGNED_IN, needs=Permission.READ, query=InboxQuery, answers=page_of(DutyOut))
def list_duties(query: dict[str, Any]) -> Page[OpenDuty]:
    """What waits for you, the oldest date first: by when, what silence does, and what to call to answer it."""
    return service.listing(session(), actor(), **query)
