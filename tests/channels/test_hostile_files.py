"""Small files that unpack, widen or nest into much more are refused with a word, before they take the memory."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter

from marketplace.channels.files import import_memory
from marketplace.channels.files.import_memory import limited_memory
from marketplace.channels.files.shapes import channel_rows
from marketplace.channels.files.tables.table_rows import SHEET_ROWS_MAX, FileRefused
from tests.channels import make
from tests.local.run import python

MIB = 1024 * 1024
HEADER = b"platform,handle,taken_on,followers\n"
ROW = b"douyin,mei,2026-11-01,5000\n"
SHEET = "xl/worksheets/sheet1.xml"


def book(part: str, old: str, new: str) -> bytes:
    """A sheet of one good row in which a part of the archive was changed, as no program would."""
    source, target = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(source) as workbook:
        page = workbook.add_worksheet()
        page.write_row(0, 0, list(make.row()))
        page.write_row(1, 0, list(make.row().values()))
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as changed:
        assert part in whole.namelist()
        for name in whole.namelist():
            text = whole.read(name).decode()
            assert name != part or old in text, text
            changed.writestr(name, text.replace(old, new) if name == part else text)
    return target.getvalue()


TOO_LONG = "A row is over 4 MiB: a line break or a closing quotation mark may be missing."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (HEADER + ROW + b"," * 5 * MIB + b"\n", TOO_LONG),
        (HEADER + ROW + b"a" * 5 * MIB, TOO_LONG),
        (HEADER + ROW + b'"a\n",' * MIB + b"\n", TOO_LONG),
        (HEADER.strip() + b",x" * 1000 + b"\n" + ROW, "More than 1000 columns."),
        (make.as_json(make.row(**{f"c{number}": 1 for number in range(1000)})), "More than 1000 columns."),
        (b"[" * MIB, "The JSON is nested over 12 deep."),
        (b'{"a":' * MIB, "The JSON is nested over 12 deep."),
        (b'[{"a": "' + b"a" * 5 * MIB + b'"}]', "An item of the JSON is over 4 MiB."),
    ],
    ids=["commas", "line", "record", "names", "item", "brackets", "objects", "text"],
)
def test_what_is_too_long_or_too_deep_is_refused_while_it_is_read(data: bytes, sentence: str) -> None:
    zh, en = make.refusal(data)
    assert en.startswith(sentence)
    assert zh != en


def test_a_row_that_is_just_short_enough_is_read() -> None:
    # The limit is that of a row, and begins anew with each.
    names = b"".join(b",x%d" % number for number in range(900))
    rows = [ROW.strip() + (b"," + b"x" * 3400) * 900 + b"\n"] * 2
    assert len(make.read(HEADER.strip() + names + b"\n" + b"".join(rows))) == 2


@pytest.mark.parametrize("column", ["regions", "ages", "rate_card"])
def test_a_list_of_a_million_labels_is_refused_at_its_length(column: str) -> None:
    labels = {f"{number:x}": 0 for number in range(5000)}
    ((row, name, zh, en),) = make.row_errors(make.as_json(make.row(**{column: labels})))
    assert (row, name, en) == (1, column, "At most 1000 entries in a list.")
    assert zh == "列表不超过 1000 项。"
    # As text in a cell, too.
    assert make.row_errors(make.as_csv(make.row(**{column: json.dumps(labels)}))) == [(2, column, zh, en)]


@pytest.mark.parametrize(
    ("part", "old", "new", "sentence"),
    [
        (
            "xl/sharedStrings.xml",
            "</sst>",
            "<si><t>" + "a" * 33 * MIB + "</t></si></sst>",
            "sharedStrings.xml is over 32 MiB",
        ),
        ("xl/styles.xml", "<fonts", " " * 9 * MIB + "<fonts", "styles.xml is over 8 MiB"),
        ("xl/_rels/workbook.xml.rels", "<Relationship ", " " * 9 * MIB + "<Relationship ", "rels is over 8 MiB"),
        (SHEET, 'r="2"', f'r="{SHEET_ROWS_MAX + 1}"', f"Row number {SHEET_ROWS_MAX + 1} cannot be"),
        (SHEET, 'r="2"', 'r="1"', "Row number 1 cannot be"),
    ],
    ids=["texts", "styles", "links", "below", "order"],
)
def test_parts_of_a_workbook_that_no_sheet_has_are_refused(part: str, old: str, new: str, sentence: str) -> None:
    zh, en = make.refusal(book(part, old, new))
    assert sentence in en
    assert "表格的" in zh


def test_a_cell_far_to_the_right_costs_no_cells_between() -> None:
    row = '<row r="2"><c r="XFD2"><v>1</v></c></row>'
    data = book(SHEET, "</sheetData>", "".join(row.replace("2", str(n)) for n in range(3, 3000)) + "</sheetData>")
    found = make.read(data)
    assert len(found) == 2998
    assert {getattr(item, "en", None) for item in found[1:]} == {"More cells than the header has names."}


def test_empty_rows_between_two_rows_are_not_made() -> None:
    data = book(SHEET, "</sheetData>", f'<row r="{SHEET_ROWS_MAX}"><c><v>1</v></c></row></sheetData>')
    errors = [item for item in make.read(data) if hasattr(item, "en")]
    assert {error.row for error in errors} == {SHEET_ROWS_MAX}


# In a process of its own: what an earlier test has given back would count as held.
READ = """
import sys
from tests.channels import make
from tests.local.run import python
from marketplace.channels.files.import_memory import limited_memory
from marketplace.channels.files.record_stream import FileRefused
make.read(make.as_xlsx(make.row()))
try:
    with open(sys.argv[1], "rb") as file, limited_memory(24 * 2**20):
        print(make.read(file.read()))
except FileRefused as refused:
    print(refused.en, "/", refused.zh)
held = bytearray(200 * 2**20)  # the limit ends with the reading
"""


@pytest.mark.parametrize("piece", ["<row/>", "<a/>", "<c/><!--</row>-->"], ids=["rows", "strangers", "cells"])
def test_what_makes_the_parser_hold_more_meets_the_limit_of_the_process(piece: str, tmp_path: Path) -> None:
    count = 6 * MIB // len(piece)
    (tmp_path / "file").write_bytes(book(SHEET, "</sheetData>", f"<row>{piece * count}</row></sheetData>"))
    told, _ = python(READ, tmp_path / "file").communicate()
    assert "Reading this file takes more than 24 MiB of memory." in told, told
    assert "超过 24 MiB" in told


def test_the_limit_of_the_process_counts_what_it_takes_from_then_on() -> None:
    held = bytearray(100 * MIB)
    with limited_memory(64 * MIB):
        assert len(bytearray(16 * MIB)) < len(held)
    with pytest.raises(FileRefused), limited_memory(64 * MIB):
        bytearray(100 * MIB)
    assert import_memory.MEMORY_MAX == 512 * MIB


def test_the_rows_of_one_channel_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_rows, "CHANNEL_BYTES_MAX", 20_000)
    rows = [make.row("youtube", video_id=f"v{number}", video_title="t" * 250) for number in range(100)]
    rows.append(make.row("youtube", channel_id="UC2"))
    found = make.read(make.as_csv(*rows))
    assert [getattr(item, "en", "read") for item in found] == [
        "The rows of one channel are over 0 MiB together; remove columns that are not needed.",
        "read",
    ]


@pytest.fixture(autouse=True)
def small_again() -> Iterator[None]:
    yield
    make.read(HEADER + ROW)  # after any refusal the next file is read
