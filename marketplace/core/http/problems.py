"""Answer every error, ours or Flask's, in one form: application/problem+json (RFC 9457)."""

import http
import json
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, request
from marshmallow import Schema, fields
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from marketplace.core.context import request_id
from marketplace.core.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotFound,
    TooLarge,
    TooSlow,
    Unavailable,
    WrongMediaType,
)
from marketplace.core.http import path_ids
from marketplace.core.http.caller_language import caller_language, language_headers
from marketplace.core.message import Bilingual, Language

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "/docs/problems#"

TOO_MUCH = Bilingual("同时进行的请求太多，请重试。", "Too much at once. Try again.")

log = structlog.get_logger("http")


# Its name is part of the published OpenAPI document.
class FaultSchema(Schema):
    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer into the body, or the parameter's name."}
    )
    detail = fields.String(required=True, metadata={"description": "What to mend."})


_SAID = fields.Dict(metadata={"description": "Free-form: a `code`, and sentences in `zh` and `en`."})


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
    price_minor = fields.Integer(metadata={"description": "What one more round of changes costs."})
    currency = fields.String(metadata={"description": "Of `price_minor`."})
    rounds = fields.Integer(metadata={"description": "How many rounds of changes the terms include."})
    clashes_with = fields.String(metadata={"description": "The id of what is there already, where that is the reason."})
    free_at = fields.String(
        metadata={"format": "date-time", "description": "From when on it may be done, where the time is the reason."}
    )
    bid_id = fields.String(metadata={"description": "The bid whose gates are shut."})
    gates = fields.List(_SAID, metadata={"description": "Its shut gates: `code`, `zh`, `en` and what opens each."})
    bids = fields.List(_SAID, metadata={"description": "All bids with shut gates: `bid_id` and `gates`."})
    findings = fields.List(_SAID, metadata={"description": "What a check says against a draft: `code`, `zh`, `en`."})
    content_hash = fields.String(metadata={"description": "Of the present version, where another one was answered."})
    number = fields.Integer(metadata={"description": "That of the present version."})
    changes = fields.List(
        fields.Dict(
            metadata={
                "description": "Free-form: of terms `pointer`, `before`, `after`, `zh`, `en`; of a selection `code`,"
                " `bid_id`, `zh`, `en` of the wish that is not kept."
            }
        ),
        metadata={"description": "What differs from it, or has changed since, where that is the reason."},
    )

    def __deepcopy__(self, memo: dict[int, Any]) -> "ProblemSchema":
        # Each of a thousand documented refusals is copied several times as its route is declared, and none is changed.
        return self


def problem(error: DomainError) -> Response:
    """Return the answer to a refusal, in the caller's language."""
    language = caller_language()
    headers = {**language_headers(language), **error.headers}
    return Response(problem_text(error, language), status=error.status, headers=headers, content_type=MEDIA_TYPE)


def problem_text(error: DomainError, language: Language) -> bytes:
    """Return a refusal as JSON (UTF-8), in one language."""
    body: dict[str, Any] = {
        "type": TYPE_BASE + error.code,
        "title": error.title.said_in(language),
        "status": error.status,
        "detail": error.detail.said_in(language),
        "request_id": request_id() or "",
    }
    if error.errors:
        # A hostile body can hold thousands of mistakes; fifty are enough to start correcting.
        body["errors"] = [item.as_json(language) for item in error.errors[:50]]
    body.update(error.more)
    # Details quote the request, which may hold lone surrogates.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


# What Flask and Werkzeug refuse by themselves. Their own sentences are English and speak of URLs and browsers.
_SAID_OF_STATUS = {
    400: (DomainError.title, Bilingual("这个请求无法读懂。", "This request cannot be read.")),
    404: (NotFound.title, Bilingual("这个地址什么都没有，请检查路径。", "Nothing has this address; look at the path.")),
    405: (
        Bilingual("这里不能用这个方法", "This method is not for this address"),
        Bilingual(
            "这个地址不接受这个方法；Allow 头列出了可用的方法。", "Allow names the methods that this address takes."
        ),
    ),
    408: (TooSlow.title, Bilingual("请求来得太慢，请重新发送。", "The request came too slowly; send it again.")),
    413: (TooLarge.title, Bilingual("发送的内容超过了这里的上限。", "The body is larger than is taken here.")),
    415: (WrongMediaType.title, Bilingual("不接受这种 Content-Type。", "This Content-Type is not taken here.")),
    416: (
        Bilingual("没有这个范围", "There is no such range"),
        Bilingual("文件没有 Range 所说的部分。", "The file does not have the part that Range asks for."),
    ),
}
_SAID_OF_OTHERS = (
    Bilingual("服务器不接受这个请求", "The server does not take this request"),
    Bilingual("服务器不接受这个请求。", "The server does not take this request."),
)


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    # Such as Allow of a 405; the type and the length are those of our own body.
    headers = {
        name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    }
    title, detail = _SAID_OF_STATUS.get(status, _SAID_OF_OTHERS)
    if status == 404:
        detail = path_ids.said_of_path(request.method, request.path) or detail
    elif status == 413 and request.max_content_length is not None:
        most = request.max_content_length
        detail = Bilingual(f"发送的内容最多 {most} 字节。", f"The body may have {most} bytes at most.")
    mapped = DomainError(detail, headers=headers)
    mapped.status, mapped.title = status, title
    mapped.code = _phrase(status).lower().replace(" ", "-")
    return problem(mapped)


