"""What a file was read as: told with its import, so that nothing is taken, changed or left out without a word."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

NAMED_MAX = 50


@dataclass
class ReadingReport:
    """How a file was read. `left_out` are rows such as totals; `notes` is what a shape tells, as (Chinese, English)."""

    kind: str
    shape: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets_left_out: list[str] = field(default_factory=list)
    header_row: int | None = None
    decimal: str | None = None
    decimal_from: str | None = None
    units: dict[str, str] = field(default_factory=dict)
    dates: dict[str, list[str]] = field(default_factory=dict)
    columns_renamed: dict[str, str] = field(default_factory=dict)
    columns_left_out: list[str] = field(default_factory=list)
    rows_left_out: int = 0
    left_out: list[tuple[int, str, str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def leave_out_columns(self, names: Iterable[str]) -> None:
        for name in names:
            if name and name not in self.columns_left_out and len(self.columns_left_out) < NAMED_MAX:
                self.columns_left_out.append(name[:NAMED_MAX])

    def leave_out_row(self, number: int, value: str, zh: str, en: str) -> None:
        self.rows_left_out += 1
        if len(self.left_out) < NAMED_MAX:
            self.left_out.append((number, value[:NAMED_MAX], zh, en))

    def note(self, zh: str, en: str) -> None:
        """Add what a reader of the file should know, once."""
        if (zh, en) not in self.notes and len(self.notes) < NAMED_MAX:
            self.notes.append((zh, en))

    def as_json(self) -> dict[str, Any]:
        """Return what is known, as it is stored and shown."""
        told = {
            "kind": self.kind,
            "shape": self.shape,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "sheets_left_out": self.sheets_left_out,
            "header_row": self.header_row,
            "decimal": self.decimal,
            "decimal_from": self.decimal_from,
            "units": self.units,
            "dates": self.dates,
            "columns_renamed": self.columns_renamed,
            "columns_left_out": self.columns_left_out,
            "rows_left_out": self.rows_left_out,
            "left_out": [
                {"row": row, "value": value, "reason_zh": zh, "reason_en": en} for row, value, zh, en in self.left_out
            ],
            "notes": [{"zh": zh, "en": en} for zh, en in self.notes],
        }
        return {name: value for name, value in told.items() if value not in (None, "", [], {}, 0)}
