"""Objects, addressed by content: a stream is kept under its SHA-256, so that the same bytes are stored once.

The store is a folder unless STORAGE_URL names a bucket (s3://, gs://, az://); obstore makes them look the same. Keys
are `sha256/ab/cdef...` for whole objects and `incoming/<id>/<id>` for those still arriving. No key contains text that
a user wrote, which could name another's object or leave the folder.
"""

import contextlib
import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from marketplace.core.errors import Unavailable
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual
from marketplace.core.range_reader import RangeReader

MIB = 1024 * 1024
# S3 takes no smaller part but the last. With two under way one upload holds at most 15 MiB in memory.
PART_BYTES = 5 * MIB
PARTS_AT_ONCE = 2
CHECKED_BYTES = 64 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StagedObject:
    """Bytes in the store under a temporary key, not yet under their hash."""

    key: str
    sha256: str
    size_bytes: int


def key_of(sha256: str) -> str:
    """Return the key of the bytes with this hash."""
    assert _SHA256.fullmatch(sha256), "a key is made of a hash and nothing else"
    return f"sha256/{sha256[:2]}/{sha256[2:]}"


def incoming(folder: UUID, name: UUID | None = None) -> str:
    """Return the key of an object that is still arriving; without a name, the folder of all that belong to `folder`."""
    return f"incoming/{folder.hex}" + (f"/{name.hex}" if name else "")


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    # A store that is away or full is nobody's mistake and passes: a 503 that says to try again.
    try:
        yield
    except (OSError, BaseError) as error:
        raise Unavailable(
            Bilingual(
                "文件存储没有响应或已满，什么都没有保存，请重试。",
                "The store of files does not answer, or is full. Nothing was kept; try again.",
            )
        ) from error


class ObjectStore:
    """One store. Every process opens its own, after any fork."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.root: Path | None = None
        if parts.scheme == "file":
            self.root = Path(unquote(parts.path))
            self._store: Any = LocalStore(self.root, mkdir=True)
        else:
            self._store = from_url(url)

    def put(self, pieces: Iterable[bytes]) -> StagedObject:
        """Keep a stream under its hash: all of it, or nothing."""
        staged = self.stage(new_id(), pieces)
        self.keep(staged)
        return staged

    def stage(self, folder: UUID, pieces: Iterable[bytes]) -> StagedObject:
        """Write a stream under a temporary key. An error from `pieces` is passed on, and nothing of the stream stays.

        Raises Unavailable, as the other methods that write do.
        """
        key, hash_, size = incoming(folder, new_id()), hashlib.sha256(), 0
        # Pushed piece by piece: a store that pulls the pieces does so inside its own event loop, which a slow sender
        # would block.
        writer = obstore.open_writer(self._store, key, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
        try:
            for piece in pieces:
                with _answering():
                    writer.write(piece)
                hash_.update(piece)
                size += len(piece)
        except BaseException:
            del writer  # dropped unclosed, it takes away what it wrote
            raise
        with _answering():
            writer.close()
        return StagedObject(key, hash_.hexdigest(), size)

    def keep(self, staged: StagedObject) -> None:
        """Move staged bytes to their hash in one step; if they are there already, drop the staged copy."""
        kept_key = key_of(staged.sha256)
        with _answering():
            if self.size(kept_key) == staged.size_bytes:
                self.remove(staged.key)
            else:
                self._to_disk(staged.key)
                obstore.rename(self._store, staged.key, kept_key)
        if self.root is not None:
            with contextlib.suppress(OSError):  # other parts of the same upload may still be there
                (self.root / staged.key).parent.rmdir()

    def write(self, key: str, data: bytes) -> None:
        """Put a small object in one step."""
        with _answering():
            obstore.put(self._store, key, data, use_multipart=False)

    def write_pieces(self, key: str, pieces: Iterable[bytes]) -> None:
        """Put an object piece by piece under a key of its own; of one that breaks off nothing stays."""
        with _answering():
            writer = obstore.open_writer(self._store, key, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
            try:
                for piece in pieces:
                    writer.write(piece)
            except BaseException:
                del writer
                raise
            writer.close()

    def size(self, key: str) -> int | None:
        """Return an object's size in bytes, or None if it does not exist."""
        try:
            return int(obstore.head(self._store, key)["size"])
        except FileNotFoundError:
            return None

    def pieces(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield an object's bytes from `start` up to `end`, about a MiB at a time. Raises FileNotFoundError."""
        options: Any = {} if not start and end is None else {"range": (start, end) if end else {"offset": start}}
        for piece in obstore.get(self._store, key, options=options).stream(min_chunk_size=MIB):
            yield bytes(piece)

    def open(self, key: str, size_bytes: int) -> io.BufferedReader:
        """Return an object as a seekable file. The store is not read before the first read of the file."""

        def read_range(start: int, length: int) -> Any:
            return obstore.get_range(self._store, key, start=start, length=length)

        return io.BufferedReader(RangeReader(read_range, size_bytes), buffer_size=MIB)

    @contextlib.contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        """Yield a path from which a program can read the object; one from a bucket is fetched first and removed after.

        Raises FileNotFoundError.
        """
        if self.root is not None:
            path = self.root / key
            path.stat()
            yield path
            return
        with tempfile.NamedTemporaryFile(prefix="inlay-") as file:
            for piece in self.pieces(key):
                file.write(piece)
            file.flush()
            yield Path(file.name)

    def listed(self) -> Iterator[tuple[str, int]]:
        """Yield the key and the size in bytes of every object."""
        for batch in obstore.list(self._store):
            for entry in batch:
                yield str(entry["path"]), int(entry["size"])

    def remove(self, key: str) -> None:
        """Remove an object. It is not an error if it does not exist."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    def clear(self, folder: UUID) -> None:
        """Remove all objects that are still arriving under this id, also what a killed process left half written."""
        if self.root is not None:
            shutil.rmtree(self.root / incoming(folder), ignore_errors=True)
            return
        for batch in obstore.list(self._store, incoming(folder)):
            for entry in batch:
                self.remove(entry["path"])

    def _to_disk(self, key: str) -> None:
        # What the database calls kept must outlast a power cut as its own rows do; buckets see to that themselves.
        if self.root is not None:
            with (self.root / key).open("rb") as file:
                os.fsync(file.fileno())


# Held, shared, by whoever removes objects, and by a backup alone: what a dump names has to be there to be copied.
REMOVAL_LOCK = "removal of objects"

_url: list[str] = []
_opened: list[ObjectStore] = []


def connect(url: str) -> None:
    """Set the store that this process uses. It is opened, and its folder made, at the first use."""
    _url[:] = [url]
    _opened.clear()


def opened() -> ObjectStore:
    """Return this process's store. Raises Unavailable."""
    if not _opened:
        try:
            _opened[:] = [ObjectStore(_url[0])]
        except (OSError, BaseError) as error:
            raise Unavailable(
                Bilingual(
                    "无法打开文件存储：请检查 STORAGE_URL 或 INLAY_DATA。",
                    "The store of files cannot be opened: see STORAGE_URL or INLAY_DATA.",
                )
            ) from error
    return _opened[0]


def check() -> None:
    """Write a little into the folder of this store, as far as the disk. A bucket is asked at each use instead.

    Raises Unavailable, OSError: a disk that is full takes no bytes though it lists files.
    """
    root = opened().root
    if root is not None:
        with tempfile.NamedTemporaryFile(dir=root, prefix=".ready-") as file:
            file.write(bytes(CHECKED_BYTES))
            file.flush()
            os.fsync(file.fileno())
