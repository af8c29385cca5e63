"""Write many channels, snapshots and videos at once; writing the same facts again changes nothing.

Every statement takes its rows as one JSON array, so a batch costs the same number of round trips whatever its size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import anomalies, renames, standing_bids
from marketplace.channels.anomalies import SnapshotFlag
from marketplace.channels.facts import account_handles
from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.files import earlier_figures, video_store
from marketplace.channels.models import HANDLE_KEY, Channel
from marketplace.channels.peers import PeerRanges
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.estimate import strict_json
from marketplace.core.ids import new_id

_NEW_CHANNELS = sa.text(
    "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, url, language, region,"
    " verticals, status, version, details_provenance) SELECT r.id, :at, r.creator_id, r.platform, r.account_key,"
    " r.handle, r.name, r.url, r.language, r.region, r.verticals, 'active', 1, r.details_provenance"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, details_provenance text,"
    " creator_id uuid, platform text, account_key text, handle text, name text, url text, language text, region text,"
    " verticals jsonb) ORDER BY r.platform, r.account_key, r.creator_id"
    " ON CONFLICT (platform, account_key, creator_id) DO NOTHING RETURNING id"
)
_EXISTING = sa.text(
    "SELECT c.id, c.platform, c.account_key, c.creator_id FROM channels c"
    " JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(platform text, account_key text, creator_id uuid)"
    " ON r.platform = c.platform AND r.account_key = c.account_key AND r.creator_id = c.creator_id"
)
# Every import locks rows in the same order, so that two imports cannot deadlock.
_LOCK = sa.text(
    "SELECT id FROM channels WHERE id = ANY(:ids) ORDER BY platform, account_key, creator_id FOR NO KEY UPDATE"
)
_CURRENT_DAYS = sa.text(
    "SELECT c.id, s.taken_on FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id WHERE c.id = ANY(:ids)"
)
# What is not told of a handle reads as the account's key: then the one that is known stays.
_HANDLE = "CASE WHEN r.handle = c.account_key THEN c.handle ELSE r.handle END"
_RENAMED = sa.text(
    "SELECT c.id, r.handle, c.handle AS known, c.account_key, c.claim_status = 'proven' OR EXISTS"
    " (SELECT 1 FROM channel_proofs p WHERE p.channel_id = c.id AND p.status = 'asked') AS proven_or_asked"
    " FROM channels c JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, handle text) ON r.id = c.id"
    f" WHERE r.handle <> c.account_key AND {HANDLE_KEY.replace('handle', 'r.handle')} <> c.handle_key ORDER BY c.id"
)
# A party that repeats what a file told makes it no less certain, and a file that names no verticals no more.
_DETAILS_PROVENANCE = (
    f"CASE WHEN r.details_provenance IN {video_store.OWN} THEN CASE WHEN r.verticals IN ('{{}}', c.verticals)"
    " AND coalesce(r.language, c.language) IS NOT DISTINCT FROM c.language THEN c.details_provenance"
    " ELSE r.details_provenance END WHEN r.verticals = '{}' THEN c.details_provenance ELSE r.details_provenance END"
)
_NEWER_DETAILS = sa.text(
    f"UPDATE channels c SET handle = {_HANDLE}, account_key = coalesce(r.new_key, c.account_key), name = r.name,"
    " url = coalesce(r.url, c.url),"
    " language = coalesce(r.language, c.language), region = coalesce(r.region, c.region),"
    " verticals = CASE WHEN r.verticals = '{}' THEN c.verticals ELSE r.verticals END, version = c.version + 1,"
    f" details_provenance = {_DETAILS_PROVENANCE}"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, handle text, name text, url text, language text,"
    " region text, verticals jsonb, new_key text, details_provenance text) WHERE c.id = r.id"
    " AND (c.details_provenance, c.handle, c.name, c.url, c.language, c.region, c.verticals)"
    f" IS DISTINCT FROM ({_DETAILS_PROVENANCE}, {_HANDLE}, r.name, coalesce(r.url, c.url),"
    " coalesce(r.language, c.language),"
    " coalesce(r.region, c.region), CASE WHEN r.verticals = '{}' THEN c.verticals ELSE r.verticals END)"
)
_NEW_SNAPSHOTS = sa.text(
    "INSERT INTO audience_snapshots (id, created_at, channel_id, taken_on, source, import_id, evidence_hash, followers,"
    " facts, margins, rate_card, flags, series_hash, median_views, provenance, lists_provenance, explained_followers)"
    " SELECT r.id, :at, r.channel_id, r.taken_on, r.source, :import_id, r.evidence_hash, r.followers, r.facts,"
    " r.margins, r.rate_card, r.flags, r.series_hash, r.median_views, r.provenance, r.lists_provenance,"
    " r.explained_followers FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, channel_id uuid, taken_on date,"
    " source text, evidence_hash text, followers bigint, facts jsonb, margins jsonb, rate_card jsonb, flags jsonb,"
    " series_hash text, median_views bigint, provenance text, lists_provenance text, explained_followers bigint)"
    " ON CONFLICT (channel_id, evidence_hash) DO NOTHING RETURNING id"
)
_SET_CURRENT_SNAPSHOTS = sa.text(
    "UPDATE channels c SET snapshot_id = n.id, version = c.version + 1 FROM"
    " jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(id uuid, channel_id uuid, taken_on date)"
    " WHERE c.id = n.channel_id AND NOT EXISTS"
    " (SELECT 1 FROM audience_snapshots s WHERE s.id = c.snapshot_id AND s.taken_on > n.taken_on)"
)
_IMPORTING_AGENCY = sa.text(
    "SELECT p.id FROM imports i JOIN parties p ON p.id = i.party_id WHERE i.id = :import_id AND p.kind = 'agency'"
)
# Views are public: whoever copies a rival's makes no copy of what the rival tells again.
_FIRST_TOLD = sa.text(
    "SELECT DISTINCT ON (s.series_hash) s.series_hash, c.platform, c.account_key FROM audience_snapshots s"
    " JOIN channels c ON c.id = s.channel_id WHERE s.series_hash = ANY(:hashes)"
    " ORDER BY s.series_hash, s.created_at, s.id"
)

COPIED_SERIES = SnapshotFlag(
    "series_copied",
    "另一个账号先报过完全相同的一列播放量。",
    "Another channel has reported exactly the same series of views before.",
)


def handle_key(handle: str) -> str:
    """Return the account key for a handle."""
    return account_handles.handle_key(handle)


@dataclass(frozen=True)
class ChannelEntry:
    """A channel of a creator with a snapshot and videos, from a file or typed in. Mappings hold the tables' columns.

    `snapshot` lacks ids, import and flags; each of `videos` is one video. `snapshot` and `channel` say where their
    figures come from.
    """

    creator_id: UUID
    channel: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    videos: Sequence[Mapping[str, Any]] = ()
    # An audience page, whose snapshot has lists and may lack the day and the followers (`audience_pages.complete`).
    completes: bool = False

    @property
    def account(self) -> tuple[str, str]:
        return self.channel["platform"], self.channel["account_key"]

    @property
    def claim(self) -> tuple[tuple[str, str], UUID]:
        """The creator's own claim of the account: others may have claimed it too."""
        return self.account, self.creator_id

    @property
    def taken_on(self) -> date:
        taken_on: date = self.snapshot["taken_on"]
        return taken_on


