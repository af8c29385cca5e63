"""Kinds of files and shapes told by what is in them, and files that mean harm."""

import io
import json
import tracemalloc
import zipfile
from typing import Any

import openpyxl
import pytest

from marketplace.channels.facts.region_names import region_code
from marketplace.channels.files.tables import json_rows, table_rows
from marketplace.channels.records import ChannelRecord, normalise_verticals
from tests.channels import make

KINDS = {"csv": make.as_csv, "xlsx": make.as_xlsx, "json": make.as_json}
BOM = b"\xef\xbb\xbf"
NAMES = b"platform,handle,taken_on,followers\n"
NO_LIST = f"The JSON has no list of channels under any of: {', '.join(json_rows.LISTS)}."
HEAD = json.dumps(make.row()).encode()[:-1]


def lines(*rows: make.Row) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("shape", sorted(make.ROWS))
def test_shape_and_kind_are_told_by_the_content(shape: str, kind: str) -> None:
    record = make.one(KINDS[kind](make.row(shape)))
    assert (record.snapshot["source"], record.snapshot["followers"]) == (shape, 5000)
    assert record.snapshot["taken_on"].isoformat() == "2026-11-01"
    assert make.one(KINDS[kind](make.row(shape)), shape=shape) == record


def test_a_shape_that_is_asked_for_needs_its_columns() -> None:
    said = make.refusal(make.as_csv(make.row("inlay")), shape="youtube")
    assert said == (
        "缺少列：channel_id, subscribers, video_id。",
        "Columns are missing: channel_id, subscribers, video_id.",
    )
    assert make.refusal(b"a,b\n1,2\n") == (
        "无法识别文件格式，支持：inlay, xingtu, xingtu_audience, tiktok_one, youtube, youtube_studio。",
        "The columns are of no known shape (inlay, xingtu, xingtu_audience, tiktok_one, youtube, youtube_studio).",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_letters_and_delimiters_are_found_out(encoding: str, delimiter: str) -> None:
    data = make.as_csv(make.row(name="甲,乙;丙\t㐂𠮷"), encoding=encoding, delimiter=delimiter)
    assert make.one(data).name == "甲,乙;丙\t㐂𠮷"


def test_letters_that_come_late_still_tell_the_encoding() -> None:
    rows = [make.row(name="x" * 200) for _ in range(600)]
    found = make.read(make.as_csv(*rows, make.row(name="晚到的名字"), encoding="gb18030"))
    assert [item.name for item in found if isinstance(item, ChannelRecord)][600:] == ["晚到的名字"]


@pytest.mark.parametrize(
    "data",
    [
        make.as_json(make.row()),
        BOM + make.as_json(make.row()),
        b' \n {"total": 1, "creators": ' + make.as_json(make.row()) + b"}",
        BOM + b'{"data": ' + make.as_json(make.row()) + b"}",
        lines(make.row()),
        BOM + lines(make.row()) + b"\n\n",
        lines(make.row(note="x" * 100_000)),
    ],
)
def test_lists_objects_with_a_list_and_lines_are_json(data: bytes) -> None:
    assert make.one(data).handle == "xiaoyu"


@pytest.mark.parametrize("size", [1, 2, 7])
def test_json_that_arrives_in_small_pieces_is_the_same(size: int) -> None:
    class Pieces(io.BytesIO):
        def read(self, wanted: int | None = -1) -> bytes:
            return super().read(min(size, wanted) if wanted and wanted > 0 else size)

    row = make.row(name='名\\"\n', note=[1.25e-7, -12345, True, None, {"深": "\U00020bb7"}])
    data = json.dumps({"total": 12345, "more": False, "creators": [row, row]}, indent=1).encode()
    assert list(json_rows.read_items(Pieces(data), "utf-8", lambda item: "handle" in item)) == [(1, row), (2, row)]


def test_rows_are_numbered_as_the_file_shows_them() -> None:
    rows = [make.row(handle=f"h{number}") for number in range(3)]
    assert [item.row for item in make.read(make.as_csv(*rows))] == [2, 3, 4]
    assert [item.row for item in make.read(make.as_xlsx(*rows))] == [2, 3, 4]
    assert [item.row for item in make.read(make.as_json(*rows))] == [1, 2, 3]
    header, first, *rest = make.as_csv(*rows).split(b"\r\n")
    assert [item.row for item in make.read(b"\n".join([header, b",,,", first, b"", *rest]))] == [3, 5, 6]


def test_bad_rows_stand_between_the_good_ones() -> None:
    rows = [make.row(), make.row(followers="many", taken_on=""), make.row(handle="second")]
    found = make.read(make.as_csv(*rows))
    assert [(item.row, getattr(item, "column", None)) for item in found] == [
        (2, None),
        (3, "taken_on"),
        (3, "followers"),
        (4, None),
    ]


def test_the_same_row_is_the_same_evidence_in_whatever_order_its_columns_stand() -> None:
    first = make.one(make.as_json(make.row()))
    turned = make.one(make.as_json(dict(reversed(make.row().items()))))
    other = make.one(make.as_json(make.row(followers=5001)))
    assert first.snapshot["evidence_hash"] == turned.snapshot["evidence_hash"] != other.snapshot["evidence_hash"]


@pytest.mark.parametrize(
    ("data", "en"),
    [
        (b"", "The file is empty."),
        (BOM + b" \n", "The file is empty."),
        (make.as_csv(make.row())[:36], "The file has no rows."),
        (b"[]", "The file has no rows."),
        (b"\xd0\xcf\x11\xe0\x00\x00", "The file is no CSV, XLSX or JSON."),
        (b"\x89PNG\r\n\x1a\n\x00", "The file is no CSV, XLSX or JSON."),
        (
            b",,\n,,,\n",
            "The columns are of no known shape (inlay, xingtu, xingtu_audience, tiktok_one, youtube, youtube_studio).",
        ),
        (",".join(f"c{n}" for n in range(1001)).encode() + b"\n1\n", "More than 1000 columns."),
        (NAMES + b"x" * 200_001, "The CSV cannot be read on: field larger than field limit (200000)"),
        (NAMES + b"x,\xff\xff,\n", None),
        (NAMES + b'"x"y,2\n', "The CSV cannot be read on: ',' expected after '\"'"),
        (b"[1]", "Item 1 is no object."),
        (
            b'{"creators":\n {"a": 1}, "b": 2}',
            NO_LIST,
        ),
        (b'{"a": [1]', "The JSON cannot be read on: the end where , or } should stand"),
        (b"[" + HEAD + b"} {", "The JSON cannot be read on: { where , or ] should stand"),
        (b"[" + HEAD + b"},", "The JSON cannot be read on: Expecting value: line 1 column 1 (char 0)"),
        (b"[" + HEAD + b"}", "The JSON cannot be read on: the end where , or ] should stand"),
        (b"[" + HEAD + b' "a": "' + b"x" * 99_999, None),
        (b'[{"a": "\xff"}]', None),
        (b'{"a":\n [1]}', NO_LIST),
        (b"PK\x03\x04 and no archive", "The spreadsheet is damaged (BadZipFile)."),
    ],
)
def test_a_file_that_is_none_says_why(data: bytes, en: str | None) -> None:
    said = make.refusal(data)
    assert all(said)
    assert en is None or said[1] == en


@pytest.mark.parametrize("place", ["head", "late"])
def test_a_nul_byte_is_refused(place: str) -> None:
    rows = make.as_csv(*(make.row(name="x" * 200) for _ in range(600 if place == "late" else 1)))
    said = make.refusal(rows.replace(b"xiaoyu", b"xi\x00yu") if place == "head" else rows + b"a,b\x00,c,d,e\n")
    late = ("第 602 行含空字节（NUL）。", "Row 602 holds a NUL byte.")
    assert said == (late if place == "late" else ("文件不是 CSV、XLSX 或 JSON。", "The file is no CSV, XLSX or JSON."))


DEEP = (f"JSON 嵌套超过 {table_rows.DEPTH_MAX} 层。", f"The JSON is nested over {table_rows.DEPTH_MAX} deep.")


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + HEAD + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b'{"creators": [' + HEAD + b', "x": ' + b'{"a":' * 100_000,
        HEAD + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n{}",
        HEAD + b', "x": ' + b"[" * 20 + b"]" * 20 + b"}\n" + HEAD + b"}",
        b"[" + HEAD + b', "x": ' + b"[" * 20 + b"]" * 20 + b"}]",
    ],
)
def test_deep_json_is_refused_before_it_takes_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        assert make.refusal(data) == DEEP
        assert tracemalloc.get_traced_memory()[1] < 30 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [1, 60_000, 65_400, 65_535])
