"""What a few hostile callers can do to a market's web server: `python -m benchmarks.hostile.callers`.

The market is started as `inlay up` starts it, with one web process. During each attack somebody else goes on asking
`/livez` and for a list; how long those take is what counts. The attacks come from one address, and all calls end by
themselves. No promise is asserted here, the tests do that (`tests/core/test_slow_clients.py`); the figures are printed.
"""

import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import urllib3

from benchmarks.speed import market
from benchmarks.speed.mixed_load import cpu_s, free_port, started_market
from marketplace.core import db
from marketplace.core.ids import new_id
from marketplace.identity.sign_in import authentication
from marketplace.local.market_tree import MarketTree

SECONDS, NINE, SIGN_UPS, SIGN_INS, GUESSES, READS = 20.0, 9, 28, 48, 1300, 50
HTTP = urllib3.PoolManager(maxsize=64, retries=False, timeout=120.0)


def run() -> dict[str, Any]:
    """Return what was measured by attack."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data, port = Path(folder, "data"), free_port()
        # Counting sign-ins by address would end two attacks at once: what is left without it is measured.
        web = stack.enter_context(started_market(data, port, Path(folder, "log"), SIGN_INS_PER_MINUTE="100000"))
        engine = db.connect(MarketTree.owner_url(data), pool_size=1)
        with db.transaction() as session:
            _, watcher = market.party(session, "creator")
            _, owner = market.party(session, "creator")
        engine.dispose()
        url = f"http://127.0.0.1:{port}"
        attacks: dict[str, Callable[[], object]] = {
            "quiet": lambda: time.sleep(SECONDS / 2),
            "nine_slow_bodies": lambda: _nine(port, _trickle),
            "nine_idle_readers": lambda: _nine(port, _stare),
            "sign_ups_of_150000_names": lambda: _sign_ups(url),
            "sign_ins_at_once": lambda: _sign_ins(url),
            "description": lambda: _description(url),
            "guessed_secrets": lambda: _guesses(url, owner),
        }
        return {name: _watched(url, watcher, web, attack) for name, attack in attacks.items()}


def _watched(url: str, key: str, web: psutil.Process, attack: Callable[[], object]) -> dict[str, Any]:
    with _watching(f"{url}/livez", {}) as live, _watching(f"{url}/api/v1/bids", {"Authorization": key}) as reads:
        before, began = cpu_s(web), time.perf_counter()
        found = attack()
        seconds, spent_s = time.perf_counter() - began, cpu_s(web) - before
    told = {"found": found, "seconds": round(seconds, 1), "web_cpu_s": round(spent_s, 2)}
    return {**told, "livez": _told(live), "another_reads": _told(reads), "load_average": round(os.getloadavg()[0], 1)}


@contextmanager
def _watching(url: str, headers: dict[str, str]) -> Iterator[list[tuple[int, float]]]:
    """Ask again and again beside what happens; yield the list of statuses and seconds."""
    found: list[tuple[int, float]] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(0.1):
            found.append(_timed("GET", url, headers=headers))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _told(found: list[tuple[int, float]]) -> dict[str, Any]:
    seconds = [one for _, one in found] or [0.0]
    statuses = dict(Counter(status for status, _ in found))
    return {"statuses": statuses, "p50_s": round(statistics.median(seconds), 3), "max_s": round(max(seconds), 3)}


def _timed(method: str, url: str, **more: Any) -> tuple[int, float]:
    began = time.perf_counter()
    status = HTTP.request(method, url, **more).status
    return status, time.perf_counter() - began


def _nine(port: int, attack: Callable[[socket.socket, float], None]) -> int:
    until = time.monotonic() + SECONDS
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(NINE)]
        threads = [threading.Thread(target=attack, args=(one, until)) for one in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return NINE


def _trickle(taken: socket.socket, until: float) -> None:
    """Begin a body of 200,000 bytes and send one of them every two seconds."""
    taken.sendall(
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 200000\r\n\r\n{"
    )
    while time.monotonic() < until:
        time.sleep(2)
        try:
            taken.sendall(b" ")
        except OSError:
            return  # given up by the server


def _stare(taken: socket.socket, until: float) -> None:
    """Ask for the description of the API again and again, and read nothing of it."""
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taken.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)
    time.sleep(max(0.0, until - time.monotonic()))


def _sign_ups(url: str) -> dict[int, int]:
    body = json.dumps({f"name {number}": 1 for number in range(150_000)}).encode()[: 2 * 1024 * 1024 - 10]
    return _together(SIGN_UPS, lambda: _post(f"{url}/api/v1/sign-up", body))


def _sign_ins(url: str) -> dict[int, int]:
    body = json.dumps({"email": "nobody@example.org", "password": "a password that nobody has"}).encode()
    return _together(SIGN_INS, lambda: _post(f"{url}/api/v1/sessions", body))


def _post(url: str, body: bytes) -> int:
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(new_id())}
    try:
        return HTTP.request("POST", url, body=body, headers=headers).status
    except urllib3.exceptions.HTTPError:
        return 0  # refused while the body was being sent


def _together(count: int, work: Callable[[], int]) -> dict[int, int]:
    with ThreadPoolExecutor(count) as pool:
        return dict(Counter(pool.map(lambda _: work(), range(count))))


def _description(url: str) -> dict[str, Any]:
    first = HTTP.request("GET", f"{url}/openapi.json")
    tag = {"If-None-Match": first.headers["ETag"]}
    again = Counter(HTTP.request("GET", f"{url}/openapi.json", headers=tag).status for _ in range(READS))
    return {"bytes": len(first.data), "again": dict(again)}


def _guesses(url: str, owner: str) -> dict[str, Any]:
    """Call with the owner's public id and the secrets of other keys, and then as the owner."""
    public = owner.partition(".")[0]
    guesses = (f"{public}.{authentication.new_key()[1].partition('.')[2]}" for _ in range(GUESSES))
    statuses = Counter(_timed("GET", f"{url}/api/v1/bids", headers={"Authorization": one})[0] for one in guesses)
    return {
        "guesses": dict(statuses),
        "owner": _timed("GET", f"{url}/api/v1/bids", headers={"Authorization": owner})[0],
    }


def main() -> None:
    json.dump(run(), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
