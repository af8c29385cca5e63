"""Which facts of a match ask for a person's eyes, how soon, and when for two people's. Pure.

Each rule states its limit and where the limit comes from; a rule that fires tells its figure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.core.money import Money

STALE_DAYS = 90
PEERS_LOW, PEERS_HIGH = 5.0, 95.0
OVER_CEILING = 2.0
SEVERE = 65.0
# An amount from which a second person looks, in minor units: about a small studio's month (seed interviews: at least
# CNY 10,000 an episode, a team of 20-30), converted roughly.
LARGE_MINOR: Mapping[str, int] = {
    "CNY": 10_000_000,
    "USD": 1_500_000,
    "EUR": 1_500_000,
    "GBP": 1_200_000,
    "JPY": 2_000_000,
}
LARGE_DEFAULT_MINOR = 10_000_000
CALM, WEIGHT = 1000, 100


@dataclass(frozen=True)
class RiskFacts:
    """What is known of a match. None where a figure is not known."""

    currency: str
    amount_minor: float | None
    snapshot_flags: tuple[str, ...]
    snapshot_age_days: int | None
    margins_missing: int
    intrusiveness_low: float
    intrusiveness_high: float
    tolerance: float
    percentile: float | None
    comparables: int
    over_ceiling: float | None
    first_time: bool


@dataclass(frozen=True)
class Risk:
    """A rule that fired: why, the figure and the limit that it passed, in both languages."""

    code: str
    zh: str
    en: str
    figure: float
    limit: float

    def show(self) -> dict[str, Any]:
        return {"code": self.code, "zh": self.zh, "en": self.en, "figure": self.figure, "limit": self.limit}


@dataclass(frozen=True)
class Assessment:
    """How soon (lower first), whether two different people must agree, and why."""

    priority: int
    needs_two: bool
    risks: tuple[Risk, ...]


Rule = Callable[[RiskFacts], Risk | None]


def _flags(facts: RiskFacts) -> Risk | None:
    count = len(facts.snapshot_flags)
    told = ", ".join(facts.snapshot_flags)
    return (
        Risk(
            "suspicious_figures", f"受众数据有 {count} 处可疑：{told}", f"{count} suspicious figures: {told}", count, 0
        )
        if count
        else None
    )


def _severe(facts: RiskFacts) -> Risk | None:
    if facts.intrusiveness_high < SEVERE:
        return None
    told = f"{facts.intrusiveness_high:.0f}"
    return Risk(
        "severe_intrusiveness",
        f"侵扰度最高 {told}，达到严重档 {SEVERE:.0f}",
        f"Intrusiveness up to {told}, severe from {SEVERE:.0f}",
        facts.intrusiveness_high,
        SEVERE,
    )


def _over_tolerance(facts: RiskFacts) -> Risk | None:
    if facts.intrusiveness_high <= facts.tolerance:
        return None
    told, most = f"{facts.intrusiveness_high:.0f}", f"{facts.tolerance:.0f}"
    return Risk(
        "over_tolerance",
        f"侵扰度最高 {told}，超过需求容忍度 {most}",
        f"Intrusiveness up to {told}, over the brief's tolerance of {most}",
        facts.intrusiveness_high,
        facts.tolerance,
    )


def _far_from_peers(facts: RiskFacts) -> Risk | None:
    if facts.percentile is None or PEERS_LOW <= facts.percentile <= PEERS_HIGH:
        return None
    limit = PEERS_LOW if facts.percentile < PEERS_LOW else PEERS_HIGH
    told = f"{facts.percentile:.0f}"
    return Risk(
        "price_far_from_peers",
        f"千人成本位于 {facts.comparables} 个可比报价的第 {told} 百分位",
        f"Cost per thousand at percentile {told} of {facts.comparables} comparable bids",
        facts.percentile,
        limit,
    )


def _over_ceiling(facts: RiskFacts) -> Risk | None:
    if facts.over_ceiling is None or facts.over_ceiling <= OVER_CEILING:
        return None
    told = f"{facts.over_ceiling:.1f}"
    return Risk(
        "far_over_ceiling",
        f"千人成本是上限的 {told} 倍",
        f"Cost per thousand is {told} times the ceiling",
        facts.over_ceiling,
        OVER_CEILING,
    )


def _first_time(facts: RiskFacts) -> Risk | None:
    return (
        Risk("first_time", "该主体尚无成交记录", "This party has no accepted bid yet", 0, 1)
        if facts.first_time
        else None
    )


def _stale(facts: RiskFacts) -> Risk | None:
    age = facts.snapshot_age_days
    if age is None:
        return Risk("no_audience_data", "没有受众快照", "There is no audience snapshot", 0, 1)
    if age <= STALE_DAYS:
        return None
    return Risk(
        "stale_data",
        f"受众快照已有 {age} 天，超过 {STALE_DAYS} 天",
        f"The snapshot is {age} days old, more than {STALE_DAYS}",
        age,
        STALE_DAYS,
    )


def _missing(facts: RiskFacts) -> Risk | None:
    count = facts.margins_missing
    return (
        Risk("missing_margins", f"缺少 {count} 项受众分布", f"{count} audience lists are missing", count, 0)
        if count
        else None
    )


def _large(facts: RiskFacts) -> Risk | None:
    limit = LARGE_MINOR.get(facts.currency, LARGE_DEFAULT_MINOR)
    if facts.amount_minor is None or facts.amount_minor < limit:
        return None
    told = Money(facts.currency, int(facts.amount_minor)).show()
    return Risk("large_amount", f"金额 {told} 较大", f"The amount of {told} is large", facts.amount_minor, limit)


# (rule, weight in the queue, asks for two people)
RULES: tuple[tuple[Rule, int, bool], ...] = (
    (_severe, 4, True),
    (_flags, 4, True),
    (_large, 3, True),
    (_over_tolerance, 3, False),
    (_far_from_peers, 2, False),
    (_over_ceiling, 2, False),
    (_stale, 1, False),
    (_missing, 1, False),
    (_first_time, 1, False),
)


def assess(facts: RiskFacts) -> Assessment:
    """Run every rule. More or worse facts never make a review less urgent or need fewer people."""
    fired = [(risk, weight, two) for rule, weight, two in RULES if (risk := rule(facts)) is not None]
    return Assessment(
        priority=CALM - WEIGHT * sum(weight for _, weight, _ in fired),
        needs_two=any(two for _, _, two in fired),
        risks=tuple(risk for risk, _, _ in fired),
    )
