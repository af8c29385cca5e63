"""`python -m benchmarks.speed.scoring --bids 1000000`: scoring bids of 12 numbers by the first pass, against the ways that
are at hand elsewhere and against reading the same bytes, in one run; and the whole way through PostgreSQL and back.

Every way computes the same score and finds the best 50; each is the best of several turns, so that what else the
machine does meets all alike. pandas is no dependency: where it is not installed its figure is null.
"""

import argparse
import importlib
import importlib.util
import io
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import column_copy, db, log
from marketplace.local.servers import start_servers
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.discovery.first_pass import FEATURES, BidLook, Singles
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW
from marketplace.matching.scoring import brand_fit
from marketplace.matching.scoring.rank import NEUTRAL_FIT, QUALITY_HIGH, QUALITY_LOW, REST_WEIGHT

BIDS, SAMPLE, TURNS, BEST, KEEP, BLOCKS = 1_000_000, 20_000, 15, 50, 256, 500
LOOK = BidLook(ceiling=10_000.0, tolerance=40.0, ad_load_max=0.5)
_SPAN = QUALITY_HIGH / QUALITY_LOW
_KINDS = {"id": "uuid", **dict.fromkeys(FEATURES, "float4")}
_REST = {name: weight for name, weight in brand_fit.WEIGHTS.items() if name != "category"}
_REST_WEIGHTS = {name: weight / sum(_REST.values()) for name, weight in _REST.items()}
_FIT = LOOK.fit_weight
_AT_NEUTRAL = 1 - _FIT * (1 - NEUTRAL_FIT)
_REST_SQL = " + ".join(f"{weight} * {name}" for name, weight in _REST_WEIGHTS.items())
_KEY_SQL = (
    f"careful * share * valid * per_cost * {LOOK.ceiling * UNIQUE_PER_VIEW / 1000}"
    f" * ({(1 - _FIT) / _AT_NEUTRAL} + {_FIT / _AT_NEUTRAL} * category)"
    f" * {QUALITY_LOW} * power({_SPAN}::float8, {REST_WEIGHT} * ({_REST_SQL})"
    f" + {1 - REST_WEIGHT} * (1 - intrusiveness / {LOOK.tolerance}))"
)
_PAGE = "SELECT * FROM bench_bids WHERE ctid >= %(from)s::tid AND ctid < %(to)s::tid"
_BEST_SQL = sa.text(
    f"SELECT id, 100 * x / (1 + x) AS score FROM (SELECT id, {_KEY_SQL} AS x FROM bench_bids"
    f" WHERE intrusiveness <= {LOOK.tolerance} AND ad_load <= {LOOK.ad_load_max}) scored ORDER BY score DESC LIMIT {BEST}"
)


def run(bids: int = BIDS) -> dict[str, Any]:
    """Return milliseconds and ratios of every way."""
    features = _features(bids)
    right = {int(row) for row in _plain(features)}
    assert set(LOOK.best(features, BEST, KEEP)[:BEST].tolist()) == right
    read = _ms(lambda: [float(np.sum(column)) for column in features])
    ours, best = _ms(lambda: LOOK.scores(features)), _ms(lambda: LOOK.best(features, BEST, KEEP))
    plain, loop = _ms(lambda: _plain(features), 5), _loop_ms(features[:, :SAMPLE]) * bids / min(SAMPLE, bids)
    pandas = _pandas_ms(features)
    stored, persisted = _through_postgresql(features, right)
    figures: dict[str, Any] = {
        "bids": bids,
        "bytes": features.nbytes,
        "ms": {
            "read_the_bytes": read,
            "every_score": ours,
            "best_50": best,
            "numpy_plain": plain,
            "pandas": pandas,
            "python_loop": round(loop),
            "postgresql_order_by": stored,
        },
        "gb_per_s": round(features.nbytes / read / 1e6, 1),
        "over_reading": {"every_score": round(ours / read, 2), "best_50": round(best / read, 2)},
        "times_best_50": _times(
            {"numpy_plain": plain, "pandas": pandas, "python_loop": loop, "postgresql": stored}, best
        ),
        "through_postgresql": persisted,
    }
    if pandas is None:
        figures["note"] = "pandas is not installed here and is no dependency: not measured"
    return figures