def told_entry(
    creator_id: UUID,
    channel: Mapping[str, Any],
    snapshot: Mapping[str, Any],
    videos: Sequence[Mapping[str, Any]] = (),
    *,
    told: Provenance,
    completes: bool = False,
) -> ChannelEntry:
    """Return an entry whose figures come from one place; a channel that says where its verticals come from keeps it."""
    return ChannelEntry(
        creator_id,
        {"details_provenance": told, **channel},
        {**snapshot, "provenance": told, "lists_provenance": told},
        videos,
        completes,
    )


@dataclass
class StoredBatch:
    """What a batch stored."""

    channels_new: int = 0
    snapshots_new: int = 0
    snapshot_ids: list[UUID] = field(default_factory=list)


def store(session: Session, entries: Sequence[ChannelEntry], import_id: UUID | None, market: PeerRanges) -> StoredBatch:
    """Write the entries, with flags for figures outside the market's ranges.

    An account that another creator has claimed already gets a claim of this entry's creator beside it.
    """
    at, stored = now(), StoredBatch()
    if not entries:
        return stored
    stored.channels_new = len(_new_channels(session, entries, at))
    claims = {((row.platform, row.account_key), row.creator_id): row.id for row in _existing(session, entries)}
    own = [(claims[entry.claim], entry) for entry in entries]
    ids = sorted({channel_id for channel_id, _ in own})
    session.execute(_LOCK, {"ids": ids})
    current_days = {row.id: row.taken_on for row in session.execute(_CURRENT_DAYS, {"ids": ids})}
    newest = [(id_, entry) for id_, entry in _by_day(own) if entry.taken_on >= current_days.get(id_, date.min)]
    details = {id_: {**entry.channel, "id": id_} for id_, entry in newest}
    for id_ in _not_to_rename(session, import_id, ids).intersection(details):
        details[id_]["handle"] = details[id_]["account_key"]
    keys = _rename(session, details.values())
    for id_, key in keys.items():
        details[id_]["new_key"] = key
    session.execute(_NEWER_DETAILS, {"rows": _rows(details.values())})
    comparisons = earlier_figures.compare(session, own)
    rows: list[dict[str, Any]] = [
        {
            **entry.snapshot,
            "id": new_id(),
            "channel_id": id_,
            "flags": [flag.as_json() for flag in (*flags, *comparison.flags)],
            "median_views": anomalies.median_views(entry.snapshot["facts"], entry.videos),
            "explained_followers": comparison.followers,
        }
        for (id_, entry), flags, comparison in zip(own, _flags(session, own, keys, market), comparisons, strict=True)
    ]
    stored.snapshot_ids = list(
        session.scalars(_NEW_SNAPSHOTS, {"rows": _rows(rows), "at": at, "import_id": import_id}).all()
    )
    stored.snapshots_new = len(stored.snapshot_ids)
    explained = {id(entry): one.rewritten for (_, entry), one in zip(own, comparisons, strict=True)}
    _write_videos(session, own, {id(entry) for _, entry in newest}, explained, at)
    # A snapshot that was there already (same evidence) was not inserted and must not become current again.
    written = set(stored.snapshot_ids)
    rows.sort(key=lambda row: row["taken_on"])
    last = {row["channel_id"]: row for row in rows if row["id"] in written}
    session.execute(_SET_CURRENT_SNAPSHOTS, {"rows": _rows(last.values())})
    return stored


