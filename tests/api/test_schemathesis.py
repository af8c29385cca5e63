"""The application keeps to its own description: in good calls of every kind, and in generated ones."""

import json

from flask import Flask
from werkzeug.test import TestResponse

from tests.api import generated
from tests.api.calls import Call, call_of
from tests.authorization import world as worlds
from tests.authorization.matrix import rows
from tests.authorization.world import World

CASES = 2


def test_generated_calls_are_answered_as_described(app: Flask) -> None:
    assert min(generated.run(app, CASES).values()) > 150


# Routes whose good call needs more than a world holds; their rooms' tests make them.
WITHOUT_SUCCESS = {
    ("POST", "/sessions"),  # a password
    ("DELETE", "/sessions/current"),  # a session
    ("GET", "/sessions"),
    *(("POST", f"/people/me/second-factor{more}") for more in ("", "/confirm", "/remove")),  # an app's code
    ("POST", "/jobs/{job_id}/requeue"),  # a dead job
    ("POST", "/invites/accept"),  # the token of an invitation
    ("POST", "/bids/{bid_id}/step-back"),  # an accepted bid
    ("POST", "/selections/{selection_id}/confirm"),
    ("POST", "/bids/{bid_id}/review/reopen"),  # a decided one
}


def test_good_calls_are_answered_as_described(app: Flask) -> None:
    schema = generated.described(app)
    known = {(one.method.upper(), one.path.removeprefix("/api/v1")): one for one in generated.operations(schema)}
    reading, changed, succeeded = worlds.make(), worlds.make(), set()

    def called(world: World, route: tuple[str, str], subject: str) -> tuple[Call, TestResponse]:
        call = call_of(app, world, *route, subject)
        answer = call.send(app, None if call.body is None else json.dumps(call.body).encode())
        known[route].Case().validate_response(answer, checks=generated.KEPT_TO)
        return call, answer

    for method, path, subject in rows():
        if (method, path) not in known:
            continue
        call, answer = called(reading if method == "GET" else changed, (method, path), subject)
        if answer.status_code >= 400 and method != "GET" and (method, path) not in succeeded:
            # Perhaps for what earlier calls have changed.
            changed = worlds.make()
            call, answer = called(changed, (method, path), subject)
        if answer.status_code < 300:
            succeeded.add((method, path))
            assert answer.status_code == call.endpoint.status, (call.name, subject)
    assert set(known) - succeeded == WITHOUT_SUCCESS
