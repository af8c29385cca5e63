"""One writer at a time: whoever sends bytes of a video holds it for half a minute, again and again while they come.

No transaction is open meanwhile. A writer that was cut off lets go when its time is over; one that comes back late
finds another fence in the row and writes nothing more.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, DomainError
from marketplace.video_files.models import VideoFile, VideoFileStatus

LEASE_S = 30
RENEW_S = 10.0


class VideoHeld(DomainError):
    status = 423
    code = "upload-held"
    title = "Somebody is sending it at this moment"


class HoldLost(Conflict):
    code = "upload-hold-lost"
    title = "Another request has taken this upload over"


@dataclass
class WriteHold:
    """The right to write to one video."""

    video_id: UUID
    fence: int
    _renewed: float = field(default_factory=time.monotonic)

    def renew(self) -> None:
        """Hold on, at most every ten seconds however often it is called. Raises HoldLost."""
        if time.monotonic() - self._renewed >= RENEW_S:
            with db.transaction() as session:
                self.change(session, lease_until=_soon())

    def change(self, session: Session, **values: object) -> None:
        """Change the row and hold on. Raises HoldLost."""
        mine = VideoFile.id == self.video_id, VideoFile.fence == self.fence
        receiving = VideoFile.status == VideoFileStatus.RECEIVING
        done = db.run(
            session, sa.update(VideoFile).where(*mine, receiving).values(**{"lease_until": _soon(), **values})
        )
        if done.rowcount == 0:
            raise HoldLost("Ask how far it is, and go on from there.")
        self._renewed = time.monotonic()

    def let_go(self) -> None:
        """Let others write; harmless where somebody does already."""
        with db.transaction() as session:
            mine = VideoFile.id == self.video_id, VideoFile.fence == self.fence
            db.run(session, sa.update(VideoFile).where(*mine).values(lease_until=None))


def take(row: VideoFile) -> WriteHold:
    """Hold a row that the caller has locked. Raises VideoHeld."""
    require_free(row)
    row.fence += 1
    row.lease_until = _soon()
    return WriteHold(row.id, row.fence)


def require_free(row: VideoFile) -> None:
    if row.lease_until is not None and row.lease_until > now():
        raise VideoHeld(
            "Wait until that request is over, or half a minute after it was cut off.", headers={"Retry-After": "5"}
        )


def _soon() -> datetime:
    return now() + timedelta(seconds=LEASE_S)
