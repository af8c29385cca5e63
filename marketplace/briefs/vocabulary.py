"""The closed lists of a brief, with their names in Chinese and English.

Regions and age ends are those of the grid on which audiences are forecast (platforms report ages in bands that end
there and regions as countries and Chinese provinces), so that nothing can be asked for that nobody could measure.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Named(NamedTuple):
    """What a code is called."""

    zh: str
    en: str


# Where a code is also a vertical of channels, it is the same word.
CATEGORIES: Mapping[str, Named] = {
    "beauty": Named("美妆护肤", "Beauty and skin care"),
    "fashion": Named("服饰鞋包", "Clothing, shoes and bags"),
    "food": Named("食品饮料", "Food and drinks"),
    "home": Named("家居家电", "Home and appliances"),
    "parenting": Named("母婴亲子", "Mother and child"),
    "pets": Named("宠物", "Pets"),
    "tech": Named("数码科技", "Electronics and technology"),
    "games": Named("游戏", "Games"),
    "cars": Named("汽车出行", "Cars and mobility"),
    "travel": Named("旅游酒店", "Travel and hotels"),
    "sports": Named("体育用品", "Sports goods"),
    "fitness": Named("运动健身", "Fitness"),
    "health": Named("健康保健", "Health"),
    "outdoors": Named("户外", "Outdoors"),
    "education": Named("教育培训", "Education"),
    "finance": Named("金融保险", "Finance and insurance"),
    "business": Named("企业服务", "Business services"),
    "film": Named("影视综艺", "Film and shows"),
    "music": Named("音乐", "Music"),
    "culture": Named("图书文创", "Books and culture"),
    "lifestyle": Named("生活用品", "Everyday goods"),
    "apps": Named("应用软件", "Apps and software"),
    "ecommerce": Named("电商平台", "Online shops"),
    "local_services": Named("本地生活", "Local services"),
    "jewellery": Named("珠宝钟表", "Jewellery and watches"),
    "toys": Named("玩具潮玩", "Toys and collectibles"),
    "alcohol": Named("酒类", "Alcohol"),
    "public_interest": Named("公益", "Public interest"),
}

PLACEMENT_KINDS: Mapping[str, Named] = {
    "background": Named("背景露出", "In the background"),
    "hand_prop": Named("手持道具", "Prop in hand"),
    "wardrobe": Named("服装造型", "Worn"),
    "plot_use": Named("剧情使用", "Used in the plot"),
    "spoken_mention": Named("台词提及", "Mentioned in dialogue"),
    "caption": Named("字幕花字", "Caption or on-screen text"),
    "read_ad": Named("口播广告", "Read-out ad"),
    "logo_card": Named("片头片尾标版", "Logo card"),
}

DELIVERABLE_KINDS: Mapping[str, Named] = {
    "video": Named("单条视频", "Single video"),
    "series": Named("系列剧集", "Series of episodes"),
    "live": Named("直播", "Live stream"),
    "image": Named("图文", "Images"),
}

USAGE_CHANNELS: Mapping[str, Named] = {
    "brand_social": Named("品牌社交账号", "The brand's own accounts"),
    "brand_site": Named("品牌官网", "The brand's site"),
    "shop": Named("电商店铺", "Shop pages"),
    "paid_ads": Named("付费投放", "Paid ads"),
    "email": Named("邮件私域", "Mail and private groups"),
    "outdoor": Named("户外与线下", "Outdoor and in stores"),
    "tv": Named("电视与长视频", "Television and streaming"),
    "print": Named("印刷品", "Print"),
}

LENGTH_TIERS = ("1-20", "21-60", "60+")  # seconds
GENDERS = ("female", "male")

# Ages are whole years, both ends included; 99 stands for everybody older.
AGE_STARTS = (13, 18, 24, 25, 31, 35, 41, 45, 51, 55, 65)
AGE_ENDS = (17, 23, 24, 30, 34, 40, 44, 50, 54, 64, 99)

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
