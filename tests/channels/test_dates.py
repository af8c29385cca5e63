"""Days as people, spreadsheets and programs write them; a column has one order of day and month."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.channels.files.record_stream import open_import
from marketplace.channels.files.tables.date_grammar import DayOrder, TwoDays, parse_moment
from marketplace.channels.files.tables.sheet_rows import EPOCH_1904
from marketplace.channels.records import ChannelRecord, RowError
from tests.channels import make

DAY = "2026-11-20"


def days(*written: Any) -> list[str]:
    rows = [make.row(handle=f"h{number}", taken_on=text) for number, text in enumerate(written)]
    found = make.read(make.as_csv(*rows))
    for item, text in zip(found, written, strict=True):
        assert not isinstance(item, RowError) or item.value == str(text)
    return [item.en if isinstance(item, RowError) else item.snapshot["taken_on"].isoformat() for item in found]


@pytest.mark.parametrize(
    "written",
    [
        "2026/11/20",
        "2026.11.20",
        "2026-11-20",
        "2026/11/20 8:05",
        "2026-11-20 08:05:00",
        "2026-11-20T08:05:00+08:00",
        "2026-11-20T08:05:00.123Z",
        "20261120",
        "2026年11月20日",
        "2026 年 11 月 20 日",
        "2026年11月20号",
        "2026년 11월 20일",
        "2026. 11. 20.",
        "２０２６／１１／２０",
        "20.11.2026",
        "20. 11. 2026",
        "20/11/2026",
        "11/20/2026",
        "11/20/2026 8:05 PM",
        "Nov 20, 2026",
        "November 20, 2026",
        "20 Nov 2026",
        "20-Nov-2026",
        "20. November 2026",
        "20 de nov. de 2026",
        "20 nov. 2026",
        "20 ноября 2026 г.",
        "20-Nov-26",
        "20 Nov 26",
        "Fri, Nov 20, 2026",
        "Friday 20 November 2026",
        "2026年11月20日(金)",
        "2026年11月20日 星期五",
        "2026年11月20日 上午8:30",
        "2026-11-20 下午3时",
        "2026年11月20日 下午15:30",
        "٢٠٢٦-١١-٢٠",
        46346,
        "46346.5",
        1795190400,
        1795190400000,
    ],
)
def test_a_day_is_read_as_it_is_written(written: Any) -> None:
    assert days(written) == [DAY]


@pytest.mark.parametrize("written", ["2026-13-01", "31.02.2026", "soon", "45/11/66", "1e9", "2026-11", "2026年", "5"])
def test_what_is_no_day_is_refused_as_it_is_written(written: str) -> None:
    assert days(written) == ["Not a date such as 2026-11-23."]


@pytest.mark.parametrize("mark", ["/", "-", "."])
def test_a_year_of_two_digits_is_read_where_one_day_is_possible(mark: str) -> None:
    assert days(f"11{mark}20{mark}26") == [DAY]
    two = "This may be 2026-11-20 or 2020-11-26; write days as 2026-11-23."
    assert days(f"20{mark}11{mark}26") == [two]


def test_the_half_of_the_day_counts_before_the_hour_too() -> None:
    hours = {"上午8:30": 8, "下午3:05": 15, "晚上 11点": 23, "凌晨12:30": 0, "中午12:00": 12, "午後1時20分": 13}
    for written, hour in hours.items():
        moment = parse_moment(f"2026年11月20日 {written}")
        assert moment is not None, written
        assert moment.hour == hour, written


@pytest.mark.parametrize("mark", ["/", "-"])
def test_a_column_tells_the_order_of_day_and_month(mark: str) -> None:
    either = f"04{mark}11{mark}2026"
    assert days(either) == ["This may be 2026-11-04 or 2026-04-11; write days as 2026-11-23."]
    assert days(either, f"20{mark}11{mark}2026") == ["2026-11-04", DAY]
    assert days(either, f"11{mark}20{mark}2026") == ["2026-04-11", DAY]
    assert days(f"11{mark}11{mark}2026") == ["2026-11-11"]
    mixed = days(either, f"20{mark}11{mark}2026", f"11{mark}20{mark}2026")
    assert mixed[0].startswith("This may be")


def test_the_order_is_that_of_its_own_column() -> None:
    row = make.row("youtube", report_date="20/11/2026", video_published_at="04/11/2026")
    [(_, column, _, en)] = make.row_errors(make.as_csv(row))
    assert (column, en.split(";")[0]) == ("videos[0].video_published_at", "This may be 2026-11-04 or 2026-04-11")


def test_cells_of_days_and_serial_numbers_of_a_sheet() -> None:
    rows = [make.row(handle="a", taken_on=46346), make.row(handle="b", taken_on="2026年11月20日")]
    found = make.read(make.as_xlsx(*rows))
    assert [item.snapshot["taken_on"].isoformat() for item in found if isinstance(item, ChannelRecord)] == [DAY, DAY]
    assert parse_moment(44884, epoch=EPOCH_1904) == datetime(2026, 11, 20, tzinfo=UTC)


def test_the_forms_of_days_are_told() -> None:
    rows = [make.row(handle="a", taken_on="46346"), make.row(handle="b", taken_on="2026/11/20")]
    reading = open_import(io.BytesIO(make.as_csv(*rows)), today=make.TODAY)
    assert len(list(reading.records())) == 2
    assert reading.report.as_json()["dates"] == {"taken_on": ["spreadsheet day number", "year-month-day"]}


FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%b %d, %Y", "%d %B %Y", "%Y年%m月%d日")


@given(st.dates(date(2001, 10, 1), date(2099, 12, 31)), st.sampled_from(FORMS))
def test_a_day_printed_in_a_form_is_read_back(day: date, form: str) -> None:
    moment = parse_moment(day.strftime(form))
    assert moment is not None
    assert moment.date() == day


@given(st.dates(date(2001, 10, 1), date(2099, 12, 31)), st.sampled_from(list(DayOrder)))
def test_a_day_in_a_known_order_is_read_back(day: date, order: DayOrder) -> None:
    form = "%d/%m/%Y" if order is DayOrder.DAY_FIRST else "%m/%d/%Y"
    moment = parse_moment(day.strftime(form), order)
    assert moment is not None
    assert moment.date() == day


@given(st.text("0123456789-/. :年月日TZNovJan,", max_size=30) | st.integers() | st.floats())
def test_anything_is_a_day_or_none(value: Any) -> None:
    try:
        moment = parse_moment(value)
    except TwoDays:
        moment = None
    assert moment is None or moment.tzinfo is not None
