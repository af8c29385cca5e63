"""Rules of pacing and windows of exclusivity."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.pacing import exclusivity
from marketplace.pacing.exclusivity import ShownWindow
from marketplace.pacing.schemas_exclusivity import ExclusivityIn
from tests.make.people import Somebody

NO_LIMITS: dict[str, Any] = dict.fromkeys(("share_max", "gap_videos", "gap_days", "streak_max", "cool_down_days"))
# A rule with every field filled in, just as it is shown again.
RULE: dict[str, Any] = {
    "share_max": 0.3,
    "gap_videos": 2,
    "gap_days": 5,
    "streak_max": 1,
    "cool_down_days": 14,
    "ramp": {"preset": "gentle", "videos": 20, "followers": 5_000},
    "series": [{**NO_LIMITS, "key": "茶馆", "gap_videos": 3}],
}
WINDOW: dict[str, Any] = {
    "category": "food",
    "brand": None,
    "holder": "清泉",
    "holder_id": None,
    "starts_on": "2030-03-01",
    "ends_on": "2030-03-31",
    "note": "季度合作",
}


def rule(**changes: Any) -> dict[str, Any]:
    """A rule that asks nothing but what is named."""
    return {**NO_LIMITS, "ramp": None, "series": [], **changes}


def window(session: Session, who: Somebody, channel_id: UUID, **changes: Any) -> ShownWindow:
    values: Any = ExclusivityIn().load({**WINDOW, **changes})
    return exclusivity.record(session, who.actor, channel_id, **values)
