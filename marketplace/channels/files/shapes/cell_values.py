"""Reading single values out of a row, gathering what is wrong with each instead of stopping at the first."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from marketplace.channels.files.rows import nested
from marketplace.channels.records import RowError

SHOWN, TABLE_DEPTH_MAX, EXACT_MAX = 120, 6, 2**53
# What no text column of the tables takes: controls other than tab and line ends, halves of pairs, no letters.
UNKEPT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class RowCells:
    """One row under reading. A value that cannot be read is None and leaves a fault."""

    row: int
    values: Mapping[str, Any]
    faults: list[RowError] = field(default_factory=list)

    def fault(self, column: str, value: Any, zh: str, en: str) -> None:
        self.faults.append(RowError(self.row, shown(column), shown(value), zh, en))

    def has(self, column: str) -> bool:
        return self.values.get(column) not in (None, "")

    def text(self, column: str, longest: int = 300, *, needed: bool = False) -> str | None:
        value = self.values.get(column)
        if isinstance(value, str):
            found = value.strip()
        elif isinstance(value, bool | dict | list):
            self.fault(column, value, "应为文字。", "Should be text.")
            return None
        elif isinstance(value, float) and value.is_integer():
            found = str(int(value))
        else:
            found = "" if value is None else str(value)
        if not found:
            if needed:
                self.fault(column, "", "此列必填。", "This column is needed.")
            return None
        if len(found) > longest or UNKEPT.search(found):
            self.fault(
                column,
                found,
                f"文字过长或含非法字符（最多 {longest} 字）。",
                f"Too long (over {longest}) or with letters that cannot be kept.",
            )
            return None
        return found

    def account(self, column: str, longest: int = 100, *, needed: bool = False) -> str | None:
        """A platform's own id. Spreadsheets keep 15 digits of a longer number, and another account might own that."""
        value = self.values.get(column)
        if (isinstance(value, float) and abs(value) >= EXACT_MAX) or re.fullmatch(r"\d+(\.\d+)?[eE]\+\d+", str(value)):
            self.fault(
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
                self.fault(column, "", "此列必填。", "This column is needed.")
            return None
        try:
            # The numbers of a list of videos are numbers already, and there are many.
            found = float(value) if isinstance(value, int | float) else _parsed(str(value))
        except (ValueError, OverflowError):
            found = math.nan
        if isinstance(value, bool) or not math.isfinite(found) or abs(found) > 1e15:
            self.fault(column, value, "不是数字。", "Not a number.")
            return None
        return found

    def whole(self, column: str, *, needed: bool = False) -> int | None:
        found = self.number(column, needed=needed)
        if found is None:
            return None
        if found != int(found) or found < 0:
            self.fault(column, self.values.get(column), "须为非负整数。", "Must be a whole number, not negative.")
            return None
        return int(found)

    def share(self, column: str) -> float | None:
        """A rate as a share; per cents (35 or 35 %) are turned into shares."""
        found = self.number(column)
        if found is not None and abs(found) > 1 and not str(self.values.get(column)).endswith("%"):
            found /= 100
        if found is not None and not -1 <= found <= 1:
            self.fault(
                column, self.values.get(column), "比例须在 0 到 100 % 之间。", "A rate lies between 0 and 100 %."
            )
            return None
        return found

    def day(self, column: str, *, needed: bool = False) -> date | None:
        moment = self.moment(column, needed=needed)
        return moment.date() if moment else None

    def moment(self, column: str, *, needed: bool = False) -> datetime | None:
        value = self.values.get(column)
        if value in (None, ""):
            if needed:
                self.fault(column, "", "此列必填。", "This column is needed.")
            return None
        found = as_moment(value)
        if found is None:
            self.fault(column, value, "不是日期。", "Not a date such as 2026-11-23.")
        return found

    def table(self, column: str) -> Any:
        """A nested value: as it is in JSON files, as JSON text in a cell."""
        value = self.values.get(column)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            self.fault(column, value, "不是 JSON。", "Not JSON.")
            return None
        if isinstance(found, dict | list) and nested(found, TABLE_DEPTH_MAX):
            self.fault(column, value, "嵌套过深。", "Nested too deep.")
            return None
        return found


def _parsed(text: str) -> float:
    return float(text.replace(",", "").removesuffix("%")) / (100 if text.endswith("%") else 1)


def shown(value: Any) -> str:
    """Return the start of a value as a fault can keep it."""
    return UNKEPT.sub("\ufffd", str(value)[:SHOWN])


def finite(value: Any) -> float | None:
    """Return a number as a float; None for what is no number, or none that a count or share could be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 <= value <= 1e15:
        return None
    return float(value)


def as_moment(value: Any) -> datetime | None:
    """Read a date (2026-11-01, 20261101), an ISO time or Unix seconds; None for anything else."""
    try:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        text = str(value).strip()
        # Eight digits are a day: as seconds they would lie before 1973.
        if isinstance(value, int | float) or text.isdecimal():
            if len(text) != 8:
                return datetime.fromtimestamp(float(text), UTC)
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
