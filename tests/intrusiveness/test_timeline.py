"""The JSON of a timeline: what is read, and how each mistake is answered."""

import copy
import json
import math
import re

import pytest
from hypothesis import given, settings

from marketplace.intrusiveness.timeline import (
    SHORTHANDS,
    ExposureKind,
    PlanError,
    Timeline,
    TimelineSource,
    ValueInterval,
    exact,
    from_dict,
    to_dict,
)
from tests.intrusiveness import make

GOOD = {
    "duration_s": 60,
    "brands": {"low": 1, "high": 2},
    "exposures": [
        {
            "start_s": 25,
            "seconds": {"low": 4, "high": 6},
            "kind": "product",
            "area_share": "close-up",
            "centre": "edge",
        },
        {
            "start_s": 40,
            "seconds": 3,
            "kind": "speech",
            "mentions": 2,
            "plot": "tied",
            "cta": True,
            "description": "口播",
        },
    ],
}


@settings(max_examples=60, deadline=None)
@given(make.plans())
def test_json_and_back(plan: Timeline) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(plan)))) == plan


def test_words_and_defaults() -> None:
    plan = from_dict(GOOD)
    product, speech = plan.exposures
    assert (plan.duration_s, plan.brands, plan.source) == (60, ValueInterval(1, 2), TimelineSource.PLAN)
    assert product.area_share == ValueInterval(0.06, 0.20)
    assert product.centre == ValueInterval(0.15, 0.45)
    assert product.saliency == ValueInterval(0.4, 0.8)
    assert product.clarity == ValueInterval(0.8, 1)
    assert speech.kind is ExposureKind.SPEECH
    assert speech.area_share == speech.saliency == exact(0)
    assert (speech.plot, speech.cta, speech.description) == (ValueInterval(0.6, 1), True, "口播")


def test_every_word_can_be_used_and_is_told_in_chinese() -> None:
    for field, words in SHORTHANDS.items():
        for shorthand in words:
            data = copy.deepcopy(GOOD)
            data["exposures"][0][field] = shorthand.word
            assert getattr(from_dict(data).exposures[0], field) == shorthand.interval
            assert re.search(r"[一-鿿]", shorthand.zh)
            assert 0 <= shorthand.interval.low <= shorthand.interval.high <= 1


def at(pointer: str, value: object) -> dict:
    """GOOD with one value put at a pointer."""
    data = copy.deepcopy(GOOD)
    place = data
    *path, last = pointer.strip("/").split("/")
    for part in path:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[last] = value
    return data


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/duration_s", 0.5),
        ("/duration_s", 7201),
        ("/duration_s", True),
        ("/duration_s", {"low": 30, "high": 60}),
        ("/duration_s", 10**400),
        ("/brands", 0),
        ("/brands", None),
        ("/loudness_lu", 61),
        ("/occlusion_share", 1.01),
        ("/source", "guessed"),
        ("/sample_step_s", 0),
        ("/colour", 1),
        ("/exposures", {}),
        ("/exposures", [GOOD["exposures"][1]] * 201),
        ("/exposures/0/start_s", -1),
        ("/exposures/0/start_s", 57),
        ("/exposures/0/start_s", {"low": 3, "high": 57}),
        ("/exposures/0/seconds", -1),
        ("/exposures/0/seconds", 0),
        ("/exposures/0/seconds", math.nan),
        ("/exposures/0/seconds", math.inf),
        ("/exposures/0/seconds", "6"),
        ("/exposures/0/seconds", {"low": 6, "high": 4}),
        ("/exposures/0/seconds", {"low": 6}),
        ("/exposures/0/kind", "smell"),
        ("/exposures/0/kind", ["logo"]),
        ("/exposures/0/area_share", 1.2),
        ("/exposures/0/area_share", -0.1),
        ("/exposures/0/area_share", "huge"),
        ("/exposures/0/centre", 2),
        ("/exposures/0/saliency", [1]),
        ("/exposures/0/clarity", 1.5),
        ("/exposures/0/claims", -1),
        ("/exposures/0/mentions", 101),
        ("/exposures/0/plot", "very"),
        ("/exposures/0/cta", "yes"),
        ("/exposures/0/description", "长" * 501),
        ("/exposures/0/start", 3),
        ("/exposures/1", 7),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_what_to_mend(pointer: str, value: object) -> None:
    if pointer == "/exposures/1":
        data = copy.deepcopy(GOOD)
        data["exposures"][1] = value
    else:
        data = at(pointer, value)
    before = copy.deepcopy(data)
    with pytest.raises(PlanError) as refused:
        from_dict(data)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    assert refused.value.pointer == pointer
    assert re.search(r"[一-鿿]", refused.value.problems[0].zh)
    assert refused.value.problems[0].en.endswith(".")
    assert repr(data) == repr(before)


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("value", [-1, math.nan, "close-up", None])
def test_a_bad_end_of_an_interval_is_pointed_at(end: str, value: object) -> None:
    with pytest.raises(PlanError) as refused:
        from_dict(at("/exposures/0/seconds", {"low": 1, "high": 2} | {end: value}))
    assert refused.value.pointer == f"/exposures/0/seconds/{end}"


@pytest.mark.parametrize("field", ["start_s", "seconds", "kind", "area_share", "centre"])
def test_what_a_visible_exposure_needs(field: str) -> None:
    data = copy.deepcopy(GOOD)
    del data["exposures"][0][field]
    with pytest.raises(PlanError) as refused:
        from_dict(data)
    assert [problem.pointer for problem in refused.value.problems] == [f"/exposures/0/{field}"]


def test_all_mistakes_are_told_at_once_and_odd_names_are_escaped() -> None:
    with pytest.raises(PlanError) as refused:
        from_dict({"a/b~c": 1, "exposures": [{"kind": "logo"}]})
    assert [problem.pointer for problem in refused.value.problems] == [
        "/a~1b~0c",
        "/duration_s",
        *(f"/exposures/0/{field}" for field in ("start_s", "seconds", "area_share", "centre")),
    ]
    with pytest.raises(PlanError, match="Send an object"):
        from_dict([])


@pytest.mark.parametrize(("low", "high"), [(2, 1), (math.nan, 1), (0, math.inf)])
def test_an_interval_runs_from_low_to_high(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ValueInterval(low, high)
