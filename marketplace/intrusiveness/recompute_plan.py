"""Compares stored scores with the same scores recomputed, number by number."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Stored points have at least two decimals, and their inputs are stored with six.
SLACK = 0.01 + 1e-9


def differences(stored: Any, recomputed: Any, path: str = "") -> Iterator[str]:
    """Yield one line for each place where numbers in stored JSON data differ from recomputed ones.

    Sentences may be worded anew. A part that is missing from the stored data, because it was stored before that part
    existed, is not compared.
    """
    if isinstance(stored, Mapping) and isinstance(recomputed, Mapping):
        for name, value in stored.items():
            yield from differences(value, recomputed.get(name), f"{path}/{name}")
    elif _is_list(stored) and _is_list(recomputed) and len(stored) == len(recomputed):
        for index, (stored_item, recomputed_item) in enumerate(zip(stored, recomputed, strict=True)):
            yield from differences(stored_item, recomputed_item, f"{path}/{index}")
    elif not _same(stored, recomputed):
        yield f"{path}: {_shown(stored)} stored, {_shown(recomputed)} worked out"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _same(stored: Any, recomputed: Any) -> bool:
    if isinstance(stored, str) and isinstance(recomputed, str):
        return True
    if isinstance(stored, int | float) and isinstance(recomputed, int | float):
        return abs(stored - recomputed) <= SLACK
    return bool(stored == recomputed)


def _shown(value: Any) -> str:
    if _is_list(value) or isinstance(value, Mapping):
        return f"{len(value)} parts"
    return "nothing" if value is None else f"{value:g}" if isinstance(value, int | float) else repr(value)
