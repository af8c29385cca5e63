"""Whether this worker was told to stop: one byte that the worker shares with the children it forks.

Celery's warm shutdown waits for running tasks and tells them nothing, and a drain under a backlog runs longer than
any supervisor waits.
"""

import mmap

from celery.signals import worker_shutting_down

_byte = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def _tell(**_: object) -> None:
    _byte[0] = 1


def told() -> bool:
    return _byte[0] == 1
