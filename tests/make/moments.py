"""Another time of the market, for as long as a test needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
import time_machine

from marketplace.core import clock


@contextmanager
def travel(moment: datetime, *, tick: bool = True) -> Iterator[time_machine.Traveller]:
    """Let the market's present be this moment, and with ``tick`` go on from there. `now()` in SQL stays as it is: what
    the database would tell of the time is not listened to."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "told_by_database", lambda *_: None)
        patched.setattr(clock._clock, "ahead_s", None)
        with time_machine.travel(moment, tick=tick) as traveller:
            yield traveller
