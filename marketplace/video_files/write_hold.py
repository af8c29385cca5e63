"""One writer at a time: a request that sends bytes of a video holds a lease on it, renewed while bytes arrive.

No transaction is open in the meantime. The lease of a writer that was cut off expires after LEASE_S seconds; if that
writer comes back later, the row has another fence and refuses its writes.
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
from marketplace.core.message import Bilingual
from marketplace.video_files.models import VideoFile, VideoFileStatus

LEASE_S = 30
RENEW_S = 10.0


class VideoHeld(DomainError):
    status = 423
    code = "upload-held"
    title = Bilingual("此刻有人正在上传它", "Somebody is sending it at this moment")


class HoldLost(Conflict):
    code = "upload-hold-lost"
    title = Bilingual("另一个请求已接手这次上传", "Another request has taken this upload over")


@dataclass
class WriteHold:
    """The right to write to one video."""

    video_id: UUID
    fence: int
    _renewed: float = field(default_factory=time.monotonic)

    def renew(self) -> None:
        """Extend the lease; cheap to call often, for it writes at most every RENEW_S seconds. Raises HoldLost."""
        if time.monotonic() - self._renewed >= RENEW_S:
            with db.transaction() as session:
                self.change(session, lease_until=_lease_end())

    def change(self, session: Session, **values: object) -> None:
        """Change the row and extend the lease. Raises HoldLost."""
        ours = VideoFile.id == self.video_id, VideoFile.fence == self.fence
        receiving = VideoFile.status == VideoFileStatus.RECEIVING
        updated = db.run(
            session, sa.update(VideoFile).where(*ours, receiving).values(**{"lease_until": _lease_end(), **values})
        )
        if updated.rowcount == 0:
            raise HoldLost(Bilingual("请查询它的进度，再从那里继续。", "Ask how far it is, and go on from there."))
        self._renewed = time.monotonic()

    def let_go(self) -> None:
        """Release the lease; does nothing if another writer has it already."""
        with db.transaction() as session:
            ours = VideoFile.id == self.video_id, VideoFile.fence == self.fence
            db.run(session, sa.update(VideoFile).where(*ours).values(lease_until=None))


def take(row: VideoFile) -> WriteHold:
    """Take the lease on a row that the caller has locked. Raises VideoHeld."""
    require_free(row)
    row.fence += 1
    row.lease_until = _lease_end()
    return WriteHold(row.id, row.fence)


def require_free(row: VideoFile) -> None:
    if row.lease_until is not None and row.lease_until > now():
        raise VideoHeld(
            Bilingual(
                "请等那个请求结束，或等它中断半分钟之后。",
                "Wait until that request is over, or half a minute after it was cut off.",
            ),
            headers={"Retry-After": "5"},
        )


def _lease_end() -> datetime:
    return now() + timedelta(seconds=LEASE_S)
