"""Channels by the thousand as scoring loads them, without a database, and the briefs to find them for."""

from datetime import timedelta
from typing import Any

import numpy as np

from marketplace.briefs.models import BriefVersion
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.matching.audience import channel_tags, grid, share_columns
from marketplace.matching.audience.grid import REGIONS
from marketplace.matching.discovery.column_store import Rows
from marketplace.matching.forecast import flags
from marketplace.matching.pricing.asking_price import TIERS
from marketplace.matching.scoring.match_columns import WEIGHTS

REGION_CODES = ("CN-GD", "CN-BJ", "US", "")
LANGUAGE_CODES = ("zh", "en", "ja", "")
PLATFORM_CODES = ("douyin", "bilibili", "tiktok")
DAY = 20_780
FLAGGED = flags.bits((), ("growth_jump",))


def rows(seed: int, count: int, alike: float = 0.0) -> Rows:
    """Random channels; a share of them are `alike` in all but their ids, so that their scores tie."""
    dice = np.random.default_rng(seed)
    shares = share_columns.stored_rows(
        dice.dirichlet(np.full(grid.AGES_N * grid.GENDERS_N, 0.3), count),
        dice.dirichlet(np.full(grid.REGIONS_N, 0.05), count),
        dice.dirichlet(np.full(len(channel_tags.VERTICALS) + 1, 0.05), count) * (dice.random((count, 1)) > 0.1),
    )
    known = dice.random(count)
    card = np.where(dice.random((count, len(TIERS))) < 0.5, np.round(np.exp(dice.normal(11, 2, (count, 3)))), np.nan)
    found: Rows = {
        "live": dice.random(count) > 0.05,
        "platform": _words(dice, PLATFORM_CODES, count, 30),
        "region": _words(dice, REGION_CODES, count, 6),
        "followers": np.round(np.exp(dice.normal(11, 2, count))),
        "taken_on": DAY - np.round(dice.exponential(60, count)),
        "agency_until": np.where(dice.random(count) < 0.3, DAY + dice.integers(-5, 400, count), 0.0),
        "card": card,
        "currency": _words(dice, ("CNY", "CNY", "CNY", "USD"), count, 3),
        "expected_views": np.where(dice.random(count) < 0.5, np.exp(dice.normal(10, 1.5, count)), np.nan),
        "suggested_cpm": np.where(dice.random(count) < 0.5, 4_600.0, np.nan),
        "known": np.ones(count, dtype=bool),
        "log_centre": np.where(known < 0.02, np.nan, dice.normal(10, 2, count)),
        "scale": dice.uniform(0.3, 2, count),
        "forecast": np.full((count, 8), np.nan),
        "df": np.round(dice.uniform(3, 12, count)),
        "smear": np.full(count, 1.2),
        "n_used": dice.integers(0, 11, count),
        "from_history": dice.random(count) < 0.9,
        "tier": dice.integers(0, 4, count),
        "ad_load": np.round(dice.random(count) * 0.6, 2),
        "seconds": np.where(dice.random(count) < 0.8, np.round(dice.uniform(5, 200, count)), np.nan),
        "idle_days": np.full(count, np.nan),
        "newest_times": np.full(count, np.nan),
        "language": _words(dice, LANGUAGE_CODES, count, 8),
        "flags": np.where(dice.random(count) < 0.2, 4, 0) | np.where(dice.random(count) < 0.1, FLAGGED, 0),
        "peers_upper": np.where(dice.random(count) < 0.9, np.exp(dice.normal(9, 1, count)), np.nan),
        **{column.name: dice.choice([0.75, 0.9, 1.0], count) for column in WEIGHTS},
        "minors": np.full(count, np.nan),
        "shares": shares,
    }
    same = np.where(dice.random(count) < alike, 0, np.arange(count))
    found = {name: np.ascontiguousarray(column[same]) for name, column in found.items()}
    found["channel_id"] = np.frombuffer(dice.bytes(16 * count), dtype="V16")
    return {**found, "bid_id": found["channel_id"], "snapshot_id": found["channel_id"]}


def _words(dice: Any, words: tuple[str, ...], count: int, width: int) -> Any:
    return np.array([word.ljust(width).encode() for word in words], dtype=f"S{width}")[
        dice.integers(0, len(words), count)
    ]


def version(seed: int) -> BriefVersion:
    """A random brief: anybody or narrow cells, one market or several, with or without lengths and a ceiling."""
    dice = np.random.default_rng(seed)
    regions = ["CN", "CN-GD", "US", "SG", REGIONS[int(dice.integers(0, 31))]]
    target = [
        {
            "ages": {"from": 18, "to": int(dice.choice([23, 30, 40, 99]))} if dice.random() < 0.7 else None,
            "genders": [str(dice.choice(["female", "male"]))] if dice.random() < 0.5 else [],
            "regions": sorted({str(dice.choice(regions)) for _ in range(2)}) if dice.random() < 0.6 else [],
            "education": ["bachelor", "master"] if dice.random() < 0.2 else [],
            "interests": ["food", "games"][: int(dice.integers(1, 3))] if dice.random() < 0.3 else [],
            "weight": round(float(dice.uniform(0.1, 1)), 2),
        }
        for _ in range(int(dice.integers(0, 4)))
    ]
    tiers = [str(dice.choice(TIERS))] if dice.random() < 0.7 else []
    markets = [str(one) for one in dice.choice(["CN", "US", "JP", "SG"], int(dice.integers(1, 3)), replace=False)]
    content = {
        "markets": markets,
        "target": target,
        "placement_kinds": ["background"],
        "deliverables": [{"kind": "video", "count": 1, "length_tiers": tiers, "platform": None}],
    }
    return BriefVersion(
        brief_id=new_id(),
        number=1,
        title="t",
        category=str(dice.choice(["food", "beauty", "apps"])),
        currency="CNY",
        budget_minor=10**8,
        ceiling_minor=int(dice.integers(500, 50_000)) if dice.random() < 0.5 else None,
        tolerance=40,
        bids_close_at=now() + timedelta(days=3),
        content=content,
    )
