"""Joins the rows of one channel, one for each of its videos, wherever in the file they stand.

Tables that are sorted by views have the rows of several channels in turn. They wait in a temporary database on disk, so
memory does not depend on the file.
"""

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any

from marketplace.channels.files.shapes.record_builder import VIDEOS_READ_MAX
from marketplace.channels.files.tables.table_rows import FAULT, Row
from marketplace.channels.records import RowError

_MAKE = "CREATE TABLE waiting (channel TEXT, place INTEGER PRIMARY KEY, row BLOB)"
# All rows of a channel are held at once.
CHANNEL_BYTES_MAX = 32 * 1024 * 1024
_IN_TURN = (
    "SELECT w.place, w.row, w.channel, c.size FROM waiting w"
    " JOIN (SELECT channel, min(place) AS first, sum(length(row)) AS size FROM waiting GROUP BY channel) c"
    " ON c.channel = w.channel"
    " ORDER BY c.first, w.place"
)


def joined(rows: Iterable[Row], channel_column: str | None, video_column: str) -> Iterator[Row]:
    """Yield a row for each channel: that of its first video, with all of its rows as `videos`.

    Without a ``channel_column`` the whole file is of one channel. A channel of which a row cannot be read is refused.
    """
    # An empty name is a file that SQLite keeps in memory while it is small, and deletes when it is closed.
    waiting = sqlite3.connect("")
    try:
        waiting.execute(_MAKE)
        for place, values in rows:
            channel = "" if channel_column is None else str(values.get(channel_column) or "").strip()
            waiting.execute("INSERT INTO waiting VALUES (?, ?, ?)", (channel, place, pickle.dumps(values)))
        for _, told in groupby(waiting.execute(_IN_TURN), key=lambda row: row[2]):
            # Our own rows, as they were put in.
            size, members = 0, []
            for place, row, _, size in islice(told, VIDEOS_READ_MAX + 1):
                members.append((place, pickle.loads(row)))  # noqa: S301
                if size > CHANNEL_BYTES_MAX:
                    break
            place, first = members[0]
            if size > CHANNEL_BYTES_MAX:
                yield place, {**first, FAULT: _too_large(place, channel_column), "videos": []}
                continue
            refused: dict[str, Any] = next((values for _, values in members if FAULT in values), {})
            videos = [values for _, values in members if values.get(video_column) not in (None, "")]
            yield place, {**first, **refused, "videos": videos}
    finally:
        waiting.close()


def _too_large(place: int, channel_column: str | None) -> RowError:
    mib = CHANNEL_BYTES_MAX // 1024**2
    return RowError(
        place,
        channel_column or "",
        "",
        f"同一频道的各行合计超过 {mib} MiB；请删去多余的列。",
        f"The rows of one channel are over {mib} MiB together; remove columns that are not needed.",
    )
