"""Small files from the field with the right value of each, as they stand beside the checkout."""

import io
from datetime import date
from pathlib import Path

import pytest

from marketplace.channels.facts.account_handles import account_key
from marketplace.channels.files.record_stream import FileRefused, ImportReading, ReadingOptions, open_import
from marketplace.channels.files.shapes.cell_values import GivenFacts
from marketplace.channels.files.tables.number_grammar import Decimal
from marketplace.channels.records import ChannelRecord, RowError

CASES = Path(__file__).resolve().parents[2].parent / "shared/cases"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CASES.is_dir(), reason="the measuring data is not beside this checkout"),
]


def opened(name: str, **options: object) -> ImportReading:
    file = io.BytesIO((CASES / name).read_bytes())
    return open_import(file, today=date(2026, 11, 28), options=ReadingOptions(**options))  # type: ignore[arg-type]


def records(name: str, **options: object) -> list[ChannelRecord]:
    found = list(opened(name, **options).records())
    assert all(isinstance(item, ChannelRecord) for item in found), found
    return [item for item in found if isinstance(item, ChannelRecord)]


def row_errors(name: str) -> list[tuple[int, str, str, str]]:
    found = opened(name).records()
    return [(item.row, item.column, item.value, item.en) for item in found if isinstance(item, RowError)]


def refusal(name: str) -> str:
    with pytest.raises(FileRefused) as refused:
        list(opened(name).records())
    return refused.value.en


def facts(name: str, fact: str) -> list[float | None]:
    return [record.snapshot["facts"].get(fact) for record in records(name)]


def test_numbers_of_german_excel() -> None:
    assert [record.snapshot["followers"] for record in records("B1_german.csv")] == [12_000, 120_000]
    assert facts("B1_german.csv", "engagement_rate") == [0.035, 0.008]
    assert facts("B1_german.csv", "growth_30d") == [1250, -2100]
    assert facts("B1_german.csv", "expected_views") == [9500.5, 52_000]
    assert facts("B1_german.csv", "median_views_30d") == [8000, 45_000]


def test_a_comma_that_may_be_either_is_refused() -> None:
    first, second = row_errors("B2_comma.csv")
    assert first == (2, "followers", "1,2", "Must be a whole number, not negative.")
    assert second[:3] == (3, "followers", "1,234")
    assert "1234 or 1.234" in second[3]


def test_a_column_of_per_cents() -> None:
    assert facts("B3_percent_column.csv", "engagement_rate") == [0.032, 0.003, 0.011, 0.0026, 0.010, 0.0009]


def test_growth_in_per_cents() -> None:
    assert facts("B4_growth_percent.csv", "growth_30d") == [3000]


def test_a_german_report_of_youtube() -> None:
    assert {"12000 or 12.000" in error[3] for error in row_errors("B7_youtube_de.csv")[:1]} == {True}
    [record] = records("B7_youtube_de.csv", decimal=Decimal.COMMA)
    assert record.snapshot["followers"] == 12_000
    assert [video["views"] for video in record.videos] == [25_000, 3000]


@pytest.mark.parametrize(
    ("name", "said", "right"),
    [
        ("C1_shift_jis.csv", None, "青山花子チャンネル"),
        ("C2_big5.csv", None, "青檸頻道"),
        ("C3_cp1252.csv", "cp1252", "Françoise"),
        ("C4_utf16.csv", None, "青柠频道"),
        ("C7_cp1250.csv", "cp1250", "Łukasz Wójcik"),
        ("C8_gbk.csv", None, "青柠频道"),
    ],
)
def test_letters_are_read_right_or_refused_until_the_encoding_is_said(name: str, said: str | None, right: str) -> None:
    if said is not None:
        assert f"{said} ('{right.split()[0]}')" in refusal(name)
    assert [record.name for record in records(name, encoding=said)] == [right]


def test_an_import_refuses_and_maps_what_the_api_does() -> None:
    assert [error[:3] for error in row_errors("F1_import_unchecked.csv")] == [(2, "url", "javascript:alert(1)")]
    second = [item for item in opened("F1_import_unchecked.csv").records() if isinstance(item, ChannelRecord)]
    assert [(record.language, record.region) for record in second] == [("zh-CN", "CN")]


@pytest.mark.parametrize(
    "name", ["H1_two_same_unused.csv", "H2_sep_title.csv", "H4_cover_sheet.xlsx", "H6_invisible.csv"]
)
def test_ordinary_tables_are_taken(name: str) -> None:
    assert [record.snapshot["followers"] for record in records(name)] == [100_000]


def test_letters_that_nobody_sees_are_no_part_of_a_name() -> None:
    assert opened("H6_invisible.csv").report.columns_renamed == {
        "han\u00addle": "handle",
        "followers\u200b": "followers",
    }
    assert [record.snapshot["followers"] for record in records("H6_invisible.csv")] == [100_000]


