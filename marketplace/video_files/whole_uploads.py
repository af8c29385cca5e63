"""Upload a whole video as one body: streamed to the store outside any transaction, then kept in one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import db, storage
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import TooLarge, WrongState
from marketplace.core.message import Bilingual
from marketplace.core.storage import MIB, StagedObject
from marketplace.video_files import file_kinds, quota, upload_completion, write_hold
from marketplace.video_files.models import VideoFile, VideoFileStatus
from marketplace.video_files.write_hold import HoldLost, WriteHold

BYTES_MAX = 200 * MIB
# An upload that has begun cannot expire: its sender holds the lease on the row, and held rows are not forgotten.
UNTIL = timedelta(hours=1)


class VideoBody(Protocol):
    """A file as it arrives."""

    def pieces(self, size_bytes: int = ...) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class ReceivedVideo:
    """A whole file that is staged in the store and not yet kept."""

    hold: WriteHold
    staged: StagedObject
    media_type: str


@contextmanager
def received(
    actor: Actor, body: VideoBody, *, name: str, size_bytes: int | None, quota_bytes: int
) -> Iterator[ReceivedVideo]:
    """Receive a new video. Unless it is kept within the context, nothing of it stays.

    `size_bytes` is the size that the sender states; without one, room for the largest upload is reserved. Raises
    OverQuota, InvalidInput (not a video), TooLarge (413).
    """
    with db.transaction(actor) as session:
        row = quota.reserve(
            session,
            actor,
            name=name,
            size_bytes=min(size_bytes or BYTES_MAX, BYTES_MAX),
            quota_bytes=quota_bytes,
            resumable=False,
            until=now() + UNTIL,
        )
        hold, size_limit = write_hold.take(row), row.size_bytes
    with _staged(hold, body, size_limit, forget=True) as video:
        yield video


@contextmanager
def filled(video_id: UUID, body: VideoBody) -> Iterator[ReceivedVideo]:
    """Receive a video that was announced. Unless it is kept within the context, it can be sent again.

    The caller must have checked that the sender is allowed to. Raises NotFound, WrongState, VideoHeld, InvalidInput.
    """
    with db.transaction() as session:
        row = db.lock(session, VideoFile, video_id)
        if row.status != VideoFileStatus.RECEIVING or row.resumable:
            raise WrongState(Bilingual("这个已经发送过了。", "This was sent already."), state=str(row.status))
        hold, size_limit = write_hold.take(row), row.size_bytes
    with _staged(hold, body, size_limit, forget=False) as video:
        yield video


@contextmanager
def _staged(hold: WriteHold, body: VideoBody, size_limit: int, *, forget: bool) -> Iterator[ReceivedVideo]:
    staged = None
    try:
        pieces = body.pieces(MIB)
        head = next(pieces, b"")
        media_type = file_kinds.require_video(head[: file_kinds.HEAD_BYTES])
        staged = storage.opened().stage(hold.video_id, _held(hold, chain([head], pieces), size_limit))
        yield ReceivedVideo(hold, staged, media_type)
    finally:
        _leave(hold, staged, forget=forget)


def _held(hold: WriteHold, pieces: Iterator[bytes], size_limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        hold.renew()
        size += len(piece)
        if size > size_limit:
            raise TooLarge(
                Bilingual(
                    f"只有 {size_limit} 字节的空间，现在超过了。",
                    f"There is room for {size_limit} bytes; this is more.",
                )
            )
        yield piece


def _leave(hold: WriteHold, staged: StagedObject | None, *, forget: bool) -> None:
    """Clear away what was not kept: the body was refused or cut off, or an idempotent retry got the earlier answer."""
    with db.transaction() as session:
        row = session.get(VideoFile, hold.video_id, with_for_update=True)
        if row is None or row.status != VideoFileStatus.RECEIVING or row.fence != hold.fence:
            return
        upload_completion.clear(session, row.id, staged.sha256 if staged else None)
        row.lease_until = None
        if forget:
            session.delete(row)


def keep(session: Session, video: ReceivedVideo) -> VideoFile:
    """Keep what was received. Raises HoldLost."""
    with db.acting_as(session, SYSTEM):
        row = db.lock(session, VideoFile, video.hold.video_id)
        if row.fence != video.hold.fence:
            raise HoldLost(Bilingual("另一个请求已经发送了它。", "Another request has sent it."))
        upload_completion.keep(session, row, video.staged, video.media_type)
    return row
