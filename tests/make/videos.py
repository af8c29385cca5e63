"""Files that begin as videos do, and videos that are kept or on their way."""

import time
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from marketplace.core import db, ids, storage
from marketplace.core.ids import new_id
from marketplace.video_files import quota, resumable_uploads, signed_links, upload_completion
from marketplace.video_files.models import VideoFile
from tests.make.people import Somebody

MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
MOV = b"\x00\x00\x00\x14ftypqt  \x20\x05\x03\x00qt  "
_EBML = b"\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82"
WEBM = b"\x1a\x45\xdf\xa3\x9f" + _EBML + b"\x84webm\x42\x87\x81\x04"
MKV = b"\x1a\x45\xdf\xa3\xa3" + _EBML + b"\x88matroska\x42\x87\x81\x04"
STRETCH = "application/offset+octet-stream"
QUOTA = 50 * quota.GIB


def video(size_bytes: int = 4096, head: bytes = MP4) -> bytes:
    """Bytes that nobody has had before, with a video's beginning."""
    begun = head + new_id().bytes
    return begun + bytes(range(256)) * ((size_bytes - len(begun)) // 256 + 1) if size_bytes > len(begun) else begun


def kept(who: Somebody, data: bytes | None = None) -> UUID:
    with db.transaction() as session:
        row = resumable_uploads.create(session, who.actor, name="a.mp4", size_bytes=9, quota_bytes=QUOTA)
        upload_completion.keep(session, row, storage.opened().stage(row.id, [data or video()]), "video/mp4")
        return row.id


def announced(who: Somebody, size_bytes: int = 4096) -> UUID:
    """A resumable upload of which nothing has come."""
    with db.transaction() as session:
        return resumable_uploads.create(session, who.actor, name="b.mp4", size_bytes=size_bytes, quota_bytes=QUOTA).id


def awaited(who: Somebody) -> UUID:
    """What a link to send with waits for."""
    until = int(time.time()) + 900
    with db.transaction() as session:
        return signed_links.announce(
            session, who.actor, name="c.mp4", size_bytes=10_000, quota_bytes=QUOTA, until=until
        ).id


def signed(app: Flask, method: str, video_id: UUID, seconds: int = 900) -> str:
    """The query of a link."""
    until = int(time.time()) + seconds
    proof = signed_links.signature(app.extensions["config"].secret_key, method, video_id, until)
    return f"expires={until}&signature={proof}"


def let_time_pass(video: str, **values: object) -> None:
    """Write into a video's row what it would hold later."""
    with db.transaction() as session:
        session.execute(sa.update(VideoFile).where(VideoFile.id == ids.read("vfl", video)).values(**values))
