"""Read single values from a row, collecting every error instead of stopping at the first."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from marketplace.channels.files.tables.column_survey import Conventions, ShareUnit, is_nothing
from marketplace.channels.files.tables.date_grammar import TwoDays, parse_moment
from marketplace.channels.files.tables.nested_values import nested_deeper, told_twice
from marketplace.channels.files.tables.number_grammar import PercentCell, TwoReadings, read_number
from marketplace.channels.files.tables.reading_report import ReadingReport
from marketplace.channels.records import RowError
from marketplace.core.estimate import NameTwice, unique_names

# Of a refused value the first 120 characters are kept. A float holds whole numbers exactly only below 2**53.
SHOWN_MAX, TABLE_DEPTH_MAX, EXACT_MAX = 120, 6, 2**53
# No list of labels, prices or branches is longer; there are fewer regions than that.
ENTRIES_MAX = 1000
# No count or amount is larger.
NUMBER_MAX = 1e15
_NUMBERS = (int, float)
# What PostgreSQL's text or JSON refuses or readers cannot show: control characters other than tab and line ends, lone
# surrogates, and non-characters.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class GivenFacts:
    """What whoever hands in a file says of it, as the platform's files do not: the day of the figures, and, for tables
    of one channel's videos, the channel and its subscribers."""

    taken_on: date | None = None
    channel: str | None = None
    subscribers: int | None = None

    @classmethod
    def from_words(cls, words: Mapping[str, str]) -> "GivenFacts":
        """Return the facts that an import has stored as words."""
        day, subscribers = words.get("taken_on"), words.get("subscribers")
        return cls(
            None if day is None else date.fromisoformat(day),
            words.get("channel"),
            None if subscribers is None else int(subscribers),
        )


