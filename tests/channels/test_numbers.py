"""Numbers as people and programs write them: one decision on dot and comma for a file; two readings are refused."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.channels.files.record_stream import ReadingOptions, open_import
from marketplace.channels.files.tables.column_survey import ShareUnit
from marketplace.channels.files.tables.number_grammar import Decimal, NumberStyle, read_number
from marketplace.channels.records import ChannelRecord, RowError
from tests.channels import make


def cells(column: str, *written: str, **options: Any) -> tuple[list[Any], dict[str, Any]]:
    """What a column's cells are read as, a refusal as its English sentence; and what the file was read as."""
    rows = [make.row(handle=f"h{number}", **{column: text}) for number, text in enumerate(written)]
    reading = open_import(io.BytesIO(make.as_csv(*rows)), today=make.TODAY, options=ReadingOptions(**options))
    found: list[Any] = []
    for item in reading.records():
        if isinstance(item, RowError):
            assert item.value in written
            found.append(item.en)
        else:
            assert isinstance(item, ChannelRecord)
            found.append(item.snapshot["followers"] if column == "followers" else item.snapshot["facts"].get(column))
    return found, reading.report.as_json()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1,234", 1234),
        ("1,234,567", 1_234_567),
        ("12,34,567", 1_234_567),
        ("1.234.567", 1_234_567),
        ("12 000", 12_000),
        ("12\u00a0000", 12_000),
        ("12\u202f000", 12_000),
        ("12'000", 12_000),
        ("12’000", 12_000),
        ("１２，０００", 12_000),
        ("٣٤٥", 345),
        ("+5000", 5000),
        ("1.2E+05", 120_000),
        ("12.3w", 123_000),
        ("1.2万", 12_000),
        ("1.2 萬", 12_000),
        ("1,327w", 13_270_000),
        ("3.4亿", 340_000_000),
        ("5千", 5000),
        ("12.3K", 12_300),
        ("3.4M", 3_400_000),
        ("1.5m", 1_500_000),
        ("0.2B", 200_000_000),
        ("12.0", 12),
        ("12.345K", 12_345),
        ("12 Tsd.", 12_000),
        ("1,2 Mio.", 1_200_000),
        ("1,2 mln", 1_200_000),
        ("1,2 mi", 1_200_000),
        ("1.2 millones", 1_200_000),
        ("12 тыс.", 12_000),
        ("1.5 lakh", 150_000),
        ("2 crore", 20_000_000),
        ("1.2万人", 12_000),
        ("3亿次", 300_000_000),
        ("5人", 5),
        ("12.3K followers", 12_300),
    ],
)
def test_a_count_is_read_as_it_is_written(written: str, number: int) -> None:
    assert cells("followers", written)[0] == [number]


@pytest.mark.parametrize(
    "written", ["1,2", "1.2.3", "1,234,56", "12 00", "10w+", "≈1200", "1_000", "0x10", "5人 %", "约1.2万"]
)
def test_what_is_no_count_is_refused(written: str) -> None:
    (said,), _ = cells("followers", written)
    assert said in ("Not a number.", "Must be a whole number, not negative.")


@pytest.mark.parametrize(
    "written", ["-", "–", "—", "--", "暂无", "无", "N/A", "n/a", "null", "None", "n.a.", "/", "無", "  "]
)
def test_what_says_that_nothing_is_known_is_missing(written: str) -> None:
    assert cells("expected_views", written)[0] == [None]
    assert cells("engagement_rate", written)[0] == [None]
    assert cells("followers", written)[0] == ["This column is needed."]


TWO = "say which mark is the decimal one: decimal=dot or comma."


@pytest.mark.parametrize("written", [("12.000",), ("12.000", "25.000"), ("3.125", "500")])
def test_a_count_with_three_decimals_has_two_readings(written: tuple[str, ...]) -> None:
    found, _ = cells("followers", *written)
    assert found[0] == f"This may be {written[0].replace('.', '')} or {written[0]}; {TWO}"
    assert cells("followers", "12.000", decimal=Decimal.COMMA)[0] == [12_000]
    assert cells("followers", "12.000", decimal=Decimal.DOT)[0] == [12]


def test_other_cells_of_the_file_decide() -> None:
    rows = [
        make.row(handle="a", followers="12.000", engagement_rate="3,5%", growth_30d="-1.250", expected_views="9.500,5"),
        make.row(handle="b", followers="120.000", engagement_rate="0,8%", growth_30d="2.100", expected_views="52.000"),
    ]
    found = make.read(make.as_csv(*rows, delimiter=";"))
    read = [(item.snapshot["followers"], item.snapshot["facts"]) for item in found if isinstance(item, ChannelRecord)]
    assert read == [
        (12_000, {"growth_30d": -1250, "engagement_rate": 0.035, "expected_views": 9500.5}),
        (120_000, {"growth_30d": 2100, "engagement_rate": 0.008, "expected_views": 52_000}),
    ]