def test_brackets_within_texts_are_no_depth(size: int) -> None:
    text = ("[{" * size)[:size] + '\\"[[[[[[[[[[[[[[' + "]]"
    assert make.one(make.as_json(make.row(note=text, name="后"))).name == "后"


def test_an_endless_item_is_refused() -> None:
    item = json.dumps(make.row(note="x" * 3 * table_rows.ITEM_MAX)).encode()
    assert make.refusal(b"[" + item + b"]") == ("JSON 单项超过 4 MiB。", "An item of the JSON is over 4 MiB.")
    assert make.refusal(b'{"note": "' + b"x" * 3 * table_rows.ITEM_MAX)[1] == "An item of the JSON is over 4 MiB."


@pytest.mark.parametrize(
    "number", ["9" * 100_000, "9" * 400, "1e999999", "-1e999"], ids=["huge", "big", "exp", "minus"]
)
def test_giant_numbers_are_refused(number: str) -> None:
    text = json.dumps(make.row(followers=0)).replace(": 0", f": {number}").encode()
    for data in (b"[" + text + b"]", text + b"\n" + text):
        (sentence,) = make.said(data)
        assert sentence == "Not a number." or sentence.startswith("The JSON cannot be read on: Exceeds the limit")
        assert len(sentence) < 200