@dataclass
class RowCells:
    """The cells of one row. A value that cannot be read is returned as None and adds to `errors`.

    `conventions` is how the whole file writes its numbers, shares and days; what a shape makes of the file beyond its
    cells it tells in `report`.
    """

    row: int
    values: Mapping[str, Any]
    errors: list[RowError] = field(default_factory=list)
    conventions: Conventions = field(default_factory=Conventions)
    report: ReadingReport | None = None
    given: GivenFacts = field(default_factory=GivenFacts)

    def add_error(self, column: str, value: Any, zh: str, en: str) -> None:
        self.errors.append(RowError(self.row, shorten(column), shorten(value), zh, en))

    def note(self, zh: str, en: str) -> None:
        """Tell with the import what was made of the file; once, however many rows say it."""
        if self.report is not None:
            self.report.note(zh, en)

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
        """Read a count: how it is written is the whole file's (`conventions`); what may be either of two is refused."""
        return self._number(column, needed=needed)

    def money(self, column: str, *, needed: bool = False) -> float | None:
        """Read an amount, which may have a sign of its currency."""
        return self._number(column, needed=needed, money=True)

    def _number(self, column: str, *, needed: bool = False, money: bool = False) -> float | None:
        value: Any = self.values.get(column)
        # Most values come from JSON lists of videos and are numbers already.
        if (
            type(value) in _NUMBERS
            and -NUMBER_MAX <= value <= NUMBER_MAX
            and column not in self.conventions.percent_columns
        ):
            return float(value)
        if self._nothing(column, value, needed):
            return None
        try:
            number, percent = self._number_told(value, money=money)
            if percent or column in self.conventions.percent_columns:
                self.add_error(
                    column,
                    value,
                    "这是人数或次数，不是百分比；请填写数量。",
                    "This is a count and no per cent; write the number.",
                )
                return None
        except TwoReadings as two:
            self._refuse_readings(column, value, two)
            return None
        except (ValueError, OverflowError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number) or abs(number) > NUMBER_MAX:
            self.add_error(column, value, "不是数字。", "Not a number.")
            return None
        return number

    def _number_told(self, value: Any, *, money: bool = False, fractional: bool = False) -> tuple[float, bool]:
        """Return a number as it is written, and whether it is in per cents: (3.2, True) for 3.2 %."""
        if isinstance(value, PercentCell):
            return round(float(value) * 100, 12), True
        if isinstance(value, _NUMBERS):
            return float(value), False
        return read_number(str(value).strip(), self.conventions.numbers, fractional=fractional, money=money)

    def growth(self, column: str, followers: int | None) -> float | None:
        """Read how many followers came, as their number or in per cents of those that there are."""
        value = self.values.get(column)
        if is_nothing(value):
            return None
        try:
            rate, percent = self._number_told(value, fractional=True)
        except (ValueError, OverflowError):
            return self.number(column)
        if not percent and column not in self.conventions.percent_columns:
            return self.number(column)
        if followers is None or isinstance(value, bool) or not abs(rate) <= NUMBER_MAX:
            return None
        self.note(
            f"{column} 以百分比给出，已按粉丝数换算为人数（10 万粉丝的 3% 是 3000）。",
            f"{column} in per cents became a number of the followers: 3 % of 100,000 is 3,000.",
        )
        return round(rate * followers / 100, 1)

    def _nothing(self, column: str, value: Any, needed: bool) -> bool:
        if value is not None and not is_nothing(value):
            return False
        if needed:
            self.add_error(column, "" if value is None else value, "此列必填。", "This column is needed.")
        return True

    def _refuse_readings(self, column: str, value: Any, two: TwoReadings) -> None:
        zh, en = "请改写成数字", "write it in digits"
        if two.of_marks:
            zh = "请用 decimal=dot 或 decimal=comma 说明小数点"
            en = "say which mark is the decimal one: decimal=dot or comma"
        self.add_error(
            column,
            value,
            f"可读作 {two.first} 或 {two.second}；{zh}。",
            f"This may be {two.first} or {two.second}; {en}.",
        )

    def median(self, column: str) -> int | None:
        """Read a median of counts: that of an even number of them may end in a half, which is rounded."""
        number = self.number(column)
        if number is None:
            return None
        if number < 0 or number * 2 != int(number * 2):
            self.add_error(column, self.values.get(column), "须为非负整数。", "Must be a whole number, not negative.")
            return None
        return round(number)

    def whole(self, column: str, *, needed: bool = False) -> int | None:
        value = self.values.get(column)
        if type(value) is int and 0 <= value <= NUMBER_MAX and column not in self.conventions.percent_columns:
            return value
        number = self.number(column, needed=needed)
        if number is None:
            return None
        if number != int(number) or number < 0:
            self.add_error(column, value, "须为非负整数。", "Must be a whole number, not negative.")
            return None
        return int(number)

    def share(self, column: str) -> float | None:
        """Read a rate as a share, in the unit of its column: shares (0.35), or per cents (35, 35 %) throughout."""
        value = self.values.get(column)
        if self._nothing(column, value, needed=False):
            return None
        share, percent = self._told(column, value)
        unit = self.conventions.units.get(column)
        if share is None:
            return None
        if unit is ShareUnit.UNCLEAR and not percent:
            self.add_error(
                column,
                value,
                "此列只有少数值大于 1，无法判断是比例还是百分比；请用 shares=share 或 shares=percent 说明。",
                "Only a few values of this column are over 1, so it may hold shares or per cents; say shares=share or"
                " shares=percent.",
            )
            return None
        if percent or unit is ShareUnit.PERCENT or (unit is None and abs(share) > 1):
            share = share / 100
        if not -1 <= share <= 1:
            self.add_error(column, value, "比例须在 0 到 100 % 之间。", "A rate lies between 0 and 100 %.")
            return None
        return round(share, 12)

    def per_cent(self, column: str) -> float | None:
        """Read a number of per cents, with the sign or without: 35.5 and 35.5 % are both 35.5."""
        value = self.values.get(column)
        if self._nothing(column, value, needed=False):
            return None
        return self._told(column, value)[0]

    def _told(self, column: str, value: Any) -> tuple[float | None, bool]:
        share, percent = self._share_told(value)
        if share is None or isinstance(value, bool) or not math.isfinite(share) or abs(share) > 1e15:
            self.add_error(column, value, "不是数字。", "Not a number.")
            return None, False
        return share, percent

    def _share_told(self, value: Any) -> tuple[float | None, bool]:
        try:
            return self._number_told(value, fractional=True)
        except (ValueError, OverflowError):
            return None, False

    def day(self, column: str, *, needed: bool = False) -> date | None:
        moment = self.moment(column, needed=needed)
        return moment.date() if moment else None

    def day_of_figures(self, column: str, videos: Sequence[Mapping[str, Any]] = ()) -> date | None:
        """Read the day that the figures are of: the row's, else what was said of the file. Never guessed."""
        if not is_nothing(self.values.get(column)):
            return self.day(column)
        if self.given.taken_on is not None:
            return self.given.taken_on
        newest = max((video["published_at"] for video in videos), default=None)
        hint = (
            ("", "")
            if newest is None
            else (f"最新一条视频发布于 {newest.date()}。", f" The newest video is of {newest.date()}.")
        )
        self.add_error(
            column,
            "",
            f"没有数据日期：请用 taken_on=2026-11-23 说明这些数据是哪一天的。{hint[0]}",
            f"The day of these figures is not in the file: say it as taken_on=2026-11-23.{hint[1]}",
        )
        return None

    def moment(self, column: str, *, needed: bool = False) -> datetime | None:
        value = self.values.get(column)
        if self._nothing(column, value, needed):
            return None
        conventions = self.conventions
        try:
            moment = parse_moment(value, conventions.orders.get(column), epoch=conventions.epoch)
        except TwoDays as two:
            self.add_error(
                column,
                value,
                f"可读作 {two.first} 或 {two.second}；请写作 2026-11-23 这样的日期。",
                f"This may be {two.first} or {two.second}; write days as 2026-11-23.",
            )
            return None
        if moment is None:
            self.add_error(column, value, "不是日期。", "Not a date such as 2026-11-23.")
        return moment

    def as_written(self, column: str, value: Any) -> Any:
        """Return a cell as the file has it where that is one value, else what was read of it."""
        written = self.values.get(column)
        return written if isinstance(written, str | int | float | date) else value

    def table(self, column: str, most: int | None = ENTRIES_MAX) -> Any:
        """Read a nested value: as it is in JSON files, or as JSON text in a cell. Longer lists than `most` are refused;
        None leaves that to the caller."""
        value = self._nested(column)
        if most is not None and isinstance(value, dict | list) and len(value) > most:
            self.add_error(column, len(value), f"列表不超过 {most} 项。", f"At most {most} entries in a list.")
            return None
        return value

    def _nested(self, column: str) -> Any:
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


def shorten(value: Any) -> str:
    """Return the beginning of a value as a row error can store it."""
    return UNSTORABLE.sub("\ufffd", str(value)[:SHOWN_MAX])


def finite_number(value: Any) -> float | None:
    """Return a number as a float, or None for anything else and for magnitudes no count or share has (over 1e15)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 <= value <= 1e15:
        return None
    return float(value)
