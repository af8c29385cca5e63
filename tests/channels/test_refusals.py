"""Every refusal of a row: its column, its value and its sentence; and that the row is not taken."""

import json
from typing import Any

import pytest

from marketplace.channels import anomalies
from marketplace.channels.records import RowError
from tests.channels import make

VIDEO = {"id": "v", "published_at": "2026-10-01T00:00:00Z", "views": 100}
COUNT = ("数值不可能。", "This count is impossible.")
NUMBER = ("不是数字。", "Not a number.")
WHOLE = ("须为非负整数。", "Must be a whole number, not negative.")
NEEDED = ("此列必填。", "This column is needed.")
RATE = ("比例须在 0 到 100 % 之间。", "A rate lies between 0 and 100 %.")
DAY = ("不是日期。", "Not a date such as 2026-11-23.")
FUTURE = ("日期在未来。", "The date lies in the future.")
EARLY = ("日期早于 2005 年。", "The date lies before 2005.")
SHARES = ("应为“名称：占比”。", "Should be labels with their shares.")
BETWEEN = ("占比须在 0 到 1 之间。", "Shares must lie between 0 and 1.")
YES_NO = ("应为是或否。", "Should be yes or no.")
TIER = ("时长档应为文字。", "A length tier is a word such as 21-60.")
PRICE = ("报价须为非负整数（最小货币单位）。", "A price is whole, in the smallest unit.")
LONG_ID = (
    "长编号已被表格软件截断，请把此列设为文本后重新导出。",
    "The spreadsheet has cut this long id; export it again with the column as text.",
)


def total(told: str) -> tuple[str, str]:
    return f"占比合计 {told}，应为 100 %（±2）。", f"The shares sum to {told}, not to 100 % within 2 points."


def stranger(label: str) -> tuple[str, str]:
    return (
        f"“{label}” 不是已知的国家或省份；请写作 CN-GD、广东、US 或 美国。",
        f"'{label}' is no region: write a country or a Chinese province, such as CN-GD, Guangdong, US or 美国.",
    )


def text(longest: int) -> tuple[str, str]:
    return (
        f"文字过长或含非法字符（最多 {longest} 字）。",
        f"Too long (over {longest}) or with letters that cannot be kept.",
    )


