"""A seekable, read-only file over bytes that are fetched in ranges: an object of a bucket, or chunks in a table."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# (start, length) -> the bytes from `start` on: at most `length` of them, at least one before the end.
ReadRange = Callable[[int, int], "ReadableBuffer"]


class RangeReader(io.RawIOBase):
    """The raw file; wrap it in a BufferedReader, for each read here is one call of `read_range`.

    Nothing is fetched before the first read.
    """

    def __init__(self, read_range: ReadRange, size_bytes: int) -> None:
        self._read_range = read_range
        self._size_bytes = size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        if origin + offset < 0:
            raise ValueError("before the file's beginning")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        length = min(len(target), self._size_bytes - self._position)
        if length <= 0:
            return 0
        data = memoryview(self._read_range(self._position, length))
        target[: len(data)] = data
        self._position += len(data)
        return len(data)
