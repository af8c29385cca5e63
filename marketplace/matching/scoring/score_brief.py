"""Scores all open bids of a brief as one array operation and stores one match for each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import counted_length, earlier_plans, stated_lengths
from marketplace.bids.models import BidStatus
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import column_copy, db
from marketplace.core.clock import now
from marketplace.core.column_copy import Column
from marketplace.core.fingerprint import fingerprint
from marketplace.intrusiveness import backlash
from marketplace.intrusiveness import constants as intrusion
from marketplace.intrusiveness.factors import fitted_points, fitted_total
from marketplace.matching.audience import channel_tags, grid, share_columns, targets
from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.audience.share_columns import ShareColumns
from marketplace.matching.audience.targets import target_cells
from marketplace.matching.forecast import flags, odd_videos, pool, sponsored, view_forecast
from marketplace.matching.forecast.counted_forecasts import counted_forecasts
from marketplace.matching.forecast.features import load_model
from marketplace.matching.forecast.view_forecast import ForecastCalibration
from marketplace.matching.overlap import units
from marketplace.matching.pricing import cost, market_floor, outcome_rates, price_learning
from marketplace.matching.pricing.counted_prices import counted_terms, floor_of
from marketplace.matching.scoring import brand_fit, numbers, rank
from marketplace.matching.scoring.match_columns import (
    LOADED,
    LOADED_JOINS,
    SPONSORED_GAP,
    STAGED,
    WRITTEN,
    insert_from,
    kinds,
    select_list,
    staging_table,
)
from marketplace.matching.scoring.models import CloseRecord
from marketplace.matching.scoring.overrides import BidOverrides, keep_computed, load_overrides
from marketplace.matching.scoring.score import BidInputs, BidScores, score
from marketplace.matching.scoring.worth import bid_worth, noticing
from marketplace.matching.scoring.worth.content_fit import fit_of

# The versions of the formulas behind a score. The wording of reasons has no version: it is not stored.
MODEL_VERSIONS = {
    "backlash": backlash.MODEL_VERSION,
    "cells": grid.MODEL_VERSION,
    "fit": brand_fit.MODEL_VERSION,
    "floor": market_floor.MODEL_VERSION,
    "length": counted_length.MODEL_VERSION,
    "noticing": noticing.MODEL_VERSION,
    "outcomes": outcome_rates.MODEL_VERSION,
    "pool": pool.MODEL_VERSION,
    "price": cost.MODEL_VERSION,
    "rank": rank.MODEL_VERSION,
    "reach": view_forecast.MODEL_VERSION,
    "sponsored": sponsored.MODEL_VERSION,
    "targets": targets.MODEL_VERSION,
    "videos": units.SEVERAL_VIDEOS,
    "worth": bid_worth.MODEL_VERSION,
}
MODEL_VERSION = "m-" + fingerprint({**MODEL_VERSIONS, "intrusiveness": intrusion.MODEL_VERSION})[:12]
_LOAD = (
    f"SELECT {select_list(LOADED)} FROM bids b JOIN bid_revisions r ON r.id = b.revision_id {{features}} {LOADED_JOINS}"
    " WHERE b.brief_id = %(brief_id)s AND b.status = ANY(%(statuses)s)"
)
_PRESENT_FEATURES = "LEFT JOIN channel_features f ON f.channel_id = b.channel_id"
_RECORDED_FEATURES = "JOIN close_features f ON f.bid_id = b.id AND f.record_id = %(record_id)s"
# A place in the ranking of a closed brief is kept by every bid that was open at the close, whatever became of it.
RANKED_STATUSES = tuple(str(status) for status in BidStatus)
_STAGE = sa.text(staging_table("scored"))
_CLEAR = sa.text("TRUNCATE scored")
_INSERT = insert_from("scored")
INPUT_IDS = ("revision_id", "commitment", "features", "cleared")
# ON CONFLICT costs a third of the writing time, so a brief's first matches are written without it.
_WRITE_FIRST = sa.text(_INSERT)
_UPDATED = ", ".join(f"{column.name} = excluded.{column.name}" for column in WRITTEN)
_WRITE = sa.text(
    f"{_INSERT} ON CONFLICT (id) DO UPDATE SET {_UPDATED}"
    " WHERE (matches.fingerprint, matches.rank, matches.numbers, matches.peers) IS DISTINCT FROM"
    " (excluded.fingerprint, excluded.rank, excluded.numbers, excluded.peers)"
)
_ANY = sa.text("SELECT EXISTS (SELECT 1 FROM matches WHERE brief_id = :brief_id)")
Rows = dict[str, Column]


@dataclass(frozen=True)
class ScoringResult:
    """How many bids were scored, and how many of their matches are new or different."""

    bids: int
    written: int


@dataclass(frozen=True, eq=False)
class LoadedBids:
    """n bids of a brief, ready for scoring: the rows read, the channels' shares, the inputs of `score` without a price
    floor, with the values that reviewers gave and as computed, the low and high end [n] of each plan's intrusiveness
    after relief by fit, and which forecasts rest on flagged figures and are held down to those of peers [n]."""

    rows: Rows
    shares: ShareColumns
    bids: BidInputs
    computed: BidInputs
    overrides: BidOverrides
    intrusiveness_ends: tuple[Floats, Floats]
    views_capped: Bools


def newest_record(session: Session, brief_id: UUID) -> CloseRecord | None:
    """Return the record that a brief's bids are scored on; None before its close."""
    query = sa.select(CloseRecord).where(CloseRecord.brief_id == brief_id).order_by(CloseRecord.number.desc())
    return session.scalar(query.limit(1))


