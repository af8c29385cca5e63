"""The last videos of a channel, as its intrusiveness score reads them."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.channel_score import PublishedVideo

# An unknown length is taken to be the mean of the known ones.
_PAST = sa.text(
    "SELECT coalesce(duration_s, avg(duration_s) OVER (), :usual) AS seconds, sponsored"
    " FROM (SELECT * FROM videos WHERE channel_id = :channel ORDER BY published_at DESC, id DESC LIMIT :most) newest"
    " ORDER BY published_at, id"
)


def past(session: Session, channel_id: UUID) -> list[PublishedVideo]:
    """Return the channel's newest published videos, oldest first."""
    parameters = {"channel": channel_id, "most": c.CHANNEL_VIDEOS, "usual": c.UNSEEN_LENGTH_S}
    return [PublishedVideo(max(1.0, row.seconds), row.sponsored) for row in session.execute(_PAST, parameters)]
