"""`python -m benchmarks.speed.policies`: what row-level security costs PostgreSQL in the reads of a closed brief.

The statements of one request are recorded, and a connection replays them turn and turn about: as the caller, and with
nothing changed but that the role is the system's, whom no policy narrows. Both with plans that are made each time, as a
connection of the pool does that has not seen the statements often, and with prepared ones. What counts is the processor
time of PostgreSQL's own process, the least of all turns, so other work on the machine hardly moves it. `--explain` prints the plans of
the slowest statements.
"""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.speed import market
from benchmarks.speed.recorded_sql import Recorded, record
from marketplace import models, schema
from marketplace.app import create_app
from marketplace.core import db, log
from marketplace.core.actor import Actor, Role
from marketplace.core.config import Config
from marketplace.core.ids import show
from marketplace.local.servers import LocalServers, start_servers
from marketplace.matching.closing import service as closing

assert models.metadata.tables
BIDS, LISTED, TURNS = 300, 100, 40
WARM = 12  # PostgreSQL decides after five executions whether one plan will do for all


def run(*, bids: int = BIDS, turns: int = TURNS, explain: bool = False) -> dict[str, Any]:
    """Return, by read: PostgreSQL's milliseconds under the caller's policies and without any, and their ratio."""
    with TemporaryDirectory() as folder, start_servers(Path(folder), fsync=False) as servers:
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.database_url)
        config = Config(
            servers.database_url, servers.redis_url, servers.broker_url, "bench", rate_limit_per_minute=10**9
        )
        reads = _closed_brief(bids)
        with psycopg.connect(servers.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")
        client = create_app(config).test_client()
        found = {name: _read(servers, client, *asked, turns=turns, explain=explain) for name, asked in reads.items()}
        engine.dispose()
    return {"bids": bids, **found}


def _closed_brief(bids: int) -> dict[str, tuple[str, str]]:
    """Write a brief with bids and close it; return the paths that are read, each with its reader's key."""
    with db.transaction() as session:
        brand_id, brand = market.party(session, "brand")
        creator_id, creator = market.party(session, "creator")
        brief_id = market.brief(session, brand_id)
        market.channels(session, creator_id, bids)
        market.bids(session, brief_id, brand_id, creator_id)
    who = Actor(role=Role.BRAND, party_id=brand_id)
    with db.transaction(who) as session:
        closing.close(session, who, brief_id)
    shown = show("brf", brief_id)
    return {
        "ranking": (f"/api/v1/briefs/{shown}/ranking?limit={LISTED}", brand),
        "brief": (f"/api/v1/briefs/{shown}", brand),
        "bids": (f"/api/v1/briefs/{shown}/bids?limit=20", brand),
        "own_bids": ("/api/v1/bids?limit=20", creator),
    }


def _read(servers: LocalServers, client: Any, path: str, key: str, *, turns: int, explain: bool) -> dict[str, Any]:
    def ours() -> float:
        answer = client.get(path, headers={"Authorization": key})
        assert answer.status_code == 200, answer.text
        return 0.0

    ours()
    recorded = record(servers.database_url, ours)
    as_system = [(text, {**(values or {}), "db_role": db.SERVICE_ROLE}) for text, values in recorded]
    found: dict[str, Any] = {"statements": len(recorded)}
    url = servers.database_url.replace("+psycopg", "")
    for name, threshold in (("planned", None), ("prepared", 0)):
        with (
            psycopg.connect(url, prepare_threshold=threshold) as one,
            psycopg.connect(url, prepare_threshold=threshold) as other,
        ):
            if explain and threshold is None:
                _explain(one, recorded)
            times: dict[str, list[float]] = {"caller": [], "system": []}
            for number in range(WARM + turns):
                for who, connection, statements in (("caller", one, recorded), ("system", other, as_system)):
                    spent = _replay(connection, statements)
                    if number >= WARM:
                        times[who].append(spent)
        # The least, because what else the machine does only ever adds to it.
        mine, theirs = min(times["caller"]), min(times["system"])
        found[name] = {"caller_ms": round(mine, 2), "system_ms": round(theirs, 2), "ratio": round(mine / theirs, 2)}
    return found


def _replay(connection: "psycopg.Connection[Any]", statements: Recorded) -> float:
    """Send the statements in one transaction, and return the milliseconds of processor time that they took there."""
    process = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    before = _spent_ns(process)
    with connection.transaction(), connection.cursor() as cursor:
        for text, values in statements:
            cursor.execute(text, values)
    return (_spent_ns(process) - before) / 1e6


def _spent_ns(process: Path) -> int:
    return int(process.read_text().split()[0])


def _explain(connection: "psycopg.Connection[Any]", recorded: Recorded) -> None:
    """Print how long each statement takes to plan and to run, and the plans of the three slowest."""
    told: list[tuple[float, float, str, str]] = []
    with connection.transaction(), connection.cursor() as cursor:
        for text, values in recorded:
            if text.lstrip().startswith(("SELECT", "WITH")) and "set_config" not in text:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF) {text}", values)
                lines = [str(row[0]) for row in cursor.fetchall()]
                planning, execution = (float(line.split()[2]) for line in lines[-2:])
                told.append((planning, execution, " ".join(text.split())[:100], "\n".join(lines)))
            else:
                cursor.execute(text, values)
    for planning, execution, text, _ in told:
        print(f"{planning:8.2f} {execution:8.2f} ms  {text}", file=sys.stderr)
    print(f"{sum(one[0] for one in told):8.2f} {sum(one[1] for one in told):8.2f} ms together", file=sys.stderr)
    for *_, text, plan in sorted(told, key=lambda one: -one[0] - one[1])[:3]:
        print(f"\n{text}\n{plan}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.policies", description=__doc__)
    parser.add_argument("--bids", type=int, default=BIDS, help="bids on the brief")
    parser.add_argument("--turns", type=int, default=TURNS, help="how often each read is replayed")
    parser.add_argument("--explain", action="store_true", help="print the plans of the slowest statements")
    args = parser.parse_args(arguments)
    log.configure("json", io.StringIO())
    print(json.dumps(run(bids=args.bids, turns=args.turns, explain=args.explain), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
