"""The backtest as a command: made-up markets like the measured one, honest figures, and clear words for odd files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.quality import histories, reach_backtest
from benchmarks.quality.video_lines import BadLines, read


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert reach_backtest.main(arguments) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", sorted(histories.SETTINGS))
def test_made_up_markets_have_the_measured_figures(name) -> None:
    rows = [histories.aggregates(histories.market(histories.SETTINGS[name], seed)) for seed in range(4)]
    for figure, (wanted, apart) in histories.TARGETS.items():
        assert np.mean([row[figure] for row in rows]) == pytest.approx(wanted, abs=apart), figure


def test_a_made_up_market_is_the_same_for_the_same_seed() -> None:
    assert histories.lines("hits", 5) == histories.lines("hits", 5)
    assert histories.lines("hits", 5) != histories.lines("hits", 6)


def test_ours_beats_the_default_and_covers_every_tier(capsys) -> None:
    report = _run(capsys, "--setting", "idle", "--seed", "3", "--folds", "12")
    ours, default = report["ours"], report["median_of_last_9"]
    assert report["source"] == "made up: idle, 3"
    for figure in ("mae_log", "pinball", "median_factor"):
        assert ours["overall"][figure] < 0.97 * default["overall"][figure]
    assert default["overall"]["coverage80"] < 0.65
    assert set(ours["tiers"]) == set(reach_backtest.TIERS)
    for tier in ours["tiers"].values():
        # One creator more or less of the 63 largest is 1.6 points.
        assert abs(tier["coverage80"] - 0.8) <= max(0.02, 2 / tier["creators"])
    assert sum(tier["creators"] for tier in ours["tiers"].values()) == report["judged"]


def test_what_is_judged_has_not_taught_its_own_forecast() -> None:
    held, _ = reach_backtest.hold_out(read(histories.lines("drifting", 2)), histories.CRAWLED_AT, 8)
    before, _ = reach_backtest.forecasts(held, with_platform=True)
    truth = held.truth.copy()
    truth[7] += 5.0
    views = held.whole.views.copy()
    views[7, np.argmax(held.whole.ages_days[7] >= 3)] *= np.exp(5.0)
    changed = reach_backtest.replace(held, truth=truth, whole=reach_backtest.replace(held.whole, views=views))
    after, _ = reach_backtest.forecasts(changed, with_platform=True)
    assert np.array_equal(before[7], after[7])
    assert not np.array_equal(before, after)


def test_an_odd_file_is_read_as_far_as_it_goes(tmp_path: Path, capsys) -> None:
    def row(number: int, **more: Any) -> dict[str, Any]:
        days = range(1, 8)
        videos = [{"published_at": f"2025-11-{day:02}T08:00:00Z", "views": 100 * number + day} for day in days]
        return {"creator": f"c{number}", "followers": 1000 * number, "vertical": None, "videos": videos, **more}

    rows = [row(number) for number in range(1, 9)]
    rows[1]["videos"].reverse()
    rows[2]["videos"][0]["views"] = 0
    rows[3]["videos"][0]["published_at"] = "2025-11-01T08:00:00+08:00"
    rows[4]["videos"][0]["published_at"] = "2025-11-01T08:00:00"
    rows[5]["videos"][0]["published_at"] = 1_761_984_000
    rows[6]["videos"] = rows[6]["videos"][:1]
    rows.append(row(20, videos=[]))
    rows.append({"creator": "no followers", "videos": row(9)["videos"]})
    path = tmp_path / "videos.jsonl"
    path.write_text("\ufeff" + "\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    report = _run(capsys, "--videos", str(path))
    assert (report["judged"], report["not_judged"]["fewer_than_three_settled_videos"]) == (8, 2)
    assert report["crawled_at"] == "2025-11-07T08:00:00+00:00"
    assert report["ours"]["overall"]["mae_log"] < 1
    later = _run(capsys, "--videos", str(path), "--crawled-at", "2025-12-01")
    assert later["judged"] == 8


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 is not a JSON object"),
        ('{"videos": []}', "`creator` must be a name"),
        ('{"creator": "a"}', "`videos` must be a list"),
        ('{"creator": "a", "videos": [], "vertical": 3}', "`vertical` must be a text"),
        ('{"creator": "a", "videos": [], "followers": -1}', "`followers` must be a number"),
        ('{"creator": "a", "videos": [], "platform_forecast": "many"}', "`platform_forecast` must be a number"),
        ('{"creator": "a", "videos": [3]}', "video 1 is not a JSON object"),
        ('{"creator": "a", "videos": [{"published_at": "2025-11-01"}]}', "`views` is missing"),
        ('{"creator": "a", "videos": [{"views": NaN}]}', "`views` must be a number"),
        ('{"creator": "a", "videos": [{"views": 1}]}', "`published_at` must be a time"),
        ('{"creator": "a", "videos": [{"views": 1, "published_at": "soon"}]}', "`published_at` must be a time"),
        ('{"creator": "first", "videos": []}', "'first' stands on more than one line"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(line, said) -> None:
    with pytest.raises(BadLines, match=said):
        read(['{"creator": "first", "videos": []}', line])


@pytest.mark.parametrize("content", [None, "", '{"creator": "a", "videos": []}', b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_judged_ends_with_two_and_one_line(tmp_path: Path, capsys, content) -> None:
    path = tmp_path / "videos.jsonl"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert reach_backtest.main(["--videos", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("reach_backtest: ")
    assert output.err.count("\n") == 1


def test_the_command_prints_json_alone(tmp_path: Path) -> None:
    path = tmp_path / "videos.jsonl"
    path.write_text("\n".join(histories.lines("hits", 1)[:40]))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.quality.reach_backtest", "--videos", str(path)],
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["ours"]["overall"]["creators"] <= 40
    assert done.stderr == b""
