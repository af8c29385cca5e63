"""The market as one tree of processes: servers, web, worker, ringer, and the watchdog beside them."""

import contextlib
import importlib.util
import os
import secrets
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from marketplace import database_roles, schema
from marketplace.core import db
from marketplace.core.jobs import LEASE_BEGAN, VISION
from marketplace.local.programs import MARKET_QUEUES, ringer_argv, web_argv, worker_argv
from marketplace.local.server_process import EmbeddedError
from marketplace.local.server_watch import LOOK_S, ServerWatch
from marketplace.local.servers import LocalServers, close_to_others, database_url_of, owner_url_of, start_servers
from marketplace.local.supervisor import Supervisor
from marketplace.local.web_port import hold_port
from marketplace.vision.one_thread import ONE_THREAD

DEAF_S = 20.0
WEB_READY_S = 120.0  # on a busy machine; usually takes 6 s of CPU time
WATCH_S = 5.0

_DEAF = sa.text(
    "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND queue = ANY(:queues)"
    " AND next_at < now() - make_interval(secs => :late))"
    " AND NOT EXISTS (SELECT 1 FROM worker_beats WHERE split_part(name, ':', 3) = ANY(:queues)"
    " AND drained_at > now() - make_interval(secs => :late))"
    # A long job reports no drain but keeps its lease. A lease that began before this worker belonged to a dead one.
    " AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'leased' AND queue = ANY(:queues) AND lease_until > now()"
    f" AND {LEASE_BEGAN} > now() - make_interval(secs => :up))"
)


