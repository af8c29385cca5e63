"""Forgetting a million old jobs: the longest transaction, CPU seconds here and in PostgreSQL, and what stayed.

    python -m benchmarks.speed.retention [--rows 1000000]

Every hundredth row is one that stays, among those that go.
"""

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import sqlalchemy as sa

from marketplace import models, schema
from marketplace.core import db
from marketplace.local.servers import start_servers
from marketplace.operations import retention

assert models.metadata.tables
_FILL = sa.text(
    "INSERT INTO jobs (id, created_at, kind, queue, payload, state, attempt, max_attempts, fence, lease_s, next_at,"
    " priority, done, cancel_asked, finished_at)"
    " SELECT (lpad(to_hex(((extract(epoch FROM now()) - 86400 * 60) * 1000)::bigint + n), 12, '0')"
    "  || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,"
    " now() - interval '60 days', 'core.probe', 'default', '{}', 'done', 1, 8, 1, 30, now(), 100, 0, false,"
    " CASE WHEN n % 100 = 0 THEN now() ELSE now() - interval '60 days' END FROM generate_series(1, :rows) n"
)


def run(rows: int) -> dict[str, Any]:
    with TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.database_url, statement_timeout_ms=600_000)
        with db.transaction() as session:
            session.execute(_FILL, {"rows": rows})
        with sa.create_engine(servers.owner_url).connect() as owner:
            owner.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("VACUUM ANALYZE jobs"))
        took: list[float] = []
        real = retention._forget_some

        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            answer = real(*arguments)
            took.append(time.perf_counter() - began)
            return answer

        retention._forget_some = timed  # type: ignore[assignment]
        assert servers.postgres_pid is not None
        before, began, here_s = _cpu_s(servers.postgres_pid), time.perf_counter(), time.process_time()
        forgotten, jobs = 0, 0
        while True:
            one = retention.forget()
            forgotten, jobs = forgotten + one.rows, jobs + 1
            if not one.more:
                break
        seconds = time.perf_counter() - began
        here_s, there_s = time.process_time() - here_s, _cpu_s(servers.postgres_pid) - before
        with db.transaction() as session:
            left = session.execute(sa.text("SELECT count(*) FROM jobs")).scalar_one()
        engine.dispose()
    assert (forgotten, left) == (rows - rows // 100, rows // 100), (forgotten, left)
    took.sort()
    return {
        "rows": rows,
        "forgotten": forgotten,
        "seconds": round(seconds, 1),
        "jobs_of_10_s": jobs,
        "transactions": len(took),
        "transaction_ms": {"p50": round(took[len(took) // 2] * 1000, 1), "longest": round(took[-1] * 1000, 1)},
        "cpu_s": round(here_s, 2),
        "postgres_cpu_s": round(there_s, 2),
    }


def _cpu_s(postmaster: int) -> float:
    """Return the CPU seconds of the server's living processes; the one that serves us lives as long as we do."""
    family = [psutil.Process(postmaster), *psutil.Process(postmaster).children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.retention", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    print(json.dumps(run(parser.parse_args().rows), indent=2))


if __name__ == "__main__":
    main()
