"""Finds out in which encoding a file is, from the whole of it, or refuses it with the names of those that it may be.

A mark at the beginning decides, and so does UTF-8, whose form other texts have by chance only. Otherwise each encoding
reads the cells that are not ASCII, and pays, in bits, for letters by how rare they are in its languages
(`letter_costs`). The cheapest reading is taken if every other one that reads different letters is dearer by a margin.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from marketplace.channels.files.tables import letter_costs
from marketplace.channels.files.tables.letter_costs import Candidate
from marketplace.channels.files.tables.table_rows import HEAD_BYTES, FileRefused

# Bits by which the best reading must be cheaper than any other one: it is then a thousand times as likely.
MARGIN_BITS = 10.0
# Of each block so many bytes in cells that are not ASCII are judged; every byte is decoded.
JUDGED_BYTES = 4096
SHOWN_MAX, NAMED = 24, 4
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A cell: none of these bytes is a part of a letter in any encoding below.
_CELL = re.compile(rb"[^\r\n\t\",]*[\x80-\xff][^\r\n\t\",]*")
# A reading that is so many bits dearer than the best one is out of the question.
HOPELESS_BITS = 400.0
# Encodings of seven bits that look like ASCII: ISO 2022 begins a stretch of letters with an escape, HZ with ~{.
_SEVEN_BITS = (
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"\x1b[$(.]"), "iso2022_jp"),
    (re.compile(rb"~\{[!-w][!-~]+~\}"), "hz"),
)
_UTF7 = re.compile(rb"\+[A-Za-z0-9+/]{3,}-?")


@dataclass
class _Reading:
    """How one encoding reads the file so far."""

    candidate: Candidate
    decoder: codecs.IncrementalDecoder
    bits: float = 0.0
    ascii_bits: float = 0.0
    letters: int = 0
    sample: str = ""
    texts: list[str] = field(default_factory=list)

    def add(self, block: bytes, judged: list[bytes], final: bool) -> bool:
        """Read a block, and judge some of its cells; False if the bytes are none of this encoding."""
        try:
            self.decoder.decode(block, final)
            for line in judged:
                text = line.decode(self.candidate.codec)
                bits, letters = letter_costs.cost(text, self.candidate)
                self.bits += bits
                self.ascii_bits += letter_costs.ASCII_BITS * (len(text) - letters)
                self.letters += letters
                if not self.sample:
                    self.sample = _sample(text)
                if len(self.texts) < 200:
                    self.texts.append(text)
        except UnicodeError:
            return False
        return True

    @property
    def total(self) -> float:
        return self.bits + self.candidate.prior


def known_encoding(name: str) -> str | None:
    """Return Python's name of a text encoding, with a mark at the beginning allowed, or None."""
    try:
        info = codecs.lookup(name.strip().casefold().replace("windows-", "cp"))
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in ("idna", "punycode", "unicode-escape", "undefined"):
        return None
    if info.name in ("gb2312", "gbk"):
        return "gb18030"  # which has both within it
    return "utf-8-sig" if info.name == "utf-8" else info.name


def find_encoding(file: IO[bytes], asked: str | None = None) -> str:
    """Return the encoding of a file of text. Raises FileRefused."""
    if asked is not None:
        return _asked(asked)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\x00" in head:
        return _without_mark(head)
    return _judged(file)


def _asked(asked: str) -> str:
    name = known_encoding(asked)
    if name is None:
        raise FileRefused(
            f"没有名为“{asked[:40]}”的编码；例如 utf-8、gb18030、big5、shift_jis、euc_kr、cp1252。",
            f"There is no encoding {asked[:40]!r}; write one such as utf-8, gb18030, big5, shift_jis or cp1252.",
        )
    return name


