"""The forecast of one published video, as it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.core.estimate import Estimate
from marketplace.core.message import Message


@dataclass(frozen=True)
class VideoForecast:
    """Views of one video at thirty days, with its newest reading: `views` counted `hours` after publication.

    `before` is the forecast by the channel's history alone, `early` by the newest reading alone, `forecast` both by
    precision. `percentile` is the place of `early` in `before`, 0..100 (None: no forecast before publication).
    `settled_videos` is the number of videos that growth was learnt from (0: the prior), `fitted_on` the day.
    """

    channel_id: UUID
    external_id: str
    published_at: datetime
    taken_at: datetime
    hours: float
    views: int
    before: Estimate
    early: Estimate
    forecast: Estimate
    percentile: float | None
    settled_videos: int
    source: str
    fitted_on: date | None
    reasons: Sequence[Message] = ()
