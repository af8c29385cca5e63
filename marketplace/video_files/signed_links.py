"""Signed links: whoever has one may send or read one video for a limited time, without an API key.

The signature is an HMAC (RFC 2104) with SHA-256 over method, video and expiry, under the installation's secret key.
Nothing of it is stored; a link for sending can be used for one complete video.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import DomainError, WrongState
from marketplace.core.message import Bilingual
from marketplace.video_files import policy, quota
from marketplace.video_files.models import VideoFile, VideoFileStatus

READ, SEND = "GET", "PUT"
SECONDS_MAX = 3600


class LinkOver(DomainError):
    status = 404
    code = "link-over"
    title = Bilingual("这个链接已失效", "This link leads nowhere any more")


def signature(secret: str, method: str, video_id: UUID, until: int) -> str:
    """Return the signature that permits `method` on the video until `until` (Unix seconds), as hexadecimal."""
    message = f"inlay video link 1\n{method}\n{video_id.hex}\n{until}"
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def check(secrets: Sequence[str], method: str, video_id: UUID, until: int, given: str) -> None:
    """Raise LinkOver if the signature is forged, for something else, or expired.

    ``secrets`` are the present key and, while it is being replaced, the one before it.
    """
    right = [hmac.compare_digest(signature(secret, method, video_id, until), given) for secret in secrets if secret]
    if not any(right) or until < now().timestamp():
        raise LinkOver(
            Bilingual(
                "它是为别的用途生成的，或已过期。请向生成者要一个新的。",
                "It was made for something else, or its time is over. Ask its maker for a new one.",
            )
        )


def refuse_suspended(session: Session, video_id: UUID) -> None:
    """Raise LinkOver if the party that made the link may change nothing at present."""
    with db.acting_as(session, SYSTEM):
        query = sa.select(sa.func.party_is_suspended(VideoFile.party_id)).where(VideoFile.id == video_id)
        if session.scalar(query):
            raise LinkOver(Bilingual("生成者现在不能接收视频。", "Its maker may not receive videos at present."))


def announce(session: Session, actor: Actor, *, name: str, size_bytes: int, quota_bytes: int, until: int) -> VideoFile:
    """Reserve room for the one video that a link is made for. Raises OverQuota."""
    expires_at = datetime.fromtimestamp(until, UTC)
    return quota.reserve(
        session, actor, name=name, size_bytes=size_bytes, quota_bytes=quota_bytes, resumable=False, until=expires_at
    )


def find_kept(session: Session, actor: Actor, video_id: UUID) -> VideoFile:
    """Return a video whose bytes may be read. Raises NotFound, WrongState."""
    row = db.get(session, VideoFile, video_id, policy.visible(actor))
    if row.status != VideoFileStatus.KEPT:
        raise WrongState(
            Bilingual("它没有传完，没有可以读取的内容。", "It has not come whole; there is nothing to read."),
            state=str(row.status),
        )
    return row


def find_linked(session: Session, video_id: UUID) -> VideoFile:
    """Return the video of a link whose signature was checked. Raises NotFound, WrongState."""
    with db.acting_as(session, SYSTEM):
        return find_kept(session, SYSTEM, video_id)