def test_a_file_with_both_ways_is_refused_where_either_may_be_meant() -> None:
    found, told = cells("expected_views", "1.5", "2.5", "3,5", "1,234", "12.000")
    assert found[:2] == [1.5, 2.5]
    assert found[2] == "Not a number."
    assert all(said.startswith("This may be") for said in found[3:])
    assert (told["decimal"], told["decimal_from"]) == ("dot", "mixed")


@pytest.mark.parametrize(
    ("written", "shares", "unit"),
    [
        (("3.2", "0.3", "1.1", "1.0"), [0.032, 0.003, 0.011, 0.01], "percent"),
        (("0.35", "0.5"), [0.35, 0.5], "share"),
        (("35%", "0.5"), [0.35, 0.005], "percent"),
        (("3,5", "0,35"), [0.035, 0.0035], "percent"),
        (("35", "-"), [0.35, None], "percent"),
        (("1", "0.2"), [1.0, 0.2], "share"),
        (("２．５％",), [0.025], "percent"),
    ],
)
def test_a_column_of_shares_has_one_unit(written: tuple[str, ...], shares: list[float], unit: str) -> None:
    found, told = cells("engagement_rate", *written)
    assert found == shares
    assert told["units"] == {"engagement_rate": unit}


def test_one_large_share_among_many_small_ones_is_asked_about() -> None:
    written = ("0.1",) * 20 + ("35",)
    found, told = cells("engagement_rate", *written)
    assert all("shares=percent" in said for said in found)
    assert told["units"] == {"engagement_rate": "unclear"}
    assert cells("engagement_rate", *written, shares=ShareUnit.PERCENT)[0] == [0.001] * 20 + [0.35]
    assert cells("engagement_rate", *written, shares=ShareUnit.SHARE)[0][:20] == [0.1] * 20


def test_typed_numbers_have_the_unit_of_their_column_too() -> None:
    rows = [make.row(handle=f"h{at}", engagement_rate=rate) for at, rate in enumerate((3.2, 0.3))]
    for data in (make.as_json(*rows), make.as_xlsx(*rows)):
        found = [item.snapshot["facts"] for item in make.read(data) if isinstance(item, ChannelRecord)]
        assert found == [{"engagement_rate": 0.032}, {"engagement_rate": 0.003}]


def test_a_name_with_the_sign_says_the_unit() -> None:
    data = make.as_csv({**make.row(), "Engagement Rate (%)": "0.8"})
    assert make.one(data).snapshot["facts"] == {"engagement_rate": 0.008}


@pytest.mark.parametrize("column", ["followers", "median_views_30d", "expected_views"])
def test_a_per_cent_is_no_count(column: str) -> None:
    assert cells(column, "3%")[0] == ["This is a count and no per cent; write the number."]


STYLES = {
    "dot": (Decimal.DOT, "{:,}"),
    "comma": (Decimal.COMMA, None),
    "space": (Decimal.COMMA, " "),
    "apostrophe": (Decimal.DOT, "'"),
}


@given(st.integers(-(10**12), 10**12), st.integers(0, 99), st.sampled_from(sorted(STYLES)))
def test_a_number_printed_in_a_style_is_read_back(whole: int, cents: int, name: str) -> None:
    decimal, mark = STYLES[name]
    grouped = f"{abs(whole):,}"
    if name == "comma":
        grouped = grouped.replace(",", ".")
    elif mark in (" ", "'"):
        grouped = grouped.replace(",", str(mark))
    written = f"{'-' if whole < 0 else ''}{grouped}{decimal.mark}{cents:02}"
    number, percent = read_number(written, NumberStyle(decimal, found=True))
    assert (number, percent) == (float(f"{'-' if whole < 0 else ''}{abs(whole)}.{cents:02}"), False)


@given(st.text("0123456789.,' -+%eEwkM万亿()¥\u00a0", max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    for style in (NumberStyle(), NumberStyle(Decimal.COMMA, found=True), NumberStyle(mixed=True)):
        try:
            number, _ = read_number(text, style)
        except ValueError:
            continue
        assert number == number


def test_a_word_of_two_meanings_is_refused_with_both() -> None:
    assert cells("followers", "12 mil")[0] == ["This may be 12000 or 12000000; write it in digits."]
    assert cells("followers", "1,5 mil")[0] == ["This may be 1500 or 1500000; write it in digits."]


@pytest.mark.parametrize("written", ["3人", "5 views"])
def test_a_share_counts_nothing(written: str) -> None:
    assert cells("engagement_rate", written)[0] == ["Not a number."]


@pytest.mark.parametrize("shape", ["inlay", "tiktok_one", "xingtu"])
def test_a_median_may_end_in_a_half(shape: str) -> None:
    column = {"inlay": "median_views_30d", "tiktok_one": "median_views", "xingtu": "vv_median_30d"}[shape]
    record = make.one(make.as_json(make.row(shape, **{column: "95560.5"})))
    assert record.snapshot["facts"]["median_views_30d"] == 95_560
    for wrong in ("95560.3", "-1"):
        ((_, named, _, said),) = make.row_errors(make.as_json(make.row(shape, **{column: wrong})))
        assert (named, said) == (column, "Must be a whole number, not negative.")
