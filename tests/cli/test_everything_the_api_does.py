"""Everything the API does, the command does: each route has a command, and each command calls what there is."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click
import pytest
from flask.testing import FlaskClient

from marketplace.cli.calls import id_arguments
from marketplace.cli.calls.all_calls import BY_HAND, CALLS, LEFT_OUT
from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.calls.option_help import PARAMETERS
from marketplace.cli.main import main
from marketplace.core import ids
from tests.cli import commands

PREFIX = "/api/v1"
METHODS = ("get", "post", "patch", "put", "delete")
NAMES = [" ".join((call.noun, call.verb)) for call in CALLS]


@pytest.fixture
def description(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get("/openapi.json").data)
    return found


def operations(description: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every route, such as `GET /bids/{}`, with what the API says of it."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                parameters = [*methods.get("parameters", []), *operation.get("parameters", [])]
                yield f"{method.upper()} {plain(path.removeprefix(PREFIX))}", {**operation, "parameters": parameters}


def plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def of_call(call: ApiCommand) -> str:
    return f"{call.method} {plain(call.path)}"


def test_every_route_has_a_command(description: dict[str, Any]) -> None:
    routes = {route for route, _ in operations(description)}
    assert len(routes) > 120
    by_hand = {plain(route) for called in BY_HAND.values() for route in called}
    called = Counter([of_call(call) for call in CALLS])
    left_out = {plain(route) for route in LEFT_OUT}
    assert routes - set(called) - by_hand - left_out == set(), "give these a line in marketplace/cli/calls"
    assert (set(called) | by_hand | left_out) - routes == set(), "the API does not have these"
    assert [route for route, count in called.items() if count > 1] == []
    assert set(called) & by_hand == set()


def test_every_command_that_calls_by_hand_is_there() -> None:
    there = {" ".join(path) for path, _ in commands.every()}
    assert set(BY_HAND) - there == set()
    assert len(NAMES) == len(set(NAMES))
    assert set(NAMES) - there == set()


def test_options_and_fields_are_those_of_the_api(description: dict[str, Any]) -> None:
    found = dict(operations(description))
    schemas = description["components"]["schemas"]
    for call in CALLS:
        operation = found[of_call(call)]
        query = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        # The description leaves the query of a route out whose body is a file.
        assert call.body == "upload" or {PARAMETERS.get(name, name) for name in call.filters} - query == set(), call
        if call.columns:
            assert call.pages == ("starting_after" in query), call
        if call.body in ("fields", "file"):
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            body = schemas[reference.rpartition("/")[2]]
            assert {*call.fields, *call.optional} - set(body["properties"]) == set(), call
            assert call.body == "file" or set(body.get("required", [])) == set(call.fields), call
        else:
            assert not operation.get("requestBody", {}).get("required") or call.body == "upload", call


def test_each_filter_that_the_api_takes_is_an_option(description: dict[str, Any]) -> None:
    found = dict(operations(description))
    missing = {}
    for call in CALLS:
        query = {one["name"] for one in found[of_call(call)].get("parameters", []) if one["in"] == "query"}
        given = {PARAMETERS.get(name, name) for name in call.filters} | {"limit", "starting_after", "width", "format"}
        if query - given:
            missing[f"{call.noun} {call.verb}"] = sorted(query - given)
    assert missing == {}


def test_columns_of_tables_are_fields_of_the_answers(description: dict[str, Any]) -> None:
    found = dict(operations(description))
    schemas = description["components"]["schemas"]
    for call in CALLS:
        for column in call.columns:
            if isinstance(column.value, str):
                page = found[of_call(call)]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
                rows = schemas[page.rpartition("/")[2]]["properties"][call.rows]["items"]["$ref"]
                first = column.value.split(".")[0]
                assert first in schemas[rows.rpartition("/")[2]]["properties"], (call.noun, call.verb, column.heading)


def test_arguments_are_ids_of_the_kind_that_the_route_takes(description: dict[str, Any]) -> None:
    found = dict(operations(description))
    for call in CALLS:
        given = re.findall(r"\{(\w+)\}", call.path)
        wanted = [one for one in found[of_call(call)].get("parameters", []) if one["in"] == "path"]
        assert [ids.pattern(id_arguments.KINDS[name].prefix) for name in given] == [
            one["schema"]["pattern"] for one in wanted
        ], call


def test_every_command_stands_under_one_heading() -> None:
    context = click.Context(main)
    listed = [name for names in main.sections.values() for name in names]
    assert sorted(listed) == main.list_commands(context)
    assert list(main.sections) == ["Market", "People", "Video", "Deals", "Money", "Operate"]


# Commands on what several groups hold.
_OF_SEVERAL = ("pictures", "verify")


def test_the_api_is_grouped_as_the_commands_are(description: dict[str, Any]) -> None:
    group = {name: heading.lower() for heading, names in main.sections.items() for name in names}
    tags = {route: operation["tags"] for route, operation in operations(description)}
    wanted = {of_call(call): group[call.noun] for call in CALLS}
    for words, routes in BY_HAND.items():
        noun = words.split()[0]
        wanted |= {plain(route): group[noun] for route in routes if noun not in _OF_SEVERAL}
    assert {route: tags[route] for route in wanted} == {route: [name] for route, name in wanted.items()}
    assert [tag["name"] for tag in description["tags"]] == [heading.lower() for heading in main.sections]
