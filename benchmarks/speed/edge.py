"""The API against a bare Flask + psycopg endpoint that sends the very same SQL: what the house costs.

Both run in this process behind the same WSGI client, turn and turn about, so that only the ratio counts. The SQL is
recorded from one real request; the bare endpoint replays every statement of it in one transaction with fresh ids, so
that the same rows are read and written, parses the same body and answers JSON. What the client does for a call (making
the body, reading the answer) is outside the clock on both sides. The application logs as it does in service, to
nowhere; the bare one checks nothing, counts nothing and logs nothing: that is what the ratio is about.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from benchmarks.speed import market, recorded_sql
from marketplace import models, schema
from marketplace.app import create_app
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.core.ids import new_id, show
from marketplace.local.servers import LocalServers, start_servers

assert models.metadata.tables
ROUNDS, WARM = 400, 40

JSON = "application/json"
Work = Callable[[], float]  # does it once and says how many seconds it took


def run() -> dict[str, Any]:
    """Return requests a second of both and their ratios (ours over bare: 0.5 is half as fast)."""
    with TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.database_url)
        config = Config(
            servers.database_url, servers.redis_url, servers.broker_url, "bench", rate_limit_per_minute=10**9
        )
        with db.transaction() as session:
            brand_id, _ = market.party(session, "brand")
            creator_id, key = market.party(session, "creator")
            brief_id = market.brief(session, brand_id)
            market.channels(session, creator_id, 3 * (ROUNDS + WARM) + 10)
            channels = list(session.scalars(sa.text("SELECT id FROM channels ORDER BY id")).all())
        client = create_app(config).test_client()
        bare = psycopg.connect(servers.owner_url.replace("+psycopg", ""))
        found = _post(client, servers, bare, key, brief_id, channels)
        found |= _list(client, servers, bare, key)
        bare.close()
        engine.dispose()
    return found


def _post(
    client: FlaskClient, servers: LocalServers, bare: Any, key: str, brief_id: UUID, channels: list[UUID]
) -> dict[str, Any]:
    free = iter(channels)
    body = market.bid_body(brief_id)
    path = f"/api/v1/briefs/{show('brf', brief_id)}/bids"

    def ours() -> float:
        text = json.dumps({**body, "channel_id": show("chn", next(free))})
        headers = {"Authorization": key, "Idempotency-Key": str(new_id())}
        answer, seconds = _timed(lambda: client.post(path, data=text, content_type=JSON, headers=headers))
        assert answer.status_code == 201, answer.text
        return seconds

    ours()
    began = new_id()
    recorded = recorded_sql.record(servers.database_url, ours)
    used = next(value for value in recorded_sql.uuids(recorded) if value in set(channels))
    replay = _bare_app(
        bare, recorded, lambda value: next(free) if value == used else (new_id() if value > began else value)
    )
    text = json.dumps(body)

    def plain() -> float:
        answer, seconds = _timed(lambda: replay.post("/", data=text, content_type=JSON))
        assert answer.status_code == 201
        return seconds

    return {"post_bid": _compare(ours, plain), "post_bid_statements": len(recorded)}


def _list(client: FlaskClient, servers: LocalServers, bare: Any, key: str) -> dict[str, Any]:
    def ours() -> float:
        answer, seconds = _timed(lambda: client.get("/api/v1/bids?limit=20", headers={"Authorization": key}))
        assert answer.status_code == 200
        assert len(json.loads(answer.data)["data"]) == 20
        return seconds

    ours()
    recorded = recorded_sql.record(servers.database_url, ours)
    replay = _bare_app(bare, recorded, lambda value: value)

    def plain() -> float:
        answer, seconds = _timed(lambda: replay.get("/"))
        assert answer.status_code == 200
        return seconds

    return {"list_20": _compare(ours, plain), "list_20_statements": len(recorded)}


def _timed(call: Callable[[], TestResponse]) -> tuple[TestResponse, float]:
    began = time.perf_counter()
    answer = call()
    return answer, time.perf_counter() - began


def _bare_app(connection: Any, recorded: recorded_sql.Recorded, fresh: Callable[[UUID], UUID]) -> FlaskClient:
    app = Flask("bare")

    @app.route("/", methods=["GET", "POST"])
    def endpoint() -> Any:
        asked = request.get_json() if request.method == "POST" else None
        answer = jsonify(data=recorded_sql.replay(connection, recorded, fresh), asked=asked)
        answer.status_code = 200 if asked is None else 201
        return answer

    return app.test_client()


def _compare(ours: Work, bare: Work) -> dict[str, float]:
    """Turn and turn about; the median of each, so that a neighbour's burst does not decide."""
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(WARM + ROUNDS):
        for name, work in (("ours", ours), ("bare", bare)):
            seconds = work()
            if number >= WARM:
                times[name].append(seconds)
    mine, theirs = median(times["ours"]), median(times["bare"])
    return {"ours_per_s": round(1 / mine), "bare_per_s": round(1 / theirs), "ratio": round(theirs / mine, 2)}
