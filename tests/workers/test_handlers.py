"""The table of work: every queue has its modules, and a worker imports those of its own queues alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.core.jobs import QUEUES, VISION
from workers.handlers import MODULES, load_handlers

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"DATABASE_URL": "postgresql+psycopg://nowhere/x", "REDIS_URL": "redis://nowhere/0", "SECRET_KEY": "x"}
IMPORTED = "import sys, workers.drain{more}; print(*sorted(name for name in sys.modules))"


def test_every_queue_has_its_modules() -> None:
    assert set(MODULES) == set(QUEUES)


@pytest.mark.parametrize("queue", QUEUES)
def test_the_modules_of_a_queue_do_its_jobs(queue: str) -> None:
    known = load_handlers(queue)
    assert {"core.probe", "core.forget-old"} < known.kinds, "any queue does probes"
    assert not set(known.handlers) & set(known.prepares)


def test_an_unknown_queue_does_probes_alone() -> None:
    assert load_handlers("elsewhere").kinds == {
        "core.probe",
        "core.forget-old",
        "core.forget-old-keys",
        "core.link-left-events",
        "ledger.expire-holds",
    }


def imported(more: str = "") -> set[str]:
    """Return the names of all modules after importing what a worker imports, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(more=more)],
        cwd=ROOT,
        env={**os.environ, **SETTINGS},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_a_worker_imports_the_handlers_of_its_own_queues() -> None:
    """Solvers and the libraries of vision cost seconds and memory that a worker of other queues need not pay."""
    at_the_door = imported()
    handlers = {module for modules in MODULES.values() for module in modules}
    assert not handlers & at_the_door
    assert not {"workers.selections", "workers.video_checks"} & imported(
        "; sys.modules['workers.handlers'].load_handlers('imports')"
    )
    market = imported(
        "; [sys.modules['workers.handlers'].load_handlers(queue)"
        " for queue in ('default', 'scoring', 'imports', 'mail')]"
    )
    assert handlers - market == set(MODULES[VISION])
    assert not {"cv2", "av", "onnxruntime"} & market
