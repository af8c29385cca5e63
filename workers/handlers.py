"""THE table of work: which modules do the jobs of which queue.

A worker imports the handlers of the queues it drains and no others: looking through videos needs libraries that not
every host has, and scoring needs solvers that a reader of imports can do without.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.jobs import ClaimedJob

Handler = Callable[[Session, ClaimedJob], dict[str, Any] | None]
Handlers = Mapping[str, Handler]
# Does what takes minutes before the job's transaction begins, and returns the handler that runs in the transaction.
Prepare = Callable[[ClaimedJob], Handler]
Prepares = Mapping[str, Prepare]

# Each module has HANDLERS, or PREPARES, or both, by the kind of job. Some are listed under several queues: the clock
# enqueues its jobs in the default queue, so a module with such a job must be listed there too.
MODULES: Mapping[str, tuple[str, ...]] = {
    jobs.DEFAULT: (
        "workers.bids",
        "workers.briefs",
        "workers.channels",
        "workers.check_cleanup",
        "workers.deliverables",
        "workers.deals",
        "workers.matching",
        "workers.provider_payments",
        "workers.videos",
    ),
    jobs.SCORING: ("workers.matching", "workers.selections"),
    jobs.IMPORTS: ("workers.channels", "workers.videos"),
    jobs.VISION: ("workers.video_checks",),
    jobs.MAIL: ("workers.mails",),
    jobs.PAYMENTS: ("workers.provider_payments",),
}
EVERY_QUEUE = ("workers.housekeeping",)


@dataclass(frozen=True)
class QueueHandlers:
    """What a worker of one queue can do, by the kind of job."""

    handlers: Handlers
    prepares: Prepares

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset([*self.handlers, *self.prepares])


@cache
def load_handlers(queue: str) -> QueueHandlers:
    """Import the modules of a queue, once. Raises ImportError where a library that they need is not installed."""
    modules = [importlib.import_module(name) for name in (*EVERY_QUEUE, *MODULES.get(queue, ()))]
    return QueueHandlers(
        {kind: handler for module in modules for kind, handler in getattr(module, "HANDLERS", {}).items()},
        {kind: prepare for module in modules for kind, prepare in getattr(module, "PREPARES", {}).items()},
    )
