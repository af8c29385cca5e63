"""Waiting for something that another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")

# Only what fails waits so long: a program needs seconds of a processor to start, and other tests share the machine.
PATIENCE_S = 180.0


def until(happened: Callable[[], Seen], within_s: float = PATIENCE_S, told: object = "it did not happen") -> Seen:
    """Wait until something holds, and return what was seen then. Raises AssertionError with `told`."""
    deadline = time.monotonic() + within_s
    while not (seen := happened()):
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
    return seen
