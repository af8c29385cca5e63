"""Assemble the parts of a resumable upload, in a worker: up to 2 GiB are read, hashed and written once."""

from collections.abc import Callable, Iterator
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import storage
from marketplace.core.jobs import Job, JobState
from marketplace.core.message import Bilingual
from marketplace.video_files import file_kinds, resumable_uploads, upload_completion
from marketplace.video_files.models import VideoFile, VideoFileStatus

Report = Callable[[str, int, int], None]

GIVEN_UP = Bilingual(
    "多次尝试后仍未完成，请重新上传。", "It could not be put together after several tries. Send it again."
)
LOST = Bilingual("上传的部分内容已丢失，请重新上传。", "A part of it is lost in the store. Send it again.")


def finish(session: Session, video_id: UUID, report: Report) -> VideoFileStatus | None:
    """Store the whole file under its hash and return the video's status, or None if it was deleted.

    A video that was terminated or refused in the meantime stays as it is. Raises Unavailable, and whatever `report`
    raises.
    """
    row = session.get(VideoFile, video_id)
    if row is None or row.status != VideoFileStatus.RECEIVING:
        return None if row is None else row.status
    parts, total = resumable_uploads.part_ids(session, video_id), row.size_bytes
    head = bytearray()

    def pieces() -> Iterator[bytes]:
        done = 0
        for part_id in parts:
            for piece in storage.opened().pieces(storage.incoming(video_id, part_id)):
                head.extend(piece[: file_kinds.HEAD_BYTES - len(head)])
                done += len(piece)
                report("putting together", done, total)
                session.execute(sa.text("SELECT 1"))  # the server ends a transaction that is idle for a minute
                yield piece

    try:
        staged = storage.opened().stage(video_id, pieces())
    except FileNotFoundError:
        staged = None
    row = session.get(VideoFile, video_id, with_for_update=True, populate_existing=True)
    if row is None or row.status != VideoFileStatus.RECEIVING:
        if staged is not None:
            storage.opened().remove(staged.key)
        return None if row is None else row.status
    if staged is None or staged.size_bytes != row.size_bytes:
        upload_completion.refuse(session, row, LOST)
    else:
        upload_completion.keep(session, row, staged, file_kinds.require_video(bytes(head)))
        upload_completion.enqueue_clear(session, row)
    return row.status


def settle_lost(session: Session) -> int:
    """Refuse up to 100 uploads whose job is dead or was cancelled; returns how many."""
    lost = (
        sa.select(VideoFile)
        .join(Job, Job.id == VideoFile.job_id)
        .where(VideoFile.status == VideoFileStatus.RECEIVING, Job.state.in_([JobState.CANCELLED, JobState.DEAD]))
    )
    rows = session.scalars(lost.limit(100).with_for_update(of=VideoFile, skip_locked=True)).all()
    for row in rows:
        upload_completion.refuse(session, row, GIVEN_UP)
    return len(rows)
