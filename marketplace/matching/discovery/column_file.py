"""The columns of one market as a file in memory, shared by all processes of a host.

A folder holds `state.json` (which file counts, how many rows it has, up to which transaction it was brought) and that
file: ids, marks of change, then one column behind the other, each with room for more rows than there are. Writers take
turns by a lock that the kernel drops when they end; readers take none. A reader may meet a row while it is written, so
whoever shows a channel reads it from the database first. See docs/adr/0012.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Ints
from marketplace.matching.discovery.first_pass import Singles
from marketplace.matching.discovery.market_columns import WIDTH, ChannelColumns, Column

if os.name != "nt":
    import fcntl

ROOM_MIN = 1 << 12
ROW_BYTES = 16 + 8 + 4 * WIDTH
FEW = 32
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ColumnFileState:
    """What the folder holds.

    `name` of the market and of the shape of its columns, the file's `number`, its `count` of rows and its `room` for
    rows; transactions before `since` are in it. While the market is read for the first time, `after` is the last id
    read, in hex (None: all is read).
    """

    name: str
    boot: str
    number: int = 0
    count: int = 0
    room: int = 0
    since: int = 0
    after: str | None = ""

    @property
    def loaded(self) -> bool:
        """Return whether the whole market has been read."""
        return self.after is None


class ColumnFile:
    """The columns in a folder. Each process opens its own; what one writes all see."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mapped: tuple[str, tuple[Column, Ints, Singles]] | None = None

    def state(self, name: str) -> ColumnFileState:
        """Return the state of the market `name`.

        It is empty if the file is another market's, or older than the machine's start: what was in memory then may not
        have reached the disk.
        """
        try:
            stored = ColumnFileState(**json.loads((self.folder / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return ColumnFileState(name, _boot())
        return stored if (stored.name, stored.boot) == (name, _boot()) else ColumnFileState(name, _boot())

    def read(self, state: ColumnFileState) -> ChannelColumns:
        """Return the columns; they stay readable whatever is written later."""
        if not state.count:
            return ChannelColumns(np.empty(0, dtype="V16"), np.empty((WIDTH, 0), dtype=np.float32))
        ids, _, values = self._map(state)
        return ChannelColumns(ids[: state.count], values[:, : state.count])

    def marks(self, state: ColumnFileState) -> Ints:
        """Return the transaction that last changed each row [n]."""
        return self._map(state)[1][: state.count] if state.count else np.empty(0, dtype=np.int64)

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Take the writers' lock without waiting; yield whether this process has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    def append(self, state: ColumnFileState, ids: Column, marks: Ints, values: Singles) -> ColumnFileState:
        """Add new rows; readers see them once the returned state is kept."""
        state = self._with_room(state, state.count + len(ids))
        there = self._map(state)
        place = slice(state.count, state.count + len(ids))
        there[0][place], there[1][place], there[2][:, place] = ids, marks, values
        return replace(state, count=state.count + len(ids))

    def put(self, state: ColumnFileState, ids: Column, marks: Ints, values: Singles) -> ColumnFileState:
        """Write rows over those with the same ids, and append the others."""
        rows = rows_of(self.read(state).ids, ids)
        old, new = rows >= 0, rows < 0
        if old.any():
            _, own_marks, own_values = self._map(state)
            own_values[:, rows[old]], own_marks[rows[old]] = values[:, old], marks[old]
        return self.append(state, ids[new], marks[new], values[:, new]) if new.any() else state

    def keep(self, state: ColumnFileState) -> None:
        """Make the state the one that counts."""
        draft = self.folder / f"state.{os.getpid()}"
        draft.write_text(json.dumps(asdict(state)))
        draft.replace(self.folder / "state.json")
        for path in self.folder.glob("*.columns"):
            if path.name != _file(state):
                path.unlink(missing_ok=True)

    def _with_room(self, state: ColumnFileState, wanted: int) -> ColumnFileState:
        if wanted <= state.room:
            return state
        bigger = replace(state, number=_free(self.folder), room=max(state.room + state.room // 2, wanted, ROOM_MIN))
        path = self.folder / _file(bigger)
        with path.open("wb") as file:
            # A full disk has to be an error here: met in mapped memory it ends the process.
            _allocate(file.fileno(), bigger.room * ROW_BYTES)
        if state.count:
            before = self._map(state)
            ids, marks, values = self._map(bigger)
            ids[: state.count], marks[: state.count] = before[0][: state.count], before[1][: state.count]
            values[:, : state.count] = before[2][:, : state.count]
        return bigger

    def _map(self, state: ColumnFileState) -> tuple[Column, Ints, Singles]:
        held = self._mapped
        if held is None or held[0] != _file(state):
            path, room = self.folder / _file(state), state.room
            ids: Any = np.memmap(path, dtype="V16", mode="r+", shape=(room,))
            marks: Any = np.memmap(path, dtype=np.int64, mode="r+", offset=16 * room, shape=(room,))
            values: Any = np.memmap(path, dtype=np.float32, mode="r+", offset=24 * room, shape=(WIDTH, room))
            held = self._mapped = (_file(state), (np.asarray(ids), np.asarray(marks), np.asarray(values)))
        return held[1]


def rows_of(ids: Column, wanted: Column) -> Ints:
    """Return the row of each wanted id [m] among ids [n], -1 where there is none."""
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    # The last half of a UUIDv7 is random: equal halves are equal ids but for a chance that the whole id then rules out.
    keys, wanted_keys = (np.ascontiguousarray(packed).view(np.uint64).reshape(-1, 2)[:, 1] for packed in (ids, wanted))
    if len(wanted_keys) <= FEW:
        rows = np.array([_first(keys == key) for key in wanted_keys], dtype=np.int64)
    else:
        order = np.argsort(keys, kind="stable")
        rows = order[np.minimum(np.searchsorted(keys, wanted_keys, sorter=order), len(keys) - 1)]
    matched: Ints = np.where(ids[rows] == wanted, rows, -1)
    return matched


def _first(hits: Column) -> int:
    return int(np.argmax(hits))


def _allocate(file: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.ftruncate(file, size)


def _file(state: ColumnFileState) -> str:
    return f"{state.number}.columns"


def _free(folder: Path) -> int:
    return max((int(path.stem) for path in folder.glob("*.columns") if path.stem.isdigit()), default=0) + 1


def _boot() -> str:
    return _BOOT.read_text().strip() if _BOOT.exists() else ""
