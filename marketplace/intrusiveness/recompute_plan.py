"""Holds stored scores against the same scores worked out again: what differs, number by number."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Stored points have two decimals at the least, and what they were made of is stored with six.
SLACK = 0.01 + 1e-9


def differences(stored: Any, again: Any, at: str = "") -> Iterator[str]:
    """Yield where numbers in stored JSON data differ from those worked out again. Sentences may be worded anew, and
    what is stored without a part (it was made before there was one) is held against the rest."""
    if isinstance(stored, Mapping) and isinstance(again, Mapping):
        for name, value in stored.items():
            yield from differences(value, again.get(name), f"{at}/{name}")
    elif _several(stored) and _several(again) and len(stored) == len(again):
        for number, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from differences(one, other, f"{at}/{number}")
    elif not _same(stored, again):
        yield f"{at}: {_told(stored)} stored, {_told(again)} worked out"


def _several(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _same(stored: Any, again: Any) -> bool:
    if isinstance(stored, str) and isinstance(again, str):
        return True
    if isinstance(stored, int | float) and isinstance(again, int | float):
        return abs(stored - again) <= SLACK
    return bool(stored == again)


def _told(value: Any) -> str:
    if _several(value) or isinstance(value, Mapping):
        return f"{len(value)} parts"
    return "nothing" if value is None else f"{value:g}" if isinstance(value, int | float) else repr(value)