class MarketTree:
    """The market's processes as children of one command, with one environment."""

    def __init__(self, env: Mapping[str, str], servers: LocalServers | None = None, log: Path | None = None) -> None:
        self.env = dict(env)
        self.servers = servers
        self.supervisor = Supervisor(log or sys.stderr)
        self.deaf_restarts = 0
        self.address = ""  # of the web server, without a path
        self._server_watch = ServerWatch(servers, self.supervisor.say) if servers is not None else None
        if self._server_watch is not None:
            self.supervisor.watch(self._look_after_servers, LOOK_S)

    @classmethod
    @contextlib.contextmanager
    def on_embedded_servers(
        cls,
        data: Path,
        host: str,
        port: int,
        *,
        children: int = 2,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> Iterator["MarketTree"]:
        """Prepare the whole market on one machine, with a migrated database.

        The servers are embedded unless DATABASE_URL and REDIS_URL name others. `env` overrides the environment; `log`
        gets every child's lines instead of the terminal. Raises EmbeddedError for a taken port, before anything starts.
        """
        child_env = {**os.environ, **(env or {})}  # noqa: TID251 - handed on to the children as it is
        with contextlib.ExitStack() as stack:
            stack.enter_context(hold_port(host, port))
            servers = None
            if not (child_env.get("DATABASE_URL") and child_env.get("REDIS_URL")):
                servers = stack.enter_context(start_servers(data))
                child_env["DATABASE_URL"], child_env["REDIS_URL"] = servers.database_url, servers.redis_url
                child_env["BROKER_URL"] = servers.broker_url
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            close_to_others(data)
            child_env.setdefault("SECRET_KEY", _secret(data))
            child_env.setdefault("LOG_FORMAT", "json")
            child_env.setdefault("INLAY_DATA", str(data.resolve()))
            child_env.setdefault("HEARTBEAT_DIR", str(data.resolve()))
            owner_url = child_env.pop("MIGRATION_DATABASE_URL", "")  # for no child
            _migrate(servers.owner_url if servers else owner_url, child_env["DATABASE_URL"])
            db.connect(child_env["DATABASE_URL"], pool_size=3)
            tree = cls(child_env, servers, log)
            tree.address = f"http://{host}:{port}"
            tree.supervisor.add(
                "web",
                web_argv(host, port),
                child_env,
                ready=lambda: answers(f"{tree.address}/readyz"),
                ready_within_s=WEB_READY_S,
            )
            tree.add_worker(children)
            if importlib.util.find_spec("av") is not None:
                tree.add_worker(os.cpu_count() or 1, "vision", (VISION,))
            tree.supervisor.add("ringer", ringer_argv(), child_env)
            yield tree

    @staticmethod
    def database_url(data: Path) -> str:
        """Return the database of a running tree: DATABASE_URL, or the embedded server of a data folder."""
        given = os.environ.get("DATABASE_URL")  # noqa: TID251 - asked before there is a whole Config
        return given or database_url_of(data)

    @staticmethod
    def owner_url(data: Path) -> str:
        """Return the same for the login that owns the tables: MIGRATION_DATABASE_URL if it is another one."""
        return _owner_given() or owner_url_of(data)

    @staticmethod
    @contextlib.contextmanager
    def database_to_fill(data: Path) -> Iterator[str]:
        """Yield the owner's URL of a database, with the roles and the login that a market needs: of DATABASE_URL and
        MIGRATION_DATABASE_URL, or of an embedded server that runs on a data folder meanwhile."""
        given = _owner_given()
        if given:
            database_roles.prepare(given, MarketTree.database_url(data))
            yield given
        else:
            with start_servers(data) as servers:
                yield servers.owner_url

    @staticmethod
    def store_url(data: Path) -> str:
        """Return where the objects of a data folder are: STORAGE_URL, or the folder's own."""
        given = os.environ.get("STORAGE_URL")  # noqa: TID251 - asked before there is a whole Config
        return given or Path(data, "objects").resolve().as_uri()

    def add_worker(self, children: int, name: str = "worker", queues: Sequence[str] = MARKET_QUEUES) -> None:
        """Add a worker that drains some queues, and watch over it."""
        env = {**self.env, **ONE_THREAD} if VISION in queues else self.env
        self.supervisor.add(name, worker_argv(children, queues), env)
        self.supervisor.watch(lambda: self._deaf(name, queues), WATCH_S)

    def run(self) -> int:
        """Run the market until it is stopped, and return the exit code. Raises EmbeddedError once an embedded server
        could not be kept up."""
        code = self.supervisor.run()
        if self._server_watch is not None and self._server_watch.lost is not None:
            raise self._server_watch.lost
        return code

    def _look_after_servers(self) -> dict[str, str]:
        if self._server_watch is not None and self._server_watch.look() is not None:
            self.supervisor.give_up()
        return {}

    def _deaf(self, name: str, queues: Sequence[str]) -> dict[str, str]:
        """Return a worker to restart, with the reason: one that lives but drains nothing while work is due no longer
        hears its broker."""
        worker = self.supervisor.children[name]
        # A worker that is down or was just started is not deaf: it had no time to drain.
        up_s = time.monotonic() - worker.started_at
        if worker.process is None or up_s < DEAF_S:
            return {}
        try:
            with db.transaction() as session:
                deaf = session.scalar(_DEAF, {"late": DEAF_S, "up": up_s, "queues": list(queues)})
        except sa.exc.DBAPIError:
            return {}  # without the database no worker can work, and a restart would not help
        if not deaf or not self._rings_wait(queues):
            return {}
        self.deaf_restarts += 1
        return {name: f"work has been due for {DEAF_S:g} s and nobody drains it"}

    def _rings_wait(self, queues: Sequence[str]) -> bool:
        """Return whether rings are waiting in the broker: if not, the ringer was down and the worker missed nothing."""
        broker = self.env.get("BROKER_URL") or self.env["REDIS_URL"]
        options = {"socket_timeout": 1, "socket_connect_timeout": 1}
        connection: Any = Connection(broker, transport_options=options)  # type: ignore[no-untyped-call]
        try:
            with connection.ensure_connection(max_retries=1, interval_start=0):
                return any(_waiting(connection, queue) for queue in queues)
        except (OSError, OperationalError, *connection.connection_errors):
            return False  # without the broker there are no rings


def _migrate(owner_url: str, login_url: str) -> None:
    """Bring the database to the newest schema, with its login. Raises EmbeddedError if that takes another login."""
    try:
        schema.migrate(owner_url, login_url)
    except database_roles.OwnerNeeded as error:
        raise EmbeddedError(error.text) from error


def _owner_given() -> str | None:
    # Asked before there is a whole Config.
    given = os.environ.get("MIGRATION_DATABASE_URL") or os.environ.get("DATABASE_URL")  # noqa: TID251
    return given or None


def _waiting(connection: Any, queue: str) -> int:
    try:
        return int(connection.channel().queue_declare(queue, passive=True).message_count)
    except connection.channel_errors:
        return 0  # Redis does not keep empty lists


def answers(url: str) -> bool:
    """Return whether the URL answers 200."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
        return bool(answer.status == 200)
    return False


def _secret(data: Path) -> str:
    """Return the secret of the folder, which the first start makes. Whole or not there, whatever stops the start."""
    file = data / "secret_key"
    if not file.exists():
        unfinished = data / f".secret_key.{os.getpid()}"
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, file)
        unfinished.unlink()
    return file.read_text()
