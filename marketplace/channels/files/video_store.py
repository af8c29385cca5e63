"""Writes the videos of many channels at once, each of its figures with where it comes from."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.facts.provenance import OWN_WORDS
from marketplace.core.estimate import strict_json
from marketplace.core.ids import new_id

OWN = f"({', '.join(repr(word.value) for word in OWN_WORDS)})"
_COUNTS, _DETAILS = ("likes", "comments", "shares"), ("duration_s", "sponsored")
_COLUMNS = ("published_at", "views", *_COUNTS, *_DETAILS, "title")
_BELIEF = ("believed_views", "believed_on", "explained_views", "provenance", "details_provenance")
_TYPES = {
    "published_at": "timestamptz",
    "duration_s": "float8",
    "sponsored": "boolean",
    "believed_on": "date",
    **dict.fromkeys(("views", *_COUNTS, "believed_views", "explained_views"), "bigint"),
    **dict.fromkeys(("title", "provenance", "details_provenance"), "text"),
}
_WRITTEN = (*_COLUMNS, *_BELIEF)
_VIDEOS = (
    f"INSERT INTO videos (id, created_at, channel_id, external_id, {', '.join(_WRITTEN)})"
    f" SELECT r.id, :at, r.channel_id, r.external_id, {', '.join(f'r.{name}' for name in _WRITTEN)}"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, channel_id uuid, external_id text,"
    f" {', '.join(f'{name} {_TYPES[name]}' for name in _WRITTEN)})"
    " ON CONFLICT (channel_id, external_id) DO "
)
# A party that repeats what a file told makes it no less certain.
_SAME_VIEWS = f"excluded.provenance IN {OWN} AND excluded.views = videos.views"
_UNTOLD = " AND ".join(
    f"coalesce(excluded.{name}, videos.{name}) IS NOT DISTINCT FROM videos.{name}" for name in _DETAILS
)
_ALL_TOLD = " AND ".join(f"(excluded.{name} IS NOT NULL OR videos.{name} IS NULL)" for name in _DETAILS)
_NEW: Mapping[str, str] = {
    **{name: f"excluded.{name}" for name in ("published_at", "views", "explained_views")},
    **{
        name: f"coalesce(excluded.{name}, videos.{name})"
        for name in (*_COUNTS, *_DETAILS, "title", "believed_views", "believed_on")
    },
    "provenance": f"CASE WHEN {_SAME_VIEWS} THEN videos.provenance ELSE excluded.provenance END",
    # What a file leaves out stays as it was told before, and no more certain than it was.
    "details_provenance": f"CASE WHEN excluded.details_provenance NOT IN {OWN} AND {_ALL_TOLD}"
    f" THEN excluded.details_provenance WHEN {_UNTOLD} OR excluded.details_provenance NOT IN {OWN}"
    " THEN videos.details_provenance ELSE excluded.details_provenance END",
}
_NEWEST = sa.text(
    f"{_VIDEOS} UPDATE SET {', '.join(f'{name} = {value}' for name, value in _NEW.items())}"
    f" WHERE ({', '.join(f'videos.{name}' for name in _NEW)}) IS DISTINCT FROM ({', '.join(_NEW.values())})"
)
_OLDER = sa.text(f"{_VIDEOS} NOTHING")


def video_row(
    channel_id: UUID, video: Mapping[str, Any], told_on: date, told_by: str, explained: Mapping[str, int]
) -> dict[str, Any]:
    """Return a video as it is written; ``explained`` has the views that growth explains of those not believed."""
    name = video["external_id"]
    believed = name not in explained
    return {
        **video,
        "id": new_id(),
        "channel_id": channel_id,
        "believed_views": video["views"] if believed else None,
        "believed_on": told_on if believed else None,
        "explained_views": explained.get(name),
        "provenance": told_by,
        "details_provenance": told_by,
    }


def write(session: Session, rows: Iterable[Mapping[str, Any]], at: datetime, *, newest: bool) -> None:
    """Store videos, one row each. The newest facts change what is known; older ones only add what was unknown."""
    told = list(rows)
    if told:
        session.execute(_NEWEST if newest else _OLDER, {"rows": strict_json(told, default=str), "at": at})
