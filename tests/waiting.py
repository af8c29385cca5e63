"""Waiting for something that another process does."""

import time
from collections.abc import Callable

# Only what fails waits so long: a program needs seconds of a processor to start, and other tests share the machine.
PATIENCE_S = 180.0


def until(happened: Callable[[], object], within_s: float = PATIENCE_S, told: object = "it did not happen") -> None:
    """Wait until something holds. Raises AssertionError with `told`."""
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
