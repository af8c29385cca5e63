"""The present time: the database's, so that no host's clock decides anything.

Deadlines, closes, leases and sessions are compared with `now()` in statements and with `now` here, and both must be one
clock. Every transaction begins with a statement that also tells the database's time (`db.become`); what is kept is how
far that is from this process's monotonic clock, which nobody can set. A host whose clock is hours off, or is set while
a process runs, changes nothing.
"""

import time
from datetime import UTC, datetime


class _DatabaseClock:
    """How many seconds the database's time is ahead of the monotonic clock of this process; None until it was told."""

    ahead_s: float | None = None


_clock = _DatabaseClock()


def epoch_s() -> float:
    """Return the present time in seconds since 1970, UTC."""
    ahead_s = _clock.ahead_s
    # A process that has not spoken with the database yet has decided nothing.
    return time.time() if ahead_s is None else time.monotonic() + ahead_s  # noqa: TID251 - the one place


def now() -> datetime:
    return datetime.fromtimestamp(epoch_s(), UTC)


def told_by_database(at: datetime, asked_s: float, answered_s: float) -> None:
    """Take the database's time `at`, which it told between two moments of the monotonic clock.

    The difference lies between `at - answered_s` and `at - asked_s`. What was known stays if it lies there too,
    and else goes to the nearer end: a slow answer moves nothing, and a database whose clock was set is followed.
    """
    least, most = at.timestamp() - answered_s, at.timestamp() - asked_s
    known = _clock.ahead_s
    # At first the least: a time that is behind by a round trip is due already, one that is ahead would not be.
    _clock.ahead_s = least if known is None else min(max(known, least), most)
