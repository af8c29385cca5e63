"""How likely a text is in the languages of an encoding, in bits: the fewer, the likelier.

The costs are those of a rough model, not of a corpus: a common letter of the language about 9 bits, another of the
basic set of its standard 13, what is beyond it 20 and more; an ASCII letter 4. They are compared, never shown.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from marketplace.channels.files.tables.frequent_letters import HANGUL, KANJI, SIMPLIFIED, TRADITIONAL

COMMON, BASIC, RARE, STRANGE = 9.0, 13.0, 20.0, 30.0
ASCII_BITS, KANA_BITS, PUNCTUATION = 4.2, 7.0, 9.0
LETTER, OTHER_LETTER, SYMBOL = 5.0, 9.0, 12.0
# What it costs if a capital follows a small letter, and if two scripts meet in a word.
CASE_BREAK, SCRIPT_BREAK = 9.0, 9.0
# A sign of money beside a digit is what it seems.
CURRENCY, _CURRENCIES = 1.0, "¥£€"
# What PostgreSQL's text refuses or readers cannot show: control characters but tab and line ends, lone surrogates, and
# non-characters; and private letters, which no file has on purpose.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd-\uffff]")
_TYPOGRAPHIC = "’‘“”–—…«»„‚°·•™®©€£²³½¿¡§"


@dataclass(frozen=True)
class Candidate:
    """An encoding that a file may be in.

    `prior`: bits by which it is rarer among files of this market than others. `dearest`: the most that a letter may
    cost on average in a text of it. None for encodings of one byte a letter: any bytes are a text of several of them,
    so they are offered and never taken for certain.
    """

    codec: str
    label: str
    prior: float
    letter_bits: Callable[[str], float]
    dearest: float | None = None


def is_storable(text: str) -> bool:
    """Return whether a text has no letters that can be neither kept nor shown."""
    return not _UNSTORABLE.search(text)


def cost(text: str, candidate: Candidate) -> tuple[float, int]:
    """Return the bits of a line, and how many letters of it are not ASCII."""
    bits, letters, before = 0.0, 0, ""
    for place, letter in enumerate(text):
        if letter < "\x80":
            bits += ASCII_BITS
            if before >= "\x80" and letter.isalpha() and not _fits(before, letter):
                bits += SCRIPT_BREAK
        else:
            letters += 1
            if letter in _CURRENCIES and (before.isdecimal() or text[place + 1 : place + 2].isdecimal()):
                bits += CURRENCY
            else:
                bits += candidate.letter_bits(letter)
            if before.isalpha() and letter.isalpha():
                if not _fits(before, letter):
                    bits += SCRIPT_BREAK
                elif letter.isupper() and before.islower():
                    bits += CASE_BREAK
        before = letter
    return bits, letters


def _fits(before: str, letter: str) -> bool:
    """Return whether two letters may stand beside each other in a word."""
    first, second = _script(before), _script(letter)
    return first == second or {first, second} <= {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "FULLWIDTH"}


@cache
def _script(letter: str) -> str:
    if letter < "\x80":
        return "LATIN"
    name = unicodedata.name(letter, "")
    first = name.split(" ", 1)[0]
    return "LATIN" if "LATIN" in name and first != "FULLWIDTH" else first


def _encodable(letter: str, codec: str) -> bytes:
    try:
        return letter.encode(codec)
    except UnicodeError:
        return b""


def _east_asian(common: frozenset[str], basic: Callable[[str], bool], script: str) -> Callable[[str], float]:
    """Return the bits of letters in a language of East Asia. `script` is what it is written in beside Han letters."""

    @cache
    def bits(letter: str) -> float:
        if not is_storable(letter):
            return STRANGE
        kind = _script(letter)
        if letter in common:
            return COMMON
        if kind in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"):
            return KANA_BITS if script == "KANA" else BASIC
        if kind == "HALFWIDTH":
            return SYMBOL
        if basic(letter):
            return BASIC
        if kind in ("FULLWIDTH", "IDEOGRAPHIC", "LEFT", "RIGHT") or letter in _TYPOGRAPHIC:
            return PUNCTUATION
        return RARE

    return bits


def _simplified(letter: str) -> bool:
    encoded = _encodable(letter, "gb2312")
    return len(encoded) == 2 and 0xB0 <= encoded[0] <= 0xD7


def _traditional(letter: str) -> bool:
    encoded = _encodable(letter, "big5")
    return len(encoded) == 2 and 0xA4 <= encoded[0] <= 0xC6


def _kanji(letter: str) -> bool:
    encoded = _encodable(letter, "shift_jis")
    return len(encoded) == 2 and 0x88 <= encoded[0] <= 0x98


def _hangul(letter: str) -> bool:
    return _script(letter) == "HANGUL" and len(_encodable(letter, "euc_kr")) == 2


def _alphabet(*alphabets: str) -> Callable[[str], float]:
    """Return the bits of letters in languages with an alphabet, of which these letters are not ASCII."""
    own = frozenset(letter for alphabet in alphabets for letter in alphabet + alphabet.upper() if len(letter) == 1)

    @cache
    def bits(letter: str) -> float:
        if not is_storable(letter):
            return STRANGE
        if letter in own:
            return LETTER
        if letter.isalpha():
            return OTHER_LETTER + (0 if _script(letter) in {_script(each) for each in own} else 4)
        return PUNCTUATION if letter in _TYPOGRAPHIC or letter == "\xa0" else SYMBOL

    return bits


_WESTERN = "àâäæçèéêëîïôöœùûüÿñáíóúãõßåøìòýðþ"
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžäöüßőűôĺľŕđăâîșțşţ"
_BALTIC = "āčēģīķļņšūžąęėįųõäöüå"
_TURKISH = "çğıöşüâîûİ"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўђјљњћџ"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώςϊϋ"
_HEBREW = "".join(map(chr, range(0x5D0, 0x5EB)))
_ARABIC = "".join(map(chr, [*range(0x621, 0x63B), *range(0x641, 0x64B), 0x67E, 0x686, 0x698, 0x6AF, 0x6CC, 0x6A9]))
_THAI = "".join(map(chr, [*range(0xE01, 0xE3B), *range(0xE40, 0xE4F)]))
_VIETNAMESE = "ăâđêôơưàáèéìíòóùúýãõ" + "\u0300\u0301\u0303\u0309\u0323"
_WEST, _CENTRE, _CYR, _HELLAS = (_alphabet(letters) for letters in (_WESTERN, _CENTRAL, _CYRILLIC, _GREEK))
_ANY = _alphabet(_WESTERN, _CYRILLIC, _GREEK)
# Rarer than an encoding of this market: one whose files are old, or of other programs than spreadsheets.
_OLD = 14.0
UTF_8 = Candidate("utf-8", "utf-8", -10.0, _ANY, STRANGE)


def _table(rows: Iterable[tuple[Any, ...]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(*row) for row in rows)


CANDIDATES = _table(
    (
        ("gb18030", "gb18030", -6.0, _east_asian(SIMPLIFIED, _simplified, "HAN"), 14.5),
        ("cp950", "big5", 5.0, _east_asian(TRADITIONAL, _traditional, "HAN"), 11.8),
        ("cp932", "shift_jis", 5.0, _east_asian(KANJI, _kanji, "KANA"), 11.8),
        ("euc_jp", "euc_jp", 12.0, _east_asian(KANJI, _kanji, "KANA"), 11.8),
        ("cp949", "euc_kr", 5.0, _east_asian(HANGUL, _hangul, "HANGUL"), 11.8),
        ("cp1252", "cp1252", 4.0, _WEST),
        ("cp1250", "cp1250", 6.0, _CENTRE),
        ("cp1251", "cp1251", 5.0, _CYR),
        ("cp1253", "cp1253", 8.0, _HELLAS),
        ("cp1254", "cp1254", 7.0, _alphabet(_TURKISH)),
        ("cp1255", "cp1255", 9.0, _alphabet(_HEBREW)),
        ("cp1256", "cp1256", 8.0, _alphabet(_ARABIC)),
        ("cp1257", "cp1257", 9.0, _alphabet(_BALTIC)),
        ("cp1258", "cp1258", 9.0, _alphabet(_VIETNAMESE)),
        ("cp874", "cp874", 14.0, _alphabet(_THAI)),
        ("iso8859_2", "iso-8859-2", _OLD, _CENTRE),
        ("iso8859_5", "iso-8859-5", _OLD, _CYR),
        ("iso8859_15", "iso-8859-15", _OLD, _WEST),
        ("koi8_r", "koi8-r", 10.0, _CYR),
        ("mac_roman", "mac_roman", 10.0, _WEST),
        ("mac_cyrillic", "mac_cyrillic", _OLD, _CYR),
        ("mac_latin2", "mac_latin2", _OLD, _CENTRE),
        ("cp437", "cp437", _OLD, _WEST),
        ("cp850", "cp850", 10.0, _WEST),
        ("cp852", "cp852", _OLD, _CENTRE),
        ("cp866", "cp866", 10.0, _CYR),
    )
)