def _times(others: dict[str, float | None], ours: float) -> dict[str, float | None]:
    """The others are asked for the best 50, so they are held against what finds these."""
    return {name: None if value is None else round(value / ours, 1) for name, value in others.items()}


def _features(count: int) -> Singles:
    dice = np.random.default_rng(1)
    columns = {
        "careful": np.exp(dice.normal(9, 2, count)),
        "share": dice.random(count),
        "valid": 1 - 0.1 * dice.random(count),
        "per_cost": np.exp(-dice.normal(13, 1, count)),
        "intrusiveness": dice.uniform(0, 60, count),
        "ad_load": dice.random(count) * 0.6,
    }
    return bid_features(columns, dice.random((count, len(brand_fit.PARTS))))


def bid_features(columns: Mapping[str, Floats], parts: Floats) -> Singles:
    """Return what bids are looked at by, [12, n] in the order of FEATURES: careful views, share on target, share of
    views that are people's, one over the cost, the parts of the fit [n, 6], intrusiveness 0..100, and ad load.

    Every bid has a plan, so its intrusiveness is known. An unknown category gets 0.5, and any other unknown part the
    mean of the known ones, so that their sum by their weights is the rest of the fit.
    """
    known = brand_fit.fit(dict(zip(brand_fit.PARTS, parts.T, strict=True)), len(parts))
    filled = dict(zip(brand_fit.PARTS, np.where(np.isnan(parts), known.rest[:, None], parts).T, strict=True))
    whole = {**columns, **filled, "category": known.category}
    return np.stack([whole[name].astype(np.float32) for name in FEATURES])


def _ms(work: Callable[[], object], turns: int = TURNS) -> float:
    times = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return round(min(times), 2)


def _top(scores: Singles) -> Any:
    return np.argpartition(-scores, BEST)[:BEST]


def _plain(features: Singles) -> Any:
    """The formula as one would write it: whole columns, a temporary for each step."""
    named = dict(zip(FEATURES, features, strict=True))
    rest = sum(weight * named[name] for name, weight in _REST_WEIGHTS.items())
    room = np.clip((LOOK.tolerance - named["intrusiveness"]) / LOOK.tolerance, 0, 1)
    quality = QUALITY_LOW * _SPAN ** (REST_WEIGHT * rest + (1 - REST_WEIGHT) * room)
    quality = quality * (1 - _FIT + _FIT * named["category"]) / _AT_NEUTRAL
    people = named["careful"] * named["share"] * named["valid"] * UNIQUE_PER_VIEW
    x = quality * LOOK.ceiling / (1000 / (named["per_cost"] * people))
    held = (named["intrusiveness"] > LOOK.tolerance) | (named["ad_load"] > LOOK.ad_load_max)
    return _top(np.where(held, 0, 100 * x / (1 + x)))


def _loop_ms(features: Singles) -> float:
    rows, weights = features.T.tolist(), list(_REST_WEIGHTS.values())
    began, scores = time.perf_counter(), []
    for careful, share, valid, per_cost, category, *others in rows:
        parts, intrusiveness, ad_load = others[: len(weights)], others[-2], others[-1]
        if intrusiveness > LOOK.tolerance or ad_load > LOOK.ad_load_max:
            scores.append(0.0)
            continue
        rest = sum(weight * part for weight, part in zip(weights, parts, strict=True))
        good = REST_WEIGHT * rest + (1 - REST_WEIGHT) * (1 - intrusiveness / LOOK.tolerance)
        suits = (1 - _FIT + _FIT * category) / _AT_NEUTRAL
        x = (
            suits
            * QUALITY_LOW
            * _SPAN**good
            * LOOK.ceiling
            * careful
            * share
            * valid
            * UNIQUE_PER_VIEW
            * per_cost
            / 1000
        )
        scores.append(100 * x / (1 + x))
    sorted(range(len(scores)), key=scores.__getitem__, reverse=True)[:BEST]
    return 1000 * (time.perf_counter() - began)


