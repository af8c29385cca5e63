"""Bids of the made-up creators: near what deals close at, each in its own pricing model."""

from typing import Any

import numpy as np

from marketplace.demo.plans import plan
from marketplace.demo.world import LENGTH_RATIOS, MadeChannel

MESSAGES = (
    "可按脚本再压缩露出时长。",
    "粉丝对硬广敏感，建议只做背景。",
    "可附带两周数据回传。",
    "档期灵活，可先出样片。",
)


RIGHTS_SHARES = {"usage": 0.3, "whitelisting": 0.2, "exclusivity": 0.2}
# What the dearest of the pricing models below can cost, over the amount of a flat price.
MOST_OVER_AMOUNT = 1.6


def chosen(rng: np.random.Generator, channels: list[MadeChannel], category: str, count: int) -> list[MadeChannel]:
    """Draw `count` channels that bid on a brief; those of its own niche are four times as likely."""
    weights = np.array([4.0 if category in (channel.niche, channel.second) else 1.0 for channel in channels])
    picked = rng.choice(len(channels), size=min(count, len(channels)), replace=False, p=weights / weights.sum())
    return [channels[index] for index in sorted(picked)]


def bid(rng: np.random.Generator, channel: MadeChannel, brief: dict[str, Any], channel_id: str) -> dict[str, Any]:
    """Return the body of POST /briefs/{id}/bids for one channel."""
    tiers = brief["deliverables"][0]["length_tiers"]
    tier = tiers[int(rng.integers(len(tiers)))]
    shaded = channel.fair_minor * LENGTH_RATIOS[tier] * float(rng.uniform(0.85, 1.6))
    shares = {name: share for name, share in RIGHTS_SHARES.items() if brief["rights"].get(name)}
    # With its rights, and at its cap, a bid must not cost more than the whole budget.
    most = brief["budget"]["amount_minor"] / (MOST_OVER_AMOUNT + sum(shares.values()))
    amount = int(min(round(shaded, -3), most))
    boldness = float(rng.beta(1.6, 2.6))
    rights = {name: _money(amount * share) for name, share in shares.items()}
    body: dict[str, Any] = {
        "channel_id": channel_id,
        "price": _price(rng, amount, channel),
        "deliverables": [{"kind": "video", "count": 1, "length_tier": tier}],
        "plan": plan(rng, brief["placement_kinds"], tier, boldness),
        "production_cost": _money(channel.production_minor),
        "message": MESSAGES[channel.number % len(MESSAGES)],
    }
    return {**body, "rights": rights} if rights else body


def _money(minor: float) -> dict[str, Any]:
    return {"amount_minor": max(1, int(minor)), "currency": "CNY"}


def _price(rng: np.random.Generator, amount: int, channel: MadeChannel) -> dict[str, Any]:
    """Return a price: 75 % are flat, 15 % per thousand views with floor and cap, 10 % hybrid."""
    kind = rng.random()
    if kind < 0.75:
        return {"model": "flat", "amount": _money(amount)}
    rate = max(100, round(amount / max(1.0, channel.median_views / 1000)))
    if kind < 0.9:
        return {"model": "cpm", "rate": _money(rate), "floor": _money(amount * 0.5), "cap": _money(amount * 1.5)}
    return {
        "model": "hybrid",
        "fixed": _money(amount * 0.6),
        "variable": {"model": "cpm", "rate": _money(rate * 0.4), "cap": _money(amount)},
    }
