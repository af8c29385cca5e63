"""Rules of law as data: they hold in their country, for their categories, and only where the facts are told."""

import numpy as np
import pytest

from marketplace.briefs.vocabulary import CATEGORIES
from marketplace.law.gate import RULES, barred

MINORS = np.array([0.0, 0.5, 0.51, 1.0, np.nan])


@pytest.mark.parametrize("markets", [["CN"], ["US", "CN-GD"]])
def test_a_category_is_barred_from_audiences_under_age(markets: list[str]) -> None:
    for rule in RULES:
        assert rule.categories <= set(CATEGORIES)
        assert rule.source
        for category in rule.categories:
            assert barred(category, markets, MINORS).tolist() == [False, False, True, True, False]


def test_elsewhere_and_for_other_goods_nothing_is_barred() -> None:
    assert not barred("alcohol", ["US"], MINORS).any()
    assert not barred("food", ["CN"], MINORS).any()
    assert not barred("alcohol", [], MINORS).any()
