"""THE table of retention: what is forgotten, and when; docs/retention.md has the same table, and a test compares them.

What no row here names is kept: what parties promised each other, who did what (the chains of events), and what a price
or a rank rests on. Nothing else deletes rows because they are old.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.message import Bilingual

# So many rows are one transaction, which takes milliseconds and holds no lock that anybody waits for.
BATCH = 1000
# After so long the rest waits for the next job, so that others of the queue have their turn.
BUDGET_S = 10.0


@dataclass(frozen=True)
class KeptFor:
    """Rows of a table that are forgotten `days` after they were made, if `which` holds for them by then.

    `which` is SQL, with `:before` for the moment so many days ago. Only rows made before that are looked at, in the
    order of their ids, which is that of their making.
    """

    table: str
    days: int
    which: str
    what: Bilingual


RETENTION: Sequence[KeptFor] = (
    KeptFor(
        "idempotency_keys",
        7,
        "true",
        Bilingual("幂等键及其答复", "Idempotency keys and the answers kept under them"),
    ),
    KeptFor(
        "jobs",
        30,
        "state IN ('done', 'cancelled') AND finished_at < :before",
        Bilingual("已完成或已取消的任务", "Jobs that are done or cancelled"),
    ),
    KeptFor(
        "jobs",
        365,
        "state = 'dead' AND finished_at < :before",
        Bilingual("失败且无人处理的任务", "Jobs that are dead and that nobody has requeued"),
    ),
    KeptFor("job_probes", 30, "true", Bilingual("探测任务的痕迹", "The marks of probe jobs")),
    KeptFor(
        "worker_beats",
        1,
        "drained_at < :before",
        Bilingual("已不存在的工作进程的心跳", "Beats of workers that are no more"),
    ),
    KeptFor(
        "console_sessions",
        90,
        "coalesce(revoked_at, expires_at) < :before",
        Bilingual("已结束的会话", "Sessions that have ended"),
    ),
    KeptFor(
        "invites",
        365,
        "accepted_at IS NULL AND expires_at < :before",
        Bilingual("过期未接受的邀请", "Invites that nobody accepted"),
    ),
    KeptFor(
        "password_resets",
        30,
        "true",
        Bilingual("重置密码的请求", "Requests to reset a password"),
    ),
    KeptFor(
        "import_faults",
        180,
        "true",
        Bilingual(
            "导入文件中各行的错误（计数保留）", "What was wrong in which row of an imported file (the counts stay)"
        ),
    ),
)


@dataclass
class ForgottenRows:
    """How many rows a run has forgotten, and whether it stopped before all were."""

    rows: int = 0
    more: bool = False


def forget(over: Callable[[], bool] = lambda: False) -> ForgottenRows:
    """Forget what is over its time, a batch in each transaction, until nothing is left or the budget is over.

    It may run any number of times, also at once: rows that another run holds are left to it.
    """
    began, forgotten = time.monotonic(), ForgottenRows()
    for kept in RETENTION:
        before = now() - timedelta(days=kept.days)
        after: UUID | None = UUID(int=0)
        while after is not None:
            if over() or time.monotonic() - began > BUDGET_S:
                forgotten.more = True
                return forgotten
            after, count = _forget_some(kept, before, after)
            forgotten.rows += count
    return forgotten


def _first_id(at: datetime) -> UUID:
    """Return the least id of a row made at that time: the first 48 bits of ids are milliseconds since 1970."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def _forget_some(kept: KeptFor, before: datetime, after: UUID) -> tuple[UUID | None, int]:
    """Look at the next BATCH old rows, and forget those of them that are to be. Return the last id looked at, or None
    at the end, and how many were forgotten."""
    table = db.Base.metadata.tables[kept.table]
    which = sa.text(kept.which)
    if ":before" in kept.which:
        which = which.bindparams(before=before)
    old = sa.select(table.c.id).where(table.c.id > after, table.c.id < _first_id(before))
    with db.transaction() as session:
        # The ids alone are looked at first: rows that stay are passed over once in a run, and not in every batch.
        looked_at = session.scalars(old.order_by(table.c.id).limit(BATCH)).all()
        if not looked_at:
            return None, 0
        due = sa.select(table.c.id).where(table.c.id.in_(looked_at), which).with_for_update(skip_locked=True)
        done = session.execute(sa.delete(table).where(table.c.id.in_(due)))
    return looked_at[-1], int(done.rowcount)  # type: ignore[attr-defined]
