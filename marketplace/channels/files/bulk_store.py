"""Writes many channels, snapshots and videos at once; writing the same facts again changes nothing.

Every statement takes its rows as one JSON array, so a batch costs the same number of round trips whatever its size.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import anomalies
from marketplace.channels.peers import PeerRanges
from marketplace.core.clock import now
from marketplace.core.ids import new_id

_NEW_CHANNELS = sa.text(
    "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, url, language, region,"
    " verticals, status, version) SELECT r.id, :at, r.creator_id, r.platform, r.account_key, r.handle, r.name, r.url,"
    " r.language, r.region, r.verticals, 'active', 1 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid,"
    " creator_id uuid, platform text, account_key text, handle text, name text, url text, language text, region text,"
    " verticals jsonb) ORDER BY r.platform, r.account_key"
    " ON CONFLICT (platform, account_key) DO NOTHING RETURNING id"
)
_FOUND = sa.text(
    "SELECT c.id, c.platform, c.account_key, c.creator_id FROM channels c"
    " JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(platform text, account_key text)"
    " ON r.platform = c.platform AND r.account_key = c.account_key"
)
# Rows are locked in one order, so that two imports wait for each other and never in a circle.
_LOCK = sa.text("SELECT id FROM channels WHERE id = ANY(:ids) ORDER BY platform, account_key FOR NO KEY UPDATE")
_DATED = sa.text(
    "SELECT c.id, s.taken_on FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id WHERE c.id = ANY(:ids)"
)
_NEWER_WORDS = sa.text(
    "UPDATE channels c SET handle = r.handle, name = r.name, url = coalesce(r.url, c.url),"
    " language = coalesce(r.language, c.language), region = coalesce(r.region, c.region),"
    " verticals = CASE WHEN r.verticals = '{}' THEN c.verticals ELSE r.verticals END, version = c.version + 1"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, handle text, name text, url text, language text,"
    " region text, verticals jsonb) WHERE c.id = r.id AND (c.handle, c.name, c.url, c.language, c.region, c.verticals)"
    " IS DISTINCT FROM (r.handle, r.name, coalesce(r.url, c.url), coalesce(r.language, c.language),"
    " coalesce(r.region, c.region), CASE WHEN r.verticals = '{}' THEN c.verticals ELSE r.verticals END)"
)
_NEW_SNAPSHOTS = sa.text(
    "INSERT INTO audience_snapshots (id, created_at, channel_id, taken_on, source, import_id, evidence_hash, followers,"
    " facts, margins, rate_card, flags, series_hash, median_views) SELECT r.id, :at, r.channel_id, r.taken_on,"
    " r.source, :import_id, r.evidence_hash, r.followers, r.facts, r.margins, r.rate_card, r.flags, r.series_hash,"
    " r.median_views FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, channel_id uuid, taken_on date,"
    " source text, evidence_hash text, followers bigint, facts jsonb, margins jsonb, rate_card jsonb, flags jsonb,"
    " series_hash text, median_views bigint) ON CONFLICT (channel_id, evidence_hash) DO NOTHING RETURNING id"
)
_VIDEO_COLUMNS = ("published_at", "views", "likes", "comments", "shares", "duration_s", "sponsored", "title")
_VIDEOS = sa.text(
    "INSERT INTO videos (id, created_at, channel_id, external_id, published_at, views, likes, comments, shares,"
    " duration_s, sponsored, title) SELECT r.id, :at, r.channel_id, r.external_id, r.published_at, r.views, r.likes,"
    " r.comments, r.shares, r.duration_s, r.sponsored, r.title FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS"
    " r(id uuid, channel_id uuid, external_id text, published_at timestamptz, views bigint, likes bigint,"
    " comments bigint, shares bigint, duration_s float8, sponsored boolean, title text)"
    " ON CONFLICT (channel_id, external_id) DO "
)
_NEWEST_VIDEOS = sa.text(
    f"{_VIDEOS.text} UPDATE SET published_at = excluded.published_at, views = excluded.views,"
    + ", ".join(f" {name} = coalesce(excluded.{name}, videos.{name})" for name in _VIDEO_COLUMNS[2:])
    + f" WHERE ({', '.join(f'videos.{name}' for name in _VIDEO_COLUMNS)}) IS DISTINCT FROM"
    " (excluded.published_at, excluded.views, "
    + ", ".join(f"coalesce(excluded.{name}, videos.{name})" for name in _VIDEO_COLUMNS[2:])
    + ")"
)
_OLDER_VIDEOS = sa.text(f"{_VIDEOS.text} NOTHING")
_POINT = sa.text(
    "UPDATE channels c SET snapshot_id = n.id, version = c.version + 1 FROM"
    " jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(id uuid, channel_id uuid, taken_on date)"
    " WHERE c.id = n.channel_id AND NOT EXISTS"
    " (SELECT 1 FROM audience_snapshots s WHERE s.id = c.snapshot_id AND s.taken_on > n.taken_on)"
)
_SERIES = sa.text("SELECT DISTINCT series_hash, channel_id FROM audience_snapshots WHERE series_hash = ANY(:hashes)")

COPIED: Mapping[str, Any] = {
    "code": "series_copied",
    "zh": "另一个账号报过完全相同的一列播放量。",
    "en": "Another channel has reported exactly the same series of views.",
    "numbers": {},
}


def handle_key(handle: str) -> str:
    """Return the account key of a handle: platforms fold its letters' case and the @ is no part of it."""
    return handle.strip().removeprefix("@").casefold()


