"""Objects, kept by what they are: a stream is put under its SHA-256, so that the same bytes are there once.

A folder unless STORAGE_URL names a bucket (s3://, gs://, az://); obstore makes them look the same. Two kinds of key:
`sha256/ab/cdef...` for what is whole, `incoming/<id>/<id>` for what is on its way. No key holds a word of a user's.
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
from marketplace.core.range_reader import RangeReader

MIB = 1024 * 1024
# S3 takes no smaller part but the last. With two under way one upload holds at most 15 MiB in memory.
PART_BYTES = 5 * MIB
PARTS_AT_ONCE = 2

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StagedObject:
    """Bytes that are in the store under a key of their own, not yet under their hash."""

    key: str
    sha256: str
    size_bytes: int


def key_of(sha256: str) -> str:
    """Return where the bytes of this hash lie."""
    assert _SHA256.fullmatch(sha256), "a key is made of a hash and nothing else"
    return f"sha256/{sha256[:2]}/{sha256[2:]}"


def incoming(folder: UUID, name: UUID | None = None) -> str:
    """Return where something lies that is on its way; without a name, the folder of all that belongs to it."""
    return f"incoming/{folder.hex}" + (f"/{name.hex}" if name else "")


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (OSError, BaseError) as error:
        raise Unavailable("The store of files does not answer, or is full. Nothing was kept; try again.") from error


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
        """Keep a stream under its hash, whole or not at all."""
        staged = self.stage(new_id(), pieces)
        self.keep(staged)
        return staged

    def stage(self, folder: UUID, pieces: Iterable[bytes]) -> StagedObject:
        """Write a stream beside the kept ones. What `pieces` raises goes on up, and nothing of it stays.

        Raises Unavailable, as the other methods that write do.
        """
        key, hash_, size = incoming(folder, new_id()), hashlib.sha256(), 0
        # Pieces are asked for here and not by the store: it asks from inside its own loop, in which nothing may wait.
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
        """Move what was staged to its hash in one step; where the same bytes are there already they stay."""
        there = key_of(staged.sha256)
        with _answering():
            if self.size(there) == staged.size_bytes:
                self.remove(staged.key)
            else:
                self._to_disk(staged.key)
                obstore.rename(self._store, staged.key, there)
        if self.root is not None:
            with contextlib.suppress(OSError):  # other things of the same upload may lie there still
                (self.root / staged.key).parent.rmdir()

    def write(self, key: str, data: bytes) -> None:
        """Put a small object in one step."""
        with _answering():
            obstore.put(self._store, key, data, use_multipart=False)

    def size(self, key: str) -> int | None:
        """Return how many bytes an object has, None where there is none."""
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
        """Return an object as a file that seeks; nothing is asked of the store before the first read."""

        def read_range(start: int, length: int) -> Any:
            return obstore.get_range(self._store, key, start=start, length=length)

        return io.BufferedReader(RangeReader(read_range, size_bytes), buffer_size=MIB)

    @contextlib.contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        """Give the object as a file to read, for a program that wants a path; one from a bucket is fetched and removed.

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

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    def clear(self, folder: UUID) -> None:
        """Remove everything that is on its way under this id, also what a killed process left half written."""
        if self.root is not None:
            shutil.rmtree(self.root / incoming(folder), ignore_errors=True)
            return
        for found in obstore.list(self._store, incoming(folder)):
            for one in found:
                self.remove(one["path"])

    def _to_disk(self, key: str) -> None:
        # What the database calls kept must outlast a power cut as its own rows do; buckets see to that themselves.
        if self.root is not None:
            with (self.root / key).open("rb") as file:
                os.fsync(file.fileno())


_url: list[str] = []
_opened: list[ObjectStore] = []


def connect(url: str) -> None:
    """Say which store this process uses. It is opened, and a folder made, when somebody first needs it."""
    _url[:] = [url]
    _opened.clear()


def opened() -> ObjectStore:
    """Return this process's store. Raises Unavailable."""
    if not _opened:
        try:
            _opened[:] = [ObjectStore(_url[0])]
        except (OSError, BaseError) as error:
            raise Unavailable("The store of files cannot be opened: see STORAGE_URL or INLAY_DATA.") from error
    return _opened[0]
