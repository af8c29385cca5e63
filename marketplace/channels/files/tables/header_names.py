"""Names of columns as people and programs write them, and the name that a shape knows each by."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_INVISIBLE_CATEGORIES = ("Cf", "Cc", "Mn")
_SEPARATORS = re.compile(r"[\s_\-]+")
# "Engagement rate (%)": the sign is a unit, and no part of the name.
_PERCENT = re.compile(r"\s*[(\[]\s*%\s*[)\]]\s*$|\s+%\s*$|(?<=\w)%\s*$")


@lru_cache(4096)
def header_key(name: str) -> str:
    """Return a column's name without case, width, invisible letters, and with one underscore for whatever parts its
    words."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(
        letter for letter in text if letter in "\t\n" or unicodedata.category(letter) not in _INVISIBLE_CATEGORIES
    )
    text = _PERCENT.sub("", text.strip())
    return _SEPARATORS.sub("_", text.strip()).casefold().strip("_")


def says_percent(name: str) -> bool:
    """Return whether a column's name says that its numbers are per cents."""
    return bool(_PERCENT.search(unicodedata.normalize("NFKC", name).strip()))


@dataclass(frozen=True)
class KnownColumns:
    """The columns of one shape: those that it needs, all that it reads, the beginnings of such as vary, and what else
    the platform calls them."""

    needs: frozenset[str]
    reads: frozenset[str]
    prefixes: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    _keys: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        aliases = {header_key(name): own for name, own in self.aliases.items()}
        object.__setattr__(
            self, "_keys", aliases | {header_key(name): name for name in sorted(self.needs | self.reads)}
        )

    def known(self, name: str) -> str | None:
        """Return the shape's own name of a column, or None for one that it does not read."""
        if name in self.reads or name in self.needs:
            return name
        key = header_key(name)
        if key in self._keys:
            return self._keys[key]
        for prefix in self.prefixes:
            if name.startswith(prefix):
                return name
            if key.startswith(header_key(prefix)) and key != header_key(prefix):
                return prefix + key[len(header_key(prefix)) :]
        return None

    def matches(self, names: Iterable[str]) -> int:
        """Return how many of the names the shape reads."""
        return sum(1 for name in names if name and self.known(name))

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the needed columns that are not among the names."""
        return sorted(self.needs - {self.known(name) for name in names if name})


def similar_name(wanted: str, names: Sequence[str]) -> str | None:
    """Return the column, as the file writes it, that was probably meant by one that is missing."""
    by_key = {header_key(name): name for name in names if name}
    close = difflib.get_close_matches(header_key(wanted), list(by_key), n=1, cutoff=0.75)
    return by_key[close[0]] if close else None
