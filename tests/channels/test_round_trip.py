"""What is written in a shape is read back as it was, whatever the texts look like."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.channels.files import exports
from marketplace.channels.records import ChannelRecord
from marketplace.demo import files, world
from marketplace.demo.world import MadeChannel
from tests.channels import make

# Facts that reading adds, or that say where the row stood.
READ = {"evidence_hash", "series_hash"}


def plain(record: ChannelRecord) -> ChannelRecord:
    snapshot = {name: value for name, value in record.snapshot.items() if name not in READ}
    return replace(record, row=0, snapshot=snapshot)


def written(folder: Path, shape: str, *records: ChannelRecord) -> bytes:
    path = folder / "channels"
    exports.write(path, shape, records)
    return path.read_bytes()


@pytest.mark.parametrize("shape", sorted(exports.SUFFIXES))
def test_records_come_back_as_they_were(shape: str, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(make.records(shape), min_size=1, max_size=3, unique_by=lambda record: record.account_key))
    def comes_back(records: list[ChannelRecord]) -> None:
        data = written(tmp_path, shape, *records)
        assert [plain(found) for found in make.read(data) if isinstance(found, ChannelRecord)] == records

    comes_back()


def example(shape: str, **more: Any) -> ChannelRecord:
    found = make.one(make.as_json(make.row(shape)))
    return replace(found, **more)


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "'=1"])
def test_texts_that_a_spreadsheet_would_run_are_written_with_an_apostrophe(text: str, tmp_path: Path) -> None:
    record = example("inlay", name=text, creator_name=text)
    table = list(csv.DictReader(written(tmp_path, "inlay", record).decode("utf-8-sig").splitlines()))
    assert (table[0]["name"], table[0]["creator_name"]) == (f"'{text}", f"'{text}")
    book = openpyxl.load_workbook(io.BytesIO(written(tmp_path, "xingtu", example("xingtu", name=text))))
    cells = {cell.value: cell for cell in next(book.worksheets[0].iter_rows(min_row=2))}
    assert cells[f"'{text}"].data_type == "s"


def test_an_id_of_nineteen_digits_stays_exact_in_a_spreadsheet(tmp_path: Path) -> None:
    record = example("xingtu")
    assert make.one(written(tmp_path, "xingtu", record)).account_key == "6612345678901234567"


def test_a_cell_of_a_spreadsheet_holds_the_newest_videos_that_fit(tmp_path: Path) -> None:
    (video,) = make.one(make.as_json(make.row("youtube", video_title="长" * 280))).videos
    many = tuple(
        {**video, "external_id": f"v{second}", "published_at": video["published_at"].replace(second=second)}
        for second in range(60)
    )
    record = make.one(written(tmp_path, "xingtu", example("xingtu", videos=many * 2)))
    assert 60 < len(record.videos) < 100
    assert min(one["published_at"].second for one in record.videos) > 0
    assert [one["published_at"].second for one in record.videos[:4]] == [59, 59, 58, 58]


def test_columns_that_come_late_stand_in_the_header(tmp_path: Path) -> None:
    first = make.one(make.as_json(make.row("youtube")))
    second = make.one(make.as_json(make.row("youtube", channel_id="UC2", **{"country.US": 40.0})))
    found = make.read(written(tmp_path, "youtube", first, second))
    assert [record.snapshot["margins"] for record in found if isinstance(record, ChannelRecord)] == [
        {},
        {"region": {"US": 0.4}},
    ]


def test_prices_in_another_currency_are_left_out_of_a_column_of_fen(tmp_path: Path) -> None:
    card = [
        {"length_tier": "1-20", "amount_minor": 5, "currency": "USD"},
        {"currency": "CNY"},
        {"length_tier": "60+", "amount_minor": 7, "currency": "CNY"},
    ]
    record = example("xingtu")
    record = replace(record, snapshot={**record.snapshot, "rate_card": card})
    assert make.one(written(tmp_path, "xingtu", record)).snapshot["rate_card"] == card[2:]


def test_no_channels_make_a_file_without_rows(tmp_path: Path) -> None:
    assert written(tmp_path, "tiktok_one") == b'{"creators": [\n]}\n'
    assert make.refusal(written(tmp_path, "tiktok_one")) == ("文件里没有数据行。", "The file has no rows.")


@pytest.mark.parametrize("share", [0.12345, 0.03558, 0.1, 0.5])
@pytest.mark.parametrize("seconds", [58.125, 2.372, 1.0, 0.25])
def test_an_export_writes_no_number_that_may_be_two(share: float, seconds: float, tmp_path: Path) -> None:
    record = example("youtube")
    margins = {"age": {"18-24": 1.0}, "gender": {"female": share, "male": round(1 - share, 8)}, "region": {"US": share}}
    video = {**record.videos[0], "duration_s": seconds}
    told = replace(record, snapshot={**record.snapshot, "margins": margins}, videos=[video])
    found = make.one(written(tmp_path, "youtube", told))
    assert found.snapshot["margins"]["gender"] == margins["gender"]
    assert found.videos[0]["duration_s"] == seconds


@pytest.mark.parametrize("seed", range(8))
def test_what_the_demo_hands_in_is_taken(seed: int, tmp_path: Path) -> None:
    today = make.TODAY
    made: dict[str, list[MadeChannel]] = {}
    for channel in world.channels(seed, today, count=60):
        made.setdefault(channel.shape, []).append(channel)
    for shape, members in made.items():
        exports.write(tmp_path / shape, shape, [files.record(channel, today) for channel in members])
        found = make.read((tmp_path / shape).read_bytes())
        assert [item for item in found if not isinstance(item, ChannelRecord)] == []
        assert len(found) == len(members)
