"""Public ids in paths."""

from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import BaseConverter
from werkzeug.routing import ValidationError as NoMatch

from marketplace.core import ids


class IdConverter(BaseConverter):
    """`<id('brf'):brief_id>`: a public id in a path; anything else is a path that does not exist."""

    def __init__(self, map: Any, prefix: str) -> None:
        super().__init__(map)
        self.prefix = prefix
        # Checked while paths are matched: a refusal in to_python would be a 405 wherever the path has another method
        # too, instead of the 404 of a path that leads to nothing.
        self.regex = ids.pattern(prefix).removeprefix("^").removesuffix("$")

    def to_python(self, value: str) -> UUID:
        try:
            return ids.read(self.prefix, value)
        except ValueError as error:
            raise NoMatch from error

    def to_url(self, value: UUID | str) -> str:
        return value if isinstance(value, str) else ids.show(self.prefix, value)


def register(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter
