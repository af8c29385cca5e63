"""Which of a text's words matter: a brand's names however they are written, disclosure marks, offers.

Names are looked for in what optical character or speech recognition made of them: by edit distance for letters and,
as both mistake homophones, by the sound of Chinese characters (pinyin without tones).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

NAME_MAX = 60
NAMES_MAX = 20
# Alike from here on, by the number of letters: a short name must be met exactly, or every word is a brand.
LETTERS_ALIKE = ((3, 1.0), (5, 0.8), (8, 0.82), (99, 0.8))
HAN_ALIKE_LEAST = 0.8  # homophones were measured at 0.91, unrelated names at 0.53 to 0.62
HAN_SHORT, HAN_SHORT_ALIKE_LEAST = 2, 0.95
# Reading mistakes characters far more rarely than hearing does, so that of written ones each has to sound alike.
WRITTEN_ALIKE_LEAST = 0.65


@dataclass(frozen=True)
class NameHit:
    """A name found in a text: which, how surely (0..1), and how it was written there."""

    name: str
    alike: float
    written: str


_TO_SIMPLIFIED = OpenCC("t2s")


def simplified(text: str) -> str:
    """Return a text in simplified characters, character by character."""
    return str(_TO_SIMPLIFIED.convert(text))


def _folded_case(text: str) -> str:
    return simplified(unicodedata.normalize("NFKC", text)).casefold()


def plain(text: str) -> str:
    """Return a text for comparing: compatibility forms resolved, simplified characters, lower case, letters and
    digits only, single spaces."""
    simple = _folded_case(text)
    return " ".join("".join(one if one.isalnum() else " " for one in simple).split())


@lru_cache(maxsize=4096)
def sounds(text: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(text))


def _han(text: str) -> bool:
    return any("\u4e00" <= one <= "\u9fff" for one in text)


def brand_hits(text: str, names: Sequence[str], *, written: bool = False) -> list[NameHit]:
    """Return each name met in a text, the surest first. ``written``: the text was read, not heard."""
    found = (_best(plain(text), name, written) for name in names)
    return sorted((one for one in found if one is not None), key=lambda one: -one.alike)


def _best(text: str, name: str, written: bool) -> NameHit | None:
    wanted = plain(name).replace(" ", "")
    if not wanted or not text:
        return None
    if not _han(wanted):
        return _letters_best(text, name, wanted)
    return _han_best(text.replace(" ", ""), name, wanted, written)


def _han_best(text: str, name: str, wanted: str, written: bool) -> NameHit | None:
    if wanted in text:
        return NameHit(name, 1.0, wanted)
    if written and len(wanted) <= HAN_SHORT:
        return None
    least = HAN_SHORT_ALIKE_LEAST if len(wanted) <= HAN_SHORT else HAN_ALIKE_LEAST
    best: NameHit | None = None
    for at in range(len(text) - len(wanted) + 1):
        part = text[at : at + len(wanted)]
        if not _han(part):
            continue
        alike = _sound_alike(sounds(wanted), sounds(part), WRITTEN_ALIKE_LEAST if written else 0.0)
        if alike >= least and (best is None or alike > best.alike):
            best = NameHit(name, alike, part)
    return best


def _sound_alike(one: tuple[str, ...], other: tuple[str, ...], each: float) -> float:
    """Return how alike syllables sound on the whole, 0..1; 0 where one of them is less alike than ``each``."""
    if len(one) != len(other):
        return 0.0
    alike = [fuzz.ratio(first, second) / 100 for first, second in zip(one, other, strict=True)]
    return sum(alike) / len(alike) if min(alike) >= each else 0.0


def sound_ratio(one: str, other: str) -> float:
    """Return how alike two texts sound, 0..1, whatever script they are written in."""
    return fuzz.ratio(_spoken(one), _spoken(other)) / 100


def sound_within(name: str, text: str) -> float:
    """Return how alike a name sounds to the part of a text that sounds most like it, 0..1."""
    wanted, there = _spoken(name), _spoken(text)
    # Of a text shorter than the name all counts, or any letter would be a part of it.
    return (fuzz.partial_ratio if len(there) > len(wanted) else fuzz.ratio)(wanted, there) / 100


def _spoken(text: str) -> str:
    """Return roughly how a text sounds in any reading: pinyin for characters; of letters, those that sound alike are
    one, and of vowels only that there is one."""
    letters = "".join(sounds(text)).casefold()
    for pattern, sound in _SOUNDS:
        letters = pattern.sub(sound, letters)
    return letters


_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"ph", "f"),
        (r"[sc]h|tch|zh", "s"),
        (r"th", "t"),
        (r"ck|qu?", "k"),
        (r"x", "ks"),
        (r"c(?=[eiy])", "s"),
        (r"g(?=[eiy])", "j"),
        (r"c", "k"),
        (r"z", "s"),
        (r"v|w", "f"),
        (r"kn", "n"),
        (r"wr", "r"),
        (r"h", ""),
        (r"e$", ""),
        (r"[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    )
)


def _folded(text: str) -> str:
    """Return letters with those made one that no recogniser tells apart in every typeface."""
    return text.translate(_FOLD)


_FOLD = str.maketrans({"i": "l", "1": "l", "0": "o"})


def _letters_best(text: str, name: str, wanted: str) -> NameHit | None:
    least = next(alike for most, alike in LETTERS_ALIKE if len(wanted) <= most)
    best: NameHit | None = None
    for part in _word_runs(text, len(wanted)):
        alike = 1.0 if part == wanted else Levenshtein.normalized_similarity(_folded(part), _folded(wanted))
        if alike >= least and (best is None or alike > best.alike):
            best = NameHit(name, alike, part)
    return best


def _word_runs(text: str, length: int) -> Iterator[str]:
    """Yield runs of whole words about as long as a name. Recognition joins and splits words, and Chinese has none:
    so letters are also taken out of what surrounds them."""
    words = re.findall(r"[^\W\u4e00-\u9fff]+", text)
    for first in range(len(words)):
        run = ""
        for word in words[first:]:
            run += word
            if len(run) > length + 2:
                break
            if len(run) >= length - 2:
                yield run
    for word in words:
        # A long name may be glued to its neighbours; a short one in a longer word is another word.
        if length >= 6 and len(word) > length + 2:
            yield from (word[at : at + length] for at in range(len(word) - length + 1))


_NOT = r"(?<!没有)(?<!不是)(?<!并非)(?<!非)(?<!无)"
_DISCLOSURES = (
    (re.compile(_NOT + r"(广告|赞助|商业推广|商业合作|付费合作|品牌合作|合作推广|付费推广)"), "zh"),
    (re.compile(r"(^|\s)(ad|sponsored|advertisement|promotion)($|\s)"), "en"),
    (re.compile(r"paid\s?partnership|sponsored by|paid promotion|in partnership with"), "en"),
)
_HASH_AD = re.compile(r"#\s?(ad|sponsored|广告|赞助|合作)\b", re.IGNORECASE)
_CLAIMS: dict[str, re.Pattern[str]] = {
    "price": re.compile(r"[¥$€]\s?\d|\d+(\.\d+)?\s?(元|块钱|块(?!头)|rmb|dollars|usd)"),
    "discount": re.compile(
        r"\d(\.\d)?折|立减|优惠|满\d+减|半价|特价|包邮|买一送一|\d+\s?% ?off|discount|half price|free "
    ),
    "feature": re.compile(
        r"成分|配方|零糖|无糖|续航|毫安|功效|专利|销量第一|ingredients|patented|zero sugar|best.selling"
    ),
    "call_to_action": re.compile(
        r"点击|下单|购买链接|链接在|购物车|小黄车|左下角|扫码|领券|点关注|立即购买|抢购|"
        r"link (in|below)|buy now|shop now|order now|use (my )?code|sign up|download (it|the|now)"
    ),
}


def disclosure(text: str) -> str | None:
    """Return the words that mark a text as paid for, or None."""
    tagged = _HASH_AD.search(unicodedata.normalize("NFKC", text))
    if tagged:
        return tagged.group(0)
    simple = _folded_case(text)
    spaced = plain(text)
    for pattern, language in _DISCLOSURES:
        found = pattern.search(spaced.replace(" ", "") if language == "zh" else spaced) or (
            pattern.search(simple) if language == "en" and len(simple) > 4 else None
        )
        if found and not (language == "en" and found.group(0).strip() == "ad" and len(spaced.split()) > 3):
            return found.group(0).strip()
    return None


def claims(text: str) -> list[str]:
    """Return the kinds of selling points in a text: price, discount, feature, call_to_action."""
    simple = _folded_case(text)
    return [kind for kind, pattern in _CLAIMS.items() if pattern.search(simple)]
