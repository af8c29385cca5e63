"""The API of windows of exclusivity."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.pacing import exclusivity
from marketplace.pacing.exclusivity import ShownWindow
from marketplace.pacing.schemas_exclusivity import ExclusivityIn, ExclusivityOut

blueprint = GuardedBlueprint(
    "exclusivity", __name__, tag="market", description="The days on which a channel is promised to one brand alone"
)

_OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
_PATH = "/channels/<id('chn'):channel_id>/exclusivity"


@blueprint.post(
    _PATH, allow=_OWNERS, needs=Permission.CHANNELS, takes=ExclusivityIn, answers=ExclusivityOut, status=201
)
def create_exclusivity_window(body: dict[str, Any], channel_id: UUID) -> ShownWindow:
    """Keep one's own channel free of a category or a competitor for some days: selections of other brands that would
    publish on them leave the channel out, but for bids that stood at a close before it. A second window over the same
    is refused and names the first; an agency's too while another agency has a bid standing."""
    return exclusivity.record(session(), actor(), channel_id, **body)


@blueprint.get(_PATH, allow=_OWNERS, needs=Permission.READ, query=page_query("exw"), answers=page_of(ExclusivityOut))
def list_exclusivity_windows(query: dict[str, Any], channel_id: UUID) -> Page[ShownWindow]:
    """The windows of one's own channel."""
    return exclusivity.listed(session(), actor(), channel_id, **query)


@blueprint.delete(f"{_PATH}/<id('exw'):exclusivity_id>", allow=_OWNERS, needs=Permission.CHANNELS)
def delete_exclusivity_window(channel_id: UUID, exclusivity_id: UUID) -> None:
    """Take a window back."""
    exclusivity.remove(session(), actor(), channel_id, exclusivity_id)