def load(
    session: Session, version: BriefVersion, statuses: Sequence[str] = ("open",), record: CloseRecord | None = None
) -> LoadedBids | None:
    """Return the brief's bids in these states, or None if there are none.

    With a ``record`` they are what it holds: nothing that became known after the close is read.
    """
    no_shares = share_columns.pack(grid.audience(), {})
    values = {
        "brief_id": version.brief_id,
        "shares": no_shares,
        "statuses": list(statuses),
        "record_id": None if record is None else record.id,
    }
    query = _LOAD.format(features=_PRESENT_FEATURES if record is None else _RECORDED_FEATURES)
    rows = column_copy.read(session, query, values, kinds(LOADED))
    count = len(rows["bid_id"])
    if not count:
        return None
    earlier_plans.measure_earlier(session, rows)
    stated_lengths.hold(session, rows)
    rows["flags"] = flags.of_target(rows["flags"], target_cells(version.content))
    shares = share_columns.of_rows(rows)
    fit = fit_of(version, rows, shares, _floats(rows, "forecast")[:, SPONSORED_GAP])
    ends = fitted_total(_floats(rows, "raw_low"), _floats(rows, "raw_high"), fit.value)
    forecasts, views_capped = counted_forecasts(rows, rows["cleared"])
    computed = BidInputs(
        forecasts=forecasts,
        joint=shares.joint,
        regions=shares.regions,
        terms=counted_terms(version, rows),
        fit=fit,
        intrusiveness=(ends[0] + ends[1]) / 2,
        tiers=rows["tier"].astype(np.int64),
        noticed=_floats(rows, "noticed"),
        source_weight=_floats(rows, "source_weight"),
        cleared=rows["cleared"],
        cheapest=_floats(rows, "cheapest"),
        lists=shares.lists,
    )
    overrides = load_overrides(session, version.brief_id, rows["bid_id"])
    given = overrides.intrusiveness
    ends = (np.where(np.isnan(given), ends[0], given), np.where(np.isnan(given), ends[1], given))
    return LoadedBids(rows, shares, overrides.of_inputs(computed), computed, overrides, ends, views_capped)


def score_brief(session: Session, brief_id: UUID) -> ScoringResult:
    """Score every open bid of the brief on its current inputs, or the bids of a closed one on what its record holds.

    Running it again on the same inputs writes nothing.
    """
    brief = db.get(session, Brief, brief_id)
    version = session.get_one(BriefVersion, brief.version_id)
    # Scorings of one brief wait for each other, so that the second one sees what the first wrote.
    db.lock_name(session, "score", brief_id)
    record = newest_record(session, brief_id)
    loaded = load(session, version) if record is None else load(session, version, RANKED_STATUSES, record)
    if loaded is None:
        return ScoringResult(0, 0)
    rows, overrides = loaded.rows, loaded.overrides
    price_model = price_learning.newest_name(session) if record is None else record.price_model
    prices = price_learning.load_named(session, price_model).of(version.currency)
    floor = floor_of(version, rows, loaded.shares, prices)
    bids, computed_bids = replace(loaded.bids, floor=floor), replace(loaded.computed, floor=floor)
    count = len(rows["bid_id"])
    ceiling, is_the_briefs = rank.ceiling_for(version.ceiling_minor, version.currency)
    target = targets.target_weights(target_cells(version.content))
    calibration, fit_weight = calibration_of(session, record), with_defaults(version.content)["fit_weight"]
    rule = (target, ceiling, float(version.tolerance), calibration, fit_weight)
    computed = score(computed_bids, *rule)
    scores = computed
    if overrides.rows.any():
        scores = overrides.of_scores(score(bids, *rule))
    by_name = numbers_of(rows, loaded.shares, bids, scores, loaded.intrusiveness_ends)
    by_name |= {
        name: np.full(count, float(value))
        for name, value in (
            ("ceiling", ceiling),
            ("tolerance", version.tolerance),
            ("ceiling_is_the_briefs", is_the_briefs),
            ("fit_weight", fit_weight),
        )
    }
    written = _write(session, version, loaded, scores, numbers.pack(by_name), price_model or "none")
    keep_computed(session, brief_id, rows["bid_id"], overrides, loaded.computed, computed)
    return ScoringResult(count, written)


