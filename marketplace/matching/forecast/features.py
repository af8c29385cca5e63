"""Loads histories and audiences, fits the forecast model to them, and stores each channel's features as columns."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from marketplace.bids import counted_length
from marketplace.channels.anomalies import NOT_OFFERED
from marketplace.channels.facts.language_tags import language_tag
from marketplace.channels.facts.provenance import OWN_WORDS, weight
from marketplace.channels.policy import counts_once
from marketplace.core.clock import now
from marketplace.core.estimate import finite
from marketplace.core.fingerprint import fingerprint
from marketplace.core.ids import new_id
from marketplace.matching.audience import channel_tags, grid, segments, share_columns
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.priors import ABROAD, CHINA
from marketplace.matching.forecast import flags, odd_videos, platform_blend, pool, sponsored, view_forecast
from marketplace.matching.forecast.market_fit import EVERYTHING, fit_market
from marketplace.matching.forecast.models import ChannelFeatures, ForecastModel
from marketplace.matching.forecast.platform_blend import PlatformBlend
from marketplace.matching.forecast.pool import (
    CENTRE_PRIOR,
    PRIOR_POOL,
    SPREAD_PRIOR,
    VerticalPool,
    ViewHistories,
    histories,
    packed,
    predict,
    priors_of,
)
from marketplace.matching.forecast.signals import CENTRE, CENTRE_SIGNS, SPREAD, SPREAD_SIGNS, against
from marketplace.matching.forecast.sponsored import ChannelLabels, SponsoredGaps, SponsoredMarket
from marketplace.matching.forecast.view_forecast import ForecastCalibration, ViewForecasts
from marketplace.matching.recompute import MODEL_CLOCK, MODEL_GROWTH, MODEL_PAUSE

BATCH = 500
# The list of a snapshot that each list of the grid is read from.
MARGINS = {"ages": "age", "genders": "gender", "regions": "region", "education": "education", "interests": "interests"}
_NEWEST = sa.select(ForecastModel.fingerprint).order_by(ForecastModel.id.desc()).limit(1)
# The versions that features depend on. A new formula of ranks or prices is not among them: it makes no feature stale.
_FEATURE_VERSIONS = {
    "length": counted_length.MODEL_VERSION,
    "cells": grid.MODEL_VERSION,
    "pool": pool.MODEL_VERSION,
    "reach": view_forecast.MODEL_VERSION,
    "sponsored": sponsored.MODEL_VERSION,
    "tags": channel_tags.MODEL_VERSION,
}
_VERSIONS = fingerprint(_FEATURE_VERSIONS)[:8]

# Hashed, because scoring reads it by COPY as bytes of one fixed width.
WANTED = "md5(c.snapshot_id::text || '.' || c.version || :suffix)"
FINGERPRINT_BYTES = 32
# The forecast uses ten videos, the ad load twelve, and the difference of sponsored videos all forty. A forecast that
# its side types in as the platform's own is no such thing.
_HISTORIES = (
    "SELECT c.id AS channel_id, s.id AS snapshot_id, s.followers, s.margins, s.flags, s.provenance, s.lists_provenance,"
    " coalesce(s.explained_followers, s.followers) AS explained_followers, c.details_provenance,"
    " c.verticals, c.language, c.platform AS platform_name,"
    " v.views, v.ages, v.marks, v.seconds, v.sponsored, v.explained, coalesce(v.rewritten, false) AS rewritten,"
    " v.told_by, v.lengths, v.lengths_told_by,"
    f" {WANTED} AS wanted,"
    " coalesce((s.facts ->> 'median_views_30d')::float8, CASE WHEN v.views IS NULL THEN s.median_views END)"
    "   AS told_median, CASE WHEN s.provenance <> ALL(:own) THEN (s.facts ->> 'expected_views')::float8 END"
    "   AS platform{more}"
    " FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " LEFT JOIN LATERAL (SELECT array_agg(views ORDER BY published_at DESC) AS views,"
    "   array_agg((s.taken_on - published_at::date)::float8 ORDER BY published_at DESC) AS ages,"
    "   array_agg(newest.sponsored ORDER BY published_at DESC) AS marks,"
    "   array_agg(least(views, explained_views) ORDER BY published_at DESC) AS explained,"
    "   bool_or(explained_views IS NOT NULL) AS rewritten,"
    "   array_agg(newest.provenance) FILTER (WHERE place <= 10) AS told_by,"
    "   array_agg(duration_s ORDER BY published_at DESC) FILTER (WHERE duration_s > 0) AS lengths,"
    "   array_agg(details_provenance ORDER BY published_at DESC) FILTER (WHERE duration_s > 0) AS lengths_told_by,"
    "   avg(duration_s) FILTER (WHERE place <= 12) AS seconds,"
    "   avg((newest.sponsored)::int) FILTER (WHERE place <= 12) AS sponsored"
    "   FROM (SELECT *, row_number() OVER (ORDER BY published_at DESC) AS place FROM videos WHERE channel_id = c.id"
    "   ORDER BY published_at DESC LIMIT 40) newest) v ON true"
)
# The platform's forecast from before the newest settled video came out: a later one may have seen that video.
_BEFORE = (
    ", (SELECT (o.facts ->> 'expected_views')::float8 FROM audience_snapshots o WHERE o.channel_id = c.id"
    " AND o.facts ->> 'expected_views' IS NOT NULL AND o.provenance <> ALL(:own)"
    " AND o.taken_on < (SELECT max(published_at)::date FROM videos"
    " WHERE channel_id = c.id AND s.taken_on - published_at::date >= 3) ORDER BY o.taken_on DESC, o.id DESC LIMIT 1)"
    " AS platform_before"
)
# What the models learn from: each account once, however many have claimed it.
_ALL = sa.text(
    f"{_HISTORIES.replace('{more}', _BEFORE)} WHERE c.status = 'active' AND {counts_once('c')} ORDER BY c.id"
)
_STALE = sa.text(
    f"{_HISTORIES.replace('{more}', '')} LEFT JOIN channel_features f ON f.channel_id = c.id"
    f" WHERE (f.id IS NULL OR f.fingerprint <> {WANTED})"
    " AND (CAST(:channels AS uuid[]) IS NULL OR c.id = ANY(:channels)) ORDER BY c.id LIMIT :limit"
)
_OWN = {"own": list(OWN_WORDS)}
_KNOWN_CHANNELS = sa.text("SELECT count(*) FROM channels WHERE status = 'active' AND snapshot_id IS NOT NULL")
_FEATURES = cast(sa.Table, ChannelFeatures.__table__)
_INSERT = postgresql.insert(_FEATURES)
_KEPT = {"id", "created_at", "channel_id"}
_WRITE = _INSERT.on_conflict_do_update(
    index_elements=["channel_id"],
    set_={column.name: _INSERT.excluded[column.name] for column in _FEATURES.columns if column.name not in _KEPT},
)


@dataclass(frozen=True)
class FittedForecast:
    """The newest forecast model, ready for use. `suffix` is what the fingerprint of a feature made with it ends in."""

    pools: dict[str, VerticalPool]
    calibration: ForecastCalibration | None
    suffix: str
    blend: PlatformBlend = platform_blend.PRIOR_BLEND
    sponsored: SponsoredMarket = sponsored.PRIOR_MARKET

    def pool_for(self, vertical: str | None) -> VerticalPool:
        """Return the pool of a vertical, or that of all creators, or the prior."""
        return self.pools.get(vertical or EVERYTHING) or self.pools.get(EVERYTHING) or PRIOR_POOL


def load_model(session: Session, name: str | None = None) -> FittedForecast:
    """Return the newest fitted model, or the one with this fingerprint; the priors where none was fitted yet."""
    query = sa.select(ForecastModel).order_by(ForecastModel.id.desc()).limit(1)
    row = session.scalar(query if name is None else query.where(ForecastModel.fingerprint == name))
    if row is None:
        return FittedForecast({}, None, _suffix(None))
    calibration = row.content["calibration"]
    return FittedForecast(
        {name: _pool(stored) for name, stored in row.content["pools"].items()},
        ForecastCalibration(np.array(calibration["quantiles"]), np.array(calibration["counts"]))
        if calibration
        else None,
        _suffix(row.fingerprint),
        platform_blend.from_content(row.content.get("blend")),
        sponsored.from_content(row.content.get("sponsored")),
    )


def _pool(stored: dict[str, Any]) -> VerticalPool:
    values: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in stored.items()}
    if len(values["centre"]) < len(CENTRE_PRIOR):
        # Of a model from before a signal was added: it has its prior until the next fit. Its smear was a whole factor.
        values["centre"] += CENTRE_PRIOR[len(values["centre"]) :]
        values["spread"] += SPREAD_PRIOR[len(values["spread"]) :]
        values["smear"] = None
    # Of a model from before signs were held.
    for part, names, signs in (("centre", CENTRE, CENTRE_SIGNS), ("spread", SPREAD, SPREAD_SIGNS)):
        wrong = against(values[part], names, signs)
        values[part] = tuple(0.0 if off else value for value, off in zip(values[part], wrong, strict=True))
    return VerticalPool(**values)


def suffix(session: Session) -> str:
    """Return the suffix of the newest model without loading it (see FittedForecast)."""
    return _suffix(newest_name(session))


def model_pause(session: Session) -> timedelta:
    """Return how long the next fit of the model should wait: until the slow clock's next turn, unless the channels with
    a snapshot have grown by a tenth since the newest fit."""
    newest = session.scalar(sa.select(ForecastModel).order_by(ForecastModel.id.desc()).limit(1))
    if newest is None or (session.scalar(_KNOWN_CHANNELS) or 0) >= MODEL_GROWTH * newest.channels:
        return MODEL_PAUSE
    return max(MODEL_PAUSE, newest.fitted_at + MODEL_CLOCK - now())


def _suffix(name: str | None) -> str:
    return f":{'prior' if name is None else name[:16]}:{_VERSIONS}"


def fit_model(session: Session) -> bool:
    """Fit the forecast model to all histories; return whether it is new.

    It has the pools, the platform's weight, the difference of sponsored videos, and a calibration per follower tier.
    """
    rows = session.execute(_ALL, {"suffix": "", **_OWN}).all()
    if not rows:
        return False
    past = _histories(rows, explained=True)
    verticals = [main_vertical(row.verticals) for row in rows]
    before = np.array([np.nan if row.platform_before is None else row.platform_before for row in rows])
    fitted = fit_market(past, verticals, before)
    pools, calibration = fitted.pools, fitted.calibration
    variance = predict(past, priors_of([pools[EVERYTHING]], np.zeros(len(rows), dtype=np.int64)))[0].variance
    content = {
        "pools": {name: asdict(pool) for name, pool in pools.items()},
        "calibration": None
        if calibration is None
        else {"quantiles": calibration.quantiles.tolist(), "counts": calibration.counts.tolist()},
        "blend": asdict(fitted.blend),
        "sponsored": asdict(sponsored.fit_market(past, variance, _labels(rows))),
    }
    content = json.loads(json.dumps(content))
    name = fingerprint(content)
    if newest_name(session) == name:
        return False
    session.execute(sa.delete(ForecastModel).where(ForecastModel.fingerprint == name))
    session.add(ForecastModel(fingerprint=name, content=content, channels=len(rows), fitted_at=now()))
    session.flush()
    return True


def _labels(rows: Sequence[Any]) -> ChannelLabels:
    """Return the vertical and the audience segment of each row's channel."""
    return ChannelLabels(
        [main_vertical(row.verticals) for row in rows], [segments.segment_of(row.margins) for row in rows]
    )


