"""What a check says against a draft, by the limits of the terms: pure."""

from typing import Any

import pytest

from marketplace.deliverables.draft_verdict import judge

LIMITS = {"intrusiveness_max": 35.0, "prominence_min": None, "brand_seconds_min": None}
DISCLOSURE = {"required": True, "text": "广告"}


def result(**changes: Any) -> dict[str, Any]:
    exposure = {"kind": "product", "start_s": 4.0, "seconds": 3.0, "area_share": 0.02, "centre": 0.7}
    return {
        "timeline": {"duration_s": 30, "source": "measured", "exposures": [exposure]},
        "intrusiveness": {"score": {"point": 35.0}, "vetoes": [], "prominence": {"point": 20.0}},
        "disclosures": [{"text": "广告"}],
        "plan": None,
        **changes,
    }


def scored(point: float = 20.0, vetoes: Any = ()) -> dict[str, Any]:
    return {"score": {"point": point}, "vetoes": list(vetoes), "prominence": {"point": 20.0}}


def found(given: dict[str, Any], repeats: bool = False, **terms: Any) -> list[tuple[str, str]]:
    limits, disclosure = {**LIMITS, **terms.get("limits", {})}, terms.get("disclosure", DISCLOSURE)
    verdict = judge(given, limits=limits, disclosure=disclosure, repeats=repeats)
    assert all(one.zh and one.en for one in verdict.findings)
    assert verdict.silence_approves == all(one.weight == "note" for one in verdict.findings)
    assert [one.code for one in verdict.vetoes] == [one.code for one in verdict.findings if one.weight == "veto"]
    return [(one.code, str(one.weight)) for one in verdict.findings]


def test_nothing_speaks_against_what_keeps_the_terms() -> None:
    assert found(result()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"disclosures": []}, ("undisclosed", "veto")),
        ({"disclosures": [], "not_judged": ["sw"]}, ("disclosure_not_judged", "doubt")),
        ({"intrusiveness": scored(35.01)}, ("too_intrusive", "veto")),
        (
            {"intrusiveness": scored(vetoes=[{"code": "too_loud", "certain": True, "zh": "响", "en": "loud"}])},
            ("too_loud", "veto"),
        ),
        (
            {"intrusiveness": scored(vetoes=[{"code": "too_loud", "certain": False, "zh": "响", "en": "loud"}])},
            ("too_loud", "doubt"),
        ),
        ({"plan": {"kept": False, "zh": "与方案不符", "en": "not as planned"}}, ("not_as_planned", "note")),
        ({"plan": {"kept": True, "zh": "符合", "en": "as planned"}}, None),
    ],
)
def test_each_thing_weighs_what_it_has_to(changes: dict[str, Any], expected: tuple[str, str] | None) -> None:
    assert found(result(**changes)) == ([] if expected is None else [expected])


def test_the_limits_and_the_disclosure_are_those_of_the_terms() -> None:
    assert found(result(disclosures=[]), disclosure={"required": False, "text": ""}) == []
    assert found(result(), limits={"intrusiveness_max": 34.0}) == [("too_intrusive", "veto")]
    assert found(result(), limits={"prominence_min": 21.0}) == [("too_little_prominence", "note")]
    assert found(result(), limits={"brand_seconds_min": 3.5}) == [("too_few_seconds", "note")]
    assert found(result(), limits={"brand_seconds_min": 3.0, "prominence_min": 20.0}) == []


def test_a_repetition_is_vetoed_beside_all_else() -> None:
    assert found(result(disclosures=[]), repeats=True) == [("undisclosed", "veto"), ("repeat", "veto")]
