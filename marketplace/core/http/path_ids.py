"""Public ids in paths."""

import re
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from werkzeug.routing import BaseConverter
from werkzeug.routing import ValidationError as NoMatch

from marketplace.core import ids
from marketplace.core.message import Bilingual


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


def said_of_path(method: str, path: str) -> Bilingual | None:
    """Return what is wrong with a path that leads nowhere only because an id in it is of another noun, or damaged."""
    parts = path.strip("/").split("/")
    for rule in current_app.url_map.iter_rules():
        wanted = rule.rule.strip("/").split("/")
        if len(wanted) != len(parts) or method not in (rule.methods or ()):
            continue
        wrong = [(part, _prefix(want)) for part, want in zip(parts, wanted, strict=True) if part != want]
        if not wrong or not all(prefix for _, prefix in wrong):
            continue
        for part, prefix in wrong:
            if prefix and not re.fullmatch(ids.pattern(prefix), part):
                return _said(part[:60], prefix)
    return None


def _prefix(part: str) -> str | None:
    found = re.fullmatch(r"<id\('(\w+)'\):\w+>", part)
    return found[1] if found else None


def _said(part: str, prefix: str) -> Bilingual:
    noun = next((ids.NOUNS_ZH[table] for table, known in ids.PREFIXES.items() if known == prefix), "")
    if part.startswith(f"{prefix}_"):
        return Bilingual(
            f"{part} 不是完整的{noun} id：{prefix}_ 后面应有 26 个字符。",
            f"{part} is no whole id: after {prefix}_ it has 26 letters.",
        )
    return Bilingual(
        f"路径里这个位置应是{noun}的 id，以 {prefix}_ 开头，而不是 {part}。",
        f"The path takes an id that begins with {prefix}_ here, not {part}.",
    )


def register(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter
