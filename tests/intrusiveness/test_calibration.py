"""The score held against outcomes: a known truth is found, too little evidence changes nothing, nothing ever falls."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.cli.main import main
from marketplace.intrusiveness import calibration, constants
from marketplace.intrusiveness.calibration import Floats, OutcomeRows, TooFewRows, auc, calibrate, chance_of, figures
from marketplace.intrusiveness.timeline import to_dict
from tests.intrusiveness.make import said, shown, video

TABLE = np.array(constants.POINTS)
OTHER = np.array([20.0, 10, 22, 18, 10, 3, 6, 5, 6])


def drawn(count: int, creators: int, weights: Floats, seed: int = 1, base: float = -3.5) -> OutcomeRows:
    rng = np.random.default_rng(seed)
    factors, who = rng.beta(0.6, 1.2, (count, len(TABLE))), rng.integers(0, creators, count)
    logits = base + rng.normal(0, 0.5, creators)[who] + 0.06 * (factors @ weights)
    return OutcomeRows(factors, who, rng.random(count) < 1 / (1 + np.exp(-logits)))


def test_other_weights_are_found_where_the_evidence_bears_them() -> None:
    found = calibrate(drawn(3_000, 150, OTHER))
    assert found.decision == "weights"
    assert found.fitted.brier < found.table.brier
    assert found.fitted.auc > found.table.auc
    weights = np.array(list(found.weights.values()))
    assert weights.sum() == pytest.approx(100, abs=0.1)
    assert weights.min() >= 0
    # Nearer to the truth than the table is, and on the way from the one to the other.
    assert np.abs(weights - OTHER).sum() < 0.7 * np.abs(TABLE - OTHER).sum()
    assert found.weights["time"] < 36
    assert found.weights["misplaced"] > 12


def test_the_tables_own_truth_changes_no_weight() -> None:
    # By chance one draw in twenty finds other weights better, as seed 1 does.
    found = calibrate(drawn(2_000, 100, TABLE, seed=2))
    assert found.events >= calibration.EVENTS_FOR_WEIGHTS
    assert found.decision == "map"
    assert "Brier" in found.why_zh
    assert found.gain_low > 0
    assert found.gain == pytest.approx(found.table.auc - found.load_alone.auc)
    assert found.table.calibration_error < 0.06


@pytest.mark.parametrize(
    ("count", "creators", "base", "decision"),
    [(300, 30, -5.0, "nothing"), (400, 10, -3.5, "nothing"), (500, 40, -3.5, "map")],
)
def test_too_little_evidence_changes_nothing(count: int, creators: int, base: float, decision: str) -> None:
    found = calibrate(drawn(count, creators, OTHER, base=base))
    assert found.decision == decision
    assert str(found.events) in found.why_en


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_one_outcome_alone_says_nothing(share: float) -> None:
    rows = drawn(50, 10, TABLE)
    with pytest.raises(TooFewRows):
        calibrate(OutcomeRows(rows.factors, rows.creators, np.full(50, bool(share))))
    with pytest.raises(TooFewRows):
        calibrate(drawn(50, 3, TABLE))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.integers(40, 200))
def test_chances_never_fall_with_the_score_and_the_same_rows_say_the_same(seed: int, count: int) -> None:
    rows = drawn(count, 12, OTHER, seed)
    if not 0 < rows.backlash.sum() < count:
        return
    found = calibrate(rows)
    assert found == calibrate(rows)
    chances = chance_of(np.linspace(-5, 120, 500), found.steps)
    assert np.all(np.diff(chances) >= 0)
    assert chances.min() >= 0
    assert chances.max() <= 1
    known = [band for band in found.bands if band is not None]
    assert known == sorted(known)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.booleans()), min_size=2, max_size=40))
def test_auc_is_how_often_the_right_one_of_two_is_higher(pairs: list[tuple[float, bool]]) -> None:
    ours, others = ([one for one, hit in pairs if hit is kind] for kind in (True, False))
    if not ours or not others:
        return
    wins = sum((mine > theirs) + 0.5 * (mine == theirs) for mine in ours for theirs in others)
    chances, backlash = np.array([one for one, _ in pairs]), np.array([hit for _, hit in pairs])
    assert auc(chances, backlash) == pytest.approx(wins / len(ours) / len(others))
    told = figures(chances, backlash)
    assert told.brier == pytest.approx(np.mean((chances - backlash) ** 2))


def lines(count: int, seed: int = 3) -> list[dict[str, Any]]:
    """Videos of read ads; the longer and earlier, the more backlash."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        seconds, start = float(rng.uniform(1, 20)), float(rng.uniform(0, 30))
        made = video(60.0, said(start, seconds, claims=float(rng.integers(0, 5))), shown(start, seconds, centre=0.8))
        chance = 1 / (1 + np.exp(3 - 0.25 * seconds + 0.05 * start))
        found.append(
            {
                "creator": f"c{number % 30}",
                "timeline": to_dict(made),
                "fit": float(rng.random()),
                "backlash": bool(rng.random() < chance),
            }
        )
    return found


def test_the_command_tells_and_refuses_weights_that_nothing_bears(tmp_path: Path) -> None:
    path, out = tmp_path / "rows.jsonl", tmp_path / "weights.json"
    path.write_text("\n".join(json.dumps(line) for line in lines(200)) + "\n\n", encoding="utf-8")
    told = CliRunner().invoke(main, ["--json", "calibrate", str(path)])
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert (found["rows"], found["creators"], found["decision"]) == (200, 30, "map")
    assert set(found["weights"]) == set(constants.CODES)
    plain = CliRunner().invoke(main, ["calibrate", str(path), "--language", "zh", "--weights", str(out)])
    assert plain.exit_code == 1
    assert "反感样本" in plain.output
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"creator": ""}, "creator"),
        ({"backlash": 1}, "backlash"),
        ({"fit": 2}, "fit"),
        ({"timeline": {"duration_s": -1, "exposures": []}}, "line 2"),
        ({"timeline": None}, "line 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    first, second = lines(2)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(first) + "\n" + json.dumps({**second, **change}), encoding="utf-8")
    told = CliRunner().invoke(main, ["calibrate", str(path)])
    assert told.exit_code == 2
    assert word in told.output
    assert told.output.count("\n") == 1
    path.write_text("{", encoding="utf-8")
    assert CliRunner().invoke(main, ["calibrate", str(path)]).exit_code == 2


def test_weights_are_written_where_the_rows_bear_them(tmp_path: Path) -> None:
    path, out = tmp_path / "rows.jsonl", tmp_path / "weights.json"
    path.write_text("\n".join(json.dumps(line) for line in lines(1_500)), encoding="utf-8")
    told = CliRunner().invoke(main, ["calibrate", str(path), "--weights", str(out)])
    assert told.exit_code == 0, told.output
    assert sum(json.loads(out.read_text())["weights"].values()) == pytest.approx(100, abs=0.1)
