"""Pictures of a selection tell the numbers of its text, and name the channels that it chose."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marketplace.drawing.svg import number
from marketplace.matching.selection import outcome, selection_pictures
from marketplace.matching.selection.schemas import PICTURES
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.matching.selection import make

# What results of older releases do not have.
NEW = ("handling", "cost", "left", "limits", "costly")


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    inputs = make.some(24, 12, 3)
    inputs = replace(inputs, weights=inputs.weights * 30, bids=[bid._replace(gate="") for bid in inputs.bids])
    limits = SelectionLimits(budget=int(np.median(inputs.options.prices) * 8))
    return outcome.describe(inputs, limits, outcome.search(inputs, limits))


def words(result: dict[str, Any], name: str, language: str, width: int = 640) -> str:
    """All words of a picture, which are in its <text>s."""
    drawn = ET.fromstring(selection_pictures.draw_result(result, name, language=language, width=width))  # noqa: S314
    return " ".join(text.text or "" for text in drawn.iter() if text.tag.endswith("text"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["set_reach", "union"])
def test_the_headline_figure_and_its_interval_are_in_the_picture(
    result: dict[str, Any], name: str, language: str
) -> None:
    told = words(result, name, language)
    for figure in ("point", "low", "high", "careful"):
        assert number(result["reach"][figure], language) in told
    assert result["reach"]["low"] <= result["reach"]["point"] <= result["reach"]["high"]


def test_the_channels_are_named_in_their_order_and_the_rest_is_counted(result: dict[str, Any]) -> None:
    told = words(result, "set_reach", "en")
    places = [told.index(f"{row + 1}. {line['channel_name']}") for row, line in enumerate(result["chosen"])]
    assert places == sorted(places)
    many = {**result, "chosen": result["chosen"][:1] * 33}
    assert "and 13 more" in words(many, "set_reach", "en")


@pytest.mark.parametrize(("language", "unit"), [("zh", "人"), ("en", " people")])
def test_people_have_their_unit(result: dict[str, Any], language: str, unit: str) -> None:
    told = words(result, "frequency", language)
    for people in result["reach"]["frequency"]:
        assert f"{number(people, language)}{unit}" in told
        assert f"{people:,.0f}" in told


def test_the_frontier_shows_the_chosen_set_and_the_tolerance(result: dict[str, Any]) -> None:
    highest = max(line["intrusiveness"] for line in result["chosen"])
    told = words({**result, "tolerance": 70.0}, "frontier", "en")
    assert f"the chosen set, {highest:.0f} at most, {number(result['reach']['effective'], 'en')} people" in told
    assert "tolerance of 70" in told
    assert "tolerance" not in words(result, "frontier", "en")


@pytest.mark.parametrize("name", PICTURES)
def test_results_of_older_releases_are_drawn(result: dict[str, Any], name: str) -> None:
    old = {key: part for key, part in result.items() if key not in NEW}
    for part in ("budget_curve", "frontier"):
        old[part] = [{key: value for key, value in point.items() if key != "effective"} for point in result[part]]
    old["reach"] = {key: value for key, value in result["reach"].items() if key != "effective"}
    old["chosen"] = [{key: part for key, part in line.items() if key != "intrusiveness"} for line in old["chosen"]]
    assert words(old, name, "zh", 320)
    assert words({**old, "tolerance": 60.0}, name, "en", 320)


def test_nothing_is_no_percentage_more() -> None:
    inputs = make.some(3, 9, 1, options=1)
    apart = np.zeros((3, 9))
    apart[np.arange(3), np.arange(3)] = 0.1
    inputs = replace(inputs, shares=apart)
    limits = SelectionLimits(budget=int(np.sum(inputs.options.prices)))
    reach = outcome.describe(inputs, limits, outcome.search(inputs, limits))["reach"]
    assert "0%" not in reach["en"].replace("80 %", "")
    assert "0%" not in reach["zh"].replace("80%", "")
    assert "Hardly anybody" in reach["en"]


@pytest.mark.parametrize(("language", "least"), [("zh", "<1人"), ("en", "<1 people")])
def test_people_are_whole(result: dict[str, Any], language: str, least: str) -> None:
    few = {**result, "reach": {**result["reach"], "frequency": [12.6, 3.4, 0.182, 0.0]}}
    told = words(few, "frequency", language)
    unit = {"zh": "人", "en": " people"}[language]
    assert [f"{count}{unit}" in told for count in (13, 3, 0)] == [True, True, True]
    assert least in told
    assert "0.182" not in told
