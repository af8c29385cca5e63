"""Tables as people hand them on: titles above the names, other sheets, names in other spellings, totals."""

import io
from typing import Any

import openpyxl
import pytest

from marketplace.channels.files.record_stream import open_import
from marketplace.channels.records import ChannelRecord
from tests.channels import make

HEAD = "platform,handle,taken_on,followers"
LINE = "douyin,xiaoyu,2026-11-01,5000"


def read(data: bytes) -> tuple[list[str], dict[str, Any]]:
    """The handles of the channels, and what the file was read as."""
    reading = open_import(io.BytesIO(data), today=make.TODAY)
    records = list(reading.records())
    assert all(isinstance(record, ChannelRecord) for record in records), records
    return [record.handle for record in records if isinstance(record, ChannelRecord)], reading.report.as_json()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (f"sep=;\n{HEAD}\n{LINE}\n".replace(",", ";"), 2),
        (f"sep=,\n{HEAD}\n{LINE}\n", 2),
        (f'"sep=|"\r\n{HEAD}\r\n{LINE}\r\n'.replace(",", "|"), 2),
        (f"{HEAD}\n{LINE}\n".replace(",", "|"), 1),
        (f"达人数据表\n导出时间：2026-11-20\n\n{HEAD}\n{LINE}\n", 4),
        (f"Creators; all of them\n{HEAD}\n{LINE}\n".replace(",", ";"), 2),
        (f"Report,,,\n,,,\n{HEAD}\n{LINE}\n", 3),
        (f"\n\n{HEAD}\n{LINE}\n,,,\n\n", 3),
        (f"{HEAD},,\n{LINE},,\n", 1),
    ],
)
def test_the_names_are_found_under_titles_and_marks(text: str, row: int) -> None:
    handles, told = read(text.encode())
    assert (handles, told["header_row"]) == (["xiaoyu"], row)


@pytest.mark.parametrize(
    "head",
    [
        "Platform,Handle,Taken_On,FOLLOWERS",
        "platform,handle,Taken On,followers",
        "platform, handle ,taken-on,Followers ",
        "ｐｌａｔｆｏｒｍ,ｈａｎｄｌｅ,taken_on,ｆｏｌｌｏｗｅｒｓ",
        "platform,han\u00addle,taken_on,followers\u200b",
        "\u2060platform,handle,taken\u00a0on,\u200efollowers",
    ],
)
def test_names_are_compared_without_case_width_and_what_nobody_sees(head: str) -> None:
    handles, told = read(f"{head}\n{LINE}\n".encode())
    assert handles == ["xiaoyu"]
    assert set(told["columns_renamed"].values()) <= {"platform", "handle", "taken_on", "followers"}


def test_names_of_json_are_compared_so_too() -> None:
    row = {"Platform": "douyin", "Handle": "xiaoyu", "Taken On": "2026-11-01", "Followers": "5,000", "mood": 1}
    handles, told = read(make.as_json(row))
    assert (handles, told["columns_left_out"]) == (["xiaoyu"], ["mood"])


def test_columns_named_twice_that_nobody_reads_are_no_fault() -> None:
    handles, told = read(f"{HEAD},likes,likes\n{LINE},1,2\n".encode())
    assert (handles, told["columns_left_out"]) == (["xiaoyu"], ["likes", "likes"][:1])


def test_columns_named_twice_that_are_read_must_agree() -> None:
    assert read(f"{HEAD},Followers\n{LINE},5000\n".encode())[0] == ["xiaoyu"]
    assert read(f"{HEAD},followers\n{LINE},\n".encode())[0] == ["xiaoyu"]
    [(row, column, _, en)] = make.row_errors(f"{HEAD},followers\n{LINE},6000\n".encode())
    assert (row, column) == (2, "followers")
    assert en == "Two columns are followers, and they differ in this row; remove one."


@pytest.mark.parametrize("word", ["Total", "合计", "總計", "Gesamt", "Summe:", "TOTALS", "Итого", "Grand total"])
def test_rows_of_totals_are_left_out_and_told(word: str) -> None:
    for line in (f"{word},,,9000", f",{word},,9000"):
        handles, told = read(f"{HEAD}\n{LINE}\n{line}\n".encode())
        assert (handles, told["rows_left_out"]) == (["xiaoyu"], 1)
        assert [(left["row"], left["value"]) for left in told["left_out"]] == [(3, word)]


