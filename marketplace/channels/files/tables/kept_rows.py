"""The rows of a file between its two passes: parsed once, kept on disk, read back in order.

The writing of a file's numbers and days is known only when all of it has been seen, and to parse a sheet or JSON costs
several times what it costs to read back its rows. Memory does not depend on the file.
"""

import pickle
import struct
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

from marketplace.channels.files.tables.table_rows import Row

# Files of people are small; only long ones come to the disk.
IN_MEMORY_BYTES = 1024 * 1024
# Rows of a table have one set of names, which is kept once. Items of JSON may each have their own: then with the row.
NAMES_MAX = 64
_SIZE = struct.Struct("<I")


class KeptRows:
    """Rows in a temporary file, which is gone once they have been read."""

    def __init__(self) -> None:
        # Closed by read(), which may come long after the rows are added.
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115
        self._names: list[tuple[str, ...]] = []
        self._places: dict[tuple[str, ...], int] = {}
        self._size = 0
        self._done = 0
        self.count = 0

    @property
    def share_read(self) -> float:
        """Return how much of what is kept was read, 0-1."""
        return self._done / self._size if self._size else 1.0

    def add(self, row: Row) -> None:
        number, values = row
        names = tuple(values)
        place = self._places.get(names)
        if place is None and len(self._names) < NAMES_MAX:
            place = self._places[names] = len(self._names)
            self._names.append(names)
        kept: tuple[Any, ...] = (number, place, list(values.values()) if place is not None else values)
        text = pickle.dumps(kept, pickle.HIGHEST_PROTOCOL)
        self._file.write(_SIZE.pack(len(text)))
        self._file.write(text)
        self._size += _SIZE.size + len(text)
        self.count += 1

    def read(self) -> Iterator[Row]:
        """Yield the rows in order, once."""
        self._file.seek(0)
        try:
            for _ in range(self.count):
                (size,) = _SIZE.unpack(self._file.read(_SIZE.size))
                # Our own rows, as they were put in.
                number, place, values = pickle.loads(self._file.read(size))  # noqa: S301
                self._done += _SIZE.size + size
                yield number, values if place is None else dict(zip(self._names[place], values, strict=True))
        finally:
            self.close()

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        # Whoever asks only what a file was read as never reads its rows.
        self.close()
