"""Tables: no wider than the terminal, ids whole and first, Chinese measured as it is shown, more columns with room."""

import os
import shutil
from typing import Any

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from marketplace.cli.account.mail_folder import MAIL_COLUMNS
from marketplace.cli.calibrate import COLUMNS as CALIBRATION_COLUMNS
from marketplace.cli.calls.all_calls import CALLS
from marketplace.cli.client import ApiClient
from marketplace.cli.main import main
from marketplace.cli.market_prices import COLUMNS as PRICE_COLUMNS
from marketplace.cli.output import Column, brief_cell, brief_money
from marketplace.cli.select_bids import BUDGET, CHOSEN
from marketplace.cli.show_ranking import COLUMNS as RANKING_COLUMNS
from marketplace.cli.shown import words
from marketplace.cli.shown.table_layout import ShownColumn, lines
from marketplace.cli.verifying.verify_ledger import COLUMNS as INVARIANT_COLUMNS
from marketplace.core import ids

IDS = [ids.show("bid", ids.new_id()) for _ in range(3)]
NAMES = ["林小满动画", "A channel with a long name", "小"]
BRIEFS = [
    {
        "id": ids.show("brf", ids.new_id()),
        "status": "published",
        "title": "动画短剧里的青柠气泡水，第二季，广东与浙江",
        "budget": {"amount_minor": 191_304_00, "currency": "CNY"},
        "bids_close_at": "2027-02-15T12:00:00.000000Z",
        "product": {"category": "local_services"},
        "brand_name": "青柠岛 LIMEISLE",
    }
]


def of(*columns: tuple[str, list[str], int], width: int) -> list[str]:
    return lines([ShownColumn(*column) for column in columns], width)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 240])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_cut(width: int) -> None:
    shown = of(
        ("bid", IDS, 0), ("channel", NAMES, 8), ("price", ["CNY 19.1万"] * 3, 0), ("note", NAMES, 12), width=width
    )
    assert max(map(cell_len, shown)) <= width
    assert [line.split()[0] for line in shown[1:]] == IDS


def test_text_is_cut_at_characters_that_are_two_places_wide() -> None:
    for width, chinese, english in ((41, "林小满动…", "A channe…"), (40, "林小满…", "A chann…")):
        [_, first, second, third] = of(("bid", IDS, 0), ("channel", NAMES, 8), width=width)
        assert (first.split("  ")[1], second.split("  ")[1]) == (chinese, english)
        assert third.endswith("小")


def test_columns_go_from_the_right_and_come_back_with_room() -> None:
    columns = (("bid", IDS, 0), ("a", ["1" * 20] * 3, 0), ("b", ["2" * 40] * 3, 0), ("c", ["3"] * 3, 0))
    assert of(*columns, width=80)[0].split() == ["bid", "a"]  # c would fit, but not before b
    assert of(*columns, width=120)[0].split() == ["bid", "a", "b", "c"]


def shown_briefs(monkeypatch: pytest.MonkeyPatch, *more: str, columns: str | None = "80") -> list[str]:
    monkeypatch.setattr(ApiClient, "some", lambda *_, **__: (BRIEFS, False))
    env = {"COLUMNS": columns, "LC_ALL": "C.UTF-8"}
    done = CliRunner(env=env).invoke(main, ["briefs", "list", *more])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_a_list_fits_80_columns_and_shows_more_at_120(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow, wide = shown_briefs(monkeypatch), shown_briefs(monkeypatch, columns="120")
    assert max(map(cell_len, narrow)) <= 80 < max(map(cell_len, wide)) <= 120
    assert narrow[0].split()[:3] == ["id", "status", "title"]
    assert BRIEFS[0]["id"] in narrow[1]
    assert "CNY 191k" in narrow[1]
    assert "local_services" not in narrow[1]
    assert "local_services" in wide[1]
    chinese = shown_briefs(monkeypatch, "--language", "zh", columns="120")
    assert chinese[0].split()[:3] == ["id", "状态", "标题"]
    assert "CNY 19.1万" in chinese[1]
    assert "已发布" in chinese[1]


def test_what_is_piped_is_as_wide_as_a_terminal_of_80(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda fallback: os.terminal_size(fallback))
    assert max(map(cell_len, shown_briefs(monkeypatch, columns=None))) <= 80


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (9_999, "9,999", "9,999"),
        (191_304, "19.1万", "191k"),
        (2_315_170, "232万", "2.32M"),
        (1_216_017_000, "12.2亿", "1.22bn"),
        (0.31, "0.31", "0.31"),
        ({"amount_minor": 7_400_000, "currency": "CNY"}, "CNY 7.4万", "CNY 74k"),
        ({"amount_minor": 5475, "currency": "CNY"}, "CNY 54.75", "CNY 54.75"),
        ({"amount_minor": 123_456, "currency": "CNY"}, "CNY 1,235", "CNY 1,235"),
        ({"amount_minor": 191_304, "currency": "JPY"}, "JPY 19.1万", "JPY 191k"),
        ("2026-12-15T12:00:00.123456Z", "2026-12-15 12:00Z", "2026-12-15 12:00Z"),
        (None, "-", "-"),
    ],
)
def test_numbers_are_written_as_the_trade_writes_them(
    value: Any, zh: str, en: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, text in (("zh", zh), ("en", en)):
        monkeypatch.setattr("marketplace.cli.output.spoken", lambda language=language: language)
        assert brief_cell(value) == text
    assert brief_money("CNY", None) == "-"


def test_every_heading_is_in_both_languages() -> None:
    tables: list[tuple[Column, ...]] = [call.columns for call in CALLS]
    tables += [PRICE_COLUMNS, CHOSEN, BUDGET, RANKING_COLUMNS, CALIBRATION_COLUMNS, INVARIANT_COLUMNS]
    tables.append(MAIL_COLUMNS)
    used = {column.heading for columns in tables for column in columns} | {"status"}
    assert used - set(words.HEADINGS) - {"id", "AUC", "Brier"} == set(), "say them in marketplace/cli/shown/words.py"
    assert set(words.HEADINGS) - used == set(), "no table has these any more"


def test_the_first_column_is_the_id_to_go_on_with() -> None:
    for call in CALLS:
        if call.columns and call.pages:
            assert call.columns[0].heading in ("id", "bid", "video", "row"), (call.noun, call.verb)
        assert all(column.least == 0 for column in call.columns[:1])
