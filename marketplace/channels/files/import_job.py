"""Import one uploaded file: its rows become channels and snapshots, or row errors, all in the job's transaction.

`record_stream` turns bytes into records and row errors without a database; this module finds the creator of each row,
compares it with what is stored, and writes. Memory use does not depend on the file's length.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import peers, standing_bids
from marketplace.channels.anomalies import CellError
from marketplace.channels.facts import platform_names, provenance
from marketplace.channels.facts.fact_fields import PLATFORM
from marketplace.channels.files import audience_pages, bulk_store, chunks, imports, own_accounts, owners
from marketplace.channels.files.bulk_store import ChannelEntry, handle_key, told_entry
from marketplace.channels.files.import_memory import limited_memory
from marketplace.channels.files.imports import ImportCounts
from marketplace.channels.files.owners import ImportSource, NamedCreator, UnknownCreator
from marketplace.channels.files.record_stream import FileRefused, ReadingOptions, open_import
from marketplace.channels.files.tables.reading_report import ReadingReport
from marketplace.channels.models import ChannelImport, ImportMode, ImportRowError, ImportStatus
from marketplace.channels.peers import PeerRanges
from marketplace.channels.records import ChannelRecord, RowError
from marketplace.core import events
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual

# A batch is written when it has so many rows, or so many letters: a row may be as long as an item of JSON.
BATCH, BATCH_LETTERS_MAX = 500, 8 * 1024 * 1024
ROW_ERRORS_MAX = 10_000
VALUE_MAX = 200

CHANNEL_COLUMNS = ("platform", "account_key", "handle", "name", "url", "language", "region", "verticals")

NUL = "\\u0000"  # as JSON writes it; PostgreSQL's jsonb refuses it

# (stage, bytes read, bytes in all)
Report = Callable[[str, int, int], None]

NOTHING_KEPT = Bilingual(
    "有行未通过检查，按“全部或不导入”未保存任何内容。", "Some rows were refused, so nothing was kept, as asked."
)


class _UndoImport(Exception):
    """Some row was refused in the mode "all or nothing"."""


@dataclass(frozen=True)
class ImportOutcome:
    """How an import ended; `counts` is None if it had ended before."""

    status: ImportStatus
    counts: ImportCounts | None = None

    def as_json(self) -> dict[str, Any]:
        return {"status": str(self.status), **({} if self.counts is None else asdict(self.counts))}


@dataclass
class ImportTally:
    """What was read so far. Only the first ROW_ERRORS_MAX errors are kept, but every bad row is counted."""

    rows: int = 0
    good: int = 0
    bad: int = 0
    channels_new: int = 0
    snapshots_new: int = 0
    errors: list[RowError] = field(default_factory=list)
    reading: ReadingReport | None = None
    _bad_row: int = -1

    def add_error(self, row: int, error: CellError) -> None:
        # Errors come in order of rows, so several of one row follow each other and the row is counted once.
        if row != self._bad_row:
            self.bad += 1
            self._bad_row = row
        if len(self.errors) < ROW_ERRORS_MAX:
            self.errors.append(RowError(row, error.column, error.value[:VALUE_MAX], error.zh, error.en))


def run(session: Session, import_id: UUID, creator_id: UUID | None, report: Report) -> ImportOutcome:
    """Store what the file holds and end its import; running it again for an ended import changes nothing.

    Raises whatever `report` raises (cancelled, lease lost), and NotAllowed if the party may no longer import.
    """
    row = session.get_one(ChannelImport, import_id)
    if row.status != ImportStatus.RECEIVED:
        return ImportOutcome(row.status)
    source = owners.load_source(session, row, creator_id)
    tally, message = ImportTally(), None
    try:
        # Only the rows are written inside the savepoint, so the row errors outlive an undone import.
        with session.begin_nested(), limited_memory():
            _read(session, row, source, tally, report)
            if tally.bad and row.mode == ImportMode.ALL_OR_NOTHING:
                raise _UndoImport
    except _UndoImport:
        message = NOTHING_KEPT
    except FileRefused as refusal:
        message = Bilingual(refusal.zh, refusal.en)
    return _end(session, row, tally, message)


def _read(session: Session, row: ChannelImport, source: ImportSource, tally: ImportTally, report: Report) -> None:
    file = chunks.open_file(session, row.id, row.size_bytes)
    market = peers.load(session)
    batch: list[ChannelRecord] = []
    letters = 0
    # The number of rows is unknown until the end, but the bytes are known and read in order.
    reading = open_import(
        file,
        today=now().date(),
        options=ReadingOptions.from_words(row.shape, row.options),
        progress=lambda: report("surveying", file.tell(), row.size_bytes),
    )
    tally.reading = reading.report
    for item in reading.records():
        if isinstance(item, RowError):
            tally.add_error(item.row, CellError(item.column, item.value, item.zh, item.en))
        elif isinstance(stored := _storable(item), CellError):
            tally.add_error(item.row, stored)
        else:
            batch.append(item)
            letters += stored
            _note_platform(reading.report, item)
        tally.rows += 1
        if len(batch) == BATCH or letters > BATCH_LETTERS_MAX:
            _write(session, row, source, batch, tally, market)
            batch.clear()
            letters = 0
        report("reading", round(reading.share_read * row.size_bytes), row.size_bytes)
    _write(session, row, source, batch, tally, market)


def _note_platform(report: ReadingReport, record: ChannelRecord) -> None:
    code = platform_names.platform_code(record.platform)
    if not platform_names.is_known(code):
        report.note(
            f"平台“{code}”不在已知的平台之中，请核对写法；账号会带上这个标记。",
            f"'{code}' is none of the known platforms: look at how it is spelt. Its channels are marked.",
        )


def _write(
    session: Session,
    row: ChannelImport,
    source: ImportSource,
    batch: Sequence[ChannelRecord],
    tally: ImportTally,
    market: PeerRanges,
) -> None:
    named = [NamedCreator(record.creator_id and str(record.creator_id), record.creator_name) for record in batch]
    named_rows, entries = [], []
    for record, owner in zip(batch, owners.resolve_creators(session, source, named), strict=True):
        if isinstance(owner, UnknownCreator):
            tally.add_error(record.row, CellError(owner.column, owner.value, owner.zh, owner.en))
        else:
            named_rows.append((record.row, _entry(owner, record)))
    whole_rows = []
    completed = audience_pages.complete(session, [entry for _, entry in named_rows])
    for (number, _), entry in zip(named_rows, completed, strict=True):
        if isinstance(entry, CellError):
            tally.add_error(number, entry)
        else:
            whole_rows.append((number, entry))
    resolved = own_accounts.resolve(session, [entry for _, entry in whole_rows])
    known_rows = []
    for (number, _), entry in zip(whole_rows, resolved, strict=True):
        if isinstance(entry, CellError):
            tally.add_error(number, entry)
        else:
            known_rows.append((number, entry))
    claims = [(*entry.account, entry.creator_id) for _, entry in known_rows]
    sealed = standing_bids.sealed_claims(session, source.actor, claims)
    for claim, (number, entry) in zip(claims, known_rows, strict=True):
        if claim in sealed:
            refused = standing_bids.FACTS_REFUSED
            tally.add_error(number, CellError("handle", entry.channel["handle"], refused.zh, refused.en))
        else:
            entries.append(entry)
    stored = bulk_store.store(session, entries, row.id, market)
    tally.good += len(entries)
    tally.channels_new += stored.channels_new
    tally.snapshots_new += stored.snapshots_new


def _entry(owner: UUID, record: ChannelRecord) -> ChannelEntry:
    channel = {name: getattr(record, name) for name in CHANNEL_COLUMNS}
    channel["platform"] = platform_names.platform_code(record.platform)
    if record.account_key == record.handle:
        channel["account_key"] = handle_key(record.handle)
    told = provenance.of_file(record.snapshot["source"])
    return told_entry(owner, channel, record.snapshot, record.videos, told=told, completes=record.completes)


def _storable(record: ChannelRecord) -> CellError | int:
    """Return how many letters of JSON a record has in the tables, or why they cannot hold it."""
    if (code := platform_names.meant(record.platform)) is not None:
        return CellError("platform", record.platform, *platform_names.slip_said(record.platform, code))
    if not re.fullmatch(PLATFORM, platform_names.platform_code(record.platform)):
        return CellError(
            "platform", record.platform, "平台名称须为小写英文，如 douyin。", "A platform is a word such as douyin."
        )
    if not all(isinstance(line, dict) for line in record.snapshot["rate_card"]):
        return CellError("rate_card", "", "报价表应为对象列表。", "The rate card should be a list of objects.")
    try:
        document = json.dumps([record.snapshot, record.videos], default=str, allow_nan=False, ensure_ascii=False)
        document.encode()  # fails for lone surrogates
    except (ValueError, TypeError):
        document = NUL
    if NUL in document:
        return CellError("", "", "含有无法保存的字符或数值。", "It holds letters or numbers that cannot be kept.")
    return len(document)


def _end(session: Session, row: ChannelImport, tally: ImportTally, message: Bilingual | None) -> ImportOutcome:
    if tally.errors:
        session.execute(sa.insert(ImportRowError), [_error_columns(row.id, error) for error in tally.errors])
    if message is None:
        name = "done"
        counts = ImportCounts(tally.good, tally.bad, tally.channels_new, tally.snapshots_new)
    else:
        name = "failed"
        counts = ImportCounts(rows_done=0, rows_bad=tally.bad, channels_new=0, snapshots_new=0)
    reading = None if tally.reading is None else tally.reading.as_json()
    imports.end_import(session, row.id, name, message=message, counts=counts, reading=reading)
    if counts.snapshots_new:
        events.record(
            session,
            "audience_snapshots.new",
            row.id,
            SYSTEM,
            parties=[row.party_id],
            import_id=str(row.id),
            channels_new=counts.channels_new,
            snapshots_new=counts.snapshots_new,
        )
    return ImportOutcome(row.status, counts)


def _error_columns(import_id: UUID, error: RowError) -> dict[str, object]:
    return {
        "id": new_id(),
        "created_at": now(),
        "import_id": import_id,
        "row_number": error.row,
        "column_name": error.column,
        "value": error.value,
        "message_zh": error.zh,
        "message_en": error.en,
    }