def _phrase(status: int) -> str:
    # Python 3.13 calls it Content Too Large; a type of ours does not change with the Python.
    return "Request Entity Too Large" if status == 413 else http.HTTPStatus(status).phrase


def translate(error: DBAPIError) -> DomainError | None:
    """Return the error that a caller may see for a database error, or None when it is a bug."""
    cause = error.orig
    if isinstance(error, IntegrityError) and isinstance(cause, psycopg.Error):
        return _of_rule(cause, cause.diag.constraint_name or "")
    if isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return Unavailable(
            Bilingual("别人正在改动同一内容，请重试。", "Others are changing the same thing. Try again."),
            retry_after_s=1,
        )
    if isinstance(cause, psycopg.errors.IdleInTransactionSessionTimeout | psycopg.errors.QueryCanceled):
        # The server ended it, for a statement of it took too long, or it held a connection without asking anything: the
        # database can be reached all the same, and nobody else need be changing anything.
        return Unavailable(
            Bilingual(
                "这个请求的计算时间太长，已被中止，什么都没有改动。请稍后再试，或把内容改小。",
                "This request took too long to work out and was stopped; nothing was changed. Try again later, or send "
                "less at once.",
            ),
            retry_after_s=10,
        )
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return Unavailable(
            Bilingual(
                "连接不上数据库。没有确认的内容都没有改动，请重试。",
                "The database cannot be reached. Nothing was changed that was not confirmed. Try again.",
            )
        )
    if isinstance(error, DataError):
        return InvalidInput(
            Bilingual("有个值超出了可以保存的范围。", "A value is out of the range that can be stored.")
        )
    return None


def _of_rule(cause: psycopg.Error, rule: str) -> DomainError:
    """Return the error for a rule of the database: what it refused is not stored, whatever else was checked before."""
    if isinstance(cause, psycopg.errors.UniqueViolation | psycopg.errors.ExclusionViolation):
        return Conflict(Bilingual("它已经在那里了。", "It is there already."), rule=rule or "unique")
    if isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return Conflict(
            Bilingual(
                "它所指的内容已不存在，或仍有别的内容指向它，什么都没有改动。请重新读取后再试。",
                "What it names is not there any more, or something still names it; nothing was changed. Read it again.",
            ),
            rule=rule or "foreign_key",
        )
    return InvalidInput(
        Bilingual(
            f"这些值不能一起保存（规则 {rule or 'not_null'}），什么都没有改动。",
            f"These values cannot be stored together (rule {rule or 'not_null'}); nothing was changed.",
        ),
        rule=rule or "not_null",
    )


def _from_database(error: DBAPIError) -> Response:
    known = translate(error)
    if known is None:
        return _unexpected(error)
    if known.status >= 500 or isinstance(error, IntegrityError):
        log.warning("http.database", error=type(error.orig).__name__, rule=known.more.get("rule"))
    return problem(known)


def _unexpected(error: Exception) -> Response:
    log.error("http.unexpected", error=type(error).__name__, exc_info=error)
    mapped = DomainError(
        Bilingual(
            "我们这边出了错。凭请求编号可以在日志中找到它；什么都没有改动。",
            "Something went wrong on our side. The request id finds it in our log; nothing was changed.",
        )
    )
    mapped.status, mapped.code = 500, "internal-server-error"
    mapped.title = Bilingual("服务器内部错误", "Internal Server Error")
    return problem(mapped)


def register(app: Flask) -> None:
    app.register_error_handler(DomainError, problem)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeout, lambda _: problem(Unavailable(TOO_MUCH)))
    app.register_error_handler(Exception, _unexpected)
