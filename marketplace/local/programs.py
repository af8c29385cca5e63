"""The command lines of the market's parts."""

import sys
from collections.abc import Sequence

from marketplace.core.jobs import QUEUES, VISION

# Checking videos takes minutes, and libraries that not every host has: it gets a separate worker.
MARKET_QUEUES = tuple(queue for queue in QUEUES if queue != VISION)


def web_argv(host: str, port: int, workers: int = 1) -> list[str]:
    """Return the command line of the web server with the front and the application behind it."""
    argv = [sys.executable, "-m", "granian", "--interface", "rsgi", "--host", host, "--port", str(port), "--no-ws"]
    argv += ["--workers", str(workers), "--http", "1", "--workers-kill-timeout", "8"]
    return [*argv, "--respawn-failed-workers", "--log-level", "warning", "marketplace.wsgi:front"]


def worker_argv(children: int, queues: Sequence[str] = MARKET_QUEUES) -> list[str]:
    """Return the command line of a Celery worker that drains these queues."""
    argv = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "workers.celery_app",
        "worker",
        "--queues",
        ",".join(queues),
    ]
    argv += ["--concurrency", str(children), "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*argv, "--loglevel", "warning"]


def ringer_argv() -> list[str]:
    return [sys.executable, "-m", "workers.ringer"]
