"""A file of channels as a stream of records and refusals. Knows no database; today's date is given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import IO, Any

from marketplace.channels.files import rows as reading
from marketplace.channels.files.rows import SURPLUS, FileRefused, Row
from marketplace.channels.files.shapes import own_columns, tiktok_one, xingtu, youtube
from marketplace.channels.files.shapes.cell_values import shown
from marketplace.channels.files.shapes.record_builder import Built
from marketplace.channels.records import ChannelRecord, RowError

__all__ = ["SHAPES", "FileRefused", "iter_import"]


@dataclass(frozen=True)
class ExportShape:
    """How one kind of export is recognised and read."""

    needs: frozenset[str]
    read: Callable[[int, dict[str, Any], date], Built]
    group: Callable[[Iterable[Row]], Iterator[Row]] | None = None


SHAPES = {
    own_columns.NAME: ExportShape(own_columns.NEEDS, own_columns.read),
    xingtu.NAME: ExportShape(xingtu.NEEDS, xingtu.read),
    tiktok_one.NAME: ExportShape(tiktok_one.NEEDS, tiktok_one.read),
    youtube.NAME: ExportShape(youtube.NEEDS, youtube.read, youtube.group),
}


def iter_import(file: IO[bytes], *, today: date, shape: str | None = None) -> Iterator[ChannelRecord | RowError]:
    """Yield each row's record, or one RowError for each thing wrong in it. Raises FileRefused, KeyError for no shape.

    Without a `shape` the file's columns tell it. Days after `today` are refused.
    """
    rows = reading.rows(file)
    first = next(rows, None)
    if first is None:
        raise FileRefused("文件里没有数据行。", "The file has no rows.")
    kind = _kind(first[1], shape)
    stream: Iterator[Row] = chain([first], rows)
    for number, values in kind.group(stream) if kind.group else stream:
        if SURPLUS in values:
            yield RowError(
                number, "", shown(values[SURPLUS]), "单元格比表头多。", "More cells than the header has names."
            )
            continue
        built = kind.read(number, values, today)
        if isinstance(built, ChannelRecord):
            yield built
        else:
            yield from built or [RowError(number, "", "", "此行无法读取。", "This row cannot be read.")]


def _kind(columns: dict[str, Any], shape: str | None) -> ExportShape:
    if shape is not None:
        missing = sorted(SHAPES[shape].needs - set(columns))
        if missing:
            raise FileRefused(f"缺少列：{', '.join(missing)}。", f"Columns are missing: {', '.join(missing)}.")
        return SHAPES[shape]
    for found in SHAPES.values():
        if found.needs <= set(columns):
            return found
    raise FileRefused(
        f"无法识别文件格式，支持：{', '.join(SHAPES)}。", f"The columns are of no known shape ({', '.join(SHAPES)})."
    )
