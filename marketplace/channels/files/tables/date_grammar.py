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
    return unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip()


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
    for pattern in (_DAY_WORD, _WORD_DAY):
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
    return datetime.combine(date(int(found["year"]), month, int(found["day"])), *_time(found))


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
