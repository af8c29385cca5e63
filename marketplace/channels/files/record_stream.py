"""Read a file of channels as a stream of records and row errors. Uses no database; the caller gives today's date."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import IO

from marketplace.channels.files.shapes import own_columns, tiktok_one, xingtu, xingtu_audience, youtube, youtube_studio
from marketplace.channels.files.shapes.cell_values import GivenFacts, RowCells, shorten
from marketplace.channels.files.shapes.record_builder import RecordOrErrors
from marketplace.channels.files.tables.column_survey import CellKind, ColumnSurvey, Conventions, ShareUnit
from marketplace.channels.files.tables.header_names import KnownColumns
from marketplace.channels.files.tables.kept_rows import KeptRows
from marketplace.channels.files.tables.number_grammar import Decimal
from marketplace.channels.files.tables.open_table import open_table
from marketplace.channels.files.tables.reading_report import ReadingReport
from marketplace.channels.files.tables.table_rows import FAULT, FileRefused, Row
from marketplace.channels.files.tables.totals_rows import leave_out_totals
from marketplace.channels.records import ChannelRecord, RowError

__all__ = ["SHAPES", "FileRefused", "ReadingOptions", "iter_import", "open_import"]


@dataclass(frozen=True)
class ExportShape:
    """How one kind of export is recognised, by the columns it `needs`, and read.

    `kinds` are the columns of numbers, shares and days, whose writing is decided for the whole file; `others` are the
    further columns that are read, and `prefixes` the beginnings of such as vary, which hold per cents.
    """

    needs: frozenset[str]
    read: Callable[[RowCells, date], RecordOrErrors]
    kinds: Mapping[str, CellKind]
    others: Iterable[str] = ()
    prefixes: tuple[str, ...] = ()
    group: Callable[[Iterable[Row]], Iterator[Row]] | None = None
    # Numbers in answers of a platform's programs, also those in quotes, have a dot, wherever the platform is at home.
    of_program: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> KnownColumns:
        return KnownColumns(self.needs, frozenset((*self.kinds, *self.others)), self.prefixes, self.aliases)


SHAPES = {
    own_columns.NAME: ExportShape(
        own_columns.NEEDS, own_columns.read, own_columns.KINDS, own_columns.COLUMNS, aliases=own_columns.ALIASES
    ),
    xingtu.NAME: ExportShape(xingtu.NEEDS, xingtu.read, xingtu.KINDS, xingtu.OTHERS, of_program=True),
    xingtu_audience.NAME: ExportShape(
        xingtu_audience.NEEDS,
        xingtu_audience.read,
        xingtu_audience.KINDS,
        xingtu_audience.OTHERS,
        of_program=True,
        aliases=xingtu_audience.ALIASES,
    ),
    tiktok_one.NAME: ExportShape(
        tiktok_one.NEEDS, tiktok_one.read, tiktok_one.KINDS, tiktok_one.OTHERS, of_program=True
    ),
    youtube.NAME: ExportShape(
        youtube.NEEDS, youtube.read, youtube.KINDS, youtube.OTHERS, (youtube.AUDIENCE, youtube.COUNTRY), youtube.group
    ),
    youtube_studio.NAME: ExportShape(
        youtube_studio.NEEDS,
        youtube_studio.read,
        youtube_studio.KINDS,
        youtube_studio.OTHERS,
        group=youtube_studio.group,
        aliases=youtube_studio.ALIASES,
    ),
}


@dataclass(frozen=True)
class ReadingOptions:
    """What whoever hands in a file says of it; what is None is found out from the file."""

    shape: str | None = None
    encoding: str | None = None
    decimal: Decimal | None = None
    shares: ShareUnit | None = None
    given: GivenFacts = field(default_factory=GivenFacts)

    @classmethod
    def from_words(cls, shape: str | None, words: Mapping[str, str]) -> "ReadingOptions":
        """Return the options that an import has stored as words."""
        decimal, shares = words.get("decimal"), words.get("shares")
        return cls(
            shape,
            words.get("encoding"),
            None if decimal is None else Decimal(decimal),
            None if shares is None else ShareUnit(shares),
            GivenFacts.from_words(words),
        )


@dataclass
class ImportReading:
    """A file that has been parsed and looked through: its records, to be read once, and what it was read as."""

    rows: KeptRows
    report: ReadingReport
    export_shape: ExportShape
    conventions: Conventions
    today: date
    given: GivenFacts = field(default_factory=GivenFacts)

    @property
    def share_read(self) -> float:
        """Return how much of the file has become records, 0-1."""
        return self.rows.share_read

    def records(self) -> Iterator[ChannelRecord | RowError]:
        """Yield each row's record, or a RowError for each error in it. Raises FileRefused."""
        rows = leave_out_totals(self.rows.read(), self.export_shape.needs, self.report)
        first = next(rows, None)
        if first is None:
            raise FileRefused("文件里没有数据行。", "The file has no rows.")
        stream: Iterator[Row] = chain([first], rows)
        group = self.export_shape.group
        for number, values in group(stream) if group else stream:
            if FAULT in values:
                fault = values[FAULT]
                yield replace(fault, column=shorten(fault.column), value=shorten(fault.value))
                continue
            cells = RowCells(number, values, conventions=self.conventions, report=self.report, given=self.given)
            result = self.export_shape.read(cells, self.today)
            if isinstance(result, ChannelRecord):
                yield result
            else:
                yield from result or [RowError(number, "", "", "此行无法读取。", "This row cannot be read.")]


def open_import(
    file: IO[bytes],
    *,
    today: date,
    options: ReadingOptions | None = None,
    progress: Callable[[], object] | None = None,
) -> ImportReading:
    """Parse a seekable file, look through it, and return what its records are read from.

    Days after `today` will be refused. `progress` is called now and then while the file is parsed. Raises FileRefused,
    and KeyError for an unknown shape.
    """
    options = options or ReadingOptions()
    known = {name: shape.columns for name, shape in SHAPES.items()}
    table = open_table(file, known, shape=options.shape, encoding=options.encoding)
    export_shape = SHAPES[table.shape]
    decimal = options.decimal
    if decimal is None and export_shape.of_program and table.report.kind == "json":
        decimal = Decimal.DOT
    survey = ColumnSurvey(
        export_shape.kinds, export_shape.prefixes, decimal, options.shares, table.percent_columns, table.epoch
    )
    kept = KeptRows()
    try:
        for row in table.rows():
            kept.add(row)
            survey.add(row[1])
            if progress is not None:
                progress()
    except BaseException:
        kept.close()
        raise
    conventions = survey.conventions()
    survey.tell(table.report)
    return ImportReading(kept, table.report, export_shape, conventions, today, options.given)


def iter_import(
    file: IO[bytes], *, today: date, options: ReadingOptions | None = None, shape: str | None = None
) -> Iterator[ChannelRecord | RowError]:
    """Yield each row's record, or a RowError for each error in it. As `open_import`, and raises the same."""
    options = options or ReadingOptions(shape)
    yield from open_import(file, today=today, options=options).records()
