"""Starts an embedded server again that has ended unasked, beside the supervisor's loop, and gives up in the end."""

import contextlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from marketplace.local.server_process import EmbeddedError, refusal
from marketplace.local.servers import LocalServers

LOOK_S = 1.0
# A server that ends this often within this time has a reason that another start does not remove.
RESTARTS_MAX, RESTARTS_WITHIN_S = 5, 600.0


class ServerWatch:
    """Looks after the servers of one market; `say` writes to its log.

    A start takes seconds, so it is done in a thread of its own, and the supervisor goes on meanwhile. `lost` is the
    error for the person at the keyboard once a server could not be kept up.
    """

    def __init__(self, servers: LocalServers, say: Callable[[str], None]) -> None:
        self.lost: EmbeddedError | None = None
        self._servers, self._say = servers, say
        self._starts: defaultdict[str, deque[float]] = defaultdict(deque)
        self._thread: threading.Thread | None = None
        self._told: deque[str] = deque()

    def look(self) -> EmbeddedError | None:
        """Begin to start what has ended, and return the error once that has failed for good. Returns at once."""
        with contextlib.suppress(IndexError):
            while True:
                self._say(self._told.popleft())
        if self.lost is None and not (self._thread and self._thread.is_alive()):
            for name in self._servers.ended():
                self._start_again(name)
                break  # the other one's turn comes when this one is up
        return self.lost

    def _start_again(self, name: str) -> None:
        now, starts = time.monotonic(), self._starts[name]
        while starts and starts[0] < now - RESTARTS_WITHIN_S:
            starts.popleft()
        if len(starts) >= RESTARTS_MAX:
            minutes = f"{RESTARTS_WITHIN_S / 60:g}"
            log = self._servers.log(name)
            self.lost = refusal(
                f"{name} 在 {minutes} 分钟内重新启动了 {RESTARTS_MAX} 次，仍然退出，因此市场停止运行；请查看 {log}。",
                f"{name} has ended again after {RESTARTS_MAX} starts within {minutes} minutes, "
                f"so the market stops; see {log}.",
            )
            return
        starts.append(now)
        self._say(f"{name} has ended; starting it again")
        self._thread = threading.Thread(target=self._start, args=(name,), daemon=True)
        self._thread.start()

    def _start(self, name: str) -> None:
        try:
            self._servers.start_again(name)
            self._told.append(f"{name} runs again")
        except Exception as error:  # if it has ended again, the next look counts that and tries again
            self._told.append(str(error))
