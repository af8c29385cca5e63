"""Numbers as people and programs write them: one decision on dot and comma for a file, words for powers of ten, signs,
digits of any width."""

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

WRITTEN_MAX = 60
# What stands for "nothing is known" in a column of numbers or days.
MISSING = frozenset(
    (
        *("", "-", "--", "---", "–", "—", "——", "−", "/", "n/a", "na", "n.a.", "#n/a", "null", "none", "nil"),
        *("暂无", "无", "無", "无数据", "無資料", "暂无数据", "未知", "缺失", "未公开", "不明", "なし", "없음"),
        *("unknown", "s/o", "k.a.", "n/d", "n/v"),
    )
)
_POWERS = {
    **dict.fromkeys(("千", "k", "천", "tsd", "tsd.", "tys", "tys.", "тыс", "тыс.", "thousand"), 1e3),
    **dict.fromkeys(("万", "萬", "w", "만"), 1e4),
    **dict.fromkeys(("十万", "十萬", "lakh", "lac"), 1e5),
    **dict.fromkeys(("百万", "百萬", "m", "mn", "mio", "mio.", "mi", "mln", "mln.", "млн", "млн.", "백만"), 1e6),
    **dict.fromkeys(("million", "millions", "millionen", "millones", "milhões", "milioni", "millón", "milhão"), 1e6),
    **dict.fromkeys(("千万", "千萬", "kw", "crore", "천만"), 1e7),
    **dict.fromkeys(("亿", "億", "억"), 1e8),
    **dict.fromkeys(("b", "bn", "billion", "mrd", "mrd.", "mld", "млрд", "млрд."), 1e9),
}
# A thousand in Spanish and Portuguese; in English it stands for a million.
_THOUSAND_OR_MILLION = "mil"
# What is counted may stand behind a count: 1.2万人, 3亿次.
_COUNTED = re.compile(r"(人|名|位|次|个|個|粉丝|粉絲|명|회|followers|fans|subscribers|views|plays)$")
_MINUS = str.maketrans(
    {"−": "-", "‒": "-", "–": "-", "﹣": "-", "－": "-", "’": "'", "`": "'", "\u200e": "", "\u200f": ""}
)
_PLAIN = re.compile(r"-?\d{1,15}", re.ASCII)
# What has a dot and can be no thousands: nearly every share. The long way through its parts costs ten times as much.
_PLAIN_SHARE = re.compile(r"-?\d{1,3}\.\d{1,15}", re.ASCII)
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|RMB|US\$|HK\$|NT\$|[$¥€£₩元])\s*|\s*(?:[A-Z]{3}|RMB|[$¥€£₩元])$")
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<digits>\d[\d.,' ]*|[.,]\d+)(?P<exponent>[eE][+-]?\d{1,3})?\s*"
    r"(?P<word>[^\d\s%.,'+-][^\d%]*)?\s*(?P<percent>%)?",
    re.ASCII,
)
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,' ])\d{3})(?:(?P=mark)\d{3})*", re.ASCII)
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}", re.ASCII)