def calibration_of(session: Session, record: CloseRecord | None) -> ForecastCalibration | None:
    """Return the forecast's calibration: that of the record's model, or of the newest without a record."""
    if record is None:
        return load_model(session).calibration
    return None if record.forecast_model is None else load_model(session, record.forecast_model).calibration


def _floats(rows: Rows, name: str) -> Floats:
    return rows[name].astype(np.float64)


def numbers_of(
    rows: Rows, shares: ShareColumns, bids: BidInputs, scores: BidScores, intrusiveness_ends: tuple[Floats, Floats]
) -> dict[str, Floats]:
    """Return the numbers of n matches by name for `numbers.pack`, all but the brief's own: ceiling, tolerance and the
    weight of the fit."""
    low, high = intrusiveness_ends
    people, cost = scores.people, scores.cost
    return {
        "views": np.stack([scores.views[:, 1], scores.views[:, 0], scores.views[:, 2]], axis=1),
        "share": np.stack([scores.shares.point, scores.shares.low, scores.shares.high], axis=1),
        "people": np.stack([people.point, people.low, people.high], axis=1),
        "cost": np.stack([cost.expected, cost.low, cost.high], axis=1),
        "per_thousand": np.stack([scores.per_thousand, scores.per_thousand_low, scores.per_thousand_high], axis=1),
        "intrusiveness": np.stack([(low + high) / 2, low, high], axis=1),
        "prominence": np.stack([rows["prominence_low"], rows["prominence_high"]], axis=1),
        "fit_parts": bids.fit.parts,
        "intrusion": _points(rows, bids.fit.value),
        "backlash": _backlash(rows, shares, low, high),
        "minors": _minors(rows, shares),
        "intrusion_first": np.full((len(low), len(numbers.FIRST_FACTORS)), np.nan),
        "unknown": shares.unknown,
        "expected_views": scores.expected_views,
        "percentile": scores.percentile,
        "comparables": scores.comparables,
        "fit": bids.fit.value,
        "quality": scores.ranking.quality,
        "videos_used": rows["n_used"],
        "ad_load": rows["ad_load"],
        "forecast": _floats(rows, "forecast"),
        "idle_days": rows["idle_days"],
        "newest_times": rows["newest_times"],
        "noticing": scores.noticing,
        "videos": bids.terms.videos,
        "largest_cost": scores.largest_cost,
        "least_price": scores.least_price,
        "source_weight": np.ones(len(low)) if bids.source_weight is None else bids.source_weight,
        "lists_weight": _floats(rows, "lists_weight"),
        "details_weight": _floats(rows, "details_weight"),
        "film": np.stack([_floats(rows, name) for name in stated_lengths.FILM], axis=1),
        "counted_people": scores.counted_people,
        "counted_cost": scores.counted_cost,
        "suitability": scores.suitability,
    }


def _minors(rows: Rows, shares: ShareColumns) -> Floats:
    """Return the share of each audience that is under 18 as it is told [n]; records of before it was kept have it in
    their tables."""
    in_tables = share_columns.minors(shares.joint, flags.holds(rows["flags"], "ages_from_prior"))
    told = _floats(rows, "minors")
    return np.where(np.isnan(told), in_tables, told)


