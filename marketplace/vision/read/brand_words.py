"""Finds the words that matter in a text: a brand's names however they are written, disclosure marks, offers.

Heard names are matched by sound: letters by edit distance, Chinese characters by pinyin without tones. What was read is
held to more (``written_names.py``).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from marketplace.intrusiveness.disclosure.disclosure_words import DisclosureWords, around, disclosing_words
from marketplace.vision.read import written_names
from marketplace.vision.read.text_forms import folded_case, has_han, seen_alike, simplified, sounds
from marketplace.vision.read.text_forms import plain as plain

NAME_MAX = 60
NAMES_MAX = 20
# The least similarity of a match, by the name's number of letters: a short name must match exactly, or every word would
# be a brand.
LETTERS_ALIKE = ((3, 1.0), (5, 0.8), (8, 0.82), (99, 0.8))
HAN_ALIKE_LEAST = 0.8  # homophones were measured at 0.91, unrelated names at 0.53 to 0.62
HAN_SHORT, HAN_SHORT_ALIKE_LEAST = 2, 0.95


@dataclass(frozen=True)
class NameHit:
    """A name found in a text: which one, how similar (0..1), and how it was written there."""

    name: str
    alike: float
    written: str


def brand_hits(text: str, names: Sequence[str], *, written: bool = False) -> list[NameHit]:
    """Return each name found in a text, the most similar first. ``written``: the text was read, not heard."""
    hits = (_written(text, name) if written else _heard(plain(text), name) for name in names)
    return sorted((hit for hit in hits if hit is not None), key=lambda hit: -hit.alike)


def look_alikes(text: str, names: Sequence[str]) -> list[NameHit]:
    """Return what in a text that was read is nearly one of the names, if none of them is in it: it is no mention."""
    if brand_hits(text, names, written=True):
        return []
    near = ((name, written_names.looks_like(text, name)) for name in names)
    return [NameHit(name, 0.0, written) for name, written in near if written is not None]


def _written(text: str, name: str) -> NameHit | None:
    found = written_names.mentioned(text, name)
    return None if found is None else NameHit(name, 1.0, found)


def _heard(text: str, name: str) -> NameHit | None:
    folded_name = plain(name).replace(" ", "")
    if not folded_name or not text:
        return None
    if not has_han(folded_name):
        return _letters_best(text, name, folded_name)
    return _han_best(text.replace(" ", ""), name, folded_name)


def _han_best(text: str, name: str, folded_name: str) -> NameHit | None:
    if folded_name in text:
        return NameHit(name, 1.0, folded_name)
    least = HAN_SHORT_ALIKE_LEAST if len(folded_name) <= HAN_SHORT else HAN_ALIKE_LEAST
    best: NameHit | None = None
    for start in range(len(text) - len(folded_name) + 1):
        part = text[start : start + len(folded_name)]
        if not has_han(part):
            continue
        similarity = _sound_alike(sounds(folded_name), sounds(part))
        if similarity >= least and (best is None or similarity > best.alike):
            best = NameHit(name, similarity, part)
    return best


def _sound_alike(syllables: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Return how alike syllables sound on average, 0..1."""
    if len(syllables) != len(others):
        return 0.0
    return fmean(fuzz.ratio(first, second) / 100 for first, second in zip(syllables, others, strict=True))


def sound_ratio(text: str, other: str) -> float:
    """Return how alike two texts sound, 0..1, whatever script they are written in."""
    return fuzz.ratio(_spoken(text), _spoken(other)) / 100


def sound_within(name: str, text: str) -> float:
    """Return how alike a name sounds to the part of a text that sounds most like it, 0..1."""
    name_sound, text_sound = _spoken(name), _spoken(text)
    # A text shorter than the name is compared whole, or any letter of the name would match it.
    return (fuzz.partial_ratio if len(text_sound) > len(name_sound) else fuzz.ratio)(name_sound, text_sound) / 100


def _spoken(text: str) -> str:
    """Return roughly how a text sounds in any reading: pinyin for characters; letters that sound alike become one
    letter, and every group of vowels the same one."""
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


def _letters_best(text: str, name: str, folded_name: str) -> NameHit | None:
    least = next(similarity for most, similarity in LETTERS_ALIKE if len(folded_name) <= most)
    best: NameHit | None = None
    for part in _word_runs(text, len(folded_name)):
        similarity = (
            1.0 if part == folded_name else Levenshtein.normalized_similarity(seen_alike(part), seen_alike(folded_name))
        )
        # A letter more at either end, or another first one, makes another word: banker, marsh.
        other_word = part != folded_name and (folded_name in part or part[1:] == folded_name[1:])
        if similarity >= least and not other_word and (best is None or similarity > best.alike):
            best = NameHit(name, similarity, part)
    return best


