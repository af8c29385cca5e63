"""`inlay backup` and `inlay restore`: a whole market into a folder, and back."""

from pathlib import Path

import click

from marketplace.backups import backup as making
from marketplace.backups import restoring
from marketplace.backups.backup import COPIES
from marketplace.backups.pg_programs import BackupError
from marketplace.cli.client import fail
from marketplace.cli.number_options import WholeNumber
from marketplace.core.message import Bilingual
from marketplace.core.storage import ObjectStore
from marketplace.database_roles import RolesMissing
from marketplace.local.market_tree import MarketTree
from marketplace.local.servers import EmbeddedError

_DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".data",
    show_default=True,
    help="Where the market's data is, as `inlay up` was told.",
)


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), help="Where backups are kept.")
@_DATA
@click.option("--keep", type=WholeNumber(1, 10_000), help="Delete all but so many of the newest backups afterwards.")
def backup(folder: Path, data: Path, keep: int | None) -> None:
    """Back up a running market into FOLDER.

    The database and the videos, as they are at one moment; the market goes on meanwhile.
    Videos are copied once, however many backups there are.
    """
    try:
        made = making.back_up(MarketTree.owner_url(data), ObjectStore(MarketTree.store_url(data)), folder)
        manifest = restoring.read_manifest(made)
        old = making.forget(folder, keep) if keep else []
    except BackupError as error:
        fail(Bilingual(error.zh, error.en))
    except EmbeddedError as error:
        fail(error.text)
    rows = sum(manifest.rows.values())
    click.echo(f"{made}: {rows} rows in {len(manifest.rows)} tables, {manifest.objects} objects in {folder / COPIES}")
    if old:
        click.echo(f"deleted: {', '.join(old)}")


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="One backup.")
@_DATA
def restore(folder: Path, data: Path) -> None:
    """Restore one backup from FOLDER, and check it.

    The database and the store have to be empty. It starts the embedded servers on a new data folder
    for it, unless DATABASE_URL names another server.
    """
    try:
        with MarketTree.database_to_fill(data) as database_url:
            manifest = restoring.restore(folder, database_url, ObjectStore(MarketTree.store_url(data)))
    except BackupError as error:
        fail(Bilingual(error.zh, error.en))
    except (EmbeddedError, RolesMissing) as error:
        fail(error.text)
    rows = sum(manifest.rows.values())
    click.echo(f"restored what was there at {manifest.made_at}: {rows} rows, {manifest.objects} objects; all checked")
