"""`python -m benchmarks.speed.discovery --channels 1000000`: the best 50 channels for a brief, by the function that the route
calls, each time in a transaction of its own, with the columns in memory brought up to date first."""

import argparse
import io
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import numpy as np
import psutil
import sqlalchemy as sa

from benchmarks.speed import crowd, market
from marketplace import models, schema
from marketplace.briefs import service as briefs
from marketplace.briefs.models import BriefVersion
from marketplace.briefs.schemas import BriefIn
from marketplace.core import db, log
from marketplace.core.actor import Actor, Role
from marketplace.core.errors import Unavailable
from marketplace.demo import wishes
from marketplace.local.servers import start_servers
from marketplace.matching.discovery import candidates, column_store
from marketplace.matching.discovery import service as discovery
from marketplace.matching.discovery.column_file import ColumnFile
from marketplace.matching.discovery.shortlist import ChannelFilters, first_pass

assert models.metadata.tables
CHANNELS, TURNS, LIMIT = 1_000_000, 30, 50
TARGETS: dict[str, list[dict[str, Any]]] = {
    "everybody": [],
    "women 18-30 of one province": [{"ages": {"from": 18, "to": 30}, "genders": ["female"], "regions": ["CN-GD"]}],
    "all of China in five cells": [
        {"ages": {"from": first, "to": last}, "genders": [], "regions": ["CN"], "weight": weight}
        for first, last, weight in ((13, 17, 0.2), (18, 23, 1.0), (24, 30, 0.9), (31, 40, 0.5), (41, 99, 0.1))
    ],
}
FILTERS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "wide filters": {"followers_min": 5_000, "ad_load_max": 0.4, "told_within_days": 90},
    "narrow filters": {
        "platform": "bilibili",
        "region": "CN-GD",
        "language": "zh",
        "followers_min": 50_000,
        "followers_max": 200_000,
        "price_max": 300_000,
        "reach_min": 2_000,
        "represented": False,
    },
}
NONE = dict.fromkeys(
    (
        "platform",
        "vertical",
        "region",
        "language",
        "followers_min",
        "followers_max",
        "ad_load_max",
        "price_max",
        "reach_min",
        "reach_max",
        "represented",
        "told_within_days",
    )
)


def run(channels: int = CHANNELS) -> dict[str, Any]:
    """Return milliseconds for each kind of brief and filter, memory, and the seconds of the first reading.

    Beside the time on the clock stands the processor time of this process, which other work on the machine leaves as it
    is; the database's is not in it.
    """
    with TemporaryDirectory() as folder, start_servers(Path(folder) / "servers", fsync=False) as servers:
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.owner_url, statement_timeout_ms=900_000)
        try:
            return _measured(channels, ColumnFile(Path(folder) / "columns"))
        finally:
            engine.dispose()


def _measured(channels: int, columns: ColumnFile) -> dict[str, Any]:
    with db.transaction() as session:
        brand_id, _ = market.party(session, "brand")
        crowd.fill(session, channels)
    with db.Sessions.begin() as session:
        session.execute(sa.text("ANALYZE"))
    wanted = {name: _brief(brand_id, cells) for name, cells in TARGETS.items()}
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
    _load(brand_id, columns)
    loaded_s = time.perf_counter() - began
    figures: dict[str, Any] = {"channels": channels, "first_reading_s": round(loaded_s, 1)}
    times: list[tuple[float, float]] = []
    for target, brief_id in wanted.items():
        for filters, options in FILTERS.items():
            own = _times(brand_id, brief_id, columns, options)
            figures[f"{target}, {filters}"] = _told(own)
            times += own
    memory = psutil.Process().memory_info()
    return {
        **figures,
        "all": _told(times),
        "first_pass_ms": {name: _pass_ms(brand_id, brief_id, columns) for name, brief_id in wanted.items()},
        "columns_mb": round(sum(path.stat().st_blocks * 512 for path in columns.folder.iterdir()) / 1e6),
        "resident_mb_more": round((memory.rss - before) / 1e6),
        "of_it_shared_mb": round(getattr(memory, "shared", 0) / 1e6),
    }


def _brief(brand_id: UUID, target: list[dict[str, Any]]) -> UUID:
    at, who = datetime.now(UTC), Actor(role=Role.BRAND, party_id=brand_id)
    with db.transaction() as session:
        said = {**wishes.brief(0, at, at + timedelta(hours=5)), "target": target, "markets": ["CN"]}
        brief = briefs.create(session, who, loaded=BriefIn().load(said))
        session.flush()
        briefs.publish(session, who, brief.id)
        return brief.id


def _load(brand_id: UUID, columns: ColumnFile) -> None:
    while True:
        try:
            with db.transaction(_actor(brand_id)) as session:
                column_store.present(session, columns)
            return
        except Unavailable:
            continue


def _actor(brand_id: UUID) -> Actor:
    return Actor(role=Role.BRAND, party_id=brand_id)


def _times(brand_id: UUID, brief_id: UUID, columns: ColumnFile, options: dict[str, Any]) -> list[tuple[float, float]]:
    """Return the milliseconds of each call, on the clock and of the processor."""
    times = []
    for turn in range(TURNS + 3):
        began, busy = time.perf_counter(), time.process_time()
        with db.transaction(_actor(brand_id)) as session:
            found = discovery.discover(session, _actor(brand_id), brief_id, columns, limit=LIMIT, **{**NONE, **options})
        if turn >= 3:
            times.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy)))
        assert found.data, "a search that finds nothing measures nothing"
    return times


def _pass_ms(brand_id: UUID, brief_id: UUID, columns: ColumnFile) -> float:
    with db.transaction(_actor(brand_id)) as session:
        table = column_store.present(session, columns)
        version = session.scalars(sa.select(BriefVersion).where(BriefVersion.brief_id == brief_id)).one()
        wanted = candidates.wants_of(version, ChannelFilters(day=0))
        times = []
        for _ in range(10):
            began = time.perf_counter()
            first_pass(table, wanted, LIMIT, discovery.LOOKS[0])
            times.append(1000 * (time.perf_counter() - began))
    return round(float(np.median(times)), 1)


def _told(times: list[tuple[float, float]]) -> dict[str, float]:
    clock, busy = np.array(times).T
    return {
        "p50_ms": round(float(np.quantile(clock, 0.5)), 1),
        "p95_ms": round(float(np.quantile(clock, 0.95)), 1),
        "p95_cpu_ms": round(float(np.quantile(busy, 0.95)), 1),
    }


def main() -> None:
    log.configure("json", io.StringIO())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=CHANNELS)
    print(json.dumps(run(parser.parse_args().channels), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
