"""Compares new facts of channels with what was told of the same videos and followers before.

What was flagged is no measure for what comes after it, or telling the same figures twice would clear them: a video
keeps the views that were last believed, and followers are compared with the newest snapshot without such a jump.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import told_again
from marketplace.channels.anomalies import SnapshotFlag
from marketplace.channels.told_again import EarlierFollowers, EarlierViews

_VIDEOS = sa.text(
    "SELECT v.channel_id, v.external_id, coalesce(v.believed_views, v.views) AS views,"
    " coalesce(v.believed_on, v.created_at::date) AS told_on FROM videos v"
    " JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(channel_id uuid, external_id text)"
    " ON r.channel_id = v.channel_id AND r.external_id = v.external_id"
)
_FOLLOWERS = sa.text(
    "SELECT DISTINCT ON (channel_id) channel_id AS id, followers, taken_on FROM audience_snapshots"
    """ WHERE channel_id = ANY(:ids) AND NOT flags @> '[{"code": "growth_jump"}]'"""
    " ORDER BY channel_id, taken_on DESC, id DESC"
)


class DatedEntry(Protocol):
    """The part of a new entry that is compared: its day, its snapshot and its videos."""

    @property
    def taken_on(self) -> date: ...
    @property
    def snapshot(self) -> Any: ...
    @property
    def videos(self) -> Sequence[Any]: ...


class Comparison(NamedTuple):
    """The flags of one entry, what growth explains of those of its videos whose views are not believed, by external id,
    and of its followers (None: they are believed)."""

    flags: Sequence[SnapshotFlag]
    rewritten: Mapping[str, int]
    followers: int | None = None


def compare(session: Session, entries: Sequence[tuple[UUID, DatedEntry]]) -> list[Comparison]:
    """Return the comparison of each entry, in their order. The entries of one channel are compared with each other
    too."""
    keys = [
        {"channel_id": str(channel_id), "external_id": video["external_id"]}
        for channel_id, entry in entries
        for video in entry.videos
    ]
    views: dict[UUID, dict[str, EarlierViews]] = {}
    for row in session.execute(_VIDEOS, {"rows": json.dumps(keys)}):
        views.setdefault(row.channel_id, {})[row.external_id] = EarlierViews(row.views, row.told_on)
    ids = sorted({channel_id for channel_id, _ in entries})
    followers = {
        row.id: EarlierFollowers(row.followers, row.taken_on) for row in session.execute(_FOLLOWERS, {"ids": ids})
    }
    found: list[Comparison] = [Comparison((), {})] * len(entries)
    for position, (channel_id, entry) in sorted(enumerate(entries), key=lambda one: one[1][1].taken_on):
        known, count = views.setdefault(channel_id, {}), int(entry.snapshot["followers"])
        of_videos, rewritten = told_again.find_rewritten(entry.videos, entry.taken_on, known)
        former = followers.get(channel_id)
        jumps = told_again.find_jump(count, entry.taken_on, former)
        explained = former.followers if jumps and former is not None else None
        found[position] = Comparison([*of_videos, *jumps], rewritten, explained)
        for video in entry.videos:
            before = known.get(video["external_id"])
            if video["external_id"] not in rewritten and (before is None or before.told_on <= entry.taken_on):
                known[video["external_id"]] = EarlierViews(video["views"], entry.taken_on)
        if not jumps and (former is None or former.told_on <= entry.taken_on):
            followers[channel_id] = EarlierFollowers(count, entry.taken_on)
    return found
