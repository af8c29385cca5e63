"""Declare routes: who may call them, what they take and what they answer.

A route says all of it in one place, and request handling enforces it:

    @blueprint.post("/briefs/<id('brf'):brief_id>/bids", allow=(Role.CREATOR, Role.AGENCY), needs=Permission.BIDS,
                    takes=BidIn, answers=BidOut, status=201)
    def place_bid(body, brief_id): ...

A view gets the body first, then the query, then the path's values and `version` (If-Match) by keyword. It runs in one
transaction, which request handling opens and ends. Its name is a verb and a noun: in camel case, `placeBid`, it is the
id of the operation in the OpenAPI document, after which generated clients name their functions. Its `example`
of a body, a function of today's date, is shown there.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema

from marketplace.core.actor import Permission, Role
from marketplace.core.clock import now
from marketplace.core.http import idempotency
from marketplace.core.http.bodies import RawBodySpec
from marketplace.core.http.endpoint import Endpoint, HeaderSpec, Receive, View, Work
from marketplace.core.http.load_refusals import query_schema
from marketplace.core.http.problems import MEDIA_TYPE, ProblemSchema
from marketplace.core.http.request_handling import serve

# A body that may be sent on this day.
Example = Callable[[date], dict[str, Any]]


class GuardedBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint whose routes cannot be registered without saying who may call them.

    A route's part of the OpenAPI document is made when the document is first asked for: the copies that flask-smorest
    makes of every schema on the way cost more than everything else a web server does at its start.
    """

    def __init__(self, *args: Any, tag: str, **kwargs: Any) -> None:
        """``tag``: a key of `openapi.TAGS`, under which its routes stand that have none of their own."""
        super().__init__(*args, **kwargs)
        self.tag = tag
        self._undescribed: list[Callable[[], None]] = []

    def get(self, path: str, **spec: Any) -> Callable[[View], View]:
        return self._endpoint("GET", path, **spec)

    def post(self, path: str, **spec: Any) -> Callable[[View], View]:
        return self._endpoint("POST", path, **{"once": True, **spec})

    def patch(self, path: str, **spec: Any) -> Callable[[View], View]:
        return self._endpoint("PATCH", path, **{"if_match": True, **spec})

    def put(self, path: str, **spec: Any) -> Callable[[View], View]:
        return self._endpoint("PUT", path, **{"if_match": True, **spec})

    def delete(self, path: str, **spec: Any) -> Callable[[View], View]:
        return self._endpoint("DELETE", path, **{"status": 204, **spec})

    def _endpoint(
        self,
        method: str,
        path: str,
        *,
        allow: Sequence[Role],
        needs: Permission | None = None,
        takes: type[Schema] | None = None,
        query: type[Schema] | None = None,
        answers: type[Schema] | None = None,
        status: int = 200,
        once: bool = False,
        if_match: bool = False,
        counted: str | None = None,
        media_type: str | None = None,
        also_as: str | None = None,
        takes_raw: RawBodySpec | None = None,
        receive: Receive | None = None,
        refuses: Sequence[int] = (),
        headers: Sequence[HeaderSpec] = (),
        while_suspended: bool = False,
        then: Work | None = None,
        to_set_up: bool = False,
        tag: str | None = None,
        example: Example | None = None,
    ) -> Callable[[View], View]:
        """Return a decorator that registers a view under this path, with what an `Endpoint` requires. With `takes_raw`
        the body is a file: the view gets a RawBody first, or what `receive` made of it beforehand."""
        endpoint = Endpoint(
            method,
            tuple(allow),
            needs,
            takes() if takes else None,
            query_schema(query) if query else None,
            answers() if answers else None,
            status,
            once,
            if_match,
            counted,
            takes_raw,
            receive,
            tuple(refuses),
            while_suspended or method == "GET" or Role.NOBODY in allow,
            then,
            to_set_up or Role.NOBODY in allow,
        )

        def register(view: View) -> View:
            def handle_request(**values: Any) -> Response:
                return serve(endpoint, view, values)

            handle_request.__name__, handle_request.__doc__ = view.__name__, view.__doc__
            handle_request.endpoint = endpoint  # type: ignore[attr-defined]
            handle_request.describe = partial(  # type: ignore[attr-defined]
                self._document, endpoint, _camel_case(view.__name__), media_type, also_as, headers, example
            )
            self.route(path, methods=[method], tags=[tag or self.tag])(handle_request)
            return view

        return register

    def _store_endpoint_docs(self, endpoint: str, view: Any, *args: Any, **options: Any) -> None:
        store = super()._store_endpoint_docs

        def describe() -> None:
            view._apidoc = view.describe()
            store(endpoint, view, *args, **options)

        self._undescribed.append(describe)

    def register_views_in_doc(self, *args: Any, **kwargs: Any) -> None:
        """Add this blueprint's routes to the document. Not to be called by two threads at once."""
        while self._undescribed:
            self._undescribed.pop(0)()
        super().register_views_in_doc(*args, **kwargs)

    def _document(
        self,
        endpoint: Endpoint,
        name: str,
        media_type: str | None,
        also_as: str | None,
        headers: Sequence[HeaderSpec],
        example: Example | None,
    ) -> dict[str, Any]:
        def described(*_: Any, **__: Any) -> None: ...

        common = [*([_ONCE] if endpoint.once else []), *([_IF_MATCH] if endpoint.if_match else [])]
        described_headers = [header.describe() for header in (*common, *headers)]
        shown: Any = described
        # The many error statuses come first: each of these calls copies what all calls before it have noted.
        for status in _error_statuses(endpoint):
            phrase = "Checksum Mismatch" if status == 460 else HTTPStatus(status).phrase
            shown = self.alt_response(status, schema=_PROBLEM, content_type=MEDIA_TYPE, description=phrase)(shown)
        if endpoint.query is not None:
            shown = self.arguments(endpoint.query, location="query")(shown)
        if endpoint.takes is not None:
            shown = self.arguments(endpoint.takes, example=example and example(now().date()))(shown)
        shown = self.response(endpoint.status, endpoint.answers, content_type=media_type)(shown)
        extra: dict[str, Any] = {"operationId": name}
        if also_as is not None:
            extra["responses"] = {endpoint.status: {"content": {also_as: {"schema": {"type": "string"}}}}}
        if endpoint.raw is not None:
            extra["requestBody"] = endpoint.raw.describe()
        if Role.NOBODY in endpoint.allow:
            extra["security"] = []
        described_route = cast(dict[str, Any], self.doc(**extra)(shown)._apidoc)
        if described_headers:
            # Not by `doc`, which would put them in the place of the query's parameters.
            described_route.setdefault("arguments", {}).setdefault("parameters", []).extend(described_headers)
        return described_route


_PROBLEM = ProblemSchema()
_WORD = f"^[!-~]{{1,{idempotency.KEY_MAX}}}$"
_ONCE = HeaderSpec("Idempotency-Key", "A retry with the same key never repeats a success.", _WORD)
_IF_MATCH = HeaderSpec("If-Match", "The ETag that you read before the change.", _WORD)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _error_statuses(endpoint: Endpoint) -> list[int]:
    statuses = {400, 401, 403, 404, 409, 422, 429, 503}
    if endpoint.takes is not None or endpoint.raw is not None:
        statuses |= {413, 415}
    if endpoint.if_match:
        statuses |= {412, 428}
    return sorted(statuses.union(endpoint.refuses))
