"""Days and times as people, spreadsheets and programs write them; a column has one order of day and month."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any

# Days from 2000 to 2099 as Excel counts them from 1899-12-30 (its 1900 system, with a 29th of February that was none).
SERIAL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
SERIAL_FIRST, SERIAL_LAST = 36_526, 73_050
# Seconds and milliseconds from September 2001 to 2099.
SECONDS_FIRST, SECONDS_LAST = 1_000_000_000, 4_102_444_800
LONGEST = 60

_TIME = (
    r"(?:[T\s,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<seconds>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})\s*[-/.年년]\s*(?P<month>\d{1,2})\s*[-/.月월]\s*(?P<day>\d{1,2})\s*[日号號일.]?" + _TIME, re.ASCII
)
# As programs write times (RFC 3339), which is what nearly every video has.
_PROGRAM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DOTTED = re.compile(r"(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.\s*(?P<year>\d{4})" + _TIME, re.ASCII)
_EITHER = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-/])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4})" + _TIME,
    re.ASCII,
)
_WORD = r"(?P<word>[^\W\d_]{3,12})\.?"
_DAY_WORD = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s-]*(?:de\s+)?"
    + _WORD
    + r"[\s,-]*(?:de\s+)?(?P<year>\d{4})(?:\s*г\.?)?"
    + _TIME
)
_WORD_DAY = re.compile(_WORD + r"[\s-]*(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s,-]+(?P<year>\d{4})" + _TIME)
# 20-Nov-26 is how Excel shows and saves a day with its month in words: the year has two digits.
_SHORT_WORD = re.compile(r"(?P<day>\d{1,2})[-\s]" + _WORD + r"[-\s](?P<year>\d{2})" + _TIME)
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{2})", re.ASCII)
# What names the day of the week beside a day, and says nothing more.
_WEEKDAY = re.compile(
    r"^(?:mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(?:day)?\.?,?\s+(?=\S)"
    r"|\s*\((?:星期|周|週)?[一二三四五六日天月火水木金土월화수목금토]\)|\s*(?:星期|周|週)[一二三四五六日天]",
    re.IGNORECASE,
)
# The half of the day before the hour, as it stands in China, Japan and Korea; the minute may be missing.
_HALF_FIRST = re.compile(
    r"(?P<half>上午|凌晨|早上|午前|오전|下午|中午|晚上|午後|오후)\s*(?P<hour>\d{1,2})(?:[:时時点點시]\s*(?P<minute>\d{2})?)?분?分?"
    r"(?P<rest>:\d{2})?"
)
_BEFORE_NOON = frozenset(("上午", "凌晨", "早上", "午前", "오전"))
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
# The months' names by their beginnings, in the languages in which platforms write their tables.
_MONTHS = (
    "jan ene gen янв sty led",
    "feb fév fev фев lut úno",
    "mar mär mrz мар maa bře",
    "apr avr abr апр kwi dub",
    "may mai mag мая май maj mei",
    "jun juin giu июн cze čer",
    "jul juil lug июл lip čvc",
    "aug aoû aou ago авг sie",
    "sep set сен wrz zář",
    "oct okt out ott окт paź říj",
    "nov ноя lis",
    "dec dez déc dic дек gru pro",
)
_BY_WORD = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}


class DayOrder(StrEnum):
    """Which comes first where a day is written as 11/12/2026."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class TwoDays(ValueError):
    """A day that may be either of two: `first` with the day in front, `second` with the month in front."""

    def __init__(self, first: date, second: date) -> None:
        super().__init__(f"{first} or {second}")
        self.first, self.second = first, second


@dataclass(frozen=True)
class ReadMoment:
    """A moment, and the form in which it was written."""

    moment: datetime
    form: str


def parse_moment(value: Any, order: DayOrder | None = None, *, epoch: datetime = SERIAL_EPOCH) -> datetime | None:
    """Return a day or time, in UTC where none is told; None for anything else. Raises TwoDays."""
    read = read_moment(value, order, epoch=epoch)
    return None if read is None else read.moment


def read_moment(value: Any, order: DayOrder | None = None, *, epoch: datetime = SERIAL_EPOCH) -> ReadMoment | None:
    """Return a day or time with its form, or None for anything that is none. Raises TwoDays."""
    if isinstance(value, datetime):
        return ReadMoment(value if value.tzinfo else value.replace(tzinfo=UTC), "date cell")
    if isinstance(value, date):
        return ReadMoment(datetime(value.year, value.month, value.day, tzinfo=UTC), "date cell")
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            return _from_number(float(value), str(value), epoch)
        return _from_text(str(value), order, epoch)
    except TwoDays:
        raise
    except (ValueError, OverflowError, OSError):
        return None


