"""Keeps a job's lease and its progress, also while a library works for a minute without returning."""

import threading

from marketplace.core import jobs
from marketplace.core.jobs import ClaimedJob


class LeaseBeat:
    """A thread that renews the lease every `every_s` seconds, far less than the lease, so that beats may be missed."""

    def __init__(self, job: ClaimedJob, every_s: float) -> None:
        self._job, self._every_s, self._over = job, every_s, threading.Event()
        self._now: tuple[str, int, int | None] = ("begin", 0, None)
        self._stopped: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "LeaseBeat":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the beats. Work that is whole tells its last progress. Raises JobFenced, JobCancelled."""
        self._over.set()
        self._thread.join()
        if kind is None:
            if self._stopped is not None:
                raise self._stopped
            self._job.progress(*self._now)

    def report(self, stage: str, done: int, total: int | None) -> None:
        """Note the progress of the work. Raises JobFenced or JobCancelled once the job is no longer ours to do."""
        if self._stopped is not None:
            raise self._stopped
        self._now = (stage, done, total)

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self._job.progress(*self._now)
            except (jobs.JobFenced, jobs.JobCancelled) as stop:
                self._stopped = stop
                return
            except Exception:  # noqa: S112 - the database is away for a moment; the lease outlasts some beats
                continue