def _without_mark(head: bytes) -> str:
    """Return the UTF-16 of a file without a mark: half of the bytes of its ASCII letters are 0. Raises FileRefused."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 8 * others and zeros * 4 > len(head) // 2:
            try:
                text = codecs.getincrementaldecoder(name)().decode(head)
            except UnicodeError:
                continue
            if letter_costs.is_storable(text) and any(mark in text for mark in ",;\t|{"):
                return name
    raise FileRefused("文件不是 CSV、XLSX 或 JSON。", "The file is no CSV, XLSX or JSON.")


def _blocks(file: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    file.seek(0)
    block = file.read(HEAD_BYTES)
    while block:
        following = file.read(HEAD_BYTES)
        yield block, not following
        block = following


def _judged(file: IO[bytes]) -> str:
    utf8 = codecs.getincrementaldecoder("utf-8")()
    ascii_only, by_chance = True, True
    try:
        for block, final in _blocks(file):
            utf8.decode(block, final)
            if not block.isascii():
                ascii_only = False
                # A letter of three or four bytes: no other encoding writes many of them that are UTF-8 too.
                by_chance = by_chance and max(block) < 0xE0
            elif ascii_only:
                _refuse_seven_bits(block)
        if ascii_only or not by_chance:
            return "utf-8"
    except UnicodeDecodeError:
        return _cheapest(file, letter_costs.CANDIDATES)
    return _cheapest(file, (letter_costs.UTF_8, *letter_costs.CANDIDATES))


def _refuse_seven_bits(block: bytes) -> None:
    found = next((name for pattern, name in _SEVEN_BITS if pattern.search(block)), None)
    if found is None and any(_is_utf7(hidden[0]) for hidden in islice(_UTF7.finditer(block), 1000)):
        found = "utf-7"
    if found is not None:
        raise FileRefused(
            f"文件可能是 {found} 编码。请用 encoding={found}（命令行 --encoding {found}）说明，或另存为 UTF-8。",
            f"The letters may be {found}: say so with encoding={found} (--encoding {found}), or save it as UTF-8.",
        )


def _is_utf7(stretch: bytes) -> bool:
    try:
        text = stretch.decode("utf-7")
    except UnicodeError:
        return False
    return all(ord(letter) > 0x7F and (letter.isalpha() or unicodedata.combining(letter)) for letter in text)


def _cheapest(file: IO[bytes], candidates: tuple[Candidate, ...]) -> str:
    readings = [_Reading(each, codecs.getincrementaldecoder(each.codec)()) for each in candidates]
    first = True
    for block, final in _blocks(file):
        judged = _judged_cells(block, first, final) if len(readings) > 1 else []
        first = False
        readings = [reading for reading in readings if reading.add(block, judged, final)]
        limit = min((reading.total for reading in readings), default=0.0) + HOPELESS_BITS
        readings = [reading for reading in readings if reading.total <= limit]
    readings.sort(key=lambda reading: reading.total)
    if not readings:
        raise FileRefused(
            "文字编码不是 UTF-8，也不是任何一种常用编码。请另存为 UTF-8。",
            "The letters are in no encoding that is in use. Save the file as UTF-8.",
        )
    best = readings[0]
    others = [reading for reading in readings[1:] if reading.texts != best.texts]
    sure = not others or others[0].total - best.total >= MARGIN_BITS
    dearest = best.candidate.dearest
    if sure and best.letters and dearest and best.bits <= dearest * best.letters + best.ascii_bits:
        return best.candidate.codec
    raise _unclear(readings)


def _judged_cells(block: bytes, first: bool, final: bool) -> list[bytes]:
    """Return some of the cells that are not ASCII, without those that the ends of the block cut."""
    cells, size = [], 0
    for found in _CELL.finditer(block):
        whole = (first or found.start() > 0) and (final or found.end() < len(block))
        if whole and len(found[0]) <= JUDGED_BYTES:
            cells.append(found[0])
            size += len(found[0])
        if size > JUDGED_BYTES:
            break
    return cells


def _sample(text: str) -> str:
    """Return the first word of a line that is not ASCII, as it is shown in a refusal."""
    found = re.search(r"[^\s,;\t|\"]*[^\x00-\x7f][^\s,;\t|\"]*", text)
    return found[0][:SHOWN_MAX] if found else ""


def _unclear(readings: list[_Reading]) -> FileRefused:
    shown: dict[str, str] = {}
    for reading in readings:
        if reading.sample not in shown.values() and len(shown) < NAMED and letter_costs.is_storable(reading.sample):
            shown[reading.candidate.label] = reading.sample
    listed_zh = "、".join(f"{name}（“{sample}”）" for name, sample in shown.items())
    listed_en = ", ".join(f"{name} ('{sample}')" for name, sample in shown.items())
    first = next(iter(shown), "gb18030")
    return FileRefused(
        f"无法确定文字编码，可能是：{listed_zh}。请用 encoding=（命令行 --encoding {first} 等）说明，或另存为 UTF-8。",
        f"The encoding of the letters is not certain. It may be {listed_en}. Say which with encoding="
        f" (for example --encoding {first}), or save the file as UTF-8.",
    )


def refuse_letters(encoding: str) -> FileRefused:
    """Return the refusal of a file that turns out to be in another encoding than was said or found."""
    return FileRefused(
        f"文件里有不是 {encoding} 编码的文字。请用 encoding=（命令行 --encoding）说明编码，或另存为 UTF-8。",
        f"Some letters are not in {encoding}. Say the encoding with encoding= (--encoding), or save the file as UTF-8.",
    )