def test_a_channel_of_that_name_is_none() -> None:
    assert read(f"{HEAD}\ndouyin,Total,2026-11-01,5000\n".encode())[0] == ["Total"]


def book(**sheets: list[list[Any]]) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, lines in sheets.items():
        page = made.create_sheet(title)
        for line in lines:
            page.append(line)
    return made


def saved(made: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


ROWS = [HEAD.split(","), LINE.split(",")]


def test_the_sheet_that_has_the_columns_is_read() -> None:
    handles, told = read(saved(book(说明=[["本表由系统导出"], []], 数据=[["达人数据"], [], *ROWS])))
    assert (handles, told["sheet"], told["header_row"], told["sheets_left_out"]) == (["xiaoyu"], "数据", 3, ["说明"])


def test_a_hidden_sheet_is_not_read() -> None:
    old = [HEAD.split(","), ["douyin", "old", "2026-10-01", "1"]]
    made = book(old=old, new=ROWS)
    made["old"].sheet_state = "hidden"
    assert read(saved(made))[0] == ["xiaoyu"]
    made = book(old=old, cover=[["Hello"]])
    made["old"].sheet_state = "veryHidden"
    assert "no known shape" in make.refusal(saved(made))[1]


@pytest.mark.parametrize(
    ("head", "zh", "en"),
    [
        (
            "Platform,Handle,Creator_Name,Taken_On,Follower",
            "缺少列 followers；最接近的格式是 inlay。“Follower”是否指 followers？",
            "followers is missing; the nearest shape is inlay; did you mean Follower?",
        ),
        (
            "platform,handel,taken_on,followers",
            "缺少列 handle；最接近的格式是 inlay。“handel”是否指 handle？",
            "handle is missing; the nearest shape is inlay; did you mean handel?",
        ),
        (
            "platform,handle,taken_on",
            "缺少列 followers；最接近的格式是 inlay。",
            "followers is missing; the nearest shape is inlay.",
        ),
        (
            "channel_id,subscriber,video_id,views",
            "缺少列 subscribers；最接近的格式是 youtube。“subscriber”是否指 subscribers？",
            "subscribers is missing; the nearest shape is youtube; did you mean subscriber?",
        ),
    ],
)
def test_a_refusal_names_the_nearest_shape_and_what_may_be_meant(head: str, zh: str, en: str) -> None:
    line = ",".join("x" for _ in head.split(","))
    assert make.refusal(f"{head}\n{line}\n".encode()) == (zh, en)


def test_a_list_of_channels_is_found_under_any_name() -> None:
    rows = make.as_json(make.row()).decode()
    for text in (
        f'{{"code": 0, "data": {{"list": {rows}, "total": 1}}}}',
        f'{{"errors": [{{"a": 1}}], "result": {{"people": {rows}}}}}',
        f'{{"data": [], "创作者": {rows}}}',
    ):
        assert read(text.encode())[0] == ["xiaoyu"]
        assert read(text.encode("utf-16"))[0] == ["xiaoyu"]


def test_json_lines_in_other_encodings() -> None:
    text = "\n".join(make.as_json(make.row(name=name)).decode()[1:-1] for name in ("青柠频道", "小鱼美食"))
    for encoding in ("utf-8-sig", "utf-16", "gb18030"):
        assert read(text.encode(encoding))[0] == ["xiaoyu", "xiaoyu"]


def test_names_of_columns_in_chinese_tables() -> None:
    text = "平台,抖音号,昵称,数据日期,粉丝数,互动率,近30天涨粉数\n抖音,xiaoyu,小雨,2026-11-01,1.2万,3.2%,1200\n"
    record = make.one(text.encode())
    assert (record.platform, record.handle, record.name) == ("douyin", "xiaoyu", "小雨")
    assert record.snapshot["followers"] == 12_000
    assert record.snapshot["facts"] == {"engagement_rate": 0.032, "growth_30d": 1200}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("抖音", "douyin"),
        ("Douyin", "douyin"),
        ("Ｂ站", "bilibili"),
        ("小红书", "xiaohongshu"),
        ("快手", "kuaishou"),
        ("YouTube Shorts", "youtube"),
        ("Weixin Channels", "weixin_channels"),
        ("twitch", "twitch"),
    ],
)
def test_a_platform_has_one_code_whatever_it_is_called(written: str, code: str) -> None:
    assert make.one(make.as_csv(make.row(platform=written))).platform == code
