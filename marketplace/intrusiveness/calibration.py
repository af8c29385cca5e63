"""Compares the score with what happened: how well it predicts backlash, and what the data would change about it.

A row is one published video: the nine factors after relief (0..1 each), its creator, and whether it met backlash. The
model has to be monotone, because the explanations of the score are:

    logit p = a + u_creator + sum of b_k f_k,  b_k >= 0,

b is shrunk towards s times the points that the table gives each factor (s is fitted first, so that the table's own
proportions are the prior), u towards 0. An isotonic map then turns the score into a probability (pool adjacent
violators). Every figure is measured on creators that the model has not seen. Without enough evidence nothing changes:
ten to twenty events for each factor (Peduzzi et al., Journal of Clinical Epidemiology 49, 1996) make 150 for the
weights; the map alone needs 40.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import ToldError
from marketplace.intrusiveness import constants

if TYPE_CHECKING:
    from scipy import optimize, special, stats
else:
    optimize = lazy_module("scipy.optimize")
    special = lazy_module("scipy.special")
    stats = lazy_module("scipy.stats")

CALIBRATION_VERSION = "calibration/1"
EVENTS_FOR_MAP, EVENTS_FOR_WEIGHTS, CREATORS_LEAST = 40, 150, 20
FOLDS, BINS, RESAMPLES, SEED = 5, 10, 400, 20261123
# The strength of the prior: a factor whose weight is off by the prior's own costs PRIOR_NATS; creators' intercepts have
# the SD CREATOR_SD.
PRIOR_NATS, CREATOR_SD = 10.0, 0.5
# The chances of backlash at which the bands moderate, high and severe begin.
BAND_CHANCES = (0.10, 0.25, 0.50)
_LOAD = constants.CODES.index("time")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class TooFewRows(ToldError):
    """The rows allow no judgement: there is only one outcome, or there are too few creators to hold some out."""


@dataclass(frozen=True, eq=False)
class OutcomeRows:
    """n videos: factors after relief [n, 9], creators as numbers [n], and whether each met backlash [n]."""

    factors: Floats
    creators: Ints
    backlash: Bools

    def __len__(self) -> int:
        return len(self.backlash)

    def some(self, members: Bools) -> "OutcomeRows":
        return OutcomeRows(self.factors[members], self.creators[members], self.backlash[members])


@dataclass(frozen=True)
class HeldOutFigures:
    """How well held-out videos were predicted: area under the ROC curve, Brier score, and the mean distance between
    chance and frequency over ten bins of equal counts."""

    auc: float
    brier: float
    calibration_error: float


@dataclass(frozen=True)
class ScoreCalibration:
    """What the rows say about the score.

    ``decision``: what may change, "nothing", "map" or "weights", and ``why``. ``weights``: points of each factor by the
    data. ``steps``: scores (by the weights in force) and the chance of backlash from each on. ``bands``: the scores at
    which chances of 10, 25 and 50 % begin (None: not reached). Then the figures of the table's weights, of the fitted
    ones and of the ad time alone, and the AUC that the table gains over the ad time, with its 90 % ends.
    """

    rows: int
    events: int
    creators: int
    decision: str
    why_zh: str
    why_en: str
    weights: dict[str, float]
    steps: tuple[tuple[float, float], ...]
    bands: tuple[float | None, ...]
    table: HeldOutFigures
    fitted: HeldOutFigures
    load_alone: HeldOutFigures
    gain: float
    gain_low: float
    gain_high: float
    version: str = CALIBRATION_VERSION


def calibrate(rows: OutcomeRows) -> ScoreCalibration:
    """Return what the rows say about the score. Raises TooFewRows."""
    events, creators = int(rows.backlash.sum()), len(np.unique(rows.creators))
    if not 0 < events < len(rows) or creators < FOLDS:
        raise TooFewRows(
            f"{creators} 位创作者的 {len(rows)} 个视频中有 {events} 个遭遇反弹："
            f"两种结果都要有，创作者至少 {FOLDS} 位。",
            f"There are {events} videos with backlash among {len(rows)} of {creators} creators: both outcomes and at"
            f" least {FOLDS} creators are needed.",
        )
    points = np.array(constants.POINTS)
    chances = {
        "table": _held_out(rows, lambda _: points),
        "fitted": _held_out(rows, fit_weights),
        "load": _held_out(rows, lambda _: np.where(np.arange(len(points)) == _LOAD, 100.0, 0.0)),
    }
    table, fitted, load = (figures(chance, rows.backlash) for chance in chances.values())
    # A difference counts only if it would hold with other creators.
    better, _ = _ends(_brier_saved, chances["fitted"], chances["table"], rows)
    decision, why_zh, why_en = _decide(events, creators, table, fitted, better > 0)
    weights = fit_weights(rows)
    steps = _steps(rows, weights if decision == "weights" else points)
    low, high = _ends(_auc_gained, chances["table"], chances["load"], rows)
    return ScoreCalibration(
        rows=len(rows),
        events=events,
        creators=creators,
        decision=decision,
        why_zh=why_zh,
        why_en=why_en,
        weights=dict(zip(constants.CODES, np.round(weights, 2).tolist(), strict=True)),
        steps=steps,
        bands=tuple(next((score for score, chance in steps if chance >= least), None) for least in BAND_CHANCES),
        table=table,
        fitted=fitted,
        load_alone=load,
        gain=table.auc - load.auc,
        gain_low=low,
        gain_high=high,
    )


def _decide(
    events: int, creators: int, table: HeldOutFigures, fitted: HeldOutFigures, better: bool
) -> tuple[str, str, str]:
    if events < EVENTS_FOR_MAP or creators < CREATORS_LEAST:
        return (
            "nothing",
            f"反感样本 {events} 个、创作者 {creators} 位；调整阈值至少需要 {EVENTS_FOR_MAP} 个和 {CREATORS_LEAST} 位，"
            "因此保持不变。",
            f"{events} videos with backlash of {creators} creators: thresholds need {EVENTS_FOR_MAP} and"
            f" {CREATORS_LEAST}; nothing changes.",
        )
    if events < EVENTS_FOR_WEIGHTS:
        return (
            "map",
            f"反感样本 {events} 个，可调整阈值；调整权重需要 {EVENTS_FOR_WEIGHTS} 个。",
            f"{events} videos with backlash: enough for thresholds; weights need {EVENTS_FOR_WEIGHTS}.",
        )
    if not better:
        return (
            "map",
            "在未见过的创作者上，新权重并不明显比现有权重准（Brier 差的 90% 区间含 0），只调整阈值。",
            "On creators that were held out the fitted weights are not surely better than the table's (the 90 %"
            " interval of the Brier scores' difference holds 0): thresholds alone.",
        )
    return (
        "weights",
        f"反感样本 {events} 个；在未见过的创作者上，新权重更准（Brier {fitted.brier:.4f} < {table.brier:.4f}）。",
        f"{events} videos with backlash; on creators that were held out the fitted weights foretell better (Brier"
        f" {fitted.brier:.4f} < {table.brier:.4f}).",
    )


def fit_weights(rows: OutcomeRows) -> Floats:
    """Return the points of each factor [10], none below zero, 100 in all: the table's, changed as far as the rows
    support it."""
    prior = np.array(constants.POINTS)
    _, creators = np.unique(rows.creators, return_inverse=True)
    slope = _scale(rows.factors @ prior, rows.backlash)
    outcome, count = rows.backlash.astype(np.float64), int(creators.max(initial=0)) + 1

    def loss(values: Floats) -> tuple[float, Floats]:
        # A weight of 1 is the table's.
        intercept, ratio, intercepts = values[0], values[1 : 1 + len(prior)], values[1 + len(prior) :]
        logits = intercept + intercepts[creators] + rows.factors @ (slope * prior * ratio)
        chance = special.expit(logits)
        nats = float(np.sum(np.logaddexp(0.0, logits) - outcome * logits))
        nats += PRIOR_NATS * float(np.sum((ratio - 1) ** 2)) + float(np.sum(intercepts**2)) / (2 * CREATOR_SD**2)
        residuals = chance - outcome
        gradient = [
            [float(np.sum(residuals))],
            (residuals @ rows.factors) * slope * prior + 2 * PRIOR_NATS * (ratio - 1),
            np.bincount(creators, residuals, count) + intercepts / CREATOR_SD**2,
        ]
        return nats, np.concatenate(gradient)

    start = np.concatenate([[_logit(outcome.mean())], np.ones(len(prior)), np.zeros(count)])
    bounds = [(None, None), *[(0.0, None)] * len(prior), *[(None, None)] * count]
    fit = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    weights: Floats = prior * np.maximum(fit.x[1 : 1 + len(prior)], 0.0)
    total = float(weights.sum())
    return 100 * weights / total if total > 0 else prior


def _scale(scores: Floats, backlash: Bools) -> float:
    """Return how much the logit rises with a point of the score; at least 0.001, so that it never falls."""
    outcome = backlash.astype(np.float64)

    def loss(values: Floats) -> float:
        intercept, slope = values.tolist()
        logits = intercept + slope * scores
        return float(np.sum(np.logaddexp(0.0, logits) - outcome * logits)) + 0.5 * float(slope / 0.1) ** 2

    fit = optimize.minimize(
        loss, [_logit(outcome.mean()), 0.03], method="L-BFGS-B", bounds=[(None, None), (1e-3, None)]
    )
    return float(fit.x.tolist()[1])


def _logit(share: float) -> float:
    inside = min(max(share, 1e-3), 1 - 1e-3)
    return float(np.log(inside / (1 - inside)))


def _held_out(rows: OutcomeRows, weigh: Callable[[OutcomeRows], Floats]) -> Floats:
    """Return chances [n], each from weights and a map that were fitted without the video's creator."""
    distinct, creator_index = np.unique(rows.creators, return_inverse=True)
    fold_of_creator = np.random.default_rng(SEED).permutation(len(distinct)) % FOLDS
    folds, chances = fold_of_creator[creator_index], np.empty(len(rows))
    for fold in range(FOLDS):
        training = rows.some(folds != fold)
        weights = weigh(training)
        steps = _steps(training, weights)
        chances[folds == fold] = chance_of(rows.factors[folds == fold] @ weights, steps)
    return chances


