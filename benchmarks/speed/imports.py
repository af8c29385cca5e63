"""A file of channels through the import job against a plain COPY of the very rows that it leaves.

The copies of the tables have the same indexes and checks, but no foreign keys. COPY gets finished rows: what reading,
checking, finding owners and comparing with what is stored cost is the difference.
"""

import hashlib
import importlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from benchmarks.speed import market
from marketplace import models, schema
from marketplace.channels.files import exports, imports
from marketplace.core import db, jobs
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.jobs import ClaimedJob
from marketplace.demo import files, world
from marketplace.local.servers import LocalServers, start_servers

assert models.metadata.tables
ROWS = 20_000
TABLES = ("channels", "audience_snapshots", "videos")


@dataclass
class _File:
    path: Path
    size_bytes: int = 0
    sha256: str = ""

    def pieces(self, size_bytes: int) -> Iterator[bytes]:
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while piece := file.read(size_bytes):
                digest.update(piece)
                self.size_bytes += len(piece)
                yield piece
        self.sha256 = digest.hexdigest()


def run() -> dict[str, Any]:
    """Return the file's rows a second by either way, and ours over COPY's."""
    with TemporaryDirectory() as folder, start_servers(Path(folder) / "servers") as servers:
        schema.upgrade(servers.database_url)
        engine = db.connect(servers.database_url, statement_timeout_ms=120_000)
        path = Path(folder) / "channels.csv"
        _write(path)
        ours_s = _import(servers, path)
        copied = _copy(servers)
        size = path.stat().st_size
        engine.dispose()
    return {
        "rows_per_s": round(ROWS / ours_s),
        "copy_rows_per_s": round(ROWS / copied["seconds"]),
        "ratio": round(copied["seconds"] / ours_s, 3),
        "rows": ROWS,
        "file_mb": round(size / 1e6, 1),
        "stored_rows": copied["rows"],
    }


def _write(path: Path) -> None:
    today = now().date()
    exports.write(path, "inlay", (files.record(channel, today) for channel in world.channels(1, today, ROWS)))


def _import(servers: LocalServers, path: Path) -> float:
    job = _hand_in(path)
    # The workers read their settings when they are imported.
    os.environ.update(market.environment(servers))
    drain = importlib.import_module("workers.drain")
    began = time.perf_counter()
    state = drain.do(job)
    seconds = time.perf_counter() - began
    assert state == jobs.JobState.DONE, state
    with db.transaction() as session:
        row = session.execute(sa.text("SELECT status, channels_new, message_en FROM imports")).one()
    assert row.channels_new == ROWS, row
    return seconds


def _hand_in(path: Path) -> ClaimedJob:
    with db.transaction() as session:
        creator_id, _ = market.party(session, "creator")
        who = Actor(role=Role.CREATOR, party_id=creator_id)
        imports.receive(
            session,
            who,
            _File(path),
            file_name=path.name,
            shape=None,
            mode="all_or_nothing",
            create_creators=False,
            creator_id=None,
        )
    with db.transaction() as session:
        (job,) = jobs.claim(session, jobs.IMPORTS, 1)
    return job


def _copy(servers: LocalServers) -> dict[str, Any]:
    """Fill copies of the tables with the rows that the import left; the texts are made before the clock starts."""
    url = make_url(servers.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    stored = 0
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        texts = {}
        for table in TABLES:
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                texts[table] = [bytes(piece) for piece in copy]
            cursor.execute(f"CREATE TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)")
        connection.commit()
        began = time.perf_counter()
        for table, text in texts.items():
            with cursor.copy(f"COPY copy_of_{table} FROM STDIN") as copy:
                for start in range(0, len(text), 1000):
                    copy.write(b"".join(text[start : start + 1000]))
            stored += cursor.rowcount
        connection.commit()
        seconds = time.perf_counter() - began
        found = cursor.execute("SELECT count(*) FROM copy_of_channels").fetchone()
    assert found == (ROWS,), found
    return {"seconds": seconds, "rows": stored}
