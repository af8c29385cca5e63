"""The demo's HTTP client: many calls at once, each with its own credential; a refusal ends the demo and is quoted."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlencode

import urllib3

from marketplace.core.ids import new_id

THREADS = 6

Item = TypeVar("Item")
Result = TypeVar("Result")


class DemoError(RuntimeError):
    """A call was refused that should have succeeded."""


def looks(within_s: float) -> Iterator[None]:
    """Yield for each look at what workers do, until the seconds are over. The pauses grow from a tenth of a second to a
    whole one, because every look takes processor time from the work that is waited for."""
    deadline, pause_s = time.monotonic() + within_s, 0.1
    while time.monotonic() < deadline:
        yield
        time.sleep(pause_s)
        pause_s = min(1.0, 1.3 * pause_s)


class DemoClient:
    """Calls the API of a running market."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.count = 0
        self._lock = threading.Lock()
        self._pool = urllib3.PoolManager(maxsize=THREADS * 2, timeout=urllib3.Timeout(connect=5, read=60))

    def __call__(
        self,
        method: str,
        path: str,
        key: str = "",
        body: Any = None,
        query: dict[str, Any] | None = None,
        file: bytes | None = None,
    ) -> Any:
        """Make one call; returns its JSON. Raises DemoError for anything but a success."""
        headers = {"Idempotency-Key": str(new_id())}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = file
        if file is not None:
            headers["Content-Type"] = "application/octet-stream"
        elif body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        url = f"{self.url}/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        retry = urllib3.Retry(
            total=3, backoff_factor=0.2, status_forcelist=(503,), allowed_methods=None, raise_on_status=False
        )
        answer = self._pool.request(method, url, body=data, headers=headers, retries=retry)
        with self._lock:
            self.count += 1
        if answer.status >= 400:
            raise DemoError(f"{method} {path}: {answer.status} {answer.data.decode(errors='replace')[:2000]}")
        return json.loads(answer.data) if answer.data else None

    def many(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Do the work for all items, THREADS at a time, and return the results in their order."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(work, items))
