"""What people and spreadsheets write plainly: cells shown in per cents, growth in per cents, day numbers from 1904, one
object of JSON; and handles in letters that look alike."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
import xlsxwriter

from marketplace.channels.facts.account_handles import handle_key, mixed_alphabets
from marketplace.channels.files.record_stream import open_import
from marketplace.channels.records import ChannelRecord
from tests.channels import make

DAY = date(2026, 11, 20)


def book(names: Sequence[str], *lines: Sequence[tuple[Any, str | None]], **options: Any) -> bytes:
    """A workbook of cells with their formats."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as workbook:
        page = workbook.add_worksheet()
        page.write_row(0, 0, names)
        for number, line in enumerate(lines, 1):
            for place, (value, form) in enumerate(line):
                style = workbook.add_format({"num_format": form}) if form else None
                if isinstance(value, date):
                    page.write_datetime(number, place, value, style)
                else:
                    page.write(number, place, value, style)
    return file.getvalue()


def plain(*values: Any) -> list[tuple[Any, None]]:
    return [(value, None) for value in values]


def shares_read(column: str, *cells: tuple[Any, str | None]) -> list[float]:
    names = ["platform", "handle", "taken_on", "followers", column]
    lines = [[*plain("douyin", f"h{number}", "2026-11-01", 1000), cell] for number, cell in enumerate(cells)]
    found = make.read(book(names, *lines))
    assert all(isinstance(item, ChannelRecord) for item in found), found
    return [item.snapshot["facts"]["engagement_rate"] for item in found if isinstance(item, ChannelRecord)]


@pytest.mark.parametrize("form", ["0%", "0.00%", "0.0%;[Red]-0.0%", "0 %"])
def test_a_cell_that_is_shown_in_per_cents_is_the_share_that_it_holds(form: str) -> None:
    shares = [0.032, 0.5, 0.011]
    cells = [(value, form) for value in shares]
    assert shares_read("engagement_rate", *cells) == shares
    # The name says per cents, and so does the format: once is enough.
    assert shares_read("Engagement rate (%)", *cells) == shares


def test_formats_of_per_cents_say_nothing_of_the_plain_numbers_beside_them() -> None:
    assert shares_read("engagement_rate", (0.032, "0.0%"), (0.04, None)) == [0.032, 0.04]
    assert shares_read("engagement_rate", (0.032, "0.0%"), (4, None), (0.5, None)) == [0.032, 0.04, 0.005]


def test_audiences_of_youtube_in_per_cents_however_they_are_shown() -> None:
    names = [*make.row("youtube"), "viewerPercentage.age18-24.female", "viewerPercentage.age25-34.male", "country.US"]
    told = list(make.row("youtube").values())
    for cells in ([0.6, 0.4, 0.25], [60, 40, 25], ["60%", "40 %", "25%"]):
        form = "0%" if cells[0] == 0.6 else None
        record = make.one(book(names, [*plain(*told), *((cell, form) for cell in cells)]))
        assert record.snapshot["margins"]["gender"] == {"female": 0.6, "male": 0.4}
        assert record.snapshot["margins"]["region"] == {"US": 0.25}


@pytest.mark.parametrize(
    ("data", "growth"),
    [
        (make.as_csv(make.row(followers=100_000, growth_30d="3%")), 3000),
        (make.as_csv(make.row(followers=100_000, growth_30d="-1.5 %")), -1500),
        (make.as_csv(make.row(followers=100_000, growth_30d="２％")), 2000),
        (make.as_csv({**make.row(followers=100_000), "growth_30d (%)": "3"}), 3000),
        (make.as_json(make.row(followers=100_000, growth_30d="0.25%")), 250),
        (make.as_csv(make.row("xingtu", follower=100_000, fans_increment_within_30d="3%")), 3000),
        (make.as_csv(make.row("youtube", subscribers=100_000, subscribers_gained_30d="3%")), 3000),
        (book([*make.row(), "growth_30d"], [*plain(*make.row(followers=100_000).values()), (0.03, "0%")]), 3000),
        (make.as_csv(make.row(followers=100_000, growth_30d="3000")), 3000),
    ],
)
def test_growth_in_per_cents_is_of_the_followers(data: bytes, growth: float) -> None:
    reading = open_import(io.BytesIO(data), today=make.TODAY)
    (record,) = reading.records()
    assert isinstance(record, ChannelRecord), record
    assert record.snapshot["facts"]["growth_30d"] == growth
    told = any("3 % of 100,000 is 3,000" in note["en"] for note in reading.report.as_json().get("notes", ()))
    assert told == (b"3000" not in data)


@pytest.mark.parametrize("column", ["median_views_30d", "expected_views", "followers"])
def test_other_counts_are_no_per_cents(column: str) -> None:
    for data in (
        make.as_csv(make.row(**{column: "3%"})),
        make.as_csv({**{name: value for name, value in make.row().items() if name != column}, f"{column} (%)": "3"}),
        book([*make.row(), *([column] if column not in make.row() else [])], _with(column, (0.03, "0%"))),
    ):
        found = make.row_errors(data)
        assert [(error[1], error[3]) for error in found] == [
            (column, "This is a count and no per cent; write the number.")
        ]


