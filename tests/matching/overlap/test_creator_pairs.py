"""The benchmark of creators' pairs: the priors tell the table, a fit learns a community, bad files end in one line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quality import creator_pairs

HEAD = ",".join(creator_pairs.COLUMNS)


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(sys, "argv", ["creator_pairs", *arguments])
    creator_pairs.main()
    return json.loads(capsys.readouterr().out)


def test_what_the_priors_tell_lies_within_the_quartiles_of_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiers = run(capsys, monkeypatch, "--table")["tiers"]
    assert [tier["told_median_within_quartiles"] for tier in tiers] == [True] * 4
    for tier in tiers[1:3]:
        assert tier["within"]["told"][1] > 10 * tier["between"]["told"][0]


def test_thirty_pairs_of_a_community_say_what_the_others_share(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.csv"
    run(capsys, monkeypatch, "--table", "--write", str(path), "--seed", "3")
    found = run(capsys, monkeypatch, "--pairs", str(path), "--draws", "8")
    assert found["communities"] > 10
    errors = found["rest_within_communities"]
    assert errors["learnt"]["pairs"] > 300
    assert errors["learnt"]["censored"][0] > 0
    assert found["censored"] > 0
    assert found["draws"] == 8
    middle, low, high = errors["learnt"]["sum_error_percent"]
    assert low < middle < high
    assert abs(middle) < 10
    assert errors["learnt"]["median_factor"][0] < 3


def test_a_community_far_from_the_priors_is_learnt(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = [f"a{n},b{n},chess,chess,{20_000 + 100 * n},{40_000 + 50 * n},{9_000 + 45 * n}" for n in range(60)]
    rows += [f"c{n},d{n},chess,cars,{20_000 + 100 * n},50000," for n in range(60)]
    (tmp_path / "pairs.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    found = run(capsys, monkeypatch, "--pairs", str(tmp_path / "pairs.csv"))
    assert found["draws"] == creator_pairs.DRAWS == 40
    told = found["rest_by_community"]["chess"]
    assert all(abs(error) < 5 for error in told["learnt"]["sum_error_percent"])
    assert all(error < -80 for error in told["priors"]["sum_error_percent"])
    others = found["rest_by_community"]["(different communities)"]["learnt"]
    assert others["censored_told_within_bound"] == others["censored"] == [30] * 3


def test_pairs_that_share_nobody_are_told_in_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = [f"a{n},b{n},chess,chess,{20_000 + 100 * n},{40_000 + 50 * n},0" for n in range(50)]
    rows += ["x,y,cars,cars,10000,20000,500", "v,w,cars,go,10000,20000,", "a0,b0,chess,chess,20000,40000,0"]
    (tmp_path / "pairs.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    found = run(capsys, monkeypatch, "--pairs", str(tmp_path / "pairs.csv"), "--draws", "5")
    told = found["rest_within_communities"]["priors"]
    assert (told["sum_error_percent"], told["median_factor"]) == (None, None)
    assert (told["people_shared"], told["pairs_that_share_nobody"]) == ([0] * 3, [20] * 3)
    assert told["people_told"][0] > 0
    assert (found["pairs"], found["censored"], found["told_twice"], found["draws"]) == (52, 1, 1, 5)
    assert found["pairs_not_judged_too_few_of_their_community"] == {"cars": 1, "(different communities)": 1}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,b,c"], "the first line must name the columns"),
        ([HEAD], "there are no pairs"),
        ([HEAD, "x,x,c,c,10,10,1"], "line 2: `a` and `b` must be two creators"),
        ([HEAD, "x,y,,c,10,10,1"], "line 2: `community_a` and `community_b` must not be empty"),
        ([HEAD, "x,y,c,c,10,many,1"], "line 2: `size_b` is no number: 'many'"),
        ([HEAD, "x,y,c,c,10,,1"], "line 2: `size_b` is no number"),
        ([HEAD, "x,y,c,c,10,nan,1"], "line 2: sizes must lie above 0"),
        ([HEAD, "x,y,c,c,10,3e7,1"], "line 2: sizes must lie above 0 and not above the platform's 20,000,000 people"),
        ([HEAD, "x,y,c,c,10,20,1", "x,z,c,c,10,20,11"], "line 3: `shared` must not be negative or above the smaller"),
        (
            [HEAD, "x,y,c,c,10,20,1", "v,w,c,c,10,20,1", "y,x,c,c,20,10,2"],
            "of the pair x, y `shared` is 1 in line 2 and 2 in line 4: keep the right one",
        ),
        (
            [HEAD, "x,y,c,c,10,20,", "x,y,c,c,10,20,0"],
            "of the pair x, y `shared` is empty in line 2 and 0 in line 3: keep the right one",
        ),
        ([HEAD, "x,y,c,c,10,20,1"], "no community has 40 pairs, of which 30 are to be learnt from"),
    ],
)
def test_a_bad_file_ends_in_one_clear_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rows: list[str],
    said: str,
) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        run(capsys, monkeypatch, "--pairs", str(path))
    out, err = capsys.readouterr()
    assert (stopped.value.code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        run(capsys, monkeypatch, "--pairs", str(tmp_path / "none.csv"))
    assert capsys.readouterr().err.count("\n") == 1
