"""The API of channels, their snapshots and videos, and their export as a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from flask import Response

from marketplace.channels import service, snapshots
from marketplace.channels.files import exports
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelVideo
from marketplace.channels.schemas import (
    ChannelIn,
    ChannelOut,
    ChannelPatchIn,
    ChannelQuery,
    ExportQuery,
    SnapshotIn,
    SnapshotOut,
    VideoOut,
)
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE, MIB
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session

blueprint = GuardedBlueprint(
    "channels",
    __name__,
    tag="market",
    description="Creators' accounts, the dated facts of their audiences, their videos",
)

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)


@blueprint.post("/channels", allow=OWNERS, needs=Permission.CHANNELS, takes=ChannelIn, answers=ChannelOut, status=201)
def create_channel(body: dict[str, Any]) -> Channel:
    """Enter a channel by hand: a creator for itself, an agency or admin for the creator named."""
    return service.enter(session(), actor(), **body)


@blueprint.get("/channels", allow=SIGNED_IN, needs=Permission.READ, query=ChannelQuery, answers=page_of(ChannelOut))
def list_channels(query: dict[str, Any]) -> Page[Channel]:
    """One's own channels; for a brand those that bid on its closed briefs."""
    return service.list_channels(session(), actor(), **query)


@blueprint.get("/channels/export", allow=OWNERS, needs=Permission.READ, query=ExportQuery, media_type=ANY_FILE)
def export_channels(query: dict[str, Any]) -> Response:
    """One's own channels that have facts, as a file that the importer of the shape reads back."""
    shape = query["shape"]
    suffix = exports.SUFFIXES[shape]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "channels"
        exports.write(path, shape, snapshots.export_records(session(), actor()))
        # The folder is deleted, but the open file can still be read and disappears when it is closed.
        file = path.open("rb")
    response = Response(_pieces(file), content_type=MEDIA[suffix])
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = f'attachment; filename="channels-{shape}.{suffix}"'
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(MIB):
            yield piece


@blueprint.get("/channels/<id('chn'):channel_id>", allow=SIGNED_IN, needs=Permission.READ, answers=ChannelOut)
def get_channel(channel_id: UUID) -> Channel:
    """One channel."""
    return service.find(session(), actor(), channel_id)


@blueprint.patch(
    "/channels/<id('chn'):channel_id>",
    allow=OWNERS,
    needs=Permission.CHANNELS,
    takes=ChannelPatchIn,
    answers=ChannelOut,
)
def update_channel(body: dict[str, Any], channel_id: UUID, version: int) -> Channel:
    """Change the words about a channel; its figures come by snapshots."""
    return service.change(session(), actor(), channel_id, version=version, values=body)


@blueprint.post("/channels/<id('chn'):channel_id>/archive", allow=OWNERS, needs=Permission.CHANNELS, answers=ChannelOut)
def archive_channel(channel_id: UUID) -> Channel:
    """Take the channel out of use: its bids can be accepted no more until it is restored. An agency cannot while
    another one has a bid standing with it."""
    return service.archive(session(), actor(), channel_id)


@blueprint.post("/channels/<id('chn'):channel_id>/restore", allow=OWNERS, needs=Permission.CHANNELS, answers=ChannelOut)
def restore_channel(channel_id: UUID) -> Channel:
    """Take an archived channel into use again, with its bids."""
    return service.restore(session(), actor(), channel_id)


@blueprint.post(
    "/channels/<id('chn'):channel_id>/audience-snapshots",
    allow=OWNERS,
    needs=Permission.CHANNELS,
    takes=SnapshotIn,
    answers=SnapshotOut,
    status=201,
)
def create_audience_snapshot(body: dict[str, Any], channel_id: UUID) -> AudienceSnapshot:
    """Dated facts typed in; the checks of the importer refuse or flag them."""
    return snapshots.enter_snapshot(session(), actor(), channel_id, body)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/audience-snapshots",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("snp"),
    answers=page_of(SnapshotOut),
)
def list_audience_snapshots(query: dict[str, Any], channel_id: UUID) -> Page[AudienceSnapshot]:
    """A channel's audience snapshots, the newest first."""
    return service.list_snapshots(session(), actor(), channel_id, **query)


@blueprint.get(
    "/audience-snapshots/<id('snp'):snapshot_id>", allow=SIGNED_IN, needs=Permission.READ, answers=SnapshotOut
)
def get_audience_snapshot(snapshot_id: UUID) -> AudienceSnapshot:
    """One audience snapshot."""
    return service.find_snapshot(session(), actor(), snapshot_id)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/videos",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("vid"),
    answers=page_of(VideoOut),
)
def list_channel_videos(query: dict[str, Any], channel_id: UUID) -> Page[ChannelVideo]:
    """A channel's videos as last reported."""
    return service.list_videos(session(), actor(), channel_id, **query)
