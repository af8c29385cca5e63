"""`python -m benchmarks.quality.reach_backtest [--videos FILE] [--setting NAME] [--seed N]`: view forecasts against what came.

FILE is JSON lines: {"creator", "followers", "vertical", "platform_forecast", "videos": [{"published_at", "views"}, ...]}.
Of each creator the newest video is held out and forecast from the older ones; both must be three days old at the crawl
(`--crawled-at`, else the newest date in the file). Nothing is fitted with what is judged: pools and blend come from
creators of other folds, and the conformal quantiles from the misses of all creators but the one judged.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import histories as made_up
from benchmarks.quality.video_lines import BadLines, Creator, moment, read
from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.forecast import market_fit, pool, pool_fit, view_forecast
from marketplace.matching.forecast import platform_blend as platforms
from marketplace.matching.forecast.pool import ViewHistories
from marketplace.matching.forecast.signals import CENTRE, SPREAD

TAUS = np.array(view_forecast.CALIBRATION_TAUS)
MIDDLE, LOW, HIGH = (
    view_forecast.CALIBRATION_TAUS.index(tau) for tau in (view_forecast.MIDDLE, view_forecast.LOW, view_forecast.HIGH)
)
TIERS = ("under_30k", "30k_to_100k", "100k_to_500k", "from_500k")
COEFFICIENTS = len(CENTRE) + len(SPREAD)
FOLDS, BASELINE_VIDEOS, DAY_S = 80, 9, 86_400.0
# The signals of pauses, wild channels and unfinished views, whose worth is told beside the whole.
OWN_SIGNALS = ("idle", "wild", "unfinished")
IDLE_DAYS, WILD_SD, VIRAL = 90.0, 1.34, 20.0


@dataclass(frozen=True, eq=False)
class Held:
    """The creators that can be judged: all their settled videos, the older ones, log views of the held-out one [n],
    follower tier, vertical, fold."""

    whole: ViewHistories
    past: ViewHistories
    truth: Floats
    tiers: Ints
    verticals: list[str | None]
    folds: Ints


def hold_out(creators: Sequence[Creator], crawled_at: datetime, folds: int = FOLDS) -> tuple[Held, int]:
    """Return what can be judged and how many creators cannot: fewer than three videos of three days or more."""
    views, ages, kept = [], [], []
    for one in creators:
        rows = [((crawled_at - video.published_at).total_seconds() / DAY_S, video.views) for video in one.videos]
        settled = sorted((row for row in rows if row[0] >= pool.AGE_MIN_DAYS), key=lambda row: row[0])
        if len(settled) >= 3:
            kept.append(one)
            ages.append([age for age, _ in settled])
            views.append([count for _, count in settled])
    whole = pool.histories(
        views, ages, [one.followers for one in kept], platform=[one.platform_forecast for one in kept]
    )
    truth, older = pool.newest_of(whole)
    order = np.random.default_rng(1).permutation(len(kept))
    held = Held(
        whole=whole,
        past=older,
        truth=truth,
        tiers=view_forecast.tier_of(whole.followers),
        verticals=[one.vertical for one in kept],
        folds=np.argsort(order) % folds,
    )
    return held, len(creators) - len(kept)


def forecasts(held: Held, with_platform: bool, without: Sequence[str] = ()) -> tuple[Floats, Floats]:
    """Return quantiles of log views [n, 19] and expected views [n], each creator's by what the others taught.

    ``without`` names signals whose coefficients are set to nothing.
    """
    found, expected = np.full((len(held.truth), len(TAUS)), np.nan), np.full(len(held.truth), np.nan)
    for fold in np.unique(held.folds):
        judged, others = held.folds == fold, held.folds != fold
        many = _by_others(held, others, with_platform, without)
        expected[judged] = view_forecast.expected_views(many)[judged]
        misses = (held.truth - many.log_centre) / many.scale
        # Who taught the coefficients misses a hair less than who did not: by their number over that of the rows.
        misses[others] *= 1 + COEFFICIENTS / (pool_fit.ORIGINS * others.sum())
        for one in np.flatnonzero(judged):
            rest = np.arange(len(misses)) != one
            by_tier = {tier: misses[rest & (held.tiers == tier)] for tier in range(len(TIERS))}
            alone = _rows(many, np.arange(len(misses)) == one)
            found[one] = np.log(
                view_forecast.quantiles(alone, TAUS, view_forecast.calibrate(by_tier), held.tiers[one : one + 1])
            )[0]
    return found, expected


def _by_others(
    held: Held, others: Bools, with_platform: bool, without: Sequence[str] = ()
) -> view_forecast.ViewForecasts:
    """Return everybody's forecasts by the pools and the blend that the others' videos teach, theirs of today among
    them."""
    verticals = [name for name, other in zip(held.verticals, others, strict=True) if other]
    pools = market_fit.fit_pools(market_fit.some(held.whole, others), verticals)
    pools = {name: _left_out(fitted, without) for name, fitted in pools.items()}
    names = sorted(pools)
    which = market_fit.pool_of(held.verticals, names)
    past = held.past if with_platform else replace(held.past, platform=None)
    learnt = platforms.PRIOR_BLEND
    if with_platform and held.past.platform is not None:
        plain = view_forecast.forecast_many(replace(held.past, platform=None), [pools[name] for name in names], which)
        learnt = platforms.fit_blend(
            plain.log_centre[others], plain.scale[others], held.past.platform[others], held.truth[others]
        )
    return view_forecast.forecast_many(past, [pools[name] for name in names], which, learnt)


def _left_out(fitted: pool.VerticalPool, without: Sequence[str]) -> pool.VerticalPool:
    centre, spread = (
        tuple(0.0 if name in without else value for name, value in zip(names, values, strict=True))
        for names, values in ((CENTRE, fitted.centre), (SPREAD, fitted.spread))
    )
    return replace(fitted, centre=centre, spread=spread)


def _rows(many: view_forecast.ViewForecasts, rows: Bools) -> view_forecast.ViewForecasts:
    return view_forecast.ViewForecasts(
        many.log_centre[rows],
        many.scale[rows],
        many.df[rows],
        many.n_used[rows],
        many.smear[rows],
        many.from_history[rows],
    )


def baseline(held: Held) -> Floats:
    """Return the empirical quantiles of the last nine log views [n, 19]: the trade's default."""
    logs = np.log(np.maximum(held.whole.views[:, 1 : 1 + BASELINE_VIDEOS], pool.VIEWS_FLOOR))
    found: Floats = np.nanquantile(logs, TAUS, axis=1).T
    return found


