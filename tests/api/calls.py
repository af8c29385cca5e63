"""One call that goes through for each route, to be spoilt by the tests; and a way to see that nothing changed."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from marketplace import models
from marketplace.app import create_app
from marketplace.core import ids
from marketplace.core.config import Config
from marketplace.core.errors import DomainError
from marketplace.core.http import request_handling
from marketplace.core.http.endpoint import Endpoint
from tests.authorization import bodies
from tests.authorization.matrix import ACTORS, AFTER, rows
from tests.authorization.world import PREFIXES, World, routes
from tests.make import people
from tests.market import owning

# Who calls where the matrix lets in nobody: these ask for a session or a secret that only they know.
UNSIGNED = {"/sessions", "/invites/accept", "/password-resets/confirm"}
# What a request may touch though it is refused: the time that a key was last used.
TOUCHED = {"api_keys", "console_sessions", "worker_beats"}
# A 503 asks to be tried again: on a busy machine a counter may be out of reach for half a second.
TRIES = 3


class Refusal(NamedTuple):
    """What a problem says to a program: its status, and where in the input the errors are."""

    status: int
    pointers: list[str]


@dataclass(frozen=True)
class Call:
    """A request that is answered well: who sends it, where to, with what body."""

    method: str
    path: str
    address: str
    headers: dict[str, str]
    body: Any
    endpoint: Endpoint
    world: World
    subject: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def load(self, app: Flask, data: bytes | None = None, *, query: str = "") -> "Refusal | None":
        """Read and check these bytes and this query as the route does before its view; None if the view would run.

        What a caller may do and what a view says is left out: a refusal here is the route's refusal.
        """
        media_type = None if data is None else "application/json"
        with app.test_request_context(f"/x?{query}", method=self.method, data=data, content_type=media_type):
            try:
                request_handling.read_arguments(self.endpoint)
            except DomainError as error:
                return Refusal(error.status, [one.pointer for one in error.errors])
            except HTTPException as error:
                return Refusal(error.code or 500, [])
        return None

    def send(self, app: Flask, data: bytes | None = None, *, query: str = "", address: str = "") -> TestResponse:
        """Send it with these bytes for a body, or these words for a query or an address."""
        file = bodies.sent(app, self.method, self.path, self.world, self.subject)
        file = file or bodies.Sent(data=data, media_type=None if data is None else "application/json")
        headers = {**self.headers, **file.headers, "Idempotency-Key": ids.new_id().hex}
        where = f"/api/v1{address or self.address}?{query or file.query}".rstrip("?")
        for _ in range(TRIES):
            answer = app.test_client().open(
                where, method=self.method, headers=headers, data=file.data, content_type=file.media_type
            )
            answer.get_data()
            if answer.status_code != 503:
                break
        return answer


def call_of(app: Flask, world: World, method: str, path: str, wanted: str | None = None) -> Call:
    """Return the call of the first who is let in, on the subject or on the first that somebody is let in to."""
    known = [
        (subject, letters)
        for (verb, at, subject), letters in rows().items()
        if (verb, at) == (method, path) and wanted in (None, subject)
    ]
    subject, letters = next((pair for pair in known if "Y" in pair[1]), known[0])
    name = ACTORS[letters.index("Y", 2)] if "Y" in letters else "owner"
    headers = {} if path in UNSIGNED else dict(world.headers[name])
    body = bodies.body(method, path, world)
    if path == "/sessions/{session_id}":  # a person's, signed in, and no key's
        headers = people.console(world.people["owner"])
    if path == "/people/me/password":
        people.with_password(world.people["owner"])
        headers, body = people.console(world.people["owner"]), {**body, "old": people.PASSWORD}
    if method in ("PATCH", "PUT"):
        headers["If-Match"] = '"1"'
    address = re.sub(r"\{(\w+)\}", lambda hit: ids.show(PREFIXES[hit[1]], world.id_of(hit[1], subject)), path)
    return Call(method, path, address, headers, body, routes(app)[method, path], world, subject)


def send_what_comes_before(app: Flask, world: World, method: str, path: str, subject: str) -> None:
    """Make the call without which this one finds nothing to act on, if there is one."""
    if method == "POST" and path in AFTER:
        earlier = call_of(app, world, method, AFTER[path], subject)
        answer = earlier.send(app, None if earlier.body is None else json.dumps(earlier.body).encode())
        assert answer.status_code < 300, answer.text


@cache
def _declared() -> dict[tuple[str, str], Endpoint]:
    nowhere = Config("postgresql+psycopg://nowhere/x", "redis://nowhere/0", "redis://nowhere/1", "x")
    return routes(create_app(nowhere))


def names(wanted: Callable[[Endpoint], object]) -> list[tuple[str, str]]:
    """Return the routes of which this holds, for parametrize; no server is asked."""
    return sorted(route for route, endpoint in _declared().items() if wanted(endpoint))


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every value inside a body, the outermost first."""
    if isinstance(value, dict):
        inside: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value[:1]))
    else:
        return
    for name, inner in inside:
        yield (*way, name)
        yield from places(inner, (*way, name))


def replaced(body: Any, way: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of the body with another value in one place."""
    fresh = copy.deepcopy(body)
    inner = fresh
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = value
    return fresh


_FOOTPRINT = sa.text(
    " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS rows, coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)), 0)"
        f" AS mark FROM {table}"
        for table in sorted(set(models.metadata.tables) - TOUCHED)
    )
)


def footprint() -> dict[str, tuple[int, int]]:
    """Return what stands in every table, as counts and sums over the rows' versions: equal if nothing was written.

    As the owner of the tables sees it: of some the market itself reads nothing.
    """
    with owning() as session:
        return {row.name: (row.rows, int(row.mark)) for row in session.execute(_FOOTPRINT)}


def problem(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.data)
    return found


def refusal(answer: TestResponse) -> Refusal:
    return Refusal(answer.status_code, [one["pointer"] for one in problem(answer).get("errors", [])])