def _forecasts(
    past: ViewHistories, model: FittedForecast, pools: Sequence[VerticalPool], labels: ChannelLabels
) -> tuple[ViewForecasts, SponsoredGaps]:
    """Return forecasts of a placement in each channel, and the differences of sponsored videos."""
    pool_index = np.arange(len(pools))
    variance = predict(past, priors_of(pools, pool_index))[0].variance
    gaps = sponsored.gaps(past, variance, model.sponsored, labels)
    shift, shift_sd = sponsored.placement(gaps)
    return view_forecast.forecast_many(past, pools, pool_index, model.blend, shift, shift_sd), gaps


def newest_name(session: Session) -> str | None:
    """Return the fingerprint of the newest model; None before the first fit."""
    return session.scalar(_NEWEST)


def refresh(session: Session, limit: int = BATCH, channels: Sequence[UUID] | None = None) -> list[UUID]:
    """Compute the features of up to `limit` channels whose snapshot or model is newer; return the channels' ids.

    ``channels``: only these.
    """
    model = load_model(session)
    rows = session.execute(_STALE, {"suffix": model.suffix, "limit": limit, "channels": channels, **_OWN}).all()
    if not rows:
        return []
    verticals = [main_vertical(row.verticals) for row in rows]
    pools = [model.pool_for(main) for main in verticals]
    past = _histories(rows)
    forecasts, gaps = _forecasts(past, model, pools, _labels(rows))
    tiers = view_forecast.tier_of(past.followers)
    most = _explained_most(rows, pools, model)
    idle, times = pool.days_idle(past), odd_videos.newest_times(packed(past, 0)[0])
    computed_at = now()
    features = []
    for index, row in enumerate(rows):
        lists = {name: row.margins.get(key) for name, key in MARGINS.items()}
        prior, weights = ABROAD if row.platform_name in NOT_OFFERED else CHINA, _weights(row)
        told = grid.readable_audience(lists, prior)
        minors = share_columns.minors(told.joint[None, :], np.array(["ages_from_prior" in told.flags]))
        audience = grid.believed(told, weights["lists_weight"], prior)
        found = [flag["code"] for flag in row.flags] + ["video_rewritten"] * row.rewritten
        features.append(
            {
                "id": new_id(),
                "created_at": computed_at,
                "channel_id": row.channel_id,
                "snapshot_id": row.snapshot_id,
                "fingerprint": row.wanted,
                "log_centre": float(forecasts.log_centre[index]),
                "scale": float(forecasts.scale[index]),
                "df": float(forecasts.df[index]),
                "smear": float(forecasts.smear[index]),
                "n_used": int(forecasts.n_used[index]),
                "from_history": bool(forecasts.from_history[index]),
                "tier": int(tiers[index]),
                "ad_load": float(row.sponsored or 0.0),
                "seconds": None if row.seconds is None else float(row.seconds),
                "language": row.language and (language_tag(row.language) or row.language).split("-")[0].lower(),
                "shares": share_columns.pack(audience, row.verticals or {}),
                "flags": flags.bits(audience.flags, found),
                "computed_at": computed_at,
                "peers_upper": float(most[index]),
                **weights,
                **_lengths(row),
                "minors": finite(minors.tolist())[0],
                "idle_days": finite([float(idle[index])])[0],
                "newest_times": finite([float(times[index])])[0],
                **_basis(forecasts, gaps, past, index),
            }
        )
    session.execute(_WRITE, features)
    return [row.channel_id for row in rows]