def _backlash(rows: Rows, shares: ShareColumns, low: Floats, high: Floats) -> Floats:
    """Return the chance of a backlash [n, 5] of n bids whose plans score ``low`` to ``high``: its middle, its ends,
    that of an unsponsored video, and what the channel's viewers came for."""
    if np.isnan(low).all():
        return np.full((len(low), len(numbers.BY_NAME["backlash"].parts)), np.nan)
    forecast = dict(zip(numbers.BY_NAME["forecast"].parts, _floats(rows, "forecast").T, strict=True))
    verticals = channel_tags.main_tags(shares.tags)
    ad_load = np.nan_to_num(_floats(rows, "ad_load"))
    viewers = backlash.learned(
        backlash.usual_tolerance(verticals.tolist(), _floats(rows, "followers"), _floats(rows, "scale")),
        -forecast["sponsored_gap"],
        (forecast["sponsored_high"] - forecast["sponsored_low"]) / (2 * backlash.Z_80),
        # What the channel's past sponsored videos were like is not known: usual ones, at its usual share.
        backlash.weight_of(np.full(len(low), intrusion.UNSEEN_SCORE), ad_load),
    )
    chances = backlash.chances(low, high, backlash.share_with_this(ad_load), viewers)
    kinds = [list(backlash.VIEWERS).index(backlash.came_for(vertical)) for vertical in verticals.tolist()]
    return np.column_stack([chances.columns(), np.array(kinds, dtype=np.float64)])


def _points(rows: Rows, fit: Floats) -> Floats:
    """Return the points of each intrusiveness factor [n, 9] at the middle of the plan's range and the pairing's fit."""
    return fitted_points((_floats(rows, "raw_low") + _floats(rows, "raw_high")) / 2, fit)


def _write(
    session: Session, version: BriefVersion, loaded: LoadedBids, scores: BidScores, numbers: Floats, prices: str
) -> int:
    """Store one match for each bid, and return how many are new or different.

    The rows go through a temporary table, because COPY is many times as fast as values in a statement but cannot
    update.
    """
    rows, ranking = loaded.rows, scores.ranking
    commitments = rows["commitment"]
    breakers = rank.tie_breakers(commitments.tolist(), session.get_one(Brief, version.brief_id).close_seed)
    ranks = np.empty(len(commitments), dtype=np.int64)
    ranks[rank.order(ranking, breakers)] = np.arange(1, len(commitments) + 1)
    staged: dict[str, npt.ArrayLike] = {
        **{name: rows[name] for name in ("bid_id", "revision_id", "snapshot_id", "known")},
        "features_fingerprint": rows["features"],
        "fingerprint": inputs_of(version, rows, prices, loaded.overrides.texts(), [MODEL_VERSION] * len(ranks)),
        "rank": ranks,
        "overall": ranking.overall,
        "overall_low": ranking.low,
        "overall_high": ranking.high,
        "numbers": numbers,
        "flags": flags.of_matches(
            rows["flags"],
            ranking.gates,
            rows["known"],
            loaded.views_capped,
            scores.little_known,
            odd_videos.is_far_off(_floats(rows, "newest_times")),
        ),
    }
    session.execute(_STAGE)
    session.execute(_CLEAR)  # another brief's rows, if one transaction scores several briefs
    # Always in the same order, so that two scorings cannot deadlock on each other's rows.
    column_copy.write(session, "scored", STAGED, staged, np.argsort(rows["bid_id"].view("S16")))
    values = {
        "at": now(),
        "brief_id": version.brief_id,
        "brief_version_id": version.id,
        "model_version": MODEL_VERSION,
        "peers": hashlib.sha256(np.sort(commitments).tobytes()).hexdigest()[:16],
    }
    has_matches = session.scalar(_ANY, {"brief_id": version.brief_id})
    result = session.execute(_WRITE if has_matches else _WRITE_FIRST, values)
    return int(result.rowcount)  # type: ignore[attr-defined]


def inputs_of(
    version: BriefVersion, rows: Rows, prices: str, overrides: Sequence[str], models: Sequence[str]
) -> list[str]:
    """Return the fingerprint of each match's inputs, of which ``prices`` names the price models and ``models`` the
    scoring model of each. Ids are enough: revisions, published versions and snapshots never change. An override is an
    input too. Of the rows only the columns INPUT_IDS are read."""
    ids = np.concatenate([rows[name].view(np.uint8).reshape(len(rows[name]), -1) for name in INPUT_IDS], axis=1)
    texts, width = ids.tobytes(), ids.shape[1]
    return [
        hashlib.sha256(
            f"{version.id} {model} {prices}".encode() + texts[start : start + width] + override.encode()
        ).hexdigest()
        for start, override, model in zip(range(0, len(texts), width), overrides, models, strict=True)
    ]
