"""However long the file, what is held of it is one row."""

import gc
import itertools
import json
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from marketplace.channels.files import exports
from marketplace.channels.files.record_stream import iter_import
from marketplace.channels.records import ChannelRecord, RowError
from tests.channels import make

MIB = 1024 * 1024


def csv_file(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write("platform,handle,taken_on,followers\n")
        file.writelines(f"douyin,h{number},2026-11-01,{number}\n" for number in range(count))


def json_file(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write('{"total": 1, "creators": [')
        for number in range(count):
            file.write((", " if number else "") + json.dumps(make.row(handle=f"h{number}", followers=number)))
        file.write("]}")


def xlsx_file(path: Path, count: int) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, list(make.row()))
        for number in range(count):
            page.write_row(number + 1, 0, list(make.row(handle=f"h{number}", followers=number).values()))


@pytest.mark.parametrize(
    ("write", "count", "growth"),
    # The parser of sheets keeps an emptied element of every row.
    [(csv_file, 20_000, 1000), (json_file, 20_000, 1000), (xlsx_file, 5000, 2 * 5000)],
    ids=["csv", "json", "xlsx"],
)
def test_a_long_file_takes_little_memory(write: Any, count: int, growth: int, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    write(path, count)
    with path.open("rb") as file:
        rows = iter_import(file, today=make.TODAY)
        tracemalloc.start()
        try:
            total = followers(itertools.islice(rows, 2000))
            assert tracemalloc.get_traced_memory()[1] < 40 * MIB
        finally:
            tracemalloc.stop()
        # Tracing makes reading several times slower; the interpreter's count of what is held costs nothing.
        gc.collect()
        held = sys.getallocatedblocks()
        total += followers(itertools.islice(rows, count - 2500))
        gc.collect()
        assert sys.getallocatedblocks() - held < growth
        total += followers(rows)
    assert total == count * (count - 1) // 2


def followers(records: Iterable[ChannelRecord | RowError]) -> int:
    total = 0
    for record in records:
        assert isinstance(record, ChannelRecord)
        total += record.snapshot["followers"]
    return total


@pytest.mark.parametrize("shape", sorted(exports.SUFFIXES))
def test_writing_holds_one_channel_at_a_time(shape: str, tmp_path: Path) -> None:
    record = make.one(make.as_json(make.row(shape)))
    count, longest = 1000, 30_000

    def records() -> Iterator[ChannelRecord]:
        for number in range(count):
            yield replace(record, account_key=f"k{number}", name=f"{number}".zfill(longest))

    exports.write(tmp_path / "warm", shape, [record])
    tracemalloc.start()
    try:
        exports.write(tmp_path / "rows", shape, records())
        assert tracemalloc.get_traced_memory()[1] < count * longest / 10
    finally:
        tracemalloc.stop()
