"""PostgreSQL and Valkey on this machine, in one folder, for a first run, the tests and small installations.

One owner at a time: a lock on `owner.lock` that the kernel drops when the owner ends, however it ends. A killed
owner's servers are ended by its keeper (`marketplace/local/keeper.py`). If that has gone too, the next start finds them
by their working folder, shuts them down cleanly and continues from what they had committed.
"""

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from marketplace.local import postgres as embedded_postgres
from marketplace.local import valkey as embedded_valkey
from marketplace.local.keeper import ProcessKeeper
from marketplace.local.server_process import (
    EmbeddedError,
    end,
    end_leftovers,
    first_number,
    need_unix,
    pids_in,
    refusal,
)

if sys.platform != "win32":
    import fcntl

__all__ = ["EmbeddedError", "LocalServers", "database_url_of", "owner_url_of", "start_servers"]

SOCKET_PATH_BYTES_MAX = 99  # Linux takes 107, macOS 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
POSTGRES, VALKEY = "PostgreSQL", "Valkey"  # as messages name them
_log = logging.getLogger(__name__)


class LocalServers:
    """The running servers of one folder. A context manager; `stop` may be called twice.

    `database_url` is SQLAlchemy's, `redis_url` redis-py's, `broker_url` kombu's; a server that was not asked for has
    "". `owner_url` is that of the login that owns the tables, for migrations and backups. `note` is "" or a sentence
    (zh, en) that the person at the keyboard should read.
    """

    def __init__(
        self,
        data_dir: Path,
        lock: int,
        cluster: embedded_postgres.PostgresCluster | None,
        store: embedded_valkey.ValkeyStore | None,
        *,
        fsync: bool,
        settings: Mapping[str, str],
        spare_folder: Path | None,
    ) -> None:
        self.data_dir = data_dir
        self.database_url = cluster.url(embedded_postgres.DRIVER, login=embedded_postgres.LOGIN) if cluster else ""
        self.owner_url = cluster.url(embedded_postgres.DRIVER) if cluster else ""
        self.redis_url = store.redis_url if store else ""
        self.broker_url = store.broker_url if store else ""
        self.note = cluster.note if cluster else ""
        self._lock: int | None = lock
        self._cluster, self._store = cluster, store
        self._fsync, self._settings = fsync, dict(settings)
        self._spare_folder = spare_folder
        self._keeper = ProcessKeeper()
        self._postgres: subprocess.Popen[bytes] | None = None
        self._valkey: subprocess.Popen[bytes] | None = None
        self._starting, self._stopped = threading.Lock(), False  # nothing is started once `stop` has begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def postgres_pid(self) -> int | None:
        """Return the postmaster's pid while it runs."""
        return self._postgres.pid if self._postgres and self._postgres.poll() is None else None

    @property
    def valkey_pid(self) -> int | None:
        """Return Valkey's pid while it runs."""
        return self._valkey.pid if self._valkey and self._valkey.poll() is None else None

    def stop(self) -> None:
        """Shut both servers down cleanly and release the folder."""
        with self._starting:
            self._stopped = True
        if self._lock is None:
            return
        for process, number in ((self._valkey, signal.SIGTERM), (self._postgres, signal.SIGINT)):
            if process and process.poll() is None:
                process.send_signal(number)
        if self._valkey:
            end(self._valkey, [(signal.SIGTERM, embedded_valkey.STOP_S)])
            self._keeper.forget(self._valkey.pid)
        if self._postgres:
            end(self._postgres, [(signal.SIGINT, embedded_postgres.STOP_S), (signal.SIGQUIT, 5.0)])
            self._keeper.forget(self._postgres.pid)
        self._keeper.close()
        if self._spare_folder:
            shutil.rmtree(self._spare_folder, ignore_errors=True)
        os.close(self._lock)
        self._lock = None

    def ended(self) -> tuple[str, ...]:
        """Return the servers that have ended unasked: POSTGRES, VALKEY or both."""
        running = () if self._stopped else ((POSTGRES, self._postgres), (VALKEY, self._valkey))
        return tuple(name for name, process in running if process is not None and process.poll() is not None)

    def start_again(self, name: str) -> None:
        """Start POSTGRES or VALKEY again. Raises EmbeddedError if it does not come up."""
        if name == POSTGRES:
            self.restart_postgres()
        else:
            self.restart_valkey()

    def log(self, name: str) -> Path:
        """Return the log of POSTGRES or VALKEY."""
        return self.data_dir / "log" / {POSTGRES: "postgres.log", VALKEY: "valkey.log"}[name]

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stop every process of POSTGRES or VALKEY within, as a disk or a host that hangs does: whoever asks it is
        neither answered nor refused."""
        if name == POSTGRES:
            assert self._cluster is not None
            pids = pids_in(self._cluster.folder, "postgres", "postmaster.pid")
            # The postmaster first, so that it starts no further one.
            pids.sort(key=lambda pid: pid != self.postgres_pid)
        else:
            assert self._store is not None
            pids = pids_in(self._store.folder, "valkey-server", "valkey.pid")
        _tell(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _tell(pids, signal.SIGCONT)

    def kill_postgres(self) -> None:
        """SIGKILL the postmaster and its backends, as a fault does. What was committed stays committed."""
        process, self._postgres = self._postgres, None
        if process and self._cluster:
            process.kill()
            process.wait()
            self._keeper.forget(process.pid)
            end_leftovers(self._cluster.folder, "postgres", "", [(signal.SIGKILL, 10.0)])

    def restart_postgres(self) -> None:
        """Start PostgreSQL again after `kill_postgres`; a running one is killed first."""
        if self._cluster:
            self.kill_postgres()
            embedded_postgres.wait(self._cluster, self._start_postgres(self._cluster))

    def kill_valkey(self) -> None:
        """SIGKILL Valkey. It may lose its last second."""
        process, self._valkey = self._valkey, None
        if process:
            process.kill()
            process.wait()
            self._keeper.forget(process.pid)

    def restart_valkey(self) -> None:
        """Start Valkey again after `kill_valkey`; a running one is killed first."""
        if self._store:
            self.kill_valkey()
            embedded_valkey.wait(self._store, self._start_valkey(self._store))

    def _start(self) -> None:
        # Both start at the same time.
        valkey = self._start_valkey(self._store) if self._store else None
        if self._cluster:
            embedded_postgres.init(self._cluster, fsync=self._fsync)
            embedded_postgres.wait(self._cluster, self._start_postgres(self._cluster))
        if self._store and valkey:
            embedded_valkey.wait(self._store, valkey)

    def _start_postgres(self, cluster: embedded_postgres.PostgresCluster) -> "subprocess.Popen[bytes]":
        with self._starting:
            self._refuse_stopped()
            leftovers = embedded_postgres.clear(cluster)
            if leftovers:
                _log.warning("stopped the PostgreSQL that an earlier owner left running (processes %s)", leftovers)
            self._postgres = embedded_postgres.start(cluster, fsync=self._fsync, settings=self._settings)
            self._keeper.watch(self._postgres.pid, signal.SIGINT)
            return self._postgres

    def _start_valkey(self, store: embedded_valkey.ValkeyStore) -> "subprocess.Popen[bytes]":
        with self._starting:
            self._refuse_stopped()
            leftovers = embedded_valkey.clear(store)
            if leftovers:
                _log.warning("stopped the Valkey that an earlier owner left running (process %s)", leftovers)
            self._valkey = embedded_valkey.start(store)
            self._keeper.watch(self._valkey.pid, signal.SIGTERM)
            return self._valkey

    def _refuse_stopped(self) -> None:
        if self._stopped:
            raise refusal("服务器已停止。", "The servers have been stopped.")


def _tell(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def start_servers(
    data_dir: Path,
    *,
    postgres: bool = True,
    valkey: bool = True,
    fsync: bool = True,
    settings: Mapping[str, str] | None = None,
) -> LocalServers:
    """Start the servers on `data_dir`, which is made if needed, and return once each has answered.

    `settings` go to PostgreSQL last. `fsync=False` is for tests: commits survive killed processes, not a power cut.
    Raises EmbeddedError when the folder has a living owner (its pid is named), when the wheels are not installed,
    on Windows, and when a server does not come up (with the end of its log).
    """
    need_unix()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    close_to_others(data_dir)
    lock = _own(data_dir)
    servers = None
    try:
        logs = data_dir / "log"
        logs.mkdir(mode=0o700, exist_ok=True)
        state = _read_state(data_dir)
        sockets = _socket_folder(data_dir, state)
        cluster = embedded_postgres.find(data_dir, sockets, logs / "postgres.log", state) if postgres else None
        store = embedded_valkey.find(data_dir, sockets, logs / "valkey.log") if valkey else None
        servers = LocalServers(
            data_dir,
            lock,
            cluster,
            store,
            fsync=fsync,
            settings=settings or {},
            spare_folder=sockets if "socket_folder" in state else None,
        )
        state["database_url"], state["owner_url"] = servers.database_url, servers.owner_url
        _write_state(data_dir, state)
        if servers.note:
            _log.warning(servers.note)
        servers._start()
    except BaseException:
        if servers:
            servers.stop()
        else:
            os.close(lock)
        raise
    return servers


def database_url_of(data_dir: Path) -> str:
    """Return the database URL of the servers that another process runs on `data_dir`. Raises EmbeddedError if none
    does."""
    return _state_of(data_dir).get("database_url", "")


def owner_url_of(data_dir: Path) -> str:
    """Return the same of the login that owns the tables."""
    return _state_of(data_dir).get("owner_url", "")


def _state_of(data_dir: Path) -> dict[str, str]:
    need_unix()
    with contextlib.suppress(FileNotFoundError), (data_dir / "owner.lock").open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_state(data_dir)
    raise refusal(
        f"没有服务器在 {data_dir} 上运行；请先启动，或设置 DATABASE_URL。",
        f"No servers run on {data_dir}; start them first or set DATABASE_URL.",
    )


def close_to_others(folder: Path) -> None:
    """Let nobody but its owner into a folder of ours, also one that stood there before."""
    status = folder.stat()
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
        folder.chmod(0o700)


def _own(data_dir: Path) -> int:
    """Lock the folder and return the lock's descriptor; the kernel releases it when this process ends."""
    path = data_dir / "owner.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise refusal(
            f"数据文件夹 {data_dir} 属于另一个用户。", f"The data folder {data_dir} belongs to another user."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        pid = first_number(path) or "?"
        raise refusal(
            f"数据文件夹 {data_dir} 正被进程 {pid} 使用；请先停止它，或换一个文件夹。",
            f"The data folder {data_dir} is in use by process {pid}; stop that one first or take another folder.",
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _read_state(data_dir: Path) -> dict[str, str]:
    try:
        loaded = json.loads((data_dir / "servers.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(value) for name, value in loaded.items()} if isinstance(loaded, dict) else {}


def _write_state(data_dir: Path, state: Mapping[str, str]) -> None:
    fresh = data_dir / "servers.json.new"
    fresh.write_text(json.dumps(dict(state), indent=1) + "\n", encoding="utf-8")
    fresh.replace(data_dir / "servers.json")


def _socket_folder(data_dir: Path, state: dict[str, str]) -> Path:
    """Return a folder that only this account can enter, with a path that is short and plain.

    A long path would not fit into a socket's address, and a comma or a blank would have to be quoted in four ways for
    libpq, SQLAlchemy, redis-py and kombu.
    """
    inside = data_dir / "run"
    if _fits(inside):
        state.pop("socket_folder", None)
        inside.mkdir(mode=0o700, exist_ok=True)
        inside.chmod(0o700)
        return inside
    if "socket_folder" in state and _is_private(Path(state["socket_folder"])):
        return Path(state["socket_folder"])
    default = Path(tempfile.gettempdir())
    parent = default if _fits(default / "inlay-12345678") else Path("/tmp")  # noqa: S108 - mkdtemp makes it private
    state["socket_folder"] = tempfile.mkdtemp(prefix="inlay-", dir=parent)
    return Path(state["socket_folder"])


def _fits(folder: Path) -> bool:
    path = str(folder / LONGEST_SOCKET_NAME)
    return len(path.encode()) <= SOCKET_PATH_BYTES_MAX and re.fullmatch(r"[A-Za-z0-9/._-]+", path) is not None


def _is_private(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        status = folder.lstat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o700
    return False