OwnEntries = Sequence[tuple[UUID, ChannelEntry]]


def _new_channels(session: Session, entries: Sequence[ChannelEntry], at: datetime) -> Sequence[UUID]:
    first = {entry.claim: {**entry.channel, "creator_id": entry.creator_id} for entry in reversed(entries)}
    rows = [{**channel, "id": new_id()} for channel in first.values()]
    return session.scalars(_NEW_CHANNELS, {"rows": _rows(rows), "at": at}).all()


def _existing(session: Session, entries: Sequence[ChannelEntry]) -> Sequence[Any]:
    keys = [
        {"platform": platform, "account_key": key, "creator_id": creator_id}
        for (platform, key), creator_id in {entry.claim for entry in entries}
    ]
    return session.execute(_EXISTING, {"rows": _rows(keys)}).all()


def _not_to_rename(session: Session, import_id: UUID | None, channel_ids: Sequence[UUID]) -> set[UUID]:
    """Return the channels whose handle an agency's file may not change, for another agency has a bid standing."""
    agency_id = import_id and session.scalar(_IMPORTING_AGENCY, {"import_id": import_id})
    return standing_bids.of_other_agencies(session, agency_id, channel_ids) if agency_id else set()


def _rename(session: Session, details: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
    """Let the proofs of locked channels that are to get another handle fall: a file may say of an account whatever it
    likes. Return the new key of each whose handle stands in for the platform's id, as `renames.rename` gives it."""
    keys: dict[UUID, str] = {}
    for row in session.execute(_RENAMED, {"rows": _rows(details)}).all():
        if row.proven_or_asked:
            channel = session.get_one(Channel, row.id, populate_existing=True)
            renames.unprove(session, channel, row.handle, SYSTEM, [channel.creator_id])
        if row.account_key == handle_key(row.known):
            keys[row.id] = handle_key(row.handle)
    session.flush()
    return keys


def _by_day(own: OwnEntries) -> list[tuple[UUID, ChannelEntry]]:
    return sorted(own, key=lambda pair: pair[1].taken_on)


def _flags(session: Session, own: OwnEntries, keys: Mapping[UUID, str], market: PeerRanges) -> list[list[SnapshotFlag]]:
    """Return each entry's flags, with one more for a series of views that another account was the first to report.

    ``keys``: the new ones of accounts that were renamed.
    """
    hashes = sorted({entry.snapshot["series_hash"] for _, entry in own if entry.snapshot["series_hash"]})
    # As the system: that somebody reports the same series is told, and not who.
    with db.acting_as(session, SYSTEM):
        rows = session.execute(_FIRST_TOLD, {"hashes": hashes}).all()
    first_accounts: dict[str, tuple[str, str]] = {row.series_hash: (row.platform, row.account_key) for row in rows}
    flags_of_entries = []
    for id_, entry in own:
        followers, facts = entry.snapshot["followers"], entry.snapshot["facts"]
        ranges = market.for_channel(entry.channel["platform"], followers)
        flags = anomalies.find_flags(followers, facts, entry.videos, ranges)
        flags += anomalies.impossible_audience(entry.channel["platform"], entry.snapshot["margins"])
        if series := entry.snapshot["series_hash"]:
            account = (entry.channel["platform"], keys.get(id_, entry.channel["account_key"]))
            if first_accounts.setdefault(series, account) != account:
                flags.append(COPIED_SERIES)
        flags_of_entries.append(flags)
    return flags_of_entries


def _write_videos(
    session: Session, own: OwnEntries, newest: set[int], explained: Mapping[int, Mapping[str, int]], at: datetime
) -> None:
    """Update videos from the newest facts; older facts only add videos that were unknown. ``explained`` has, for each
    entry, what growth explains of views that are not believed."""
    rows_by_age: tuple[dict[tuple[UUID, str], Any], ...] = ({}, {})
    for channel_id, entry in _by_day(own):
        for video in entry.videos:
            rows_by_age[id(entry) in newest][channel_id, video["external_id"]] = video_store.video_row(
                channel_id, video, entry.taken_on, entry.snapshot["provenance"], explained[id(entry)]
            )
    for is_newest, rows in enumerate(rows_by_age):
        video_store.write(session, rows.values(), at, newest=bool(is_newest))


def _rows(rows: Iterable[Any]) -> str:
    return strict_json(list(rows), default=str)
