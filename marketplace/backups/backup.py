"""Make a backup: a dump of the database and a copy of the objects, which fit each other.

    FOLDER/20261129T061500Z/manifest.json    what is in it: counts, checksums, revision
    FOLDER/20261129T061500Z/database.dump    PostgreSQL's own format (pg_dump -Fc)
    FOLDER/20261129T061500Z/objects.json     the keys and sizes of the objects
    FOLDER/objects/...                       the objects of all backups, each once

Counts and dump are of one snapshot. Objects never change, and none is removed while a backup is made, so all that the
dump names are there to be copied. Nothing stands under a backup's name before it is whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marketplace import database_roles
from marketplace.backups import pg_programs
from marketplace.backups.pg_programs import BackupError
from marketplace.core import db, storage
from marketplace.core.clock import now
from marketplace.core.storage import ObjectStore

FORMAT = 1
MANIFEST, DUMP, OBJECTS, COPIES = "manifest.json", "database.dump", "objects.json", "objects"
# The number of an object that holds the bytes of a video; the others are parts that are still arriving.
_KEPT_VIDEOS = sa.text("SELECT DISTINCT sha256, size_bytes FROM video_files WHERE sha256 IS NOT NULL ORDER BY sha256")
_TABLES = sa.text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
)

Report = Callable[[str, int], None]


@dataclass(frozen=True)
class BackupManifest:
    """What a backup holds: rows by table, policies, and the objects' number and bytes; `lsn` is where the server's log
    stood, from which a server that archives its log can be brought to a later moment."""

    format: int
    made_at: str
    revision: str
    server: str
    lsn: str
    dump_sha256: str
    rows: dict[str, int]
    policies: int
    objects: int
    object_bytes: int


def back_up(database_url: str, store: ObjectStore, folder: Path, report: Report = lambda *_: None) -> Path:
    """Make a backup below a folder and return its own folder. Raises BackupError; then nothing of it stays."""
    name = now().strftime("%Y%m%dT%H%M%SZ")
    made = folder / name
    unfinished = folder / f".{name}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        unfinished.mkdir(mode=0o700)
    except FileExistsError as error:
        raise BackupError(f"{folder} 中正在做同一备份。", f"The same backup is being made in {folder}.") from error
    try:
        with _objects_stay(database_url) as connection:
            facts = _dump(connection, database_url, unfinished / DUMP, report)
            objects = _copy(store, folder / COPIES, report)
            _require_videos(connection, objects)
        _write(unfinished / OBJECTS, objects)
        facts |= {"objects": len(objects), "object_bytes": sum(objects.values())}
        _write(unfinished / MANIFEST, asdict(BackupManifest(format=FORMAT, made_at=now().isoformat(), **facts)))
        unfinished.rename(made)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return made


def forget(folder: Path, keep: int) -> list[str]:
    """Delete all but the newest backups below a folder, and the objects that no other names; return their names."""
    names = sorted(path.name for path in folder.iterdir() if (path / MANIFEST).exists())
    old = names[: max(0, len(names) - keep)]
    for name in old:
        shutil.rmtree(folder / name)
    named = {key for name in names[len(old) :] for key in json.loads((folder / name / OBJECTS).read_text("utf-8"))}
    copies = folder / COPIES
    for path in [path for path in copies.rglob("*") if path.is_file()] if old else []:
        if path.relative_to(copies).as_posix() not in named:
            path.unlink()
    return old


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _objects_stay(database_url: str) -> Iterator[sa.Connection]:
    """Keep objects from being removed, on a connection of its own whose transaction sees one snapshot."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as holder, engine.connect() as connection:
            if not db.try_to_own(holder, storage.REMOVAL_LOCK):
                raise BackupError(
                    "另一个备份正在进行，或有文件正在删除；请稍后再试。",
                    "Another backup is being made, or objects are being removed; try again in a minute.",
                )
            yield connection
    finally:
        engine.dispose()


def _dump(connection: sa.Connection, database_url: str, path: Path, report: Report) -> dict[str, Any]:
    """Dump the database as this connection's transaction sees it; return what the manifest says of it."""
    revision = connection.scalar(sa.text("SELECT to_regclass('alembic_version')"))
    if revision is None:
        raise BackupError("数据库里没有市场。", "There is no market in this database.")
    if not database_roles.login_owns(connection):
        raise BackupError(
            "备份要用拥有这些表的账号：请把它写在 MIGRATION_DATABASE_URL 中。",
            "A backup needs the login that owns the tables: name it in MIGRATION_DATABASE_URL.",
        )
    snapshot = connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one()
    pg_programs.run("pg_dump", database_url, "-Fc", "--enable-row-security", f"--snapshot={snapshot}", f"--file={path}")
    report("database", path.stat().st_size)
    tables = connection.execute(_TABLES).scalars().all()
    return {
        "revision": connection.scalar(sa.text("SELECT version_num FROM alembic_version")),
        "server": connection.scalar(sa.text("SHOW server_version")),
        "lsn": str(connection.scalar(sa.text("SELECT pg_current_wal_lsn()"))),
        "dump_sha256": sha256_of(path),
        "rows": {name: connection.scalar(sa.text(f'SELECT count(*) FROM "{name}"')) for name in tables},
        "policies": connection.scalar(sa.text("SELECT count(*) FROM pg_policies WHERE schemaname = 'public'")),
    }


def _copy(store: ObjectStore, folder: Path, report: Report) -> dict[str, int]:
    """Copy the objects that are not there yet; return the sizes of all by their keys."""
    sizes: dict[str, int] = {}
    for key, size in store.listed():
        path = folder / key
        if not (path.exists() and path.stat().st_size == size):
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{path.name}")
            try:
                with unfinished.open("wb") as file:
                    for piece in store.pieces(key):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
            except FileNotFoundError:
                # A part of an upload that ended meanwhile; what the dump names stays.
                unfinished.unlink(missing_ok=True)
                continue
            unfinished.rename(path)
        sizes[key] = size
        report("objects", len(sizes))
    return sizes


def _require_videos(connection: sa.Connection, objects: dict[str, int]) -> None:
    missing = [
        row.sha256
        for row in connection.execute(_KEPT_VIDEOS)
        if objects.get(storage.key_of(row.sha256)) != row.size_bytes
    ]
    if missing:
        raise BackupError(
            f"存储中缺少 {len(missing)} 个视频文件，例如 {missing[0][:12]}。",
            f"{len(missing)} videos that the database names are not in the store, such as {missing[0][:12]}.",
        )


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