def order_shown(text: str) -> DayOrder | None:
    """Return the order of day and month that a written day shows, if its numbers allow one only."""
    found = _EITHER.fullmatch(_plain(text))
    if not found:
        return None
    first, second = int(found["first"]), int(found["second"])
    if first > 12 >= second:
        return DayOrder.DAY_FIRST
    return DayOrder.MONTH_FIRST if second > 12 >= first else None


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip()
    if not plain.isascii():
        plain = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in plain)
        plain = _HALF_FIRST.sub(_half_last, plain)
    return _WEEKDAY.sub("", plain)


def _half_last(found: "re.Match[str]") -> str:
    clock = f"{found['hour']}:{found['minute'] or '00'}{found['rest'] or ''}"
    if int(found["hour"]) > 12:
        return clock  # 下午15:30
    return f"{clock} {'am' if found['half'] in _BEFORE_NOON else 'pm'}"


def _from_text(written: str, order: DayOrder | None, epoch: datetime) -> ReadMoment | None:
    if _PROGRAM.fullmatch(written):
        return ReadMoment(datetime.fromisoformat(written), "year-month-day")
    text = _plain(written)
    if len(text) > LONGEST:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return _from_number(float(text), text, epoch)
    for pattern, form in ((_YEAR_FIRST, "year-month-day"), (_DOTTED, "day.month.year")):
        if found := pattern.fullmatch(text):
            return ReadMoment(_moment(found, int(found["month"])), form)
    if found := _EITHER.fullmatch(text):
        return _either(found, order)
    if found := _SHORT.fullmatch(text):
        return _short_year(found)
    for pattern in (_DAY_WORD, _WORD_DAY, _SHORT_WORD):
        if (found := pattern.fullmatch(text)) and (month := _month(found["word"])):
            return ReadMoment(_moment(found, month), "month in words")
    moment = datetime.fromisoformat(text)
    return ReadMoment(moment if moment.tzinfo else moment.replace(tzinfo=UTC), "ISO 8601")


def _month(word: str) -> int | None:
    lowered = word.casefold()
    return _BY_WORD.get(lowered[:4]) or _BY_WORD.get(lowered[:3])


def _either(found: "re.Match[str]", order: DayOrder | None) -> ReadMoment:
    first, second = int(found["first"]), int(found["second"])
    year = int(found["year"])
    if order is None and first != second and first <= 12 and second <= 12:
        raise TwoDays(date(year, second, first), date(year, first, second))
    if order is None:
        order = DayOrder.MONTH_FIRST if second > 12 else DayOrder.DAY_FIRST
    day, month = (first, second) if order is DayOrder.DAY_FIRST else (second, first)
    mark = found["mark"]
    form = f"day{mark}month{mark}year" if order is DayOrder.DAY_FIRST else f"month{mark}day{mark}year"
    return ReadMoment(datetime.combine(date(year, month, day), *_time(found)), form)


def _moment(found: "re.Match[str]", month: int) -> datetime:
    year = int(found["year"])
    return datetime.combine(date(year if year > 99 else 2000 + year, month, int(found["day"])), *_time(found))


def _short_year(found: "re.Match[str]") -> ReadMoment:
    """Read a day whose year has two digits, if it is one day in whatever order. Raises TwoDays."""
    first, mark, second, last = int(found[1]), found[2], int(found[3]), int(found[4])
    orders = {
        f"day{mark}month{mark}yy": (2000 + last, second, first),
        f"month{mark}day{mark}yy": (2000 + last, first, second),
        f"yy{mark}month{mark}day": (2000 + first, second, last),
    }
    days: dict[date, str] = {}
    for form, (year, month, day) in orders.items():
        if 1 <= month <= 12 and 1 <= day <= 28 + (3 if month != 2 else 1):
            days.setdefault(date(year, month, day), form)
    if len(days) > 1:
        one, other, *_ = days
        raise TwoDays(one, other)
    for day_read, form in days.items():
        return ReadMoment(datetime.combine(day_read, time(), UTC), form)
    raise ValueError(found[0])


def _time(found: "re.Match[str]") -> tuple[time, timezone]:
    if found["hour"] is None:
        return time(), UTC
    hour = int(found["hour"])
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(found[0])
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    zone = found["zone"] or "Z"
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        offset = timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
    else:
        offset = UTC
    return time(hour, int(found["minute"]), int(found["seconds"] or 0)), offset


def _from_number(number: float, text: str, epoch: datetime) -> ReadMoment | None:
    if found := _EIGHT.fullmatch(text):
        return ReadMoment(datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC), "yyyymmdd")
    if SERIAL_FIRST <= number <= SERIAL_LAST:
        form = "spreadsheet day number" + ("" if epoch == SERIAL_EPOCH else f" from {epoch.year}")
        return ReadMoment(epoch + timedelta(seconds=round(number * 86_400)), form)
    if SECONDS_FIRST <= number <= SECONDS_LAST:
        return ReadMoment(datetime.fromtimestamp(number, UTC), "Unix seconds")
    if SECONDS_FIRST * 1000 <= number <= SECONDS_LAST * 1000:
        return ReadMoment(datetime.fromtimestamp(number / 1000, UTC), "Unix milliseconds")
    return None