def _steps(rows: OutcomeRows, weights: Floats) -> tuple[tuple[float, float], ...]:
    """Return ascending scores and the chance of backlash from each on.

    One made-up video at each end, with the mean chance, keeps chances away from 0 and 1.
    """
    scores = rows.factors @ weights
    order = np.argsort(scores, kind="stable")
    values, share = scores[order], rows.backlash.mean()
    outcome = rows.backlash[order].astype(np.float64)
    smoothed = optimize.isotonic_regression(np.concatenate([[share], outcome, [share]])).x[1:-1]
    step_starts = np.flatnonzero(np.diff(smoothed, prepend=-1.0) > 1e-12)
    return tuple((round(float(values[at]), 3), round(float(smoothed[at]), 6)) for at in step_starts.tolist())


def chance_of(scores: Floats, steps: tuple[tuple[float, float], ...]) -> Floats:
    """Return the chance of backlash [n] at scores, by the map: straight between its steps, level beyond them."""
    thresholds, chances = np.array(steps).T
    interpolated: Floats = np.interp(scores, thresholds, chances)
    return interpolated


def figures(chances: Floats, backlash: Bools) -> HeldOutFigures:
    """Return how well chances [n] predict outcomes [n]."""
    return HeldOutFigures(auc(chances, backlash), float(np.mean((chances - backlash) ** 2)), _error(chances, backlash))


