"""The API of discovery: channels for a brief, briefs for a channel."""

from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.discovery import service as discovery
from marketplace.matching.discovery.schemas import DiscoverOut, DiscoverQuery, OpenBriefsOut, OpenBriefsQuery

blueprint = GuardedBlueprint(
    "discovery", __name__, description="Channels for a brief that have not bid, and open briefs for a channel"
)


def columns_folder() -> Path:
    return Path(current_app.extensions["config"].data_dir) / "columns"


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/discover",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.READ,
    query=DiscoverQuery,
    answers=DiscoverOut,
)
def discover(query: dict[str, Any], brief_id: UUID) -> dict[str, Any]:
    """The best channels that have not bid and may be found, each with its likely price, its reach and why."""
    return discovery.discover(session(), actor(), brief_id, columns_folder(), **query)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/open-briefs",
    allow=(Role.CREATOR, Role.AGENCY, Role.ADMIN),
    needs=Permission.READ,
    query=OpenBriefsQuery,
    answers=OpenBriefsOut,
)
def open_briefs(query: dict[str, Any], channel_id: UUID) -> dict[str, Any]:
    """The best open briefs for a channel that it has not bid on, with what each would pay and why."""
    return discovery.open_briefs(session(), actor(), channel_id, **query)
