"""An uploaded file as rows of 1 MiB: written as it arrives, read back as a seekable file, never whole in memory."""

import io
from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import ImportChunk
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.range_reader import RangeReader

CHUNK_BYTES = 1024 * 1024
# A spreadsheet is a zip archive whose parts are read alternately, so the last few chunks stay in memory.
CACHED_CHUNKS = 4

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


class _ChunkCache:
    """The stored chunks of one file, of which the CACHED_CHUNKS last used stay in memory."""

    def __init__(self, session: Session, import_id: UUID) -> None:
        self._session = session
        self._import_id = import_id
        self._cached: OrderedDict[int, bytes] = OrderedDict()

    def read_range(self, start: int, length: int) -> bytes:
        """Return the bytes from `start` on, up to `length` of them and no further than the end of their chunk."""
        number, offset = divmod(start, CHUNK_BYTES)
        return self._chunk(number)[offset : offset + length]

    def _chunk(self, number: int) -> bytes:
        if number not in self._cached:
            parameters = {"import_id": self._import_id, "number": number}
            data: bytes = self._session.execute(_CHUNK, parameters).scalar_one()
            self._cached[number] = data
            if len(self._cached) > CACHED_CHUNKS:
                self._cached.popitem(last=False)
        self._cached.move_to_end(number)
        return self._cached[number]


def open_file(session: Session, import_id: UUID, size_bytes: int) -> io.BufferedReader:
    """Return the stored file as a seekable one, to be read within the session's transaction."""
    cache = _ChunkCache(session, import_id)
    return io.BufferedReader(RangeReader(cache.read_range, size_bytes), buffer_size=64 * 1024)
