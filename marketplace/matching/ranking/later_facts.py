"""What became known of ranked channels since the close: shown beside the ranking, where it moves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.matching.ranking.ranked_bid import LaterFacts, RankedBid

_LATER = sa.text(
    "SELECT m.id, s.id AS snapshot_id, s.taken_on, s.followers, s.median_views, s.flags, o.followers AS followers_then,"
    " o.median_views AS median_views_then, c.handle, c.name FROM matches m JOIN bids b ON b.id = m.id"
    " JOIN channels c ON c.id = b.channel_id"
    " LEFT JOIN audience_snapshots s ON s.id = c.snapshot_id AND s.id IS DISTINCT FROM m.snapshot_id"
    " LEFT JOIN audience_snapshots o ON o.id = m.snapshot_id WHERE m.id = ANY(:matches)"
)


def with_later_facts(session: Session, matches: Sequence[RankedBid]) -> list[RankedBid]:
    """Return the matches, each with the newest audience snapshot of its channel if that is not the one it is scored
    on, and with what the channel is called now if that is not what it was called at the close."""
    rows = {row.id: row for row in session.execute(_LATER, {"matches": [match.id for match in matches]})}
    return [replace(match, since_close=_later_facts(match, rows[match.id])) for match in matches]


def _later_facts(match: RankedBid, row: Any) -> LaterFacts | None:
    if row.snapshot_id is None and (row.handle, row.name) == (match.handle, match.channel_name):
        return None
    return LaterFacts(
        handle=row.handle,
        handle_at_close=match.handle,
        channel_name=row.name,
        channel_name_at_close=match.channel_name,
        snapshot_id=row.snapshot_id,
        taken_on=row.taken_on,
        followers=row.followers,
        followers_at_close=row.followers_then,
        median_views=row.median_views,
        median_views_at_close=row.median_views_then,
        flags=tuple(flag["code"] for flag in row.flags or ()),
    )
