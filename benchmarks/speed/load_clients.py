"""Clients over connections of their own, each of which sends its next request when the last one is answered."""

import http.client
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Call:
    """A request to send; `kind` is what it is counted as."""

    kind: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answers:
    """What came back: milliseconds by kind, the statuses by kind, and a refusal of each status to look at."""

    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    refusals: dict[str, str] = field(default_factory=dict)

    def percentiles(self) -> dict[str, dict[str, float]]:
        return {
            kind: {"p50_ms": round(float(np.percentile(ms, 50))), "p99_ms": round(float(np.percentile(ms, 99)))}
            for kind, ms in sorted(self.ms.items())
        }


def send(port: int, calls: Iterable[Call], connections: int, after: Callable[[int], None] = lambda _: None) -> Answers:
    """Send all calls over so many connections. `after` is told the number of answers, one at a time.

    Raises OSError where a connection breaks: a server under load may be slow, but has to answer.
    """
    answers, left, lock = Answers(), iter(calls), threading.Lock()
    broken: list[Exception] = []
    count = 0

    def work() -> None:
        nonlocal count
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            while not broken:
                with lock:
                    call = next(left, None)
                if call is None:
                    return
                began = time.perf_counter()
                connection.request(call.method, call.path, call.body or None, call.headers)
                answer = connection.getresponse()
                text = answer.read()
                ms = 1000 * (time.perf_counter() - began)
                with lock:
                    answers.ms[call.kind].append(ms)
                    answers.statuses[f"{call.kind} {answer.status}"] += 1
                    if answer.status >= 400:
                        answers.refusals.setdefault(f"{call.kind} {answer.status}", text.decode()[:400])
                    count += 1
                    after(count)
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return answers
