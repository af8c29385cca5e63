"""The API of discovery: channels for a brief, briefs for a channel."""

from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app
from flask.sansio.blueprints import BlueprintSetupState

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.discovery import service as discovery
from marketplace.matching.discovery.discovery_memory import DiscoveryMemory
from marketplace.matching.discovery.discovery_results import FoundChannels, OpenBriefs
from marketplace.matching.discovery.schemas import DiscoverOut, DiscoverQuery, OpenBriefsOut, OpenBriefsQuery

blueprint = GuardedBlueprint(
    "discovery", __name__, tag="market", description="Channels for a brief, and open briefs for a channel"
)


_EXTENSION = "discovery"


@blueprint.record_once
def _open_memory(state: BlueprintSetupState) -> None:
    folder = Path(state.app.extensions["config"].data_dir) / "columns"
    state.app.extensions[_EXTENSION] = DiscoveryMemory(folder)


def _memory() -> DiscoveryMemory:
    memory: DiscoveryMemory = current_app.extensions[_EXTENSION]
    return memory


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/discover",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.READ,
    query=DiscoverQuery,
    answers=DiscoverOut,
)
def discover_channels(query: dict[str, Any], brief_id: UUID) -> FoundChannels:
    """The best channels that may be found, each with its likely price, its reach and why. Who bids is sealed: bidders
    are left out from the close on."""
    return discovery.discover(session(), actor(), brief_id, _memory().columns, **query)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/open-briefs",
    allow=(Role.CREATOR, Role.AGENCY, Role.ADMIN),
    needs=Permission.READ,
    query=OpenBriefsQuery,
    answers=OpenBriefsOut,
)
def list_open_briefs(query: dict[str, Any], channel_id: UUID) -> OpenBriefs:
    """The best open briefs for a channel on which your side has no bid for it, with what each would pay and why."""
    return discovery.open_briefs(session(), actor(), channel_id, _memory().briefs, **query)
