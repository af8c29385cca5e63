"""A bid to begin with, which answers the brief of `briefs.example_brief`."""

from datetime import date
from typing import Any


def example_bid(_today: date) -> dict[str, Any]:
    """Return a bid whose product is early, in the hand, large enough to be noticed and needed by the story. Numbers of
    its plan are exact where the creator is sure of them, else intervals or words."""
    return {
        "channel_id": "chn_...",
        "price": {"model": "flat", "amount": {"amount_minor": 1_800_000, "currency": "CNY"}},
        "deliverables": [{"kind": "video", "count": 1, "length_tier": "21-60"}],
        "plan": {
            "duration_s": 55,
            "exposures": [
                {
                    "kind": "product",
                    "start_s": 6,
                    "seconds": {"low": 5, "high": 6},
                    "area_share": 0.09,
                    "centre": 0.7,
                    "clarity": 0.9,
                    "plot": "tied",
                    "description": "女主角从冰箱拿出一瓶，拧开喝一口",
                },
                {
                    "kind": "product",
                    "start_s": {"low": 44, "high": 47},
                    "seconds": {"low": 2, "high": 3},
                    "area_share": "background",
                    "centre": "off-centre",
                    "plot": "tied",
                    "description": "空瓶放在两人中间的桌上",
                },
            ],
        },
        "production_cost": {"amount_minor": 800_000, "currency": "CNY"},
    }
