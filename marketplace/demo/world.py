"""A made-up market with the spread of a real one.

Creators are drawn so that their numbers have the aggregates measured on 846 Douyin creators (a search for one word,
2025-11): the spread of log views inside a creator (median 0.63, 5-95 % 0.27-1.77) and between creators (2.04), the
weak pull of followers on views (elasticity 0.1-0.5), rate cards far above what deals close at (suggested CPM: median
46 CNY).
Names are invented; the same seed makes the same world.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

NICHES = (
    "beauty",
    "comedy",
    "food",
    "animation",
    "tech",
    "games",
    "travel",
    "parenting",
    "pets",
    "fitness",
    "drama",
    "documentary",
)
SHAPES = ("xingtu", "tiktok_one", "youtube", "inlay")
PLATFORMS = {"xingtu": "douyin", "tiktok_one": "tiktok", "youtube": "youtube", "inlay": "bilibili"}
VIDEOS = 10
WITHIN_MEDIAN, WITHIN_SPREAD = 0.63, 0.57
BETWEEN_SD = 2.04
ELASTICITY = 0.30
VIEWS_MAX = 10**9
PULL = 0.5  # correlation of neighbouring videos, which makes the newest ones forecast best
SUGGESTED_CPM_MINOR = 4_600
LENGTH_RATIOS = {"1-20": 0.78, "21-60": 1.0, "60+": 1.33}

_FAMILY = "林陈周吴郑孙许何罗宋唐邓韩冯曹"
_GIVEN = (
    "小满",
    "阿砚",
    "之南",
    "一禾",
    "云起",
    "可可",
    "星野",
    "半夏",
    "见山",
    "木子",
    "拾光",
    "青柠",
    "未央",
    "十七",
    "白鹿",
)
_TOPIC = {
    "beauty": "美妆",
    "comedy": "段子",
    "food": "吃饭",
    "animation": "动画",
    "tech": "数码",
    "games": "开黑",
    "travel": "在路上",
    "parenting": "带娃",
    "pets": "养猫",
    "fitness": "练起来",
    "drama": "剧场",
    "documentary": "纪实",
}
_AGENCY = ("松果", "蓝鲸", "半岛", "麦浪", "引力", "星图南", "橙子", "北回归线", "拾贝", "望舒", "风眠", "大鱼")

# Share of women and mean age by niche: invented, with the lean that each niche is known for.
_LEAN = {
    "beauty": (0.82, 25),
    "comedy": (0.48, 27),
    "food": (0.60, 31),
    "animation": (0.45, 20),
    "tech": (0.22, 29),
    "games": (0.25, 22),
    "travel": (0.55, 32),
    "parenting": (0.78, 33),
    "pets": (0.66, 27),
    "fitness": (0.50, 29),
    "drama": (0.68, 26),
    "documentary": (0.59, 24),
}
AGE_BANDS = {
    "xingtu": ((18, 23), (24, 30), (31, 40), (41, 50), (51, None)),
    "tiktok_one": ((18, 24), (25, 34), (35, 44), (45, 54), (55, None)),
    "youtube": ((13, 17), (18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, None)),
    "inlay": ((13, 17), (18, 23), (24, 30), (31, 40), (41, 50), (51, None)),
}
_PROVINCES = (
    ("CN-GD", 0.12),
    ("CN-JS", 0.08),
    ("CN-SD", 0.07),
    ("CN-ZJ", 0.07),
    ("CN-HA", 0.07),
    ("CN-SC", 0.06),
    ("CN-BJ", 0.04),
    ("CN-SH", 0.04),
    ("CN-HB", 0.04),
    ("CN-HN", 0.05),
)
# TikTok and YouTube are not offered in mainland China: Chinese-speaking creators there are watched by people abroad.
_COUNTRIES = (("TW", 0.36), ("MY", 0.18), ("US", 0.14), ("HK", 0.12), ("SG", 0.07), ("CN", 0.02), ("CA", 0.04))


@dataclass(frozen=True)
class MadeVideo:
    """One published video."""

    external_id: str
    published_at: datetime
    views: int
    likes: int
    comments: int
    shares: int
    duration_s: float
    sponsored: bool


@dataclass(frozen=True)
class MadeChannel:
    """One creator's account with its facts, as the platform would export it. Prices in minor units of CNY."""

    number: int
    shape: str
    creator: str
    handle: str
    niche: str
    second: str
    agency: int | None
    followers: int
    videos: tuple[MadeVideo, ...]
    ages: dict[str, float]
    genders: dict[str, float]
    regions: dict[str, float]
    card_minor: dict[str, int]
    fair_minor: int
    production_minor: int

    @property
    def platform(self) -> str:
        return PLATFORMS[self.shape]

    @property
    def median_views(self) -> float:
        return float(np.median([video.views for video in self.videos]))


def agencies(count: int) -> list[str]:
    return [f"{_AGENCY[number % len(_AGENCY)]}文化{'' if number < len(_AGENCY) else number}" for number in range(count)]


def channels(seed: int, today: date, count: int = 320, agency_count: int = 12) -> list[MadeChannel]:
    """Draw `count` channels, a twelfth of them in each niche; most have an agency."""
    rng = np.random.default_rng(seed)
    return [_channel(rng, number, today, agency_count) for number in range(count)]


