"""A check that runs again and again beside a loop, and may hang without holding it up."""

import threading
import time
from collections.abc import Callable, Mapping

# Answers which children are to be started again, and why.
Check = Callable[[], Mapping[str, str]]


class PeriodicWatch:
    """Runs a check in a thread of its own, and again `every_s` after it has ended."""

    def __init__(self, check: Check, every_s: float, done: Callable[[Mapping[str, str], str | None], None]) -> None:
        """`done` is told in that thread what the check answers, and what went wrong if it raised."""
        self._check, self._every_s, self._done = check, every_s, done
        self._looking = False
        self._due = time.monotonic() + every_s

    @property
    def due(self) -> float | None:
        """When the check is to begin, on the monotonic clock; None while it runs."""
        return None if self._looking else self._due

    def begin(self) -> None:
        self._looking = True
        # A check that hangs must not keep the process from ending.
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        answer: Mapping[str, str] = {}
        problem = None
        try:
            answer = self._check()
        except Exception as error:
            problem = f"a watch failed: {type(error).__name__}: {error}"
        self._due = time.monotonic() + self._every_s
        self._looking = False
        self._done(answer, problem)
