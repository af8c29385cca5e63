"""Names, marks of disclosure and selling points in what was read or heard."""

import pytest

from marketplace.vision.read import brand_words

NAMES = ["青柠岛", "LIMEISLE"]


@pytest.mark.parametrize(
    "text",
    [
        "今天喝青柠岛气泡水",
        "青檸島",
        "今天喝青柠到汽水",
        "LIMEISLE",
        "Lime Isle water",
        "limeisie soda",
        "LlMElSLE",
        "ＬＩＭＥＩＳＬＥ",
        "buyLIMEISLEnow",
    ],
)
def test_a_name_is_met_however_it_is_written(text: str) -> None:
    assert brand_words.brand_hits(text, NAMES)


@pytest.mark.parametrize("text", ["", "柠檬水", "一座小岛", "limestone", "time is left", "\0", "😀" * 50, "青" * 5000])
def test_other_words_are_not_the_name(text: str) -> None:
    assert not brand_words.brand_hits(text, NAMES)


@pytest.mark.parametrize(("text", "name"), [("a cat on a mat", "CA"), ("party", "art"), ("标准", "标注")])
def test_a_short_name_must_be_met_exactly(text: str, name: str) -> None:
    found = brand_words.brand_hits(text, [name])
    assert not found or found[0].alike >= brand_words.HAN_SHORT_ALIKE_LEAST


@pytest.mark.parametrize(("text", "name"), [("时光机", "拾光里"), ("台戏", "太夕"), ("故事康", "富士康")])
def test_what_was_read_is_held_to_more_than_what_was_heard(text: str, name: str) -> None:
    assert brand_words.brand_hits(text, [name])
    assert not brand_words.brand_hits(text, [name], written=True)
    assert brand_words.brand_hits(name, [name], written=True)


def test_names_that_sound_alike_are_alike_in_any_script() -> None:
    assert brand_words.sound_ratio("Limeisle", "lime aisle") > 0.8
    assert brand_words.sound_ratio("青柠岛", "qing ning dao") == 1.0
    assert brand_words.sound_ratio("Northfox", "weather") < 0.5


@pytest.mark.parametrize(
    "text", ["广告", "本视频由某某赞助播出", "#ad", "#广告", "Sponsored", "includes paid promotion", "AD", "廣告"]
)
def test_a_mark_of_disclosure_is_found(text: str) -> None:
    assert brand_words.disclosure(text)


@pytest.mark.parametrize(
    "text", ["没有广告", "这不是广告", "this is an ad free channel i like", "add", "adventure", ""]
)
def test_what_is_no_mark_is_none(text: str) -> None:
    assert brand_words.disclosure(text) is None


def test_selling_points_are_told_by_kind() -> None:
    assert brand_words.claims("现在下单只要39.9元，点击左下角小黄车") == ["price", "call_to_action"]
    assert brand_words.claims("全场 5折 包邮") == ["discount"]
    assert brand_words.claims("nice weather today") == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("限时五折", ["discount"]),
        ("今天免费送", ["discount"]),
        ("0糖0脂", ["feature"]),
        ("零添加 无蔗糖", ["feature"]),
        ("IPX8防水", ["feature"]),
        ("100W快充", ["feature"]),
        ("去除百分之九十九的细菌", ["feature"]),
        ("含量 98.5%", ["feature"]),
        ("全场8.5折", ["discount"]),
        ("waterproof up to 30 m", ["feature"]),
        ("scratch-resistant glass", ["feature"]),
        ("100W fast charging", ["feature"]),
        ("5000 mAh", ["feature"]),
        ("Zero sugar, fat-free", ["feature"]),
        ("kills 99.9% of germs", ["feature"]),
        ("30% off today", ["discount"]),
        ("Free shipping on all orders", ["discount"]),
        ("buy one get one", ["discount"]),
        ("try it for free", ["discount"]),
    ],
)
def test_what_sells_is_found_in_both_languages(text: str, kinds: list[str]) -> None:
    assert brand_words.claims(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "三折叠手机",
        "打了一个折",
        "他骨折了",
        "无论如何",
        "十点见",
        "feel free to ask",
        "an ad free channel",
        "in my free time",
        "we walked 100 miles",
        "the year 2024",
        "water the plants",
    ],
)
def test_what_sells_nothing_is_left_alone(text: str) -> None:
    assert brand_words.claims(text) == []


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("Paid partnership with LIMEISLE", True),
        ("Sponsored by LIMEISLE", True),
        ("This video is sponsored by Limeisle.", True),
        ("本视频由 LIMEISLE 赞助", True),
        ("广告 LIMEISLE", True),
        ("LIMEISLE", False),
        ("LIMEISLE makes my morning #ad", False),
        ("LIMEISLE 广告 0糖0脂", False),
        ("Sponsored by LIMEISLE: 30% off", False),
        ("本视频没有广告 LIMEISLE", False),
    ],
)
def test_a_line_that_only_discloses_is_told_from_one_that_sells(text: str, only: bool) -> None:
    assert brand_words.only_discloses(text, ["LIMEISLE"]) is only
