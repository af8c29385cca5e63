"""Read single values from a row, collecting every error instead of stopping at the first."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from marketplace.channels.files.row_readers import nested_deeper, told_twice
from marketplace.channels.records import RowError
from marketplace.core.estimate import NameTwice, unique_names

# Of a refused value the first 120 characters are kept. A float holds whole numbers exactly only below 2**53.
SHOWN_MAX, TABLE_DEPTH_MAX, EXACT_MAX = 120, 6, 2**53
# What PostgreSQL's text or JSON refuses or readers cannot show: control characters other than tab and line ends, lone
# surrogates, and non-characters.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class RowCells:
    """The cells of one row. A value that cannot be read is returned as None and adds to `errors`."""

    row: int
    values: Mapping[str, Any]
    errors: list[RowError] = field(default_factory=list)

    def add_error(self, column: str, value: Any, zh: str, en: str) -> None:
        self.errors.append(RowError(self.row, shorten(column), shorten(value), zh, en))

    def has(self, column: str) -> bool:
        return self.values.get(column) not in (None, "")

    def text(self, column: str, longest: int = 300, *, needed: bool = False) -> str | None:
        value = self.values.get(column)
        if isinstance(value, str):
            text = value.strip()
        elif isinstance(value, bool | dict | list):
            self.add_error(column, value, "应为文字。", "Should be text.")
            return None
        elif isinstance(value, float) and value.is_integer():
            text = str(int(value))
        else:
            text = "" if value is None else str(value)
        if not text:
            if needed:
                self.add_error(column, "", "此列必填。", "This column is needed.")
            return None
        if len(text) > longest or UNSTORABLE.search(text):
            self.add_error(
                column,
                text,
                f"文字过长或含非法字符（最多 {longest} 字）。",
                f"Too long (over {longest}) or with letters that cannot be kept.",
            )
            return None
        return text

    def account(self, column: str, longest: int = 100, *, needed: bool = False) -> str | None:
        """Read a platform's own id, and refuse one that a spreadsheet has rounded.

        Spreadsheets keep only 15 digits of a number, and the rounded id may belong to another account.
        """
        value = self.values.get(column)
        if (isinstance(value, float) and abs(value) >= EXACT_MAX) or re.fullmatch(r"\d+(\.\d+)?[eE]\+\d+", str(value)):
            self.add_error(
                column,
                value,
                "长编号已被表格软件截断，请把此列设为文本后重新导出。",
                "The spreadsheet has cut this long id; export it again with the column as text.",
            )
            return None
        return self.text(column, longest, needed=needed)

    def number(self, column: str, *, needed: bool = False) -> float | None:
        value = self.values.get(column)
        if value in (None, ""):
            if needed:
                self.add_error(column, "", "此列必填。", "This column is needed.")
            return None
        try:
            # Most values come from JSON lists of videos and are numbers already: skip the slow way through text.
            number = float(value) if isinstance(value, int | float) else _parsed(str(value))
        except (ValueError, OverflowError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number) or abs(number) > 1e15:
            self.add_error(column, value, "不是数字。", "Not a number.")
            return None
        return number

    def whole(self, column: str, *, needed: bool = False) -> int | None:
        number = self.number(column, needed=needed)
        if number is None:
            return None
        if number != int(number) or number < 0:
            self.add_error(column, self.values.get(column), "须为非负整数。", "Must be a whole number, not negative.")
            return None
        return int(number)

    def share(self, column: str) -> float | None:
        """Read a rate as a share; percentages (35 or 35 %) become shares."""
        share = self.number(column)
        if share is not None and abs(share) > 1 and not str(self.values.get(column)).endswith("%"):
            share /= 100
        if share is not None and not -1 <= share <= 1:
            self.add_error(
                column, self.values.get(column), "比例须在 0 到 100 % 之间。", "A rate lies between 0 and 100 %."
            )
            return None
        return share

    def day(self, column: str, *, needed: bool = False) -> date | None:
        moment = self.moment(column, needed=needed)
        return moment.date() if moment else None

    def moment(self, column: str, *, needed: bool = False) -> datetime | None:
        value = self.values.get(column)
        if value in (None, ""):
            if needed:
                self.add_error(column, "", "此列必填。", "This column is needed.")
            return None
        moment = parse_moment(value)
        if moment is None:
            self.add_error(column, value, "不是日期。", "Not a date such as 2026-11-23.")
        return moment

    def table(self, column: str) -> Any:
        """Read a nested value: as it is in JSON files, or as JSON text in a cell."""
        value = self.values.get(column)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            nested_value = json.loads(value, object_pairs_hook=unique_names)
        except NameTwice as error:
            self.add_error(column, error.name, *told_twice(error.name))
            return None
        except (ValueError, RecursionError):
            self.add_error(column, value, "不是 JSON。", "Not JSON.")
            return None
        if isinstance(nested_value, dict | list) and nested_deeper(nested_value, TABLE_DEPTH_MAX):
            self.add_error(column, value, "嵌套过深。", "Nested too deep.")
            return None
        return nested_value


def _parsed(text: str) -> float:
    return float(text.replace(",", "").removesuffix("%")) / (100 if text.endswith("%") else 1)


def shorten(value: Any) -> str:
    """Return the beginning of a value as a row error can store it."""
    return UNSTORABLE.sub("\ufffd", str(value)[:SHOWN_MAX])


def finite_number(value: Any) -> float | None:
    """Return a number as a float, or None for anything else and for magnitudes no count or share has (over 1e15)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 <= value <= 1e15:
        return None
    return float(value)


def parse_moment(value: Any) -> datetime | None:
    """Parse a date (2026-11-01, 20261101), an ISO 8601 time or Unix seconds; None for anything else."""
    try:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        text = str(value).strip()
        # Eight digits are a day: as Unix seconds they would be before 1973-03-04.
        if isinstance(value, int | float) or text.isdecimal():
            if len(text) != 8:
                return datetime.fromtimestamp(float(text), UTC)
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