REFUSED: list[tuple[dict[str, Any], str, str, tuple[str, str]]] = [
    ({"followers": None}, "followers", "", NEEDED),
    ({"followers": "  "}, "followers", "  ", NEEDED),
    ({"followers": "n/a"}, "followers", "n/a", NEEDED),
    ({"handle": " "}, "handle", "", NEEDED),
    ({"platform": ""}, "platform", "", NEEDED),
    ({"taken_on": None}, "taken_on", "", NEEDED),
    ({"followers": "NaN"}, "followers", "NaN", NUMBER),
    ({"followers": float("nan")}, "followers", "nan", NUMBER),
    ({"followers": float("inf")}, "followers", "inf", NUMBER),
    ({"followers": True}, "followers", "True", NUMBER),
    ({"followers": -1}, "followers", "-1", WHOLE),
    ({"followers": 1.5}, "followers", "1.5", WHOLE),
    ({"followers": 10**10 + 1}, "followers", "10000000001", COUNT),
    ({"followers": "9" * 500}, "followers", "9" * 120, NUMBER),
    ({"median_views_30d": 10**11}, "median_views_30d", "100000000000", COUNT),
    ({"expected_views": -7}, "expected_views", "-7", COUNT),
    ({"suggested_cpm_minor": -1}, "suggested_cpm_minor", "-1", COUNT),
    ({"growth_30d": -(10**11)}, "growth_30d", "-100000000000", COUNT),
    ({"engagement_rate": -0.5}, "engagement_rate", "-0.5", RATE),
    ({"completion_rate": "101%"}, "completion_rate", "101%", RATE),
    ({"engagement_rate": 250}, "engagement_rate", "250", RATE),
    ({"taken_on": "2026-11-25"}, "taken_on", "2026-11-25", FUTURE),
    ({"taken_on": "36600"}, "taken_on", "36600", EARLY),
    ({"taken_on": "soon"}, "taken_on", "soon", DAY),
    ({"taken_on": "20261399"}, "taken_on", "20261399", DAY),
    ({"taken_on": 1e300}, "taken_on", "1e+300", DAY),
    ({"handle": "x" * 201}, "handle", "x" * 120, text(200)),
    ({"name": "a\x07"}, "name", "a\ufffd", text(300)),
    ({"name": ["a"]}, "name", "['a']", ("应为文字。", "Should be text.")),
    ({"external_id": 6.6123456789012e18}, "external_id", "6.6123456789012e+18", LONG_ID),
    ({"external_id": "6.61235E+18"}, "external_id", "6.61235E+18", LONG_ID),
    ({"ages": "{"}, "ages", "{", ("不是 JSON。", "Not JSON.")),
    ({"ages": "[" * 10 + "]" * 10}, "ages", "[" * 10 + "]" * 10, ("嵌套过深。", "Nested too deep.")),
    ({"ages": {"18-23": 0.5, "24+": 0.47}}, "ages", "97.0 %", total("97.0 %")),
    ({"ages": {"18-23": 60, "24-30": 43}}, "ages", "103.0 %", total("103.0 %")),
    ({"genders": {"female": 0.5}}, "genders", "50.0 %", total("50.0 %")),
    ({"regions": {"CN-GD": 0.8, "CN-SN": 0.3}}, "regions", "110.0 %", total("110.0 %")),
    (
        {"genders": {"female": 1.2, "male": -0.2}},
        "genders",
        "{'female': 1.2, 'male': -0.2}",
        BETWEEN,
    ),
    ({"genders": {"female": "half"}}, "genders", "female: half", SHARES),
    ({"genders": {"female": True}}, "genders", "female: True", SHARES),
    ({"genders": {"female": 10**400}}, "genders", f"female: 1{'0' * 111}", SHARES),
    ({"genders": [1]}, "genders", "[1]", SHARES),
    ({"genders": 5}, "genders", "5", SHARES),
    (
        {"ages": {"0-12": 0.1, "13-30": 0.9}},
        "ages",
        "0-12",
        (
            "受众从 13 岁起计，0-12 不在其内。",
            "Audiences are counted from 13 years on, and 0-12 is younger.",
        ),
    ),
    ({"regions": {"Mars": 0.4}}, "regions", "Mars", stranger("Mars")),
    ({"regions": {"CN-XX": 0.4}}, "regions", "CN-XX", stranger("CN-XX")),
    ({"region": "Atlantis"}, "region", "Atlantis", stranger("Atlantis")),
    (
        {"url": "javascript:alert(1)"},
        "url",
        "javascript:alert(1)",
        ("须为 http 或 https 网址。", "Should be an http or https address."),
    ),
    (
        {"language": "Klingon"},
        "language",
        "Klingon",
        (
            "“Klingon” 不是语言标签；请写 BCP 47 标签，如 zh-CN、en。",
            "'Klingon' is no language: write a BCP 47 tag such as zh-CN or en.",
        ),
    ),
    ({"interests": {"food": -0.5}}, "interests", "{'food': -0.5}", BETWEEN),
    ({"education": {"university": 0.8, "college": 0.3}}, "education", "110.0 %", total("110.0 %")),
    (
        {"ages": {"18-24": 0.5, "18-23": 0.5}},
        "ages",
        "18-23",
        ("年龄段 18-23 与其他段重叠。", "The band 18-23 overlaps another."),
    ),
    ({"ages": {"18-130": 1.0}}, "ages", "18-130", ("“18-130” 不是年龄段。", "'18-130' is no age band.")),
    ({"ages": {"30-18": 1.0}}, "ages", "30-18", ("“30-18” 不是年龄段。", "'30-18' is no age band.")),
    ({"ages": {"young": 1.0}}, "ages", "young", ("“young” 不是年龄段。", "'young' is no age band.")),
    ({"verticals": 5}, "verticals", "5", ("应为标签列表。", "Should be a list of labels.")),
    (
        {"rate_card": {"a": 1}},
        "rate_card",
        "{'a': 1}",
        ("报价表应为对象列表。", "The rate card should be a list of objects."),
    ),
    ({"rate_card": [5]}, "rate_card", "5", ("报价表应为对象列表。", "The rate card should be a list of objects.")),
    ({"rate_card": [{"length_tier": 20}]}, "rate_card", "20", TIER),
    ({"rate_card": [{"currency": "XAU"}]}, "rate_card", "XAU", ("不支持的币种。", "This currency is not traded in.")),
    ({"rate_card": [{"amount_minor": -1}]}, "rate_card", "-1", PRICE),
    ({"rate_card": [{"amount_minor": 1.5}]}, "rate_card", "1.5", PRICE),
    ({"rate_card": [{"amount_minor": "5"}]}, "rate_card", "5", PRICE),
    ({"rate_card": [{"amount_minor": 10**12 + 1}]}, "rate_card", "1000000000001", PRICE),
    ({"videos": {"a": 1}}, "videos", "{'a': 1}", ("应为视频列表。", "Should be a list of videos.")),
    ({"videos": [VIDEO, {**VIDEO, "views": None}]}, "videos[1].views", "", NEEDED),
    ({"videos": [{**VIDEO, "views": -5}]}, "videos[0].views", "-5", WHOLE),
    ({"videos": [{**VIDEO, "views": 10**11}]}, "videos[0].views", "100000000000", COUNT),
    ({"videos": [{**VIDEO, "duration_s": -1}]}, "videos[0].duration_s", "-1.0", COUNT),
    ({"videos": [{**VIDEO, "likes": 101}]}, "videos[0].likes", "101", ("点赞数多于播放数。", "More likes than views.")),
    (
        {"videos": [{**VIDEO, "views": 0, "likes": 1000}]},
        "videos[0].likes",
        "1000",
        ("点赞数多于播放数。", "More likes than views."),
    ),
    ({"videos": [{**VIDEO, "published_at": "2027-01-01"}]}, "videos[0].published_at", "2027-01-01", FUTURE),
    ({"videos": [{**VIDEO, "published_at": 36600}]}, "videos[0].published_at", "2000-03-15", EARLY),
    ({"videos": [{**VIDEO, "published_at": "?"}]}, "videos[0].published_at", "?", DAY),
    ({"videos": [{**VIDEO, "sponsored": "maybe"}]}, "videos[0].sponsored", "maybe", YES_NO),
    ({"videos": [{**VIDEO, "id": 6.6e18}]}, "videos[0].id", "6.6e+18", LONG_ID),
    ({"videos": [VIDEO] * 10_001}, "videos", "10001", ("视频不超过 10000 条。", "At most 10000 videos.")),
]


