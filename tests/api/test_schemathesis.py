"""The application keeps to its own description: in good calls of every kind, and in generated ones."""

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

from flask import Flask

from marketplace.core.lazy_import import lazy_module
from tests.api.calls import call_of, send_what_comes_before
from tests.authorization import world as worlds
from tests.authorization.matrix import rows
from tests.market import undone

if TYPE_CHECKING:
    from tests.api import generated
else:
    generated = lazy_module("tests.api.generated")

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
    ("POST", "/channels/{channel_id}/restore"),  # an archived one
    ("POST", "/password-resets/confirm"),  # the token of a mail
    ("POST", "/invites/accept"),  # the token of an invitation
    # Days of publishing, which are to come.
    *(("POST", f"/deliverables/{{deliverable_id}}/publication{more}") for more in ("", "/report")),
    ("POST", "/deliverables/{deliverable_id}/rounds"),  # rounds that are used up
    ("POST", "/reconciliations"),  # a payment provider
    ("POST", "/payment-provider/notices"),  # its signature
    # Days after a publication, which are to come, and a figure that somebody contests.
    *(("POST", f"/deliverables/{{deliverable_id}}/{more}") for more in ("views", "views/from-export", "orders")),
    ("POST", "/figures/{figure_id}/decide"),
    ("POST", "/bids/{bid_id}/step-back"),  # an accepted bid
    ("POST", "/selections/{selection_id}/confirm"),
    ("POST", "/bids/{bid_id}/review/reopen"),  # a decided one
}


def test_good_calls_are_answered_as_described(app: Flask) -> None:
    schema = generated.described(app)
    known = {(one.method.upper(), one.path.removeprefix("/api/v1")): one for one in generated.operations(schema)}
    world, succeeded = worlds.make(), set()
    for method, path, subject in rows():
        if (method, path) not in known:
            continue
        # What one call changed the next would not find.
        with nullcontext() if method == "GET" else undone():
            send_what_comes_before(app, world, method, path, subject)
            call = call_of(app, world, method, path, subject)
            answer = call.send(app, None if call.body is None else json.dumps(call.body).encode())
        known[method, path].Case().validate_response(answer, checks=generated.KEPT_TO)
        if answer.status_code < 300:
            succeeded.add((method, path))
            assert answer.status_code == call.endpoint.status, (call.name, subject)
    assert set(known) - succeeded == WITHOUT_SUCCESS
