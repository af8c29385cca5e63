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


# As found on clips of the field, and siblings of each: another first letter, letters more at an end, a word that holds
# the name, characters that sound or look alike, initials without their ampersand.
LOOK_ALIKES = [
    ("The Banker arrives", "Anker", "banker"),
    ("oil tanker", "Anker", "tanker"),
    ("Goatly farm", "Oatly", "goatly"),
    ("marsh", "Mars", "marsh"),
    ("画西子", "花西子", "画西子"),
    ("花溪子", "花西子", "花溪子"),
    ("请也查", "晴野茶", "请也查"),
    ("农夫三拳", "农夫山泉", "农夫三拳"),
    ("@banker", "Anker", "banker"),
    ("hike", "Nike", "hike"),
    ("Oatley", "Oatly", "oatley"),
    ("Adidos", "Adidas", "adidos"),
    ("three apples", "Apple", "apples"),
    ("完美日计", "完美日记", "完美日计"),
    ("小红薯", "小红书", "小红薯"),
]


@pytest.mark.parametrize(("text", "name", "near"), LOOK_ALIKES)
def test_what_only_looks_like_a_name_is_told_and_not_counted(text: str, name: str, near: str) -> None:
    assert brand_words.brand_hits(text, [name], written=True) == []
    assert [hit.written for hit in brand_words.look_alikes(text, [name])] == [near]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hankering for more", "Anker"),
        ("blanket", "Anker"),
        ("Ankara", "Anker"),
        ("#marshmallow", "Mars"),
        ("@marsrover", "Mars"),
        ("5 mm", "M&M's"),
        ("MMS", "M&M's"),
        ("H M", "H&M"),
        ("party", "art"),
        ("a cat on a mat", "CA"),
        ("limestone", "LIMEISLE"),
        ("一座小岛", "青柠岛"),
    ],
)
def test_another_word_is_neither_a_name_nor_like_one(text: str, name: str) -> None:
    assert brand_words.brand_hits(text, [name], written=True) == []
    assert brand_words.look_alikes(text, [name]) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("@ankerofficial", "Anker"),
        ("@Anker_US", "Anker"),
        ("@anker.official", "Anker"),
        ("#AnkerIndonesia", "Anker"),
        ("#buyanker", "Anker"),
        ("#AnkerPartner", "Anker"),
        ("@theoatly", "Oatly"),
        ("Anker's new charger", "Anker"),
        ("ＡＮＫＥＲ", "Anker"),
        ("M & M", "M&M's"),
        ("M&M's", "M&M's"),
        ("m and m's", "M&M's"),
        ("H & M", "H&M"),
        ("Marks and Spencer", "Marks & Spencer"),
        ("McDonalds", "McDonald's"),
        ("coca cola", "Coca-Cola"),
        ("Lime Isle water", "LIMEISLE"),
        ("LlMElSLE", "LIMEISLE"),
        ("buyLIMEISLEnow", "LIMEISLE"),
        ("#limeislesoda", "LIMEISLE"),
        ("花西子官方旗舰店", "花西子"),
        ("花 西 子", "花西子"),
        ("青檸島", "青柠岛"),
        ("#农夫山泉新品", "农夫山泉"),
    ],
)
def test_a_written_name_is_met_in_handles_and_in_every_form(text: str, name: str) -> None:
    assert brand_words.brand_hits(text, [name], written=True)
    assert brand_words.look_alikes(text, [name]) == []


@pytest.mark.parametrize(("text", "name"), [("The Banker arrives", "Anker"), ("a marsh", "Mars"), ("Goatly", "Oatly")])
def test_another_word_is_not_heard_as_a_name(text: str, name: str) -> None:
    assert brand_words.brand_hits(text, [name]) == []


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
        ("This video is brought to you by LIMEISLE", True),
        ("Thanks to LIMEISLE for sponsoring this video", True),
        ("Werbung für LIMEISLE", True),
        ("Anzeige | LIMEISLE", True),
        ("本期节目由LIMEISLE冠名播出", True),
        ("感谢LIMEISLE对本期视频的大力支持和赞助", True),
        ("LIMEISLE 贊助播出", True),
        ("#ad @limeisle_official", True),
        ("この動画はLIMEISLE様の提供でお送りします", True),
        ("이 영상은 LIMEISLE로부터 제품을 제공받아 제작되었습니다", True),
        ("Colaboración pagada con LIMEISLE", True),
        ("Paid partnership with LIMEISLE, the best soda ever", False),
        ("本视频由LIMEISLE赞助，快去买", False),
        ("LIMEISLE soda, paid partnership", False),
    ],
)
def test_a_line_that_only_discloses_is_told_from_one_that_sells(text: str, only: bool) -> None:
    assert brand_words.only_discloses(text, ["LIMEISLE"]) is only
