"""The audience segment of a channel whose snapshot has ages and genders. Channels of one segment are grouped, because
their viewers may respond to advertisements alike."""

from collections.abc import Mapping
from typing import Any

from marketplace.matching.audience import grid
from marketplace.matching.audience.priors import YEARS
from marketplace.matching.audience.told_lists import BadAudience

# Design choices: from this share on an audience is mostly of one gender; these mean ages (weighted by share) divide the
# age groups.
MOSTLY = 0.6
YOUNG, OLD = 25.0, 35.0
GENDERS = {"female": ("女性为主", "mostly women"), "male": ("男性为主", "mostly men"), "mixed": ("男女相当", "mixed")}
AGES = {
    "under_25": ("平均 25 岁以下", "mean age under 25"),
    "25_34": ("平均 25–34 岁", "mean age 25 to 34"),
    "35_up": ("平均 35 岁及以上", "mean age 35 and over"),
}


def segment_of(margins: Mapping[str, Any] | None) -> str | None:
    """Return "<gender>:<age>" of a snapshot's lists of shares, None if either is missing or cannot be read."""
    ages, genders = ((margins or {}).get(name) for name in ("age", "gender"))
    if not ages or not genders:
        return None
    ages, genders = _known(ages), _known(genders)
    try:
        women = {label: share for label, share in genders.items() if grid.gender_index(label) == 0}
        years = {label: _middle(label) for label in ages}
    except BadAudience:
        return None
    all_genders, all_ages = sum(genders.values()), sum(ages.values())
    if all_genders <= 0 or all_ages <= 0:
        return None
    share = sum(women.values()) / all_genders
    mean = sum(part * years[label] for label, part in ages.items()) / all_ages
    gender = "female" if share >= MOSTLY else "male" if share <= 1 - MOSTLY else "mixed"
    return f"{gender}:{'under_25' if mean < YOUNG else '25_34' if mean < OLD else '35_up'}"


def segment_name(segment: str) -> tuple[str, str]:
    """Return a segment's name in Chinese and in English."""
    gender, age = segment.split(":")
    return f"{GENDERS[gender][0]}、{AGES[age][0]}", f"{GENDERS[gender][1]}, {AGES[age][1]}"


def _known(shares: Mapping[str, float]) -> dict[str, float]:
    return {label: float(share) for label, share in shares.items() if label.strip().lower() not in grid.UNKNOWN}


def _middle(label: str) -> float:
    first, after = grid.age_years(label)
    return YEARS.start + (first + after) / 2