@pytest.mark.parametrize(
    ("change", "column", "value", "said"), REFUSED, ids=[f"{n}-{case[1]}" for n, case in enumerate(REFUSED)]
)
def test_a_row_is_refused_with_its_column_value_and_sentence(
    change: dict[str, Any], column: str, value: str, said: tuple[str, str]
) -> None:
    found = make.read(make.as_json(make.row(**change)))
    assert found == [RowError(1, column, value, *said)]


def test_a_row_is_told_everything_that_is_wrong_with_it() -> None:
    row = make.row(followers="x", taken_on="2027-01-01", genders={"female": 0.5}, videos=[{}])
    assert [error[1] for error in make.row_errors(make.as_json(row))] == [
        "followers",
        "videos[0].published_at",
        "videos[0].views",
        "taken_on",
        "genders",
    ]


@pytest.mark.parametrize(
    ("shape", "change", "column"),
    [
        ("xingtu", {"follower": 10**11}, "follower"),
        ("xingtu", {"age_distribution": {"18-23": 0.5, "24+": 0.2}}, "age_distribution"),
        ("xingtu", {"gender_distribution": [{"distribution_key": "male"}]}, "gender_distribution"),
        ("xingtu", {"expected_play_num": -1}, "expected_play_num"),
        ("xingtu", {"price_20_60": -5}, "price_20_60"),
        (
            "xingtu",
            {"last_10_items": [{"vv": 5, "create_time": 1_790_000_000, "like_cnt": 9}]},
            "last_10_items[0].like_cnt",
        ),
        ("xingtu", {"star_id": 6.6e18}, "star_id"),
        ("tiktok_one", {"followers_count": 10**11}, "followers_count"),
        ("tiktok_one", {"median_views": 10**11}, "median_views"),
        ("tiktok_one", {"audience_countries": [{"country": "US", "percentage": 1.5}]}, "audience_countries"),
        ("tiktok_one", {"creator_rate": {"rate": 5, "currency": "XAU"}}, "creator_rate"),
        ("tiktok_one", {"creator_rate": {"rate": -5, "currency": "USD"}}, "creator_rate"),
        ("tiktok_one", {"creator_rate": 5}, "creator_rate"),
        ("youtube", {"subscribers": 10**11}, "subscribers"),
        ("youtube", {"report_date": "2027-01-01"}, "report_date"),
        ("youtube", {"views": -1}, "videos[0].views"),
        ("youtube", {"country.US": "x"}, "country.US"),
        ("youtube", {"country.US": 150}, "country"),
    ],
)
def test_errors_name_the_columns_of_the_file(shape: str, change: dict[str, Any], column: str) -> None:
    assert {error[1] for error in make.row_errors(make.as_json(make.row(shape, **change)))} == {column}


