"""The language in which a caller is answered: of Chinese and English that which Accept-Language (RFC 9110) prefers."""

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from marketplace.core.message import Language

DEFAULT: Language = "en"
TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}


def language_of(accept: str) -> Language:
    """Return the language for a header's value: every kind of Chinese is zh; English where neither is asked for."""
    return _best(parse_accept_header(accept, LanguageAccept))


def caller_language() -> Language:
    """Return the language of the present request."""
    return _best(request.accept_languages)


def language_headers(language: Language) -> dict[str, str]:
    """Return what an answer in one language says of itself, to readers and to caches."""
    return {"Content-Language": TAGS[language], "Vary": "Accept-Language"}


def _best(accepted: LanguageAccept) -> Language:
    # Not `best_match`: it takes an exact `en` of low weight before a `zh-Hant` of high weight.
    for tag, weight in sorted(accepted, key=lambda one: -one[1]):
        primary = tag.partition("-")[0].lower()
        if weight > 0 and primary in ("zh", "en", "*"):
            return "zh" if primary == "zh" else "en"
    return DEFAULT
