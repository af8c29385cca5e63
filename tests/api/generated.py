"""Generated calls of every operation, checked against the API's own description."""

from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.core import ids
from tests.api.calls import TRIES
from tests.authorization import world as worlds
from tests.authorization.world import PREFIXES, World

# Bytes like any others.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

KEPT_TO = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO = ("owner", "creator", "admin")
# Answers for up to a minute, piece by piece.
LEFT_OUT = {("GET", "/api/v1/briefs/{brief_id}/ranking/stream")}
# What a path is about: something made up, or one of the world's things.
SUBJECTS = ("made up", "", "draft", "published", "closed")


def described(app: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


def operations(schema: Any) -> list[Any]:
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if (one.method.upper(), one.path) not in LEFT_OUT]


def run(app: Flask, cases: int) -> dict[str, int]:
    """Call every operation as each of WHO, `cases` times as described and as often not; returns each one's calls.

    Making a case up costs more than calling it, so all make the same calls, each in a world of its own. Raises what
    the checks of the answers raise.
    """
    made, counts = {who: worlds.make() for who in WHO}, dict.fromkeys(WHO, 0)
    for operation in operations(described(app)):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode.is_positive or operation.body or operation.query:
                _run(operation, mode, made, cases, counts)
    return counts


def _run(operation: Any, mode: GenerationMode, made: dict[str, World], cases: int, counts: dict[str, int]) -> None:
    checks = [*KEPT_TO, *([] if mode.is_positive else [negative_data_rejection])]
    somewhere = path_of(operation, made[WHO[0]], "published")
    # What is made up must differ from what the description says in the body or the query, not in the path or headers.
    given_parts = {} if mode.is_positive else {"headers": {}, "path_parameters": somewhere}

    @seed(1)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(mode, **given_parts),
        subject=st.sampled_from(SUBJECTS),
        right_version=st.booleans(),
    )
    def call(case: Any, subject: str, right_version: bool) -> None:
        headers, deletes = dict(case.headers or {}), operation.method.upper() == "DELETE"
        # What is there is deleted by nobody: the next call may be about it.
        if not mode.is_positive and (deletes or subject == "made up"):
            subject = "published"
        made_up = subject == "made up" or (mode.is_positive and deletes) or not case.path_parameters
        for who, world in made.items():
            counts[who] += 1
            case.headers = {**headers, **world.headers[who], "Idempotency-Key": ids.new_id().hex}
            # Another version of tus is refused before anything else is looked at.
            if "/video-uploads" in operation.path:
                case.headers["Tus-Resumable"] = "1.0.0"
            if operation.method.upper() == "PATCH" and (right_version or not mode.is_positive):
                case.headers["If-Match"] = '"1"'
            if not made_up:
                case.path_parameters = path_of(operation, world, subject)
            answer = next(filter(_heard, (case.call() for _ in range(TRIES))), None) or case.call()
            case.validate_response(answer, checks=checks)

    call()


def _heard(answer: Any) -> bool:
    return bool(answer.status_code != 503)


def path_of(operation: Any, world: World, subject: str) -> dict[str, str]:
    """Return the path's values for the subject, or where it has none, those of the published brief."""
    known = {**world.by_subject["published"], **world.ids, **world.by_subject.get(subject, {})}
    return {one.name: ids.show(PREFIXES[one.name], known[one.name]) for one in operation.path_parameters}
