"""Answer every error, ours or Flask's, in one form: application/problem+json (RFC 9457)."""

import http
import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import structlog
from flask import Flask, Response
from marshmallow import Schema, fields
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from marketplace.core.context import request_id
from marketplace.core.errors import Conflict, DomainError, FieldError, InvalidInput, Unavailable

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "/docs/problems#"

log = structlog.get_logger("http")


# Its name is part of the published OpenAPI document.
class FaultSchema(Schema):
    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer into the body, or the parameter's name."}
    )
    detail = fields.String(required=True, metadata={"description": "What to mend."})


class ProblemSchema(Schema):
    """RFC 9457 problem details."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema))
    state = fields.String(metadata={"description": "The present state, where the state is the reason."})
    rule = fields.String(metadata={"description": "The rule of the database that refused."})
    clashes_with = fields.String(metadata={"description": "The id of what is there already, where that is the reason."})

    def __deepcopy__(self, memo: dict[int, Any]) -> "ProblemSchema":
        # Each of a thousand documented refusals is copied several times as its route is declared, and none is changed.
        return self


def field_errors_of(messages: Any, pointer: str = "") -> Iterator[FieldError]:
    """Flatten marshmallow's messages: {'a': {0: ['x']}} is at /a/0. Characters that cannot be encoded are replaced."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            word = str(key).encode("utf-8", "replace").decode()[:100].replace("~", "~0").replace("/", "~1")
            yield from field_errors_of(value, pointer if key == "_schema" else f"{pointer}/{word}")
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from field_errors_of(message, pointer)
    else:
        yield FieldError(pointer or "/", str(messages))


def problem(error: DomainError) -> Response:
    body: dict[str, Any] = {
        "type": TYPE_BASE + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "request_id": request_id() or "",
    }
    if error.errors:
        # A hostile body can hold thousands of mistakes; fifty are enough to start correcting.
        body["errors"] = [item.as_json() for item in error.errors[:50]]
    body.update(error.more)
    # Details quote the request, which may hold lone surrogates.
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status=error.status, headers=error.headers, content_type=MEDIA_TYPE)


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    phrase = http.HTTPStatus(status).phrase
    # Such as Allow of a 405; the type and the length are those of our own body.
    headers = {
        name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    }
    mapped = DomainError(error.description or phrase, headers=headers)
    mapped.status, mapped.code, mapped.title = status, phrase.lower().replace(" ", "-"), phrase
    return problem(mapped)


def translate(error: DBAPIError) -> DomainError | None:
    """Return the error that a caller may see for a database error, or None when it is a bug."""
    cause = error.orig
    if isinstance(error, IntegrityError) and isinstance(
        cause, psycopg.errors.UniqueViolation | psycopg.errors.ExclusionViolation
    ):
        return Conflict("It is there already.", rule=cause.diag.constraint_name or "unique")
    if isinstance(
        cause, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled | psycopg.errors.DeadlockDetected
    ):
        return Unavailable("Others are changing the same thing. Try again.", retry_after_s=1)
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return Unavailable("The database cannot be reached. Nothing was changed that was not confirmed. Try again.")
    if isinstance(error, DataError):
        return InvalidInput("A value is out of the range that can be stored.")
    return None


def _from_database(error: DBAPIError) -> Response:
    known = translate(error)
    if known is None:
        return _unexpected(error)
    if known.status >= 500:
        log.warning("http.database", error=type(error.orig).__name__)
    return problem(known)


def _unexpected(error: Exception) -> Response:
    log.error("http.unexpected", error=type(error).__name__, exc_info=error)
    mapped = DomainError("Something went wrong on our side. The request id finds it in our log; nothing was changed.")
    mapped.status, mapped.code, mapped.title = 500, "internal-server-error", "Internal Server Error"
    return problem(mapped)


def register(app: Flask) -> None:
    app.register_error_handler(DomainError, problem)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeout, lambda _: problem(Unavailable("Too much at once. Try again.")))
    app.register_error_handler(Exception, _unexpected)
