"""Forms of a text for comparing it: simplified, folded, as it sounds, as a reader of pictures may take it."""

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from opencc import OpenCC

from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    import pypinyin
else:  # reads its dictionary of phrases when it is imported
    pypinyin = lazy_module("pypinyin")

_TO_SIMPLIFIED = OpenCC("t2s")
# Letters that no recogniser distinguishes in every typeface.
_SEEN_ALIKE = str.maketrans({"i": "l", "1": "l", "0": "o", "5": "s"})


def simplified(text: str) -> str:
    """Return a text in simplified characters, character by character."""
    return str(_TO_SIMPLIFIED.convert(text))


def folded_case(text: str) -> str:
    """Return a text in compatibility forms, simplified characters and small letters."""
    return simplified(unicodedata.normalize("NFKC", text)).casefold()


def plain(text: str) -> str:
    """Return a text for comparing: compatibility forms resolved, simplified characters, lower case, letters and
    digits only, single spaces."""
    folded = folded_case(text)
    return " ".join("".join(character if character.isalnum() else " " for character in folded).split())


def seen_alike(text: str) -> str:
    """Return a text in which letters that look the same are the same."""
    return text.translate(_SEEN_ALIKE)


def has_han(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@lru_cache(maxsize=4096)
def sounds(text: str) -> tuple[str, ...]:
    return tuple(pypinyin.lazy_pinyin(text))
