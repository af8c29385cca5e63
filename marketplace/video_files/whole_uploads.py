"""A whole video as one body: streamed to the store while no transaction is open, kept in the transaction after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from marketplace.core import db, storage
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.storage import MIB, StagedObject
from marketplace.video_files import file_kinds, quota, upload_completion, write_hold
from marketplace.video_files.models import VideoFile, VideoFileStatus
from marketplace.video_files.write_hold import HoldLost, WriteHold

BYTES_MAX = 200 * MIB
# Time enough to send the last byte of what began in time; whoever sends holds the row, and it is not forgotten.
UNTIL = timedelta(hours=1)


class VideoBody(Protocol):
    """A file as it arrives."""

    def pieces(self, size_bytes: int = ...) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class ReceivedVideo:
    """A whole file that is in the store and not yet kept."""

    hold: WriteHold
    staged: StagedObject
    media_type: str


@contextmanager
def received(
    actor: Actor, body: VideoBody, *, name: str, size_bytes: int | None, quota_bytes: int
) -> Iterator[ReceivedVideo]:
    """Take a new video in. Unless it is kept within, it leaves nothing behind.

    `size_bytes` is what the sender says; not knowing, room is made for the longest. Raises OverQuota, InvalidInput.
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
        hold, until = write_hold.take(row), row.size_bytes
    with _staged(hold, body, until, forget=True) as found:
        yield found


@contextmanager
def filled(video_id: UUID, body: VideoBody) -> Iterator[ReceivedVideo]:
    """Take in a video that was announced. Unless it is kept within, it is as if nothing had come.

    The caller has made sure that the sender may. Raises NotFound, WrongState, VideoHeld, InvalidInput.
    """
    with db.transaction() as session:
        row = db.lock(session, VideoFile, video_id)
        if row.status != VideoFileStatus.RECEIVING or row.resumable:
            raise WrongState("This was sent already.", state=str(row.status))
        hold, until = write_hold.take(row), row.size_bytes
    with _staged(hold, body, until, forget=False) as found:
        yield found


@contextmanager
def _staged(hold: WriteHold, body: VideoBody, until: int, *, forget: bool) -> Iterator[ReceivedVideo]:
    staged = None
    try:
        pieces = body.pieces(MIB)
        head = next(pieces, b"")
        media_type = file_kinds.require_video(head[: file_kinds.HEAD_BYTES])
        staged = storage.opened().stage(hold.video_id, _held(hold, chain([head], pieces), until))
        yield ReceivedVideo(hold, staged, media_type)
    finally:
        _leave(hold, staged, forget=forget)


def _held(hold: WriteHold, pieces: Iterator[bytes], until: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        hold.renew()
        size += len(piece)
        if size > until:
            raise RequestEntityTooLarge(f"There is room for {until} bytes; this is more.")
        yield piece


def _leave(hold: WriteHold, staged: StagedObject | None, *, forget: bool) -> None:
    """Take back what is not kept: the body was refused or cut off, or an earlier request has given the answer."""
    with db.transaction() as session:
        row = session.get(VideoFile, hold.video_id, with_for_update=True)
        if row is None or row.status != VideoFileStatus.RECEIVING or row.fence != hold.fence:
            return
        upload_completion.clear(session, row.id, staged.sha256 if staged else None)
        row.lease_until = None
        if forget:
            session.delete(row)


def keep(session: Session, found: ReceivedVideo) -> VideoFile:
    """Keep what was received. Raises HoldLost."""
    db.become(session, SYSTEM)
    row = db.lock(session, VideoFile, found.hold.video_id)
    if row.fence != found.hold.fence:
        raise HoldLost("Another request has sent it.")
    upload_completion.keep(session, row, found.staged, found.media_type)
    return row
