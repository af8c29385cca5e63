"""Tells a brand's name in a text that was read from one that only looks or sounds like it.

A reader confuses letters that look the same, so those are one letter here; any other letter makes another word: Banker
is not Anker, marsh is not Mars. Chinese is read by shape and never heard, so a character that only sounds the same is
another. What is nearly a name is told apart, for a person to look at: it may be a misreading, or another brand.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from marketplace.vision.read.text_forms import folded_case, has_han, plain, seen_alike, sounds

# Names this long count within a longer word, as readers join words (buyLIMEISLEnow); shorter ones would be met in many.
WITHIN_LEAST = 8
# How much of a name must be the same for "looks like", and the least length of such a name.
LOOKS_LIKE_LEAST, LOOKS_LIKE_LENGTH = 0.75, 4
HAN_LOOKS_LIKE_LEAST, HAN_LOOKS_LIKE_LENGTH = 0.6, 3
SOUNDS_LIKE_LEAST = 0.95
# What handles and hashtags put before or after a name.
_BEFORE = r"(the|real|official|team|by|my|get|try|its|we|hello|join|use|shop|buy|love|i|with|go|ask|from)"
_AFTER = (
    r"(official|officiel|oficial|offical|store|shop|app|brand|global|world|hq|tv|inc|co|com|ltd|group|team|life|lab|labs|"
    r"care|support|news|live|studio|online|usa?|uk|eu|cn|hk|tw|jp|kr|de|fr|es|it|br|mx|in|id|th|vn|my|sg|ph|au|ca|ru|tr|"
    r"ae|sa|china|japan|korea|india|indonesia|thailand|vietnam|malaysia|singapore|philippines|australia|canada|germany|"
    r"france|spain|italy|europe|brasil|brazil|mexico|america|now|partner|ad|sponsored|review|unboxing|haul|\d+)"
)
_TOKEN = re.compile(r"[@#＠＃]\s?([\w.\-]+)")
_AND = r"\s*(?:&|\+|'?n'?|and|und|et|y|e|和|与)\s*"


@dataclass(frozen=True)
class NameForms:
    """A name as it is compared: its letters, without a last 's, and, if it has an ampersand, the pattern for it."""

    letters: str
    bare: str
    joined_by_and: re.Pattern[str] | None


@lru_cache(maxsize=512)
def forms(name: str) -> NameForms:
    folded = folded_case(name)
    letters = plain(name).replace(" ", "")
    bare = plain(re.sub(r"['’]s\b", "", folded)).replace(" ", "")
    parts = [re.escape(plain(part)).replace(r"\ ", r"\s*") for part in re.sub(r"['’]s\b", "", folded).split("&")]
    with_and = re.compile(rf"(?<!\w){_AND.join(parts)}(?:\s*['’]?s)?(?!\w)") if len(parts) > 1 and all(parts) else None
    return NameForms(letters, bare, with_and)


# A line stays for many pictures, each with the same text.
@lru_cache(maxsize=1 << 15)
def mentioned(text: str, name: str) -> str | None:
    """Return how a name is written in a text that was read, in letters and digits, or None if it is not in it."""
    name_forms = forms(name)
    if name_forms.joined_by_and is not None:
        found = name_forms.joined_by_and.search(folded_case(text))
        if found:
            return plain(found[0]).replace(" ", "")
        if len(name_forms.bare) < WITHIN_LEAST:
            return None  # MM, HM and the like are other words without it
    if has_han(name_forms.letters):
        return name_forms.letters if name_forms.letters in plain(text).replace(" ", "") else None
    wanted = {seen_alike(name_forms.letters), seen_alike(name_forms.bare)} - {""}
    for run in runs(plain(text), max(map(len, wanted))):
        # Short words are too many for letters that look alike.
        if run in (name_forms.letters, name_forms.bare) or (len(run) > 3 and seen_alike(run) in wanted):
            return run
    return _in_handles(text, wanted) or _within(text, name_forms.letters)


def runs(text: str, length: int) -> Iterator[str]:
    """Yield runs of whole words of a plain text that are at most two letters longer or shorter than ``length``:
    readers join and part words."""
    words = re.findall(r"[^\W\u4e00-\u9fff]+", text)
    for first in range(len(words)):
        run = ""
        for word in words[first:]:
            run += word
            if len(run) > length + 2:
                break
            if len(run) >= length - 2:
                yield run


def _in_handles(text: str, wanted: set[str]) -> str | None:
    """Return a name in a handle or hashtag that holds it with the words that such add: @ankerofficial, #Anker_US."""
    for hit in _TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        for name in wanted:
            parts = [seen_alike(part.casefold()) for part in _camel_parts(hit[1])]
            whole = "".join(parts)
            around = rf"(?:{seen_alike(_BEFORE)})?{re.escape(name)}(?:{seen_alike(_AFTER)})*"
            if len(name) > 2 and (re.fullmatch(around, whole) or _consecutive(parts, name)):
                return name
            if len(name) >= WITHIN_LEAST - 2 and whole.startswith(name):
                return name
    return None


def _camel_parts(token: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+", token)


def _consecutive(parts: list[str], name: str) -> bool:
    """Return whether some parts in a row make the name."""
    return any(
        "".join(parts[first:last]) == name for first in range(len(parts)) for last in range(first + 1, len(parts) + 1)
    )


def _within(text: str, letters: str) -> str | None:
    """Return a long name that stands within a longer word, or between changes of case in one."""
    for word in re.findall(r"[^\W_\u4e00-\u9fff]+", unicodedata.normalize("NFKC", text)):
        if len(letters) >= WITHIN_LEAST and letters in word.casefold():
            return letters
        if len(letters) >= WITHIN_LEAST - 3 and _consecutive([part.casefold() for part in _camel_parts(word)], letters):
            return letters
    return None


def without_handles(text: str, name: str) -> str:
    """Return a text without the handles and hashtags that hold a name."""
    return _TOKEN.sub(lambda hit: " " if mentioned(hit[0], name) is not None else hit[0], text)


@lru_cache(maxsize=1 << 15)
def looks_like(text: str, name: str) -> str | None:
    """Return what in a text looks or sounds nearly like a name that is not mentioned in it, or None."""
    if mentioned(text, name) is not None:
        return None
    letters = forms(name).letters
    return _han_near(plain(text).replace(" ", ""), letters) if has_han(letters) else _letters_near(plain(text), letters)


def _han_near(text: str, letters: str) -> str | None:
    if len(letters) < HAN_LOOKS_LIKE_LENGTH:
        return None
    for start in range(len(text) - len(letters) + 1):
        part = text[start : start + len(letters)]
        same = sum(one == other for one, other in zip(part, letters, strict=True)) / len(letters)
        if has_han(part) and (same >= HAN_LOOKS_LIKE_LEAST or _sounds_like(part, letters)):
            return part
    return None


def _sounds_like(part: str, letters: str) -> bool:
    said, wanted = sounds(part), sounds(letters)
    return len(said) == len(wanted) and fuzz.ratio(" ".join(said), " ".join(wanted)) / 100 >= SOUNDS_LIKE_LEAST


def _letters_near(text: str, letters: str) -> str | None:
    if len(letters) < LOOKS_LIKE_LENGTH:
        return None
    near = (
        (DamerauLevenshtein.normalized_similarity(seen_alike(run), seen_alike(letters)), run)
        for run in runs(text, len(letters))
    )
    alike, best = max(near, default=(0.0, ""))
    return best if alike >= LOOKS_LIKE_LEAST else None
