"""The API of channels, their snapshots and videos, and of files of them."""

from typing import Any
from uuid import UUID

from marketplace.channels import service
from marketplace.channels.models import AudienceSnapshot, Channel, Video
from marketplace.channels.routes_imports import OWNERS, room
from marketplace.channels.schemas import (
    ChannelIn,
    ChannelOut,
    ChannelPatchIn,
    ChannelQuery,
    SnapshotOut,
    VideoOut,
)
from marketplace.core.actor import Permission
from marketplace.core.http import SIGNED_IN, actor, session
from marketplace.core.paging import Page, page_of, page_query

__all__ = ["room"]


@room.post("/channels", allow=OWNERS, needs=Permission.CHANNELS, takes=ChannelIn, answers=ChannelOut, status=201)
def enter(body: dict[str, Any]) -> Channel:
    """Enter a channel by hand: a creator for itself, an agency or admin for the creator named."""
    return service.enter(session(), actor(), **body)


@room.get("/channels", allow=SIGNED_IN, needs=Permission.READ, query=ChannelQuery, answers=page_of(ChannelOut))
def listed(query: dict[str, Any]) -> Page[Channel]:
    """One's own channels; for a brand those that bid on its closed briefs."""
    return service.listed(session(), actor(), **query)


@room.get("/channels/<id('chn'):channel_id>", allow=SIGNED_IN, needs=Permission.READ, answers=ChannelOut)
def find(channel_id: UUID) -> Channel:
    return service.find(session(), actor(), channel_id)


@room.patch(
    "/channels/<id('chn'):channel_id>",
    allow=OWNERS,
    needs=Permission.CHANNELS,
    takes=ChannelPatchIn,
    answers=ChannelOut,
)
def change(body: dict[str, Any], channel_id: UUID, version: int) -> Channel:
    return service.change(session(), actor(), channel_id, version=version, values=body)


@room.post("/channels/<id('chn'):channel_id>/archive", allow=OWNERS, needs=Permission.CHANNELS, answers=ChannelOut)
def archive(channel_id: UUID) -> Channel:
    """Take the channel out of use; bids that stand keep it."""
    return service.archive(session(), actor(), channel_id)


@room.get(
    "/channels/<id('chn'):channel_id>/audience-snapshots",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("snp"),
    answers=page_of(SnapshotOut),
)
def snapshots(query: dict[str, Any], channel_id: UUID) -> Page[AudienceSnapshot]:
    return service.snapshots(session(), actor(), channel_id, **query)


@room.get("/audience-snapshots/<id('snp'):snapshot_id>", allow=SIGNED_IN, needs=Permission.READ, answers=SnapshotOut)
def snapshot(snapshot_id: UUID) -> AudienceSnapshot:
    return service.snapshot(session(), actor(), snapshot_id)


@room.get(
    "/channels/<id('chn'):channel_id>/videos",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("vid"),
    answers=page_of(VideoOut),
)
def videos(query: dict[str, Any], channel_id: UUID) -> Page[Video]:
    return service.videos(session(), actor(), channel_id, **query)