def figures(truth: Floats, quantiles: Floats) -> dict[str, Any]:
    """Return the errors of forecasts: log units, a factor, mean pinball loss of 19 quantiles, share within 10-90 %."""
    away = truth[:, None] - quantiles
    middle = np.abs(away[:, MIDDLE])
    inside = (away[:, LOW] >= 0) & (away[:, HIGH] <= 0)
    return {
        "creators": len(truth),
        "mae_log": round(float(np.mean(middle)), 4),
        "median_factor": round(float(np.exp(np.median(middle))), 3),
        "pinball": round(float(np.mean(np.maximum(TAUS * away, (TAUS - 1) * away))), 4),
        "coverage80": round(float(np.mean(inside)), 4),
        "width": round(float(np.exp(np.median(quantiles[:, HIGH] - quantiles[:, LOW]))), 2),
    }


def judge(held: Held, quantiles: Floats) -> dict[str, Any]:
    """Return the figures of all and of each follower tier."""
    tiers = {
        name: figures(held.truth[rows], quantiles[rows])
        for number, name in enumerate(TIERS)
        if (rows := held.tiers == number).any()
    }
    return {"overall": figures(held.truth, quantiles), "tiers": tiers}


def groups(held: Held, quantiles: Floats, expected: Floats) -> dict[str, Any]:
    """Return bias and coverage where forecasts used to be off: after pauses, for wild channels, for fresh videos; and
    how many times the expected views came, no video counted for more than twenty times."""
    logs = np.log(np.maximum(held.whole.views, pool.VIEWS_FLOOR))
    moment = held.past.moment if held.past.moment is not None else np.zeros(len(logs))
    with np.errstate(invalid="ignore"):
        idle = np.nanmin(held.past.ages_days, axis=1) - moment
        wild = np.nanstd(logs[:, 1 : 1 + BASELINE_VIDEOS], axis=1, ddof=1)
    found: dict[str, Any] = {}
    for name, rows in (
        ("idle_over_90_days", idle > IDLE_DAYS),
        ("own_sd_over_1_34", wild > WILD_SD),
        ("read_within_7_days", moment < 7),
    ):
        away = held.truth[rows, None] - quantiles[rows]
        inside = (away[:, LOW] >= 0) & (away[:, HIGH] <= 0)
        found[name] = (
            {
                "creators": int(rows.sum()),
                "bias": round(float(np.median(away[:, MIDDLE])), 3),
                "coverage80": round(float(np.mean(inside)), 4),
            }
            if rows.any()
            else {"creators": 0}
        )
    found["views_over_expected"] = round(float(np.mean(np.minimum(np.exp(held.truth) / expected, VIRAL))), 3)
    return found


