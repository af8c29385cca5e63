"""The API's own description: OpenAPI 3.1 at /openapi.json, and the page /docs that shows it."""

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from flask_smorest import Api
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from marketplace.core import ids
from marketplace.core.errors import DomainError
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.fields import FlagField, IdField, RealField, WholeField, WholeParam, describe_field
from marketplace.core.http.path_ids import IdConverter

_STATIC = Path(__file__).resolve().parents[2] / "static"
PUBLIC_CACHE = "public, max-age=300"
_MEDIA = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}

DESCRIPTION = """Product placement in short video: briefs, bids, scores, reviews.

Send `Authorization: Bearer <key>`; an `Idempotency-Key` with every POST; `If-Match` with changes.
Money is `{amount_minor, currency}`; times are RFC 3339 in UTC; errors are `application/problem+json`,
in Chinese or English by `Accept-Language`.
"""

# What the routes are grouped by: the sections of the help of the `inlay` command have the same names.
TAGS = {
    "market": "Briefs, bids, sets of them, and the channels that they are for",
    "people": "Parties and their people, whose an account is, and decisions by people",
    "video": "Videos that are handed in, and what they show of a brand",
    "deals": "Deals: from an accepted bid to the published video and its settlement",
    "money": "What deals closed at, and paid over listed prices",
    "operate": "What happened, and what is being done",
}

# The blueprints are shared by all applications of a process, and describing them changes what they hold.
_describing = threading.Lock()


class _InlayApi(Api):  # type: ignore[misc]
    """flask-smorest without its error handlers, which drop headers, and without its catch-all response."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None: ...

    def _register_doc_blueprint(self) -> None: ...


def publish(app: Flask, blueprints: Iterable[GuardedBlueprint]) -> None:
    """Register the blueprints under /api/v1, and serve the description of the API that they make together."""
    app.config.update(API_TITLE="Inlay", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    registered = tuple(blueprints)
    for blueprint in registered:
        app.register_blueprint(blueprint, url_prefix="/api/v1")
    _add_pages(app, registered)


def describe(app: Flask, blueprints: Iterable[GuardedBlueprint]) -> dict[str, Any]:
    """Return the OpenAPI document of the routes. It costs about a CPU second, so it is made when first asked for."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    options = {
        "info": {"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "security": [{"key": []}],
    }
    api = _InlayApi(app, spec_kwargs={"marshmallow_plugin": plugin, **options})
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(describe_field)  # type: ignore[no-untyped-call]
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    api.register_converter(IdConverter, _id_parameter)
    for field, base in (
        (WholeField, "integer"),
        (WholeParam, "integer"),
        (RealField, "number"),
        (FlagField, "boolean"),
        (IdField, "string"),
    ):
        api.register_field(field, base, None)
    for blueprint in blueprints:
        blueprint.register_views_in_doc(api, app, api.spec, name=blueprint.name, parameters=None)
    for name, description in TAGS.items():
        api.spec.tag({"name": name, "description": description})
    return _without_unused(api.spec.to_dict())


def _without_unused(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without the schemas that flask-smorest adds and nothing refers to."""
    schemas, waiting = document["components"]["schemas"], [document["paths"]]
    used: set[str] = set()
    while waiting:
        for name in _schemas_in(waiting.pop()) - used:
            used.add(name)
            waiting.append(schemas[name])
    document["components"]["schemas"] = {name: schema for name, schema in schemas.items() if name in used}
    return document


def _schemas_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        here = {reference.rpartition("/")[2]} if isinstance(reference, str) else set()
        return here.union(*map(_schemas_in, value.values()))
    return set().union(*map(_schemas_in, value)) if isinstance(value, list) else set()


def _schema_name(schema: Any) -> str:
    name = (schema if isinstance(schema, str) else getattr(schema, "__name__", None)) or type(schema).__name__
    return str(name).removesuffix("Schema")


def _id_parameter(converter: IdConverter) -> dict[str, Any]:
    return {"type": "string", "pattern": ids.pattern(converter.prefix)}


def _add_pages(app: Flask, blueprints: tuple[GuardedBlueprint, ...]) -> None:
    cached: list[bytes] = []  # routes never change while the process runs

    @app.get("/openapi.json")
    def openapi() -> Response:
        with _describing:
            if not cached:
                cached.append(json.dumps(describe(app, blueprints), ensure_ascii=False).encode())
        answer = Response(cached[0], content_type="application/json", headers={"Cache-Control": PUBLIC_CACHE})
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    @app.get("/docs")
    def docs() -> Response:
        return static_file("docs.html")

    @app.get("/docs/problems")
    def problems() -> Response:
        return Response(_problems_page(), content_type="text/html; charset=utf-8")

    @app.get("/static/<path:name>")
    def static(name: str) -> Response:
        return static_file(name)


def static_file(name: str) -> Response:
    """Return one of the files that ship with the package. Raises NotFound (404) for any other name."""
    path = safe_join(str(_STATIC), name)
    if path is None or not Path(path).is_file() or Path(path).suffix not in _MEDIA:
        raise NotFound
    media_type = _MEDIA[Path(path).suffix]
    return Response(
        Path(path).read_bytes(), content_type=f"{media_type}; charset=utf-8", headers={"Cache-Control": PUBLIC_CACHE}
    )


def _problems_page() -> str:
    """List every problem type that the API can answer with, so that a `type` leads to its meaning.

    The docstrings of the errors are shown there.
    """
    kinds = sorted(_kinds(DomainError), key=lambda kind: (kind.status, kind.code))
    rows = "".join("".join(_problem_type(kind)) for kind in kinds)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Inlay: problem types</title>'
        f'<link rel="stylesheet" href="/static/docs.css"></head><body><main>'
        f"<h1>Problem types</h1><dl>{rows}</dl></main></body></html>"
    )


def _problem_type(kind: type[DomainError]) -> Iterator[str]:
    yield f'<dt id="{kind.code}">{kind.status} {kind.code}</dt>'
    yield f"<dd>{kind.title.en}. {(kind.__doc__ or '').strip()}</dd>"
    yield f'<dd lang="zh">{kind.title.zh}。</dd>'


def _kinds(root: type[DomainError]) -> set[type[DomainError]]:
    return {root}.union(*(_kinds(kind) for kind in root.__subclasses__()))
