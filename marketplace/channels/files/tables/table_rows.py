"""What every kind of file is read into: numbered rows of named cells, and the refusal of a file as a whole."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Row = tuple[int, dict[str, Any]]
RowSource = Callable[[], Iterator[Row]]
# Whether the names of a row's columns are those of a known shape.
Recognises = Callable[[Mapping[str, Any]], bool]

MIB = 1024 * 1024
COLUMNS_MAX, UNPACKED_MAX, DEPTH_MAX, ITEM_MAX = 1000, 200 * MIB, 12, 4 * MIB
# A row of CSV, in letters.
LINE_MAX = 4 * MIB
# Of a workbook: its shared texts are held while it is read, and so are its styles, links and lists of parts.
SHARED_TEXTS_MAX, OTHER_PART_MAX = 32 * MIB, 8 * MIB
# The last row and column of a sheet (ECMA-376 18.3.1.73 and the limits of programs that write sheets).
SHEET_ROWS_MAX = 1_048_576
# A CSV cell may hold a list of videos as JSON text, so it may be longer than anything a person would type.
CELL_MAX = 200_000
HEAD_BYTES = 65_536
# The key of what is wrong with a row as a whole, a RowError; no column of a file has such a name.
FAULT = "\x00fault"


class FileRefused(ValueError):
    """The file as a whole cannot be read; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def guard_formula(value: str) -> str:
    """Return a text with an apostrophe in front if a spreadsheet would run it as a formula (OWASP, CSV injection)."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r", "'") else value


def unguard_formula(cell: str) -> str:
    """Return a text as it was before `guard_formula`."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r'" else cell