def auc(chances: Floats, backlash: Bools) -> float:
    """Return how often a video with backlash has the higher chance of two (ties count half: Mann and Whitney, 1947)."""
    events, others = int(backlash.sum()), int((~backlash).sum())
    ranks = stats.rankdata(chances)
    return float((ranks[backlash].sum() - events * (events + 1) / 2) / (events * others))


def _error(chances: Floats, backlash: Bools) -> float:
    parts = np.array_split(np.argsort(chances, kind="stable"), min(BINS, len(chances)))
    return float(sum(abs(chances[part].mean() - backlash[part].mean()) * len(part) for part in parts) / len(chances))


def _auc_gained(ours: Floats, theirs: Floats, backlash: Bools) -> float:
    return auc(ours, backlash) - auc(theirs, backlash)


def _brier_saved(ours: Floats, theirs: Floats, backlash: Bools) -> float:
    return float(np.mean((theirs - backlash) ** 2 - (ours - backlash) ** 2))


def _ends(
    gain: Callable[[Floats, Floats, Bools], float], ours: Floats, theirs: Floats, rows: OutcomeRows
) -> tuple[float, float]:
    """Return the 90 % ends of a gain, by resampling creators (Efron, Annals of Statistics 7, 1979)."""
    rng = np.random.default_rng(SEED)
    _, creator_index = np.unique(rows.creators, return_inverse=True)
    rows_of_creator = [np.flatnonzero(creator_index == number) for number in range(int(creator_index.max()) + 1)]
    gains = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate(
            [rows_of_creator[number] for number in rng.integers(0, len(rows_of_creator), len(rows_of_creator))]
        )
        backlash = rows.backlash[drawn]
        if 0 < backlash.sum() < len(backlash):
            gains.append(gain(ours[drawn], theirs[drawn], backlash))
    low, high = np.quantile(gains, [0.05, 0.95]) if gains else (np.nan, np.nan)
    return float(low), float(high)
