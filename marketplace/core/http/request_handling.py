"""Handle one request: authenticate, admit, read the input, run the view in one transaction, and shape the answer."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, cast
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, current_app, g, request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import ROLE_NAMES_ZH, Actor, Role
from marketplace.core.errors import (
    FieldError,
    InvalidInput,
    NotAllowed,
    NotSignedIn,
    PreconditionFailed,
    PreconditionRequired,
)
from marketplace.core.http import answer_dump, idempotency
from marketplace.core.http.bodies import RawBody, open_body
from marketplace.core.http.endpoint import Authenticate, Endpoint, Receive, Work
from marketplace.core.http.load_refusals import field_errors_of
from marketplace.core.http.paging import Page
from marketplace.core.http.rate_limits import RateLimiter
from marketplace.core.http.strict_json import read_json
from marketplace.core.message import Bilingual

BODY_MAX = 2 * 1024 * 1024
# Of what anybody may send without a key: a sign-up is under 2 KiB.
OPEN_BODY_MAX = 16 * 1024
# What is kept in memory of a file that is received before its transaction.
SPOOL_BYTES = 1024 * 1024


def session() -> Session:
    return cast(Session, g.session)


def actor() -> Actor:
    return cast(Actor, g.actor)


def serve(endpoint: Endpoint, view: Callable[..., Any], values: dict[str, Any]) -> Response:
    """Run one request in one transaction, or in two if its body is a file, or compute after it (`then`). An exception
    rolls everything back and is answered as a problem."""
    limiter: RateLimiter | None = current_app.extensions.get("limiter")
    if limiter is not None and endpoint.counted:
        limiter.hit(request.remote_addr or "-", policy=endpoint.counted, must_count=True)
    if endpoint.raw is not None:
        return _serve_in_two(endpoint, endpoint.receive or _spooled, view, values)
    if endpoint.then is not None:
        return _serve_then(endpoint, endpoint.then, view, values)
    with _admitted(endpoint):
        return (_once if endpoint.once else _answer)(endpoint, view, values)


@contextmanager
def _admitted(endpoint: Endpoint) -> Iterator[None]:
    """Open a transaction scoped to the caller. Raises NotSignedIn, NotAllowed where they may not call this."""
    limiter: RateLimiter | None = current_app.extensions.get("limiter")
    with db.transaction() as g.session:
        authenticate: Authenticate = current_app.extensions["authenticate"]
        try:
            g.actor = authenticate(g.session)
        except (NotSignedIn, NotAllowed):
            if limiter is not None:  # guessing keys is counted by address, whatever the guesses look like
                limiter.hit(request.remote_addr or "-", policy="refused")
            raise
        if limiter is not None and "allowance" not in g:
            # Only now is it known whose key this is: a key's public part is no secret, and others must not use it up.
            g.allowance = limiter.hit(_caller(g.actor))
        _require_allowed(endpoint, g.actor)
        db.become(g.session, g.actor)
        # After admission, so that nobody uploads what they may not; once, though with `receive` this is entered twice.
        if Role.NOBODY in endpoint.allow and endpoint.raw is None:
            request.max_content_length = OPEN_BODY_MAX
        if endpoint.raw is not None and "raw_body" not in g:
            g.raw_body = open_body(endpoint.raw)
        yield


def _serve_in_two(endpoint: Endpoint, receive: Receive, view: Callable[..., Any], values: dict[str, Any]) -> Response:
    """Admit the caller, receive the body while no transaction is open, and answer in a second transaction."""
    with _admitted(endpoint):
        g.arguments = read_arguments(endpoint)
        known = endpoint.once and _key_is_known()
    if known:
        hashed = _hashed(endpoint)
        with _admitted(endpoint):
            stored = idempotency.find(session(), *_key(), hashed)
            assert stored is not None, "keys are kept for days"
            return _replay(*stored)
    with receive(*g.arguments, **values) as g.arguments[0], _admitted(endpoint):
        return (_once if endpoint.once else _answer)(endpoint, view, values)


def _serve_then(endpoint: Endpoint, then: Work, view: Callable[..., Any], values: dict[str, Any]) -> Response:
    """Read in a transaction, and work and answer when it has ended: a connection is not held by what only computes."""
    assert not endpoint.once, "what is kept for a replay is kept in the transaction"
    with _admitted(endpoint):
        read = view(*read_arguments(endpoint), **values)
    return _shown(endpoint, then(read))


@contextmanager
def _spooled(body: RawBody, *_: Any, **__: Any) -> Iterator[RawBody]:
    """Receive a file into a temporary one, for a view that only reads it."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        for piece in body.pieces():
            file.write(piece)
        file.seek(0)
        g.raw_body = body.again(file)
        yield g.raw_body


