"""The closed lists of codes of a brief, with their names in Chinese and English.

Regions are those of the grid on which audiences are forecast: countries and Chinese provinces, as platforms report
them. So nothing can be requested that nobody can measure. Bands of the platforms have the ages below as their ends; a
target may begin and end at any age.
"""

from collections.abc import Mapping
from typing import NamedTuple


class NamedCode(NamedTuple):
    """The names of a code."""

    zh: str
    en: str


# A category that is also a vertical of channels has the same code.
CATEGORIES: Mapping[str, NamedCode] = {
    "beauty": NamedCode("美妆护肤", "Beauty and skin care"),
    "fashion": NamedCode("服饰鞋包", "Clothing, shoes and bags"),
    "food": NamedCode("食品饮料", "Food and drinks"),
    "home": NamedCode("家居家电", "Home and appliances"),
    "parenting": NamedCode("母婴亲子", "Mother and child"),
    "pets": NamedCode("宠物", "Pets"),
    "tech": NamedCode("数码科技", "Electronics and technology"),
    "games": NamedCode("游戏", "Games"),
    "cars": NamedCode("汽车出行", "Cars and mobility"),
    "travel": NamedCode("旅游酒店", "Travel and hotels"),
    "sports": NamedCode("体育用品", "Sports goods"),
    "fitness": NamedCode("运动健身", "Fitness"),
    "health": NamedCode("健康保健", "Health"),
    "outdoors": NamedCode("户外", "Outdoors"),
    "education": NamedCode("教育培训", "Education"),
    "finance": NamedCode("金融保险", "Finance and insurance"),
    "business": NamedCode("企业服务", "Business services"),
    "film": NamedCode("影视综艺", "Film and shows"),
    "music": NamedCode("音乐", "Music"),
    "culture": NamedCode("图书文创", "Books and culture"),
    "lifestyle": NamedCode("生活用品", "Everyday goods"),
    "apps": NamedCode("应用软件", "Apps and software"),
    "ecommerce": NamedCode("电商平台", "Online shops"),
    "local_services": NamedCode("本地生活", "Local services"),
    "jewellery": NamedCode("珠宝钟表", "Jewellery and watches"),
    "toys": NamedCode("玩具潮玩", "Toys and collectibles"),
    "alcohol": NamedCode("酒类", "Alcohol"),
    "public_interest": NamedCode("公益", "Public interest"),
}

PLACEMENT_KINDS: Mapping[str, NamedCode] = {
    "background": NamedCode("背景露出", "In the background"),
    "hand_prop": NamedCode("手持道具", "Prop in hand"),
    "wardrobe": NamedCode("服装造型", "Worn"),
    "plot_use": NamedCode("剧情使用", "Used in the plot"),
    "spoken_mention": NamedCode("台词提及", "Mentioned in dialogue"),
    "caption": NamedCode("字幕花字", "Caption or on-screen text"),
    "read_ad": NamedCode("口播广告", "Read-out ad"),
    "logo_card": NamedCode("片头片尾标版", "Logo card"),
}

DELIVERABLE_KINDS: Mapping[str, NamedCode] = {
    "video": NamedCode("单条视频", "Single video"),
    "series": NamedCode("系列剧集", "Series of episodes"),
    "live": NamedCode("直播", "Live stream"),
    "image": NamedCode("图文", "Images"),
}

USAGE_CHANNELS: Mapping[str, NamedCode] = {
    "brand_social": NamedCode("品牌社交账号", "The brand's own accounts"),
    "brand_site": NamedCode("品牌官网", "The brand's site"),
    "shop": NamedCode("电商店铺", "Shop pages"),
    "paid_ads": NamedCode("付费投放", "Paid ads"),
    "email": NamedCode("邮件私域", "Mail and private groups"),
    "outdoor": NamedCode("户外与线下", "Outdoor and in stores"),
    "tv": NamedCode("电视与长视频", "Television and streaming"),
    "print": NamedCode("印刷品", "Print"),
}

# The longest video that a plan can describe.
VIDEO_S_MAX = 7_200
# Whole seconds, both ends included. The platforms' price lists leave 60 s to either of the two longer tiers.
TIER_SECONDS: Mapping[str, tuple[int, int]] = {"1-20": (1, 20), "21-60": (21, 60), "60+": (60, VIDEO_S_MAX)}
LENGTH_TIERS = tuple(TIER_SECONDS)
GENDERS = ("female", "male")

# Ages are whole years, both ends included; 99 stands for everybody older.
AGE_STARTS = (13, 16, 18, 21, 24, 25, 30, 31, 35, 36, 40, 41, 45, 46, 50, 51, 55, 60, 65)
AGE_ENDS = (*(start - 1 for start in AGE_STARTS[1:]), 99)
# Every set doubles the number of combinations that a person's interests can be in.
INTEREST_SETS_MAX = 4

MARKETS = (
    "CN",
    "HK",
    "MO",
    "TW",
    "US",
    "CA",
    "MX",
    "BR",
    "AR",
    "CO",
    "CL",
    "PE",
    "GB",
    "IE",
    "FR",
    "DE",
    "ES",
    "IT",
    "PT",
    "NL",
    "BE",
    "CH",
    "AT",
    "PL",
    "CZ",
    "RO",
    "GR",
    "SE",
    "NO",
    "DK",
    "FI",
    "UA",
    "RU",
    "TR",
    "IL",
    "SA",
    "AE",
    "EG",
    "MA",
    "NG",
    "KE",
    "ZA",
    "IN",
    "PK",
    "BD",
    "LK",
    "NP",
    "KZ",
    "ID",
    "MY",
    "SG",
    "TH",
    "VN",
    "PH",
    "KH",
    "MM",
    "JP",
    "KR",
    "AU",
    "NZ",
)
PROVINCES = (
    "CN-AH",
    "CN-BJ",
    "CN-CQ",
    "CN-FJ",
    "CN-GD",
    "CN-GS",
    "CN-GX",
    "CN-GZ",
    "CN-HA",
    "CN-HB",
    "CN-HE",
    "CN-HI",
    "CN-HK",
    "CN-HL",
    "CN-HN",
    "CN-JL",
    "CN-JS",
    "CN-JX",
    "CN-LN",
    "CN-MO",
    "CN-NM",
    "CN-NX",
    "CN-QH",
    "CN-SC",
    "CN-SD",
    "CN-SH",
    "CN-SN",
    "CN-SX",
    "CN-TJ",
    "CN-TW",
    "CN-XJ",
    "CN-XZ",
    "CN-YN",
    "CN-ZJ",
)
REGIONS = (*MARKETS, *PROVINCES)

# Elsewhere scoring has no ceiling of its own to go by, so a brief has to name one.
CURRENCIES_WITH_DEFAULT_CEILING = ("CNY", "EUR", "USD")
