"""Finds the words by which a line, read, heard or planned, says that the video is paid for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from marketplace.intrusiveness.disclosure import language_table, more_languages
from marketplace.intrusiveness.disclosure.language_table import DisclosureLanguage
from marketplace.intrusiveness.disclosure.line_folding import fold, fold_letters

LANGUAGES: tuple[DisclosureLanguage, ...] = (
    *(language_table.CHINESE, language_table.ENGLISH, language_table.JAPANESE, language_table.KOREAN),
    *(language_table.GERMAN, language_table.FRENCH, language_table.SPANISH, language_table.PORTUGUESE),
    *(language_table.ITALIAN, *more_languages.LANGUAGES_HERE),
)
# Another sentence, or another thought: a denial in one says nothing of the next.
_CLAUSE = re.compile(
    r"(?:(?!\b(?:but|however|because|aber|sondern|mais|pero|sino|mas|ama|fakat|tapi|tetapi|nhung|maar|ale)\b)"
    r"[^.!;,。、…|?\n])+\??"
)
_QUESTION = re.compile(r"(\?|吗|嗎|ですか|ますか|か|인가요|나요)\s*$")
_TAG = re.compile(r"#\s?([^\s#@.,!?:;|。、()\[\]【】]+)")
_BRACKETS = re.compile(r"[\[(【〔「『<《〈]([^\[\]()【】〔〕「」『』<>《》〈〉]{1,40})[\])】〕」』>》〉]")
_SEPARATOR = r"\s*[|:·•/—–。]\s*|\s+-\s+|\.\s+"
_NONE = re.compile(
    r"(no|none|nein|keine?|non|aucune?|ningun[ao]?|nenhuma?|nessuna?|无|没有|否|なし|없음|아니오|yok|hayir|tidak|khong|нет|nie|nee|nej|nei)"
    r"(?![^\W\d_])"
)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# Who offers or seeks such work discloses nothing.
_CONTACT = re.compile(
    r"\w@[\w-]+\.\w|\bdm\b|e-?mail|\binquir|\benquir|\bcontact|私信|私聊|联系|邮箱|微信|加v|咨询|洽谈|问い合わせ|문의|anfrage|kontakt|"
    r"consulta|contato|hubungi|lien he|ติดต่อ|по вопросам|для связи|сотрудничеств|iletisim|للتواصل"
)


@dataclass(frozen=True)
class DisclosureWords:
    """What a line discloses with, as it was folded, and the table's language of it."""

    text: str
    language: DisclosureLanguage


def disclosing_words(text: str) -> DisclosureWords | None:
    """Return the words by which a line says that it is paid for, or None."""
    line = fold(text)
    if not line or _QUESTION.search(line):
        return None
    found = (_whole(line), *_labels(line), *_tags(line), *_phrases(line))
    return next((one for one in found if one is not None), None)


def around(text: str, found: DisclosureWords) -> str:
    """Return what a line says besides its disclosure, without the small words that belong to that."""
    rest = re.sub(r"[\W_]+", " ", fold(text).replace(found.text, " ", 1))
    return " ".join(_COMPILED[found.language.code].around.sub(" ", rest).split())


class _Patterns:
    """The compiled patterns of one language."""

    def __init__(self, language: DisclosureLanguage) -> None:
        self.language = language

    @cached_property
    def phrases(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_loose(phrase)) for phrase in self.language.phrases)

    @cached_property
    def denied_before(self) -> re.Pattern[str]:
        return re.compile(fold_letters(self.language.denied_before))

    @cached_property
    def denied_after(self) -> re.Pattern[str]:
        return re.compile(fold_letters(self.language.denied_after))

    @cached_property
    def around(self) -> re.Pattern[str]:
        return re.compile(fold_letters(self.language.around))

    def denied(self, before: str, after: str) -> bool:
        return self.denied_before.search(before) is not None or self.denied_after.match(after) is not None


def _loose(pattern: str) -> str:
    """Fold a pattern like the lines, and let its spaces be missing: readers join words."""
    return fold_letters(pattern).replace(" ?", " *").replace(" ", r"\s*").replace(r"\s**", r"\s*")


def _joined(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _by_words(*lists: str) -> dict[str, DisclosureLanguage]:
    """Return the language of each word of some of the table's lists; of two languages with one word the first."""
    return {
        _joined(fold(word)): language
        for language in reversed(LANGUAGES)
        for name in lists
        for word in getattr(language, name)
    }


_COMPILED = {language.code: _Patterns(language) for language in LANGUAGES}
_WHOLE_LINES = _by_words("bare", "whole")
_LABELS = _by_words("bare")
_TAGS = _by_words("bare", "tags")
_LONGEST = max(map(len, _LABELS))


def _whole(line: str) -> DisclosureWords | None:
    language = _WHOLE_LINES.get(_joined(line))
    return None if language is None else DisclosureWords(_EDGES.sub("", line), language)


def _labels(line: str) -> Iterator[DisclosureWords]:
    """Yield words in brackets, and words parted from the rest of the line by a separator: 广告｜…, Anzeige: …"""
    for hit in _BRACKETS.finditer(line):
        language = _LABELS.get(_joined(hit[1]))
        if language is not None:
            yield DisclosureWords(hit[0], language)
    parts = re.split(_SEPARATOR, line)
    if len(parts) < 2 or _CONTACT.search(line):
        return
    for part, other in ((parts[0], parts[1]), (parts[-1], parts[-2])):
        language = _LABELS.get(_joined(part)) if len(part) <= 2 * _LONGEST else None
        denied = language is not None and _COMPILED[language.code].denied(f"{other} ", f" {other}")
        if language is not None and not denied and not _NONE.match(other):
            yield DisclosureWords(_EDGES.sub("", part), language)


def _tags(line: str) -> Iterator[DisclosureWords]:
    for clause in _CLAUSE.finditer(line):
        for hit in _TAG.finditer(clause[0]):
            language = _TAGS.get(_joined(hit[1]))
            if language is not None and not _COMPILED[language.code].denied(clause[0][: hit.start()], ""):
                yield DisclosureWords(hit[0], language)


def _phrases(line: str) -> Iterator[DisclosureWords]:
    for clause in _CLAUSE.finditer(line):
        said = clause[0].strip()
        if _QUESTION.search(said) or _CONTACT.search(said):
            continue
        for patterns in _COMPILED.values():
            for phrase in patterns.phrases:
                for hit in phrase.finditer(said):
                    if not patterns.denied(said[: hit.start()], said[hit.end() :]) and not patterns.denied(hit[0], ""):
                        yield DisclosureWords(hit[0].strip(), patterns.language)
