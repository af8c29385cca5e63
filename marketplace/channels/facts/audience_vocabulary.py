"""The education levels and interests of audiences, with their names, their other labels, and the share of people that
each has where a channel's own list says nothing."""

import unicodedata
from collections.abc import Mapping
from typing import NamedTuple


class EducationLevel(NamedTuple):
    """A level of education: its names, and its share of the people of China from 13 years on.

    Shares are rounded from the 7th national census, 2020 (communique 6: 15,467 of 100,000 people have a college degree
    or more, 15,088 a high school degree; the census yearbook divides the first).
    """

    zh: str
    en: str
    share: float


class InterestCategory(NamedTuple):
    """An interest: its names, and the share of people taken to have it.

    Interests are those by which the platforms' own tools divide audiences (TikTok Ads Manager's interest categories,
    Google Ads' affinity segments). Online shopping is counted: 87.9 % of China's internet users (CNNIC, 55th report,
    December 2024). For all others nothing counted was found that compares, so a house figure stands in.
    """

    zh: str
    en: str
    share: float = 0.25


# From the lowest to the highest.
EDUCATION: Mapping[str, EducationLevel] = {
    "below_high_school": EducationLevel("高中以下", "Below high school", 0.638),
    "high_school": EducationLevel("高中／中专", "High school", 0.179),
    "college": EducationLevel("大专", "College or vocational", 0.095),
    "bachelor": EducationLevel("本科", "Bachelor", 0.079),
    "master": EducationLevel("硕士及以上", "Master and above", 0.009),
}
LEVELS = tuple(EDUCATION)
# Labels of one level or of several next to each other: the first and the last of them.
_LEVEL_LABELS: Mapping[str, tuple[str, str]] = {
    **{code: (code, code) for code in LEVELS},
    **{name: (code, code) for code, level in EDUCATION.items() for name in (level.zh, level.en)},
    **dict.fromkeys(("初中及以下", "middle school and below"), ("below_high_school",) * 2),
    **dict.fromkeys(("高中", "中专", "高中中专", "secondary"), ("high_school",) * 2),
    **dict.fromkeys(("高中及以下", "high school and below"), ("below_high_school", "high_school")),
    **dict.fromkeys(("专科", "高职", "vocational", "associate"), ("college",) * 2),
    **dict.fromkeys(("大专及以上", "专科及以上", "college and above"), ("college", "master")),
    **dict.fromkeys(("大专及以下", "college and below"), ("below_high_school", "college")),
    **dict.fromkeys(("大学本科", "学士", "undergraduate", "bachelor's degree"), ("bachelor",) * 2),
    **dict.fromkeys(("university", "大学", "大学及以上", "本科及以上", "bachelor and above"), ("bachelor", "master")),
    **dict.fromkeys(("本科以下", "below university", "no university"), ("below_high_school", "college")),
    **dict.fromkeys(("硕士", "研究生", "博士", "graduate", "postgraduate", "doctorate"), ("master",) * 2),
}

INTERESTS: Mapping[str, InterestCategory] = {
    "online_shopping": InterestCategory("网购", "Shops online", 0.88),
    "beauty": InterestCategory("美妆护肤", "Beauty and personal care"),
    "fashion": InterestCategory("服饰穿搭", "Apparel and accessories"),
    "food": InterestCategory("美食饮料", "Food and beverage"),
    "home": InterestCategory("家居家装", "Home improvement"),
    "appliances": InterestCategory("家用电器", "Household appliances"),
    "parenting": InterestCategory("母婴亲子", "Baby, kids and maternity"),
    "pets": InterestCategory("宠物", "Pets"),
    "tech": InterestCategory("数码科技", "Tech and electronics"),
    "games": InterestCategory("游戏", "Games"),
    "cars": InterestCategory("汽车", "Vehicles and transportation"),
    "travel": InterestCategory("旅行", "Travel"),
    "sports": InterestCategory("体育户外", "Sports and outdoor"),
    "fitness": InterestCategory("健身健康", "Fitness and health"),
    "education": InterestCategory("教育学习", "Education"),
    "finance": InterestCategory("金融理财", "Financial services"),
    "business": InterestCategory("商业职场", "Business services"),
    "film": InterestCategory("影视综艺", "Film and television"),
    "music": InterestCategory("音乐", "Music"),
    "animation": InterestCategory("动漫二次元", "Animation and comics"),
    "books": InterestCategory("阅读文学", "Books and literature"),
    "culture": InterestCategory("文化艺术", "Culture and art"),
    "news": InterestCategory("新闻时政", "News"),
    "local_services": InterestCategory("本地生活", "Local life and services"),
}
_INTEREST_LABELS: Mapping[str, str] = {
    **{code: code for code in INTERESTS},
    **{name: code for code, interest in INTERESTS.items() for name in (interest.zh, interest.en)},
    **dict.fromkeys(("网上购物", "线上购物", "电商", "购物", "shopping", "e-commerce"), "online_shopping"),
    **dict.fromkeys(("美妆", "护肤", "美容"), "beauty"),
    **dict.fromkeys(("时尚", "穿搭", "服装"), "fashion"),
    **dict.fromkeys(("美食", "食品", "食品饮料"), "food"),
    **dict.fromkeys(("家居", "家装"), "home"),
    **dict.fromkeys(("家电",), "appliances"),
    **dict.fromkeys(("母婴", "亲子"), "parenting"),
    **dict.fromkeys(("数码", "科技", "technology"), "tech"),
    **dict.fromkeys(("电竞", "gaming"), "games"),
    **dict.fromkeys(("旅游",), "travel"),
    **dict.fromkeys(("体育", "运动", "户外"), "sports"),
    **dict.fromkeys(("健身", "健康"), "fitness"),
    **dict.fromkeys(("教育",), "education"),
    **dict.fromkeys(("财经", "理财", "金融"), "finance"),
    **dict.fromkeys(("影视", "电影", "综艺"), "film"),
    **dict.fromkeys(("动漫", "二次元", "动画"), "animation"),
    **dict.fromkeys(("阅读", "文学", "图书"), "books"),
    **dict.fromkeys(("文化", "艺术"), "culture"),
    **dict.fromkeys(("新闻", "时政"), "news"),
}


def _plain(label: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", label).casefold() if letter.isalnum())


_LEVELS_OF = {_plain(label): ends for label, ends in _LEVEL_LABELS.items()}
_INTEREST_OF = {_plain(label): code for label, code in _INTEREST_LABELS.items()}


def education_levels(label: str) -> tuple[int, int] | None:
    """Return the index of the first of LEVELS that a label covers and one past the last, or None for a strange label.

    `university` is a bachelor's degree or more; lists are stored with labels such as bachelor-master.
    """
    ends = _LEVELS_OF.get(_plain(label))
    if ends is None:
        first, _, last = label.strip().partition("-")
        ends = (first, last) if first in EDUCATION and last in EDUCATION else None
    if ends is None or LEVELS.index(ends[0]) > LEVELS.index(ends[1]):
        return None
    return LEVELS.index(ends[0]), LEVELS.index(ends[1]) + 1


def education_label(label: str) -> str | None:
    """Return the label that lists of education are stored under: a code, or two joined by a dash for several levels."""
    found = education_levels(label)
    if found is None:
        return None
    first, last = LEVELS[found[0]], LEVELS[found[1] - 1]
    return first if first == last else f"{first}-{last}"


def interest_code(label: str) -> str | None:
    """Return the code of an interest, or None for a label that is none."""
    return _INTEREST_OF.get(_plain(label))
