"""Finds a text in columns whatever width, case and Chinese script either is written in.

Columns are folded by the database (NFKC, small letters). Simplified and traditional characters, of which one may stand
for several (发: 發, 髮), are met by giving each character of what is sought all its forms.
"""

import unicodedata
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from marketplace.core.lazy_import import lazy_module

opencc: Any = lazy_module("opencc")  # reads its dictionaries, which only a search needs
_HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000))


def contains(text: str, *columns: Any) -> sa.ColumnElement[bool]:
    """Return the condition that one of the columns contains a text, in any of its forms."""
    wanted = pattern(text)
    return sa.or_(
        *(sa.func.lower(sa.func.normalize(column, sa.text("NFKC"))).regexp_match(wanted) for column in columns)
    )


def pattern(text: str) -> str:
    """Return a regular expression of PostgreSQL for a text and its other forms; blanks stand for any number of them."""
    words = unicodedata.normalize("NFKC", text).lower().split()
    return r"\s+".join("".join(map(_any_form, word)) for word in words)


def _any_form(character: str) -> str:
    forms = variants().get(character)
    if forms is not None:
        return f"[{forms}]"
    return character if character.isalnum() else f"\\{character}" if character.isascii() else f"[{character}]"


@lru_cache(maxsize=1)
def variants() -> dict[str, str]:
    """Return, by Chinese character, all characters that are simplified to the same one."""
    characters = [chr(code) for first, end in _HAN for code in range(first, end)]
    # One a line, so that no phrase is seen in them.
    simple = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    groups: dict[str, list[str]] = {}
    for character, simplified in zip(characters, simple, strict=True):
        groups.setdefault(simplified, []).append(character)
    return {
        character: "".join(sorted({*group, simplified}))
        for simplified, group in groups.items()
        if len({*group, simplified}) > 1
        for character in {*group, simplified}
    }
