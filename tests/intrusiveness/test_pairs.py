"""Pairs of plans in the order that people of the trade would give, each with its reason and the least gap."""

import csv
import json
from pathlib import Path

import pytest

from benchmarks.quality import intrusiveness
from benchmarks.quality.intrusiveness import PAIRS, PlanPair, pairs
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.timeline import from_dict, to_dict

SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "plans"


def rows() -> list[dict[str, str]]:
    with (PAIRS / "order.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_pair_is_in_order_with_its_least_gap() -> None:
    found = pairs()
    assert [str(pair) for pair in found if not pair.holds] == []
    assert len(found) == len(rows())


def test_there_are_the_eighteen_of_the_issue_and_over_thirty_of_our_own_each_with_a_reason() -> None:
    sources = [row["source"] for row in rows()]
    assert sources.count("issue 13") == 18
    assert sources.count("own") >= 30
    assert all(len(row["why"]) > 5 for row in rows())
    assert len({(row["less"], row["fit_less"], row["more"], row["fit_more"]) for row in rows()}) == len(rows())
    # No plan is kept that no pair uses, and none differs from another in its name alone.
    plans = json.loads((PAIRS / "plans.json").read_text("utf-8"))
    assert {row[end] for row in rows() for end in ("less", "more")} == set(plans)
    assert all(from_dict(to_dict(from_dict(plan))) == from_dict(plan) for plan in plans.values())


def test_a_pair_in_the_wrong_order_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "plans.json").write_bytes((PAIRS / "plans.json").read_bytes())
    head = "less,fit_less,more,fit_more,least_gap,why,source"
    lines = [
        head,
        "middle_card,0.3,end_card,0.3,0,the wrong way round,test",
        "end_card,0.3,middle_card,0.3,60,gap,test",
    ]
    (tmp_path / "order.csv").write_text("\n".join(lines))
    assert [(pair.holds, str(pair).endswith("WRONG")) for pair in pairs(tmp_path)] == [(False, True)] * 2


def test_a_tenth_more_or_less_of_any_points_reverses_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """The points are judged, so no pair may hang on the last of them: its order stays, if not its whole gap."""
    usual = constants.POINTS
    for index in range(len(usual)):
        for times in (0.9, 1.1):
            changed = tuple(most * times if at == index else most for at, most in enumerate(usual))
            monkeypatch.setattr(constants, "POINTS", changed)
            assert [str(pair) for pair in pairs() if pair.high <= pair.low] == []


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the measuring data are not beside this checkout")
def test_the_plans_and_pairs_of_the_issue_were_copied_as_they_are(tmp_path: Path) -> None:
    plans = {path.stem: json.loads(path.read_text("utf-8")) for path in SHARED.glob("*.json")}
    own = json.loads((PAIRS / "plans.json").read_text("utf-8"))
    assert {name: from_dict(own[name]) for name in plans} == {name: from_dict(plan) for name, plan in plans.items()}
    (tmp_path / "plans.json").write_text(json.dumps(plans))
    (tmp_path / "order.csv").write_bytes((SHARED / "order.csv").read_bytes())
    found: list[PlanPair] = pairs(tmp_path)
    assert [pair.holds for pair in found] == [True] * 18
    assert [(pair.less, pair.more, pair.least) for pair in found] == [
        (row["less"], row["more"], float(row["least_gap"])) for row in rows() if row["source"] == "issue 13"
    ]
    assert intrusiveness.pairs()[: len(found)] == found