def test_growth_that_is_no_number_is_refused() -> None:
    for data in (make.as_csv(make.row(growth_30d="many%")), make.as_csv({**make.row(), "growth_30d (%)": "many"})):
        assert make.row_errors(data)[0][1:] == ("growth_30d", "不是数字。", "Not a number.")


def _with(column: str, cell: tuple[Any, str]) -> list[tuple[Any, str | None]]:
    cells: dict[str, tuple[Any, str | None]] = {name: (value, None) for name, value in make.row().items()}
    return list({**cells, column: cell}.values())


@pytest.mark.parametrize(
    ("day", "form"),
    [
        (DAY, "yyyy-mm-dd"),
        (44_884, None),
        (44_884, "yyyy/m/d"),
        ("44884", None),
        (44_884.75, None),
        (datetime(2026, 11, 20, 18, 30, tzinfo=UTC).replace(tzinfo=None), "yyyy-mm-dd hh:mm"),
        ("2026/11/20", None),
    ],
)
def test_days_of_a_workbook_that_counts_from_1904(day: Any, form: str | None) -> None:
    cells = [*plain("douyin", "h"), (day, form), *plain(1000)]
    data = book(list(make.row()), cells, date_1904=True)
    assert make.one(data).snapshot["taken_on"] == DAY
    reading = open_import(io.BytesIO(data), today=make.TODAY)
    assert len(list(reading.records())) == 1
    (forms,) = reading.report.as_json()["dates"].values()
    assert ("spreadsheet day number from 1904" in forms) == (str(day).startswith("44884") and form is None)


def indented(*items: Any) -> bytes:
    return "\n".join(json.dumps(item, indent=2, ensure_ascii=False) for item in items).encode()


def lines(*items: Any) -> bytes:
    return "\n".join(json.dumps(item, ensure_ascii=False) for item in items).encode()


OWN, STAR, MEI = make.row(), make.row("xingtu"), make.row("tiktok_one")
LISTED = {**OWN, "videos": [{"id": "a", "published_at": "2026-10-01", "views": 5}], "items": [1], "data": [{"x": 1}]}


@pytest.mark.parametrize(
    ("data", "handles"),
    [
        (indented(OWN), ["xiaoyu"]),
        (b"\xef\xbb\xbf" + indented(OWN), ["xiaoyu"]),
        (indented(OWN).decode().encode("utf-16"), ["xiaoyu"]),
        (indented(OWN, {**OWN, "handle": "b"}), ["xiaoyu", "b"]),
        (indented(LISTED), ["xiaoyu"]),
        (indented({"code": 0, "data": MEI}), ["mei"]),
        (lines({"code": 0, "data": MEI}), ["mei"]),
        (lines({"data": {"creator": MEI}}), ["mei"]),
        (lines({"data": MEI}, {"data": {**MEI, "handle_name": "lan"}}), ["mei", "lan"]),
        (indented({"data": MEI}) + indented({"data": {**MEI, "handle_name": "lan"}}), ["mei", "lan"]),
        (indented({"data": {"creator": {"info": MEI}}}), ["mei"]),
        (indented({"authors": STAR}), [STAR["star_id"]]),
        (indented({"star_id": "7", "attribute_datas": {"follower": "9", "last_update_time": "1794900000"}}), ["7"]),
        (indented({"code": 0, "data": {"list": [STAR]}}), [STAR["star_id"]]),
    ],
)
def test_objects_over_several_lines(data: bytes, handles: list[str]) -> None:
    found = make.read(data)
    assert [item.handle if isinstance(item, ChannelRecord) else item for item in found] == handles


def test_an_object_that_lacks_a_column_is_told_so() -> None:
    _, said = make.refusal(indented({name: value for name, value in OWN.items() if name != "followers"}))
    assert said.startswith("followers is missing; the nearest shape is inlay")
    assert "cannot be read on" in make.refusal(indented(OWN) + b"and more")[1]


@pytest.mark.parametrize(
    ("handle", "alphabets"),
    [
        ("p\u0430ypal", ("Latin", "Cyrillic")),
        ("mei\u03b1", ("Latin", "Greek")),
        ("\u0440\u03bfst", ("Latin", "Cyrillic", "Greek")),
        ("\u13aarl", ("Latin", "Cherokee")),
        ("paypal", ()),
        ("美妆mei", ()),
        ("メイmei메이", ()),
        ("мария_2026", ()),
        ("ρεα", ()),
        ("françoise", ()),
        ("ｍｅｉ", ()),
    ],
)
def test_handles_in_letters_that_look_alike_are_told_and_stay_apart(handle: str, alphabets: tuple[str, ...]) -> None:
    reading = open_import(io.BytesIO(make.as_json(make.row(handle=handle))), today=make.TODAY)
    (record,) = reading.records()
    assert isinstance(record, ChannelRecord)
    notes = [note["en"] for note in reading.report.as_json().get("notes", ())]
    assert [f"({', '.join(alphabets)})" in note and record.handle in note for note in notes] == [True] * bool(alphabets)
    assert mixed_alphabets(record.handle) == alphabets
    assert (handle_key(handle) == "paypal") == (handle == "paypal")
