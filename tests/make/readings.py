"""Views of published videos over time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.matching.forecast import readings
from marketplace.matching.forecast.models import VideoReading
from tests.make.people import Somebody

PUBLISHED = now().replace(microsecond=0) - timedelta(days=60)


def rows(views: Mapping[float, int], video: str = "v1", published_at: datetime = PUBLISHED) -> list[dict[str, Any]]:
    """Return the readings of one video: views by hours after its publication."""
    return [
        {
            "external_id": video,
            "published_at": published_at,
            "taken_at": published_at + timedelta(hours=at),
            "views": count,
        }
        for at, count in views.items()
    ]


def tell(who: Somebody, channel_id: UUID, views: Mapping[float, int], video: str = "v1") -> list[VideoReading]:
    with db.transaction(who.actor) as session:
        return readings.record(session, who.actor, channel_id, rows(views, video), "typed")