def _explained_most(rows: Sequence[Any], pools: Sequence[VerticalPool], model: FittedForecast) -> Floats:
    """Return what flagged figures of each channel count at most: the upper end of its peers by the followers that
    growth explains, and no more than the forecast from the views and followers that it explains."""
    followers = np.array([float(row.explained_followers) for row in rows])
    peers = view_forecast.peers_upper(followers, priors_of(pools, np.arange(len(pools))))
    explained, _ = _forecasts(_histories(rows, explained=True), model, pools, _labels(rows))
    jumped = np.array([row.rewritten or row.explained_followers < row.followers for row in rows], dtype=bool)
    with np.errstate(invalid="ignore"):
        most: Floats = np.where(jumped, np.fmin(peers, np.exp(explained.log_centre)), peers)
    return most


def _weights(row: Any) -> dict[str, float]:
    """Return the share that counts of each of a channel's figures, by where it comes from.

    A forecast from videos rests on the newest ten and on the platform's own forecast, if it told one; any other on the
    snapshot's figures.
    """
    videos = row.told_by or []
    figures = [row.provenance] if not videos or row.platform is not None else []
    return {
        "source_weight": weight(*videos, *figures),
        "lists_weight": weight(row.lists_provenance),
        "details_weight": weight(row.details_provenance),
        "length_weight": weight(*(row.lengths_told_by or [row.provenance])),
    }


