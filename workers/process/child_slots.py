"""How many children of a worker may read files, or wait for a mail server or a payment provider, at once: one fewer
than there are, so that bids and scoring wait for none of them.

The slots are locks on the bytes of a file that the worker opens before it forks its children. The kernel frees a
child's lock when the child ends, however it ends.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Collection, Iterator

from marketplace.core import jobs

# They share the slots.
SLOW = (jobs.IMPORTS, jobs.MAIL, jobs.PAYMENTS)

_file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the worker lives
_count: dict[str, int] = {}


def reserve(queues: Collection[str], children: int) -> None:
    """Say which queues this worker drains with how many children; called before they are forked."""
    others = set(queues) - set(SLOW)
    _count.update(dict.fromkeys(SLOW, max(1, children - 1) if others else children))


@contextlib.contextmanager
def slot(queue: str) -> Iterator[bool]:
    """Hold a slot of the queue within; False if all are taken: whoever has them goes on with the queue."""
    count = _count.get(queue)
    if count is None:
        yield True
        return
    for place in range(count):
        try:
            fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place, os.SEEK_SET)
        except OSError:
            continue
        try:
            yield True
        finally:
            fcntl.lockf(_file, fcntl.LOCK_UN, 1, place, os.SEEK_SET)
        return
    yield False
