"""Bare Flask with psycopg that sends the recorded SQL of three of the market's routes, behind the market's own front.

Served by the market's own command line, with what was recorded in the file that RECORDED_CALLS names. It checks nothing,
counts nothing and logs nothing.
"""

import os
import pickle
import threading
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, Response, jsonify, request

from benchmarks.speed.recorded_sql import RecordedCall
from marketplace.core import ids
from marketplace.core.config import Config
from marketplace.core.front.web_front import WebFront

config = Config.from_env()
calls: dict[str, RecordedCall] = pickle.loads(Path(os.environ["RECORDED_CALLS"]).read_bytes())  # noqa: S301 - our own
app = Flask("bare")
_thread = threading.local()  # as many connections as threads, and as many threads as the market has


def _connection() -> Any:
    if not hasattr(_thread, "connection"):
        url = config.database_url.replace("+psycopg", "")
        _thread.connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC")
    return _thread.connection


@app.get("/api/v1/bids")
def list_bids() -> Response:
    return jsonify(data=calls["list"].send(_connection()))


@app.get("/api/v1/briefs/<brief_id>")
def get_brief(brief_id: str) -> Response:
    return jsonify(data=calls["read"].send(_connection(), brief=ids.read("brf", brief_id)))


@app.post("/api/v1/briefs/<brief_id>/bids")
def place_bid(brief_id: str) -> tuple[Response, int]:
    asked = request.get_json()
    named = {"brief": ids.read("brf", brief_id), "channel": ids.read("chn", asked["channel_id"])}
    return jsonify(data=calls["bid"].send(_connection(), **named), asked=asked), 201


front = WebFront(app, threads=config.web_threads, headers={})
