"""A party's statement of a month: every movement on its accounts, with what was withheld; from the ledger alone.

The month is the party's own, by its time zone. Amounts are whole numbers of the currency's smallest unit.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.files.tables.table_rows import guard_formula
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.ids import PREFIXES, show
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.identity import policy as identity_policy
from marketplace.identity.models import Party
from marketplace.ledger.models import AccountPurpose

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = lazy_module("xlsxwriter")

# The sum of a transfer's postings on each account of a party, with what of them went to the tax office and to the bank.
_LINES = sa.text(
    "SELECT t.id, t.created_at AS at, t.key, a.purpose, a.currency,"
    " sum(CASE WHEN p.target_id = a.id THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS change,"
    " coalesce(sum(p.amount_minor * s.sign) FILTER (WHERE o.purpose = 'tax'), 0)::bigint AS withheld,"
    " coalesce(sum(p.amount_minor * s.sign) FILTER (WHERE o.purpose = 'clearing'), 0)::bigint AS sent"
    " FROM ledger_accounts a JOIN ledger_postings p ON a.id IN (p.source_id, p.target_id)"
    " JOIN LATERAL (SELECT CASE WHEN p.source_id = a.id THEN 1 ELSE -1 END AS sign) s ON true"
    " JOIN ledger_accounts o ON o.id = CASE WHEN p.source_id = a.id THEN p.target_id ELSE p.source_id END"
    " JOIN ledger_transfers t ON t.id = p.transfer_id"
    " WHERE a.party_id = :party_id AND t.created_at < :ends_at AND t.created_at >= :begins_at"
    " GROUP BY t.id, t.created_at, t.key, a.id, a.purpose, a.currency ORDER BY t.created_at, t.id, a.purpose"
)
_OPENING = sa.text(
    "SELECT a.purpose, a.currency,"
    " coalesce(sum(CASE WHEN p.target_id = a.id THEN p.amount_minor ELSE -p.amount_minor END), 0)::bigint AS opening"
    " FROM ledger_accounts a LEFT JOIN (ledger_postings p JOIN ledger_transfers t ON t.id = p.transfer_id"
    "  AND t.created_at < :begins_at) ON a.id IN (p.source_id, p.target_id)"
    " WHERE a.party_id = :party_id GROUP BY a.purpose, a.currency ORDER BY a.purpose, a.currency"
)


@dataclass(frozen=True)
class StatementLine:
    """One movement on one account of the party; above zero for what came in."""

    at: datetime
    purpose: AccountPurpose
    currency: str
    about: str
    move: str
    change_minor: int
    withheld_minor: int
    sent_minor: int


@dataclass(frozen=True)
class StatementTotal:
    """The accounts of one purpose and currency over the month."""

    purpose: AccountPurpose
    currency: str
    opening_minor: int
    change_minor: int
    closing_minor: int
    withheld_minor: int


@dataclass(frozen=True)
class PartyStatement:
    """All movements of a party's money in a month, and what they sum to."""

    party_id: UUID
    month: str
    timezone: str
    lines: Sequence[StatementLine]
    totals: Sequence[StatementTotal]


def statement(session: Session, actor: Actor, *, month: str, party_id: UUID | None = None) -> PartyStatement:
    """Return the statement of the actor's party, or of the party that the platform names. Raises NotFound."""
    wanted = party_id or actor.party_id
    if wanted is None or (party_id is None and actor.sees_all):
        detail = Bilingual("请用 party_id 指明是谁的账单。", "Say whose statement: party_id.")
        raise InvalidInput(detail, errors=[FieldError("query:/party_id", detail)])
    own = sa.true() if actor.sees_all else Party.id == actor.party_id
    party = db.get(session, Party, wanted, own, identity_policy.visible(actor))
    begins_at, ends_at = _month(month, party.timezone)
    with db.acting_as(session, SYSTEM):
        given = {"party_id": party.id, "begins_at": begins_at, "ends_at": ends_at}
        lines = [_line(row) for row in session.execute(_LINES, given)]
        totals = [_total(row, lines) for row in session.execute(_OPENING, given)]
    return PartyStatement(party.id, month, party.timezone, lines, totals)


def _month(month: str, timezone: str) -> tuple[datetime, datetime]:
    year, number = map(int, month.split("-"))
    zone = ZoneInfo(timezone)
    after, month_after = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=zone), datetime(after, month_after, 1, tzinfo=zone)


def _line(row: Any) -> StatementLine:
    about, move = named(row.key)
    return StatementLine(
        row.at, AccountPurpose(row.purpose), row.currency, about, move, row.change, row.withheld, row.sent
    )


def named(key: str) -> tuple[str, str]:
    """Return what a transfer of this key is about, by its public id, and the move."""
    table, _, rest = key.partition(":")
    id_, _, move = rest.partition(":")
    if table not in PREFIXES:  # a debt that was settled out of what was earned, in several parts
        return "", table
    return show(PREFIXES[table], UUID(id_)), move


def _total(row: Any, lines: Iterable[StatementLine]) -> StatementTotal:
    own = [one for one in lines if (one.purpose, one.currency) == (row.purpose, row.currency)]
    change = sum(one.change_minor for one in own)
    withheld = sum(one.withheld_minor for one in own)
    return StatementTotal(
        AccountPurpose(row.purpose), row.currency, row.opening, change, row.opening + change, withheld
    )


def as_csv(made: PartyStatement) -> bytes:
    """Return the lines as CSV that spreadsheets open as UTF-8; no text of it runs as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_names())
    writer.writerows(_cells(line) for line in made.lines)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(made: PartyStatement) -> bytes:
    """Return the lines and the totals as two sheets."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheets: list[tuple[str, list[str], list[list[Any]]]] = [
            ("lines", _names(), [_cells(line) for line in made.lines]),
            ("totals", [one.name for one in fields(StatementTotal)], [list(astuple(one)) for one in made.totals]),
        ]
        for name, names, rows in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate([names, *rows]):
                sheet.write_row(number, 0, [str(cell) if isinstance(cell, str) else cell for cell in row])
    return file.getvalue()


def _names() -> list[str]:
    return [one.name for one in fields(StatementLine)]


def _cells(line: StatementLine) -> list[Any]:
    cells = [line.at.isoformat(), *astuple(line)[1:]]
    return [guard_formula(str(cell)) if isinstance(cell, str) else cell for cell in cells]
