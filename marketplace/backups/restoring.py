"""Restore a backup into an empty database and an empty store, and check that all of it is there."""

import json
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from marketplace import database_roles, database_state, schema
from marketplace.backups import backup, pg_programs
from marketplace.backups.backup import BackupManifest, Report
from marketplace.backups.pg_programs import BackupError
from marketplace.core.storage import MIB, ObjectStore


def read_manifest(folder: Path) -> BackupManifest:
    """Return what a backup says of itself. Raises BackupError for what is no backup, or one of a later format."""
    try:
        told = json.loads((folder / backup.MANIFEST).read_text("utf-8"))
        manifest = BackupManifest(**told)
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(
            f"{folder} 不是备份：其中没有可读的 {backup.MANIFEST}。",
            f"{folder} is no backup: it has no {backup.MANIFEST} that can be read.",
        ) from error
    if manifest.format != backup.FORMAT:
        raise BackupError(
            f"此备份由另一版本制作（格式 {manifest.format}）。",
            f"Another version made this backup (format {manifest.format}).",
        )
    return manifest


def restore(folder: Path, database_url: str, store: ObjectStore, report: Report = lambda *_: None) -> BackupManifest:
    """Restore a backup as the database's owner, bring it to the newest schema, and check it.

    Raises BackupError; what was there stays.
    """
    manifest = read_manifest(folder)
    if backup.sha256_of(folder / backup.DUMP) != manifest.dump_sha256:
        raise BackupError("备份文件已损坏：校验和不符。", "The dump is damaged: its checksum is another one.")
    engine = sa.create_engine(database_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if connection.scalar(sa.text("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")):
                raise BackupError(
                    "目标数据库不是空的；请恢复到新的数据库或新的 --data 文件夹。",
                    "The database is not empty; restore into a new one, or into a new --data folder.",
                )
        database_roles.prepare(database_url)  # grants and policies of the dump name the roles; no dump has them
        # In one transaction: a restore that fails leaves the database empty.
        pg_programs.run(
            "pg_restore",
            database_url,
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            str(folder / backup.DUMP),
        )
        report("database", sum(manifest.rows.values()))
        with engine.connect() as connection:
            _check(connection, manifest)
        _copy_back(folder, store, report)
        schema.upgrade(database_url)
        with engine.connect() as connection:
            if fault := database_state.fault(connection):
                raise BackupError(fault.zh, fault.en)
    finally:
        engine.dispose()
    return manifest


def _check(connection: sa.Connection, manifest: BackupManifest) -> None:
    for table, rows in manifest.rows.items():
        found = connection.scalar(sa.text(f'SELECT count(*) FROM "{table}"'))
        if found != rows:
            raise BackupError(
                f"表 {table} 恢复了 {found} 行，备份有 {rows} 行。",
                f"{table} has {found} rows, and {rows} in the backup.",
            )
    policies = connection.scalar(sa.text("SELECT count(*) FROM pg_policies WHERE schemaname = 'public'"))
    if policies != manifest.policies:
        raise BackupError(
            f"恢复了 {policies} 条行级权限，备份有 {manifest.policies} 条。",
            f"{policies} policies were restored of {manifest.policies}.",
        )


def _copy_back(folder: Path, store: ObjectStore, report: Report) -> None:
    objects: dict[str, int] = json.loads((folder / backup.OBJECTS).read_text("utf-8"))
    for number, (key, size) in enumerate(objects.items(), 1):
        path = folder.parent / backup.COPIES / key
        if not path.exists() or path.stat().st_size != size:
            raise BackupError(f"备份中缺少文件 {key}。", f"The object {key} is not in the backup.")
        if store.size(key) != size:
            store.write_pieces(key, _pieces(path))
        report("objects", number)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(MIB), b"")
