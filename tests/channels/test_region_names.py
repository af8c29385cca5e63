"""The table of region names, and the rules of languages and handles."""

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.briefs import vocabulary
from marketplace.channels.facts import region_names
from marketplace.channels.facts.account_handles import account_key, handle_key, normal_handle
from marketplace.channels.facts.language_tags import language_tag
from marketplace.channels.facts.region_names import merged_shares, net_shares, region_code, region_name
from marketplace.matching.audience import priors


@pytest.mark.parametrize(
    "label", ["广东", "广东省", "Guangdong", "guangdong province", "CN-GD", "cn-44", "廣東", "440000"]
)
def test_a_province_has_one_code_whatever_its_name(label: str) -> None:
    assert region_code(label) == "CN-GD"


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        (("US", "usa", "U.S.A.", "United States", "United States of America", "美国", "美國", "ＵＳ"), "US"),
        (("GB", "UK", "Great Britain", "英国", "United Kingdom"), "GB"),
        (("CN", "China", "中国", "中国大陆", "Mainland China", "CHN"), "CN"),
        (("HK", "Hong Kong", "香港", "中国香港", "Hong Kong (China)", "CN-HK"), "HK"),
        (("TW", "Taiwan", "台湾", "臺灣", "中国台湾", "CN-TW"), "TW"),
        (("CI", "Côte d’Ivoire", "cote d'ivoire", "Ivory Coast"), "CI"),
        (("CN-SN", "陕西", "Shaanxi"), "CN-SN"),
        (("CN-SX", "山西", "Shanxi"), "CN-SX"),
        (("CN-XJ", "新疆维吾尔自治区", "新疆"), "CN-XJ"),
    ],
)
def test_a_country_has_one_code_whatever_its_name(labels: tuple[str, ...], code: str) -> None:
    assert {label: region_code(label) for label in labels} == dict.fromkeys(labels, code)


@pytest.mark.parametrize("label", ["Mars", "CN-XX", "", "XX", "QQ-1", "the moon", "US-TOOLONG"])
def test_what_is_no_region_has_no_code(label: str) -> None:
    assert region_code(label) is None


def test_every_region_of_the_grid_and_of_briefs_has_both_names() -> None:
    codes = {*priors.PROVINCES, *priors.COUNTRIES, *vocabulary.REGIONS}
    assert [code for code in codes if region_name(code) == (code, code)] == []
    assert set(priors.PROVINCES) == set(region_names.PROVINCES)
    for code in codes:
        for name in region_name(code):
            assert region_code(name) in (code, code.removeprefix("CN-")), name


def test_shares_of_several_names_of_one_region_add_up_and_strangers_are_named() -> None:
    assert merged_shares({"广东": 0.1, "Guangdong": 0.2, "Mars": 0.3, "其他": 0.1}) == (
        {"CN-GD": 0.3, "other": 0.1},
        ["Mars"],
    )
    assert net_shares({"CN": 0.9, "CN-GD": 0.3, "US": 0.1}) == {"CN": pytest.approx(0.6), "CN-GD": 0.3, "US": 0.1}


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Chinese", "zh"),
        ("中文", "zh"),
        ("zh_cn", "zh-CN"),
        ("ZH-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("English", "en"),
        ("Klingon", None),
        ("xx", None),
        ("zh-CN-x-mine", None),
    ],
)
def test_a_language_is_its_tag(text: str, tag: str | None) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize(
    "text", ["mcn18", "@mcn18", "＠mcn18", " @mcn18 ", "https://www.tiktok.com/@mcn18", "tiktok.com/@mcn18/video/1?a=b"]
)
def test_a_handle_has_one_normal_form(text: str) -> None:
    assert normal_handle(text) == "mcn18"
    assert handle_key(text.upper()) == "mcn18"
    assert account_key(text, "@mcn18") == "mcn18"


@pytest.mark.parametrize(
    "letter", "\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u202e\u2060\u2800\u3164\ufe0f\ufeff\uffa0\U000e0041"
)
def test_letters_that_nobody_sees_make_no_other_handle(letter: str) -> None:
    for text in (
        f"mcn18{letter}",
        f"{letter}@mcn18",
        f"m{letter}cn18",
        f"https://www.tiktok.com/@mcn18{quote(letter)}",
    ):
        assert (normal_handle(text), handle_key(text)) == ("mcn18", "mcn18")
        assert account_key(text, "mcn18") == "mcn18"
    assert normal_handle(letter) == ""
    assert account_key(f"UC{letter}aBc", "mei") == "UCaBc"


def test_every_letter_without_a_look_is_known() -> None:
    """Unicode's format characters are invisible but for a few that enclose what follows them."""
    unseen = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"]
    seen = {letter for letter in unseen if normal_handle(letter)}
    assert {unicodedata.name(letter).split()[0] for letter in seen} == {"ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN"}


def test_an_id_of_the_platform_is_kept_as_it_is() -> None:
    assert account_key("UCaBc", "mei") == "UCaBc"


@given(st.text(max_size=40))
def test_the_normal_form_is_its_own(text: str) -> None:
    assert normal_handle(normal_handle(text)) == normal_handle(text)
