"""A brief to begin with, as documents, the API's description and the command show it."""

from datetime import date, timedelta
from typing import Any


def example_brief(today: date) -> dict[str, Any]:
    """Return a brief that may be posted on this day: for a short animation, whose viewers mind advertisements."""
    return {
        "title": "动画短剧里的青柠气泡水",
        "product": {"name": "青柠气泡水", "category": "food"},
        "brand": {"names": ["青柠岛"], "aliases": ["LIMEISLE"]},
        "markets": ["CN"],
        "target": [{"ages": {"from": 18, "to": 30}, "genders": ["female", "male"]}],
        "placement_kinds": ["background", "hand_prop", "plot_use"],
        "tolerance": 20,
        "budget": {"amount_minor": 6_000_000, "currency": "CNY"},
        "ceiling_per_thousand": {"amount_minor": 9_000, "currency": "CNY"},
        "deliverables": [{"kind": "video", "count": 1, "length_tiers": ["21-60"]}],
        "publish_window": {"starts_at": _at(today, 92, "00"), "ends_at": _at(today, 122, "00")},
        "bids_close_at": _at(today, 78, "12"),
    }


def _at(today: date, days: int, hour: str) -> str:
    return f"{today + timedelta(days=days)}T{hour}:00:00Z"
