"""The languages of markets, and those in which "no disclosure was found" says nothing."""

import pytest

from marketplace.briefs.vocabulary import MARKETS
from marketplace.vision.read import market_languages


def test_every_market_of_briefs_has_languages() -> None:
    assert [market for market in MARKETS if not market_languages.languages_of([market])] == []
    assert market_languages.languages_of(["CN-GD", "HK", "US"]) == ("zh", "en", "es")


@pytest.mark.parametrize(
    ("markets", "spoken", "texts", "languages"),
    [
        ((), None, [], ()),
        (("CN", "US"), "zh", ["今天喝什么", "hello"], ()),
        (("JP",), "ja", ["これはペンです", "東京"], ()),
        (("DE",), None, ["Grüße aus Köln", "enthält"], ()),
        (("VN",), "vi", ["Nước chanh ngon quá"], ()),
        # A mark in letters that the reader skips may be there.
        (("KR",), "ko", [], ("ko",)),
        (("TH",), None, ["LIMEISLE"], ("th",)),
        (("CN", "TH"), "zh", ["今天喝什么"], ()),
        (("US",), "th", [], ("th",)),
        ((), "hu", ["Sziasztok"], ("hu",)),
        ((), None, ["Χορηγούμενο περιεχόμενο"], ("el",)),
        ((), None, ["שיתוף פעולה"], ("he",)),
        ((), None, ["प्रायोजित सामग्री"], ("hi",)),
        ((), None, ["ได้รับการสนับสนุน"], ("th",)),
        ((), None, ["Příliš žluťoučký kůň"], (market_languages.OTHER_LATIN,)),
        # One odd letter in a line is a misread one, and signs are no language.
        ((), None, ["今天 λ 喝什么", "π ≈ 3.14", "ーーー", "ＡＮＫＥＲ", "々々々"], ()),
        (("CZ",), None, [], ("cs",)),
        (("IN",), "en", ["Good morning"], ()),
    ],
)
def test_a_language_that_cannot_be_judged_is_told(
    markets: tuple[str, ...], spoken: str | None, texts: list[str], languages: tuple[str, ...]
) -> None:
    assert market_languages.not_judged(markets, spoken, texts) == languages


def test_languages_have_names() -> None:
    codes = {code for market in MARKETS for code in market_languages.languages_of([market])}
    for code in codes - market_languages.JUDGED:
        assert market_languages.language_name(code).en != code
    assert market_languages.language_name("hu").en == "hu"
