"""The intrusiveness of a timeline, 0..100: a range for a plan of intervals, with reasons and what would lower it."""

from dataclasses import dataclass

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness import factors as f
from marketplace.intrusiveness.messages import explain, exposure, number, outcome, share
from marketplace.intrusiveness.plan_changes import PlanChange, changes, drivers
from marketplace.intrusiveness.timeline import Timeline


@dataclass(frozen=True)
class FactorScore:
    """One factor: raw values 0..1 before relief, and points after it; ``point`` is that of the plan of midpoints."""

    code: str
    raw_low: float
    raw_high: float
    low: float
    high: float
    point: float


@dataclass(frozen=True)
class ExposureScore:
    """One exposure of the plan of midpoints: the score it would have alone, and what leaving it out would save."""

    index: int
    alone: float
    marginal: float
    zh: str
    en: str


@dataclass(frozen=True)
class WhatIf:
    """A change of the plan and the score it would really have."""

    change: PlanChange
    zh: str
    en: str
    score_low: float
    score_high: float


@dataclass(frozen=True)
class FactorReason:
    """Why a factor gives points (range), in both languages, with its evidence and the best change found."""

    code: str
    low: float
    high: float
    zh: str
    en: str
    evidence: str
    what_if: WhatIf | None


@dataclass(frozen=True)
class PlanVeto:
    """Something that must be mended whatever the score; ``certain`` is false where only part of the range does it."""

    code: str
    certain: bool
    zh: str
    en: str


@dataclass(frozen=True)
class PlanScore:
    """The score 0..100 (higher disturbs more): range, plan of midpoints and its band, and what it is made of.

    Every plan inside the intervals scores inside ``low``..``high``. The bands are provisional.
    """

    low: float
    high: float
    point: float
    band: str
    fit: float
    factors: tuple[FactorScore, ...]
    exposures: tuple[ExposureScore, ...]
    reasons: tuple[FactorReason, ...]
    vetoes: tuple[PlanVeto, ...]
    model_version: str


def score_plan(
    timeline: Timeline,
    fit: float,
    *,
    buying_link: bool | None = None,
    disclosed: bool | None = None,
    what_ifs: bool = True,
) -> PlanScore:
    """Score a timeline for a channel that the brief fits by 0..1 (NaN: not known, relieves nothing).

    Disclosure raises a flag and never enters the score. Formula: constants.FACTORS and constants.TABLE.
    """
    length = timeline.duration_s
    found = f.spans(timeline, "mid")
    measured = {end: f.measure(timeline, end) for end in ("low", "high")}
    raw_low, raw_high = (f.to_factors(measured[end], length) for end in ("low", "high"))
    low, high = f.points(raw_low, fit), f.points(raw_high, fit)
    point = f.points(f.to_factors(f.measure_spans(timeline, found, "mid"), length), fit)
    total = (sum(low), sum(high))
    gained = [
        (code, (measured["low"][at], measured["high"][at]), (low[at], high[at]), point[at])
        for at, code in enumerate(c.CODES)
        if high[at] > 0
    ]
    reasons = []
    for code, measure, worth, _ in sorted(gained, key=lambda one: -one[3]):
        shown = found or f.spans(timeline, "high")
        who = drivers(code, shown, length)
        zh, en = explain(code, measure, worth, length, who)
        best = _best(code, timeline, fit, who, total) if what_ifs and worth[1] > c.REASON_LEAST else None
        evidence = c.FACTORS[c.CODES.index(code)].evidence
        reasons.append(FactorReason(code, *worth, zh, en, evidence, best))
    return PlanScore(
        low=total[0],
        high=total[1],
        point=sum(point),
        band=band(sum(point)),
        fit=fit,
        factors=tuple(map(FactorScore, c.CODES, raw_low, raw_high, low, high, point)),
        exposures=_exposures(timeline, fit, found, sum(point)),
        reasons=tuple(reasons),
        vetoes=tuple(vetoes(timeline, buying_link=buying_link, disclosed=disclosed)),
        model_version=c.MODEL_VERSION,
    )


def score_range(timeline: Timeline, fit: float) -> tuple[float, float]:
    """Return the low and high score alone (see ``score_plan``)."""
    length = timeline.duration_s
    low, high = (sum(f.points(f.to_factors(f.measure(timeline, end), length), fit)) for end in ("low", "high"))
    return low, high


def band(score: float) -> str:
    """Return low, moderate, high or severe. Provisional until calibrated on outcomes."""
    return next(name for name, least in c.BANDS if score >= least)