def _word_runs(text: str, length: int) -> Iterator[str]:
    """Yield runs of whole words about as long as a name, and parts of long words.

    Recognition joins and splits words, and Chinese has no spaces, so a name may be glued to its neighbours.
    """
    yield from written_names.runs(text, length)
    for word in re.findall(r"[^\W\u4e00-\u9fff]+", text):
        # Only long names: a short name inside a longer word is mostly another word.
        if length >= 6 and len(word) > length + 2:
            yield from (word[start : start + length] for start in range(len(word) - length + 1))


_CLAIMS: dict[str, re.Pattern[str]] = {
    "price": re.compile(r"[¥$€]\s?\d|\d+(\.\d+)?\s?(元|块钱|块(?!头)|rmb|dollars|usd)"),
    "discount": re.compile(
        # Three folds make a telephone, and not a third of the price.
        r"[\d一二两三四五六七八九]\s?折(?!叠)|\d\.\d\s?折|打折|折扣|立减|优惠|满\d+减|半价|特价|包邮|买一送一|免费|赠品|"
        r"\d+\s?% ?off|discount|half[ -]price|for free|"
        r"free (gift|shipping|delivery|trial|sample|refill|return|month|of charge)|"
        r"buy (one|1),? get|^free\b|\bfree!"
    ),
    "feature": re.compile(
        r"成分|配方|续航|毫安|功效|专利|销量第一|快充|防(水|尘|摔|滑|抖|漏)|"
        r"(?<!\d)[0零无](糖|脂|卡|蔗糖|添加|防腐剂|色素|香精|酒精)|百分之[一二三四五六七八九十百\d]|"
        r"ingredients|patented|best.selling|fast[ -]charg|"
        r"(?<!\d)(zero|no|0)[ -]?(sugar|fat|calorie|carb|additive|added sugar|preservative)|"
        r"(sugar|fat|gluten|lactose|alcohol|fragrance|oil|cruelty|bpa)[ -]free|"
        r"(water|dust|shock|sweat|scratch|splash|wind|heat|stain|leak)[ -]?(proof|resist)|"
        # Watts, capacities and the like, and shares: what a thing does in figures.
        r"\d+\s?(w|瓦|mah|gb|tb)(?![a-z])|\d(\.\d+)?\s?%(?!\s?off)"
    ),
    "call_to_action": re.compile(
        r"点击|下单|购买链接|链接在|购物车|小黄车|左下角|扫码|领券|点关注|立即购买|抢购|"
        r"link (in|below)|buy now|shop now|order now|use (my )?code|sign up|download (it|the|now)"
    ),
}


def disclosure(text: str, names: Sequence[str] = ()) -> str | None:
    """Return the words that mark a text as paid for, or None. ``names``: of the brand, which may stand beside them."""
    found = _disclosing(text, tuple(names))
    return None if found is None else found.text


@lru_cache(maxsize=4096)  # a line stays for many pictures
def _disclosing(text: str, names: tuple[str, ...]) -> DisclosureWords | None:
    found = disclosing_words(text)
    return found if found is not None or not names else disclosing_words(_without(text, names))


def _without(text: str, names: Sequence[str]) -> str:
    """Return a text without the names in it, however they are written there."""
    for name in names:
        text = written_names.without_handles(text, name)
    for hit in (*brand_hits(text, names, written=True), *brand_hits(text, names)):
        letters = re.compile("[@#]?" + r"[\W_]*".join(map(re.escape, hit.written)), re.IGNORECASE)
        text = unicodedata.normalize("NFKC", text)
        found = letters.search(simplified(text))
        while found:  # what is simplified is as long, so the rest stays as it was written: 動画
            text = f"{text[: found.start()]} {text[found.end() :]}"
            found = letters.search(simplified(text))
    return text


def claims(text: str) -> list[str]:
    """Return the kinds of selling points in a text: price, discount, feature, call_to_action."""
    folded = folded_case(text)
    return [kind for kind, pattern in _CLAIMS.items() if pattern.search(folded)]


def only_discloses(text: str, names: Sequence[str]) -> bool:
    """Return whether a text says who paid for the video and nothing more: such a line sells and shows nothing."""
    found = _disclosing(text, tuple(names))
    return found is not None and not claims(text) and not around(_without(text, names), found)
