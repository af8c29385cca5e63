"""Audience pages that are saved apart: to their lists comes what the channel's newest figures say of the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.anomalies import CellError
from marketplace.channels.facts import provenance
from marketplace.channels.files.bulk_store import ChannelEntry
from marketplace.core.estimate import strict_json

_NEWEST = sa.text(
    "SELECT r.number, c.handle, c.name, c.url, c.language, c.region, c.verticals, s.taken_on, s.followers, s.facts,"
    " s.margins, s.rate_card, s.series_hash, s.provenance, s.lists_provenance, c.details_provenance"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(number integer, creator_id uuid, platform text,"
    "  account_key text)"
    " JOIN channels c ON c.platform = r.platform AND c.account_key = r.account_key AND c.creator_id = r.creator_id"
    " JOIN audience_snapshots s ON s.id = c.snapshot_id"
)
_KEPT = ("taken_on", "followers", "facts", "rate_card", "series_hash")
_DETAILS = ("handle", "name", "url", "language", "region", "verticals", "details_provenance")


def complete(session: Session, entries: Sequence[ChannelEntry]) -> Iterator[ChannelEntry | CellError]:
    """Yield each entry, those of audience pages (``completes``) with the rest of the channel's newest snapshot; or why
    there is nothing to complete it with. What a page or its options say counts before what was known."""
    pages = [
        {
            "number": number,
            "creator_id": str(entry.creator_id),
            "platform": entry.channel["platform"],
            "account_key": entry.channel["account_key"],
        }
        for number, entry in enumerate(entries)
        if entry.completes
    ]
    known: dict[int, Any] = {}
    if pages:
        known = {row.number: row for row in session.execute(_NEWEST, {"rows": strict_json(pages)})}
    for number, entry in enumerate(entries):
        yield _completed(entry, known.get(number)) if entry.completes else entry


def _completed(entry: ChannelEntry, known: Any) -> ChannelEntry | CellError:
    told = {name: value for name, value in entry.snapshot.items() if value not in (None, {}, [])}
    if known is None:
        if {"taken_on", "followers"} <= set(told):
            return entry
        return CellError(
            "star_id",
            entry.channel["account_key"],
            "请先导入此账号的星图搜索结果；或用 subscribers= 与 taken_on= 说明粉丝数和日期。",
            "Import the account's figures of the search first, or say its followers and the day: subscribers= and"
            " taken_on=.",
        )
    rest = {name: getattr(known, name) for name in _KEPT}
    margins = {**known.margins, **entry.snapshot["margins"]}
    snapshot = {**entry.snapshot, **rest, **told, "margins": margins}
    # Of what stood there before nothing becomes more certain.
    snapshot["provenance"] = provenance.least_certain(entry.snapshot["provenance"], known.provenance)
    if set(known.margins) - set(entry.snapshot["margins"]):
        snapshot["lists_provenance"] = provenance.least_certain(
            entry.snapshot["lists_provenance"], known.lists_provenance
        )
    channel = {**entry.channel, **{name: getattr(known, name) for name in _DETAILS}}
    return replace(entry, snapshot=snapshot, channel=channel)
