"""Small charts as SVG text: numbers, axes and labels, without scripts or external files."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK, SOFT, GRID = "#1d2433", "#5b6475", "#dfe3ea"
# Distinct for colour-blind readers and in grey print (Okabe and Ito, 2008).
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8a93a3"
PALE_BLUE, PALE_GREEN = "#c3dcee", "#bfe3d6"
FONT = "system-ui, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_STEPS = {
    "zh": ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")),
    "en": ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")),
}
# Widths in ems, rounded up, of bold text in the widest of the usual fonts (DejaVu Sans Bold): no reader's is wider.
_THIN, _BROAD = frozenset("fijlrtI.,:;'|!()[]·-/ "), frozenset("mwMW%@…—")
# Punctuation that must not begin a line.
_CLOSING = frozenset("，。；：、！？）》」』”’…%")


def number(value: float, language: str) -> str:
    """Return a number in three digits: 万 and 亿 in Chinese, k, M and bn in English; a dash where it is not known."""
    if not math.isfinite(value):
        return "-"
    # Rounding comes first, or 999,950 would be a thousand thousands.
    rounded = abs(float(f"{value:.3g}"))
    for size, name in _STEPS[language]:
        if rounded >= size:
            return _digits(value / size) + name
    return _digits(value)


def head_count(value: float, language: str) -> str:
    """Return a number of people as `number` does, but whole: a part of a person is <1."""
    return "<1" if 0 < value < 1 else number(round(value) if math.isfinite(value) else value, language)


def _digits(value: float) -> str:
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{round(value, 3) + 0.0:g}"


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return about ``wanted`` round numbers from at most ``low`` to at least ``high``; 0 to 1 for ends not known."""
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = 0.0, 1.0
    # A span that floats can hardly tell from nothing has no steps.
    if not high - low > max(1e-9 * max(abs(low), abs(high)), 1e-300):
        high = low + (abs(low) or 1.0)
    rough = (high - low) / max(1, wanted)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * nice for nice in _NICE if size * nice >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [count * step for count in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round numbers within ``low`` and ``high`` (0 < low < high) for a log axis, at most about ``wanted``."""
    if high < 5 * low:
        return [tick for tick in ticks(low, high, wanted) if low <= tick <= high]
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    within = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5) if low <= digit * 10.0**decade <= high]
    if len(within) <= wanted:
        return within
    whole = [10.0**decade for decade in decades if low <= 10.0**decade <= high]
    return whole[:: math.ceil(len(whole) / max(1, wanted))] if len(whole) > 1 else within[:: max(1, len(within) - 1)]


def width_of(text: str, size: float) -> float:
    """Estimate the width of a text in the unit of its size: rather too wide than too narrow."""
    return size * sum(_width_of(letter) for letter in text)


def _width_of(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    # Letters of ambiguous width, emoji among them, are as wide as the reader's font makes them: count them wide.
    if not letter.isascii() and unicodedata.east_asian_width(letter) in "WFA":
        return 1.05
    if letter in _THIN:
        return 0.45
    return 1.05 if letter in _BROAD else 0.79 if letter.isupper() else 0.7 if letter.isascii() else 0.9


def cut(text: str, room: float, size: float) -> str:
    """Return the text, or as much of it as fits, with an ellipsis."""
    end, taken, short = 0, 0.0, 0
    for end, letter in enumerate(text, start=1):
        taken += width_of(letter, size)
        if taken + width_of("…", size) <= room:
            short = end
        if taken > room:
            return text[:short].rstrip() + "…"
    return text[:end]


def wrap(text: str, room: float, size: float) -> list[str]:
    """Return the text in lines that fit: broken between words, between any two wide letters, and within a word that is
    longer than a line."""
    lines, line = [], ""
    for piece in _pieces(text, room, size):
        if line and width_of(line + piece.rstrip(), size) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str, room: float, size: float) -> list[str]:
    pieces: list[str] = []
    word = ""
    for index, letter in enumerate(text):
        if word and width_of(word + letter, size) > room:
            pieces.append(word)
            word = ""
        word += letter
        wide = letter == " " or unicodedata.east_asian_width(letter) in "WF"
        if wide and text[index + 1 : index + 2] not in _CLOSING:
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces


@dataclass
class SvgDrawing:
    """Shapes on a sheet; ``y`` grows downwards."""

    width: float
    title: str
    parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        anchor: str = "start",
        ink: str = INK,
        bold: bool = False,
    ) -> None:
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{ink}"{weight}>'
            f"{_clean(words)}</text>"
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, ink: str = GRID, width: float = 1, dash: str = ""
    ) -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}"'
            f' stroke-width="{width:g}"{dashed}/>'
        )

    def path(self, points: Sequence[tuple[float, float]], *, ink: str = BLUE, width: float = 2, dash: str = "") -> None:
        if not points:
            return
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        points_text = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<path d="M{points_text}" fill="none" stroke="{ink}" stroke-width="{width:g}"{dashed}/>')

    def dot(self, x: float, y: float, *, ink: str = BLUE, size: float = 3.5) -> None:
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{ink}"/>')

    def bar(self, x: float, y: float, width: float, height: float, *, ink: str = BLUE) -> None:
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}"'
            f' height="{max(0.0, height):.1f}" fill="{ink}"/>'
        )

    def show(self, height: float, description: str) -> str:
        """Return the sheet as SVG; screen readers read out ``description``."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {height:g}" width="{self.width:g}"'
            f' height="{height:g}" role="img" font-family="{FONT}"><title>{_clean(self.title)}</title>'
            f"<desc>{_clean(description)}</desc>"
            f'<rect x="0" y="0" width="{self.width:g}" height="{height:g}" fill="#ffffff"/>{"".join(self.parts)}</svg>'
        )


def _clean(words: str) -> str:
    """Return text that is safe in XML: escaped, without control characters and without marks of text direction."""
    kept = "".join(letter for letter in words if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn"))
    return escape(kept, quote=True)