def _pandas_ms(features: Singles) -> float | None:
    if importlib.util.find_spec("pandas") is None:
        return None
    frame = importlib.import_module("pandas").DataFrame(dict(zip(FEATURES, features, strict=True)))

    def work() -> object:
        rest = sum(frame[name] * weight for name, weight in _REST_WEIGHTS.items())
        room = ((LOOK.tolerance - frame["intrusiveness"]) / LOOK.tolerance).clip(0, 1)
        quality = QUALITY_LOW * _SPAN ** (REST_WEIGHT * rest + (1 - REST_WEIGHT) * room)
        quality = quality * (1 - _FIT + _FIT * frame["category"]) / _AT_NEUTRAL
        x = quality * frame["careful"] * frame["share"] * frame["valid"] * frame["per_cost"]
        x = x * (LOOK.ceiling * UNIQUE_PER_VIEW / 1000)
        free = (frame["intrusiveness"] <= LOOK.tolerance) & (frame["ad_load"] <= LOOK.ad_load_max)
        return (100 * x / (1 + x)).where(free, 0).nlargest(BEST)

    return _ms(work, 5)


def _through_postgresql(features: Singles, right: set[int]) -> tuple[float, dict[str, Any]]:
    """Return milliseconds of ORDER BY, and the seconds of reading, scoring and keeping all through PostgreSQL."""
    count = features.shape[1]
    ids = np.frombuffer(np.random.default_rng(2).bytes(16 * count), dtype="V16")
    with TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        engine = db.connect(servers.owner_url, statement_timeout_ms=600_000)
        with db.Sessions.begin() as session:
            columns = ", ".join(f"{name} real NOT NULL" for name in FEATURES)
            session.execute(sa.text(f"CREATE TABLE bench_bids (id uuid PRIMARY KEY, {columns})"))
            values = {"id": ids, **dict(zip(FEATURES, features, strict=True))}
            column_copy.write(session, "bench_bids", _KINDS, values, np.argsort(ids.view("S16")))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.execute(sa.text("VACUUM ANALYZE bench_bids"))
        with db.Sessions.begin() as session:
            found = {one.id.bytes for one in session.execute(_BEST_SQL)}
            stored = _ms(lambda: session.execute(_BEST_SQL).all(), 5)
        assert len(found & {ids[row].tobytes() for row in right}) >= BEST - 1  # the last may tie
        turns = [_persist() for _ in range(3)]
        engine.dispose()
    return stored, min(turns, key=lambda turn: turn["all_s"])


def _persist() -> dict[str, Any]:
    """Read every bid, score it and keep the scores as a run of their own, its best under an index."""
    marks = [time.perf_counter()]
    with db.Sessions.begin() as session:
        session.execute(sa.text("DROP TABLE IF EXISTS bench_run"))
        rows = _read(session)
        marks.append(time.perf_counter())
        features = np.stack([rows[name].astype(np.float32) for name in FEATURES])
        scores = LOOK.scores(features)
        marks.append(time.perf_counter())
        _keep(session, rows["id"], scores)
    marks.append(time.perf_counter())
    seconds = dict(zip(("read_s", "score_s", "write_s"), np.round(np.diff(marks), 2).tolist(), strict=True))
    return {**seconds, "all_s": round(marks[-1] - marks[0], 2)}


def _read(session: Session) -> dict[str, column_copy.Column]:
    """Read the table some blocks at a time: an array of each column is gathered within the processor's cache."""
    blocks = session.scalar(sa.text("SELECT pg_relation_size('bench_bids') / current_setting('block_size')::int"))
    pages = [
        column_copy.read(session, _PAGE, {"from": f"({start},0)", "to": f"({start + BLOCKS},0)"}, _KINDS)
        for start in range(0, blocks or 0, BLOCKS)
    ]
    return {name: np.concatenate([page[name] for page in pages]) for name in _KINDS}


def _keep(session: Session, ids: column_copy.Column, scores: Singles) -> None:
    session.execute(sa.text("CREATE TABLE bench_run (bid_id uuid NOT NULL, score real NOT NULL)"))
    column_copy.write(
        session,
        "bench_run",
        {"bid_id": "uuid", "score": "float4"},
        {"bid_id": ids, "score": scores},
        np.arange(len(ids)),
    )
    least = float(-np.partition(-scores, KEEP)[KEEP])
    session.execute(sa.text(f"CREATE INDEX ON bench_run (score DESC) WHERE score >= {least!r}"))


def main() -> None:
    log.configure("json", io.StringIO())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=BIDS)
    print(json.dumps(run(parser.parse_args().bids), indent=2))


if __name__ == "__main__":
    main()
