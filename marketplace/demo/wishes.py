"""Eight made-up brands and what they want, after cases that short-video makers, agencies and brands described.

Each is a whole brief in the form that the API takes. Brands and products are invented.
"""

from datetime import datetime, timedelta
from typing import Any


def when(at: datetime) -> str:
    """Return a moment as the API takes it."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _money(major: int) -> dict[str, Any]:
    return {"amount_minor": major * 100, "currency": "CNY"}


def _cell(
    first: int, last: int, genders: list[str], regions: list[str] | None = None, weight: float = 1.0
) -> dict[str, Any]:
    return {"ages": {"from": first, "to": last}, "genders": genders, "regions": regions or [], "weight": weight}


# (brand, title, product, category, target, kinds, tolerance, budget, ceiling, deliverables, more)
_WISHES: tuple[dict[str, Any], ...] = (
    {
        "brand": "青柠岛 LIMEISLE",
        "title": "动画短剧里的青柠气泡水",
        "product": ("青柠气泡水", "food", "无糖青柠味气泡水，瓶身有波浪纹"),
        "target": [_cell(18, 23, ["female", "male"]), _cell(24, 30, ["female", "male"], weight=0.6)],
        "kinds": ["background", "hand_prop", "plot_use"],
        "tolerance": 20,
        "budget": 60_000,
        "ceiling": 180,
        "tiers": ["21-60"],
        "must_not": ["不要打断剧情念口播", "不要出现价格"],
        "note": "观众对广告很敏感：先无、再有、再少，宁可少露出也不要掉粉。",
    },
    {
        "brand": "澄屏 CLEARFONE",
        "title": "都市短剧女主手里的手机",
        "product": ("澄屏 X2 手机", "tech", "手机背面有小标"),
        "target": [_cell(18, 30, ["female", "male"], ["CN"])],
        "kinds": ["background", "hand_prop", "plot_use"],
        "tolerance": 15,
        "budget": 200_000,
        "ceiling": 240,
        "tiers": ["21-60", "60+"],
        "must": ["手机背面自然入镜即可"],
        "note": "只露出背面标识也可能招骂：契合比大小重要。",
    },
    {
        "brand": "山前小院",
        "title": "喜剧头部账号的系列植入",
        "product": ("山前小院火锅底料", "food", "一人份火锅底料"),
        "target": [_cell(18, 40, ["female", "male"], ["CN"])],
        "kinds": ["background", "hand_prop", "plot_use", "spoken_mention"],
        "tolerance": 35,
        "budget": 500_000,
        "ceiling": 220,
        "tiers": ["21-60", "60+"],
        "exclusivity": ("food", 30),
        "note": "刊例与成交差距大：请报可成交价，并附制作成本。",
    },
    {
        "brand": "步步云 STEPCLOUD",
        "title": "旅行创作者多平台分发",
        "product": ("步步云徒步鞋", "outdoors", "轻量防水徒步鞋"),
        "target": [_cell(24, 40, ["female", "male"])],
        "kinds": ["background", "wardrobe", "hand_prop", "spoken_mention"],
        "tolerance": 40,
        "budget": 150_000,
        "ceiling": 260,
        "tiers": ["60+"],
        "usage": (90, ["brand_social", "paid_ads"]),
        "note": "同一条视频会发多个平台：按人数去重，不按播放相加。",
    },
    {
        "brand": "轻羽 FEATHERY",
        "title": "年轻女性线上购物新品上市",
        "product": ("轻羽防晒霜", "beauty", "清爽型防晒霜"),
        "target": [_cell(18, 23, ["female"], ["CN"]), _cell(24, 30, ["female"], ["CN"], 0.8)],
        "kinds": ["hand_prop", "plot_use", "spoken_mention", "caption", "read_ad"],
        "tolerance": 50,
        "budget": 300_000,
        "ceiling": 300,
        "tiers": ["21-60", "60+"],
        "link": True,
        "note": "带购物链接，须标明“广告”。",
    },
    {
        "brand": "见野文化",
        "title": "纪实频道联合赞助",
        "product": ("见野植物图鉴", "culture", "四季植物图鉴套装"),
        "target": [_cell(18, 30, ["female"], weight=1.0), _cell(18, 30, ["male"], weight=0.7)],
        "kinds": ["background", "hand_prop", "logo_card", "spoken_mention"],
        "tolerance": 30,
        "budget": 120_000,
        "ceiling": 280,
        "tiers": ["60+"],
        "note": "可与其他品类品牌共同赞助同一系列。",
    },
    {
        "brand": "团团家 TUANHOME",
        "title": "亲子与宠物家庭的日常收纳",
        "product": ("团团家折叠收纳箱", "home", "可折叠收纳箱，适合有孩子和宠物的家庭"),
        "target": [_cell(25, 40, ["female"], ["CN"]), _cell(25, 40, ["male"], ["CN"], 0.5)],
        "kinds": ["background", "hand_prop", "plot_use"],
        "tolerance": 40,
        "budget": 100_000,
        "ceiling": 200,
        "tiers": ["1-20", "21-60", "60+"],
        "note": "欢迎小账号：按目标人群人数计价。",
    },
    {
        "brand": "极昼 POLARDAY",
        "title": "Gaming and fitness earbuds, Chinese-speaking viewers abroad too",
        "product": ("Polarday 运动耳机", "tech", "Open-ear sports earbuds"),
        "target": [_cell(18, 34, ["male", "female"])],
        "kinds": ["background", "wardrobe", "hand_prop", "plot_use", "spoken_mention", "caption"],
        "tolerance": 45,
        "budget": 180_000,
        "ceiling": 280,
        "tiers": ["21-60", "60+"],
        "markets": ["CN", "SG", "MY", "US"],
        "whitelisting": 30,
        "note": "English or Chinese; disclose the placement in both.",
    },
)

BRANDS = tuple(wish["brand"] for wish in _WISHES)


def brief(number: int, now: datetime, close_at: datetime) -> dict[str, Any]:
    """Return the body of POST /briefs for one of the eight, with bids until `close_at`."""
    wish = _WISHES[number]
    name, category, description = wish["product"]
    spelled = wish["brand"].split()
    rights: dict[str, Any] = {}
    if "usage" in wish:
        rights["usage"] = {"days": wish["usage"][0], "channels": wish["usage"][1]}
    if "whitelisting" in wish:
        rights["whitelisting"] = {"days": wish["whitelisting"]}
    if "exclusivity" in wish:
        rights["exclusivity"] = {"category": wish["exclusivity"][0], "days": wish["exclusivity"][1]}
    return {
        "title": wish["title"],
        "product": {"name": name, "category": category, "description": description},
        "brand": {"names": spelled[:1], "aliases": spelled[1:]},
        "markets": wish.get("markets", ["CN"]),
        "target": wish["target"],
        "placement_kinds": wish["kinds"],
        "tolerance": wish["tolerance"],
        "budget": _money(wish["budget"]),
        "ceiling_per_thousand": _money(wish["ceiling"]),
        "deliverables": [{"kind": "video", "count": 1, "length_tiers": wish["tiers"]}],
        "publish_window": {"starts_at": when(now + timedelta(days=10)), "ends_at": when(now + timedelta(days=40))},
        "keep_live_days": 90,
        "rights": rights,
        "must": wish.get("must", []),
        "must_not": wish.get("must_not", []),
        "buying_link": wish.get("link", False),
        "note": wish["note"],
        "bids_close_at": when(close_at),
    }
