"""A worker killed at the worst moment of each part of a check - its work done, nothing kept yet - loses nothing, and
only that part is done again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from marketplace.checks import service
from marketplace.checks.models import VideoCheck, VideoCheckStatus, VideoStepAnswer
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.core.jobs import Job, JobState
from marketplace.vision.pipeline import STEPS
from tests.make import clips
from tests.make.people import somebody
from tests.market import owning
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.process

# A worker's main process that forks a child for each line it reads: to connect, claim one job and do it.
MAIN = """
import os, sys
from marketplace.checks import check_steps
from marketplace.core import jobs
from marketplace.core.db import transaction
from workers import celery_app, drain
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        celery_app._start_child()
        with transaction() as session:
            claimed = jobs.claim(session, "vision", 1)
        drain._do_all(claimed)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""
PARTS = ("decode", *(step.name for step in STEPS), "merge")


class Main:
    """The main process, as this test sees it."""

    def __init__(self, config: Config, database_url: str) -> None:
        env = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": config.redis_url,
            "BROKER_URL": config.broker_url,
            "SECRET_KEY": config.secret_key,
            "STORAGE_URL": config.storage_url,
            "VISION_DIR": config.vision_dir,
            "OMP_NUM_THREADS": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.DEVNULL,
        )
        # What happens is logged to the same stream: only bare numbers are the process' own.
        self.told = (line.strip() for line in self.process.stdout or () if line.strip().isdigit())

    def begin(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write("do\n")
        self.process.stdin.flush()
        return int(next(self.told))

    def ended(self) -> int:
        return int(next(self.told))

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


@contextmanager
def held(check_id: UUID) -> Iterator[None]:
    """Keep the check's row, so that whoever has done a part waits with it in hand."""
    with owning() as session:
        session.execute(sa.select(VideoCheck.id).where(VideoCheck.id == check_id).with_for_update())
        yield


_WAITS = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%video_checks%'")


def asked_to_lock() -> bool:
    with owning() as session:
        return bool(session.scalar(_WAITS))


def expire() -> None:
    """Let the leases of the killed run out."""
    with db.transaction() as session:
        session.execute(
            sa.update(Job)
            .where(Job.state == JobState.LEASED)
            .values(lease_until=sa.func.now() - sa.text("'1 s'::interval"))
        )


def test_a_killed_worker_loses_nothing_and_only_its_part_is_done_again(
    own_market: None, config: Config, tmp_path: Path
) -> None:
    who = somebody("creator")
    path = clips.clip(tmp_path / "k.mp4", seconds=2.5, shown=(), seed=21, sound=True)
    video_id = clips.handed_in(who, path)
    with db.transaction(who.actor) as session:
        check_id = service.request_check(
            session, who.actor, video_id=video_id, bid_id=None, names=[clips.NAME], buying_link=None
        ).id
    database_url = str(db.Sessions.kw["bind"].url.render_as_string(hide_password=False))
    main = Main(config, database_url)
    for _ in PARTS:
        with held(check_id):
            pid = main.begin()
            until(asked_to_lock)
            os.kill(pid, signal.SIGKILL)
            assert main.ended() == signal.SIGKILL
        expire()
        main.begin()
        assert main.ended() == 0
    main.close()
    with db.transaction() as session:
        row = session.get_one(VideoCheck, check_id)
        assert row.status == VideoCheckStatus.DONE, row.refusal
        jobs = session.scalars(sa.select(Job).where(Job.subject_id == check_id)).all()
        parts = sorted((job.payload.get("name") or job.kind.removeprefix("checks."), job.attempt) for job in jobs)
        answers = session.scalars(sa.select(VideoStepAnswer.name).where(VideoStepAnswer.sha256 == row.sha256)).all()
    assert parts == sorted((part, 2) for part in PARTS)
    assert sorted(answers) == sorted(step.name for step in STEPS)
