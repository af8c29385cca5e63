"""The intrusiveness of a timeline, 0..100: a range for a plan of intervals, with reasons and what would lower it."""

from dataclasses import dataclass

from marketplace.core.message import Message
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import (
    ENDS,
    ExposureSpan,
    Numbers,
    at_fit,
    measure_spans,
    points,
    raw_of_spans,
    raw_without,
    spans,
)
from marketplace.intrusiveness.messages import explain, exposure, number, outcome, share
from marketplace.intrusiveness.overlaps import End
from marketplace.intrusiveness.plan_changes import PlanChange, changes, drivers
from marketplace.intrusiveness.timeline import Timeline


@dataclass(frozen=True)
class FactorScore:
    """One factor: its points from low to high; ``point`` are those of the plan of midpoints."""

    code: str
    low: float
    high: float
    point: float


@dataclass(frozen=True)
class ExposureScore:
    """One exposure of the plan of midpoints: the score it would have alone, and what leaving it out would save.

    ``index``: its position among the timeline's exposures. ``alone`` and ``marginal``: points.
    """

    index: int
    alone: float
    marginal: float
    zh: str
    en: str


@dataclass(frozen=True)
class WhatIf:
    """A change of the plan, and the score (points) of the plan that results."""

    change: PlanChange
    zh: str
    en: str
    score_low: float
    score_high: float


@dataclass(frozen=True, kw_only=True)
class FactorReason(Message):
    """Why a factor gives points (``low`` to ``high``), with its evidence and the best change found."""

    low: float
    high: float
    evidence: str
    what_if: WhatIf | None


@dataclass(frozen=True, kw_only=True)
class PlanVeto(Message):
    """Something to fix whatever the score is; ``certain`` is false if only a part of the range calls for it."""

    certain: bool


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


@dataclass(frozen=True)
class _FactorRange:
    """One factor of a plan: its measure in natural units and its points, each from low to high."""

    code: str
    measure: tuple[float, float]
    points: tuple[float, float]
    point: float


def score_plan(
    timeline: Timeline,
    fit: float,
    *,
    buying_link: bool | None = None,
    disclosed: bool | None = None,
    for_children: bool | None = None,
    what_ifs: bool = True,
) -> PlanScore:
    """Score a timeline for a channel whose fit with the brief is 0..1 (NaN: unknown, relieves nothing).

    Disclosure raises a flag and never enters the score. Formula: constants.FACTORS and constants.TABLE.
    """
    some = {end: spans(timeline, end) for end in ENDS}
    mid_spans = some["mid"]
    low, mid, high = (points(raw_of_spans(timeline, some[end], end), fit) for end in ENDS)
    measured_low, measured_high = (
        _measures(timeline, some["low"], "low", fit),
        _measures(timeline, some["high"], "high", fit),
    )
    total = (sum(low), sum(high))
    ranges = [
        _FactorRange(code, (measured_low[index], measured_high[index]), (low[index], high[index]), mid[index])
        for index, code in enumerate(constants.CODES)
        if high[index] > 0
    ]
    # A plan whose exposures last no time at the midpoints is explained by those of its high end.
    explained = mid_spans or some["high"]
    return PlanScore(
        low=total[0],
        high=total[1],
        point=sum(mid),
        band=band(sum(mid)),
        fit=fit,
        factors=tuple(map(FactorScore, constants.CODES, low, high, mid)),
        exposures=_exposure_scores(timeline, fit, mid_spans, sum(mid)),
        reasons=tuple(
            _reason(factor, timeline, fit, explained, total, what_ifs)
            for factor in sorted(ranges, key=lambda factor: -factor.point)
        ),
        vetoes=tuple(vetoes(timeline, buying_link=buying_link, disclosed=disclosed, for_children=for_children)),
        model_version=constants.MODEL_VERSION,
    )


def score_range(timeline: Timeline, fit: float) -> tuple[float, float]:
    """Return the low and high score alone (see ``score_plan``)."""
    low, high = (_total(timeline, spans(timeline, end), end, fit) for end in ENDS[::2])
    return low, high


def _total(timeline: Timeline, some: list[ExposureSpan], end: End, fit: float) -> float:
    return sum(points(raw_of_spans(timeline, some, end), fit))


def _measures(timeline: Timeline, some: list[ExposureSpan], end: End, fit: float) -> Numbers:
    """Return the measures in natural units, as far as the fit eases them."""
    none, full = (measure_spans(timeline, some, end, extreme) for extreme in (0.0, 1.0))
    return at_fit((*none, *full), fit)


def band(score: float) -> str:
    """Return low, moderate, high or severe. Provisional until calibrated on outcomes."""
    return next(name for name, least in constants.BANDS if score >= least)


def _exposure_scores(
    timeline: Timeline, fit: float, mid_spans: list[ExposureSpan], total: float
) -> tuple[ExposureScore, ...]:
    """Score each exposure of the plan of midpoints alone, and the plan without it."""

    scores = []
    for span, without in zip(mid_spans, raw_without(timeline, mid_spans), strict=True):
        # Leaving an exposure out never raises the score: a saving below zero is a rounding error.
        alone, marginal = _total(timeline, [span], "mid", fit), max(0.0, total - sum(points(without, fit)))
        text = exposure(timeline.exposures[span.exposure_index].kind, span.earliest, span.seconds, alone, marginal)
        scores.append(ExposureScore(span.exposure_index, alone, marginal, text.zh, text.en))
    return tuple(scores)