@pytest.mark.parametrize(
    "change",
    [
        {"ages": {"18-23": 0.5, "24-30": 0.485}},
        {"ages": {"18-23": 50, "24-30": 51.9}},
        {"followers": 10**10},
        {"regions": {"CN-GD": 0.1}},
        {"taken_on": "2026-11-24"},
        {"videos": [{**VIDEO, "likes": 100}]},
        {"ages": {}},
        {"videos": [{**VIDEO, "views": 0, "likes": 0}]},
        {"ages": {"16-30": 78.26}},
        {"education": {"university": 0.8156}},
        {"interests": {"网购": 0.9, "food": 0.8}},
        {"regions": {"CN": 0.9, "CN-GD": 0.3}},
        {"growth_30d": -5},
        {"rate_card": []},
        {"videos": []},
    ],
)
def test_what_is_just_within_the_limits_is_taken(change: dict[str, Any]) -> None:
    make.one(make.as_json(make.row(**change)))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"18-23": 30, "24-30": 40, "31-40": 20, "41-50": 6, "50+": 4},
            {"18-23": 0.3, "24-30": 0.4, "31-40": 0.2, "41-50": 0.06, "51+": 0.04},
        ),
        ({"age18-24": 0.5, "25–34岁": 0.3, "35-": 0.2}, {"18-24": 0.5, "25-34": 0.3, "35+": 0.2}),
        ({"<18": 0.5, "18+": 0.3, "未知": 0.1, "Other": 0.1}, {"0-17": 0.5, "18+": 0.3, "unknown": 0.2}),
    ],
)
def test_ages_are_kept_in_one_spelling(given: dict[str, float], kept: dict[str, float]) -> None:
    assert make.one(make.as_json(make.row(ages=given))).snapshot["margins"]["age"] == kept


def test_genders_are_kept_in_one_spelling() -> None:
    assert anomalies.normalise_genders({"男": 0.3, "Women": 0.5, "user_specified": 0.1, "x": 0.1})[0] == {
        "male": 0.3,
        "female": 0.5,
        "unknown": 0.1,
        "x": 0.1,
    }


