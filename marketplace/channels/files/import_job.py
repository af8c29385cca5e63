"""Reads one handed-in file: its rows become channels and snapshots, or faults, all in the job's transaction.

The reading half of the room turns bytes into records and refusals without a database; this half finds whose each
row is, compares it with what is stored, and writes. Memory stays the same whatever the file's length.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import peers
from marketplace.channels.files import bulk_store, chunks, imports, owners
from marketplace.channels.files.bulk_store import ChannelEntry, handle_key
from marketplace.channels.files.owners import ImportSource, NamedCreator, UnknownCreator
from marketplace.channels.files.record_stream import FileRefused, iter_import
from marketplace.channels.models import ChannelImport, ImportFault, ImportMode, ImportStatus
from marketplace.channels.peers import PeerRanges
from marketplace.channels.records import ChannelRecord, RowError
from marketplace.channels.schemas import PLATFORM
from marketplace.core import events
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id

BATCH = 500
FAULTS_MAX = 10_000
VALUE_MAX = 200

CHANNEL_COLUMNS = ("platform", "account_key", "handle", "name", "url", "language", "region", "verticals")

NUL = "\\u0000"  # as JSON writes it

Fault = tuple[str, str, str, str]
# Stage, bytes read, bytes in all.
Report = Callable[[str, int, int], None]

NOTHING_KEPT = (
    "有行未通过检查，按“全部或不导入”未保存任何内容。 / Some rows were refused, so nothing was kept, as asked."
)


FOREIGN_ZH = "此账号已属于另一位创作者。"
FOREIGN_EN = "This account belongs to another creator."


class _UndoImport(Exception):
    """Some row was refused and all or nothing was asked for."""


@dataclass
class ImportTally:
    """What was read so far. Of the faults only the first FAULTS_MAX are kept; the count of bad rows goes on."""

    rows: int = 0
    good: int = 0
    bad: int = 0
    channels_new: int = 0
    snapshots_new: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    _bad_row: int = -1

    def fault(self, row: int, column: str, value: str, zh: str, en: str) -> None:
        if row != self._bad_row:
            self.bad += 1
            self._bad_row = row
        if len(self.faults) < FAULTS_MAX:
            told = {"row_number": row, "column_name": column, "value": value[:VALUE_MAX]}
            self.faults.append({**told, "message_zh": zh, "message_en": en})


def run(session: Session, import_id: UUID, creator_id: UUID | None, report: Report) -> dict[str, Any]:
    """Store what the file holds and end its import; a second run of an ended one changes nothing.

    Raises whatever `report` raises (stop, lost lease) and DomainError where the party may no longer import.
    """
    row = session.get_one(ChannelImport, import_id)
    if row.status != ImportStatus.RECEIVED:
        return {"status": str(row.status)}
    who = owners.handed(session, row, creator_id)
    tally, message = ImportTally(), None
    try:
        # The faults outlive the rows: only what is written inside the savepoint is undone.
        with session.begin_nested():
            _read(session, row, who, tally, report)
            if tally.bad and row.mode == ImportMode.ALL_OR_NOTHING:
                raise _UndoImport
    except _UndoImport:
        message = NOTHING_KEPT
    except FileRefused as refusal:
        message = f"{refusal.zh} / {refusal.en}"
    return _end(session, row, tally, message)


def _read(session: Session, row: ChannelImport, who: ImportSource, tally: ImportTally, report: Report) -> None:
    file = chunks.open_file(session, row.id, row.size_bytes)
    market = peers.load(session)
    batch: list[ChannelRecord] = []
    for item in iter_import(file, shape=row.shape, today=now().date()):
        if isinstance(item, RowError):
            tally.fault(item.row, item.column, item.value, item.zh, item.en)
        elif unfit := _unfit(item):
            tally.fault(item.row, *unfit)
        else:
            batch.append(item)
        tally.rows += 1
        if len(batch) == BATCH:
            _write(session, row, who, batch, tally, market)
            batch.clear()
        # Nobody knows the rows before the end; the bytes are known, and read in order.
        report("reading", file.tell(), row.size_bytes)
    _write(session, row, who, batch, tally, market)


def _write(
    session: Session,
    row: ChannelImport,
    who: ImportSource,
    batch: Sequence[ChannelRecord],
    tally: ImportTally,
    market: PeerRanges,
) -> None:
    named = [NamedCreator(record.creator_id and str(record.creator_id), record.creator_name) for record in batch]
    entries = []
    for number, (record, owner) in enumerate(zip(batch, owners.resolve(session, who, named), strict=True)):
        if isinstance(owner, UnknownCreator):
            tally.fault(record.row, owner.column, owner.value, owner.zh, owner.en)
        else:
            entries.append(_entry(number, owner, record))
    stored = bulk_store.store(session, entries, row.id, market)
    for number in stored.foreign:
        tally.fault(batch[number].row, "account_key", batch[number].account_key, FOREIGN_ZH, FOREIGN_EN)
    tally.good += len(entries) - len(stored.foreign)
    tally.channels_new += stored.channels_new
    tally.snapshots_new += stored.snapshots_new


def _entry(number: int, owner: UUID, record: ChannelRecord) -> ChannelEntry:
    channel = {name: getattr(record, name) for name in CHANNEL_COLUMNS}
    channel["platform"] = record.platform.lower()
    if record.account_key == record.handle:
        channel["account_key"] = handle_key(record.handle)
    return ChannelEntry(number, owner, channel, record.snapshot, record.videos)


def _unfit(record: ChannelRecord) -> Fault | None:
    """Return what the tables could not hold of a record."""
    if not re.fullmatch(PLATFORM, record.platform.lower()):
        return "platform", record.platform, "平台名称须为小写英文，如 douyin。", "A platform is a word such as douyin."
    if not all(isinstance(line, dict) for line in record.snapshot["rate_card"]):
        return "rate_card", "", "报价表应为对象列表。", "The rate card should be a list of objects."
    try:
        told = json.dumps([record.snapshot, record.videos], default=str, allow_nan=False, ensure_ascii=False)
        told.encode()
    except (ValueError, TypeError):
        told = NUL
    if NUL in told:
        return "", "", "含有无法保存的字符或数值。", "It holds letters or numbers that cannot be kept."
    return None


def _end(session: Session, row: ChannelImport, tally: ImportTally, message: str | None) -> dict[str, Any]:
    if tally.faults:
        common = {"created_at": now(), "import_id": row.id}
        rows = [{**fault, **common, "id": new_id()} for fault in tally.faults]
        session.execute(sa.insert(ImportFault), rows)
    counts = {
        "rows_done": tally.good,
        "channels_new": tally.channels_new,
        "snapshots_new": tally.snapshots_new,
    }
    if message is not None:
        counts = dict.fromkeys(counts, 0)
    counts["rows_bad"] = tally.bad
    name = "done" if message is None else "failed"
    imports.end(session, row.id, name, message=message, **counts)
    if counts["snapshots_new"]:
        told = {"import_id": str(row.id), "channels_new": tally.channels_new, "snapshots_new": tally.snapshots_new}
        events.record(session, "audience_snapshots.new", row.id, SYSTEM, parties=[row.party_id], **told)
    return {"status": name, **counts}
