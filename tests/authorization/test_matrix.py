"""The matrix is complete, and the application does what it says."""

import json
import re
from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask

from marketplace.core import ids
from marketplace.core.actor import Permission, Role
from tests.api.calls import send_what_comes_before
from tests.authorization import bodies
from tests.authorization import world as worlds
from tests.authorization.matrix import ACTORS, rows
from tests.authorization.world import PREFIXES, World, routes
from tests.market import undone

ROWS = rows()
# POSTs that need no Idempotency-Key, with the reason.
UNKEYED = {
    "/sign-up": "the address is unique, and a password's hash must not stay in the key's row",
    "/sessions": "signing in twice makes two sessions and harms nobody",
    "/people/me/password": "a password's hash must not stay in the key's row",
    "/people/me/second-factor": "the secret must not stay in the key's row; asked again, it is another one",
    "/people/me/second-factor/confirm": "the recovery codes must not stay in the key's row",
    "/people/me/second-factor/remove": "a password's hash must not stay in the key's row",
    "/password-resets": "asked again, another mail is sent; an account gets three at most",
    "/password-resets/confirm": "a token is good once, and a password comes with it",
    "/invites/accept": "a seat is taken once, and a password comes with it",
    "/briefs/{brief_id}/what-if": "nothing is stored, so that a retry repeats nothing",
    "/payment-provider/notices": "a notice has an id of its own, and counts once",
    "/video-uploads": "clients of tus know no such key, and an upload that nobody sends is forgotten",
}


# Changes that need no If-Match, with the reason.
UNVERSIONED = {
    "/video-uploads/{upload_id}": "Upload-Offset says what was read before",
    "/videos/{video_id}/signed": "a link takes one video, once",
}


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    assert {(method, path) for method, path, _ in ROWS} == set(routes(app))


def test_every_endpoint_names_its_roles(app: Flask) -> None:
    assert all(endpoint.allow and set(endpoint.allow) <= set(Role) for endpoint in routes(app).values())


def test_only_what_reads_is_open_to_a_key_that_may_read(app: Flask) -> None:
    open_to_all = {"/sign-up", "/sessions", "/sessions/current", "/invites/accept", "/people/me/password"}
    open_to_all |= {"/password-resets", "/password-resets/confirm"}
    open_to_all |= {f"/people/me/second-factor{more}" for more in ("", "/confirm", "/remove")}
    open_to_all.add("/sessions/{session_id}")  # the service lets in the person alone, signed in
    changing = {path: endpoint for (method, path), endpoint in routes(app).items() if method != "GET"}
    reading = {path for path, endpoint in changing.items() if endpoint.needs in (None, Permission.READ)}
    # The signature is the permission.
    open_to_all |= {"/videos/{video_id}/signed", "/payment-provider/notices"}
    # An import of one's own: the service asks for the permission to change channels. A what-if only reads.
    assert reading == open_to_all | {"/jobs/{job_id}/cancel", "/briefs/{brief_id}/what-if"}


def test_every_post_asks_for_an_idempotency_key_or_says_why_not(app: Flask) -> None:
    unkeyed = {path for (method, path), endpoint in routes(app).items() if method == "POST" and not endpoint.once}
    assert unkeyed == set(UNKEYED)


def test_every_change_asks_for_the_version_that_was_read(app: Flask) -> None:
    changes = {path: endpoint for (method, path), endpoint in routes(app).items() if method in ("PATCH", "PUT")}
    assert {path for path, endpoint in changes.items() if not endpoint.if_match} == set(UNVERSIONED)


@pytest.fixture(scope="module")
def shared(app: Flask) -> World:
    """A world for all calls: those that read or are refused leave it as it was, and the others are undone."""
    return worlds.make()


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_a_route_lets_in_whom_the_matrix_says(app: Flask, shared: World, row: tuple[str, str, str]) -> None:
    method, path, subject = row
    found: dict[str, str] = {}
    for name, says in zip(ACTORS, ROWS[row], strict=True):
        # What one of them took away the next one could not.
        with undone() if says == "Y" and method != "GET" else nullcontext():
            if says == "Y":
                send_what_comes_before(app, shared, method, path, subject)
            found[name] = call(app, shared, name, method, path, subject)
    assert "".join(found[name] for name in ACTORS) == ROWS[row]


def call(app: Flask, world: World, name: str, method: str, path: str, subject: str) -> str:
    shown = re.sub(r"\{(\w+)\}", lambda hit: ids.show(PREFIXES[hit[1]], world.id_of(hit[1], subject)), path)
    headers = {**world.headers[name], "Idempotency-Key": ids.new_id().hex}
    if method == "PATCH":
        headers["If-Match"] = '"1"'
    more: dict[str, Any] = {"json": bodies.body(method, path, world)}
    if (sent := bodies.sent(app, method, path, world, subject)) is not None:
        shown, more = f"{shown}?{sent.query}".rstrip("?"), {"data": sent.data, "content_type": sent.media_type}
        headers.update(sent.headers)
    if more.get("json") is None and "json" in more:
        more = {}
    answer = app.test_client().open(f"/api/v1{shown}", method=method, headers=headers, **more)
    answer.get_data()
    if answer.status_code >= 400:
        problem = json.loads(answer.data)
        assert answer.status_code < 500, problem
        assert "request_id" in problem
    return {401: "S", 403: "F", 404: "N"}.get(answer.status_code, "Y")