def _caller(caller: Actor) -> str:
    """Return whose requests are counted together: a key's, a person's at the console, an address's without either."""
    return str(caller.key_id or (caller.person_id and f"{caller.party_id}:{caller.person_id}") or request.remote_addr)


def _require_allowed(endpoint: Endpoint, caller: Actor) -> None:
    if caller.role not in endpoint.allow:
        if caller.role == Role.NOBODY:
            raise NotSignedIn
        roles = [role for role in endpoint.allow if role not in (Role.SYSTEM, Role.NOBODY)]
        allowed, allowed_zh = ", ".join(roles), "、".join(ROLE_NAMES_ZH[role] for role in roles)
        raise NotAllowed(
            Bilingual(
                f"这一步只有{allowed_zh}能做；您现在的身份是{ROLE_NAMES_ZH[caller.role]}。",
                f"This is for: {allowed}. You act as {caller.role}.",
            )
        )
    if caller.lacks_factor and not endpoint.to_set_up and current_app.extensions["config"].admins_need_second_factor:
        raise NotAllowed(
            Bilingual(
                "这个市场要求管理员有第二因素，而您还没有设置：请先 POST /people/me/second-factor（或运行"
                " inlay me second-factor），确认后即可继续。",
                "This market demands a second factor of its admins, and you have not set one up: begin with POST"
                " /people/me/second-factor (or `inlay me second-factor`), and once it is confirmed go on.",
            )
        )
    if caller.suspended is not None and not endpoint.while_suspended:
        raise NotAllowed(
            Bilingual(
                f"您的主体已被暂停：只能查看，不能改动。{caller.suspended.zh}",
                f"Your party is suspended: it can read, and change nothing. {caller.suspended.en}",
            )
        )
    if endpoint.needs is not None and endpoint.needs not in caller.permissions:
        raise NotAllowed(
            Bilingual(
                f"您的成员身份或密钥没有 {endpoint.needs} 权限。",
                f"Your membership or key lacks the permission {endpoint.needs}.",
            )
        )


def _once(endpoint: Endpoint, view: Callable[..., Any], values: dict[str, Any]) -> Response:
    party_id, key = _key()
    stored, hashed = _stored(endpoint, party_id, key)
    if stored is not None:
        return _replay(*stored)
    response = _answer(endpoint, view, values)
    # A file could not be hashed before the view had read it.
    hashed = hashed or _hashed(endpoint)
    # Secrets are shown once: what is kept for a replay is what the view asked to be kept.
    body = g.pop("kept_body", None) or response.get_data(as_text=True)
    idempotency.keep(session(), party_id, key, hashed, response.status_code, body, response.headers.get("ETag"))
    session().flush()
    return response


def _key() -> tuple[UUID, str]:
    return actor().party_id or UUID(int=0), request.headers.get("Idempotency-Key", "")


def _key_is_known() -> bool:
    try:
        return idempotency.find(session(), *_key(), "") is not None
    except idempotency.KeyReused:
        return True


def _replay(status: int, body: str, etag: str | None) -> Response:
    replay = Response(body, status, content_type="application/json", headers={"Idempotency-Replayed": "true"})
    if etag:
        replay.headers["ETag"] = etag
    return replay


def _stored(endpoint: Endpoint, party_id: UUID, key: str) -> tuple[tuple[int, str, str | None] | None, str]:
    if endpoint.raw is None:
        hashed = _hashed(endpoint)
        return idempotency.find(session(), party_id, key, hashed), hashed
    try:
        return idempotency.find(session(), party_id, key, ""), ""
    except idempotency.KeyReused:
        # A file is hashed by reading it, so it is read for the comparison only if the key is known already.
        hashed = _hashed(endpoint)
        return idempotency.find(session(), party_id, key, hashed), hashed


