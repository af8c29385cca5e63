"""The check of the score's properties as a command: it passes, says so, and fails where a score is broken."""

import pytest

from benchmarks.quality import intrusiveness, timelines
from marketplace.intrusiveness.timeline import Timeline, from_dict, to_dict


def test_fifty_plans_break_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert intrusiveness.main(["--timelines", "50"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(intrusiveness.PROPERTIES) == intrusiveness.SCORES + 3
    begin = told.index("") + 1
    names = [line[:48].rstrip() for line in told[begin:]]
    assert names == ["property", *intrusiveness.PROPERTIES, told[-1][:48].rstrip()]
    assert told[begin - 2] == f"{len(told[: begin - 2])} of {len(told[: begin - 2])} pairs in order"
    assert "50 plans, seed 1" in told[-1]
    assert "0 violations" in told[-1]


def test_the_same_seed_makes_the_same_plans_and_all_can_be_read() -> None:
    made = [[timelines.plan(timelines.Random(f"{seed}:{n}")) for n in range(100)] for seed in (3, 3, 4)]
    assert made[0] == made[1]
    assert made[0] != made[2]
    assert all(from_dict(to_dict(plan)) == plan for plan in made[0])
    assert {len(plan.exposures) for plan in made[0]} >= set(range(timelines.EXPOSURES_MAX))


def test_a_score_that_rises_with_fewer_exposures_is_found_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(timeline: Timeline, fit: float) -> float:
        return 10.0 - len(timeline.exposures)

    monkeypatch.setattr(intrusiveness, "_score", broken)
    assert intrusiveness.main(["--timelines", "20"]) == 1
    lines = {line[:48].rstrip(): line.split() for line in capsys.readouterr().out.splitlines()}
    cases, violations, worst = lines["one exposure less never raises"][-3:]
    assert (int(violations), worst) == (int(cases), "1.0e+00")


def test_a_number_of_plans_is_asked_for() -> None:
    with pytest.raises(SystemExit):
        intrusiveness.main(["--timelines", "0"])
