"""Each field of each body and query refuses in Chinese and in English, whatever it is given."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields

from marketplace.core.http.load_refusals import LoadText, field_errors_of
from tests.authorization.world import routes
from tests.test_two_languages import HAN

BAD: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    7.5,
    10**30,
    float("nan"),
    "",
    " ",
    "x",
    "x" * 5000,
    "-1",
    "2026-13-01",
    "2026-12-01T08:00:00",
    "1999-01-01T00:00:00Z",
    "a\x00b",
    [],
    [[7]],
    ["x", "x"],
    {},
    {"nothing": 1},
)


def inside(name: str, field: Any) -> Iterator[tuple[str, Any]]:
    yield name, field
    if isinstance(field, fields.List):
        yield from inside(f"{name}/0", field.inner)
    elif isinstance(field, fields.Nested):
        yield from members(name, field.schema)


def members(name: str, schema: Schema) -> Iterator[tuple[str, Any]]:
    for key, field in schema.load_fields.items():
        yield from inside(f"{name}/{key}", field)


def sentences(messages: Any) -> Iterator[Any]:
    if isinstance(messages, dict):
        for part in messages.values():
            yield from sentences(part)
    elif isinstance(messages, list | tuple):
        for part in messages:
            yield from sentences(part)
    else:
        yield messages


def test_no_field_refuses_in_one_language(app: Flask) -> None:
    refused = 0
    for (_, path), endpoint in routes(app).items():
        for schema in (endpoint.takes, endpoint.query):
            if schema is None:
                continue
            for name, field in members("", schema):
                for bad in BAD:
                    try:
                        field.deserialize(bad)
                    except ValidationError as error:
                        for sentence in sentences(error.messages):
                            refused += 1
                            assert isinstance(sentence, LoadText), f"{path} {name}: {bad!r}: {sentence}"
    assert refused > 10_000


class Inner(Schema):
    amount = fields.Integer(required=True)
    colour = fields.String(validate=None)


class Outer(Schema):
    inner = fields.Nested(Inner)
    several = fields.List(fields.Nested(Inner))
    table = fields.Dict(keys=fields.String(), values=fields.Integer())


@pytest.mark.parametrize(
    ("sent", "pointer", "en"),
    [
        ({"iner": {}}, "/iner", "There is no such field. Did you mean inner?"),
        ({"Inner": {}}, "/Inner", "There is no such field. Did you mean inner?"),
        ({"zzz": 1}, "/zzz", "There is no such field; there are: inner, several, table."),
        ({"inner": {}}, "/inner/amount", "This is required."),
        ({"inner": 5}, "/inner", "Must be an object with the members: amount, colour."),
        ({"inner": {"amount": 1, "amonut": 2}}, "/inner/amonut", "There is no such field. Did you mean amount?"),
        ({"several": [{"amount": 1}, 3]}, "/several/1", "Must be an object with the members: amount, colour."),
        ({"several": {}}, "/several", "Must be a list: [...]."),
        ({"table": []}, "/table", "Must be a JSON object."),
        ({"table": {"a": "x"}}, "/table/a/value", "Must be a whole number."),
    ],
)
def test_a_refusal_names_what_would_be_taken(sent: dict[str, Any], pointer: str, en: str) -> None:
    schema = Outer()
    with pytest.raises(ValidationError) as refused:
        schema.load(sent)
    [error] = field_errors_of(refused.value.normalized_messages(), schema, sent)
    assert (error.pointer, error.detail.en) == (pointer, en)
    assert HAN.search(error.detail.zh)
