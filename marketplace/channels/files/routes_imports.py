"""The API of files of channels: handing one in, and reading what became of it."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Response

from marketplace.channels.files import imports as uploads
from marketplace.channels.models import ChannelImport
from marketplace.channels.schemas import (
    FaultsQuery,
    ImportFaultPage,
    ImportOut,
    ImportQuery,
    ImportsQuery,
)
from marketplace.core import db, ids
from marketplace.core.actor import Actor, Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE, MIB, RawBody, RawBodySpec
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session

blueprint = GuardedBlueprint("imports", __name__, description="Files of channels, and what became of their rows")

OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
FILE = RawBodySpec(256 * MIB, (ANY_FILE, "text/csv", XLSX, "application/json"))


@blueprint.post(
    "/imports",
    allow=OWNERS,
    needs=Permission.CHANNELS,
    takes_raw=FILE,
    query=ImportQuery,
    answers=ImportOut,
    status=202,
)
def receive(body: RawBody, query: dict[str, Any]) -> ChannelImport:
    """Hand in a file of channels as the body. Its rows are checked and stored by a job that shows its progress."""
    return uploads.receive(session(), actor(), body, **query)


@blueprint.get("/imports", allow=OWNERS, needs=Permission.READ, query=ImportsQuery, answers=page_of(ImportOut))
def imports(query: dict[str, Any]) -> Page[ChannelImport]:
    """The files that were handed in."""
    return uploads.listed(session(), actor(), **query)


@blueprint.get("/imports/<id('imp'):import_id>", allow=OWNERS, needs=Permission.READ, answers=ImportOut)
def find_import(import_id: UUID) -> ChannelImport:
    """One file and what became of its rows."""
    return uploads.find(session(), actor(), import_id)


@blueprint.get(
    "/imports/<id('imp'):import_id>/faults",
    allow=OWNERS,
    needs=Permission.READ,
    query=FaultsQuery,
    answers=ImportFaultPage,
    also_as="text/csv",
)
def faults(query: dict[str, Any], import_id: UUID) -> uploads.FaultPage | Response:
    """What is wrong in which row; `format=csv` gives all kept faults as one file."""
    form = query.pop("format")
    if form == "json":
        return uploads.faults(session(), actor(), import_id, **query)
    found = uploads.find(session(), actor(), import_id)
    name = f"faults-{ids.show('imp', found.id)}.csv"
    return Response(
        _fault_lines(actor(), found.id),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _csv_line(cells: Sequence[Any]) -> str:
    """A leading apostrophe keeps spreadsheets from running a cell as a formula (OWASP, CSV injection)."""
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if str(cell).startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()


def _fault_lines(who: Actor, import_id: UUID) -> Iterator[str]:
    # The request's transaction is over when the file is being sent, so the sending has one of its own.
    with db.transaction(who) as opened:
        # The mark tells spreadsheets that this is UTF-8.
        yield "\ufeff" + _csv_line(("row", "column", "value", "message_zh", "message_en"))
        for fault in uploads.every_fault(opened, who, import_id):
            told = (fault.row_number, fault.column_name, fault.value, fault.message_zh, fault.message_en)
            yield _csv_line(told)
