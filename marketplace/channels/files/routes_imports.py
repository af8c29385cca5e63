"""The API of channel imports: upload a file, and read what became of its rows."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Response

from marketplace.channels.files import imports as import_service
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

blueprint = GuardedBlueprint(
    "imports", __name__, tag="market", description="Files of channels, and what became of their rows"
)

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
def create_import(body: RawBody, query: dict[str, Any]) -> ChannelImport:
    """Hand in a file of channels as the body. Its rows are checked and stored by a job that shows its progress."""
    return import_service.receive(session(), actor(), body, **query)


@blueprint.get("/imports", allow=OWNERS, needs=Permission.READ, query=ImportsQuery, answers=page_of(ImportOut))
def list_imports(query: dict[str, Any]) -> Page[ChannelImport]:
    """The files that were handed in."""
    return import_service.list_imports(session(), actor(), **query)


@blueprint.get("/imports/<id('imp'):import_id>", allow=OWNERS, needs=Permission.READ, answers=ImportOut)
def get_import(import_id: UUID) -> ChannelImport:
    """One file and what became of its rows."""
    return import_service.find(session(), actor(), import_id)


@blueprint.get(
    "/imports/<id('imp'):import_id>/faults",
    allow=OWNERS,
    needs=Permission.READ,
    query=FaultsQuery,
    answers=ImportFaultPage,
    also_as="text/csv",
)
def list_import_faults(query: dict[str, Any], import_id: UUID) -> import_service.RowErrorPage | Response:
    """What is wrong in which row; `format=csv` gives all kept faults as one file."""
    format_ = query.pop("format")
    if format_ == "json":
        return import_service.list_row_errors(session(), actor(), import_id, **query)
    row = import_service.find(session(), actor(), import_id)
    name = f"faults-{ids.show('imp', row.id)}.csv"
    return Response(
        _error_lines(actor(), row.id),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _csv_line(cells: Sequence[Any]) -> str:
    # A leading apostrophe keeps spreadsheets from running a cell as a formula (OWASP, CSV injection).
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if str(cell).startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()


def _error_lines(who: Actor, import_id: UUID) -> Iterator[str]:
    # The request's transaction ends before the file is sent, so the stream opens its own.
    with db.transaction(who) as stream_session:
        # The byte order mark tells spreadsheets that this is UTF-8.
        yield "\ufeff" + _csv_line(("row", "column", "value", "message_zh", "message_en"))
        for error in import_service.iter_row_errors(stream_session, who, import_id):
            yield _csv_line((error.row_number, error.column_name, error.value, error.message_zh, error.message_en))
