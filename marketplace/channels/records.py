"""The records that every shape of file is read into, and the verticals of channels with their platforms' labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# code -> (Chinese, English). The categories of briefs use the same code for the same subject.
VERTICALS: Mapping[str, tuple[str, str]] = {
    "beauty": ("美妆", "Beauty"),
    "fashion": ("时尚穿搭", "Fashion"),
    "food": ("美食", "Food"),
    "travel": ("旅行", "Travel"),
    "home": ("家居", "Home"),
    "parenting": ("母婴亲子", "Parenting"),
    "pets": ("宠物", "Pets"),
    "tech": ("科技数码", "Technology"),
    "games": ("游戏", "Games"),
    "cars": ("汽车", "Cars"),
    "animation": ("动画二次元", "Animation"),
    "comedy": ("搞笑", "Comedy"),
    "drama": ("剧情", "Drama"),
    "film": ("影视", "Film"),
    "music": ("音乐", "Music"),
    "sports": ("体育", "Sports"),
    "fitness": ("健身", "Fitness"),
    "health": ("健康", "Health"),
    "outdoors": ("户外", "Outdoors"),
    "education": ("教育", "Education"),
    "documentary": ("纪实", "Documentary"),
    "science": ("科普", "Science"),
    "culture": ("文化", "Culture"),
    "finance": ("财经", "Finance"),
    "lifestyle": ("生活", "Lifestyle"),
    "rural": ("三农", "Rural life"),
    "entertainment": ("娱乐", "Entertainment"),
}
LABELS: Mapping[str, str] = {
    **{zh: code for code, (zh, _) in VERTICALS.items()},
    **{en.lower(): code for code, (_, en) in VERTICALS.items()},
    **{code: code for code in VERTICALS},
    "护肤": "beauty",
    "彩妆": "beauty",
    "穿搭": "fashion",
    "时尚": "fashion",
    "吃播": "food",
    "探店": "food",
    "旅游": "travel",
    "母婴": "parenting",
    "亲子": "parenting",
    "萌宠": "pets",
    "数码": "tech",
    "科技": "tech",
    "二次元": "animation",
    "动漫": "animation",
    "剧情搞笑": "comedy",
    "随拍": "lifestyle",
    "生活记录": "lifestyle",
    "运动健身": "fitness",
    "知识": "education",
    "人文": "culture",
    "gaming": "games",
    "technology": "tech",
    "pets & animals": "pets",
    "people & blogs": "lifestyle",
    "howto & style": "beauty",
    "autos & vehicles": "cars",
    "film & animation": "animation",
    "science & technology": "tech",
    "travel & events": "travel",
}


@dataclass(frozen=True)
class RowError:
    """One error in one row: the column, its value, and what to correct."""

    row: int
    column: str
    value: str
    zh: str
    en: str


@dataclass(frozen=True)
class ChannelRecord:
    """A channel as one row (or a run of rows) describes it; `snapshot` and `videos` hold the tables' columns.

    snapshot: taken_on, source, evidence_hash, followers, facts, margins {age, gender, region: {label: share}},
    rate_card [{length_tier, amount_minor, currency}], series_hash. Each video: external_id, published_at, views, likes,
    comments, shares, duration_s, sponsored, title. Flags are not part of it: they depend on the peers at
    the time it is stored. One that `completes` the channel's newest snapshot may lack the day and the followers.
    `claim_status` is told by exports alone: a file proves nothing about whose an account is.
    """

    row: int
    platform: str
    account_key: str
    handle: str
    name: str
    snapshot: dict[str, Any]
    videos: tuple[dict[str, Any], ...] = ()
    creator_id: str | None = None
    creator_name: str | None = None
    url: str | None = None
    language: str | None = None
    region: str | None = None
    verticals: dict[str, float] = field(default_factory=dict)
    claim_status: str | None = None
    completes: bool = False


def is_vertical(label: str) -> bool:
    """Return whether a platform's label names one of the verticals."""
    return label.strip().lower() in LABELS or label.strip() in LABELS


def normalise_verticals(labels: Mapping[str, float]) -> dict[str, float]:
    """Return the shares of the known verticals among a platform's labels, scaled to sum to 1."""
    shares: dict[str, float] = {}
    for label, share in labels.items():
        code = LABELS.get(str(label).strip().lower()) or LABELS.get(str(label).strip())
        if code is not None and share > 0:
            shares[code] = shares.get(code, 0.0) + float(share)
    total = sum(shares.values())
    return {code: round(share / total, 6) for code, share in sorted(shares.items())} if total > 0 else {}