@dataclass(frozen=True)
class ChannelEntry:
    """A channel of a creator as a file or a person tells of it. Dictionaries hold the tables' columns.

    `snapshot` lacks ids, import and flags; each of `videos` is one video. `key` names the entry for its caller.
    """

    key: int
    creator_id: UUID
    channel: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    videos: Sequence[Mapping[str, Any]] = ()

    @property
    def account(self) -> tuple[str, str]:
        return self.channel["platform"], self.channel["account_key"]

    @property
    def taken_on(self) -> date:
        taken: date = self.snapshot["taken_on"]
        return taken


@dataclass
class StoredBatch:
    """What a batch left behind. `foreign` are the keys of entries whose channel is another creator's."""

    channels_new: int = 0
    snapshots_new: int = 0
    foreign: list[int] = field(default_factory=list)
    snapshot_ids: list[UUID] = field(default_factory=list)


def store(session: Session, entries: Sequence[ChannelEntry], import_id: UUID | None, market: PeerRanges) -> StoredBatch:
    """Write the entries, flagged where they lie outside the market's ranges.

    Those of channels that belong to another creator are left out and named.
    """
    at, stored = now(), StoredBatch()
    stored.channels_new = len(_new_channels(session, entries, at))
    channels = {(row.platform, row.account_key): row for row in _found(session, entries)}
    own = []
    for entry in entries:
        if channels[entry.account].creator_id == entry.creator_id:
            own.append((channels[entry.account].id, entry))
        else:
            stored.foreign.append(entry.key)
    if not own:
        return stored
    ids = sorted({channel_id for channel_id, _ in own})
    session.execute(_LOCK, {"ids": ids})
    dated = {row.id: row.taken_on for row in session.execute(_DATED, {"ids": ids})}
    newest = [(id_, entry) for id_, entry in _in_time(own) if entry.taken_on >= dated.get(id_, date.min)]
    words = {id_: {**entry.channel, "id": id_} for id_, entry in newest}
    session.execute(_NEWER_WORDS, {"rows": _rows(words.values())})
    rows: list[dict[str, Any]] = [
        {
            **entry.snapshot,
            "id": new_id(),
            "channel_id": id_,
            "flags": flags,
            "median_views": anomalies.median_views(entry.snapshot["facts"], entry.videos),
        }
        for (id_, entry), flags in zip(own, _flags(session, own, market), strict=True)
    ]
    stored.snapshot_ids = list(
        session.scalars(_NEW_SNAPSHOTS, {"rows": _rows(rows), "at": at, "import_id": import_id}).all()
    )
    stored.snapshots_new = len(stored.snapshot_ids)
    _write_videos(session, own, {id(entry) for _, entry in newest}, at)
    written = set(stored.snapshot_ids)
    rows.sort(key=lambda row: row["taken_on"])
    last = {row["channel_id"]: row for row in rows if row["id"] in written}
    session.execute(_POINT, {"rows": _rows(last.values())})
    return stored


Owned = Sequence[tuple[UUID, ChannelEntry]]


def _new_channels(session: Session, entries: Sequence[ChannelEntry], at: datetime) -> Sequence[UUID]:
    first = {entry.account: {**entry.channel, "creator_id": entry.creator_id} for entry in reversed(entries)}
    rows = [{**channel, "id": new_id()} for channel in first.values()]
    return session.scalars(_NEW_CHANNELS, {"rows": _rows(rows), "at": at}).all()


def _found(session: Session, entries: Sequence[ChannelEntry]) -> Sequence[Any]:
    keys = [{"platform": platform, "account_key": key} for platform, key in {entry.account for entry in entries}]
    return session.execute(_FOUND, {"rows": _rows(keys)}).all()


def _in_time(own: Owned) -> list[tuple[UUID, ChannelEntry]]:
    return sorted(own, key=lambda pair: pair[1].taken_on)


def _flags(session: Session, own: Owned, market: PeerRanges) -> list[list[Mapping[str, Any]]]:
    """Return each entry's flags; series of views that another channel shows as well get one more."""
    hashes = sorted({entry.snapshot["series_hash"] for _, entry in own if entry.snapshot["series_hash"]})
    seen: dict[str, set[UUID]] = {}
    for row in session.execute(_SERIES, {"hashes": hashes}):
        seen.setdefault(row.series_hash, set()).add(row.channel_id)
    found = []
    for channel_id, entry in own:
        followers, facts = entry.snapshot["followers"], entry.snapshot["facts"]
        like = market.like(entry.channel["platform"], followers)
        flags: list[Mapping[str, Any]] = list(anomalies.flags(followers, facts, entry.videos, like))
        if series := entry.snapshot["series_hash"]:
            others = seen.setdefault(series, set())
            if others - {channel_id}:
                flags.append(COPIED)
            others.add(channel_id)
        found.append(flags)
    return found


def _write_videos(session: Session, own: Owned, newest: set[int], at: datetime) -> None:
    """Newest facts replace what a video was last said to have; older ones only add videos that were not known."""
    by_age: tuple[dict[tuple[UUID, str], Any], ...] = ({}, {})
    for channel_id, entry in _in_time(own):
        for video in entry.videos:
            row = {**video, "id": new_id(), "channel_id": channel_id}
            by_age[id(entry) in newest][channel_id, video["external_id"]] = row
    for statement, rows in zip((_OLDER_VIDEOS, _NEWEST_VIDEOS), by_age, strict=True):
        if rows:
            session.execute(statement, {"rows": _rows(rows.values()), "at": at})


def _rows(rows: Iterable[Any]) -> str:
    return json.dumps(list(rows), default=str, ensure_ascii=False)