class Decimal(StrEnum):
    """The mark between the whole part of a number and the rest."""

    DOT = "dot"
    COMMA = "comma"

    @property
    def mark(self) -> str:
        return "." if self is Decimal.DOT else ","

    @property
    def other(self) -> str:
        return "," if self is Decimal.DOT else "."


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a file are written. `asked`: somebody said so; `mixed`: the file has both ways."""

    decimal: Decimal = Decimal.DOT
    asked: bool = False
    found: bool = False
    mixed: bool = False


@dataclass(frozen=True)
class NumberParts:
    """A written number: its sign, digits with their marks, exponent, power of ten of its word, and whether it has %.

    `counted`: it says what it counts, and can be no share; `or_power`: what else its word may stand for.
    """

    sign: str
    digits: str
    exponent: str
    power: float
    percent: bool
    counted: bool = False
    or_power: float | None = None


class PercentCell(float):
    """A number that its sheet shows in per cents: 0.032, which people see as 3.2 %."""

    def __str__(self) -> str:
        return f"{float(self) * 100:.10g}%"


class TwoReadings(ValueError):
    """A number that may be either of two; `first` and `second` are how it may be read. `of_marks`: for its dot or
    comma, which the whole file decides; else for its word."""

    def __init__(self, first: str, second: str, *, of_marks: bool = True) -> None:
        super().__init__(f"{first} or {second}")
        self.first, self.second, self.of_marks = first, second, of_marks


def is_missing(text: str) -> bool:
    """Return whether a text says that nothing is known."""
    return len(text) < 12 and unicodedata.normalize("NFKC", text).strip().casefold() in MISSING


def number_parts(text: str, money: bool = False) -> NumberParts | None:
    """Return the parts of a written number, or None for anything else."""
    if len(text) > WRITTEN_MAX:
        return None
    text = unicodedata.normalize("NFKC", text).translate(_MINUS).strip()
    text = text.replace("\u066a", "%")
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1].strip()}"
    sign = ""
    if money:
        if text[:1] in "+-":
            sign, text = text[:1], text[1:].strip()
        text = _CURRENCY.sub("", text).strip()
    found = _NUMBER.fullmatch(text)
    if not found or (sign and found["sign"]):
        return None
    said = (found["word"] or "").strip().casefold()
    word = _COUNTED.sub("", said).strip()
    two = word == _THOUSAND_OR_MILLION
    if word and not two and word not in _POWERS:
        return None
    return NumberParts(
        sign or found["sign"],
        found["digits"].strip(),
        found["exponent"] or "",
        1e3 if two else _POWERS.get(word, 1.0),
        bool(found["percent"]),
        counted=word != said,
        or_power=1e6 if two else None,
    )


def decimal_shown(parts: NumberParts, fractional: bool) -> Decimal | None:
    """Return which mark a number shows to be the decimal one; None if it shows neither.

    `fractional`: the column's numbers are small, as shares are, so that no mark parts thousands.
    """
    digits = parts.digits.replace(" ", "").replace("'", "")
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return None
    kinds, last = set(marks), marks[-1]
    if len(kinds) == 2:
        return Decimal.DOT if last == "." else Decimal.COMMA
    if len(marks) > 1:
        if _GROUPED.fullmatch(digits) or _INDIAN.fullmatch(digits):
            return Decimal.COMMA if last == "." else Decimal.DOT
        return None
    shown = Decimal.DOT if last == "." else Decimal.COMMA
    if not may_be_grouped(digits) or fractional or parts.exponent:
        return shown
    return shown if parts.power > 1 and last == "." else None


def may_be_grouped(digits: str) -> bool:
    """Return whether the marks among digits may part thousands."""
    return bool(_GROUPED.fullmatch(digits)) and not digits.startswith("0")


def plain_share(text: str) -> float | None:
    """Return a share that is written with a dot and nothing else beside its digits; None for any other writing."""
    return float(text) if _PLAIN_SHARE.fullmatch(text) else None


def read_number(text: str, style: NumberStyle, *, fractional: bool = False, money: bool = False) -> tuple[float, bool]:
    """Return a number and whether it is in per cents (not yet divided).

    Raises ValueError for what is no number and TwoReadings for what may be either of two.
    """
    if _PLAIN.fullmatch(text):
        return float(text), False
    if fractional and style.decimal is Decimal.DOT and (share := plain_share(text)) is not None:
        return share, False
    parts = number_parts(text, money)
    if parts is None or (parts.counted and (fractional or money or parts.percent)):
        raise ValueError(text)
    digits = parts.digits
    if not parts.exponent and not fractional:
        _refuse_two_readings(parts, style)
    mark = style.decimal.mark
    whole, _, fraction = digits.partition(mark)
    if mark in fraction or any(letter in fraction for letter in ".,' "):
        raise ValueError(text)
    if not whole.isdecimal():
        grouped = _GROUPED.fullmatch(whole) or (style.decimal is Decimal.DOT and _INDIAN.fullmatch(whole))
        if whole and not grouped:
            raise ValueError(text)
        whole = re.sub(r"[.,' ]", "", whole)
    number = float(f"{parts.sign}{whole or '0'}.{fraction or '0'}{parts.exponent}") * parts.power
    if not math.isfinite(number):
        raise ValueError(text)
    if parts.or_power is not None:
        raise TwoReadings(f"{number:.10g}", f"{number / parts.power * parts.or_power:.10g}", of_marks=False)
    # 12.3 x 10,000 is 123,000 and not 123000.00000000001.
    return (round(number, 9) if parts.power > 1 else number), parts.percent


def _refuse_two_readings(parts: NumberParts, style: NumberStyle) -> None:
    digits = parts.digits
    single = digits.count(".") + digits.count(",") == 1
    if not single or style.asked or not may_be_grouped(digits):
        return
    mark = "." if "." in digits else ","
    if mark == style.decimal.mark:
        if parts.power > 1 and mark == ".":
            return
    elif not style.mixed:
        return
    whole, _, fraction = digits.partition(mark)
    raise TwoReadings(f"{whole}{fraction}", f"{whole}.{fraction}")
