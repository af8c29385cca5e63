"""What one process keeps in memory for discovery, and for how long."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import BriefVersion
from marketplace.matching.discovery.brief_columns import BriefRow, brief_row
from marketplace.matching.discovery.column_file import ColumnFile

BATCH, ROWS_MAX = 500, 20_000


class BriefRowCache:
    """Brief versions as rows, made once each: versions never change, so no row goes stale.

    Holds at most about `most` rows; when more would come in, it drops all and starts anew. Threads may share it: each
    answer is built from what the thread itself read, so that one thread's drop takes no row from another.
    """

    def __init__(self, most: int = ROWS_MAX) -> None:
        self._most = most
        self._rows: dict[UUID, BriefRow] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, session: Session, versions: Sequence[UUID]) -> list[BriefRow]:
        """Return the rows of brief versions, in their order; those not held yet are read and kept."""
        rows = {id_: row for id_ in versions if (row := self._rows.get(id_)) is not None}
        missing = [id_ for id_ in versions if id_ not in rows]
        for start in range(0, len(missing), BATCH):
            query = sa.select(BriefVersion).where(BriefVersion.id.in_(missing[start : start + BATCH]))
            batch = {version.id: brief_row(version) for version in session.scalars(query)}
            if len(self._rows) + len(batch) > self._most:
                self._rows = {}
            self._rows.update(batch)
            rows.update(batch)
        return [rows[id_] for id_ in versions]


class DiscoveryMemory:
    """The market's columns, mapped from a folder that all processes of a host share, and the open briefs as rows.

    Each web application makes its own when discovery's routes are registered on it, and holds it as long as it runs.
    """

    def __init__(self, folder: Path) -> None:
        self.columns = ColumnFile(folder)
        self.briefs = BriefRowCache()
