"""Whether this process can serve now: checks that write, each within a deadline, also when what they ask hangs."""

import concurrent.futures
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

# Shorter than the time that those who ask wait for an answer (docker-compose.yml: 3 s).
WITHIN_S = 2.0


class Readiness:
    """Named checks. One that hangs is not begun again before it has ended: a server that is frozen for an hour holds a
    thread for each, and every answer meanwhile says that it is down."""

    def __init__(self, checks: Mapping[str, Callable[[], object]], within_s: float = WITHIN_S) -> None:
        self._checks, self._within_s = dict(checks), within_s
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def outcomes(self) -> dict[str, str]:
        """Return for each check "ok", or "down" with the kind of error. All are waited for together."""
        running = {name: self._begin(name) for name in self._checks}
        concurrent.futures.wait(running.values(), self._within_s)
        return {name: _outcome(future) for name, future in running.items()}

    def _begin(self, name: str) -> "Future[None]":
        with self._lock:
            future = self._running.get(name)
            if future is None or future.done():
                future = self._running[name] = Future()
                threading.Thread(target=self._run, args=(name, future), name=f"ready-{name}", daemon=True).start()
            return future

    def _run(self, name: str, future: "Future[None]") -> None:
        try:
            self._checks[name]()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(None)


def _outcome(future: "Future[None]") -> str:
    if not future.done():
        return "down: no answer"
    error = future.exception()
    return "ok" if error is None else f"down: {type(error).__name__}"