@pytest.mark.parametrize(
    ("change", "both"),
    [
        ({"regions": {"广东": 0.12, "CN-GD": 0.2}}, ("广东", "CN-GD")),
        ({"regions": {"US": 0.1, "美国": 0.2}}, ("US", "美国")),
        ({"genders": {"female": 0.5, "女": 0.5}}, ("female", "女")),
        ({"education": {"本科": 0.1, "bachelor": 0.1}}, ("本科", "bachelor")),
        ({"interests": {"网购": 0.9, "online_shopping": 0.8}}, ("网购", "online_shopping")),
    ],
)
def test_two_spellings_of_one_thing_are_refused_by_both_names(change: dict[str, Any], both: tuple[str, str]) -> None:
    for data in (make.as_json(make.row(**change)), make.as_csv(make.row(**change)), make.as_xlsx(make.row(**change))):
        [(_, column, zh, en)] = make.row_errors(data)
        assert column in change
        for text in (zh, en):
            assert all(spelling in text for spelling in both)


def test_an_education_list_of_all_levels_and_nobody_is_refused() -> None:
    [(_, column, _, en)] = make.row_errors(make.as_json(make.row(education={"本科以下": 0, "university": 0})))
    assert (column, "0.0 %" in en) == ("education", True)
    make.one(make.as_json(make.row(education={"university": 0})))


@pytest.mark.parametrize(
    ("education", "both"),
    [
        ({"university": 0.5, "bachelor": 0.3}, ("university", "bachelor")),
        ({"硕士": 0.1, "大专及以上": 0.3}, ("硕士", "大专及以上")),
        ({"college": 0.1, "high school and below": 0.3, "本科以下": 0.4}, ("college", "本科以下")),
    ],
)
def test_levels_that_include_one_another_are_refused_by_both_names(
    education: dict[str, float], both: tuple[str, str]
) -> None:
    [(_, column, zh, en)] = make.row_errors(make.as_json(make.row(education=education)))
    assert column == "education"
    assert zh == f"“{both[0]}”和“{both[1]}”包含相同的学历。"
    assert en == f"'{both[0]}' and '{both[1]}' share a level of education."


REGIONS_TWICE = '{"CN": 0.4, "CN": 0.5}'
NESTED_TWICE = '[{"id": "v", "published_at": "2026-10-01T00:00:00Z", "views": 100, "views": 900}]'


@pytest.mark.parametrize(
    ("column", "cell", "name"), [("regions", REGIONS_TWICE, "CN"), ("videos", NESTED_TWICE, "views")]
)
def test_a_name_twice_in_an_object_is_refused_in_every_kind_of_file(column: str, cell: str, name: str) -> None:
    row = make.row(**{column: cell})
    in_json = json.dumps({**row, column: None}).replace(f'"{column}": null', f'"{column}": {cell}')
    sound = json.dumps(make.row())
    files = [make.as_csv(row), make.as_xlsx(row), f"[{in_json}]".encode(), f"{in_json}\n".encode()]
    for data in files:
        [(_, told_of, zh, en)] = make.row_errors(data)
        assert (told_of, zh, en) == (column, f"“{name}”出现两次。", f"'{name}' is there twice.")
    for data in (f"[{in_json}, {sound}]", f"{in_json}\n{sound}"):
        refused, read = make.read(data.encode())
        assert (getattr(refused, "row", None), getattr(read, "row", None)) == (1, 2)


def test_a_column_twice_in_a_row_of_json_is_refused() -> None:
    twice = json.dumps(make.row())[:-1] + ', "followers": 1}'
    assert make.row_errors(f"[{twice}]".encode()) == [
        (1, "followers", "“followers”出现两次。", "'followers' is there twice.")
    ]


def test_a_label_twice_in_a_list_of_pairs_is_refused() -> None:
    pairs = [{"country": "US", "percentage": 40}, {"country": "US", "percentage": 30}]
    [(_, column, _, en)] = make.row_errors(make.as_json(make.row("tiktok_one", audience_countries=pairs)))
    assert (column, en) == ("audience_countries", "'US' is there twice.")


def test_several_labels_of_the_rest_add_up() -> None:
    given = {"CN-GD": 0.2, "其他": 0.1, "海外": 0.2, "unknown": 0.1, "未知": 0.1}
    assert make.one(make.as_json(make.row(regions=given))).snapshot["margins"]["region"] == {
        "CN-GD": 0.2,
        "other": 0.3,
        "unknown": 0.2,
    }