def test_a_missing_column_is_told_with_what_may_be_meant() -> None:
    said = "followers is missing; the nearest shape is inlay; did you mean Follower?"
    assert refusal("H3_missing_told.csv") == said


def test_days_as_they_are_written() -> None:
    assert {record.snapshot["taken_on"] for record in records("I1_dates.csv")} == {date(2026, 11, 20)}


def test_words_for_numbers() -> None:
    assert [record.snapshot["followers"] for record in records("J1_words_for_numbers.csv")] == [
        123_000,
        12_000,
        3_400_000,
        12_300,
    ]
    assert facts("J1_words_for_numbers.csv", "engagement_rate") == [0.023, None, None, None]
    assert facts("J1_words_for_numbers.csv", "expected_views") == [13_270_000, None, None, None]


STUDIO = GivenFacts(date(2026, 11, 20), "https://www.youtube.com/@limei", 12_000)
SAID = {"given": GivenFacts(date(2026, 11, 20))}


def only(name: str, **options: object) -> ChannelRecord:
    (record,) = records(name, **options)
    return record


def card(record: ChannelRecord) -> dict[str, int]:
    return {line["length_tier"]: line["amount_minor"] for line in record.snapshot["rate_card"]}


def test_a_saved_answer_of_xingtus_search() -> None:
    ((_, column, _, said),) = row_errors("A1_xingtu_search_response.json")
    assert (column, "taken_on=" in said) == ("last_update_time", True), "the day is asked for and never guessed"
    record = only("A1_xingtu_search_response.json", **SAID)
    assert (record.snapshot["followers"], len(record.videos)) == (618_932, 10)
    assert record.snapshot["facts"]["median_views_30d"] in (95_560, 95_561)
    assert record.snapshot["facts"]["suggested_cpm_minor"] == 2_400
    assert (card(record)["21-60"], record.verticals) == (2_000_000, {"food": 1.0})
    assert all(video["title"] and video["likes"] is not None and video["views"] for video in record.videos)


def test_a_row_of_xingtu() -> None:
    record = only("A2_xingtu_row.json")
    assert (record.snapshot["taken_on"], card(record)["21-60"], len(record.videos)) == (date(2026, 11, 17), 320_000, 10)
    assert record.snapshot["facts"]["suggested_cpm_minor"] == 3_000


def test_audiences_in_numbers_of_people() -> None:
    margins = only("A3_xingtu_counts.json").snapshot["margins"]
    ages = {band: round(share, 4) for band, share in margins["age"].items()}
    assert ages == {"18-23": 0.1725, "24-30": 0.2397, "31-40": 0.3339, "41-50": 0.1487, "51+": 0.1053}
    assert {name: round(share, 4) for name, share in margins["gender"].items()} == {"female": 0.1795, "male": 0.8205}


@pytest.mark.parametrize("name", ["G1_studio_en.csv", "G5_studio_pt.csv"])
def test_tables_of_youtube_studio(name: str) -> None:
    ((_, column, _, said),) = row_errors(name)
    assert (column, "channel=@handle subscribers=12000 taken_on=2026-11-23" in said) == ("channel", True)
    record = only(name, given=STUDIO)
    assert (record.handle, record.snapshot["followers"]) == ("limei", 12_000)
    assert len(record.videos) == (12 if name.startswith("G1") else len(record.videos))
    assert all(video["views"] < 1_000_000 for video in record.videos), "the row of totals is no video"


def test_the_newest_of_many_videos_are_kept() -> None:
    reading = opened("G2_youtube_443_videos.csv")
    (record,) = reading.records()
    assert isinstance(record, ChannelRecord)
    assert len(record.videos) == 200
    assert any("newest 200" in note["en"] for note in reading.report.as_json()["notes"])


def test_channels_that_take_turns() -> None:
    found = records("G3_youtube_interleaved.csv")
    assert [len(record.videos) for record in found] == [6, 6]
    assert len({record.account_key for record in found}) == 2


def test_one_person_has_one_account() -> None:
    found = records("K1_same_person.csv")
    assert len({account_key(record.account_key, record.handle).casefold() for record in found}) == 1


def test_numbers_in_quotes() -> None:
    first, second = only("L1_tiktok_strings.json"), only("L2_tiktok_strings.json")
    assert first.snapshot["facts"]["growth_30d"] == 1440
    assert (second.snapshot["followers"], second.snapshot["facts"]["growth_30d"]) == (80_000, 2_000)
    assert second.snapshot["margins"]["gender"] == {"female": 0.61, "male": 0.39}
    assert [(line["amount_minor"], line["currency"]) for line in second.snapshot["rate_card"]] == [(150_000, "USD")]


def test_every_case_of_a_file_has_a_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    files = [path.name for path in CASES.iterdir() if path.suffix in (".csv", ".json", ".xlsx")]
    assert [name for name in files if name not in here] == []
