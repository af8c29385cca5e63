"""Which of a creator's own accounts the rows of a file are about: a creator has one channel of a handle.

A channel that is known by its handle alone and a row that names the platform's id are one account if the handle is the
same, and so the other way round. Two ids with one handle are two accounts, and the later one is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.anomalies import CellError
from marketplace.channels.facts.account_handles import handle_key
from marketplace.channels.files.bulk_store import ChannelEntry
from marketplace.channels.models import HANDLE_KEY
from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.estimate import strict_json

# Of each row: the channel that has its key, whether the row gives that one another handle, and the creator's other
# channels that have the handle, or have it for their key. Each row's key is worked out once, and either of the two ways
# to another channel is looked up by its index: a file may have as many rows as its creator has channels.
_OWN = sa.text(
    f"WITH told AS MATERIALIZED (SELECT r.*, {HANDLE_KEY.replace('handle', 'r.handle')} AS key"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(number integer, creator_id uuid, platform text,"
    "  account_key text, handle text, handle_account text, taken_on date)),"
    " others AS MATERIALIZED (SELECT r.number, o.id FROM told r JOIN channels o ON o.platform = r.platform"
    "  AND o.handle_key = r.key AND o.creator_id = r.creator_id UNION SELECT r.number, o.id FROM told r"
    "  JOIN channels o ON o.platform = r.platform AND o.account_key = r.handle_account AND o.creator_id = r.creator_id)"
    " SELECT r.number, r.key, c.id, c.handle, coalesce(r.handle <> c.account_key AND r.key <> c.handle_key"
    "  AND r.taken_on >= coalesce(s.taken_on, r.taken_on), false) AS renames, o.id AS other_id,"
    " o.account_key AS other_key, o.handle AS other_handle, o.status = 'active' AS in_use,"
    " o.handle_key = r.key AS same_handle FROM told r"
    " LEFT JOIN channels c ON c.platform = r.platform AND c.account_key = r.account_key AND c.creator_id = r.creator_id"
    " LEFT JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " LEFT JOIN (others n JOIN channels o ON o.id = n.id) ON n.number = r.number AND o.id IS DISTINCT FROM c.id"
    " ORDER BY r.number, o.created_at, o.id"
)


def resolve(session: Session, entries: Sequence[ChannelEntry]) -> Iterator[ChannelEntry | CellError]:
    """Yield each entry under the key by which its creator's channel is stored, or why it is refused: its handle is that
    of another channel of the creator."""
    rows = [
        {
            "number": number,
            "creator_id": str(entry.creator_id),
            "platform": entry.channel["platform"],
            "account_key": entry.channel["account_key"],
            "handle": entry.channel["handle"],
            "handle_account": handle_key(entry.channel["handle"]),
            "taken_on": entry.taken_on.isoformat(),
        }
        for number, entry in enumerate(entries)
    ]
    # As the system: only the channels of the rows' own creators are asked for, and a policy that is asked row by row
    # makes the database read every snapshot for every row.
    with db.acting_as(session, SYSTEM):
        found = session.execute(_OWN, {"rows": strict_json(rows)}).all()
    told: dict[tuple[UUID, str, str], str] = {}
    for number, group in groupby(found, key=lambda row: row.number):
        own, entry = list(group), entries[number]
        place = (entry.creator_id, entry.channel["platform"], own[0].key)
        answer = _resolved(entry, own, told.get(place))
        if isinstance(answer, ChannelEntry):
            told.setdefault(place, answer.channel["account_key"])
        yield answer


def _resolved(entry: ChannelEntry, own: Sequence[Any], told: str | None) -> ChannelEntry | CellError:
    """``own``: what is stored; ``told``: the key of the account that a row before this one gave the handle to."""
    key, handle = entry.channel["account_key"], entry.channel["handle"]
    known = own[0]
    others = [row for row in own if row.other_id is not None]
    if known.renames:
        # Where the handle stands in for the platform's id, the new one does so from now on, and must be free for it.
        stands_in = key == handle_key(known.handle)
        taken = next((row.other_id for row in others if row.same_handle or stands_in), None)
        return _refused(handle, taken) if taken is not None or told not in (None, key) else entry
    if known.id is not None:
        return entry
    other = next((row for row in others if row.same_handle and row.in_use), None)
    other_key = told if other is None else other.other_key
    if other_key in (None, key):
        return entry
    other_handle = handle if other is None else other.other_handle
    if handle_key(handle) == key or handle_key(other_handle) == other_key:
        return replace(entry, channel={**entry.channel, "account_key": other_key})
    return _refused(handle, None if other is None else other.other_id)


def _refused(handle: str, other_id: UUID | None) -> CellError:
    zh, en = ("同一文件前面的一行", "a row before it") if other_id is None else (ids.show("chn", other_id),) * 2
    return CellError(
        "handle", handle, f"该创作者已有此账号名的频道：{zh}。", f"This creator has a channel of this handle: {en}."
    )
