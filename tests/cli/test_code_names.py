"""Codes have names where people read them; programs get the codes."""

import json
from typing import Any

import pytest

from marketplace.cli.output import echo_json, fields, table
from marketplace.cli.shown import summaries

BRIEF: dict[str, Any] = {
    "id": "brf_1",
    "title": "t",
    "status": "published",
    "brand_name": "b",
    "product": {"name": "p", "category": "food"},
    "budget": {"amount_minor": 100, "currency": "CNY"},
    "ceiling_per_thousand": None,
    "markets": ["CN"],
    "target": [{"ages": {"from": 18, "to": 23}, "genders": ["female"]}],
    "tolerance": 20,
    "placement_kinds": ["hand_prop", "plot_use"],
    "deliverables": [{"kind": "video", "count": 1, "length_tiers": ["21-60"]}],
    "publish_window": {"starts_at": "2026-12-09T00:00:00Z", "ends_at": "2027-01-08T00:00:00Z"},
    "bids_close_at": "2026-11-29T21:53:00Z",
    "version_number": 1,
    "version_id": "brv_1",
    "must": [],
    "must_not": [],
}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "zh",
            [
                "状态：已发布",
                "产品：p (食品饮料)",
                "目标人群：18–23 女",
                "植入形式：手持道具、剧情使用",
                "交付：1 x 单条视频 21-60",
            ],
        ),
        ("en", ["status: published", "product: p (food)", "target: 18–23 female", "placements: hand_prop, plot_use"]),
    ],
)
def test_codes_have_names_in_a_summary(monkeypatch: pytest.MonkeyPatch, language: str, told: list[str]) -> None:
    monkeypatch.setenv("INLAY_LANGUAGE", language)
    lines = list(summaries.brief(BRIEF))
    assert set(told) <= set(lines)


def test_codes_have_names_in_tables_and_lists(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INLAY_LANGUAGE", "zh")
    row = {"kind": "brand", "status": "suspended", "model": "flat"}
    table([row], [(name, name) for name in row])
    fields({"status": "second", "claim_status": "proven", "handle": "second"})
    shown = capsys.readouterr().out
    for word in ("品牌方", "已暂停", "一口价", "status: 待第二人", "claim_status: 已证实", "handle: second"):
        assert word in shown
    echo_json(row)
    assert json.loads(capsys.readouterr().out) == row
