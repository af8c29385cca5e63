"""Read and write whole columns as numpy arrays in PostgreSQL's binary format, where every value has one width.

A column is read as one array value (PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_send: int32 dimensions, nulls
and element type, then int32 length and lower bound for each dimension, then each element as its int32 length and bytes;
all big-endian), and rows are written by COPY (documentation, COPY, "Binary Format": a header of 19 bytes, for each row
the int16 number of fields and each field as its int32 length and bytes, then int16 -1). With fixed widths each is one
numpy record, so that no value is converted by itself: that would cost more than scoring it.
"""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import psycopg
from sqlalchemy.orm import Session

from marketplace.core.estimate import NotFinite

Column = npt.NDArray[Any]
Kinds = Mapping[str, str]

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_FLOAT8_OID = 701
_PLAIN: Mapping[str, str] = {"uuid": "V16", "int8": ">i8", "float8": ">f8", "float4": ">f4", "bool": "?"}
_HEAD = np.dtype([("dims", ">i4"), ("nulls", ">i4"), ("oid", ">i4")])
_DIMENSION = np.dtype([("length", ">i4"), ("first", ">i4")])
_LIST_HEAD = np.dtype([("head", _HEAD), ("dimension", _DIMENSION)])


class WrongWidth(ValueError):
    """A column holds a NULL, or a value of another width than `kinds` says."""


def read(session: Session, query: str, values: Mapping[str, Any], kinds: Kinds) -> dict[str, Column]:
    """Return the query's rows as one array for each column: [n], or [n, k] for lists.

    `kinds` names the query's columns, each uuid, int8, float8, float4, bool, bytes:n, text:n (n bytes) or float8:k, a
    list; nothing may be NULL. Raises WrongWidth.
    """
    statement: Any = f"SELECT {', '.join(f'array_agg({name})' for name in kinds)} FROM ({query}) AS rows"
    with _connection(session).cursor(binary=True) as cursor:
        answer = cursor.execute(statement, values).pgresult
        assert answer is not None
        columns = [answer.get_value(0, index) for index in range(len(kinds))]
    return {name: _parsed(name, kind, data) for (name, kind), data in zip(kinds.items(), columns, strict=True)}


def write(session: Session, table: str, kinds: Kinds, values: Mapping[str, npt.ArrayLike], order: Column) -> None:
    """Add rows to the table from one array [n] (or [n, k]) for each column, in the order of the indices `order` [n].

    Raises NotFinite where a number is infinite.
    """
    rows = np.zeros(len(order), dtype=_layout(kinds))
    rows["_"] = len(kinds)
    for name, kind in kinds.items():
        if kind.startswith("float8"):
            _refuse_infinite(name, values[name])
        rows[f"_w{name}"] = _width(kind)
        if kind.startswith("float8:"):
            rows[f"_h{name}"] = ((1, 0, _FLOAT8_OID), (_count(kind), 1))
            rows[name]["width"], rows[name]["value"] = 8, values[name]
        else:
            rows[name] = values[name]
    statement: Any = f"COPY {table} ({', '.join(kinds)}) FROM STDIN (FORMAT binary)"
    with _connection(session).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEADER + rows[order].tobytes() + _TRAILER)


def _refuse_infinite(name: str, values: npt.ArrayLike) -> None:
    """Raise NotFinite if some value of a column of numbers is infinite. NaN stands for what is not known."""
    numbers = np.asarray(values, dtype=np.float64)
    if np.isinf(numbers).any():
        raise NotFinite(f"The column {name} holds a number without an end.")


def _connection(session: Session) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)


def _count(kind: str) -> int:
    return int(kind.partition(":")[2])


def _type(kind: str) -> np.dtype[Any]:
    """Return the type of a value, or of a list's items. Ids are void: numpy's S type drops zero bytes at the end."""
    name = kind.partition(":")[0]
    return np.dtype(_PLAIN[name] if name in _PLAIN else f"{'V' if name == 'bytes' else 'S'}{_count(kind)}")


def _item(kind: str) -> np.dtype[Any]:
    return np.dtype([("width", ">i4"), ("value", _type(kind))])


def _width(kind: str) -> int:
    if kind.startswith("float8:"):
        return _LIST_HEAD.itemsize + _count(kind) * _item(kind).itemsize
    return _type(kind).itemsize


def _layout(kinds: Kinds) -> np.dtype[Any]:
    """Return COPY's record: the count, then for each column its width, a list's head, and the value."""
    parts: list[tuple[Any, ...]] = [("_", ">i2")]
    for name, kind in kinds.items():
        parts.append((f"_w{name}", ">i4"))
        if kind.startswith("float8:"):
            parts += [(f"_h{name}", _LIST_HEAD), (name, _item(kind), (_count(kind),))]
        else:
            parts.append((name, _type(kind)))
    return np.dtype(parts)


def _parsed(name: str, kind: str, data: bytes | None) -> Column:
    shape = (_count(kind),) if kind.startswith("float8:") else ()
    if data is None:
        return np.empty((0, *shape), dtype=_type(kind))
    head = np.frombuffer(data, dtype=_HEAD, count=1)[0]
    start = _HEAD.itemsize + _DIMENSION.itemsize * int(head["dims"])
    lengths = tuple(np.frombuffer(data, dtype=_DIMENSION, count=int(head["dims"]), offset=_HEAD.itemsize)["length"])
    items = int(np.prod(lengths))
    item = _item(kind)
    if head["nulls"] or lengths[1:] != shape or len(data) != start + items * item.itemsize:
        raise WrongWidth(f"The column {name} is not {kind} throughout.")
    values = np.frombuffer(data, dtype=item, count=items, offset=start)
    if np.any(values["width"] != item["value"].itemsize):
        raise WrongWidth(f"The column {name} is not {kind} throughout.")
    return np.ascontiguousarray(values["value"]).reshape(lengths)
