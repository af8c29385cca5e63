"""The languages of each market, and in which of them a disclosure can be judged.

The languages are those that have official standing in the country or are the main ones of its media (Unicode CLDR,
``supplemental/territoryInfo``), as codes of ISO 639-1 (``tl`` as the recogniser has it); the likeliest first.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from marketplace.core.message import Bilingual
from marketplace.intrusiveness.disclosure.disclosure_words import LANGUAGES

_LANGUAGES = {
    **dict.fromkeys(("CN", "TW"), "zh"),
    **dict.fromkeys(("NZ", "AU", "GB", "IE", "NG"), "en"),
    **dict.fromkeys(("MX", "AR", "CO", "CL", "PE", "ES"), "es"),
    **dict.fromkeys(("BR", "PT"), "pt"),
    **dict.fromkeys(("DE", "AT"), "de"),
    **dict.fromkeys(("SA", "EG"), "ar"),
    "US": "en es",
    "HK": "zh en",
    "MO": "zh pt",
    "SG": "en zh ms",
    "MY": "ms en zh",
    "CA": "en fr",
    "FR": "fr",
    "IT": "it",
    "NL": "nl",
    "BE": "nl fr de",
    "CH": "de fr it",
    "PL": "pl",
    "CZ": "cs",
    "RO": "ro",
    "GR": "el",
    "SE": "sv",
    "NO": "no",
    "DK": "da",
    "FI": "fi sv",
    "UA": "uk ru",
    "RU": "ru",
    "TR": "tr",
    "IL": "he ar",
    "AE": "ar en",
    "MA": "ar fr",
    "KE": "en sw",
    "ZA": "en af",
    "IN": "hi en",
    "PK": "ur en",
    "BD": "bn",
    "LK": "si ta en",
    "NP": "ne",
    "KZ": "kk ru",
    "ID": "id",
    "TH": "th",
    "VN": "vi",
    "PH": "tl en",
    "KH": "km",
    "MM": "my",
    "JP": "ja",
    "KR": "ko",
}
_IN_TABLE = frozenset(language.code for language in LANGUAGES)
# The reader of screens knows Latin letters, Chinese characters and kana (PP-OCRv6); what is written in others it skips.
_UNREAD = frozenset(("ko", "th", "ru", "uk", "ar"))
JUDGED = _IN_TABLE - _UNREAD
# Scripts by the first word of their letters' Unicode names, with the languages that they stand for here.
_SCRIPTS = {
    "LATIN": "",
    "CJK": "zh ja",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CYRILLIC": "ru uk",
    "THAI": "th",
    "ARABIC": "ar",
    "GREEK": "el",
    "HEBREW": "he",
    "DEVANAGARI": "hi ne",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "SINHALA": "si",
    "KHMER": "km",
    "MYANMAR": "my",
}
# First words of the names of letters that tell no script.
_SIGNS = frozenset(("KATAKANA-HIRAGANA", "IDEOGRAPHIC", "MODIFIER", "FEMININE", "MASCULINE", "MICRO", "BOPOMOFO", "?"))
# Latin letters that no language of the table has, and what stands for a language with them.
_OTHER_LETTERS, OTHER_LATIN = frozenset("őűčřůěďťňľĺŕșțāēīūģķļņėįųšž"), "und-Latn"
_LETTERS_LEAST = 3
_NAMES = {
    "ko": Bilingual("韩语", "Korean"),
    "th": Bilingual("泰语", "Thai"),
    "ru": Bilingual("俄语", "Russian"),
    "uk": Bilingual("乌克兰语", "Ukrainian"),
    "ar": Bilingual("阿拉伯语", "Arabic"),
    "el": Bilingual("希腊语", "Greek"),
    "he": Bilingual("希伯来语", "Hebrew"),
    "hi": Bilingual("印地语", "Hindi"),
    "bn": Bilingual("孟加拉语", "Bengali"),
    "ta": Bilingual("泰米尔语", "Tamil"),
    "si": Bilingual("僧伽罗语", "Sinhala"),
    "km": Bilingual("高棉语", "Khmer"),
    "my": Bilingual("缅甸语", "Burmese"),
    "ne": Bilingual("尼泊尔语", "Nepali"),
    "ur": Bilingual("乌尔都语", "Urdu"),
    "cs": Bilingual("捷克语", "Czech"),
    "ro": Bilingual("罗马尼亚语", "Romanian"),
    "tl": Bilingual("菲律宾语", "Filipino"),
    "sw": Bilingual("斯瓦希里语", "Swahili"),
    "af": Bilingual("南非荷兰语", "Afrikaans"),
    "kk": Bilingual("哈萨克语", "Kazakh"),
    OTHER_LATIN: Bilingual("另一种拉丁字母语言", "another language in Latin letters"),
}


def languages_of(markets: Iterable[str]) -> tuple[str, ...]:
    """Return the languages of markets (ISO 3166-1, also with a subdivision), each once."""
    codes = (code for market in markets for code in _LANGUAGES.get(market.partition("-")[0], "").split())
    return tuple(dict.fromkeys(codes))


def languages_by_script(names: Iterable[str]) -> tuple[str, ...]:
    """Return the languages that names in other scripts than Latin stand for; those of Latin letters tell none."""
    codes = (code for name in names for script in _scripts(name) for code in _SCRIPTS.get(script, "").split())
    return tuple(dict.fromkeys(codes))


def not_judged(markets: Sequence[str], spoken: str | None, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the languages for which "no disclosure was found" says nothing: those of a video (the language ``spoken``,
    if any, and its ``texts``), or of its markets if none of theirs can be judged. Codes, or names of scripts."""
    found = [] if spoken is None or spoken in JUDGED else [spoken]
    found += (language for text in texts if (language := _other_language(text)) is not None)
    of_markets = languages_of(markets)
    if of_markets and not any(language in JUDGED for language in of_markets):
        found += of_markets
    return tuple(dict.fromkeys(found))


def language_name(code: str) -> Bilingual:
    return _NAMES.get(code, Bilingual(code, code))


def _scripts(text: str) -> list[str]:
    """Return the script of each letter of a text."""
    letters = (character for character in unicodedata.normalize("NFKC", text) if character.isalpha())
    return [unicodedata.name(letter, "?").split()[0] for letter in letters]


def _other_language(text: str) -> str | None:
    """Return the language of a text that can be told not to be a judged one, or None."""
    scripts = _scripts(text)
    for script in set(scripts) - _SIGNS:
        count, languages = scripts.count(script), _SCRIPTS.get(script, script.casefold()).split()
        if count >= _LETTERS_LEAST and 2 * count >= len(scripts) and languages and not JUDGED & set(languages):
            return languages[0]
    return OTHER_LATIN if _OTHER_LETTERS & set(unicodedata.normalize("NFKC", text).casefold()) else None
