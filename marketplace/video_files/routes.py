"""The API of video files: upload whole, list, read, delete, and links that need no key."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, request, url_for
from werkzeug.wsgi import FileWrapper

from marketplace.core import ids, storage
from marketplace.core.actor import Permission
from marketplace.core.clock import now
from marketplace.core.front.wsgi_call import FILE
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE, RawBody, RawBodySpec
from marketplace.core.http.endpoint import ANYONE, SIGNED_IN
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.video_files import file_kinds, quota, service, signed_links, whole_uploads
from marketplace.video_files.models import VideoFile
from marketplace.video_files.schemas import (
    ReadLinkIn,
    SendLinkIn,
    SignedQuery,
    VideoFileOut,
    VideoFileQuery,
    VideoFilesQuery,
    VideoLinkOut,
)
from marketplace.video_files.service import ShownVideo
from marketplace.video_files.whole_uploads import ReceivedVideo

blueprint = GuardedBlueprint("videos", __name__, tag="video", description="Video files that parties hand in")

BODY = RawBodySpec(whole_uploads.BYTES_MAX, (*file_kinds.ACCEPTED_TYPES, ANY_FILE), form=True)
SENT = RawBodySpec(whole_uploads.BYTES_MAX, (*file_kinds.ACCEPTED_TYPES, ANY_FILE))
HELD = 423
_WRITES: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.VIDEOS}
_READS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.READ}


@dataclass(frozen=True)
class VideoLink:
    """A link that permits one method on one video until it expires."""

    video_id: UUID
    method: str
    url: str
    expires_at: datetime


def quota_bytes() -> int:
    """Return how many bytes of video a party may store."""
    return int(current_app.extensions["config"].video_quota_gib) * quota.GIB


@contextmanager
def _new(body: RawBody, query: dict[str, Any]) -> Iterator[ReceivedVideo]:
    name = query["name"] or body.name
    size_bytes = request.content_length
    with whole_uploads.received(actor(), body, name=name, size_bytes=size_bytes, quota_bytes=quota_bytes()) as video:
        yield video


@blueprint.post(
    "/videos",
    **_WRITES,
    takes_raw=BODY,
    receive=_new,
    query=VideoFileQuery,
    answers=VideoFileOut,
    status=201,
    refuses=(HELD,),
)
def upload_video(video: ReceivedVideo, query: dict[str, Any]) -> ShownVideo:
    """Hand in a video of at most 200 MiB as the body, or as `file` of a form. Larger ones: /video-uploads."""
    return service.show(actor(), whole_uploads.keep(session(), video))


@blueprint.get("/videos", **_READS, query=VideoFilesQuery, answers=page_of(VideoFileOut))
def list_videos(query: dict[str, Any]) -> Page[ShownVideo]:
    """The videos that you handed in, and those that are on their way."""
    return service.list_videos(session(), actor(), **query)


@blueprint.get("/videos/<id('vfl'):video_id>", **_READS, answers=VideoFileOut)
def get_video(video_id: UUID) -> ShownVideo:
    """One video: what it is, how far it has come."""
    return service.show(actor(), service.find(session(), actor(), video_id))


@blueprint.get("/videos/<id('vfl'):video_id>/content", **_READS, media_type="video/*", refuses=(416,))
def download_video(video_id: UUID) -> Response:
    """A video's bytes, or a range of them (RFC 9110, 14)."""
    return bytes_of(signed_links.find_kept(session(), actor(), video_id))


@blueprint.delete("/videos/<id('vfl'):video_id>", **_WRITES, refuses=(HELD,))
def delete_video(video_id: UUID) -> None:
    """Let a video go, whole or on its way."""
    service.delete(session(), actor(), video_id)


@blueprint.post("/videos/<id('vfl'):video_id>/links", **_WRITES, takes=ReadLinkIn, answers=VideoLinkOut, status=201)
def create_download_link(body: dict[str, Any], video_id: UUID) -> VideoLink:
    """Make a link from which this one video can be read without a key, range by range, until it expires."""
    return _link(
        signed_links.find_kept(session(), actor(), video_id),
        signed_links.READ,
        int(now().timestamp()) + body["seconds"],
    )


@blueprint.post("/video-links", **_WRITES, takes=SendLinkIn, answers=VideoLinkOut, status=201)
def create_upload_link(body: dict[str, Any]) -> VideoLink:
    """Make a link to which one video can be sent without a key, from a phone or a page, as the body of a PUT."""
    until = int(now().timestamp()) + body.pop("seconds")
    row = signed_links.announce(session(), actor(), **body, quota_bytes=quota_bytes(), until=until)
    return _link(row, signed_links.SEND, until)


@blueprint.get(
    "/videos/<id('vfl'):video_id>/signed", allow=ANYONE, query=SignedQuery, media_type="video/*", refuses=(416,)
)
def download_signed_video(query: dict[str, Any], video_id: UUID) -> Response:
    """The bytes of the video that a link was made for."""
    _check(signed_links.READ, video_id, query)
    return bytes_of(signed_links.find_linked(session(), video_id))


@contextmanager
def _linked(body: RawBody, query: dict[str, Any], video_id: UUID) -> Iterator[ReceivedVideo]:
    _check(signed_links.SEND, video_id, query)
    with whole_uploads.filled(video_id, body) as video:
        yield video


@blueprint.put(
    "/videos/<id('vfl'):video_id>/signed",
    allow=ANYONE,
    query=SignedQuery,
    takes_raw=SENT,
    receive=_linked,
    if_match=False,
    answers=VideoFileOut,
    status=201,
    refuses=(HELD,),
)
def upload_signed_video(video: ReceivedVideo, query: dict[str, Any], video_id: UUID) -> ShownVideo:
    """Send the one video that a link was made for. What was cut off or refused can be sent again."""
    signed_links.refuse_suspended(session(), video_id)
    return service.show(actor(), whole_uploads.keep(session(), video))


def _check(method: str, video_id: UUID, query: dict[str, Any]) -> None:
    config = current_app.extensions["config"]
    secrets = (config.secret_key, config.secret_key_before)
    signed_links.check(secrets, method, video_id, query["expires"], query["signature"])


def _link(row: VideoFile, method: str, until: int) -> VideoLink:
    signature = signed_links.signature(current_app.extensions["config"].secret_key, method, row.id, until)
    url = url_for("videos.download_signed_video", video_id=row.id, expires=until, signature=signature, _external=True)
    return VideoLink(row.id, method, url, datetime.fromtimestamp(until, UTC))


def bytes_of(row: VideoFile) -> Response:
    """Return a kept video's bytes, or the requested range of them, as a download.

    The bytes are somebody else's: the browser must save and not show them, under our own file name, as the media type
    that their first bytes gave.
    """
    assert row.sha256 is not None
    assert row.media_type is not None
    store, key = storage.opened(), storage.key_of(row.sha256)
    if store.root is not None:
        request.environ[FILE] = str(store.root / key)
    file = store.open(key, row.size_bytes)
    response = Response(FileWrapper(file, storage.MIB), content_type=row.media_type, direct_passthrough=True)
    name = f"{ids.show('vfl', row.id)}.{file_kinds.SUFFIXES[row.media_type]}"
    response.content_length = row.size_bytes
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.set_etag(row.sha256)
    # Only a single range of bytes is served; for several ranges or another unit the whole is sent, as RFC 9110 allows.
    single_range = request.range is not None and request.range.units == "bytes" and len(request.range.ranges) == 1
    response.make_conditional(request, accept_ranges=True, complete_length=row.size_bytes if single_range else None)
    response.headers["Accept-Ranges"] = "bytes"
    return response
