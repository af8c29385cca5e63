"""Fingerprints of inputs: the SHA-256 of one canonical JSON text, so that the same inputs have the same name."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np


def fingerprint(inputs: Any) -> str:
    """Return the hex SHA-256 of the inputs: mappings in any order, sequences, dataclasses, arrays, plain values.

    Numbers are written as their shortest exact decimal and whole floats below 2**53 as integers, so that a value keeps
    its fingerprint through JSON and the database. Raises ValueError for NaN and infinities (write None for a value
    that is not known) and TypeError for what has no plain form or a mapping key that is not a string.
    """
    # Python's own JSON and not RFC 8785, in which commitments are written: that has 0.00001 for 1e-05 and no integers
    # beyond 2**53, so the stored fingerprints would change and every feature and match be out of date at once.
    text = json.dumps(_plain(inputs), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("A fingerprint's keys are texts.")
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return _text(value)


def _number(value: float) -> float | int:
    if not math.isfinite(value):
        raise ValueError("NaN and infinity have no fingerprint; write None where something is not known.")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("A time in a fingerprint has its zone.")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no plain form.")
