"""Which facts of a match a person has to look at, how soon, and when two people have to. Pure functions.

The rules are a table. Each states its limit, its weight in the queue, where it comes from, and whether it asks for a
person or is only a note beside what does; one that fires gives its figure. A rule asks for a person where a human can
find out something that no gate and no score takes into account. All others are notes: a gate keeps such a bid out
anyway, an interval shows the doubt already, or the rule would fire on most bids of a healthy market.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from marketplace.core.money import Money

STALE_DAYS = 90
PEERS_LOW, PEERS_HIGH = 5.0, 95.0
OVER_CEILING = 2.0
HIGH, SEVERE = 45.0, 65.0
# The amount from which two people look, in minor units: CNY 100,000, ten episodes at the least that a small studio of
# 20 to 30 people said an episode costs it (CNY 10,000); the other currencies by rough conversion, rounded.
LARGE_MINOR: Mapping[str, int] = {
    "CNY": 10_000_000,
    "USD": 1_500_000,
    "EUR": 1_500_000,
    "GBP": 1_200_000,
    "HKD": 11_000_000,
    "TWD": 45_000_000,
    "SGD": 1_900_000,
    "JPY": 2_000_000,
    "KRW": 20_000_000,
}
# A channel is for children when most of its viewers are under 18; no law names a figure.
MINORS_MOST = 0.5
CALM, STEP = 1000, 10
ASKED_FOR = "asked_for"


@dataclass(frozen=True)
class RiskFacts:
    """What is known of a match; None where a figure is not known.

    `amount_minor` is the most that the bid costs in its dearest option, in the currency's smallest unit; intrusiveness
    and `tolerance` are 0-100, `percentile` is 0
    (cheapest) to 100 among `comparables` bids, `over_ceiling` is a ratio (2 is twice the brief's ceiling),
    `shared_people` counts those who are members of both sides; `asked_for`: the brand or the platform wants a person to
    look; `minors`: the share of the audience that is under 18. `told` names
    what the sides themselves have stated: while it is the same, only forecasts have moved.
    """

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
    below_market: bool = False
    shared_people: int = 0
    asked_for: bool = False
    minors: float | None = None
    told: str = ""


@dataclass(frozen=True)
class FiredRisk:
    """A rule that fired: why, the figure and the limit that it passed, in both languages."""

    code: str
    zh: str
    en: str
    figure: float
    limit: float
    asks: bool

    def as_json(self) -> dict[str, Any]:
        """Return the risk as it is stored with the review and shown."""
        return asdict(self)


@dataclass(frozen=True)
class RiskAssessment:
    """Whether a person is needed at all, how soon (lower first), whether two different people must agree, and why."""

    asks: bool
    priority: int
    needs_two: bool
    risks: tuple[FiredRisk, ...]


Passed = tuple[float, float] | None


@dataclass(frozen=True)
class RiskRule:
    """`passed` returns (figure, limit) where it fires. A rule that `asks` needs a person, the others are notes. A
    `counted` figure is a number of things: more is worse."""

    code: str
    passed: Callable[[RiskFacts], Passed]
    weight: int
    asks: bool
    needs_two: bool
    origin: str
    zh: str
    en: str
    counted: bool = False


def _when(condition: bool, figure: float | None, limit: float) -> Passed:
    return (figure, limit) if condition and figure is not None else None


def _severe(facts: RiskFacts) -> Passed:
    return _when(facts.intrusiveness_high >= SEVERE, facts.intrusiveness_high, SEVERE)


def _high(facts: RiskFacts) -> Passed:
    return _when(HIGH <= facts.intrusiveness_high < SEVERE, facts.intrusiveness_high, HIGH)


def _surely_over(facts: RiskFacts) -> Passed:
    return _when(facts.intrusiveness_low > facts.tolerance, facts.intrusiveness_low, facts.tolerance)


def _perhaps_over(facts: RiskFacts) -> Passed:
    perhaps = facts.intrusiveness_low <= facts.tolerance < facts.intrusiveness_high
    return _when(perhaps, facts.intrusiveness_high, facts.tolerance)


def _flags(facts: RiskFacts) -> Passed:
    return _when(bool(facts.snapshot_flags), len(facts.snapshot_flags), 0)


def _large(facts: RiskFacts) -> Passed:
    limit = LARGE_MINOR[facts.currency]
    return _when(facts.amount_minor is not None and facts.amount_minor >= limit, facts.amount_minor, limit)


def _far_from_peers(facts: RiskFacts) -> Passed:
    if facts.percentile is None or PEERS_LOW <= facts.percentile <= PEERS_HIGH:
        return None
    return facts.percentile, PEERS_LOW if facts.percentile < PEERS_LOW else PEERS_HIGH


def _below_market(facts: RiskFacts) -> Passed:
    return _when(facts.below_market, 0, 1)


def _related(facts: RiskFacts) -> Passed:
    return _when(facts.shared_people > 0, facts.shared_people, 0)


def _asked_for(facts: RiskFacts) -> Passed:
    return _when(facts.asked_for, 1, 0)


def _for_children(facts: RiskFacts) -> Passed:
    return _when((facts.minors or 0) > MINORS_MOST, facts.minors, MINORS_MOST)


def _over_ceiling(facts: RiskFacts) -> Passed:
    return _when((facts.over_ceiling or 0) > OVER_CEILING, facts.over_ceiling, OVER_CEILING)


def _no_snapshot(facts: RiskFacts) -> Passed:
    return _when(facts.snapshot_age_days is None, 0, 1)


def _stale(facts: RiskFacts) -> Passed:
    return _when((facts.snapshot_age_days or 0) > STALE_DAYS, facts.snapshot_age_days, STALE_DAYS)


def _missing(facts: RiskFacts) -> Passed:
    return _when(facts.margins_missing > 0, facts.margins_missing, 0)


def _first_time(facts: RiskFacts) -> Passed:
    return _when(facts.first_time, 0, 1)


_BANDS = "house rule, provisional until calibrated: bands of the intrusiveness score from 25, 45 and 65"
_HOUSE = "house rule, provisional until decisions of reviewers can calibrate it"

RULES: tuple[RiskRule, ...] = (
    RiskRule(
        "severe_intrusiveness",
        _severe,
        4,
        True,
        True,
        f"{_BANDS}; whether viewers bear it is a judgement, and it asks both sides, so two people look",
        "侵扰度最高 {figure:.1f}，达到严重档 {limit:.0f}",
        "Intrusiveness up to {figure:.1f}, severe from {limit:.0f}",
    ),
    RiskRule(
        "high_intrusiveness",
        _high,
        2,
        False,
        False,
        f"{_BANDS}; a note, because the brand has set its tolerance for this",
        "侵扰度最高 {figure:.1f}，达到偏高档 {limit:.0f}",
        "Intrusiveness up to {figure:.1f}, high from {limit:.0f}",
    ),
    RiskRule(
        "surely_over_tolerance",
        _surely_over,
        3,
        False,
        False,
        "the brief's own tolerance, against the low end of the score; a note, because a gate keeps such a bid out",
        "侵扰度至少 {figure:.1f}，超过需求容忍度 {limit:.1f}",
        "Intrusiveness at least {figure:.1f}, over the brief's tolerance of {limit:.1f}",
    ),
    RiskRule(
        "over_tolerance",
        _perhaps_over,
        2,
        False,
        False,
        "the brief's own tolerance, against the high end of the score; a note, because the range says so itself",
        "侵扰度最高 {figure:.1f}，可能超过需求容忍度 {limit:.1f}",
        "Intrusiveness up to {figure:.1f}, perhaps over the brief's tolerance of {limit:.1f}",
    ),
    RiskRule(
        "suspicious_figures",
        _flags,
        4,
        True,
        True,
        f"the snapshot's anomaly checks: only a person can look at the account; two people: {_HOUSE}",
        "受众数据有 {figure:.0f} 处可疑：{flags}",
        "{figure:.0f} suspicious figures in the audience data: {flags}",
        counted=True,
    ),
    RiskRule(
        "large_amount",
        _large,
        3,
        True,
        True,
        f"studios' own figures, see LARGE_MINOR: a mistake costs too much to leave it to one reader; {_HOUSE}",
        "金额 {amount} 达到双人复核线 {most}",
        "The amount of {amount} reaches {most}, from which two people look",
    ),
    RiskRule(
        "related_parties",
        _related,
        4,
        True,
        True,
        f"who pays and who is paid may be one person, and a deal with oneself teaches false prices; two: {_HOUSE}",
        "品牌与报价方有 {figure:.0f} 名共同成员",
        "Members of both the brand and the bidder's side: {figure:.0f}",
        counted=True,
    ),
    RiskRule(
        "price_below_market",
        _below_market,
        3,
        True,
        False,
        f"the price's own flag: a slip of the pen, bait, or payment elsewhere, which a person can ask about; {_HOUSE}",
        "报价远低于同类成交价",
        "The price is far below what such placements settle at",
    ),
    RiskRule(
        "for_children",
        _for_children,
        4,
        True,
        False,
        "children cannot tell a placement from a story: product placement in children's programmes is barred in the EU"
        " (Directive 2010/13/EU, art. 11), and what may be advertised to minors in the PRC (Advertising Law, art. 40)",
        "观众中 {figure:.0%} 未满 18 岁：向儿童植入广告受法律限制，须由人工判断",
        "Under 18 are {figure:.0%} of the viewers: the law limits placements before children, so a person decides",
    ),
    RiskRule(
        ASKED_FOR,
        _asked_for,
        2,
        True,
        False,
        "whoever pays, or answers for the market, may have a person look at what a rule let pass",
        "品牌或平台要求人工查看",
        "The brand or the platform wants a person to look",
    ),
    RiskRule(
        "price_far_from_peers",
        _far_from_peers,
        2,
        False,
        False,
        "outside the 5th to 95th percentile; a note, because a tenth of any brief's bids lies there",
        "千人成本高于 {facts.comparables} 个可比报价中的 {figure:.0f}%",
        "Cost per thousand is higher than that of {figure:.0f}% of {facts.comparables} comparable bids",
    ),
    RiskRule(
        "far_over_ceiling",
        _over_ceiling,
        2,
        False,
        False,
        "more than twice the ceiling; a note, because the ceiling keeps such a bid out",
        "千人成本是上限的 {figure:.2f} 倍",
        "Cost per thousand is {figure:.2f} times the ceiling",
    ),
    RiskRule(
        "no_audience_data",
        _no_snapshot,
        2,
        False,
        False,
        "without a snapshot every audience figure is the prior's; a note, because a gate keeps such a bid out",
        "没有受众快照",
        "There is no audience snapshot",
    ),
    RiskRule(
        "stale_data",
        _stale,
        1,
        False,
        False,
        "a quarter; a note, because a person knows no fresher figures, and the ranking gives the date",
        "受众快照已有 {figure:.0f} 天，超过 {limit:.0f} 天",
        "The audience snapshot is {figure:.0f} days old, more than {limit:.0f}",
    ),
    RiskRule(
        "missing_margins",
        _missing,
        1,
        False,
        False,
        "what is missing is filled in from the prior; a note, because the interval of people is wider for it",
        "缺少 {figure:.0f} 项受众分布",
        "{figure:.0f} audience lists are missing",
        counted=True,
    ),
    RiskRule(
        "first_time",
        _first_time,
        1,
        False,
        False,
        "nothing is known of how this party delivers; a note, because in a young market that is nearly everybody",
        "该主体尚无成交记录",
        "This party has no accepted bid yet",
    ),
)
CODES = tuple(rule.code for rule in RULES)
_COUNTED = frozenset(rule.code for rule in RULES if rule.counted)


def _fired(rule: RiskRule, facts: RiskFacts, figure: float, limit: float) -> FiredRisk:
    values = {
        "figure": figure,
        "limit": limit,
        "facts": facts,
        "flags": ", ".join(facts.snapshot_flags),
        "amount": Money(facts.currency, round(facts.amount_minor or 0)).show(),
        "most": Money(facts.currency, LARGE_MINOR[facts.currency]).show(),
    }
    return FiredRisk(rule.code, rule.zh.format(**values), rule.en.format(**values), figure, limit, rule.asks)


def assess(facts: RiskFacts) -> RiskAssessment:
    """Run every rule. More or worse facts never take the person away, make a review less urgent or need fewer people.

    The priority falls from 1000 by ten for each unit of weight.
    """
    fired = [(rule, passed) for rule in RULES if (passed := rule.passed(facts)) is not None]
    return RiskAssessment(
        asks=any(rule.asks for rule, _ in fired),
        priority=CALM - STEP * sum(rule.weight for rule, _ in fired),
        needs_two=any(rule.needs_two for rule, _ in fired),
        risks=tuple(_fired(rule, facts, *passed) for rule, passed in fired),
    )


def got_worse(then: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether there is a risk that asks for a person and was not there then, or that counts more things now.

    Other figures may drift (a snapshot ages by a day, a score moves by a tenth) without anything new to decide, and no
    note calls a person back.
    """
    before = {risk["code"]: risk["figure"] for risk in then}
    return any(
        risk["asks"]
        and (risk["code"] not in before or (risk["code"] in _COUNTED and risk["figure"] > before[risk["code"]]))
        for risk in now
    )