def _reason(
    factor: _FactorRange,
    timeline: Timeline,
    fit: float,
    explained: list[ExposureSpan],
    total: tuple[float, float],
    what_ifs: bool,
) -> FactorReason:
    low, high = factor.points
    driving = drivers(factor.code, explained, timeline.duration_s, fit)
    text = explain(factor.code, factor.measure, factor.points, timeline.duration_s, driving)
    wanted = what_ifs and high > constants.REASON_LEAST
    return FactorReason(
        factor.code,
        text.zh,
        text.en,
        low=low,
        high=high,
        evidence=constants.FACTORS[constants.CODES.index(factor.code)].evidence,
        what_if=_best_change(factor.code, timeline, fit, explained, driving, total) if wanted else None,
    )


def _best_change(
    code: str,
    timeline: Timeline,
    fit: float,
    explained: list[ExposureSpan],
    driving: list[ExposureSpan],
    before: tuple[float, float],
) -> WhatIf | None:
    """Return the mildest change that saves at least MILD_ENOUGH of what the strongest saves, or None if none saves
    REASON_LEAST. A saving is the fall of the range's middle, in points."""
    scored = [(change, score_range(change.plan, fit)) for change in changes(code, timeline, driving, explained)]
    savings = [(sum(before) - sum(after)) / 2 for _, after in scored]
    largest = max(savings, default=0.0)
    if largest < constants.REASON_LEAST:
        return None
    # Changes come the mildest first.
    change, after = next(
        pair for pair, saving in zip(scored, savings, strict=True) if saving >= constants.MILD_ENOUGH * largest
    )
    text = outcome(change.zh, change.en, before, after)
    return WhatIf(change, text.zh, text.en, *after)


def vetoes(
    timeline: Timeline, *, buying_link: bool | None, disclosed: bool | None, for_children: bool | None = None
) -> list[PlanVeto]:
    """Return what must be fixed, or decided by a person, whatever the score is.

    Sources: for undisclosed buying links China's 2023 Internet advertising measures; for children the EU's Directive
    2010/13/EU, art. 11, and the PRC's Advertising Law, art. 40; for faces, subtitles and loudness constants.TABLE.
    """
    flags = []
    if buying_link and disclosed is False:
        flags.append(
            PlanVeto(
                "undisclosed_buying_link",
                "带购买链接的体验或测评内容必须显著标明“广告”。",
                "Experience or review content with a buying link must be marked 广告 prominently.",
                certain=True,
            )
        )
    if not timeline.exposures:
        return flags
    if for_children:
        flags.append(
            PlanVeto(
                "for_children",
                "面向儿童的账号：植入广告受法律限制，须由人工判断。",
                "A channel for children: the law limits placements before them, so a person decides.",
                certain=True,
            )
        )
    covered, loudness = timeline.occlusion_share, timeline.loudness_lu
    if covered.high > constants.VETO_OCCLUSION:
        part, most = share(covered.low, covered.high), share(constants.VETO_OCCLUSION, constants.VETO_OCCLUSION)
        flags.append(
            PlanVeto(
                "covers_face_or_subtitle",
                f"露出时间里有 {part} 遮挡人脸或字幕，超过 {most}。",
                f"{part} of brand time covers a face or a subtitle, more than {most}.",
                certain=covered.low > constants.VETO_OCCLUSION,
            )
        )
    if loudness.high > constants.VETO_LOUDNESS_LU:
        loud, most = number(loudness.high), number(constants.VETO_LOUDNESS_LU)
        certain = loudness.low > constants.VETO_LOUDNESS_LU
        flags.append(
            PlanVeto(
                "too_loud",
                f"广告段{'' if certain else '可能'}比其余部分响 {loud} LU，超过 {most} LU。",
                f"The placement {'is' if certain else 'may be'} {loud} LU louder than the rest, more than {most} LU.",
                certain=certain,
            )
        )
    return flags


def as_dict(score: PlanScore) -> dict[str, object]:
    """Return the score as JSON data, points with two decimals. The plan that a change leads to is left out."""
    return {
        "model_version": score.model_version,
        "score": {"low": _rounded(score.low), "high": _rounded(score.high), "point": _rounded(score.point)},
        "band": score.band,
        "factors": [
            {
                "code": factor.code,
                "low": _rounded(factor.low),
                "high": _rounded(factor.high),
                "point": _rounded(factor.point),
            }
            for factor in score.factors
        ],
        "exposures": [
            {
                "index": row.index,
                "alone": _rounded(row.alone),
                "marginal": _rounded(row.marginal),
                "zh": row.zh,
                "en": row.en,
            }
            for row in score.exposures
        ],
        "reasons": [_reason_dict(reason) for reason in score.reasons],
        "vetoes": [{"code": veto.code, "certain": veto.certain, "zh": veto.zh, "en": veto.en} for veto in score.vetoes],
    }


def _rounded(points: float) -> float:
    return round(points, 2)


def _reason_dict(reason: FactorReason) -> dict[str, object]:
    what_if: dict[str, object] | None = None
    if reason.what_if is not None:
        change = reason.what_if.change
        what_if = {
            "zh": reason.what_if.zh,
            "en": reason.what_if.en,
            "change": {"action": change.action, "exposures": list(change.exposures), "value": change.value},
            "score_after": {
                "low": _rounded(reason.what_if.score_low),
                "high": _rounded(reason.what_if.score_high),
            },
        }
    return {
        "code": reason.code,
        "points": {"low": _rounded(reason.low), "high": _rounded(reason.high)},
        "zh": reason.zh,
        "en": reason.en,
        "evidence": reason.evidence,
        "what_if": what_if,
    }
