"""Many calls at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask

MANY = 50


def at_once(app: Flask, calls: Sequence[Callable[[Any], Any]]) -> list[Any]:
    """Make MANY calls at the same moment, one kind after another, and return their answers in order."""
    barrier = Barrier(MANY)

    def one(number: int) -> Any:
        barrier.wait()
        return calls[number % len(calls)](app.test_client())

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))
