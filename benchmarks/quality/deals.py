"""Made-up settled deals and rate cards whose true prices are known."""

from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.pricing.price_fit import PriceRecords
from marketplace.matching.pricing.price_model import PricedDeliverables, PriceModel, PricePrediction, predict

TRUE = {
    "one": 8.0,
    "views": 0.7,
    "followers": 0.2,
    "1-20": -0.3,
    "60+": 0.35,
    "usage": 0.2,
    "whitelisting": 0.1,
    "raw_files": 0.4,
    "exclusivity_month": 0.05,
    "rate_card": 0.8,
}
VERTICALS = {"beauty": 0.4, "food": -0.3, "tech": 0.2, "travel": -0.1}
PLATFORMS = {"douyin": 0.3, "tiktok": -0.3}
LENGTHS = ("1-20", "21-60", "60+")


def records(rng: np.random.Generator, deals: int, cards: int = 0, spread: float = 0.6, **changes: Any) -> PriceRecords:
    """Deals, each of a creator of their own and confirmed, and rate cards of others with a wider spread."""
    n = deals + cards
    verticals, platforms = rng.choice(list(VERTICALS), n), rng.choice(list(PLATFORMS), n)
    followers = np.exp(rng.normal(11.5, 1.5, n))
    views, lengths = followers * np.exp(rng.normal(-2, 1, n)), rng.choice(LENGTHS, n)
    rights = rng.random((n, 3)) < 0.3
    days = np.where(rng.random(n) < 0.3, rng.integers(1, 120, n), 0).astype(np.float64)
    settled: Bools = np.arange(n) < deals
    logs: Floats = (
        TRUE["one"]
        + np.array([VERTICALS[name] for name in verticals])
        + np.array([PLATFORMS[name] for name in platforms])
        + TRUE["views"] * np.log(views / 10_000)
        + TRUE["followers"] * np.log(followers / 100_000)
        + np.array([TRUE.get(length, 0.0) for length in lengths])
        + rights @ np.array([TRUE["usage"], TRUE["whitelisting"], TRUE["raw_files"]])
        + TRUE["exclusivity_month"] * days / 30
        + np.where(settled, 0.0, TRUE["rate_card"])
        + rng.normal(0, np.where(settled, spread, 1.0))
    )
    deliverables = PricedDeliverables(views, followers, verticals, platforms, lengths, rights, days, np.full(n, np.nan))
    values = {"deliverables": deliverables, "prices": np.exp(logs), "creators": np.arange(n), "settled": settled}
    return PriceRecords(**{**values, "confirmed": np.ones(n, dtype=bool), **changes})


def ask(model: PriceModel, deliverables: PricedDeliverables, **changes: Any) -> PricePrediction:
    asked = {**vars(deliverables), **changes}
    return predict(
        model,
        asked["views"],
        asked["followers"],
        asked["verticals"],
        asked["platforms"],
        asked["lengths"],
        asked["rights"],
        asked["exclusivity_days"],
        asked["suggested_cpm"],
        asked["views_doubt"],
    )