def _lengths(row: Any) -> dict[str, Any]:
    """Return the stored columns of how long a channel's videos are."""
    told_by = [weight(word) for word in row.lengths_told_by or []]
    found = counted_length.evidence(row.lengths or [], told_by, row.platform_name)
    ends = {"length_low": found.low, "length_high": found.high, "length_most": found.most}
    return {**ends, "length_videos": found.videos}


def _basis(forecasts: ViewForecasts, gaps: SponsoredGaps, past: ViewHistories, index: int) -> dict[str, Any]:
    """Return the stored columns of what one channel's forecast rests on."""
    assert forecasts.from_median is not None
    assert forecasts.platform_weight is not None
    assert past.platform is not None
    sponsored_known, weight = bool(gaps.is_known[index]), float(forecasts.platform_weight[index])
    ends = {"sponsored_gap": gaps.gap, "sponsored_low": gaps.low, "sponsored_high": gaps.high}
    return {
        "from_median": bool(forecasts.from_median[index]),
        "platform_views": float(past.platform[index]) if weight > 0 else None,
        "platform_weight": weight,
        **{name: float(values[index]) if sponsored_known else None for name, values in ends.items()},
        "sponsored_videos": int(gaps.sponsored[index]),
        "other_videos": int(gaps.other[index]),
    }


def any_stale(session: Session) -> bool:
    """Return whether some channel's features are out of date."""
    return bool(session.execute(_STALE, {"suffix": suffix(session), "limit": 1, "channels": None, **_OWN}).all())


def main_vertical(verticals: dict[str, float]) -> str | None:
    """Return the vertical with the largest share of a channel, the first by name among equals; None without any."""
    return min(verticals, key=lambda name: (-verticals[name], name)) if verticals else None


def _histories(rows: Sequence[Any], *, explained: bool = False) -> ViewHistories:
    """Return the histories of channels as they are told, or with what growth explains of views and followers."""
    return histories(
        [(row.explained if explained else row.views) or [] for row in rows],
        [row.ages or [] for row in rows],
        [(row.explained_followers if explained else row.followers) or None for row in rows],
        told_median=[row.told_median for row in rows],
        platform=[row.platform for row in rows],
        sponsored=[row.marks or [] for row in rows],
    )