def _exposures(timeline: Timeline, fit: float, found: list[f.ExposureSpan], total: float) -> tuple[ExposureScore, ...]:
    """Score each exposure of the plan of midpoints alone, and the plan without it."""

    def of(some: list[f.ExposureSpan]) -> float:
        return sum(f.points(f.to_factors(f.measure_spans(timeline, some, "mid"), timeline.duration_s), fit))

    told = []
    for at, one in enumerate(found):
        # Leaving one out never raises the score; what rounding leaves below zero is none.
        alone, marginal = of([one]), max(0.0, total - of(found[:at] + found[at + 1 :]))
        said = exposure(timeline.exposures[one.place].kind, one.first, one.seconds, alone, marginal)
        told.append(ExposureScore(one.place, alone, marginal, *said))
    return tuple(told)


def _best(
    code: str, timeline: Timeline, fit: float, who: list[f.ExposureSpan], before: tuple[float, float]
) -> WhatIf | None:
    """Return the mildest change that saves much of what the strongest saves, or none where no change saves anything;
    what is saved is the fall of the range's middle."""
    tried = [(change, score_range(change.plan, fit)) for change in changes(code, timeline, who)]
    saved = [(sum(before) - sum(after)) / 2 for _, after in tried]
    most = max(saved, default=0.0)
    if most < c.REASON_LEAST:
        return None
    change, (low, high) = next(one for one, saves in zip(tried, saved, strict=True) if saves >= c.MILD_ENOUGH * most)
    zh, en = outcome(change.zh, change.en, before, (low, high))
    return WhatIf(change, zh, en, low, high)


def vetoes(timeline: Timeline, *, buying_link: bool | None, disclosed: bool | None) -> list[PlanVeto]:
    """Return what must be mended whatever the score. Undisclosed buying links: China's 2023 Internet advertising
    measures; faces, subtitles and loudness: constants.TABLE."""
    flags = []
    if buying_link and disclosed is False:
        flags.append(
            PlanVeto(
                "undisclosed_buying_link",
                True,
                "带购买链接的体验或测评内容必须显著标明“广告”。",
                "Experience or review content with a buying link must be marked 广告 prominently.",
            )
        )
    if not timeline.exposures:
        return flags
    covered, loud = timeline.occlusion_share, timeline.loudness_lu
    if covered.high > c.VETO_OCCLUSION:
        told, most = share(covered.low, covered.high), share(c.VETO_OCCLUSION, c.VETO_OCCLUSION)
        flags.append(
            PlanVeto(
                "covers_face_or_subtitle",
                covered.low > c.VETO_OCCLUSION,
                f"露出时间里有 {told} 遮挡人脸或字幕，超过 {most}。",
                f"{told} of brand time covers a face or a subtitle, more than {most}.",
            )
        )
    if loud.high > c.VETO_LOUDNESS_LU:
        told, most, certain = number(loud.high), number(c.VETO_LOUDNESS_LU), loud.low > c.VETO_LOUDNESS_LU
        flags.append(
            PlanVeto(
                "too_loud",
                certain,
                f"广告段{'' if certain else '可能'}比其余部分响 {told} LU，超过 {most} LU。",
                f"The placement {'is' if certain else 'may be'} {told} LU louder than the rest, more than {most} LU.",
            )
        )
    return flags


def as_dict(score: PlanScore) -> dict[str, object]:
    """Return the score as JSON data; points with two decimals. A change's resulting plan is left out."""

    def rounded(value: float) -> float:
        return round(value, 2)

    return {
        "model_version": score.model_version,
        "score": {"low": rounded(score.low), "high": rounded(score.high), "point": rounded(score.point)},
        "band": score.band,
        "factors": [
            {"code": one.code, "low": rounded(one.low), "high": rounded(one.high), "point": rounded(one.point)}
            for one in score.factors
        ],
        "exposures": [
            {
                "index": one.index,
                "alone": rounded(one.alone),
                "marginal": rounded(one.marginal),
                "zh": one.zh,
                "en": one.en,
            }
            for one in score.exposures
        ],
        "reasons": [_reason_dict(one) for one in score.reasons],
        "vetoes": [{"code": one.code, "certain": one.certain, "zh": one.zh, "en": one.en} for one in score.vetoes],
    }


def _reason_dict(one: FactorReason) -> dict[str, object]:
    what_if: dict[str, object] | None = None
    if one.what_if is not None:
        change = one.what_if.change
        what_if = {
            "zh": one.what_if.zh,
            "en": one.what_if.en,
            "change": {"action": change.action, "exposures": list(change.exposures), "value": change.value},
            "score_after": {"low": round(one.what_if.score_low, 2), "high": round(one.what_if.score_high, 2)},
        }
    return {
        "code": one.code,
        "points": {"low": round(one.low, 2), "high": round(one.high, 2)},
        "zh": one.zh,
        "en": one.en,
        "evidence": one.evidence,
        "what_if": what_if,
    }