def _hashed(endpoint: Endpoint) -> str:
    body = request.get_data(cache=True) if endpoint.raw is None else g.raw_body.digest()
    return idempotency.request_hash(request.method, request.full_path, body)


def read_arguments(endpoint: Endpoint) -> list[Any]:
    """Return what the view gets first: the checked body, the file, the checked query, each where declared."""
    arguments = []
    if endpoint.takes is not None:
        arguments.append(_load(endpoint.takes, read_json(), ""))
    if endpoint.raw is not None:
        arguments.append(g.raw_body)
    if endpoint.query is not None:
        arguments.append(_load(endpoint.query, _query(), "query:"))
    elif request.args:
        _refuse_parameters(request.args)
    return arguments


def _answer(endpoint: Endpoint, view: Callable[..., Any], values: dict[str, Any]) -> Response:
    arguments = g.arguments if endpoint.raw is not None else read_arguments(endpoint)
    if endpoint.if_match:
        values = {**values, "version": _if_match()}
    result = view(*arguments, **values)
    if isinstance(result, Response):
        return result
    if endpoint.answers is None:
        session().flush()
        return Response(status=endpoint.status if result is None else 200)
    session().flush()  # the database's own rules refuse before the answer is made
    return _shown(endpoint, result)


def _shown(endpoint: Endpoint, result: Any) -> Response:
    assert endpoint.answers is not None
    shown = answer_dump.dump(endpoint.answers, result)
    response = cast(Response, current_app.json.response(shown))
    response.status_code = endpoint.status
    version = getattr(result, "version", None)
    if isinstance(version, int):
        response.headers["ETag"] = f'"{version}"'
        if request.method == "GET" and request.headers.get("If-None-Match") == f'"{version}"':
            return Response(status=304, headers={"ETag": f'"{version}"'})
    if isinstance(result, Page) and result.has_more:
        response.headers["Link"] = f'<{_next_page(shown["data"][-1]["id"])}>; rel="next"'
    return response


def _next_page(last: str) -> str:
    kept = {name: value for name, value in request.args.items() if name != "starting_after"}
    return f"{request.base_url}?{urlencode({**kept, 'starting_after': last})}"


def _load(schema: Schema, data: Any, prefix: str) -> Any:
    try:
        return schema.load(data)
    except ValidationError as error:
        errors = [
            FieldError(prefix + problem.pointer, problem.detail)
            for problem in field_errors_of(error.normalized_messages(), schema, data)  # type: ignore[no-untyped-call]
        ]
        raise InvalidInput(errors=errors) from error


def _query() -> dict[str, Any]:
    # Two readers may take the first or the last of two values: neither is guessed at.
    for name in request.args:
        if len(request.args.getlist(name)) > 1:
            raise InvalidInput(
                Bilingual(f"参数 {name[:60]} 出现了不止一次。", f"The parameter {name[:60]} is there more than once."),
                errors=[FieldError(f"query:/{name[:60]}", Bilingual("只写一次。", "Give it once."))],
            )
    return request.args.to_dict()


def _refuse_parameters(names: Iterable[str]) -> NoReturn:
    raise InvalidInput(
        Bilingual("这个调用不接受查询参数。", "This call takes no query parameters."),
        errors=[FieldError(f"query:/{name[:60]}", Bilingual("未知的参数。", "Unknown parameter.")) for name in names],
    )


def _if_match() -> int:
    header = request.headers.get("If-Match", "")
    if not header:
        raise PreconditionRequired(
            Bilingual(
                "请先读取它，再把它的 ETag 作为 If-Match 发送，这样谁的改动都不会丢。",
                "Read it first and send its ETag as If-Match, so that nobody's change is lost.",
            )
        )
    digits = header.strip().removeprefix('"').removesuffix('"')
    # Weak tags and lists of tags are refused too: only the one version that was read can be checked.
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise PreconditionFailed(
            Bilingual(f"If-Match {header[:40]} 不是它的 ETag。", f"If-Match {header[:40]} is no ETag of this thing.")
        )
    return int(digits)


def keep_for_replay(schema: Schema, shown: Any) -> None:
    """Set what a replay of this request answers if the first answer holds a secret."""
    g.kept_body = current_app.json.dumps(schema.dump(shown))
