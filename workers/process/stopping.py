"""Whether this worker is stopping: one byte that the worker shares with the children it forks.

Celery's warm shutdown waits for running tasks and does not notify them, and under a backlog a drain runs longer than
any supervisor waits.
"""

import mmap

from celery.signals import worker_shutting_down

_byte = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def stop(**_: object) -> None:
    """Let drains end after the job that they are doing."""
    _byte[0] = 1


def is_stopping() -> bool:
    return _byte[0] == 1
