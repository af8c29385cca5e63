"""Resumable uploads (tus 1.0): each request's bytes are stored as parts, and a part counts as soon as it is stored.

What a request had sent when it was cut off stays, and the next request continues from there: on another connection, in
another web process, on another host. A request of any length holds one part in memory, and no transaction.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.exceptions import ClientDisconnected

from marketplace.core import db, jobs, storage
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, CutOff, FieldError, InvalidInput, TooLarge, WrongState
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual
from marketplace.video_files import file_kinds, policy, quota, upload_completion, write_hold
from marketplace.video_files.checksums import StatedChecksum
from marketplace.video_files.models import VideoFile, VideoFileStatus, VideoPart
from marketplace.video_files.whole_uploads import VideoBody
from marketplace.video_files.write_hold import HoldLost, WriteHold

BYTES_MAX = 2 * 1024**3
UNTIL = timedelta(hours=24)
PIECE_BYTES = 64 * 1024
PART_BYTES = 8 * 1024 * 1024
# A slow sender's bytes are stored after this long, so a lost connection costs at most this much of the upload.
PART_S = 10.0
PARTS_MAX = 10_000
FINISH = "videos.finish"
LEASE_S = 60
ATTEMPTS_MAX = 4


class WrongOffset(Conflict):
    code = "wrong-offset"
    title = Bilingual("上传的进度不在这里", "The upload stands somewhere else")


@dataclass(frozen=True)
class UploadStretch:
    """What a request states about its bytes: the upload, the offset, the length in bytes, and the checksum."""

    video_id: UUID
    offset: int
    length: int | None
    checksum: StatedChecksum | None


def create(session: Session, actor: Actor, *, name: str, size_bytes: int, quota_bytes: int) -> VideoFile:
    """Announce a video of at most 2 GiB. Raises OverQuota, InvalidInput."""
    if size_bytes == 0:
        raise InvalidInput(
            Bilingual("空文件不是视频。", "An empty file is no video."),
            errors=[FieldError("header:/Upload-Length", Bilingual("至少 1 字节。", "At least 1 byte."))],
        )
    return quota.reserve(
        session, actor, name=name, size_bytes=size_bytes, quota_bytes=quota_bytes, resumable=True, until=now() + UNTIL
    )


def find(session: Session, actor: Actor, video_id: UUID) -> VideoFile:
    return db.get(session, VideoFile, video_id, policy.visible(actor), VideoFile.resumable.is_(True))


@contextmanager
def appended(actor: Actor, body: VideoBody, stretch: UploadStretch) -> Iterator[WriteHold]:
    """Store the bytes of a request, and hold the upload until the caller has answered with its new offset.

    Raises NotFound, WrongState, WrongOffset, VideoHeld, HoldLost, TooLarge (413) past the announced size,
    InvalidInput (not a video), ChecksumMismatch (460), and CutOff (400), which loses nothing that arrived.
    """
    with db.transaction(actor) as session:
        row = _lock(session, actor, stretch)
        hold, size_bytes = write_hold.take(row), row.size_bytes
    try:
        if stretch.checksum is None:
            for part, key in _store_parts(hold, stretch, body, size_bytes):
                _record(hold, [part], [key])
        else:
            parts = list(_store_parts(hold, stretch, body, size_bytes))
            _check(stretch.checksum, [key for _, key in parts])
            _record(hold, [part for part, _ in parts], [key for _, key in parts])
        yield hold
    finally:
        hold.let_go()


def _lock(session: Session, actor: Actor, stretch: UploadStretch) -> VideoFile:
    row = db.lock(session, VideoFile, stretch.video_id, policy.visible(actor), VideoFile.resumable.is_(True))
    if row.status != VideoFileStatus.RECEIVING:
        raise WrongState(Bilingual("这次上传已经结束。", "This upload is over."), state=str(row.status))
    write_hold.require_free(row)
    if stretch.offset != row.received_bytes:
        raise WrongOffset(
            Bilingual(
                f"已收到 {row.received_bytes} 字节，请从那里继续。",
                f"It holds {row.received_bytes} bytes; go on from there.",
            )
        )
    if stretch.length is not None and stretch.offset + stretch.length > row.size_bytes:
        raise _more_than(row.size_bytes)
    parts = session.scalar(sa.select(sa.func.count()).where(VideoPart.video_id == row.id))
    if parts and parts >= PARTS_MAX:
        raise Conflict(
            Bilingual(
                f"它已经分成 {parts} 段传来。请重新开始，每段传大一些。",
                f"It came in {parts} parts already. Begin again and send larger ones.",
            )
        )
    return row


def _store_parts(
    hold: WriteHold, stretch: UploadStretch, body: VideoBody, size_bytes: int
) -> Iterator[tuple[VideoPart, str]]:
    """Yield the parts and their keys as they are stored; they do not count yet."""
    position = stretch.offset
    for data in _parts(body):
        if position == 0:
            _check_head(data, size_bytes)
        if position + len(data) > size_bytes:
            raise _more_than(size_bytes)
        part = VideoPart(id=new_id(), video_id=hold.video_id, starts_at=position, size_bytes=len(data))
        key = storage.incoming(hold.video_id, part.id)
        storage.opened().write(key, data)
        hold.renew()
        yield part, key
        position += len(data)


def _more_than(size_bytes: int) -> TooLarge:
    return TooLarge(
        Bilingual(
            f"事先说好的大小是 {size_bytes} 字节，现在超过了。", f"{size_bytes} bytes were announced; this is more."
        )
    )


def _check_head(data: bytes, size_bytes: int) -> None:
    if len(data) < min(file_kinds.HEAD_BYTES, size_bytes):
        raise InvalidInput(
            Bilingual("第一段太短，看不出是什么文件。", "The first stretch is too short to tell what it is of."),
            errors=[
                FieldError(
                    "/",
                    Bilingual(
                        f"第一段至少要有 {file_kinds.HEAD_BYTES} 字节。",
                        f"Send at least {file_kinds.HEAD_BYTES} bytes to begin with.",
                    ),
                )
            ],
        )
    file_kinds.require_video(data[: file_kinds.HEAD_BYTES])


def _parts(body: VideoBody) -> Iterator[bytes]:
    """Gather pieces into parts, by size or by time; what arrived before a lost connection is a part too."""
    gathered, began, cut_off = bytearray(), time.monotonic(), None
    try:
        for piece in body.pieces(PIECE_BYTES):
            gathered += piece
            if len(gathered) >= PART_BYTES or time.monotonic() - began > PART_S:
                yield bytes(gathered)
                gathered.clear()
                began = time.monotonic()
    except (CutOff, ClientDisconnected, OSError) as error:
        cut_off = error
    if gathered:
        yield bytes(gathered)
    if cut_off is not None:
        raise CutOff(
            Bilingual(
                "这一段没有传完。请先查询上传的进度，再从那里继续。",
                "The stretch was cut off. Ask how far the upload is, and go on from there.",
            )
        ) from cut_off


def _record(hold: WriteHold, parts: list[VideoPart], keys: list[str]) -> None:
    """Record stored parts, or remove them if the hold was lost; the last part of the upload enqueues its assembly."""
    if not parts:
        return
    end = parts[-1].starts_at + parts[-1].size_bytes
    try:
        with db.transaction() as session:
            hold.change(session, received_bytes=end)
            for part in parts:
                db.insert(session, part)
            row = db.get(session, VideoFile, hold.video_id)
            if end == row.size_bytes:
                row.job_id = jobs.enqueue(
                    session,
                    FINISH,
                    queue=jobs.IMPORTS,
                    subject_id=row.id,
                    party_id=row.party_id,
                    lease_s=LEASE_S,
                    max_attempts=ATTEMPTS_MAX,
                )
    except HoldLost:
        _remove(keys)
        raise


def _check(checksum: StatedChecksum, keys: list[str]) -> None:
    try:
        checksum.check(piece for key in keys for piece in storage.opened().pieces(key))
    except BaseException:
        _remove(keys)
        raise


def _remove(keys: list[str]) -> None:
    for key in keys:
        storage.opened().remove(key)


def terminate(session: Session, actor: Actor, video_id: UUID) -> None:
    """Terminate an upload; nothing of it stays. Raises NotFound, WrongState once it is kept, VideoHeld."""
    row = db.lock(session, VideoFile, video_id, policy.visible(actor), VideoFile.resumable.is_(True))
    if row.status == VideoFileStatus.KEPT:
        raise WrongState(
            Bilingual("它已保存；请改为删除视频。", "It is kept; delete the video instead."), state=str(row.status)
        )
    write_hold.require_free(row)
    upload_completion.enqueue_clear(session, row)
    session.delete(row)


def part_ids(session: Session, video_id: UUID) -> Sequence[UUID]:
    """Return the ids of the stored parts, in order of position."""
    query = sa.select(VideoPart.id).where(VideoPart.video_id == video_id)
    return session.scalars(query.order_by(VideoPart.starts_at)).all()