def test_letters_that_cannot_be_kept_are_faults_that_can() -> None:
    data = lines(make.row(handle="a\x00b\ud800"), make.row(name="x\ufffe"), make.row(note="\ud800"))
    first, second, third = make.read(data)
    assert (getattr(first, "column", None), getattr(first, "value", None)) == ("handle", "a\ufffdb\ufffd")
    assert getattr(second, "column", None) == "name"
    assert isinstance(third, ChannelRecord)


def repacked(data: bytes, **parts: bytes) -> bytes:
    """The archive with other parts in place of its own."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            key = name.rsplit("/", 1)[-1].split(".")[0]
            new.writestr(name, parts.get(key, old.read(name)))
    return file.getvalue()


def test_a_zip_bomb_is_not_unpacked() -> None:
    data = repacked(make.as_xlsx(make.row()), sheet1=b" " * (table_rows.UNPACKED_MAX + 1))
    assert len(data) < 1024 * 1024
    tracemalloc.start()
    try:
        assert make.refusal(data) == ("表格解压后过大。", "The spreadsheet is too large when unpacked.")
        assert tracemalloc.get_traced_memory()[1] < 10 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_entities_in_a_sheet_are_refused() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    with zipfile.ZipFile(io.BytesIO(make.as_xlsx(make.row()))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    for doctype in (laughs, outside):
        told = sheet.replace(b"?>", b"?>" + doctype, 1).replace(b"xiaoyu", b"&a;")
        assert make.refusal(repacked(make.as_xlsx(make.row()), sheet1=told))[1] == (
            "The spreadsheet is damaged (ValueError)."
        )


def test_a_sheet_that_lies_about_its_size_is_read_by_what_it_holds() -> None:
    with zipfile.ZipFile(io.BytesIO(make.as_xlsx(make.row()))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    grown = sheet.replace(b'<dimension ref="A1:D2"/>', b'<dimension ref="A1:XFD1048576"/>')
    grown = grown.replace(b"</sheetData>", b'<row r="1048576"/></sheetData>')
    assert grown != sheet
    assert make.one(repacked(make.as_xlsx(make.row()), sheet1=grown)).handle == "xiaoyu"


def test_formulas_are_not_evaluated() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append([*make.row(), "name"])
    page.append([*make.row().values(), "=1+1"])
    file = io.BytesIO()
    book.save(file)
    assert make.one(file.getvalue()).name == "xiaoyu"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_cells_beyond_the_header_are_a_fault_of_their_row(kind: str) -> None:
    table: list[list[Any]] = [list(make.row()), [*make.row().values(), "", "spilled"], [*make.row().values(), ""]]
    data = make.sheet(table) if kind == "xlsx" else "\n".join(",".join(map(str, line)) for line in table).encode()
    wrong, right = make.read(data)
    assert (getattr(wrong, "zh", ""), getattr(wrong, "en", "")) == (
        "单元格比表头多。",
        "More cells than the header has names.",
    )
    assert isinstance(right, ChannelRecord)
    spilled = make.as_csv(make.row("youtube"), make.row("youtube", video_id="v2")).rstrip() + b",spilled\n"
    assert [error[1:2] for error in make.row_errors(spilled)] == [("",)]


def test_videos_of_a_channel_are_joined() -> None:
    rows = [make.row("youtube", video_id=f"v{n}", channel_id=f"UC{n // 2}") for n in range(3)]
    found = [item for item in make.read(make.as_csv(*rows)) if isinstance(item, ChannelRecord)]
    assert [(item.row, item.account_key, len(item.videos)) for item in found] == [(2, "UC0", 2), (4, "UC1", 1)]


def test_joint_per_cents_of_age_and_gender_become_two_lists() -> None:
    joint = {"age18-24.female": 30.0, "age18-24.male": 20.0, "age65-.female": 40.0, "age65-.user_specified": 10.0}
    record = make.one(make.as_csv(make.row("youtube", **{f"viewerPercentage.{key}": at for key, at in joint.items()})))
    assert record.snapshot["margins"] == {
        "age": {"18-24": 0.5, "65+": 0.5},
        "gender": {"female": 0.7, "male": 0.2, "unknown": 0.1},
    }


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("广东", "CN-GD"),
        ("广东省", "CN-GD"),
        ("广西壮族自治区", "CN-GX"),
        ("内蒙古自治区", "CN-NM"),
        ("上海市", "CN-SH"),
        ("香港特别行政区", "HK"),
        ("US", "US"),
    ],
)
def test_provinces_become_codes(word: str, code: str) -> None:
    assert region_code(word) == code


def test_a_province_that_is_named_twice_is_refused() -> None:
    data = make.as_json(make.row("xingtu", province_distribution={"广东": 0.2, "广东省": 0.1}))
    [(_, column, zh, _)] = make.row_errors(data)
    assert (column, zh) == ("province_distribution", "“广东”和“广东省”是同一项，出现两次。")


def test_words_of_platforms_become_verticals() -> None:
    assert normalise_verticals({"护肤": 3, "美妆": 1, "Film & Animation": 4, "什么": 9}) == {
        "animation": 0.5,
        "beauty": 0.5,
    }
    assert normalise_verticals({"什么": 1}) == {}


def test_rates_and_days_are_read_as_they_are_written() -> None:
    record = make.one(
        make.as_csv(make.row(engagement_rate="5.5%", completion_rate="35", taken_on="20261101", followers="12,000"))
    )
    assert record.snapshot["facts"] == {"engagement_rate": 0.055, "completion_rate": 0.35}
    assert (record.snapshot["taken_on"].isoformat(), record.snapshot["followers"]) == ("2026-11-01", 12_000)


def test_a_video_without_an_id_is_told_by_its_second() -> None:
    data = make.as_json(make.row(videos=[{"published_at": 1_790_000_000, "views": 5}]))
    assert make.one(data).videos[0]["external_id"] == "1790000000"


@pytest.mark.parametrize("written", ["35.125", "3.558", "0.125", "35.125 %", "35,125"])
def test_a_per_cent_with_three_digits_after_the_mark_has_one_reading(written: str) -> None:
    share = round(float(written.replace(",", ".").removesuffix(" %")) / 100, 8)
    joint = {
        "age18-24.female": written,
        "age18-24.male": str(100 - 100 * share).replace(".", "," if "," in written else "."),
    }
    record = make.one(make.as_csv(make.row("youtube", **{f"viewerPercentage.{key}": at for key, at in joint.items()})))
    assert record.snapshot["margins"]["gender"] == {"female": share, "male": pytest.approx(1 - share)}
