"""Audience pages of Xingtu that are saved apart from the search."""

import io
import json
from datetime import date
from typing import Any

import pytest

from marketplace.channels.files.record_stream import ReadingOptions, open_import
from marketplace.channels.files.shapes.cell_values import GivenFacts
from marketplace.channels.records import ChannelRecord, RowError
from tests.channels import make

GENDERS = {"female": "35024", "male": "160117"}
AGES = {"18-23": "31431", "24-30": "43687", "31-40": "60846", "41-50": "27101", "50+": "19184"}
PROVINCES = {"广东": "30", "河南省": "20", "内蒙古": "10"}


def told(name: str, shares: dict[str, str]) -> dict[str, Any]:
    pairs = [{"distribution_key": key, "distribution_value": value} for key, value in shares.items()]
    return {"type_display": name, "distribution_list": pairs}


def page(**more: Any) -> dict[str, Any]:
    lists = [told("性别分布", GENDERS), told("年龄分布", AGES), told("省份分布", PROVINCES)]
    return {"author_id": "7", "base_resp": {"status_code": 0}, "distributions": lists, **more}


def read(data: Any) -> tuple[list[ChannelRecord | RowError], list[str]]:
    file = io.BytesIO(json.dumps(data, ensure_ascii=False, indent=1).encode())
    reading = open_import(file, today=make.TODAY)
    found = list(reading.records())
    return found, [note["en"] for note in reading.report.as_json().get("notes", ())]


@pytest.mark.parametrize("name", ["author_id", "o_author_id", "oAuthorId", "star_id"])
@pytest.mark.parametrize("several", [False, True])
def test_a_page_with_its_authors_id(name: str, several: bool) -> None:
    answer = page()
    answer[name] = answer.pop("author_id")
    (record,), _ = read([answer] if several else answer)
    assert isinstance(record, ChannelRecord), record
    assert (record.platform, record.account_key, record.completes) == ("douyin", "7", True)
    margins = record.snapshot["margins"]
    assert margins["gender"] == {"female": pytest.approx(0.1795, abs=1e-4), "male": pytest.approx(0.8205, abs=1e-4)}
    assert {band: round(share, 4) for band, share in margins["age"].items()} == {
        "18-23": 0.1725,
        "24-30": 0.2397,
        "31-40": 0.3339,
        "41-50": 0.1487,
        "51+": 0.1053,
    }
    assert margins["region"] == {"CN-GD": 0.3, "CN-HA": 0.2, "CN-NM": 0.1}
    assert (record.snapshot["taken_on"], record.snapshot["followers"]) == (None, None)


def test_lists_that_are_not_kept_are_told() -> None:
    cities = told("城市分布", {"北京": "10", "广州": "20"})
    (record,), notes = read(
        page(distributions=[told("性别分布", GENDERS), cities, told("八大人群", {"小镇青年": "9"})])
    )
    assert isinstance(record, ChannelRecord), record
    assert set(record.snapshot["margins"]) == {"gender"}
    assert "Distributions of the audience page that were not used: 城市分布, 八大人群." in notes


@pytest.mark.parametrize("lists", [[], [told("城市分布", {"广州": "20"})], "none", [1]])
def test_a_page_without_a_list_that_is_kept_is_refused(lists: Any) -> None:
    (error,), _ = read(page(distributions=lists))
    assert isinstance(error, RowError)
    assert error.column == "distributions"


def test_a_page_beside_the_figures_of_the_search() -> None:
    figures = {"follower": "500", "last_update_time": "1794900000"}
    answer = {"authors": [{"star_id": "7", "attribute_datas": figures, "distributions": page()["distributions"]}]}
    (record,), _ = read(answer)
    assert isinstance(record, ChannelRecord), record
    assert (record.snapshot["followers"], record.completes) == (500, False)
    assert set(record.snapshot["margins"]) == {"age", "gender", "region"}


def test_what_is_said_with_the_file_counts() -> None:
    options = ReadingOptions(given=GivenFacts(date(2026, 11, 20), None, 900))
    file = io.BytesIO(json.dumps(page()).encode())
    (record,) = open_import(file, today=make.TODAY, options=options).records()
    assert isinstance(record, ChannelRecord), record
    assert (record.snapshot["taken_on"], record.snapshot["followers"]) == (date(2026, 11, 20), 900)