def _channel(rng: np.random.Generator, number: int, today: date, agency_count: int) -> MadeChannel:
    niche = NICHES[number % len(NICHES)]
    # Every shape gets channels of every niche; an agency exports its talents from one platform at a time.
    shape = SHAPES[(number // len(NICHES)) % len(SHAPES)]
    log_followers = float(np.clip(rng.normal(np.log(80_000), 1.6), np.log(1_500), np.log(20_000_000)))
    followers = int(np.exp(log_followers))
    rest = np.sqrt(max(0.1, BETWEEN_SD**2 - (ELASTICITY * 1.6) ** 2))
    centre = float(
        np.clip(np.log(30_000) + ELASTICITY * (log_followers - np.log(80_000)) + rng.normal(0, rest), 3.5, 17.0)
    )
    videos = _videos(rng, number, centre, today)
    fair = _fair(rng, float(np.mean([video.views for video in videos])))
    creator = _FAMILY[number % len(_FAMILY)] + _GIVEN[(number // len(_FAMILY)) % len(_GIVEN)]
    return MadeChannel(
        number=number,
        shape=shape,
        creator=f"{creator}{_TOPIC[niche]}",
        handle=f"inlay_{niche}_{number:03d}",
        niche=niche,
        second=NICHES[int(rng.integers(len(NICHES)))],
        agency=int(rng.integers(agency_count)) if rng.random() < 0.92 else None,
        followers=followers,
        videos=videos,
        ages=_ages(rng, niche, shape),
        genders=_genders(rng, niche),
        regions=_regions(rng, shape),
        card_minor={
            tier: _round(fair * ratio * float(np.exp(rng.normal(1.2, 0.5)))) for tier, ratio in LENGTH_RATIOS.items()
        },
        fair_minor=fair,
        production_minor=_round(max(80_000, fair * float(rng.uniform(0.1, 0.6)))),
    )


def _videos(rng: np.random.Generator, number: int, centre: float, today: date) -> tuple[MadeVideo, ...]:
    # Ten correlated neighbours spread less than independent videos would; the factor 1.2 makes up for it.
    spread = 1.2 * WITHIN_MEDIAN * float(np.exp(rng.normal(0, WITHIN_SPREAD)))
    gap_days = float(rng.choice([1, 2, 3, 7]))
    rare = rng.random() < 0.5
    videos, level = [], rng.normal(0, spread)
    for index in range(VIDEOS):
        level = PULL * level + np.sqrt(1 - PULL**2) * rng.normal(0, spread)
        # The tail of a normal distribution has no end, but no video exceeds the views of the most watched one.
        views = int(np.clip(np.exp(centre + level), 20, VIEWS_MAX))
        sponsored = bool(rng.random() < (0.05 if rare else 0.25))
        liked = float(np.clip(rng.lognormal(np.log(0.035), 0.5), 0.002, 0.3))
        hours = (VIDEOS - index) * gap_days * 24 + rng.uniform(0, 12) + 72
        videos.append(
            MadeVideo(
                external_id=f"v{number:05d}{index:02d}",
                published_at=datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(hours=float(hours)),
                views=views,
                likes=int(views * liked),
                comments=int(views * liked * 0.06),
                shares=int(views * liked * 0.1),
                duration_s=float(rng.choice([15, 28, 45, 58, 75, 120])),
                sponsored=sponsored,
            )
        )
    return tuple(reversed(videos))


def _fair(rng: np.random.Generator, views: float) -> int:
    """Return the price (minor units) at which a deal closes: the platform's suggested CPM with its spread, times the
    mean views."""
    cpm = SUGGESTED_CPM_MINOR * float(np.exp(rng.normal(0, 0.4)))
    return _round(max(30_000, cpm * views / 1000))


def _round(minor: float) -> int:
    step = 10 ** max(3, len(str(int(minor))) - 2)
    return int(max(step, round(minor / step) * step))


def _ages(rng: np.random.Generator, niche: str, shape: str) -> dict[str, float]:
    middle = _LEAN[niche][1] + rng.normal(0, 3)
    ages = np.arange(13, 80)
    density = np.exp(-0.5 * ((np.log(ages) - np.log(middle)) / 0.32) ** 2)
    shares = {}
    for low, high in AGE_BANDS[shape]:
        inside = (ages >= low) & (ages <= (high or 200))
        shares[f"{low}-{high}" if high else f"{low}+"] = float(density[inside].sum())
    return _shares(shares)


def _genders(rng: np.random.Generator, niche: str) -> dict[str, float]:
    women = float(np.clip(_LEAN[niche][0] + rng.normal(0, 0.08), 0.05, 0.95))
    return _shares({"female": women, "male": 1 - women})


def _regions(rng: np.random.Generator, shape: str) -> dict[str, float]:
    population = _PROVINCES if shape in ("xingtu", "inlay") else _COUNTRIES
    drawn = rng.dirichlet([share * 60 for _, share in population])
    named = sum(share for _, share in population)
    return {code: round(float(share * named), 4) for (code, _), share in zip(population, drawn, strict=True)}


def _shares(raw: dict[str, float]) -> dict[str, float]:
    """Scale to shares of four decimals that sum to exactly 1."""
    total = sum(raw.values())
    rounded = {name: round(value / total, 4) for name, value in raw.items()}
    first = next(iter(rounded))
    rounded[first] = round(rounded[first] + 1 - sum(rounded.values()), 4)
    return rounded
