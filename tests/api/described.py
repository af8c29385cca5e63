"""Whether an answer has the shape that the API's description gives it."""

from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask


@cache
def _validator(app: Flask, name: str) -> jsonschema_rs.Draft202012Validator:
    document = app.test_client().get("/openapi.json").get_json()
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(schema)


def faults(app: Flask, name: str, value: Any) -> list[str]:
    """Return where a value departs from a schema of the description, and how."""
    return [f"{list(one.instance_path)}: {one.message}"[:300] for one in _validator(app, name).iter_errors(value)]
