"""A real web server for tests over real connections."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil

from marketplace.chaos.fault_run import free_port
from marketplace.core import storage
from marketplace.core.config import Config
from marketplace.core.db import Sessions
from marketplace.local.market_tree import answers
from marketplace.local.programs import web_argv
from tests.waiting import until


class Web:
    """A web server on this test's database and store, which may be killed and started again."""

    def __init__(self, config: Config, log: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        root = storage.opened().root
        assert root is not None
        database = Sessions.kw["bind"].url.render_as_string(hide_password=False)
        self._env = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": config.redis_url,
            "SECRET_KEY": "test",
            "RATE_LIMIT_PER_MINUTE": "1000000",
            "STORAGE_URL": root.as_uri(),
            **settings,
        }
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            argv = web_argv("127.0.0.1", self.port)
            self.process = subprocess.Popen(argv, env=self._env, stdout=log, stderr=log, start_new_session=True)
        try:
            until(lambda: answers(f"{self.url}/readyz"))
        except BaseException:
            self.kill()  # nobody else has it yet
            raise

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def memory(self) -> int:
        """Bytes that the server and its children hold."""
        here = psutil.Process(self.process.pid)
        return int(sum(one.memory_info().rss for one in (here, *here.children(recursive=True))))

    def open(self, method: str, path: str, headers: dict[str, str], length: int) -> socket.socket:
        """Begin a request whose body comes bit by bit."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        opened.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return opened
