"""The drill: a market is backed up while it works, lost, and restored on another server, by the commands."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from marketplace.app import create_app
from marketplace.backups import backup, restoring
from marketplace.backups.pg_programs import BackupError
from marketplace.cli.main import main
from marketplace.core import db, storage
from marketplace.core.config import Config
from marketplace.core.db import Sessions
from marketplace.core.errors import Unavailable
from marketplace.core.storage import ObjectStore
from marketplace.database_roles import ROLES
from marketplace.local.servers import LocalServers, start_servers
from marketplace.video_files import upload_completion
from tests.make import videos
from tests.make.people import Somebody, somebody
from tests.market import connected, owner_of
from tests.waiting import until

pytestmark = pytest.mark.process


@pytest.fixture
def brand(app: Flask) -> Somebody:
    return somebody("brand")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """Another server, without role, tables or rows."""
    with start_servers(tmp_path_factory.mktemp("elsewhere"), fsync=False) as servers:
        yield servers


@pytest.fixture
def empty(elsewhere: LocalServers) -> str:
    """A fresh database there."""
    engine = sa.create_engine(elsewhere.owner_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS restored WITH (FORCE)"))
        for role in ROLES:
            connection.execute(sa.text(f"DROP ROLE IF EXISTS {role}"))
        connection.execute(sa.text("CREATE DATABASE restored"))
    return sa.make_url(elsewhere.owner_url).set(database="restored").render_as_string(hide_password=False)


def here() -> str:
    """The database of the tests, for the login that owns its tables."""
    return owner_of(Sessions.kw["bind"].url.render_as_string(hide_password=False))


def inlay(*words: str, database: str, store: Path) -> Result:
    environment = {"DATABASE_URL": database, "STORAGE_URL": store.as_uri()}
    return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)


def store_here() -> Path:
    root = storage.opened().root
    assert root is not None
    return root


def test_a_lost_market_comes_back_whole(
    client: FlaskClient, brand: Somebody, config: Config, empty: str, tmp_path: Path
) -> None:
    data = videos.video(200_000)
    videos.kept(brand, data)
    asked = ("/api/v1/briefs", "/api/v1/videos", "/api/v1/events?limit=50")
    before = {path: client.get(path, headers=brand.headers).json for path in asked}
    done = inlay("backup", str(tmp_path / "kept"), database=here(), store=store_here())
    assert done.exit_code == 0, done.output
    (made,) = [path for path in (tmp_path / "kept").iterdir() if path.name != backup.COPIES]

    restored = inlay("restore", str(made), database=empty, store=tmp_path / "objects")
    assert restored.exit_code == 0, restored.output
    assert "all checked" in restored.output
    with connected(empty, 4):
        storage.connect((tmp_path / "objects").as_uri())
        try:
            again = create_app(config).test_client()
            assert again.get("/readyz").json["database"] == "ok"
            assert {path: again.get(path, headers=brand.headers).json for path in asked} == before
            video = before["/api/v1/videos"]["data"][0]["id"]
            assert again.get(f"/api/v1/videos/{video}/content", headers=brand.headers).data == data
            # Row-level security came with it: a stranger under the application's role sees nothing.
            with db.transaction(somebody("brand").actor) as session:
                assert session.scalar(sa.text("SELECT count(*) FROM video_files")) == 0
        finally:
            storage.connect(config.storage_url)
    # A second restore into the same place changes nothing.
    refused = inlay("restore", str(made), database=empty, store=tmp_path / "objects")
    assert (refused.exit_code, "not empty" in refused.output) == (1, True), refused.output


def test_a_dump_that_was_restored_by_hand_is_noticed(client: FlaskClient, config: Config, empty: str) -> None:
    """Of a plain pg_dump and pg_restore 91 errors came, the rows were there, and no policy."""
    engine = sa.create_engine(empty, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('0001')"))
        connection.execute(sa.text("CREATE TABLE bids (id uuid)"))
    with connected(empty, 2):
        asked = create_app(config).test_client()
        ready = asked.get("/readyz")
        assert (ready.status_code, ready.json["database"]) == (503, "down: IncompleteDatabase")
        # It is our fault, and no input's.
        with pytest.raises(Unavailable), db.transaction():
            pass


def test_nothing_is_removed_while_a_backup_is_made(app: Flask, brand: Somebody, tmp_path: Path) -> None:
    data = videos.video(50_000)
    video_id = videos.kept(brand, data)
    sha256 = storage.opened().put([data]).sha256
    engine = sa.create_engine(here(), poolclass=sa.NullPool)
    with backup._objects_stay(here()):
        with db.transaction() as session:
            session.execute(sa.text("DELETE FROM video_files WHERE id = :id"), {"id": video_id})
            assert upload_completion.clear(session, video_id, sha256) is False
        assert storage.opened().size(storage.key_of(sha256)) == len(data)
        with db.transaction() as session:
            waiting = "SELECT count(*) FROM jobs WHERE kind = 'videos.clear' AND state = 'queued' AND subject_id = :id"
            assert session.scalar(sa.text(waiting), {"id": video_id}) == 1
        with pytest.raises(BackupError, match="Another backup"):
            backup.back_up(here(), storage.opened(), tmp_path / "second")
        assert list((tmp_path / "second").iterdir()) == []

    def cleared() -> bool:
        with db.transaction() as session:
            return upload_completion.clear(session, video_id, sha256)

    until(cleared)  # the server lets a lock of a connection go when it notices that the connection has ended
    engine.dispose()


def test_what_is_damaged_is_refused(app: Flask, brand: Somebody, empty: str, tmp_path: Path) -> None:
    videos.kept(brand)
    made = backup.back_up(here(), storage.opened(), tmp_path / "kept")
    store = ObjectStore((tmp_path / "objects").as_uri())
    dump = made / backup.DUMP
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-100])
    with pytest.raises(BackupError, match="checksum"):
        restoring.restore(made, empty, store)
    dump.write_bytes(whole)
    manifest = json.loads((made / backup.MANIFEST).read_text())
    rows = {**manifest["rows"], "parties": 10**9}
    for broken, said in (({"format": 2}, "Another version"), ({"rows": rows}, "parties has")):
        (made / backup.MANIFEST).write_text(json.dumps({**manifest, **broken}))
        with pytest.raises(BackupError, match=said):
            restoring.restore(made, empty, store)
    with pytest.raises(BackupError, match="no backup"):
        restoring.restore(tmp_path, empty, store)


def test_old_backups_go_with_the_objects_that_no_other_names(app: Flask, brand: Somebody, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = backup.back_up(here(), storage.opened(), folder)
    only_first = folder / backup.COPIES / "sha256" / "aa" / "only-the-first-names-it"
    only_first.parent.mkdir(parents=True, exist_ok=True)
    only_first.write_bytes(b"x")
    shutil.copytree(first, folder / "20990101T000000Z")
    named = json.loads((first / backup.OBJECTS).read_text())
    (first / backup.OBJECTS).write_text(json.dumps({**named, "sha256/aa/only-the-first-names-it": 1}))
    assert backup.forget(folder, 1) == [first.name]
    assert not only_first.exists()
    assert not first.exists()
    assert all((folder / backup.COPIES / key).exists() for key in named)
