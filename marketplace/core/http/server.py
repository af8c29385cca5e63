"""Make the Flask application: request ids, headers, one log line a request, health and metrics."""

import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import sqlalchemy as sa
import structlog
from flask import Flask, Request, Response, g, jsonify, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SessionInterface
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from marketplace.core import db, ids, storage
from marketplace.core.config import Config
from marketplace.core.context import set_request_id
from marketplace.core.front.readiness import Readiness
from marketplace.core.front.web_front import REFUSED
from marketplace.core.http import endpoint, path_ids, problems, request_handling
from marketplace.core.http.caller_language import caller_language, language_headers
from marketplace.core.http.failed_attempts import FailedAttempts
from marketplace.core.http.rate_limits import RateLimiter
from marketplace.core.message import Bilingual

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
REQUESTS = Counter("inlay_requests", "Requests by route and status", ["route", "method", "status"])
SECONDS = Histogram(
    "inlay_request_seconds",
    "Seconds a request took",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}

# For two years, as the lists of browsers ask; sent only where the client came by HTTPS.
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}

METRICS_CLOSED = Bilingual("请把 METRICS_TOKEN 作为 Bearer 令牌发送。", "Send METRICS_TOKEN as a bearer token.")


class ReadOnlyDatabase(Exception):
    """The database takes no writes."""


class IncompleteDatabase(Exception):
    """The database lacks the application's role, rights or policies; `inlay migrate` says which."""


class _NoCookies(SessionInterface):
    """No cookie is read, set or signed: the caller is in the Authorization header alone."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None


class _StrictJson(DefaultJSONProvider):
    """Answers are UTF-8 with fields in the order of their schema, which a reader can follow, and without the NaN and
    infinity that JSON does not have: one of them is a fault of ours and answers 500."""

    ensure_ascii = False
    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, **{**kwargs, "allow_nan": False})


log = structlog.get_logger("http")


@dataclass(frozen=True)
class DatabaseReview:
    """What a database lacks to be a market's, until when it is not ready, and what its operator should change."""

    fault: Callable[[sa.Connection], object | None] = lambda _: None
    advice: Callable[[sa.Connection], Bilingual | None] = lambda _: None


def make_server(config: Config, authenticate: endpoint.Authenticate, review: DatabaseReview) -> Flask:
    """Return a Flask application with error handling, health and metrics, and no blueprints yet."""
    app = Flask("marketplace", static_folder=None)
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=request_handling.BODY_MAX,
        MAX_FORM_MEMORY_SIZE=200_000,
        MAX_FORM_PARTS=50,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.extensions["failed_attempts"] = FailedAttempts(config.redis_url)
    app.json = _StrictJson(app)
    app.session_interface = _NoCookies()
    app.extensions["config"] = config
    app.extensions["authenticate"] = authenticate
    app.extensions["limiter"] = RateLimiter(config.redis_url, config.rate_limit_per_minute, config.sign_ins_per_minute)
    path_ids.register(app)
    problems.register(app)
    app.before_request(_begin)
    app.after_request(_end)
    _add_health(app, config, review)
    return app


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    # Only a harmless id of the caller's is taken: it goes into every log line, event and job.
    g.request_id = given if _REQUEST_ID.fullmatch(given) else "req_" + ids.show("r", ids.new_id())[2:]
    g.began = time.perf_counter()
    set_request_id(g.request_id)
    if refused := request.environ.get(REFUSED):
        raise refused


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    for name, value in (HEADERS | HTTPS_HEADERS if request.is_secure else HEADERS).items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
        if g.get("allowance"):
            response.headers.extend(g.allowance.headers())
    seconds = time.perf_counter() - g.began
    route = request.url_rule.rule if request.url_rule else "(none)"
    REQUESTS.labels(route, request.method, response.status_code).inc()
    SECONDS.labels(route).observe(seconds)
    # Probes come every few seconds and would fill the log.
    if not request.path.startswith(("/livez", "/readyz", "/metrics")):
        who = g.get("actor")
        party = str(who.party_id) if who and who.party_id else None
        role = str(who.role) if who else None
        ms = round(seconds * 1000, 1)
        log.info(
            "http.request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=ms,
            role=role,
            party=party,
        )
    return response


def _add_health(app: Flask, config: Config, review: DatabaseReview) -> None:
    client = redis.Redis.from_url(config.redis_url, socket_timeout=1, socket_connect_timeout=1)
    advice: set[str] = set()
    advised: set[str] = set()  # once a process is often enough for the log

    def database() -> None:
        found = _database(review)
        advice.clear()
        advice.update(found)

    checks = {"database": database, "broker": lambda: client.set("inlay:ready", 1, ex=60), "storage": storage.check}
    readiness = Readiness(checks)

    @app.get("/livez")
    def livez() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        outcomes = readiness.outcomes()
        ready = all(outcome == "ok" for outcome in outcomes.values())
        for sentence in advice - advised:
            log.warning("database.advice", advice=sentence)
        advised.update(advice)
        told = {"advice": sorted(advice)} if advice and outcomes["database"] == "ok" else {}
        return jsonify(status="ok" if ready else "not ready", **outcomes, **told), 200 if ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        # Numbers of requests and jobs would show strangers how business goes.
        # What came through a proxy on this machine is not the machine's own.
        forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
        local = request.remote_addr in (None, "127.0.0.1", "::1") and not forwarded
        if not (config.metrics_token and hmac.compare_digest(given, config.metrics_token)) and not (
            local and not config.metrics_token
        ):
            language = caller_language()
            text = METRICS_CLOSED.said_in(language) + "\n"
            return Response(text, 401, headers=language_headers(language), content_type="text/plain; charset=utf-8")
        return Response(_metrics(config), content_type="text/plain; version=0.0.4")


def _database(review: DatabaseReview) -> list[str]:
    """Ask the database whether it can serve, and return what its operator should change."""
    with db.Sessions() as session:
        # As nobody, because in a database without the roles one cannot be anybody.
        if review.fault(session.connection()) is not None:
            raise IncompleteDatabase
        advice = review.advice(session.connection())
    with db.transaction() as session:
        session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
        # A read-only server answers, and takes nothing.
        if session.execute(sa.text("SHOW transaction_read_only")).scalar_one() == "on":
            raise ReadOnlyDatabase
        # It goes through the log to the disk, as every commit does, and leaves nothing behind.
        session.execute(sa.text("SELECT pg_logical_emit_message(true, 'inlay', 'ready')"))
    return [advice.en] if advice else []


_QUEUES = sa.text(
    "SELECT queue, state, count(*), coalesce(extract(epoch FROM now() - min(next_at)), 0) FROM jobs"
    " WHERE state IN ('queued', 'leased', 'dead') GROUP BY queue, state"
)


class _QueueCollector:
    """Queue depth and the age of the oldest due job, read from the queue of record at each scrape."""

    def collect(self) -> Any:
        depth = GaugeMetricFamily("inlay_jobs", "Jobs by queue and state", labels=["queue", "state"])
        oldest = GaugeMetricFamily("inlay_oldest_due_seconds", "Age of the oldest due job", labels=["queue"])
        with db.transaction() as session:
            for queue, state, count, age in session.execute(_QUEUES).all():
                depth.add_metric([queue, state], count)
                if state == "queued":
                    oldest.add_metric([queue], max(0.0, float(age)))
        yield depth
        yield oldest


def _metrics(config: Config) -> bytes:
    registry = CollectorRegistry()
    if config.multiprocess:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(_QueueCollector())
    return generate_latest(registry)