def run(creators: Sequence[Creator], crawled_at: datetime, folds: int = FOLDS) -> dict[str, Any]:
    """Return every figure for a list of creators. Raises BadLines where fewer than three can be judged."""
    held, short = hold_out(creators, crawled_at, folds)
    if len(held.truth) < 3:
        raise BadLines("Fewer than three creators have three videos or more that are three days old.")
    told = np.isfinite(platforms.logs(held.past.platform)) if held.past.platform is not None else held.tiers < 0
    ours, expected = forecasts(held, with_platform=bool(told.any()))
    bare, bare_expected = forecasts(held, with_platform=bool(told.any()), without=OWN_SIGNALS)
    found = {
        "rule": "newest video of at least three days at the crawl held out; two older ones needed",
        "crawled_at": crawled_at.isoformat(),
        "judged": len(held.truth),
        "not_judged": {"fewer_than_three_settled_videos": short},
        "folds": len(np.unique(held.folds)),
        "ours": judge(held, ours) | {"groups": groups(held, ours, expected)},
        "ours_without_pauses_and_unfinished": {
            "overall": figures(held.truth, bare),
            "groups": groups(held, bare, bare_expected),
        },
        "median_of_last_9": judge(held, baseline(held)),
    }
    if told.any():
        alone = platforms.logs(held.past.platform)[told]  # type: ignore[arg-type]
        without, without_expected = forecasts(held, with_platform=False)
        missed = np.abs(held.truth[told] - alone)
        found["with_platform_forecast"] = {
            "creators": int(told.sum()),
            "platform": {
                "mae_log": round(float(np.mean(missed)), 4),
                "median_factor": round(float(np.exp(np.median(missed))), 3),
            },
            "ours": figures(held.truth[told], ours[told]),
            "ours_without_it": figures(held.truth[told], without[told]),
            "note": "the platform's forecast is taken as told before the held-out video came out",
        }
        found["ours_without_platform"] = judge(held, without) | {"groups": groups(held, without, without_expected)}
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.reach_backtest", description=__doc__)
    parser.add_argument("--videos", type=Path, help="JSON lines, one creator each; without it, made-up creators")
    parser.add_argument("--crawled-at", help="when the file was taken, ISO 8601; else the newest date in it")
    parser.add_argument("--setting", choices=sorted(made_up.SETTINGS), default="drifting")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folds", type=int, default=FOLDS, help="groups of creators, each judged by the others")
    args = parser.parse_args(arguments)
    if args.folds < 2:
        parser.error("--folds must be 2 or more")
    try:
        if args.videos is None:
            creators, source = read(made_up.lines(args.setting, args.seed)), f"made up: {args.setting}, {args.seed}"
            crawled_at = made_up.CRAWLED_AT
        else:
            creators, source = read(args.videos.read_text(encoding="utf-8-sig").splitlines()), args.videos.name
            crawled_at = max(
                (video.published_at for creator in creators for video in creator.videos), default=made_up.CRAWLED_AT
            )
        if args.crawled_at is not None:
            crawled_at = moment(args.crawled_at, "--crawled-at")
        report = {"source": source, **run(creators, crawled_at, args.folds)}
    except (BadLines, OSError, UnicodeDecodeError) as problem:
        print(f"reach_backtest: {problem}", file=sys.stderr)
        return 2
    print(json.dumps(report, indent=2, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
