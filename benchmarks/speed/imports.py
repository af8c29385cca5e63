"""A file of channels through the import job against a plain COPY of the very rows that it leaves.

The copies of the tables have the same indexes and checks, but no foreign keys. COPY gets finished rows: what reading,
checking, finding owners and comparing with what is stored cost is the difference.

`reading` is what the reader alone costs for the same rows as CSV, XLSX and JSON, in CPU seconds, beside what Python's and
openpyxl's own parsers cost. Run by itself with --against, it compares the reader with that of another checkout instead,
each in processes of its own and in turn, so that the load of the machine touches both.
"""

import argparse
import csv
import hashlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import psycopg
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.engine import make_url

from benchmarks.speed import market
from marketplace import models, schema
from marketplace.channels.files import exports, imports, record_stream
from marketplace.channels.files.shapes import own_columns
from marketplace.channels.files.tables.table_rows import CELL_MAX
from marketplace.channels.records import ChannelRecord
from marketplace.core import db, jobs
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.jobs import ClaimedJob
from marketplace.demo import files, world
from marketplace.local.servers import LocalServers, start_servers

assert models.metadata.tables
ROWS = 20_000
TABLES = ("channels", "audience_snapshots", "videos")
NESTED = ("verticals", "ages", "genders", "regions", "education", "interests", "rate_card", "videos")
# Run in another checkout, whose reader may be of any release: it prints the CPU seconds and the channels read.
READ = """
import sys, time
from datetime import date
from marketplace.channels.files.record_stream import iter_import
from marketplace.channels.records import ChannelRecord
with open(sys.argv[1], "rb") as file:
    began = time.process_time()
    rows = sum(isinstance(item, ChannelRecord) for item in iter_import(file, today=date.fromisoformat(sys.argv[2])))
    print(time.process_time() - began, rows)
"""


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
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.database_url, statement_timeout_ms=120_000)
        path = Path(folder) / "channels.csv"
        _write(path)
        reading = _reading(_in_all_kinds(path))
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
        "reading": reading,
    }


def _in_all_kinds(path: Path) -> dict[str, Path]:
    """Write the rows of a CSV file as XLSX, with numbers as numbers, and as JSON too."""
    paths = {kind: path.with_suffix(f".{kind}") for kind in ("csv", "xlsx", "json")}
    csv.field_size_limit(CELL_MAX)
    with (
        path.open(encoding="utf-8-sig", newline="") as file,
        paths["json"].open("w", encoding="utf-8") as items,
        xlsxwriter.Workbook(paths["xlsx"], {"constant_memory": True}) as book,
    ):
        lines, page = csv.DictReader(file), book.add_worksheet()
        page.write_row(0, 0, lines.fieldnames or ())
        items.write("[")
        for number, line in enumerate(lines, 1):
            told = {name: _value(name, cell) for name, cell in line.items()}
            items.write(("," if number > 1 else "") + json.dumps(told, ensure_ascii=False))
            page.write_row(number, 0, [line[name] if name in NESTED else value for name, value in told.items()])
        items.write("]")
    return paths


def _value(name: str, cell: str) -> Any:
    if not cell:
        return None
    if name in NESTED:
        return json.loads(cell)
    return float(cell) if name in own_columns.KINDS and name != "taken_on" else cell


def _reading(paths: dict[str, Path]) -> dict[str, Any]:
    """Return by kind of file the CPU seconds of the reader, and of a plain parser of that kind."""
    plain = {"csv": _plain_csv, "xlsx": _plain_xlsx, "json": _plain_json}
    figures = {}
    for kind, path in paths.items():
        ours_s, plain_s = _cpu_s(_records, path), _cpu_s(plain[kind], path)
        figures[kind] = {"cpu_s": round(ours_s, 2), "parser_cpu_s": round(plain_s, 2)}
    return figures


def _cpu_s(work: Callable[[Path], int], path: Path) -> float:
    began = time.process_time()
    rows = work(path)
    seconds = time.process_time() - began
    assert rows == ROWS, rows
    return seconds


def _records(path: Path) -> int:
    with path.open("rb") as file:
        found = record_stream.iter_import(file, today=now().date())
        return sum(isinstance(item, ChannelRecord) for item in found)


def _plain_csv(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(1 for line in csv.DictReader(file) if [json.loads(line[name]) for name in NESTED if line[name]])


def _plain_xlsx(path: Path) -> int:
    book = openpyxl.load_workbook(path, read_only=True)
    return sum(1 for _ in book.worksheets[0].iter_rows(values_only=True)) - 1


def _plain_json(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return len(json.load(file))


def compare(checkout: Path) -> dict[str, Any]:
    """Return by kind of file the CPU seconds of this reader and of that of another checkout, the lower of two runs of
    each, and that one's over ours."""
    figures = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "channels.csv"
        _write(path)
        here = Path(__file__).resolve().parents[2]
        for kind, file in _in_all_kinds(path).items():
            runs = [(_read_in(here, file), _read_in(checkout, file)) for _ in range(2)]
            ours_s, theirs_s = (min(run[place] for run in runs) for place in (0, 1))
            figures[kind] = {
                "cpu_s": round(ours_s, 2),
                "other_cpu_s": round(theirs_s, 2),
                "speed": round(theirs_s / ours_s, 2),
            }
    return figures


def _read_in(checkout: Path, file: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(file), now().date().isoformat()],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, rows = done.stdout.split()
    assert int(rows) == ROWS, rows
    return float(seconds)


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
    url = make_url(servers.owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.imports", description=__doc__)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, to compare its reader with")
    checkout = parser.parse_args().against
    print(json.dumps(run() if checkout is None else compare(checkout.resolve()), indent=2))


if __name__ == "__main__":
    main()
