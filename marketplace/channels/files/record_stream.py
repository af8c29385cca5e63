"""Read a file of channels as a stream of records and row errors. Uses no database; the caller gives today's date."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import IO, Any

from marketplace.channels.files import row_readers as reading
from marketplace.channels.files.row_readers import FAULT, FileRefused, Row
from marketplace.channels.files.shapes import own_columns, tiktok_one, xingtu, youtube
from marketplace.channels.files.shapes.cell_values import shorten
from marketplace.channels.files.shapes.record_builder import RecordOrErrors
from marketplace.channels.records import ChannelRecord, RowError

__all__ = ["SHAPES", "FileRefused", "iter_import"]


@dataclass(frozen=True)
class ExportShape:
    """How one kind of export is recognised, by the columns it `needs`, and read."""

    needs: frozenset[str]
    read: Callable[[int, dict[str, Any], date], RecordOrErrors]
    group: Callable[[Iterable[Row]], Iterator[Row]] | None = None


SHAPES = {
    own_columns.NAME: ExportShape(own_columns.NEEDS, own_columns.read),
    xingtu.NAME: ExportShape(xingtu.NEEDS, xingtu.read),
    tiktok_one.NAME: ExportShape(tiktok_one.NEEDS, tiktok_one.read),
    youtube.NAME: ExportShape(youtube.NEEDS, youtube.read, youtube.group),
}


def iter_import(file: IO[bytes], *, today: date, shape: str | None = None) -> Iterator[ChannelRecord | RowError]:
    """Yield each row's record, or a RowError for each error in it.

    Without `shape`, the shape is recognised by the file's columns. Days after `today` are refused. Raises FileRefused,
    and KeyError for an unknown shape.
    """
    rows = reading.rows(file)
    first = next(rows, None)
    if first is None:
        raise FileRefused("文件里没有数据行。", "The file has no rows.")
    export_shape = _find_shape(first[1], shape)
    stream: Iterator[Row] = chain([first], rows)
    for number, values in export_shape.group(stream) if export_shape.group else stream:
        if FAULT in values:
            fault = values[FAULT]
            yield replace(fault, column=shorten(fault.column), value=shorten(fault.value))
            continue
        result = export_shape.read(number, values, today)
        if isinstance(result, ChannelRecord):
            yield result
        else:
            yield from result or [RowError(number, "", "", "此行无法读取。", "This row cannot be read.")]


def _find_shape(columns: dict[str, Any], shape: str | None) -> ExportShape:
    if shape is not None:
        missing = sorted(SHAPES[shape].needs - set(columns))
        if missing:
            raise FileRefused(f"缺少列：{', '.join(missing)}。", f"Columns are missing: {', '.join(missing)}.")
        return SHAPES[shape]
    for candidate in SHAPES.values():
        if candidate.needs <= set(columns):
            return candidate
    raise FileRefused(
        f"无法识别文件格式，支持：{', '.join(SHAPES)}。", f"The columns are of no known shape ({', '.join(SHAPES)})."
    )
