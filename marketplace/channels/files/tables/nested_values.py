"""Lists and objects within a cell or an item: how deep they are, and names that stand in one object twice."""

from collections.abc import Mapping
from typing import Any

# Not `dict | list`, which makes a type anew for each of millions of values.
_KINDS = (dict, list)


class TwiceNamed(dict[str, Any]):
    """An object that has a name twice: its row is refused, and the rows after it are read on."""

    name: str


def nested_deeper(value: Any, limit: int) -> bool:
    """Return whether lists and objects are nested deeper than `limit`."""
    level = [value]
    for _ in range(limit + 1):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return False
    return True


def _containers(outer: Any) -> list[Any]:
    """Return the lists and objects right inside a list or an object."""
    inner = outer.values() if isinstance(outer, dict) else outer
    return [value for value in inner if isinstance(value, _KINDS)]


def told_twice(name: str) -> tuple[str, str]:
    """Return why an object is refused that has a name twice, in Chinese and English."""
    return f"“{name}”出现两次。", f"'{name}' is there twice."


def named_twice(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the column that has or holds a name twice, and that name."""
    if isinstance(row, TwiceNamed):
        return row.name, row.name
    for column, value in row.items():
        level = _containers([value])
        while level:
            refused = next((inner for inner in level if isinstance(inner, TwiceNamed)), None)
            if refused is not None:
                return column, refused.name
            level = [inner for outer in level for inner in _containers(outer)]
    return None
