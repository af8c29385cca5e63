"""A handed-in file as rows of 1 MiB: written as it arrives, read again as a seekable file, never whole in memory."""

import io
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import ImportChunk
from marketplace.core.clock import now
from marketplace.core.ids import new_id

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 1024 * 1024
# A spreadsheet is a zip archive whose parts are read in turns, so the newest few pieces are kept at hand.
KEPT = 4

_CHUNK = sa.select(ImportChunk.data).where(
    ImportChunk.import_id == sa.bindparam("import_id"), ImportChunk.number == sa.bindparam("number")
)


def write(session: Session, import_id: UUID, pieces: Iterable[bytes]) -> None:
    """Store the pieces in order; each but the last one must hold CHUNK_BYTES."""
    insert = sa.insert(ImportChunk.__table__)  # type: ignore[arg-type]
    for number, data in enumerate(pieces):
        row = {"id": new_id(), "created_at": now(), "import_id": import_id, "number": number, "data": data}
        session.execute(insert, row)


def remove(session: Session, import_id: UUID) -> None:
    session.execute(sa.delete(ImportChunk).where(ImportChunk.import_id == import_id))


class _ChunkReader(io.RawIOBase):
    def __init__(self, session: Session, import_id: UUID, size_bytes: int) -> None:
        self._session = session
        self._import_id = import_id
        self._size = size_bytes
        self._at = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the file's beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        room = memoryview(buffer).cast("B")
        if self._at >= self._size or not room:
            return 0
        number, offset = divmod(self._at, CHUNK_BYTES)
        data = self._chunk(number)[offset : offset + len(room)]
        room[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _chunk(self, number: int) -> bytes:
        if number not in self._kept:
            found: bytes = self._session.execute(_CHUNK, {"import_id": self._import_id, "number": number}).scalar_one()
            self._kept[number] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


def open_file(session: Session, import_id: UUID, size_bytes: int) -> io.BufferedReader:
    """Return the stored file for reading in the session's transaction; seeks anywhere."""
    return io.BufferedReader(_ChunkReader(session, import_id, size_bytes), buffer_size=64 * 1024)
